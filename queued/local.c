/* Lanes to the agents: for each account that sched opens, a link, and messages
 * go over it. */
#include "base/panic.h"
#include "queued/lanes.h"
#include <stdlib.h>

enum {
	SPOOLED_COST_BYTES = 64 * 1024
};

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

void local_deliver(struct queue *q, struct rcpt *r, struct view account)
{
	const struct queue_envelope *e = &r->mail->e;
	r->job.bytes = e->is_spooled ? SPOOLED_COST_BYTES : e->size_bytes;
	remote_arrived(q, r);
	list_remove(&r->work);
	sched_add(&q->sched, &r->job, account, now_ms(q));
}

unsigned local_sessions(const struct queue *q)
{
	return idtab_count(&q->links);
}

static void forget_delivery(struct queue *q, struct rcpt *r)
{
	if (r->ask)
		idtab_remove(&q->asks, r->ask);
	r->ask = 0;
}

static void fail_jobs(struct queue *q, struct list *jobs,
    void (*fate)(struct queue *q, struct rcpt *r, struct view text),
    struct view text)
{
	struct sched_job *job;
	while ((job = LIST_POP(jobs, struct sched_job, link))) {
		struct rcpt *r = CONTAINER(job, struct rcpt, job);
		forget_delivery(q, r);
		fate(q, r, text);
	}
}

/* What an agent that is gone did not answer, it may have done: the delivery id
 * tells the next one. */
static void forget_sent(struct queue *q, struct sched_lane *lane)
{
	for (struct list *i = lane->sent.next; i != &lane->sent; i = i->next)
		forget_delivery(q, CONTAINER(i, struct rcpt, job.link));
}

static void on_lost(struct queue *q, void *ctx, struct view why)
{
	struct sched_lane *lane = ctx;
	struct list failed;
	list_init(&failed);
	LOG(NULL, WARN, "delivery.interrupted",
	    KV_VIEW(
		"account", ((struct view){ lane->account, lane->account_n })),
	    KV_VIEW("reason", why));
	forget_sent(q, lane);
	sched_lost(&q->sched, lane, now_ms(q), &failed);
	fail_jobs(
	    q, &failed, fate_temporary, V("4.3.0 the delivery agent failed"));
	queue_schedule_round(q);
}

static void on_no_account(struct queue *q, void *ctx)
{
	struct sched_lane *lane = ctx;
	struct list jobs;
	list_init(&jobs);
	sched_drain(lane, &jobs);
	sched_closed(&q->sched, lane);
	fail_jobs(q, &jobs, fate_failed, V("5.1.1 no such account"));
}

/* An agent speaks for its own account: ids of others can be guessed. */
static void on_delivered(
    struct queue *q, struct sched_lane *lane, const struct msg_delivered *d)
{
	struct rcpt *r = idtab_get(&q->asks, d->id);
	room_note(q, (struct view){ lane->account, lane->account_n },
	    d->bytes_left, d->messages_left);
	if (!r || r->job.lane != lane || !r->job.is_sent)
		return;
	forget_delivery(q, r);
	sched_done(&q->sched, &r->job, true, now_ms(q));
	switch ((enum deliver_status)d->status) {
	case DELIVER_STATUS_OK:
		fate_delivered(q, r, V("2.0.0"));
		return;
	case DELIVER_STATUS_DUPLICATE:
		fate_delivered(q, r, V("2.0.0 was there already"));
		return;
	case DELIVER_STATUS_PERM:
		fate_failed(q, r, d->text);
		return;
	case DELIVER_STATUS_TEMP:
	case DELIVER_STATUS_OVERQUOTA:
	case DELIVER_STATUS_UNNAMED:
		break;
	}
	fate_temporary(q, r, d->text);
}

static bool on_message(struct queue *q, void *ctx, const struct msg *m)
{
	if (m->type != MSG_DELIVERED)
		return false;
	on_delivered(q, ctx, &m->delivered);
	queue_schedule_round(q);
	return true;
}

static void on_open(struct queue *q, void *ctx)
{
	struct sched_lane *lane = ctx;
	sched_opened(&q->sched, lane);
}

static const struct link_events lane_events = { on_open, on_message,
	on_no_account, on_lost };

static void deliver_file(
    struct queue *q, struct agent_link *l, struct rcpt *r, struct view id)
{
	const struct queue_envelope *e = &r->mail->e;
	int fd = -1, error = mail_body_open(q, r->mail, &fd);
	if (error) {
		forget_delivery(q, r);
		sched_done(&q->sched, &r->job, true, now_ms(q));
		fate_unreadable(q, r, error);
		return;
	}
	struct msg m = { .type = MSG_DELIVER_FILE,
		.deliver_file = { r->ask, id, V(""), rcpt_sender(r),
		    r->r.address, e->received_s, e->size_bytes } };
	link_send(l, &m, fd);
}

static void deliver_memory(
    struct queue *q, struct agent_link *l, struct rcpt *r, struct view id)
{
	const struct queue_envelope *e = &r->mail->e;
	char *buffer = r->mail->body ? NULL : must_alloc(QUEUE_BODY_MAX);
	struct view body;
	int error = mail_body_read(q, r->mail, buffer, &body);
	if (error) {
		forget_delivery(q, r);
		sched_done(&q->sched, &r->job, true, now_ms(q));
		fate_unreadable(q, r, error);
	} else {
		struct msg m = { .type = MSG_DELIVER,
			.deliver = { r->ask, id, V(""), rcpt_sender(r),
			    r->r.address, e->received_s, body } };
		link_send(l, &m, -1);
	}
	free(buffer);
}

static void send_job(struct queue *q, struct sched_job *job)
{
	struct rcpt *r = CONTAINER(job, struct rcpt, job);
	struct agent_link *l = job->lane->user;
	char bytes[QUEUE_DELIVERY_ID_OCTETS];
	if (!q->db) {
		sched_done(&q->sched, job, true, now_ms(q));
		fate_unreadable(q, r, MC_E_TEMP);
		return;
	}
	queue_db_delivery_id(q->db, r->mail->e.id, r->r.index, bytes);
	struct view id = { bytes, sizeof bytes };
	r->ask = idtab_add(&q->asks, r);
	if (r->mail->e.is_spooled)
		deliver_file(q, l, r, id);
	else
		deliver_memory(q, l, r, id);
}

void local_pump(struct queue *q)
{
	const struct lanes agents = { &q->sched, q->pump_timer, ROLE_AGENT,
		&lane_events, send_job };
	lanes_pump(q, &agents);
}
