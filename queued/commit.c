/* Group commit: everything that waits at the end of a round of the loop goes
 * into one transaction: new messages, and what became of older ones. A front
 * hears of success only when that is on disk. While the disk is flushed, the
 * next group gathers in the sockets. */
#include "base/clock.h"
#include "base/panic.h"
#include "queued/queue_role.h"
#include "queued/spool/queue_spool.h"
#include <errno.h>

enum {
	GROUP_MESSAGES_MAX = 2000,
	GROUP_BYTES_MAX = 32 << 20,
	RCPT_COST_BYTES = 512, /* with its due row */
	FREE_CHECK_MS = 1000,
	RETRY_MS = 1000, /* outcomes, after a failed commit */
};

struct group {
	struct list submissions;
	struct list notices; /* struct mail */
	bool without_notices;
	uint64_t ids[GROUP_MESSAGES_MAX]; /* spooled ones */
	size_t n, n_spooled, bytes;
	uint64_t now_s;
};

static enum submit_status status_of(int error)
{
	switch (error) {
	case 0:
		return SUBMIT_STATUS_OK;
	case MC_E_FULL:
	case -ENOSPC:
	case -EDQUOT:
	case -EIO:
		return SUBMIT_STATUS_FULL;
	default:
		return SUBMIT_STATUS_TEMP;
	}
}

static bool has_space(struct queue *q)
{
	uint64_t now = loop_now_ms(proc_loop(q->proc));
	uint64_t least = (uint64_t)proc_conf(q->proc)->queue_free_min;
	if (!q->free_read_ms || now - q->free_read_ms >= FREE_CHECK_MS) {
		q->free_read_ms = now ? now : 1;
		if (queue_db_free_bytes(q->db, &q->free_bytes))
			q->free_bytes = UINT64_MAX;
	}
	return q->free_bytes >= least;
}

enum submit_status commit_outlook(struct queue *q)
{
	if (!q->db)
		return status_of(q->db_error);
	return has_space(q) ? SUBMIT_STATUS_OK : SUBMIT_STATUS_FULL;
}

static int keep_spooled(struct queue *q, struct group *g, struct submission *s)
{
	const struct queue_envelope *e = &s->mail->e;
	int error = queue_spool_keep(
	    queue_db_dir(q->db), s->spool_name, e->size_bytes, e->id);
	if (error) {
		struct log_ctx ctx = { NULL, "session", e->session };
		LOG(&ctx, ERROR, "queue.spool-failed", KV_ERR("error", error));
		return error;
	}
	s->spool_name = 0; /* it has the message's name now */
	g->ids[g->n_spooled++] = e->id;
	return 0;
}

/* Takes what waits, as much as one transaction should hold. */
static void gather(struct queue *q, struct group *g)
{
	while (!list_empty(&q->committing) && g->n < GROUP_MESSAGES_MAX &&
	       g->bytes < GROUP_BYTES_MAX) {
		struct submission *s =
		    CONTAINER(q->committing.next, struct submission, link);
		struct queue_envelope *e = &s->mail->e;
		e->id = queue_db_new_id(q->db, g->now_s);
		e->received_s = g->now_s;
		int error = e->is_spooled ? keep_spooled(q, g, s) : 0;
		if (error) {
			submit_finish(q, s, status_of(error));
			continue;
		}
		g->bytes +=
		    s->mail->body_n + s->mail->n_rcpts * RCPT_COST_BYTES;
		list_remove(&s->link);
		list_push(&g->submissions, &s->link);
		g->n++;
	}
}

void commit_put_mail(struct queue_txn *t, struct mail *m, uint64_t now_s)
{
	queue_add(t, &m->e, (struct view){ m->body, m->body_n });
	for (struct list *i = m->rcpts.next; i != &m->rcpts; i = i->next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, link);
		r->r.next_s = r->due_s = now_s;
		queue_add_rcpt(t, m->e.id, &r->r);
	}
}

/* What somebody is told of waits until the notice can be written as well. */
static bool is_written(const struct group *g, const struct rcpt *r)
{
	return !(g->without_notices && r->is_told);
}

static void put_leaves(
    struct queue_txn *t, const struct rcpt *r, uint64_t now_s)
{
	const struct list *all = &r->leaves;
	for (struct list *i = all->next; i != all; i = i->next) {
		struct rcpt *leaf = CONTAINER(i, struct rcpt, link);
		leaf->r.next_s = leaf->due_s = now_s;
		queue_insert_rcpt(t, r->mail->e.id, &leaf->r);
	}
	queue_update(t, &r->mail->e);
}

static void put_settled(
    struct queue_txn *t, const struct rcpt *r, uint64_t now_s)
{
	uint64_t id = r->mail->e.id;
	switch (r->todo) {
	case TODO_EXPAND:
		put_leaves(t, r, now_s);
		queue_remove_rcpt(t, id, r->r.index, r->due_s);
		return;
	case TODO_REMOVE:
		queue_remove_rcpt(t, id, r->r.index, r->due_s);
		return;
	case TODO_UPDATE:
		queue_update_rcpt(t, id, &r->r, r->due_s);
		return;
	case TODO_NOTHING:
		return;
	}
}

static int write_all(struct queue *q, struct group *g)
{
	struct queue_txn t;
	int error = g->n ? queue_db_check_room(q->db, g->bytes) : 0;
	if (!error)
		error =
		    queue_spool_sync(queue_db_dir(q->db), g->ids, g->n_spooled);
	if (!error)
		error = queue_begin_write(q->db, &t);
	if (error)
		return error;
	struct list *l = &g->submissions;
	for (struct list *i = l->next; i != l; i = i->next)
		commit_put_mail(
		    &t, CONTAINER(i, struct submission, link)->mail, g->now_s);
	l = &g->notices;
	for (struct list *i = l->next; i != l; i = i->next)
		commit_put_mail(&t, CONTAINER(i, struct mail, link), g->now_s);
	for (struct list *i = q->settled.next; i != &q->settled; i = i->next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, work);
		if (is_written(g, r))
			put_settled(&t, r, g->now_s);
	}
	return queue_commit(&t);
}

static void forget_settled(struct queue *q, const struct group *g)
{
	struct list *next;
	for (struct list *i = q->settled.next; i != &q->settled; i = next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, work);
		next = i->next;
		if (!is_written(g, r))
			continue;
		if (r->todo == TODO_UPDATE && r->r.next_s)
			window_wake_at(q, r->r.next_s);
		if (r->todo == TODO_UPDATE && r->r.site.n)
			remote_parked(q, r);
		q->n_settled--;
		while (!list_empty(&r->leaves))
			window_add_rcpt(q, r->mail,
			    CONTAINER(r->leaves.next, struct rcpt, link));
		window_drop(q, r);
	}
	q->must_flush = false;
	if (q->n_settled)
		timer_start(q->flush_timer, RETRY_MS, 0);
	else
		timer_stop(q->flush_timer);
}

static void accept_all(struct queue *q, struct group *g)
{
	while (!list_empty(&g->submissions)) {
		struct submission *s =
		    CONTAINER(g->submissions.next, struct submission, link);
		struct mail *m = s->mail;
		struct log_ctx session = { NULL, "session", m->e.session };
		struct log_ctx ctx = { &session, "queue", m->e.id };
		LOG(&ctx, DEBUG, "queue.accept", KV_VIEW("from", m->e.sender),
		    KV_INT("size", m->e.size_bytes),
		    KV_INT("recipients", m->n_rcpts));
		submit_finish(q, s, SUBMIT_STATUS_OK);
	}
}

static void refuse_all(struct queue *q, struct group *g, int error)
{
	for (size_t i = 0; i < g->n_spooled; i++)
		queue_spool_remove(queue_db_dir(q->db), g->ids[i]);
	g->n_spooled = 0;
	while (!list_empty(&g->submissions))
		submit_finish(q,
		    CONTAINER(g->submissions.next, struct submission, link),
		    status_of(error));
}

/* The old state is intact. Outcomes stay in memory and are tried without new
 * messages: they mostly give space back. */
static void failed(struct queue *q, struct group *g, int error)
{
	bool had_messages = g->n > 0;
	if (error != q->commit_error)
		LOG(NULL, ERROR, "queue.commit-failed", KV_ERR("error", error),
		    KV_INT("messages", g->n), KV_INT("outcomes", q->n_settled));
	q->commit_error = error;
	bool had_notices = !list_empty(&g->notices);
	refuse_all(q, g, error);
	notice_free_all(&g->notices); /* they are made again */
	g->n = 0;
	if (error == -EIO) {
		queue_spool_failed(q, error);
		return;
	}
	g->without_notices = true;
	if ((had_messages || had_notices) && q->n_settled &&
	    write_all(q, g) == 0) {
		forget_settled(q, g);
		return;
	}
	q->must_flush = false;
	if (q->n_settled)
		timer_start(q->flush_timer, RETRY_MS, 0);
}

void commit_group(struct queue *q)
{
	if (!q->db || (list_empty(&q->committing) && !q->must_flush))
		return;
	struct group *g = MUST_NEW(struct group);
	list_init(&g->submissions);
	list_init(&g->notices);
	g->now_s = (uint64_t)clock_wall_s();
	gather(q, g);
	notice_make_all(q, g->now_s, &g->notices);
	int error = g->n || q->n_settled ? write_all(q, g) : 0;
	if (error) {
		failed(q, g, error);
	} else {
		q->commit_error = 0;
		forget_settled(q, g);
		accept_all(q, g);
		notice_send_all(q, &g->notices);
	}
	free(g);
	if (!list_empty(&q->committing))
		queue_schedule_round(q);
}
