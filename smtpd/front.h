#ifndef SMTPD_FRONT_H
#define SMTPD_FRONT_H
/* The front's clients, shared by front.c (connections), ask.c (questions to
 * auth and for room) and submit.c (messages to the queue). */
#include "base/idtab.h"
#include "net/conn.h"
#include "proc/front/per_client.h"
#include "proc/role.h"
#include "smtpd/smtp_session.h"

/* What a client's session waits for, or holds open elsewhere. */
enum ask {
	ASK_NOTHING,
	ASK_ADDRESS,
	ASK_ROOM, /* of the mailbox that the address has */
	ASK_AUTH, /* an exchange, also between its rounds */
	ASK_SPOOL,
	SPOOL_OPEN, /* the client's data goes into the file */
	ASK_COMMIT, /* sent, or waiting in the window */
};

struct client {
	struct front *front;
	struct client *next, **link; /* in front->clients */
	struct client *next_todo;    /* in front->todo */
	struct conn *conn;
	struct smtp_session *session;
	struct buf replies; /* not given to conn yet */
	struct log_ctx log;
	struct timer *delay;
	uint64_t id, started_ms;
	uint64_t progress_ms; /* when something last came to its end */
	size_t taken;         /* octets since then */
	uint64_t wire_id;     /* in front->asked; 0: none */
	uint64_t token, delay_token;
	uint64_t asked_size;       /* with the address */
	uint32_t queue_generation; /* the queue process that knows wire_id */
	enum ask ask;
	int spool_fd;
	enum service service;
	bool greeted, stalled, in_todo, is_counted;
	bool has_input; /* conn holds some that was not consumed */
	const struct smtp_message *message; /* ASK_COMMIT, not sent yet */
	struct smtp_message kept;
};

struct front {
	struct proc *proc;
	struct smtp_limits limits;
	struct view hostname;
	struct idtab asked; /* wire id -> client */
	struct client *clients;
	struct per_client per_client;
	struct client *todo, **todo_last; /* see submit.c */
	struct deferred *work;
	struct timer *grace, *sweep;
	uint32_t n_clients;
	uint64_t n_messages;
	uint32_t in_flight; /* commits sent and not answered */
	uint32_t queue_generation;
	bool stopping;
};

/* front.c: sends the replies that the session has put. */
void front_flush(struct client *c);

/* ask.c: the operations of sessions that front.c does not have itself. */
uint64_t ask_begin(struct client *c, enum ask ask, uint64_t token);
/* The client that a wire id stands for if it waits for that; NULL. */
struct client *ask_find(struct front *f, uint64_t wire_id, enum ask ask);
void ask_end(struct client *c);
/* An answer was given to the session: it goes on. */
void ask_answered(struct client *c);
/* Answers "temporary failure" to what c waits for; from the loop only. */
void ask_fail(struct client *c);
/* The same, later: for use inside of a session's call. */
void ask_fail_later(struct client *c);
void ask_check_recipient(
    void *ctx, uint64_t token, struct view address, uint64_t size);
void ask_auth_start(void *ctx, uint64_t token, struct view mechanism,
    const struct view *initial);
void ask_auth_next(void *ctx, uint64_t token, struct view response);
void ask_auth_cancel(void *ctx);
void ask_on_message(
    struct proc *p, struct peer *from, const struct msg *m, int fd);

/* submit.c */
void submit_spool(void *ctx, uint64_t token, const struct smtp_message *m);
int submit_write(void *ctx, struct view piece);
void submit_abort(void *ctx);
void submit_commit(void *ctx, uint64_t token, const struct smtp_message *m);
void submit_close_spool(struct client *c);
/* Does what front->work was scheduled for. */
void submit_work(struct front *f);
void submit_queue_down(struct front *f);
void submit_forget(struct client *c); /* it is going */
void submit_on_message(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void submit_on_spool(
    struct proc *p, struct peer *from, const struct msg *m, int fd);

extern const struct role_ops front_ops;
#endif
