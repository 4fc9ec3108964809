#ifndef PROC_FRONT_LOGIN_STATE_H
#define PROC_FRONT_LOGIN_STATE_H
/* What login.c and login_time.c share. */
#include "base/idtab.h"
#include "net/conn.h"
#include "proc/front/login.h"
#include "proc/front/per_client.h"

enum client_state {
	CLIENT_TLS,     /* the handshake */
	CLIENT_TALK,    /* the engine reads */
	CLIENT_AUTH,    /* auth thinks */
	CLIENT_TELL,    /* the result is known, and told a little later */
	CLIENT_HANDOFF, /* logged in; the last reply is on its way out */
	CLIENT_SPLICED, /* the agent's; we are its TLS */
	CLIENT_END,
};

struct login {
	struct proc *proc;
	const struct login_protocol *protocol;
	struct idtab clients;
	struct per_client per_client;
	struct timer *sweep, *grace;
	uint64_t total;
	bool is_stopping;
};

struct client {
	struct login *login;
	struct login_session s;
	struct log_ctx log;
	struct conn *conn;
	void *engine;
	struct timer *later; /* tells the result, or tries the handoff again */
	uint64_t id;         /* in clients, and of its requests to auth */
	uint64_t session;
	uint64_t deadline_ms;
	enum client_state state;
	enum auth_status status;
	int64_t failures;
	bool is_counted;
	char remote[65];
};

/* The protocol's parting words, and the end after them. */
void login_say_bye(struct client *c, const char *why);
void login_watch(struct login *l);
#endif
