#ifndef PROC_BODY_BODY_H
#define PROC_BODY_BODY_H
/* Inside of a role's process: what proc's own files share. */
#include "net/listen.h"
#include "net/tls.h"
#include "proc/role.h"

struct link { /* a channel to another role */
	struct link *next;
	struct proc *proc;
	struct peer *peer; /* NULL: not up before START */
	enum role_id role;
	unsigned index;
	int fd; /* before START */
};

struct acceptor {
	struct acceptor *next;
	struct proc *proc;
	struct listener *listener;
	enum service service;
	enum conf_tls tls;
	int fd; /* before START */
};

struct pending_key { /* PRIVATE_KEY before START */
	uint32_t key;
	int fd; /* -1: none */
};

enum {
	PENDING_KEYS_MAX = 64
};

struct linger { /* agents: see linger.c */
	uint32_t holds;
	uint64_t served;
	struct timer *timer;
};

struct proc {
	const struct daemon *daemon;
	const struct role *role;
	struct role loaded; /* what role points to: with its body */
	struct loop *loop;
	struct conf *conf;
	struct peer *monitor;
	struct link *links;
	struct acceptor *acceptors;
	struct pending_key keys[PENDING_KEYS_MAX];
	size_t n_keys;
	struct tls_server *tls;
	struct tls_signer signer;
	struct linger linger;
	struct held *held;
	struct timer *stats_timer;
	uint32_t sessions;
	uint64_t total;
	bool stats_are_due, stats_run;
	char account[321]; /* or Unix user */
	const char *refusal;
	bool is_locked_in, is_started, is_stopping;
	int exit_code;
	void *state;
};

/* Runs a role until its end. Returns the exit code. */
int body_run(const struct daemon *d, const struct role *role);

/* links.c */
void links_add(struct proc *p, enum role_id role, unsigned index, int fd);
void links_start(struct proc *p);    /* the channels, before ops->start */
void links_announce(struct proc *p); /* ops->peer_up, after it */
void links_end(struct proc *p);

/* held.c */
void held_on_file(struct proc *p, const struct msg *m, int fd);
void held_end(struct proc *p);

/* linger.c */
void linger_start(struct proc *p);
void linger_end(struct proc *p);
void linger_served(struct proc *p); /* a session came */
#endif
