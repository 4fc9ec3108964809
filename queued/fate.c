/* What became of a recipient: one log line, and a change for the next commit.
 */
#include "base/clock.h"
#include "base/rand.h"
#include "queued/queue_role.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	SETTLED_MAX = 500, /* then they are written without waiting */
	FLUSH_AFTER_MS = 50,
};

/* out, in bytes of its own. */
static void set_text(char **bytes, struct view *out, struct view text)
{
	char *copy = malloc(text.n + 1);
	if (copy && text.n)
		memcpy(copy, text.p, text.n);
	free(*bytes);
	*bytes = copy;
	*out = copy ? (struct view){ copy, text.n } : V("");
}

static void set_reply(struct rcpt *r, struct view text)
{
	set_text(&r->reply, &r->r.reply, view_head(text, QUEUE_REPLY_MAX));
}

/* text is what that host said, empty: we say it. */
static void set_host(struct rcpt *r, struct view host)
{
	set_text(&r->host, &r->r.host, host);
}

/* Outcomes ride in the commit of the next message; when none comes, they are
 * written after a moment. Losing one in a crash is harmless where an agent
 * knows the delivery id. */
static void settle(struct queue *q, struct rcpt *r, enum rcpt_todo todo)
{
	remote_arrived(q, r);
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

/* via: over whom it went, NULL: nobody. */
static void tell_via(const struct rcpt *r, enum log_level level,
    const char *event, struct view status, const struct fate_via *via)
{
	const struct mail *m = r->mail;
	struct log_ctx session = { NULL, "session", m->e.session };
	struct log_ctx ctx = { &session, "queue", m->e.id };
	uint64_t now_s = (uint64_t)clock_wall_s();
	struct fate_via none = { V(""), V(""), V("") };
	bool has_via = via && via->host.n;
	if (!has_via)
		via = &none;
	log_emit(&ctx, level, event, KV_VIEW("from", rcpt_sender(r)),
	    KV_VIEW("to", r->r.address),
	    KV_INT(
		"delay", now_s > m->e.received_s ? now_s - m->e.received_s : 0),
	    KV_INT("attempts", r->r.attempts), KV_VIEW("status", status),
	    has_via ? KV_VIEW("host", via->host) : KV_LAST,
	    KV_VIEW("address", via->address), KV_VIEW("tls", via->tls),
	    KV_LAST);
}

static void tell(const struct rcpt *r, enum log_level level, const char *event,
    struct view status)
{
	tell_via(r, level, event, status, NULL);
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

static void delivered(struct queue *q, struct rcpt *r, struct view text,
    const struct fate_via *via, enum dsn_action action)
{
	count_attempt(r);
	q->n_delivered++;
	tell_via(r, LOG_LEVEL_INFO, "delivery.ok", text, via);
	if (notice_is_wanted(r, action)) {
		set_reply(r, text);
		set_host(r, via ? via->host : V(""));
		notify(r, action);
	}
	settle(q, r, TODO_REMOVE);
}

void fate_delivered(struct queue *q, struct rcpt *r, struct view text)
{
	delivered(q, r, text, NULL, DSN_DELIVERED);
}

/* When nobody is told, it is kept where the administrator sees it, for as long
 * again as it was tried. */
static void give_up(struct queue *q, struct rcpt *r, struct view text,
    const struct fate_via *via, uint64_t now_s)
{
	tell_via(r, LOG_LEVEL_WARN, "delivery.failed",
	    view_head(text, QUEUE_REPLY_MAX), via);
	set_reply(r, text);
	set_host(r, via ? via->host : V(""));
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
	give_up(q, r, text, NULL, count_attempt(r));
}

static uint64_t warning_s(const struct queue *q, const struct rcpt *r)
{
	uint64_t after_s = (uint64_t)proc_conf(q->proc)->queue_delay_warning;
	if (!after_s || r->r.notify & NOTIFY_DELAY_TOLD ||
	    !notice_is_wanted(r, DSN_DELAYED))
		return UINT64_MAX;
	return r->mail->e.received_s + after_s;
}

/* Once, when it takes longer than people expect. */
static void warn_of_delay(struct queue *q, struct rcpt *r, uint64_t now_s)
{
	if (now_s < warning_s(q, r))
		return;
	r->r.notify |= NOTIFY_DELAY_TOLD;
	notify(r, DSN_DELAYED);
}

static void temporary(struct queue *q, struct rcpt *r, struct view text,
    const struct fate_via *via)
{
	uint64_t now_s = count_attempt(r);
	struct sched_options o = q->sched.options;
	o.lifetime_s = queue_lifetime_s(q, r->mail);
	if (!sched_retry(&o, r->mail->e.received_s, now_s, r->r.attempts,
		rand_u64(), &r->r.next_s)) {
		give_up(q, r, text, via, now_s);
		return;
	}
	set_reply(r, text);
	set_host(r, via ? via->host : V(""));
	warn_of_delay(q, r, now_s);
	tell_via(r, LOG_LEVEL_INFO, "delivery.deferred", r->r.reply, via);
	settle(q, r, TODO_UPDATE);
}

void fate_temporary(struct queue *q, struct rcpt *r, struct view text)
{
	temporary(q, r, text, NULL);
}

void fate_unreadable(struct queue *q, struct rcpt *r, int error)
{
	const struct queue_envelope *e = &r->mail->e;
	struct log_ctx ctx = queue_log(r->mail);
	if (!e->is_spooled || error != -ENOENT) {
		fate_temporary(q, r, V("4.3.0 the queue cannot be read"));
		return;
	}
	LOG(&ctx, ERROR, "queue.file-lost", KV_VIEW("from", e->sender),
	    KV_INT("size", e->size_bytes));
	fate_failed(q, r, V("5.3.0 the spool file of the message was lost"));
}

void fate_relay(struct queue *q, struct rcpt *r, enum relay_status status,
    struct view text, const struct fate_via *via, bool has_dsn)
{
	switch (status) {
	case RELAY_OK:
		/* Written before the session gets more mail: the next hop would
		 * take it twice, and not know. */
		q->must_flush = true;
		/* RFC 3461 5.2.2: else the next hop tells the sender. */
		delivered(q, r, text, via, has_dsn ? DSN_NONE : DSN_RELAYED);
		return;
	case RELAY_PERMANENT:
		count_attempt(r);
		give_up(q, r, text, via, r->r.last_s);
		return;
	case RELAY_TEMPORARY:
	case RELAY_NOT_TRIED:
	case RELAY_STATUS_COUNT:
		break;
	}
	temporary(q, r, text, via);
}

/* Not all that wait for one site at the same time; but those that begin to in
 * one second also end in one, so that their rows are neighbours on disk. */
static uint64_t spread(uint64_t wait_s, uint64_t now_s)
{
	return wait_s - hash_mix(now_s) % (wait_s / 8 + 1);
}

void fate_waits(struct queue *q, struct rcpt *r, const struct site *site,
    uint64_t wait_s, struct view text, struct view host)
{
	uint64_t now_s = (uint64_t)clock_wall_s();
	uint64_t end_s = r->mail->e.received_s + queue_lifetime_s(q, r->mail);
	if (text.n) {
		set_reply(r, text);
		set_host(r, host);
	}
	if (now_s >= end_s) {
		const struct fate_via via = { r->r.host, V(""), V("") };
		give_up(q, r,
		    r->r.reply.n ? r->r.reply
				 : V("4.4.7 its turn did not come in time"),
		    &via, now_s);
		return;
	}
	warn_of_delay(q, r, now_s);
	r->r.next_s = now_s + spread(wait_s, now_s);
	if (r->r.next_s > warning_s(q, r))
		r->r.next_s = warning_s(q, r);
	if (r->r.next_s > end_s)
		r->r.next_s = end_s;
	if (site) {
		set_text(&r->site, &r->r.site,
		    (struct view){ site->name, site->name_n });
		r->r.sender = (uint32_t)view_hash(rcpt_sender(r));
	}
	tell(r, text.n ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "delivery.waits",
	    r->r.reply);
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
	remote_retry(q, r);
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
	give_up(q, r, V("5.0.0 returned by the administrator"), NULL,
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
