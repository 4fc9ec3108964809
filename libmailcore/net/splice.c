/* A session whose TLS stays here: plaintext to and from another process. */
#include "base/panic.h"
#include "net/conn_owner.h"
#include "net/loop_uv.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PUMP_MAX_BYTES = 64 * 1024
};

struct splice {
	struct conn *conn;
	struct conn_owner owner; /* hears of the end */
	struct poll_handle *poll;
	int fd;
	bool blocked;   /* fd takes no more for now */
	bool in_left;   /* the client's input waits for that */
	bool paused;    /* fd waits until the client has taken more */
	bool fd_ended;  /* nothing comes from fd any more */
	bool eof_given; /* fd was told that the client ended */
};

static void update_poll(struct splice *s)
{
	if (s->poll)
		poll_want(s->poll, !s->fd_ended && !s->paused, s->blocked);
}

static void fd_end(struct splice *s)
{
	s->fd_ended = true;
	conn_finish(s->conn);
}

static size_t on_input(void *ctx, struct view in)
{
	struct splice *s = ctx;
	s->in_left = true;
	if (s->blocked)
		return 0;
	ssize_t n = send(s->fd, in.p, in.n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* The session is over, but its last words may wait in fd. */
		s->in_left = false;
		return in.n;
	}
	size_t used = n < 0 ? 0 : (size_t)n;
	s->blocked = used < in.n;
	s->in_left = s->blocked;
	update_poll(s);
	return used;
}

static void on_writable(void *ctx)
{
	struct splice *s = ctx;
	s->paused = false;
	update_poll(s);
}

static void on_timeout(void *ctx)
{
	(void)ctx; /* the session's own process watches the time */
}

static void on_eof(void *ctx)
{
	struct splice *s = ctx;
	if (s->in_left || s->eof_given)
		return;
	s->eof_given = true;
	shutdown(s->fd, SHUT_WR);
}

static void on_tls(void *ctx, int error)
{
	(void)ctx;
	(void)error;
}

static void on_closed(void *ctx, int why)
{
	struct splice *s = ctx;
	poll_free(&s->poll);
	close(s->fd);
	s->owner.events->on_closed(s->owner.ctx, why);
	loop_free_later(conn_loop(s->conn), s);
}

static const struct conn_events splice_events = {
	.on_input = on_input,
	.on_writable = on_writable,
	.on_timeout = on_timeout,
	.on_eof = on_eof,
	.on_tls = on_tls,
	.on_closed = on_closed,
};

/* Output goes at the end of each round: what is still there waits for the
 * client. Only then polling is changed, which costs system calls. */
static void from_fd(struct splice *s)
{
	char *scratch = loop_scratch(conn_loop(s->conn), SCRATCH_READ);
	struct buf *out = conn_out(s->conn);
	size_t room = buf_room(out);
	s->paused = buf_len(out) > 0;
	if (s->paused)
		return;
	ssize_t n = recv(s->fd, scratch,
	    room < PUMP_MAX_BYTES ? room : PUMP_MAX_BYTES, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		fd_end(s);
		return;
	}
	buf_put(out, (struct view){ scratch, (size_t)n });
	conn_flush(s->conn);
}

static void on_poll(void *ctx, bool readable, bool writable)
{
	struct splice *s = ctx;
	if (writable && s->blocked) {
		s->blocked = false;
		conn_resume(s->conn);
	}
	if (readable && !s->fd_ended)
		from_fd(s);
	update_poll(s);
}

void conn_splice(struct conn *c, int fd)
{
	struct splice *s = MUST_NEW(struct splice);
	conn_set_timeout(c, 0);
	*s = (struct splice){ .conn = c, .fd = fd };
	s->owner = conn_set_owner(c, (struct conn_owner){ &splice_events, s });
	s->poll = poll_new(conn_loop(c), fd, on_poll, s);
	if (!s->poll) {
		conn_close(c);
		return;
	}
	update_poll(s);
	conn_resume(c);
}
