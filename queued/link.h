#ifndef QUEUED_LINK_H
#define QUEUED_LINK_H
/* A channel to the agent of an account, or to the process of its Unix user:
 * AUTH grants it to the monitor, the monitor gives one end to that process and
 * starts it if need be. */
#include "queued/queue_role.h"

struct agent_link;

/* After on_no_account and on_lost the link is gone already. */
struct link_events {
	void (*on_open)(struct queue *q, void *ctx); /* link_send may be used */
	/* False: unexpected; the link is lost. May free it. */
	bool (*on_message)(struct queue *q, void *ctx, const struct msg *m);
	void (*on_no_account)(struct queue *q, void *ctx);
	void (*on_lost)(struct queue *q, void *ctx, struct view why);
};

/* to: ROLE_AGENT, or ROLE_FORWARD; an account without a Unix user is then no
 * account. NULL: no auth process, or too many. Nothing is called before it
 * returns. */
struct agent_link *link_open(struct queue *q, enum role_id to,
    struct view account, const struct link_events *events, void *ctx);
/* Once it is open. The process reads the message when it is up, and answers
 * with one (and FORWARD_TARGETs before). Takes fd. */
void link_send(struct agent_link *l, const struct msg *m, int fd);
/* The same for who sends by himself: where to, and afterwards, that it is. */
struct peer *link_peer(const struct agent_link *l);
void link_was_sent(struct agent_link *l);
void link_free(struct agent_link *l);

void link_on_granted(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void link_on_refused(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void link_auth_down(struct queue *q);
/* Those that wait too long, for a grant or an agent, are lost. */
unsigned link_end_waits(struct queue *q);
#endif
