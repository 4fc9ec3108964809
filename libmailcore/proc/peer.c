#include "proc/peer.h"
#include "base/clock.h"
#include "base/panic.h"
#include "log/log.h"
#include "net/loop_uv.h"
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BACKLOG_MAX_BYTES = 64 * 1024 * 1024,
	BACKLOG_MAX_FDS = 2000,
	ROUND_MAX_MESSAGES = 64, /* then others get their turn */
	PIECES_MAX = 64,
};

static_assert((int)SCRATCH_BYTES >= (int)MSG_BYTES_MAX, "a message fits");

struct queued {
	struct queued *next;
	size_t n;
	int fd;
	char bytes[];
};

struct peer {
	struct chan chan;
	struct loop *loop;
	struct poll_handle *poll;
	struct deferred *fails; /* tells the owner of an error */
	struct deferred *flush;
	const struct peer_events *events;
	void *ctx, *user;
	struct queued *first, **last;
	size_t backlog, backlog_fds;
	enum msg_type late; /* answers that nobody waits for any more */
	unsigned index;
	int error;           /* why it is dead */
	bool freed, is_full; /* the socket takes no more for now */
};

static void drop_queue(struct peer *p)
{
	while (p->first) {
		struct queued *q = p->first;
		p->first = q->next;
		if (q->fd >= 0)
			close(q->fd);
		free(q);
	}
	p->last = &p->first;
	p->backlog = p->backlog_fds = 0;
}

static void log_end(const struct peer *p, int why)
{
	if (why == MC_E_CLOSED)
		return;
	LOG(NULL, ERROR, "peer.broken", KV_STR("peer", role_name(p->chan.peer)),
	    KV_INT("index", p->index), KV_ERR("error", why));
}

/* The owner hears of it, then p is gone. Only from the loop. */
static void end(struct peer *p, int why)
{
	struct peer *gone = p;
	p->error = why;
	log_end(p, why);
	p->events->on_closed(p->ctx, p, why);
	if (!p->freed)
		peer_free(&gone);
}

static void on_fails(void *ctx)
{
	struct peer *p = ctx;
	end(p, p->error);
}

/* From anywhere: the owner hears of it later. */
static void fail(struct peer *p, int why)
{
	if (p->error)
		return;
	p->error = why;
	drop_queue(p);
	poll_want(p->poll, false, false);
	deferred_schedule(p->fails);
}

/* The peer's end is gone, but what it said before may still wait here: reading
 * finds the end. */
static void stop_sending(struct peer *p)
{
	drop_queue(p);
	poll_want(p->poll, true, false);
}

/* What goes into the next datagram. */
static size_t gather(const struct peer *p, struct iovec *pieces)
{
	size_t n = 0, bytes = 0;
	for (struct queued *q = p->first; q && n < PIECES_MAX; q = q->next) {
		bytes += q->n;
		if (n && (q->fd >= 0 || bytes > MSG_BYTES_MAX))
			break;
		pieces[n++] = (struct iovec){ q->bytes, q->n };
		if (q->fd >= 0)
			break;
	}
	return n;
}

static void drop_first(struct peer *p)
{
	struct queued *q = p->first;
	p->first = q->next;
	if (!p->first)
		p->last = &p->first;
	p->backlog -= q->n + sizeof *q;
	p->backlog_fds -= q->fd >= 0;
	if (q->fd >= 0)
		close(q->fd);
	free(q);
}

/* -EAGAIN: the socket is full. */
static int send_queue(struct peer *p)
{
	struct iovec pieces[PIECES_MAX];
	int error = 0;
	while (p->first && !error) {
		size_t n = gather(p, pieces);
		error = chan_send_pieces(&p->chan, pieces, n, p->first->fd);
		while (n-- && !error)
			drop_first(p);
	}
	p->is_full = error == -EAGAIN;
	return error;
}

static void flush_queue(struct peer *p)
{
	int error = send_queue(p);
	if (error == MC_E_CLOSED)
		stop_sending(p);
	else if (error && error != -EAGAIN)
		fail(p, error);
	else
		poll_want(p->poll, true, p->is_full);
}

static void on_flush(void *ctx)
{
	struct peer *p = ctx;
	if (!p->error)
		flush_queue(p);
}

/* Hands one message on; false when there is none, or p is dead. */
static bool recv_one(struct peer *p)
{
	struct msg m;
	int fd = -1;
	int error =
	    chan_recv(&p->chan, loop_scratch(p->loop, SCRATCH_READ), &m, &fd);
	if (error == -EAGAIN)
		return false;
	if (error) {
		end(p, error);
		return false;
	}
	if (p->late != MSG_HELLO && m.type == p->late) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	p->events->on_message(p->ctx, p, &m, fd);
	return !p->freed && !p->error;
}

static void on_poll(void *ctx, bool readable, bool writable)
{
	struct peer *p = ctx;
	if (writable)
		flush_queue(p);
	if (!readable || p->error)
		return;
	/* The area that a datagram lies in is for everybody. */
	for (int i = 0; i < ROUND_MAX_MESSAGES || p->chan.rest.n; i++) {
		if (!recv_one(p))
			return;
	}
}

struct peer *peer_new(struct loop *l, int fd, enum role_id self,
    enum role_id other, unsigned index, const struct peer_events *events,
    void *ctx)
{
	struct chan chan;
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    chan_open(&chan, fd, self, other) != 0) {
		close(fd);
		return NULL;
	}
	chan.nonblocking = true;
	struct peer *p = MUST_NEW(struct peer);
	*p = (struct peer){ .chan = chan,
		.loop = l,
		.events = events,
		.ctx = ctx,
		.index = index };
	p->last = &p->first;
	p->poll = poll_new(l, fd, on_poll, p);
	if (!p->poll) {
		chan_close(&p->chan);
		free(p);
		return NULL;
	}
	p->fails = deferred_new(l, on_fails, p);
	p->flush = deferred_new(l, on_flush, p);
	poll_want(p->poll, true, false);
	return p;
}

static void enqueue(struct peer *p, struct view bytes, int fd)
{
	struct queued *q = NULL;
	size_t cost = sizeof *q + bytes.n;
	if (p->backlog + cost <= BACKLOG_MAX_BYTES &&
	    p->backlog_fds + (fd >= 0) <= BACKLOG_MAX_FDS)
		q = malloc(cost);
	if (!q) {
		if (fd >= 0)
			close(fd);
		fail(p, MC_E_LIMIT);
		return;
	}
	*q = (struct queued){ .n = bytes.n, .fd = fd };
	memcpy(q->bytes, bytes.p, bytes.n);
	*p->last = q;
	p->last = &q->next;
	p->backlog += cost;
	p->backlog_fds += fd >= 0;
	if (p->is_full)
		return;
	/* Descriptors come alone anyway, and should not gather here. */
	if (fd >= 0)
		flush_queue(p);
	else
		deferred_schedule_output(p->flush);
}

void peer_send(struct peer *p, const struct msg *m, int fd)
{
	char *out = loop_scratch(p->loop, SCRATCH_SEND);
	size_t n;
	int error = p->error;
	if (!error)
		error = chan_encode(&p->chan, m, fd, out, SCRATCH_BYTES, &n);
	if (!error) {
		enqueue(p, (struct view){ out, n }, fd);
		return;
	}
	if (!p->error)
		LOG(NULL, ERROR, "peer.message-dropped",
		    KV_STR("message", msg_rules[m->type].name),
		    KV_STR("peer", role_name(p->chan.peer)),
		    KV_ERR("error", error));
	if (fd >= 0)
		close(fd);
}

/* Waits until the channel can be read (and, with output left, written). */
static int call_wait(struct peer *p, uint64_t until_ms)
{
	uint64_t now = clock_mono_ms();
	if (now >= until_ms)
		return -ETIMEDOUT;
	struct pollfd pfd = { .fd = p->chan.fd,
		.events = (short)(POLLIN | (p->first ? POLLOUT : 0)) };
	int n = poll(&pfd, 1, (int)(until_ms - now));
	if (n < 0 && errno != EINTR)
		return -errno;
	return 0;
}

struct call {
	enum msg_type answer;
	bool (*fn)(void *ctx, const struct msg *m);
	void *ctx;
	char *buffer;
};

/* Reads one message; 0 when it was the answer, -EAGAIN when not. */
static int call_recv(struct peer *p, const struct call *call)
{
	struct msg m;
	int fd = -1;
	int error = chan_recv(&p->chan, call->buffer, &m, &fd);
	if (error)
		return error;
	if (fd >= 0)
		close(fd);
	if (m.type == call->answer && call->fn(call->ctx, &m))
		return 0;
	return -EAGAIN;
}

static int call_loop(struct peer *p, const struct call *call, uint64_t until_ms)
{
	int error;
	do {
		error = send_queue(p);
		if (error && error != -EAGAIN)
			return error;
		error = call_recv(p, call);
		if (error == -EAGAIN)
			error = call_wait(p, until_ms);
		else
			return error;
	} while (!error);
	return error;
}

int peer_call(struct peer *p, const struct msg *m, enum msg_type answer,
    bool (*fn)(void *ctx, const struct msg *m), void *ctx, unsigned timeout_ms)
{
	uint64_t until_ms = clock_mono_ms() + timeout_ms;
	peer_send(p, m, -1);
	if (p->error)
		return p->error;
	/* Not the shared area: the caller may work on bytes that are there. */
	struct call call = { answer, fn, ctx, malloc(MSG_BYTES_MAX) };
	if (!call.buffer)
		return -ENOMEM;
	p->late = answer;
	int error = call_loop(p, &call, until_ms);
	p->chan.rest = V(""); /* it was in there */
	free(call.buffer);
	if (error && error != -ETIMEDOUT)
		fail(p, error);
	else
		poll_want(p->poll, true, p->is_full);
	return error;
}

size_t peer_backlog(const struct peer *p)
{
	return p->backlog;
}

bool peer_is_gone(const struct peer *p)
{
	struct pollfd end = { .fd = p->chan.fd };
	return poll(&end, 1, 0) == 1 && end.revents & (POLLHUP | POLLERR);
}

size_t peer_backlog_fds(const struct peer *p)
{
	return p->backlog_fds;
}

enum role_id peer_role(const struct peer *p)
{
	return p->chan.peer;
}

unsigned peer_index(const struct peer *p)
{
	return p->index;
}

void peer_set_user(struct peer *p, void *user)
{
	p->user = user;
}

void *peer_user(const struct peer *p)
{
	return p->user;
}

void peer_free(struct peer **p)
{
	struct peer *dead = *p;
	*p = NULL;
	if (!dead || dead->freed)
		return;
	if (!dead->error)
		(void)send_queue(dead); /* as far as it fits */
	dead->freed = true;
	drop_queue(dead);
	poll_free(&dead->poll);
	deferred_free(&dead->fails);
	deferred_free(&dead->flush);
	chan_close(&dead->chan);
	loop_free_later(dead->loop, dead);
}
