/* Lanes to the processes of Unix users: one for each account whose forward file
 * is asked, or whose commands and files get mail. */
#include "queued/lanes.h"
#include "queued/local/forwarding.h"
#include "queued/queue_role.h"

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

void users_add(struct queue *q, struct rcpt *r, struct view account)
{
	r->is_users = true;
	r->job.bytes = 1;
	remote_arrived(q, r);
	list_remove(&r->work);
	sched_add(&q->users, &r->job, account, now_ms(q));
	queue_schedule_round(q);
}

void users_deliver(struct queue *q, struct rcpt *r)
{
	users_add(q, r, r->r.address);
}

static void forget_ask(struct queue *q, struct rcpt *r)
{
	if (r->ask)
		idtab_remove(&q->asks, r->ask);
	r->ask = 0;
}

static void take_off(struct queue *q, struct rcpt *r, bool is_answered)
{
	forget_ask(q, r);
	r->is_users = false;
	sched_done(&q->users, &r->job, is_answered, now_ms(q));
}

void users_forget(struct queue *q, struct rcpt *r)
{
	take_off(q, r, false);
	forwarding_end(q, r);
}

/* The next job of a list that sched gave back. */
static struct rcpt *next_of(struct queue *q, struct list *jobs)
{
	struct sched_job *job = LIST_POP(jobs, struct sched_job, link);
	struct rcpt *r = job ? CONTAINER(job, struct rcpt, job) : NULL;
	if (!r)
		return NULL;
	forget_ask(q, r);
	r->is_users = false;
	return r;
}

/* What it was told so far comes again; a command may run again. */
static void forget_sent(struct queue *q, struct sched_lane *lane)
{
	for (struct list *i = lane->sent.next; i != &lane->sent; i = i->next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, job.link);
		forget_ask(q, r);
		if (r->forwarding)
			forwarding_again(r);
	}
}

static void on_lost(struct queue *q, void *ctx, struct view why)
{
	struct sched_lane *lane = ctx;
	struct list failed;
	struct rcpt *r;
	list_init(&failed);
	LOG(NULL, WARN, "delivery.interrupted",
	    KV_VIEW(
		"account", ((struct view){ lane->account, lane->account_n })),
	    KV_VIEW("reason", why));
	forget_sent(q, lane);
	sched_lost(&q->users, lane, now_ms(q), &failed);
	while ((r = next_of(q, &failed))) {
		forwarding_end(q, r);
		fate_temporary(q, r,
		    V("4.3.0 the process of the account's Unix user ended"));
	}
	queue_schedule_round(q);
}

/* It has no Unix user any more: what its forward file named goes to the
 * mailbox, if there still is one. */
static void on_no_account(struct queue *q, void *ctx)
{
	struct sched_lane *lane = ctx;
	struct list jobs;
	struct rcpt *r;
	list_init(&jobs);
	sched_drain(lane, &jobs);
	sched_closed(&q->users, lane);
	while ((r = next_of(q, &jobs))) {
		if (r->forwarding)
			forwarding_on_read(q, r, FORWARD_NONE, V(""));
		else
			local_deliver(q, r, r->r.address);
	}
}

static void on_ran(struct queue *q, struct rcpt *r, const struct msg_ran *m)
{
	struct log_ctx ctx = queue_log(r->mail);
	take_off(q, r, true);
	if (m->status != DELIVER_STATUS_UNNAMED) {
		programs_ended(q, r, m);
		return;
	}
	LOG(&ctx, WARN, "forward.unnamed", KV_VIEW("account", r->r.address),
	    KV_VIEW("target", r->r.text), KV_VIEW("reason", m->text));
	local_deliver(q, r, r->r.address);
}

/* The recipient that a process was asked about: ids of others can be guessed.
 */
static struct rcpt *asked(
    struct queue *q, const struct sched_lane *lane, uint64_t id, bool is_read)
{
	struct rcpt *r = idtab_get(&q->asks, id);
	bool is_its = r && r->is_users && r->job.lane == lane && r->job.is_sent;
	return is_its && is_read == (r->forwarding != NULL) ? r : NULL;
}

static bool on_message(struct queue *q, void *ctx, const struct msg *m)
{
	struct rcpt *r;
	queue_schedule_round(q);
	if (m->type == MSG_FORWARD_TARGET) {
		r = asked(q, ctx, m->forward_target.id, true);
		if (r)
			forwarding_on_target(r, &m->forward_target);
	} else if (m->type == MSG_FORWARD_READ) {
		r = asked(q, ctx, m->forward_read.id, true);
		if (r) {
			take_off(q, r, true);
			forwarding_on_read(
			    q, r, m->forward_read.status, m->forward_read.text);
		}
	} else if (m->type == MSG_RAN) {
		r = asked(q, ctx, m->ran.id, false);
		if (r)
			on_ran(q, r, &m->ran);
	} else {
		return false;
	}
	return true;
}

static void on_open(struct queue *q, void *ctx)
{
	sched_opened(&q->users, ctx);
}

static const struct link_events lane_events = { on_open, on_message,
	on_no_account, on_lost };

static void send_mail(struct queue *q, struct agent_link *l, struct rcpt *r)
{
	int error = programs_send(q, link_peer(l), r);
	if (!error) {
		link_was_sent(l);
		return;
	}
	take_off(q, r, true);
	fate_unreadable(q, r, error);
}

static void send_job(struct queue *q, struct sched_job *job)
{
	struct rcpt *r = CONTAINER(job, struct rcpt, job);
	struct agent_link *l = job->lane->user;
	r->ask = idtab_add(&q->asks, r);
	struct msg m = { .type = MSG_FORWARD_ASK, .forward_ask = { r->ask } };
	if (r->forwarding)
		link_send(l, &m, -1);
	else
		send_mail(q, l, r);
}

void users_pump(struct queue *q)
{
	const struct lanes users = { &q->users, q->users_timer, ROLE_FORWARD,
		&lane_events, send_job };
	lanes_pump(q, &users);
}
