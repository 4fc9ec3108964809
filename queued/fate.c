/* What became of a recipient: one log line, and a change for the next commit.
 */
#include "base/clock.h"
#include "base/rand.h"
#include "queued/queue_role.h"
#include <stdlib.h>
#include <string.h>

enum {
	SETTLED_MAX = 500, /* then they are written without waiting */
	FLUSH_AFTER_MS = 50,
};

static void set_reply(struct rcpt *r, struct view text)
{
	text = view_head(text, QUEUE_REPLY_MAX);
	free(r->reply);
	r->reply = malloc(text.n + 1);
	if (!r->reply) {
		r->r.reply = V("");
		return;
	}
	memcpy(r->reply, text.p ? text.p : "", text.n);
	r->r.reply = (struct view){ r->reply, text.n };
}

/* Outcomes ride in the commit of the next message; when none comes, they are
 * written after a moment. Losing one in a crash is harmless: the agent knows
 * the delivery id. */
static void settle(struct queue *q, struct rcpt *r, enum rcpt_todo todo)
{
	r->todo = todo;
	list_remove(&r->work);
	list_push(&q->settled, &r->work);
	if (q->n_settled++ == 0)
		timer_start(q->flush_timer, FLUSH_AFTER_MS, 0);
	if (q->n_settled >= SETTLED_MAX)
		q->must_flush = true;
	if (q->must_flush)
		queue_schedule_round(q);
}

static void tell(const struct rcpt *r, enum log_level level, const char *event,
    struct view status)
{
	const struct mail *m = r->mail;
	struct log_ctx session = { NULL, "session", m->e.session };
	struct log_ctx ctx = { &session, "queue", m->e.id };
	uint64_t now_s = (uint64_t)clock_wall_s();
	log_emit(&ctx, level, event, KV_VIEW("from", rcpt_sender(r)),
	    KV_VIEW("to", r->r.address),
	    KV_INT(
		"delay", now_s > m->e.received_s ? now_s - m->e.received_s : 0),
	    KV_INT("attempts", r->r.attempts), KV_VIEW("status", status),
	    KV_LAST);
}

static uint64_t count_attempt(struct rcpt *r)
{
	r->r.attempts++;
	r->r.last_s = (uint64_t)clock_wall_s();
	return r->r.last_s;
}

static void notify(struct rcpt *r, enum dsn_action action)
{
	r->is_told = true;
	r->action = action;
}

void fate_delivered(struct queue *q, struct rcpt *r, struct view text)
{
	count_attempt(r);
	q->n_delivered++;
	tell(r, LOG_LEVEL_INFO, "delivery.ok", text);
	if (notice_is_wanted(r, DSN_DELIVERED)) {
		set_reply(r, text);
		notify(r, DSN_DELIVERED);
	}
	settle(q, r, TODO_REMOVE);
}

/* When nobody is told, it is kept where the administrator sees it, for as long
 * again as it was tried. */
static void give_up(
    struct queue *q, struct rcpt *r, struct view text, uint64_t now_s)
{
	set_reply(r, text);
	tell(r, LOG_LEVEL_WARN, "delivery.failed", text);
	if (notice_is_wanted(r, DSN_FAILED)) {
		notify(r, DSN_FAILED);
		settle(q, r, TODO_REMOVE);
		return;
	}
	r->r.state = RCPT_FAILED;
	r->r.next_s = now_s + q->sched.options.lifetime_s;
	settle(q, r, TODO_UPDATE);
}

void fate_failed(struct queue *q, struct rcpt *r, struct view text)
{
	give_up(q, r, text, count_attempt(r));
}

/* Once, when it takes longer than people expect. */
static void warn_of_delay(struct queue *q, struct rcpt *r, uint64_t now_s)
{
	uint64_t after_s = (uint64_t)proc_conf(q->proc)->queue_delay_warning;
	if (!after_s || r->r.notify & NOTIFY_DELAY_TOLD ||
	    now_s < r->mail->e.received_s + after_s ||
	    !notice_is_wanted(r, DSN_DELAYED))
		return;
	r->r.notify |= NOTIFY_DELAY_TOLD;
	notify(r, DSN_DELAYED);
}

void fate_temporary(struct queue *q, struct rcpt *r, struct view text)
{
	uint64_t now_s = count_attempt(r);
	struct sched_options o = q->sched.options;
	o.lifetime_s = queue_lifetime_s(q, r->mail);
	if (!sched_retry(&o, r->mail->e.received_s, now_s, r->r.attempts,
		rand_u64(), &r->r.next_s)) {
		give_up(q, r, text, now_s);
		return;
	}
	set_reply(r, text);
	warn_of_delay(q, r, now_s);
	tell(r, LOG_LEVEL_INFO, "delivery.deferred", text);
	settle(q, r, TODO_UPDATE);
}

void fate_held(struct queue *q, struct rcpt *r)
{
	r->r.state = RCPT_HELD;
	r->r.next_s = 0;
	set_reply(r, V("held: no relay yet"));
	tell(r, LOG_LEVEL_INFO, "delivery.held", r->r.reply);
	settle(q, r, TODO_UPDATE);
}

/* RFC 3461 5.2.7.3: for a list with an owner, this is a delivery. */
void fate_expanded(struct queue *q, struct rcpt *r)
{
	const struct rcpt *first = CONTAINER(r->leaves.next, struct rcpt, link);
	count_attempt(r);
	tell(r, LOG_LEVEL_INFO, "delivery.expanded", V("2.0.0"));
	if (rcpt_has_owner(first) && notice_is_wanted(r, DSN_DELIVERED)) {
		set_reply(r, V("2.0.0 delivered to the members of a list"));
		notify(r, DSN_DELIVERED);
	}
	settle(q, r, TODO_EXPAND);
}

static void hold(struct queue *q, struct rcpt *r)
{
	r->r.state = RCPT_HELD;
	r->r.next_s = 0;
	if (!r->r.reply.n)
		set_reply(r, V("held by the administrator"));
	tell(r, LOG_LEVEL_INFO, "delivery.held", V("by the administrator"));
	settle(q, r, TODO_UPDATE);
}

static void retry(struct queue *q, struct rcpt *r)
{
	r->r.state = RCPT_WAITING;
	r->r.next_s = (uint64_t)clock_wall_s();
	tell(r, LOG_LEVEL_INFO, "delivery.retry", V("by the administrator"));
	settle(q, r, TODO_UPDATE);
}

static void delete (struct queue *q, struct rcpt *r)
{
	tell(r, LOG_LEVEL_WARN, "delivery.deleted", V("by the administrator"));
	settle(q, r, TODO_REMOVE);
}

static void bounce(struct queue *q, struct rcpt *r)
{
	give_up(q, r, V("5.0.0 returned by the administrator"),
	    (uint64_t)clock_wall_s());
}

void fate_changed(struct queue *q, struct rcpt *r, enum queue_action action)
{
	static void (*const fates[QUEUE_ACTION_COUNT])(
	    struct queue * q, struct rcpt * r) = {
		[QUEUE_ACTION_HOLD] = hold,
		[QUEUE_ACTION_RETRY] = retry,
		[QUEUE_ACTION_DELETE] = delete,
		[QUEUE_ACTION_BOUNCE] = bounce,
	};
	fates[action](q, r);
	q->must_flush = true;
}

void fate_forgotten(struct queue *q, struct rcpt *r)
{
	tell(r, LOG_LEVEL_INFO, "delivery.forgotten", r->r.reply);
	settle(q, r, TODO_REMOVE);
}
