/* Messages from the fronts, up to their COMMIT. A front is trusted with
 * nothing but its own transactions: it can fill its caps, no more. */
#include "base/clock.h"
#include "base/panic.h"
#include "queued/queue_role.h"
#include "queued/spool/queue_spool.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FRONT_SUBMISSIONS_MAX = 10000,
	FRONT_BYTES_MAX = 256 << 20,
};

struct front {
	struct list link;
	struct peer *peer;
	struct hash submissions;
	size_t bytes;
};

static struct front *find_front(struct queue *q, struct peer *peer)
{
	for (struct list *i = q->fronts.next; i != &q->fronts; i = i->next) {
		struct front *f = CONTAINER(i, struct front, link);
		if (f->peer == peer)
			return f;
	}
	struct front *f = MUST_NEW(struct front);
	f->peer = peer;
	list_push(&q->fronts, &f->link);
	return f;
}

static struct submission *find(const struct front *f, uint64_t id)
{
	struct hash_node *n = hash_find(&f->submissions, hash_mix(id));
	for (; n; n = hash_find_next(n)) {
		struct submission *s = CONTAINER(n, struct submission, node);
		if (s->id == id)
			return s;
	}
	return NULL;
}

static struct submission *find_open(
    struct proc *p, struct peer *from, uint64_t id)
{
	struct submission *s = find(find_front(proc_state(p), from), id);
	return s && !s->is_committed ? s : NULL;
}

/* The first reason counts. */
static void refuse(struct submission *s, enum submit_status status)
{
	if (s->status == SUBMIT_STATUS_OK)
		s->status = status;
}

static void charge(struct submission *s, size_t bytes)
{
	s->bytes += bytes;
	s->front->bytes += bytes;
	if (s->front->bytes > FRONT_BYTES_MAX)
		refuse(s, SUBMIT_STATUS_LIMIT);
}

static struct submission *get_or_make(struct front *f, uint64_t id)
{
	struct submission *s = find(f, id);
	if (s || f->submissions.n >= FRONT_SUBMISSIONS_MAX)
		return s && s->is_committed ? NULL : s;
	s = MUST_NEW(struct submission);
	s->front = f;
	s->id = id;
	list_init(&s->link);
	hash_add(&f->submissions, &s->node, hash_mix(id));
	charge(s, sizeof *s);
	return s;
}

static void answer(struct peer *front, uint64_t id, enum submit_status status,
    uint64_t queue_id)
{
	struct msg m = { .type = MSG_SUBMIT_RESULT,
		.submit_result = { id, (uint8_t)status, queue_id } };
	peer_send(front, &m, -1);
}

static void discard(struct queue *q, struct submission *s)
{
	struct front *f = s->front;
	if (s->spool_name && q->db)
		queue_spool_discard(queue_db_dir(q->db), s->spool_name);
	mail_free(s->mail);
	list_remove(&s->link);
	hash_remove(&f->submissions, &s->node);
	f->bytes -= s->bytes;
	free(s);
}

void submit_finish(
    struct queue *q, struct submission *s, enum submit_status status)
{
	struct mail *m = s->mail;
	bool ok = status == SUBMIT_STATUS_OK;
	answer(s->front->peer, s->id, status, ok ? m->e.id : 0);
	if (ok) {
		s->mail = NULL;
		window_add(q, m);
	} else {
		struct log_ctx ctx = { NULL, "session", m ? m->e.session : 0 };
		LOG(&ctx, DEBUG, "queue.refuse", KV_INT("status", status));
	}
	discard(q, s);
}

/* What it did not get an answer for, its clients got none for either. */
void submit_front_down(struct queue *q, struct peer *front)
{
	struct front *f = find_front(q, front);
	struct hash_node *n;
	while ((n = hash_any(&f->submissions)))
		discard(q, CONTAINER(n, struct submission, node));
	hash_deinit(&f->submissions);
	list_remove(&f->link);
	free(f);
}

void submit_on_open(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)fd;
	const struct msg_submit_open *o = &m->submit_open;
	struct submission *s =
	    get_or_make(find_front(proc_state(p), from), o->id);
	if (!s || s->mail)
		return;
	struct queue_envelope e = { .session = o->session,
		.sender = o->sender,
		.account = o->account,
		.remote = o->remote,
		.helo = o->helo,
		.envid = o->envid };
	s->mail = mail_new(&e);
	charge(s, sizeof *s->mail);
}

void submit_on_rcpt(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)fd;
	const struct msg_submit_rcpt *o = &m->submit_rcpt;
	struct submission *s = find_open(p, from, o->id);
	if (!s || !s->mail)
		return;
	if (s->mail->n_rcpts >= QUEUE_RECIPIENTS_MAX)
		refuse(s, SUBMIT_STATUS_LIMIT);
	charge(s, sizeof(struct rcpt) + o->address.n + o->orcpt.n);
	if (s->status != SUBMIT_STATUS_OK)
		return;
	struct queue_rcpt r = { .index = s->mail->n_rcpts,
		.notify = o->notify & NOTIFY_OF_FRONTS,
		.address = o->address,
		.orcpt = o->orcpt };
	mail_add_rcpt(s->mail, rcpt_new(&r));
}

void submit_on_body(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)fd;
	const struct msg_submit_body *o = &m->submit_body;
	struct submission *s = find_open(p, from, o->id);
	if (!s || !s->mail)
		return;
	struct mail *mail = s->mail;
	if (o->body.n > QUEUE_BODY_MAX - mail->body_n)
		refuse(s, SUBMIT_STATUS_LIMIT);
	charge(s, o->body.n);
	if (s->status != SUBMIT_STATUS_OK || o->body.n == 0)
		return;
	char *body = realloc(mail->body, mail->body_n + o->body.n);
	if (!body) {
		refuse(s, SUBMIT_STATUS_LIMIT);
		return;
	}
	memcpy(body + mail->body_n, o->body.p, o->body.n);
	mail->body = body;
	mail->body_n += o->body.n;
}

static bool is_complete(
    const struct submission *s, const struct msg_submit_commit *o)
{
	if (!s->mail || !s->mail->n_rcpts)
		return false;
	if (o->spooled)
		return s->spool_name && !s->mail->body_n;
	return o->size == s->mail->body_n;
}

void submit_on_commit(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)fd;
	struct queue *q = proc_state(p);
	const struct msg_submit_commit *o = &m->submit_commit;
	struct submission *s = find_open(p, from, o->id);
	if (!s) {
		/* Its OPEN found no place. */
		answer(from, o->id, SUBMIT_STATUS_LIMIT, 0);
		return;
	}
	if (!is_complete(s, o))
		refuse(s, SUBMIT_STATUS_TEMP);
	if (s->status == SUBMIT_STATUS_OK)
		refuse(s, commit_outlook(q));
	if (s->status != SUBMIT_STATUS_OK) {
		submit_finish(q, s, s->status);
		return;
	}
	s->is_committed = true;
	s->mail->e.is_spooled = o->spooled != 0;
	s->mail->e.size_bytes = o->size;
	s->mail->e.submit_flags = o->flags & SUBMIT_FLAGS_OF_FRONTS;
	s->mail->e.n_recipients = s->mail->n_rcpts;
	list_push(&q->committing, &s->link);
	queue_schedule_round(q);
}

void submit_on_abort(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)fd;
	struct submission *s = find_open(p, from, m->submit_abort.id);
	if (s)
		discard(proc_state(p), s);
}

static enum submit_status make_spool(
    struct queue *q, struct submission *s, int *fd)
{
	enum submit_status status = commit_outlook(q);
	if (!s || s->spool_name)
		return SUBMIT_STATUS_LIMIT;
	if (status != SUBMIT_STATUS_OK)
		return status;
	uint64_t name = queue_db_new_id(q->db, (uint64_t)clock_wall_s());
	int error = queue_spool_create(queue_db_dir(q->db), name, fd);
	if (error) {
		LOG(NULL, ERROR, "queue.spool-failed", KV_ERR("error", error));
		return SUBMIT_STATUS_FULL;
	}
	s->spool_name = name;
	return SUBMIT_STATUS_OK;
}

/* The descriptor may be asked for before the envelope is known. */
void submit_on_spool_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct queue *q = proc_state(p);
	uint64_t id = m->spool_ask.id;
	struct submission *s = get_or_make(find_front(q, from), id);
	enum submit_status status = make_spool(q, s, &fd);
	struct msg none = { .type = MSG_SPOOL_NONE,
		.spool_none = { id, (uint8_t)status } };
	struct msg is = { .type = MSG_SPOOL_IS, .spool_is = { id } };
	if (status == SUBMIT_STATUS_OK)
		peer_send(from, &is, fd);
	else
		peer_send(from, &none, -1);
}
