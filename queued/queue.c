/* queued's role "queue".
 *   runs as  mailqueue
 *   can see  the spool directory, which is its root
 *   accepts  messages from fronts and questions for room, addresses and grants
 *            from auth, routes from resolver, reports of agents, run and relay
 *   sends    results to fronts, messages to agents (through the monitor), run
 *            and relay
 *   dies     when the monitor goes; never for what a peer or the disk does */
#include "base/clock.h"
#include "base/panic.h"
#include "queued/link.h"
#include "queued/policy/policy.h"
#include "queued/policy/reports.h"
#include "queued/policy/tls_stats.h"
#include "queued/queue_role.h"
#include "queued/roles.h"
#include "queued/spool/queue_spool.h"
#include <errno.h>

enum {
	TICK_MS = 5000,
	BUSY_MS = 100,
	FORGET_MS = 500,
	TICKS_PER_HOUSEKEEPING = 12,
	HOUSES_PER_CLEANING = 60,
	LANE_JOBS_MAX = 128, /* two full transactions of an agent */
	LANE_BYTES_MAX = 1 << 20,
	LANE_TURN = 1024,
	LANE_IDLE_MS = 5000,
	LANE_REST_MAX_MS = 250,
	LANE_REST_JOBS_MAX = 16,
	IDLE_LANES_MAX = 500,
	USER_JOBS_MAX = 4, /* commands of one account at once */
	USER_TURN = 64,
	DRAIN_MAX_S = 10,
	DRAIN_MARGIN_MS = 500,
};

void queue_schedule_round(struct queue *q)
{
	deferred_schedule(q->round);
}

uint64_t queue_lifetime_s(const struct queue *q, const struct mail *m)
{
	const struct conf *c = proc_conf(q->proc);
	return (uint64_t)(m->e.submit_flags & SUBMIT_FLAG_NOTICE
			      ? c->queue_notice_lifetime
			      : c->queue_lifetime);
}

/* What was committed gets its answer, outcomes are written; deliveries on
 * their way are found again by their ids. */
static void write_tls_stats(struct queue *q)
{
	if (q->db && !tls_stats_is_empty(q->tls_stats) &&
	    tls_stats_flush(q->tls_stats, q->db))
		LOG(NULL, WARN, "tls-report.not-counted");
}

static void stop_now(struct queue *q)
{
	while (q->db && !list_empty(&q->committing))
		commit_group(q);
	q->must_flush = q->n_settled > 0;
	commit_group(q);
	write_tls_stats(q);
	q->is_stopping = true;
	queue_spool_failed(q, MC_E_TEMP); /* who still comes is put off */
	proc_exit(q->proc);
}

static void on_drain_end(void *ctx)
{
	struct queue *q = ctx;
	if (!q->is_stopping)
		stop_now(q);
}

/* However many are queued: memory is for those that are in the window. */
static void forget_pages(struct queue *q)
{
	uint64_t now_ms = loop_now_ms(proc_loop(q->proc));
	if (!q->db || now_ms - q->forgot_ms < FORGET_MS)
		return;
	q->forgot_ms = now_ms;
	queue_db_forget_pages(q->db);
}

static void on_round(void *ctx)
{
	struct queue *q = ctx;
	if (q->is_stopping)
		return;
	commit_group(q);
	change_answer_all(q);
	if (q->has_more_due)
		window_load(q);
	address_pump(q);
	expand_pump(q);
	programs_pump(q);
	users_pump(q);
	local_pump(q);
	remote_pump(q);
	if (q->is_draining && remote_drain(q)) {
		stop_now(q);
		return;
	}
	if (q->must_flush && q->db)
		queue_schedule_round(q);
	forget_pages(q);
	proc_stats(
	    q->proc, local_sessions(q) + remote_sessions(q), q->n_delivered);
}

static void on_flush(void *ctx)
{
	struct queue *q = ctx;
	q->must_flush = q->n_settled > 0 && q->db;
	queue_schedule_round(q);
}

static void on_pump(void *ctx)
{
	queue_schedule_round(ctx);
}

static void on_due(void *ctx)
{
	window_load(ctx);
}

static int open_spool(struct queue *q)
{
	int error = queue_db_open(".", false, &q->db);
	if (error || q->was_recovered)
		return error;
	error = queue_spool_recover(q->db);
	if (error)
		queue_db_close(&q->db);
	else
		q->was_recovered = true;
	return error;
}

/* One line when it begins to fail, one when it works again. Meanwhile all mail
 * is put off: ending the process would only make it start again. */
static void try_spool(struct queue *q)
{
	int error = open_spool(q);
	if (error == MC_E_BUSY) /* the process before us is ending: soon */
		timer_start(q->tick, BUSY_MS, TICK_MS);
	if (error && error != q->db_error)
		LOG(NULL, ERROR, "queue.unusable",
		    KV_STR("directory", proc_conf(q->proc)->spool_dir),
		    KV_ERR("error", error));
	if (!error && q->db_error)
		LOG(NULL, INFO, "queue.usable");
	q->db_error = error;
	if (error)
		return;
	q->has_more_due = true;
	on_flush(q);
}

void queue_spool_failed(struct queue *q, int error)
{
	q->db_error = error;
	queue_db_close(&q->db);
}

/* About once a minute. */
static void keep_house(struct queue *q)
{
	queue_db_housekeeping(q->db);
	write_tls_stats(q);
	if (q->n_houses++ % HOUSES_PER_CLEANING == 0)
		policy_clean(q);
}

bool queue_is_overdue(
    const struct queue *q, uint64_t asked_ms, uint64_t most_ms)
{
	return loop_now_ms(proc_loop(q->proc)) - asked_ms >= most_ms;
}

uint64_t queue_resolver_ms(const struct queue *q)
{
	return (uint64_t)proc_conf(q->proc)->resolver_timeout * 1000 +
	       ANSWER_MARGIN_MS;
}

/* A process may live and yet do nothing. */
static void end_waits(struct queue *q)
{
	static const struct {
		const char *whose;
		unsigned (*end)(struct queue *q);
	} waits[] = {
		{ "auth", address_end_waits },
		{ "auth", expand_end_waits },
		{ "agent", link_end_waits },
		{ "run", programs_end_waits },
		{ "resolver", remote_end_waits },
		{ "relay", remote_end_closing },
		{ "fetch", policy_end_waits },
	};

	for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
		unsigned n = waits[i].end(q);
		if (!n)
			continue;
		LOG(NULL, WARN, "queue.no-answer",
		    KV_STR("role", waits[i].whose), KV_INT("questions", n));
		queue_schedule_round(q);
	}
}

static void on_tick(void *ctx)
{
	struct queue *q = ctx;
	if (q->is_stopping)
		return;
	if (!q->db)
		try_spool(q);
	else if (clock_wall_s() / (TICK_MS / 1000) % TICKS_PER_HOUSEKEEPING ==
		 0)
		keep_house(q);
	reports_tick(q);
	end_waits(q);
}

static struct sched_options options_of(const struct conf *c)
{
	return (struct sched_options){
		.retry_min_s = (uint64_t)c->queue_retry_min,
		.retry_max_s = (uint64_t)c->queue_retry_max,
		.lifetime_s = (uint64_t)c->queue_lifetime,
		.lanes_max = (unsigned)c->queue_deliveries_max,
		.idle_lanes_max = IDLE_LANES_MAX,
		.lane_jobs_max = LANE_JOBS_MAX,
		.lane_bytes_max = LANE_BYTES_MAX,
		.lane_turn = LANE_TURN,
		.idle_ms = LANE_IDLE_MS,
		.rest_max_ms = LANE_REST_MAX_MS,
		.rest_jobs_max = LANE_REST_JOBS_MAX,
	};
}

static struct sched_options user_options_of(const struct conf *c)
{
	return (struct sched_options){
		.retry_min_s = (uint64_t)c->queue_retry_min,
		.retry_max_s = (uint64_t)c->queue_retry_max,
		.lifetime_s = (uint64_t)c->queue_lifetime,
		.lanes_max = (unsigned)c->forwards_max,
		.lane_jobs_max = USER_JOBS_MAX,
		.lane_bytes_max = USER_JOBS_MAX,
		.lane_turn = USER_TURN,
		/* No channel stays without work: whose it is may change. */
		.idle_ms = 0,
	};
}

static void init_lists(struct queue *q)
{
	list_init(&q->fronts);
	list_init(&q->committing);
	list_init(&q->unresolved);
	list_init(&q->asked);
	list_init(&q->settled);
	list_init(&q->changes);
	list_init(&q->expanding.waiting);
	list_init(&q->expanding.leaves);
	list_init(&q->programs.waiting);
	list_init(&q->programs.running);
	list_init(&q->walks.waiting);
	idtab_init(&q->asks, 2 * WINDOW_RCPTS);
	idtab_init(&q->links, 2 * 10000);
}

static int queue_start(struct proc *p)
{
	struct queue *q = MUST_NEW(struct queue);
	struct sched_options options = options_of(proc_conf(p));
	struct sched_options of_users = user_options_of(proc_conf(p));
	struct loop *loop = proc_loop(p);
	q->proc = p;
	proc_set_state(p, q);
	init_lists(q);
	room_init(q);
	sched_init(&q->sched, &options);
	sched_init(&q->users, &of_users);
	remote_init(q);
	q->policies = policies_new(remote_policy_known);
	q->tls_stats = tls_stats_new();
	q->reports = reports_new();
	q->round = deferred_new(loop, on_round, q);
	q->due_timer = timer_new(loop, on_due, q);
	q->flush_timer = timer_new(loop, on_flush, q);
	q->pump_timer = timer_new(loop, on_pump, q);
	q->users_timer = timer_new(loop, on_pump, q);
	q->tick = timer_new(loop, on_tick, q);
	q->drain = timer_new(loop, on_drain_end, q);
	timer_start(q->tick, TICK_MS, TICK_MS);
	try_spool(q);
	return 0;
}

static void queue_peer_up(struct proc *p, struct peer *peer)
{
	struct queue *q = proc_state(p);
	if (peer_role(peer) == ROLE_AUTH || peer_role(peer) == ROLE_RUN)
		queue_schedule_round(q);
	remote_peer_up(q, peer_role(peer));
}

static void queue_peer_down(struct proc *p, struct peer *peer)
{
	struct queue *q = proc_state(p);
	if (peer_role(peer) == ROLE_FRONT) {
		submit_front_down(q, peer);
		room_front_down(q, peer);
	} else if (peer_role(peer) == ROLE_AUTH) {
		address_auth_down(q);
		expand_auth_down(q);
		link_auth_down(q);
	} else if (peer_role(peer) == ROLE_RUN) {
		programs_run_down(q);
	}
	remote_peer_down(q, peer_role(peer));
	policy_role_down(q, peer_role(peer));
}

/* Mail that a relay is sending is waited for: its outcome would be lost, and
 * it be sent twice. */
static void queue_stop(struct proc *p, uint32_t grace_s)
{
	struct queue *q = proc_state(p);
	uint64_t most_s = grace_s < DRAIN_MAX_S ? grace_s : DRAIN_MAX_S;
	q->is_draining = true;
	if (remote_drain(q) || !most_s)
		stop_now(q);
	else
		timer_start(q->drain, most_s * 1000 - DRAIN_MARGIN_MS, 0);
}

static void on_fetched(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	if (m->fetch_is.id & POLICY_ASK_BIT)
		policy_on_fetched(proc_state(p), &m->fetch_is);
	else
		reports_on_fetched(proc_state(p), &m->fetch_is);
}

static void on_txt(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	reports_on_txt(proc_state(p), &m->txt_is);
}

const struct role_ops queue_ops = {
	.start = queue_start,
	.peer_up = queue_peer_up,
	.peer_down = queue_peer_down,
	.stop = queue_stop,
	.on = {
		[MSG_SUBMIT_OPEN] = submit_on_open,
		[MSG_SUBMIT_RCPT] = submit_on_rcpt,
		[MSG_SUBMIT_BODY] = submit_on_body,
		[MSG_SUBMIT_COMMIT] = submit_on_commit,
		[MSG_SUBMIT_ABORT] = submit_on_abort,
		[MSG_SPOOL_ASK] = submit_on_spool_ask,
		[MSG_ADDRESS_IS] = address_on_answer,
		[MSG_LEAF_IS] = expand_on_leaf,
		[MSG_EXPANDED] = expand_on_end,
		[MSG_RAN] = programs_on_ran,
		[MSG_DELIVERY_GRANTED] = link_on_granted,
		[MSG_HANDOFF_REFUSED] = link_on_refused,
		[MSG_ROOM_ASK] = room_on_ask,
		[MSG_QUEUE_CHANGE] = change_on_ask,
		[MSG_SITE_ASK] = remote_on_site_ask,
		[MSG_ROUTE_IS] = remote_on_route,
		[MSG_RELAY_UP] = remote_on_up,
		[MSG_RELAY_DOWN] = remote_on_down,
		[MSG_RELAY_RESULT] = remote_on_result,
		[MSG_RELAY_DONE] = remote_on_done,
		[MSG_RELAY_TLS] = remote_on_tls,
		[MSG_FETCH_IS] = on_fetched,
		[MSG_TXT_IS] = on_txt,
	},
};
