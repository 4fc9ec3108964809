/* Binds the engine to the agent's shell, and gives a new user the mailboxes
 * that users expect. */
#include "base/clock.h"
#include "imapd/imap.h"
#include "imapd/imap_autocreate.h"
#include "imapd/imap_session.h"
#include "store/search/extract.h"

static void finish(void *ctx)
{
	agent_session_finish(ctx);
}

static void set_timeout(void *ctx, uint32_t seconds)
{
	agent_session_set_timeout(ctx, seconds);
}

static void again(void *ctx)
{
	agent_session_again(ctx);
}

static const struct imap_ops ops = { finish, set_timeout, again };

static void *open_session(struct agent_session *a)
{
	const struct conf *conf = proc_conf(a->proc);
	if (!a->store) {
		buf_put(a->out, V("* BYE [UNAVAILABLE] Mailboxes cannot be "
				  "opened\r\n"));
		return NULL;
	}
	struct imap_options options = {
		.store = a->store,
		.out = a->out,
		.out_mark = a->out_mark,
		.command_max = (size_t)conf->imap_command_max,
		.append_max = (uint64_t)conf->message_size_limit,
		.timeout_s = (uint32_t)conf->imap_timeout,
		.now_s = clock_wall_s,
		.log = a->log,
		.ops = &ops,
		.ctx = a,
	};
	imap_autocreate(a->store, a->log);
	return imap_session_new(&options);
}

static size_t input(void *engine, struct view in)
{
	return imap_session_input(engine, in);
}

static void more(void *engine)
{
	(void)imap_session_more(engine);
}

static void wake(void *engine)
{
	imap_session_wake(engine);
}

static void timeout(void *engine)
{
	imap_session_bye(engine, "Idle for too long");
}

static void bye(void *engine)
{
	imap_session_bye(engine, "Server shutting down");
}

static void close_session(void *engine)
{
	struct imap_session *s = engine;
	imap_session_free(&s);
}

const struct agent_protocol imap_agent_protocol = {
	.open = open_session,
	.input = input,
	.more = more,
	.wake = wake,
	.timeout = timeout,
	.bye = bye,
	.close = close_session,
	.damaged = V_INIT("* BYE [UNAVAILABLE] The mail store is damaged\r\n"),
	.idle = extract_idle,
};
