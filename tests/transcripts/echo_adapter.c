/* The runner's own test: a protocol that gives back each line, delayed by one
 * step, and closes at "bye". */
#include "base/panic.h"
#include "replay.h"
#include "text/line.h"

struct echo {
	struct buf *out;
	struct buf held; /* waits for a step */
	bool loud, closed;
};

static void *echo_open(struct buf *out)
{
	struct echo *e = MUST_NEW(struct echo);
	e->out = out;
	buf_init(&e->held, 65536);
	return e;
}

static void echo_start(void *engine)
{
	struct echo *e = engine;
	buf_put(e->out, e->loud ? V("HELLO\r\n") : V("hello\r\n"));
}

static size_t echo_input(void *engine, struct view in)
{
	struct echo *e = engine;
	struct view rest = in, line;
	enum line_fault fault;
	if (buf_len(&e->held) || e->closed ||
	    line_take(&rest, 4096, &line, &fault) != PARSE_OK)
		return 0;
	e->closed = view_eq(line, V("bye"));
	buf_put(&e->held, line);
	buf_put(&e->held, V("\r\n"));
	return in.n - rest.n;
}

static bool echo_step(void *engine)
{
	struct echo *e = engine;
	bool had = buf_len(&e->held) > 0;
	buf_put(e->out, buf_view(&e->held));
	buf_reset(&e->held);
	return had;
}

static bool echo_directive(void *engine, struct view word, struct view rest)
{
	struct echo *e = engine;
	uint64_t ms;
	if (view_eq(word, V("loud")))
		e->loud = true;
	else if (view_eq(word, V("advance")) && replay_duration_ms(rest, &ms))
		buf_put_u64(e->out, ms);
	else
		return false;
	return true;
}

static bool echo_is_closed(const void *engine)
{
	const struct echo *e = engine;
	return e->closed;
}

static void echo_close(void *engine)
{
	struct echo *e = engine;
	buf_deinit(&e->held);
	free(e);
}

static const struct replay_adapter adapter = {
	.open = echo_open,
	.start = echo_start,
	.input = echo_input,
	.step = echo_step,
	.directive = echo_directive,
	.is_closed = echo_is_closed,
	.close = echo_close,
};

REPLAY_MAIN(&adapter)
