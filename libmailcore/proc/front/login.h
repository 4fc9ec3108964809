#ifndef PROC_FRONT_LOGIN_H
#define PROC_FRONT_LOGIN_H
/* The login part of a front, the same for imapd and pop3d: accept, greet, TLS,
 * talk to AUTH, hand the session over to the user's agent. What the protocols
 * say is in their login engines (imapd/imap_login.c, pop3d/pop3_login.c), which
 * are sans-I/O. */
#include "proc/role.h"

/* What a login engine asks of the outside; answers come by the calls of
 * struct login_protocol. At most one request is outstanding. */
struct login_ops {
	/* -> auth_challenge or auth_result. initial.p NULL: none sent. */
	void (*auth_start)(
	    void *ctx, struct view mechanism, struct view initial);
	void (*auth_next)(void *ctx, struct view response);
	void (*auth_cancel)(void *ctx); /* no answer comes */
	void (*start_tls)(void *ctx);   /* after the reply put; -> tls_up */
	void (*close)(void *ctx);       /* after the reply put */
};

struct login_session { /* what an engine is told about its connection */
	const struct conf *conf;
	const struct login_ops *ops;
	void *ctx;
	struct buf *out;
	struct log_ctx *log;
	enum service service;
	struct view remote;
	bool tls_available; /* STARTTLS can be offered */
	bool has_tls;
	bool is_loopback;
};

struct login_protocol {
	void *(*open)(struct login_session *s); /* puts the greeting */
	/* Consumes input while no request is outstanding; returns octets used.
	 * After auth_result OK it is not called again: unconsumed input goes to
	 * the agent. */
	size_t (*input)(void *engine, struct view in);
	void (*auth_challenge)(void *engine, struct view challenge);
	/* OK: puts the success reply unless the agent does so (IMAP: tagged OK
	 * with CAPABILITY is put here). */
	void (*auth_result)(void *engine, enum auth_status status);
	void (*tls_up)(void *engine);
	/* Idle too long, or shutting down: puts the parting words. */
	void (*bye)(void *engine, const char *why);
	void (*close)(void *engine);
	/* There is no agent to be had for a session that is logged in: puts
	 * the parting words. */
	void (*unavailable)(struct buf *out);
};

/* Role "front" of imapd and pop3d:
 *   static int start(struct proc *p) { return login_start(p, &protocol); }
 *   static const struct role_ops ops = LOGIN_ROLE_OPS(start); */
int login_start(struct proc *p, const struct login_protocol *protocol);
void login_accept(
    struct proc *p, int fd, enum service service, enum conf_tls tls);
void login_stop(struct proc *p, uint32_t grace_s);
void login_on_message(
    struct proc *p, struct peer *from, const struct msg *m, int fd);

void login_peer_down(struct proc *p, struct peer *peer);

#define LOGIN_ROLE_OPS(start_fn)                                               \
	{                                                                      \
		.start = (start_fn), .accept = login_accept,                   \
		.stop = login_stop, .peer_down = login_peer_down,              \
		.on = {                                                        \
			[MSG_AUTH_CHALLENGE] = login_on_message,               \
			[MSG_AUTH_RESULT] = login_on_message,                  \
			[MSG_HANDOFF_REFUSED] = login_on_message,              \
		},                                                             \
	}
#endif
