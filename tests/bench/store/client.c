#include "base/panic.h"
#include "bench.h"
#include "imapd/imap_session.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	OUT_MARK = 256 * 1024,
	TAGGED_MAX = 256,
};

struct client {
	struct imap_session *session;
	struct buf out;
	struct log_ctx log;
	uint64_t octets;
	char tail[TAGGED_MAX]; /* of the output so far */
	size_t n_tail;
};

static int64_t now_s(void)
{
	return time(NULL);
}

static void on_finish(void *ctx)
{
	(void)ctx;
}

static void on_timeout(void *ctx, uint32_t seconds)
{
	(void)ctx;
	(void)seconds;
}

static void on_again(void *ctx)
{
	(void)ctx; /* client_run goes on in any case */
}

static const struct imap_ops ops = { on_finish, on_timeout, on_again };

struct client *client_new(struct store *s)
{
	struct client *c = MUST_NEW(struct client);
	buf_init(&c->out, OUT_MARK + IMAP_OUT_ROOM);
	const struct imap_options options = { .store = s,
		.out = &c->out,
		.out_mark = OUT_MARK,
		.command_max = 65536,
		.append_max = 50 << 20,
		.timeout_s = 1800,
		.now_s = now_s,
		.log = &c->log,
		.ops = &ops,
		.ctx = c };
	c->session = imap_session_new(&options);
	return c;
}

void client_free(struct client **handle)
{
	struct client *c = *handle;
	*handle = NULL;
	imap_session_free(&c->session);
	buf_deinit(&c->out);
	free(c);
}

/* What a peer would do: take it. */
static void drain(struct client *c)
{
	struct view v = buf_view(&c->out);
	c->octets += v.n;
	if (v.n) {
		c->n_tail = v.n < TAGGED_MAX ? v.n : TAGGED_MAX;
		memcpy(c->tail, v.p + v.n - c->n_tail, c->n_tail);
	}
	buf_reset(&c->out);
}

uint64_t client_run(struct client *c, const char *command)
{
	c->octets = 0;
	(void)imap_session_input(c->session, V("x "));
	(void)imap_session_input(c->session, view_of(command));
	(void)imap_session_input(c->session, V("\r\n"));
	drain(c);
	while (!imap_session_more(c->session))
		drain(c);
	drain(c);
	struct view tail = { c->tail, c->n_tail };
	if (view_find(tail, V("x OK ")) == tail.n)
		fatal("%s: %.*s", command, (int)tail.n, tail.p);
	return c->octets;
}
