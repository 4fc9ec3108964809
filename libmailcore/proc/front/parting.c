#include "proc/front/parting.h"
#include "net/conn.h"

enum {
	OUT_MAX = 4096
};

static size_t on_input(void *ctx, struct view in)
{
	(void)ctx;
	return in.n;
}

static void ignore(void *ctx)
{
	(void)ctx;
}

static void ignore_error(void *ctx, int error)
{
	(void)ctx;
	(void)error;
}

static const struct conn_events events = {
	.on_input = on_input,
	.on_writable = ignore,
	.on_timeout = ignore,
	.on_eof = ignore,
	.on_tls = ignore_error,
	.on_closed = ignore_error,
};

void parting_words(struct loop *l, int fd, void (*put)(struct buf *out))
{
	static const struct conn_options options = { OUT_MAX, OUT_MAX, 0 };
	struct conn *c = conn_new(l, fd, &options, &events, NULL);
	put(conn_out(c));
	conn_finish(c);
}
