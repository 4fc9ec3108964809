#ifndef PROC_AGENT_AGENT_H
#define PROC_AGENT_AGENT_H
/* The shell of an agent: a process locked into one user's directory that
 * serves that user's sessions. It opens the store once, gives each session a
 * connection, tells sessions when the store changed, and retires when it had
 * nothing to do for agent_linger. */
#include "net/conn.h"
#include "proc/role.h"
#include "store/store.h"

struct agent_session { /* what a session engine is told */
	struct proc *proc;
	struct store *store;
	struct buf *out; /* replies; keep below out_mark and go on in more() */
	size_t out_mark;
	struct view account, remote;
	enum service service;
	bool has_tls;
	struct log_ctx *log; /* prints the session id */
	void *shell;         /* private */
};

struct agent_protocol {
	/* NULL: refused, reply put; so also when s->store is NULL, since the
	 * store cannot be opened: a temporary failure. */
	void *(*open)(struct agent_session *s);
	/* Returns octets consumed. */
	size_t (*input)(void *engine, struct view in);
	/* Output drained below the mark: generators go on. */
	void (*more)(void *engine);
	/* Somebody committed to the store (another session or process). */
	void (*wake)(void *engine);
	/* Nothing from the client for timeout_s: puts parting words. */
	void (*timeout)(void *engine);
	/* The service stops: puts parting words. */
	void (*bye)(void *engine);
	void (*close)(void *engine); /* the connection is gone: free */
	/* What a client reads when the store turned out to be damaged. */
	struct view damaged;
	/* When nothing else is to be done: about 10 ms of what can wait. True:
	 * there is more. NULL: nothing can. */
	bool (*idle)(struct store *s);
};

/* Called by engines. */
void agent_session_finish(struct agent_session *s); /* flush, then close */
void agent_session_set_timeout(struct agent_session *s, uint32_t seconds);
/* more() is to be called in the next round of the loop: for long work without
 * output, so that the user's other sessions get their turn. */
void agent_session_again(struct agent_session *s);

/* Role "agent" of imapd and pop3d:
 *   static int start(struct proc *p) { return agent_start(p, &protocol); }
 *   static const struct role_ops ops = AGENT_ROLE_OPS(start); */
int agent_start(struct proc *p, const struct agent_protocol *protocol);
void agent_stop(struct proc *p, uint32_t grace_s);
void agent_on_session(
    struct proc *p, struct peer *from, const struct msg *m, int fd);

#define AGENT_ROLE_OPS(start_fn)                                               \
	{                                                                      \
		.start = (start_fn), .stop = agent_stop,                       \
		.on = { [MSG_SESSION] = agent_on_session },                    \
	}

/* Linger and retire, for agents of any kind (queued's too). */
void agent_hold(struct proc *p);
void agent_release(struct proc *p);
#endif
