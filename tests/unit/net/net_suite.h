#ifndef TESTS_NET_SUITE_H
#define TESTS_NET_SUITE_H
/* A loop, and the owner of a conn that notes what it hears. */
#include "net/conn.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

enum act {
	ACT_NONE,
	ACT_CLOSE,
	ACT_FINISH,
	ACT_START_TLS
};

struct owner {
	struct conn *conn;
	struct buf got;
	size_t consume_max; /* per call */
	unsigned n_input, n_writable, n_timeout, n_eof, n_tls, n_closed;
	uint64_t input_ms, timeout_ms; /* the last ones */
	int why, tls_error;
	bool echo, again;
	enum act on_input, on_eof, on_timeout, on_writable, on_tls;
	struct tls_server *tls;
	size_t generate; /* octets that on_writable still puts */
};

static struct loop *loop;

static inline void owner_act(struct owner *o, enum act act)
{
	if (act == ACT_CLOSE)
		conn_close(o->conn);
	if (act == ACT_FINISH)
		conn_finish(o->conn);
	if (act == ACT_START_TLS)
		conn_start_tls(o->conn, o->tls);
}

static inline size_t owner_input(void *ctx, struct view in)
{
	struct owner *o = ctx;
	ck_assert_uint_eq(o->n_closed, 0);
	o->n_input++;
	o->input_ms = loop_now_ms(loop);
	struct view used = view_head(in, o->consume_max);
	buf_put(&o->got, used);
	if (o->echo)
		buf_put(conn_out(o->conn), used);
	owner_act(o, o->on_input);
	return used.n;
}

static inline void owner_writable(void *ctx)
{
	struct owner *o = ctx;
	static const char bytes[16384];
	ck_assert_uint_eq(o->n_closed, 0);
	o->n_writable++;
	if (o->generate) {
		size_t n =
		    o->generate < sizeof bytes ? o->generate : sizeof bytes;
		buf_put(conn_out(o->conn), (struct view){ bytes, n });
		o->generate -= n;
	}
	owner_act(o, o->on_writable);
}

static inline void owner_timeout(void *ctx)
{
	struct owner *o = ctx;
	ck_assert_uint_eq(o->n_closed, 0);
	o->n_timeout++;
	o->timeout_ms = loop_now_ms(loop);
	if (o->again)
		conn_set_timeout(o->conn, 20);
	o->again = false;
	owner_act(o, o->on_timeout);
}

static inline void owner_eof(void *ctx)
{
	struct owner *o = ctx;
	ck_assert_uint_eq(o->n_closed, 0);
	o->n_eof++;
	owner_act(o, o->on_eof);
}

static inline void owner_tls(void *ctx, int error)
{
	struct owner *o = ctx;
	ck_assert_uint_eq(o->n_closed, 0);
	o->n_tls++;
	o->tls_error = error;
	o->on_input = ACT_NONE;
	owner_act(o, o->on_tls);
}

static inline void owner_closed(void *ctx, int why)
{
	struct owner *o = ctx;
	o->n_closed++;
	o->why = why;
	o->conn = NULL;
}

static const struct conn_events owner_events = {
	.on_input = owner_input,
	.on_writable = owner_writable,
	.on_timeout = owner_timeout,
	.on_eof = owner_eof,
	.on_tls = owner_tls,
	.on_closed = owner_closed,
};

static const struct conn_options owner_options = {
	.in_max = 8192, .out_max = 65536, .out_low = 16384
};

static inline void owner_init(struct owner *o, int fd)
{
	*o = (struct owner){ .consume_max = SIZE_MAX };
	buf_init(&o->got, 16 * 1024 * 1024);
	o->conn = conn_new(loop, fd, &owner_options, &owner_events, o);
	ck_assert_ptr_nonnull(o->conn);
	ck_assert_uint_eq(o->n_closed, 0);
}

static inline void net_stop(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

/* For so long, and some rounds of the loop more: on a busy machine the time may
 * be over before it has looked once. */
static inline void run_ms(uint64_t ms)
{
	struct timer *t = timer_new(loop, net_stop, NULL);
	for (int round = 0; round < 8; round++) {
		timer_start(t, round ? 0 : ms, 0);
		loop_run(loop);
	}
	timer_free(&t);
}

/* Runs until *n is not 0 any more, at most some seconds. */
static inline void run_until(const unsigned *n)
{
	for (int i = 0; i < 1000 && *n == 0; i++)
		run_ms(5);
	ck_assert_uint_gt(*n, 0);
}

static inline void net_setup(void)
{
	loop = loop_new();
}

static inline void net_teardown(void)
{
	loop_free(&loop);
}

static inline void nonblocking(int fd)
{
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

static inline void owner_deinit(struct owner *o)
{
	if (o->conn)
		conn_close(o->conn);
	run_ms(5);
	ck_assert_uint_eq(o->n_closed, 1);
	buf_deinit(&o->got);
}
#endif
