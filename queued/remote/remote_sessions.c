/* Sessions of RELAY: opened, given mail, and what they say of it. RELAY may be
 * captured: an index or a session that it makes up finds nothing. */
#include "base/clock.h"
#include "base/panic.h"
#include "queued/notice/explain.h"
#include "queued/policy/tls_stats.h"
#include "queued/remote/remote_inside.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct remote_session {
	struct list link; /* closing */
	uint64_t closed_ms;
	struct queue *q;
	struct site_session *session;
	uint64_t id;
	bool is_up, is_trouble;
	struct fate_via via; /* views into the rest */
	char host[256], address[65], tls[101];
	char domain[256]; /* that it was opened for: reports are about it */
	size_t domain_n;
};

enum {
	DAY_S = 86400,
	/* RELAY says QUIT, and waits for the end of the connection. */
	CLOSE_MS = 60 * 1000,
};

static struct view copy(char *out, size_t cap, struct view v)
{
	v = view_head(v, cap - 1);
	if (v.n)
		memcpy(out, v.p, v.n);
	return (struct view){ out, v.n };
}

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

static void tell_relay(struct queue *q, const struct msg *m, int fd)
{
	struct peer *relay = proc_peer(q->proc, ROLE_RELAY);
	if (relay)
		peer_send(relay, m, fd);
	else if (fd >= 0)
		close(fd);
}

static void forget(struct remote_session *s)
{
	idtab_remove(&s->q->remote.sessions, s->id);
	list_remove(&s->link);
	free(s);
}

static void defer_all(struct queue *q, struct list *jobs, struct view text)
{
	struct site_job *job;
	while ((job = LIST_POP(jobs, struct site_job, link)))
		fate_temporary(q, CONTAINER(job, struct rcpt, relay), text);
}

static void park_all(struct queue *q, struct list *jobs, struct site *site)
{
	struct site_job *job;
	while ((job = LIST_POP(jobs, struct site_job, link)))
		remote_park(q, CONTAINER(job, struct rcpt, relay), site);
}

void remote_open(
    struct queue *q, struct site *site, struct site_session *session)
{
	const struct remote_site *site_is = site->user;
	struct remote_session *s = MUST_NEW(struct remote_session);
	*s = (struct remote_session){ .q = q, .session = session };
	list_init(&s->link);
	s->via = (struct fate_via){ V(""), V(""), V("") };
	s->domain_n = copy(s->domain, sizeof s->domain, site_is->domain).n;
	s->id = idtab_add(&q->remote.sessions, s);
	session->user = s;
	struct msg m = { .type = MSG_RELAY_OPEN,
		.relay_open = { s->id, site_is->domain, site_is->route,
		    (uint8_t)site_is->tls, site_is->port, site_is->policy,
		    site_is->hosts } };
	tell_relay(q, &m, -1);
}

void remote_close(struct queue *q, struct site_session *session)
{
	struct remote_session *s = session->user;
	struct msg m = { .type = MSG_RELAY_CLOSE, .relay_close = { s->id } };
	tell_relay(q, &m, -1);
	s->closed_ms = now_ms(q);
	list_push(&q->remote.closing, &s->link);
}

static void send_rcpts(struct queue *q, const struct remote_session *s)
{
	const struct list *jobs = &s->session->jobs;
	for (struct list *i = jobs->next; i != jobs; i = i->next) {
		const struct rcpt *r = CONTAINER(i, struct rcpt, relay.link);
		struct msg m = { .type = MSG_RELAY_RCPT,
			.relay_rcpt = { s->id, r->r.index, r->r.address,
			    r->r.orcpt, r->r.notify & NOTIFY_OF_FRONTS } };
		tell_relay(q, &m, -1);
	}
}

static void send_mail(
    struct queue *q, const struct remote_session *s, const struct mail *mail)
{
	const struct queue_envelope *e = &mail->e;
	const struct rcpt *first =
	    CONTAINER(s->session->jobs.next, struct rcpt, relay.link);
	struct msg m = { .type = MSG_RELAY_MAIL,
		.relay_mail = { s->id, e->id, rcpt_sender(first),
		    e->submit_flags, e->envid, e->size_bytes, first->r.text } };
	tell_relay(q, &m, -1);
	send_rcpts(q, s);
}

static void end_mail(struct queue *q, struct remote_session *s)
{
	struct list failed;
	list_init(&failed);
	sched_relay_finished(
	    &q->remote.sched, s->session, s->is_trouble, now_ms(q), &failed);
	s->is_trouble = false;
	defer_all(
	    q, &failed, V("4.4.2 the session ended before anything was said"));
}

/* Its message cannot be read now. */
static void skip_mail(struct queue *q, struct remote_session *s, int error)
{
	struct list *jobs = &s->session->jobs;
	while (!list_empty(jobs)) {
		struct rcpt *r = CONTAINER(jobs->next, struct rcpt, relay.link);
		sched_relay_done(&q->remote.sched, &r->relay);
		fate_unreadable(q, r, error);
	}
	end_mail(q, s);
}

static void send_file(
    struct queue *q, struct remote_session *s, const struct mail *mail)
{
	int fd, error = mail_body_open(q, mail, &fd);
	if (error) {
		skip_mail(q, s, error);
		return;
	}
	struct msg m = { .type = MSG_RELAY_FILE, .relay_file = { s->id } };
	send_mail(q, s, mail);
	tell_relay(q, &m, fd);
}

static void send_memory(
    struct queue *q, struct remote_session *s, const struct mail *mail)
{
	char *buffer = mail->body ? NULL : must_alloc(QUEUE_BODY_MAX);
	struct view body;
	int error = mail_body_read(q, mail, buffer, &body);
	if (error) {
		skip_mail(q, s, error);
	} else {
		struct msg m = { .type = MSG_RELAY_BODY,
			.relay_body = { s->id, body } };
		send_mail(q, s, mail);
		tell_relay(q, &m, -1);
	}
	free(buffer);
}

void remote_send(struct queue *q, struct site_session *session)
{
	const struct rcpt *first =
	    CONTAINER(session->jobs.next, struct rcpt, relay.link);
	if (first->mail->e.is_spooled)
		send_file(q, session->user, first->mail);
	else
		send_memory(q, session->user, first->mail);
}

static struct remote_session *find(struct queue *q, uint64_t id)
{
	return idtab_get(&q->remote.sessions, id);
}

void remote_on_up(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	const struct msg_relay_up *up = &m->relay_up;
	struct remote_session *s = find(q, up->id);
	if (!s || s->is_up)
		return;
	const struct site *site = s->session->site;
	s->is_up = true;
	s->via.host = copy(s->host, sizeof s->host, up->host);
	s->via.address = copy(s->address, sizeof s->address, up->address);
	s->via.tls = copy(s->tls, sizeof s->tls, up->tls);
	if (site->n_failures)
		LOG(NULL, INFO, "site.up",
		    KV_VIEW(
			"site", ((struct view){ site->name, site->name_n })),
		    KV_VIEW("host", up->host));
	sched_relay_up(&q->remote.sched, s->session, up->rcpts_max,
	    up->mails_max, now_ms(q));
	queue_schedule_round(q);
}

static void note_trouble(struct site *site, struct view host, struct view text)
{
	struct remote_site *s = site->user;
	s->reply_n = copy(s->reply, sizeof s->reply, text).n;
	s->host_n = copy(s->host, sizeof s->host, host).n;
}

static void log_down(struct queue *q, const struct site *site)
{
	const struct remote_site *s = site->user;
	LOG(NULL, WARN, "site.down",
	    KV_VIEW("site", ((struct view){ site->name, site->name_n })),
	    KV_VIEW("host", ((struct view){ s->host, s->host_n })),
	    KV_VIEW("reason", ((struct view){ s->reply, s->reply_n })),
	    KV_INT("wait", (site->until_ms - now_ms(q)) / 1000));
}

/* The greeting, or what was said to HELO, is about all mail; RFC 5321 3.1: 554
 * says that it is not wanted. */
static bool is_final(const struct msg_relay_down *down)
{
	return down->code >= 500 && down->code < 600 &&
	       (down->stage == RELAY_STAGE_GREETING ||
		   down->stage == RELAY_STAGE_HELLO);
}

static void fail_all(struct queue *q, struct list *jobs,
    const struct msg_relay_down *down, struct view text)
{
	const struct fate_via via = { down->host, V(""), V("") };
	struct site_job *job;
	while ((job = LIST_POP(jobs, struct site_job, link)))
		fate_relay(q, CONTAINER(job, struct rcpt, relay),
		    is_final(down) ? RELAY_PERMANENT : RELAY_TEMPORARY, text,
		    &via, false);
}

void remote_on_down(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	const struct msg_relay_down *down = &m->relay_down;
	struct remote_session *s = find(q, down->id);
	if (!s)
		return;
	struct list failed, parked;
	struct site_session *session = s->session;
	struct site *site = session->site;
	struct view text =
	    down->text.n ? down->text : V("4.4.2 the session was lost");
	list_init(&failed);
	list_init(&parked);
	if (down->stage != RELAY_STAGE_CLOSED)
		note_trouble(
		    site, down->host.n ? down->host : s->via.host, text);
	sched_relay_lost(&q->remote.sched, session,
	    s->is_up ? LOSS_ENDED : LOSS_REFUSED, now_ms(q), &failed, &parked);
	forget(s);
	fail_all(q, &failed, down, text);
	park_all(q, &parked, site);
	if (site->state == SITE_DOWN) {
		log_down(q, site);
		remote_forget_hosts(q, site);
	}
	queue_schedule_round(q);
}

static struct site_job *find_job(const struct list *jobs, uint32_t index)
{
	for (struct list *i = jobs->next; i != jobs; i = i->next) {
		struct rcpt *r = CONTAINER(i, struct rcpt, relay.link);
		if (r->r.index == index)
			return &r->relay;
	}
	return NULL;
}

/* The host is tired, or wants less: RFC 5321 3.8, and the policy codes that
 * large receivers use for it. */
static bool is_trouble(const struct remote_session *s, struct view text)
{
	/* Behind other mail it may mean only that this connection had enough.
	 */
	if (view_starts(text, V("421")))
		return s->session->n_mails == 0;
	return view_starts(explain_code(text), V("4.7."));
}

void remote_on_result(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	const struct msg_relay_result *is = &m->relay_result;
	struct remote_session *s = find(q, is->id);
	struct site_job *job =
	    s ? find_job(&s->session->jobs, is->index) : NULL;
	if (!job)
		return;
	struct rcpt *r = CONTAINER(job, struct rcpt, relay);
	bool says_end = view_starts(is->text, V("421"));
	bool is_tired = says_end && !job->n_lost;
	if (is->status == RELAY_TEMPORARY)
		s->is_trouble |= is_trouble(s, is->text);
	if (says_end) /* RFC 5321 3.8: the session takes no more */
		s->session->mails_max = s->session->n_mails + 1;
	if (is->status == RELAY_NOT_TRIED ||
	    (is->status == RELAY_TEMPORARY && is_tired)) {
		sched_relay_untried(job);
		return;
	}
	sched_relay_done(&q->remote.sched, job);
	fate_relay(q, r, (enum relay_status)is->status, is->text, &s->via,
	    is->has_dsn != 0);
	queue_schedule_round(q);
}

void remote_on_done(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	struct remote_session *s = find(q, m->relay_done.id);
	if (!s || s->session->state != SESSION_BUSY)
		return;
	end_mail(q, s);
	queue_schedule_round(q);
}

void remote_on_tls(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	const struct msg_relay_tls *is = &m->relay_tls;
	const struct remote_session *s = find(q, is->id);
	if (!s || is->policy >= TLS_POLICY_COUNT ||
	    is->result >= TLS_RESULT_COUNT)
		return;
	struct tls_row row = {
		.day = (uint32_t)(clock_wall_s() / DAY_S),
		.domain = { s->domain, s->domain_n },
		.policy = is->policy,
		.result = is->result,
		.host = view_head(is->host, TLS_ROW_HOST_MAX),
		.address = is->address,
		.source = is->source,
		.text = is->text,
	};
	tls_stats_note(q->tls_stats, &row);
	LOG(NULL, DEBUG, "relay.tls", KV_VIEW("host", is->host),
	    KV_VIEW("address", is->address), KV_INT("policy", is->policy),
	    KV_INT("result", is->result), KV_VIEW("text", is->text));
}

static void lose(uint64_t id, void *object, void *ctx)
{
	(void)id;
	struct queue *q = ctx;
	struct remote_session *s = object;
	struct list failed, parked;
	list_init(&failed);
	list_init(&parked);
	sched_relay_lost(&q->remote.sched, s->session, LOSS_AWAY, now_ms(q),
	    &failed, &parked);
	forget(s);
	defer_all(q, &failed, V("4.3.0 the relay process ended"));
}

unsigned remote_end_closing(struct queue *q)
{
	struct list *closing = &q->remote.closing;
	unsigned n = 0;
	for (; !list_empty(closing); n++) {
		struct remote_session *s =
		    CONTAINER(closing->next, struct remote_session, link);
		if (!queue_is_overdue(q, s->closed_ms, CLOSE_MS))
			break;
		lose(s->id, s, q);
	}
	return n;
}

void remote_relay_down(struct queue *q)
{
	idtab_each(&q->remote.sessions, lose, q);
	queue_schedule_round(q);
}
