/* queued's role "agent": delivers into the mailboxes of one user.
 *   runs as  mailstore
 *   can see  that user's directory, which is its root
 *   accepts  channels to the queue, from the monitor; deliveries over them,
 *            and questions what room is left
 *   sends    one report for each delivery, one answer for each question
 *   dies     when it had nothing to do for agent_linger, or the monitor goes */
#include "proc/agent/agent.h"
#include "base/idtab.h"
#include "base/panic.h"
#include "proc/agent/damage.h"
#include "proc/agent/quota.h"
#include "proc/agent/upkeep.h"
#include "queued/agent/agent_batch.h"
#include "queued/roles.h"
#include "store/mark.h"
#include <string.h>
#include <unistd.h>

enum {
	CHANNELS_MAX = 64,
};

struct agent {
	struct proc *proc;
	struct store *store;        /* NULL: cannot be opened */
	struct store_limits limits; /* of the last channel */
	struct poll_handle *wake;   /* NULL: none */
	int wake_fd;
	struct deferred *round;
	struct upkeep *upkeep;
	struct idtab channels; /* struct channel */
	struct batch batch;
	uint64_t n_channels; /* served so far: the monitor compares */
};

struct channel {
	struct agent *agent;
	struct peer *peer;
	uint64_t id;
};

static void drop_store(struct agent *a)
{
	if (a->wake)
		poll_free(&a->wake);
	store_close(&a->store);
}

/* Another agent met damage, or mailctl store repair waits for us. */
static void drop_if_marked(struct agent *a)
{
	if (a->store && mark_is_set("."))
		drop_store(a);
}

static void on_wake(void *ctx, bool readable, bool writable)
{
	struct agent *a = ctx;
	(void)readable;
	(void)writable;
	store_wake_drain(a->wake_fd);
	drop_if_marked(a);
}

static void open_now(struct agent *a)
{
	const struct store_options options = {
		.create = true,
		.compress = strcmp(proc_conf(a->proc)->compress, "zstd") == 0,
		.retention_s = (uint32_t)proc_conf(a->proc)->expunged_retention,
	};
	int error = store_open(".", &options, &a->store);
	if (error) {
		LOG(NULL, ERROR, "agent.store-unusable",
		    KV_VIEW("account", proc_account(a->proc)),
		    KV_ERR("error", error));
		return;
	}
	if (store_wake_open(a->store, &a->wake_fd) != 0)
		return;
	a->wake = poll_new(proc_loop(a->proc), a->wake_fd, on_wake, a);
	poll_want(a->wake, true, false);
}

static void open_store(struct agent *a)
{
	drop_if_marked(a);
	if (!a->store)
		open_now(a);
	if (a->store)
		store_set_limits(a->store, &a->limits);
}

static struct store_room room_left(struct agent *a)
{
	struct store_room room;
	int error = a->store ? store_get_room(a->store, &room) : MC_E_TEMP;
	return error ? (struct store_room){ UINT64_MAX, UINT64_MAX, UINT64_MAX }
		     : room;
}

static void report(struct agent *a, const struct batch_item *item,
    const struct store_room *left)
{
	struct channel *c = idtab_get(&a->channels, item->channel);
	struct msg m = { .type = MSG_DELIVERED,
		.delivered = { item->id, (uint8_t)item->status,
		    view_of(item->text), left->delivery_bytes,
		    left->messages } };
	if (c)
		peer_send(c->peer, &m, -1);
}

/* What came in during this round of the loop is one transaction. */
static void flush(void *ctx)
{
	struct agent *a = ctx;
	if (!a->batch.n)
		return;
	open_store(a);
	batch_store(&a->batch, a->store);
	const struct store_room left = room_left(a);
	for (size_t i = 0; i < a->batch.n; i++)
		report(a, &a->batch.items[i], &left);
	batch_reset(&a->batch);
}

static void tell_stats(struct agent *a)
{
	proc_stats(a->proc, idtab_count(&a->channels), a->n_channels);
}

static void close_channel(struct channel *c)
{
	struct agent *a = c->agent;
	idtab_remove(&a->channels, c->id);
	peer_free(&c->peer);
	free(c);
	agent_release(a->proc);
	tell_stats(a);
}

/* What is gathered comes before it. */
static void answer_left(struct channel *c, uint64_t id)
{
	struct agent *a = c->agent;
	flush(a);
	open_store(a);
	const struct store_room left = room_left(a);
	struct msg m = { .type = MSG_LEFT_IS,
		.left_is = { id, left.delivery_bytes, left.messages } };
	peer_send(c->peer, &m, -1);
}

static void on_message(void *ctx, struct peer *p, const struct msg *m, int fd)
{
	(void)p;
	struct channel *c = ctx;
	struct agent *a = c->agent;
	if (m->type == MSG_LEFT_ASK) {
		answer_left(c, m->left_ask.id);
		return;
	}
	if (m->type != MSG_DELIVER && m->type != MSG_DELIVER_FILE) {
		LOG(NULL, ERROR, "agent.unexpected-message",
		    KV_STR("message", msg_rules[m->type].name));
		if (fd >= 0)
			close(fd);
		close_channel(c);
		return;
	}
	if (batch_add(&a->batch, c->id, m, fd)) {
		flush(a);
		if (batch_add(&a->batch, c->id, m, fd))
			panic("an empty batch has no room");
	}
	deferred_schedule(a->round);
}

static void on_closed(void *ctx, struct peer *p, int why)
{
	(void)p;
	(void)why;
	close_channel(ctx);
}

static const struct peer_events channel_events = { on_message, on_closed };

static void agent_on_channel(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	struct agent *a = proc_state(p);
	struct channel *c = MUST_NEW(struct channel);
	a->n_channels++;
	c->agent = a;
	c->id = m->session.service == SERVICE_LOCAL ? idtab_add(&a->channels, c)
						    : 0;
	if (!c->id) {
		LOG(NULL, ERROR, "agent.channel-refused",
		    KV_INT("service", m->session.service));
		close(fd);
		free(c);
		return;
	}
	agent_hold(p);
	a->limits = quota_limits(p, &m->session);
	open_store(a);
	c->peer = peer_new(
	    proc_loop(p), fd, ROLE_AGENT, ROLE_QUEUE, 0, &channel_events, c);
	if (c->peer)
		tell_stats(a);
	else
		close_channel(c);
}

static int queued_agent_start(struct proc *p)
{
	struct agent *a = MUST_NEW(struct agent);
	a->proc = p;
	proc_set_state(p, a);
	damage_guard(NULL, NULL);
	idtab_init(&a->channels, CHANNELS_MAX);
	batch_init(&a->batch);
	a->round = deferred_new(proc_loop(p), flush, a);
	a->upkeep = upkeep_new(p, &a->store);
	open_store(a);
	return 0;
}

static void queued_agent_stop(struct proc *p, uint32_t grace_s)
{
	(void)grace_s;
	struct agent *a = proc_state(p);
	flush(a);
	drop_store(a);
	proc_exit(p);
}

const struct role_ops agent_ops = {
	.start = queued_agent_start,
	.stop = queued_agent_stop,
	.on = { [MSG_SESSION] = agent_on_channel },
};
