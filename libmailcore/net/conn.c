#include "net/conn.h"
#include "base/panic.h"
#include "net/conn_state.h"
#include "net/loop_uv.h"
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_MAX_BYTES = 64 * 1024,
	RECORD_MAX_BYTES = 16 * 1024, /* RFC 8446 5.1 */
	READ_MIN_TLS_BYTES = 4 * 1024,
	WIRE_HIGH_BYTES = 64 * 1024, /* encrypt no more before a write */
	ROUND_MAX_WRITES = 4,        /* then others get their turn */
	FINISH_MS = 30 * 1000,
	LINGER_MS = 2 * 1000,
	LINGER_MAX_BYTES = 256 * 1024,
};

static_assert((int)SCRATCH_BYTES >= READ_MAX_BYTES + RECORD_MAX_BYTES,
    "what is read at once, with the rest of a record, is decrypted at once");

static void on_poll(void *ctx, bool readable, bool writable);
static void on_later(void *ctx);

struct conn *conn_new(struct loop *l, int fd,
    const struct conn_options *options, const struct conn_events *events,
    void *ctx)
{
	struct conn *c = MUST_NEW(struct conn);
	*c = (struct conn){ .loop = l,
		.owner = { events, ctx },
		.in_max = options->in_max,
		.out_low = options->out_low,
		.fd = fd };
	buf_init(&c->in,
	    options->in_max + READ_MIN_TLS_BYTES + 2 * RECORD_MAX_BYTES);
	buf_init(&c->out, options->out_max);
	remote_of(&c->remote, fd);
	c->later = deferred_new(l, on_later, c);
	c->poll = poll_new(l, fd, on_poll, c);
	if (c->poll) {
		poll_want(c->poll, true, false);
	} else {
		c->why = -EMFILE;
		conn_close(c);
	}
	return c;
}

struct loop *conn_loop(struct conn *c)
{
	return c->loop;
}

struct conn_owner conn_set_owner(struct conn *c, struct conn_owner owner)
{
	struct conn_owner before = c->owner;
	c->owner = owner;
	return before;
}

struct buf *conn_out(struct conn *c)
{
	return &c->out;
}

/* The end */

/* No event but on_closed comes any more. */
static void let_go(struct conn *c)
{
	c->closed = true;
	poll_free(&c->poll);
	timer_free(&c->timer);
	deferred_schedule(c->later);
}

void conn_close(struct conn *c)
{
	if (c->closed)
		return;
	let_go(c);
	close(c->fd);
	c->fd = -1;
}

void conn_fail(struct conn *c, int why)
{
	if (c->closed)
		return;
	c->why = why;
	conn_close(c);
}

static void release(struct conn *c)
{
	if (!c->detached)
		c->owner.events->on_closed(c->owner.ctx, c->why);
	tls_session_free(&c->tls);
	tls_session_free(&c->tls_next);
	buf_deinit(&c->in);
	buf_deinit(&c->out);
	deferred_free(&c->later);
	loop_free_later(c->loop, c);
}

bool conn_is_open(const struct conn *c)
{
	return !c->closed && c->finish == FINISH_NONE;
}

/* Time */

static void arm(struct conn *c, uint64_t ms);

static void expire(struct conn *c)
{
	c->timeout_ms = 0;
	if (c->finish != FINISH_NONE) {
		conn_close(c);
		return;
	}
	c->owner.events->on_timeout(c->owner.ctx);
	if (conn_is_open(c) && c->timeout_ms == 0)
		conn_fail(c, -ETIMEDOUT);
	else if (!c->closed)
		conn_flush(c);
}

/* The timer is not moved at each input; it looks whether there was some. */
static void on_timer(void *ctx)
{
	struct conn *c = ctx;
	uint64_t quiet_ms = loop_now_ms(c->loop) - c->active_at_ms;
	c->timer_due_ms = 0;
	if (c->timeout_ms == 0)
		return;
	if (quiet_ms < c->timeout_ms)
		arm(c, c->timeout_ms - quiet_ms);
	else
		expire(c);
}

static void arm(struct conn *c, uint64_t ms)
{
	uint64_t due_ms = loop_now_ms(c->loop) + ms;
	if (c->timer_due_ms && c->timer_due_ms <= due_ms)
		return;
	if (!c->timer)
		c->timer = timer_new(c->loop, on_timer, c);
	c->timer_due_ms = due_ms;
	timer_start(c->timer, ms, 0);
}

void conn_touch(struct conn *c)
{
	c->active_at_ms = loop_now_ms(c->loop);
}

static void set_timeout(struct conn *c, uint64_t ms)
{
	conn_touch(c);
	c->timeout_ms = ms;
	if (ms) {
		arm(c, ms);
	} else if (c->timer) {
		timer_stop(c->timer);
		c->timer_due_ms = 0;
	}
}

void conn_set_timeout(struct conn *c, uint64_t ms)
{
	if (conn_is_open(c))
		set_timeout(c, ms);
}

/* Output. MSG_DONTWAIT, here and below, although the socket is non-blocking:
 * whoever handed it to us may have a copy, and take that back. */

/* One write of what b holds; whether some was taken. */
static bool send_some(struct conn *c, struct buf *b)
{
	struct view v = buf_view(b);
	if (v.n == 0 || c->blocked)
		return false;
	ssize_t n = send(c->fd, v.p, v.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno == EINTR)
		return false;
	if (n < 0 && errno != EAGAIN) {
		conn_fail(c, -errno);
		return false;
	}
	c->blocked = n < (ssize_t)v.n;
	if (n <= 0)
		return false;
	buf_consume(b, (size_t)n);
	buf_trim(b);
	conn_touch(c);
	return true;
}

static bool encrypt(struct conn *c)
{
	struct buf *wire = tls_session_wire(c->tls);
	while (buf_len(&c->out) && buf_len(wire) < WIRE_HIGH_BYTES) {
		size_t used = 0;
		int error = tls_session_write(c->tls, buf_view(&c->out), &used);
		if (error) {
			conn_fail(c, error);
			return false;
		}
		buf_consume(&c->out, used);
	}
	buf_trim(&c->out);
	if (c->finish == FINISH_FLUSH && buf_len(&c->out) == 0) {
		c->finish = FINISH_NOTIFIED;
		tls_session_shutdown(c->tls);
	}
	return true;
}

/* One write; whether some was taken. */
bool conn_send(struct conn *c)
{
	if (c->closed)
		return false;
	if (buf_error(&c->out)) {
		conn_fail(c, MC_E_LIMIT); /* a reply is missing: cannot go on */
		return false;
	}
	if (!c->tls)
		return send_some(c, &c->out);
	if (c->tls_state == TLS_UP && !encrypt(c))
		return false;
	return send_some(c, tls_session_wire(c->tls));
}

static bool output_left(const struct conn *c)
{
	if (buf_len(&c->out) && c->tls_state != TLS_HANDSHAKE)
		return true;
	return c->tls && buf_len(tls_session_wire(c->tls));
}

/* Input */

static bool output_waits(const struct conn *c)
{
	return buf_len(&c->out) > 0 && buf_len(&c->out) >= c->out_low;
}

/* Shows v, which is all that in holds or, when that is empty, new. */
static void show(struct conn *c, struct view v, bool borrowed)
{
	c->in_input = true;
	size_t used = c->owner.events->on_input(c->owner.ctx, v);
	c->in_input = false;
	if (c->tls_state == TLS_PENDING || !conn_is_open(c)) {
		buf_reset(&c->in);
	} else if (borrowed) {
		mc_assert(used <= v.n);
		buf_put(&c->in, view_skip(v, used));
	} else {
		buf_consume(&c->in, used);
	}
	buf_trim(&c->in);
	if (buf_error(&c->in))
		conn_fail(c, -ENOMEM);
}

void conn_take_input(struct conn *c, struct view fresh)
{
	if (!conn_is_open(c) || fresh.n == 0)
		return;
	conn_touch(c);
	c->held = output_waits(c);
	if (!c->held && buf_len(&c->in) == 0) {
		show(c, fresh, true);
		return;
	}
	buf_put(&c->in, fresh);
	if (buf_error(&c->in))
		conn_fail(c, MC_E_LIMIT);
	else if (!c->held)
		show(c, buf_view(&c->in), false);
}

static void show_again(struct conn *c)
{
	c->resume = false;
	c->held = output_waits(c);
	if (conn_is_open(c) && !c->held && buf_len(&c->in))
		show(c, buf_view(&c->in), false);
	if (conn_is_open(c) && !c->held && c->eof)
		c->owner.events->on_eof(c->owner.ctx);
}

void conn_take_eof(struct conn *c)
{
	c->eof = true;
	if (c->finish == FINISH_LINGER)
		conn_close(c);
	else if (conn_is_open(c) && !c->held)
		c->owner.events->on_eof(c->owner.ctx);
}

/* Reading */

static size_t read_room(const struct conn *c)
{
	size_t held = buf_len(&c->in);
	if (c->eof || c->held || c->tls_state == TLS_PENDING)
		return 0;
	if (c->finish != FINISH_NONE)
		return c->finish == FINISH_LINGER ? READ_MAX_BYTES : 0;
	if (held >= c->in_max)
		return 0;
	size_t room = c->in_max - held;
	if (c->tls && room < READ_MIN_TLS_BYTES)
		room = READ_MIN_TLS_BYTES;
	return room < READ_MAX_BYTES ? room : READ_MAX_BYTES;
}

static void linger(struct conn *c, size_t n)
{
	c->lingered_bytes += n;
	if (c->lingered_bytes > LINGER_MAX_BYTES)
		conn_close(c);
}

static void take_bytes(struct conn *c, struct view bytes)
{
	if (c->finish == FINISH_LINGER)
		linger(c, bytes.n);
	else if (c->tls)
		conn_tls_input(c, bytes);
	else
		conn_take_input(c, bytes);
}

static void take_end(struct conn *c, int error)
{
	if (c->tls_state == TLS_HANDSHAKE && conn_is_open(c))
		c->owner.events->on_tls(
		    c->owner.ctx, error ? error : MC_E_CLOSED);
	if (error)
		conn_fail(c, error);
	else if (c->tls_state == TLS_HANDSHAKE)
		conn_fail(c, MC_E_CLOSED);
	else
		conn_take_eof(c);
}

static void read_some(struct conn *c)
{
	char *scratch = loop_scratch(c->loop, SCRATCH_READ);
	size_t room = read_room(c);
	if (room == 0)
		return;
	ssize_t n = recv(c->fd, scratch, room, MSG_DONTWAIT);
	if (n > 0)
		take_bytes(c, (struct view){ scratch, (size_t)n });
	else if (n == 0)
		take_end(c, 0);
	else if (errno != EAGAIN && errno != EINTR)
		take_end(c, -errno);
}

/* Finishing */

void conn_finish(struct conn *c)
{
	if (!conn_is_open(c))
		return;
	set_timeout(c, FINISH_MS);
	c->finish = FINISH_FLUSH;
	conn_flush(c);
}

/* Everything was sent. Closing with input unread would make the kernel send a
 * reset, which can destroy the last reply on its way: wait for the peer's end,
 * for a moment. */
static void finish_sent(struct conn *c)
{
	if (c->eof || shutdown(c->fd, SHUT_WR) != 0) {
		conn_close(c);
		return;
	}
	c->finish = FINISH_LINGER;
	set_timeout(c, LINGER_MS);
}

/* After whatever happened: sends, lets generators go on, waits for the rest. */
static void settle(struct conn *c)
{
	for (int i = 0; i < ROUND_MAX_WRITES && conn_send(c); i++) {
		if (!conn_is_open(c) || output_waits(c))
			continue;
		c->owner.events->on_writable(c->owner.ctx);
		if (c->held)
			show_again(c);
	}
	if (c->closed)
		return;
	bool left = output_left(c);
	if (!left && c->tls_state == TLS_PENDING && conn_is_open(c))
		conn_tls_begin(c);
	if (!left && c->finish != FINISH_NONE && c->finish != FINISH_LINGER)
		finish_sent(c);
	if (c->closed)
		return;
	if (left && !c->blocked)
		deferred_schedule(c->later);
	poll_want(c->poll, read_room(c) > 0, c->blocked);
}

static void on_poll(void *ctx, bool readable, bool writable)
{
	struct conn *c = ctx;
	if (writable)
		c->blocked = false;
	if (readable)
		read_some(c);
	settle(c);
}

static void on_later(void *ctx)
{
	struct conn *c = ctx;
	if (!c->closed && c->resume)
		show_again(c);
	if (!c->closed)
		settle(c);
	if (c->closed)
		release(c);
}

bool conn_is_quiet(const struct conn *c)
{
	return !buf_len(&c->out) && c->tls_state == TLS_NONE;
}

void conn_flush(struct conn *c)
{
	deferred_schedule(c->later);
}

void conn_resume(struct conn *c)
{
	c->resume = true;
	deferred_schedule(c->later);
}

/* What is known of it */

struct view conn_remote(const struct conn *c)
{
	return view_of(c->remote.text);
}

bool conn_is_loopback(const struct conn *c)
{
	return c->remote.is_loopback;
}

int conn_detach(struct conn *c, struct buf *pending)
{
	mc_assert(!c->in_input);
	if (!conn_is_open(c))
		return MC_E_CLOSED;
	if (c->tls_state != TLS_NONE)
		return MC_E_UNSUPPORTED;
	conn_send(c);
	if (c->closed)
		return MC_E_CLOSED;
	if (output_left(c))
		return -EAGAIN;
	buf_put(pending, buf_view(&c->in));
	if (buf_error(pending))
		return MC_E_LIMIT;
	c->detached = true;
	let_go(c);
	return c->fd;
}
