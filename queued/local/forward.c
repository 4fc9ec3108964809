/* queued's role "forward": the forward file of one Unix user.
 *   runs as  that user, with his groups, and no new privileges
 *   can see  what he can
 *   accepts  channels to the queue, from the monitor; over them questions what
 *            the file says, and messages for commands and files that it names
 *   sends    what it says, one report for each message
 *   dies     when it had nothing to do for agent_linger, or the monitor goes
 *
 * When it may not be that user, it says so, and does nothing. */
#include "base/panic.h"
#include "proc/agent/agent.h"
#include "queued/local/command.h"
#include "queued/local/forward_file.h"
#include "queued/local/runner.h"
#include "queued/roles.h"
#include <string.h>
#include <unistd.h>

struct forward {
	struct runner runner;
	struct proc *proc;
	const char *refusal;
	uint32_t n_channels;
	uint64_t n_served;
};

struct channel {
	struct forward *forward;
	struct peer *peer;
};

static void tell_stats(struct forward *f)
{
	proc_stats(f->proc, f->n_channels, f->n_served);
}

static void close_channel(struct channel *c)
{
	struct forward *f = c->forward;
	runner_peer_gone(&f->runner, c->peer);
	peer_free(&c->peer);
	free(c);
	f->n_channels--;
	agent_release(f->proc);
	tell_stats(f);
}

/* A refusal that may pass begins with its code. */
static void refuse_read(struct channel *c, uint64_t id)
{
	char why[FORWARD_WHY_MAX + 1];
	const char *refusal = c->forward->refusal;
	bool is_temp = *refusal == '4';
	struct view user = proc_unix_user(c->forward->proc, &refusal);
	if (is_temp)
		snprintf(why, sizeof why, "%s", refusal);
	else
		snprintf(why, sizeof why, "Unix user %.*s: %s", (int)user.n,
		    user.p, refusal);
	struct msg m = { .type = MSG_FORWARD_READ,
		.forward_read = { id,
		    (uint8_t)(is_temp ? FORWARD_TEMP : FORWARD_BAD),
		    view_of(why) } };
	peer_send(c->peer, &m, -1);
}

static void refuse_mail(struct channel *c, const struct msg *order)
{
	bool is_temp = *c->forward->refusal == '4';
	uint64_t id = order->type == MSG_RUN_MAIL ? order->run_mail.id
						  : order->run_file.id;
	struct msg m = { .type = MSG_RAN,
		.ran = { id,
		    (uint8_t)(is_temp ? DELIVER_STATUS_TEMP
				      : DELIVER_STATUS_UNNAMED),
		    view_of(c->forward->refusal) } };
	peer_send(c->peer, &m, -1);
}

static void on_message(void *ctx, struct peer *p, const struct msg *m, int fd)
{
	struct channel *c = ctx;
	struct forward *f = c->forward;
	bool is_mail = m->type == MSG_RUN_MAIL || m->type == MSG_RUN_FILE;
	if (is_mail && !f->refusal) {
		runner_deliver(&f->runner, p, m, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (is_mail)
		refuse_mail(c, m);
	else if (m->type == MSG_FORWARD_ASK && f->refusal)
		refuse_read(c, m->forward_ask.id);
	else if (m->type == MSG_FORWARD_ASK)
		runner_read(&f->runner, p, m->forward_ask.id);
	else
		close_channel(c);
}

static void on_closed(void *ctx, struct peer *p, int why)
{
	(void)p;
	(void)why;
	close_channel(ctx);
}

static const struct peer_events channel_events = { on_message, on_closed };

static void on_channel(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct forward *f = proc_state(p);
	struct channel *c = MUST_NEW(struct channel);
	(void)from;
	(void)m;
	c->forward = f;
	f->n_channels++;
	f->n_served++;
	agent_hold(p);
	c->peer = peer_new(
	    proc_loop(p), fd, ROLE_FORWARD, ROLE_QUEUE, 0, &channel_events, c);
	if (c->peer)
		tell_stats(f);
	else
		close_channel(c);
}

static int forward_start(struct proc *p)
{
	char name[65];
	struct forward *f = MUST_NEW(struct forward);
	f->proc = p;
	proc_set_state(p, f);
	int error =
	    view_to_cstr(proc_unix_user(p, &f->refusal), name, sizeof name);
	if (error)
		return error;
	runner_init(&f->runner, p, name);
	f->runner.by_forward = true;
	return 0;
}

static void forward_stop(struct proc *p, uint32_t grace_s)
{
	struct forward *f = proc_state(p);
	(void)grace_s;
	runner_stop(&f->runner);
}

const struct role_ops forward_ops = {
	.start = forward_start,
	.stop = forward_stop,
	.on = { [MSG_SESSION] = on_channel },
};
