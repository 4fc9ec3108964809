/* What of the queue is in memory: new mail as it came, and of the rest only
 * what is due, a window at a time. */
#include "base/clock.h"
#include "base/panic.h"
#include "queued/queue_role.h"
#include <stdlib.h>
#include <string.h>

enum {
	/* The wall clock may be set; look at it so often. */
	WAKE_MAX_S = 60,
};

struct mail *mail_new(const struct queue_envelope *e)
{
	struct mail *m = must_alloc(sizeof *m + e->sender.n + e->account.n +
				    e->remote.n + e->helo.n + e->envid.n);
	char *at = m->strings;
	m->e = *e;
	m->e.sender = view_put(&at, e->sender);
	m->e.account = view_put(&at, e->account);
	m->e.remote = view_put(&at, e->remote);
	m->e.helo = view_put(&at, e->helo);
	m->e.envid = view_put(&at, e->envid);
	list_init(&m->rcpts);
	list_init(&m->link);
	return m;
}

struct rcpt *rcpt_new(const struct queue_rcpt *from)
{
	struct rcpt *r = must_alloc(
	    sizeof *r + from->address.n + from->orcpt.n + from->reply.n +
	    from->host.n + from->text.n + from->from.n + from->origin.n);
	char *at = r->strings;
	r->r = *from;
	r->r.address = view_put(&at, from->address);
	r->r.orcpt = view_put(&at, from->orcpt);
	r->r.reply = view_put(&at, from->reply);
	r->r.host = view_put(&at, from->host);
	r->r.text = view_put(&at, from->text);
	r->r.from = view_put(&at, from->from);
	r->r.origin = view_put(&at, from->origin);
	r->r.site = V(""); /* it is no more, once its record is written */
	r->due_s = from->next_s;
	list_init(&r->link);
	list_init(&r->work);
	list_init(&r->leaves);
	list_init(&r->relay.link);
	return r;
}

struct mail *mail_new_of_ours(
    const struct queue_envelope *e, struct view to, struct view body)
{
	const struct queue_rcpt r = { .address = to };
	struct mail *m = mail_new(e);
	m->e.size_bytes = body.n;
	m->e.n_recipients = 1;
	m->body = must_alloc(body.n);
	memcpy(m->body, body.p, body.n);
	m->body_n = body.n;
	mail_add_rcpt(m, rcpt_new(&r));
	return m;
}

void mail_add_rcpt(struct mail *m, struct rcpt *r)
{
	r->mail = m;
	list_push(&m->rcpts, &r->link);
	m->n_rcpts++;
}

void rcpt_free(struct rcpt *r)
{
	while (!list_empty(&r->leaves))
		rcpt_free(CONTAINER(r->leaves.next, struct rcpt, link));
	list_remove(&r->link);
	list_remove(&r->work);
	free(r->reply);
	free(r->host);
	free(r->site);
	free(r);
}

void mail_free(struct mail *m)
{
	if (!m)
		return;
	while (!list_empty(&m->rcpts))
		rcpt_free(CONTAINER(m->rcpts.next, struct rcpt, link));
	list_remove(&m->link);
	free(m->body);
	free(m);
}

static uint64_t rcpt_hash(uint64_t id, uint32_t index)
{
	return hash_mix(id ^ (uint64_t)index << 40);
}

static struct mail *find_mail(const struct queue *q, uint64_t id)
{
	struct hash_node *n = hash_find(&q->mails, hash_mix(id));
	for (; n; n = hash_find_next(n)) {
		struct mail *m = CONTAINER(n, struct mail, node);
		if (m->e.id == id)
			return m;
	}
	return NULL;
}

static struct rcpt *find_rcpt(
    const struct queue *q, uint64_t id, uint32_t index)
{
	struct hash_node *n = hash_find(&q->rcpts, rcpt_hash(id, index));
	for (; n; n = hash_find_next(n)) {
		struct rcpt *r = CONTAINER(n, struct rcpt, node);
		if (r->mail->e.id == id && r->r.index == index)
			return r;
	}
	return NULL;
}

bool window_has(const struct queue *q, uint64_t id, uint32_t index)
{
	return find_rcpt(q, id, index) != NULL;
}

static void note_mail(struct queue *q, struct mail *m)
{
	hash_add(&q->mails, &m->node, hash_mix(m->e.id));
	q->body_bytes += m->body_n;
}

static void note_rcpt(struct queue *q, struct rcpt *r)
{
	hash_add(&q->rcpts, &r->node, rcpt_hash(r->mail->e.id, r->r.index));
}

void window_add(struct queue *q, struct mail *m)
{
	if (q->rcpts.n + m->n_rcpts > WINDOW_RCPTS) {
		mail_free(m);
		q->has_more_due = true;
		return;
	}
	if (q->body_bytes + m->body_n > WINDOW_BODY_BYTES) {
		free(m->body);
		m->body = NULL;
		m->body_n = 0;
	}
	note_mail(q, m);
	for (struct list *i = m->rcpts.next; i != &m->rcpts; i = i->next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, link);
		note_rcpt(q, r);
		address_resolve(q, r);
	}
}

void window_add_rcpt(struct queue *q, struct mail *m, struct rcpt *r)
{
	list_remove(&r->link);
	if (q->rcpts.n >= WINDOW_RCPTS) {
		rcpt_free(r);
		q->has_more_due = true;
		return;
	}
	mail_add_rcpt(m, r);
	note_rcpt(q, r);
	address_resolve(q, r);
}

void window_drop(struct queue *q, struct rcpt *r)
{
	struct mail *m = r->mail;
	hash_remove(&q->rcpts, &r->node);
	rcpt_free(r);
	if (--m->n_rcpts)
		return;
	hash_remove(&q->mails, &m->node);
	q->body_bytes -= m->body_n;
	mail_free(m);
}

void window_wake_at(struct queue *q, uint64_t time_s)
{
	uint64_t now_s = (uint64_t)clock_wall_s();
	if (q->wake_s && q->wake_s <= time_s)
		return;
	q->wake_s = time_s;
	uint64_t wait_s = time_s > now_s ? time_s - now_s : 0;
	if (wait_s > WAKE_MAX_S)
		wait_s = WAKE_MAX_S;
	timer_start(q->due_timer, wait_s * 1000 + 1, 0);
}

struct loading {
	struct queue *q;
	struct queue_txn *t;
	uint64_t now_s;
	unsigned n;
	struct queue_due last;
	uint64_t next_s; /* of the first row that is not yet due */
	bool is_full;
};

/* The mail of a recipient, as well as it can be read. *error: why not well. */
static struct mail *load_mail(
    struct queue *q, struct queue_txn *t, uint64_t id, int *error)
{
	struct mail *m = find_mail(q, id);
	struct queue_envelope e;
	*error = 0;
	if (m)
		return m;
	*error = queue_get(t, id, &e);
	if (*error)
		e = (struct queue_envelope){ .id = id };
	m = mail_new(&e);
	note_mail(q, m);
	return m;
}

int window_take(struct queue *q, struct queue_txn *t, uint64_t id,
    uint32_t index, struct rcpt **out)
{
	struct queue_rcpt from = { .index = index };
	int mail_error;
	*out = find_rcpt(q, id, index);
	if (*out)
		return 0;
	int error = queue_get_rcpt(t, id, index, &from);
	if (error == MC_E_NOENT)
		return error;
	*out = rcpt_new(&from); /* of what is damaged, as much as there is */
	mail_add_rcpt(load_mail(q, t, id, &mail_error), *out);
	note_rcpt(q, *out);
	return 0;
}

/* Starts what has to be done with a row; a damaged one is not lost in silence.
 */
static void load_row(struct loading *l, const struct queue_due *d)
{
	struct queue *q = l->q;
	struct queue_rcpt from = { .index = d->index };
	int mail_error;
	struct mail *m = load_mail(q, l->t, d->id, &mail_error);
	int error = queue_get_rcpt(l->t, d->id, d->index, &from);
	struct rcpt *r = rcpt_new(&from);
	r->due_s = d->time_s;
	mail_add_rcpt(m, r);
	note_rcpt(q, r);
	if (error == MC_E_NOENT || mail_error == MC_E_NOENT ||
	    (!error && r->r.state == RCPT_FAILED))
		fate_forgotten(q, r);
	else if (error || mail_error)
		fate_failed(q, r, V("5.3.0 the queue's record is damaged"));
	else
		address_resolve(q, r);
}

static int on_due(void *ctx, const struct queue_due *d)
{
	struct loading *l = ctx;
	if (d->time_s > l->now_s) {
		l->next_s = d->time_s;
		return 1;
	}
	l->is_full = l->n >= WINDOW_LOAD || l->q->rcpts.n >= WINDOW_RCPTS / 2;
	if (l->is_full)
		return 1;
	l->last = *d;
	if (find_rcpt(l->q, d->id, d->index))
		return 0;
	l->n++;
	load_row(l, d);
	return 0;
}

static void after_load(struct queue *q, const struct loading *l)
{
	q->has_more_due = l->is_full;
	if (l->is_full) {
		q->after = l->last;
		if (q->rcpts.n < WINDOW_RCPTS / 2)
			queue_schedule_round(q);
		return;
	}
	/* From the start next time: the clock may have been set back. */
	q->after = (struct queue_due){ 0 };
	if (l->next_s)
		window_wake_at(q, l->next_s);
}

void window_load(struct queue *q)
{
	struct queue_txn t;
	q->wake_s = 0;
	struct loading l = { .q = q,
		.t = &t,
		.now_s = (uint64_t)clock_wall_s(),
		.last = q->after };
	if (!q->db || q->rcpts.n >= WINDOW_RCPTS / 2)
		return;
	int error = queue_begin_read(q->db, &t);
	if (!error) {
		error = queue_each_due(&t, &q->after, on_due, &l);
		queue_abort(&t);
	}
	if (error < 0) {
		LOG(NULL, ERROR, "queue.unreadable", KV_ERR("error", error));
		window_wake_at(q, l.now_s + 10);
		return;
	}
	after_load(q, &l);
}
