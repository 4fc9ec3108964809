/* What the administrator does to recipients (mailctl queue): each item gets a
 * fate like any other, and mailctl its answer when that is on disk. */
#include "base/panic.h"
#include "queued/queue_role.h"
#include "wire/rd.h"
#include <stdlib.h>
#include <string.h>

struct change {
	struct list link;
	uint64_t id; /* the monitor's */
	size_t n;
	char statuses[QUEUE_ITEMS_MAX]; /* enum queue_change */
};

static enum queue_change change_rcpt(
    struct queue *q, struct rcpt *r, enum queue_action action)
{
	if (r->todo != TODO_NOTHING || r->is_running ||
	    (r->job.lane && r->job.is_sent) || remote_is_sent(r))
		return QUEUE_CHANGE_BUSY;
	if (r->is_users)
		users_forget(q, r);
	else if (r->job.lane)
		sched_done(
		    &q->sched, &r->job, false, loop_now_ms(proc_loop(q->proc)));
	else if (remote_has(r))
		remote_forget(q, r);
	else
		address_forget(q, r);
	fate_changed(q, r, action);
	return QUEUE_CHANGE_DONE;
}

static enum queue_change change_item(struct queue *q, struct queue_txn *t,
    struct rd *items, enum queue_action action)
{
	struct rcpt *r;
	uint64_t id = rd_u64(items);
	uint32_t index = rd_u32(items);
	if (window_take(q, t, id, index, &r))
		return QUEUE_CHANGE_GONE;
	return change_rcpt(q, r, action);
}

static void change_all(
    struct queue *q, struct change *c, const struct msg_queue_change *ask)
{
	struct queue_txn t;
	struct rd items = rd_of(ask->items);
	c->n = ask->items.n / QUEUE_ITEM_OCTETS;
	memset(c->statuses, QUEUE_CHANGE_TEMP, c->n);
	if (!q->db || ask->action >= QUEUE_ACTION_COUNT ||
	    queue_begin_read(q->db, &t))
		return;
	for (size_t i = 0; i < c->n; i++)
		c->statuses[i] = (char)change_item(
		    q, &t, &items, (enum queue_action)ask->action);
	queue_abort(&t);
}

void change_on_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	struct change *c = MUST_NEW(struct change);
	c->id = m->queue_change.id;
	list_push(&q->changes, &c->link);
	change_all(q, c, &m->queue_change);
	queue_schedule_round(q);
}

static void answer(struct queue *q, struct change *c)
{
	struct msg out = { .type = MSG_QUEUE_CHANGED,
		.queue_changed = { c->id, { c->statuses, c->n } } };
	for (size_t i = 0; q->n_settled && i < c->n; i++)
		if (c->statuses[i] == QUEUE_CHANGE_DONE)
			c->statuses[i] = QUEUE_CHANGE_TEMP;
	peer_send(proc_monitor(q->proc), &out, -1);
	list_remove(&c->link);
	free(c);
}

void change_answer_all(struct queue *q)
{
	while (!list_empty(&q->changes))
		answer(q, CONTAINER(q->changes.next, struct change, link));
}
