/* Messages on their way to queued: OPEN, RCPT..., BODY or a spool file, COMMIT,
 * then one RESULT when it is durable. Only so many are under way at a time; the
 * others wait in their sessions' memory. While the queue is away, and for what
 * it had not answered, clients are told 451: they keep the message. */
#include "smtpd/front.h"
#include <errno.h>
#include <unistd.h>

enum {
	IN_FLIGHT_MAX = 1000,
	BACKLOG_HIGH = 8 << 20, /* octets waiting for the queue to read */
};

static struct peer *queue_of(const struct client *c)
{
	return proc_peer(c->front->proc, ROLE_QUEUE);
}

/* Work that cannot be done inside of a session's call, or not yet. */
static void put_todo(struct client *c)
{
	struct front *f = c->front;
	if (c->in_todo)
		return;
	c->in_todo = true;
	c->next_todo = NULL;
	*f->todo_last = c;
	f->todo_last = &c->next_todo;
	deferred_schedule(f->work);
}

void ask_fail_later(struct client *c)
{
	c->message = NULL;
	put_todo(c);
}

static void drop_todo(struct client *c)
{
	struct front *f = c->front;
	if (!c->in_todo)
		return;
	struct client **link = &f->todo;
	while (*link != c)
		link = &(*link)->next_todo;
	*link = c->next_todo;
	if (!*link)
		f->todo_last = link;
	c->in_todo = false;
}

static bool may_send(const struct front *f, const struct peer *queue)
{
	return f->in_flight == 0 || (f->in_flight < IN_FLIGHT_MAX &&
					peer_backlog(queue) < BACKLOG_HIGH);
}

static void send_envelope(
    struct client *c, struct peer *queue, const struct smtp_message *m)
{
	struct msg open = { .type = MSG_SUBMIT_OPEN };
	open.submit_open = (struct msg_submit_open){
		.id = c->wire_id,
		.session = c->id,
		.sender = m->sender,
		.account = m->account,
		.remote = conn_remote(c->conn),
		.helo = m->helo,
		.envid = m->envid,
	};
	peer_send(queue, &open, -1);
	for (const struct smtp_rcpt *r = m->rcpts; r; r = r->next) {
		struct msg rcpt = { .type = MSG_SUBMIT_RCPT };
		rcpt.submit_rcpt.id = c->wire_id;
		rcpt.submit_rcpt.address = r->address;
		rcpt.submit_rcpt.orcpt = r->orcpt;
		rcpt.submit_rcpt.notify = r->notify;
		peer_send(queue, &rcpt, -1);
	}
	c->queue_generation = c->front->queue_generation;
}

static void send_body(
    struct client *c, struct peer *queue, const struct smtp_message *m)
{
	struct msg body = { .type = MSG_SUBMIT_BODY };
	body.submit_body.id = c->wire_id;
	body.submit_body.body = m->body;
	peer_send(queue, &body, -1);
}

static void send_commit(
    struct client *c, struct peer *queue, const struct smtp_message *m)
{
	struct msg commit = { .type = MSG_SUBMIT_COMMIT };
	if (!m->spooled) {
		send_envelope(c, queue, m);
		send_body(c, queue, m);
	}
	commit.submit_commit.id = c->wire_id;
	commit.submit_commit.spooled = m->spooled;
	commit.submit_commit.size = m->size;
	commit.submit_commit.flags = m->flags;
	peer_send(queue, &commit, -1);
	c->front->in_flight++;
	c->message = NULL;
	submit_close_spool(c);
}

static void send_abort(struct client *c)
{
	struct peer *queue = queue_of(c);
	struct msg m = { .type = MSG_SUBMIT_ABORT };
	m.submit_abort.id = c->wire_id;
	if (queue && c->queue_generation == c->front->queue_generation)
		peer_send(queue, &m, -1);
}

void submit_forget(struct client *c)
{
	drop_todo(c);
	if (c->ask == ASK_COMMIT && c->message && c->message->spooled)
		send_abort(c);
}

void submit_close_spool(struct client *c)
{
	if (c->spool_fd >= 0)
		close(c->spool_fd);
	c->spool_fd = -1;
}

void submit_spool(void *ctx, uint64_t token, const struct smtp_message *m)
{
	struct client *c = ctx;
	struct peer *queue = queue_of(c);
	struct msg ask = { .type = MSG_SPOOL_ASK };
	ask.spool_ask.id = ask_begin(c, ASK_SPOOL, token);
	if (!queue || !c->wire_id) {
		ask_fail_later(c);
		return;
	}
	send_envelope(c, queue, m);
	peer_send(queue, &ask, -1);
}

int submit_write(void *ctx, struct view piece)
{
	struct client *c = ctx;
	while (piece.n) {
		ssize_t n = write(c->spool_fd, piece.p, piece.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		piece = view_skip(piece, (size_t)n);
	}
	return 0;
}

void submit_abort(void *ctx)
{
	struct client *c = ctx;
	if (c->ask == ASK_SPOOL || c->ask == SPOOL_OPEN)
		send_abort(c);
	submit_close_spool(c);
	ask_end(c);
}

static void commit_now(struct client *c)
{
	struct peer *queue = queue_of(c);
	/* The queue process that gave the spool file is gone, and what it knew
	 * of the message with it. */
	bool is_lost = c->message->spooled &&
		       c->queue_generation != c->front->queue_generation;
	if (!queue || !c->wire_id || is_lost)
		ask_fail_later(c);
	else if (may_send(c->front, queue))
		send_commit(c, queue, c->message);
	else
		put_todo(c);
}

void submit_commit(void *ctx, uint64_t token, const struct smtp_message *m)
{
	struct client *c = ctx;
	ask_begin(c, ASK_COMMIT, token);
	c->kept = *m;
	c->message = &c->kept;
	commit_now(c);
}

/* The first of them is dealt with; false: the window is full. */
static bool work_one(struct front *f)
{
	struct client *c = f->todo;
	struct peer *queue = queue_of(c);
	if (c->message && queue && !may_send(f, queue))
		return false;
	drop_todo(c);
	if (!c->message || !queue)
		ask_fail(c);
	else
		commit_now(c);
	return true;
}

void submit_work(struct front *f)
{
	while (f->todo && work_one(f))
		continue;
}

/* Of what was not answered nobody knows whether it was kept: the client sends
 * it again, at worst it comes twice. Never is it lost. */
static void fail_queued(uint64_t id, void *object, void *ctx)
{
	struct client *c = object;
	(void)id;
	(void)ctx;
	if (c->ask == ASK_SPOOL || c->ask == ASK_COMMIT || c->ask == ASK_ROOM) {
		drop_todo(c);
		ask_fail(c);
	}
}

void submit_queue_down(struct front *f)
{
	f->queue_generation++;
	f->in_flight = 0;
	idtab_each(&f->asked, fail_queued, NULL);
}

static enum submit_status status_of(uint8_t status)
{
	return status <= SUBMIT_STATUS_LIMIT ? (enum submit_status)status
					     : SUBMIT_STATUS_TEMP;
}

static void on_result(struct front *f, const struct msg_submit_result *r)
{
	struct client *c = ask_find(f, r->id, ASK_COMMIT);
	if (f->in_flight)
		f->in_flight--;
	if (c && !c->message) {
		ask_end(c);
		f->n_messages += r->status == SUBMIT_STATUS_OK;
		smtp_session_committed(
		    c->session, c->token, status_of(r->status), r->queue_id);
		ask_answered(c);
	}
	submit_work(f);
}

static void on_none(struct front *f, const struct msg_spool_none *r)
{
	struct client *c = ask_find(f, r->id, ASK_SPOOL);
	enum submit_status status = status_of(r->status);
	if (!c)
		return;
	send_abort(c); /* it still has the envelope */
	ask_end(c);
	smtp_session_spool_is(c->session, c->token,
	    status == SUBMIT_STATUS_OK ? SUBMIT_STATUS_TEMP : status);
	ask_answered(c);
}

void submit_on_message(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct front *f = proc_state(p);
	(void)from;
	(void)fd;
	if (m->type == MSG_SUBMIT_RESULT)
		on_result(f, &m->submit_result);
	else if (m->type == MSG_SPOOL_NONE)
		on_none(f, &m->spool_none);
}

void submit_on_spool(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct client *c = ask_find(proc_state(p), m->spool_is.id, ASK_SPOOL);
	(void)from;
	if (!c) {
		close(fd);
		return;
	}
	c->spool_fd = fd;
	c->ask = SPOOL_OPEN;
	smtp_session_spool_is(c->session, c->token, SUBMIT_STATUS_OK);
	ask_answered(c);
}
