#include "queued/remote/remote.h"
#include "base/panic.h"
#include "queued/relay/tls_choice.h"
#include "queued/remote/remote_inside.h"
#include <stdlib.h>
#include <string.h>

enum {
	CONNECTIONS_START = 3,
	SITES_MAX = 10000,
	JOBS_MAX = 3000,
	SITE_JOBS_MAX = 300, /* and relay_recipients_max no more */
	SITE_JOBS_MIN = 2,
	SITE_BYTES_MAX = 16 << 20, /* hosts and policies of all */
	ASKS_MAX = 2000,
	SESSIONS_MAX = 100000,
	SMTP_PORT = 25,
};

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

static void on_timer(void *ctx)
{
	queue_schedule_round(ctx);
}

/* No later than a message that waits for itself. */
static int64_t probe_min_s(const struct conf *c)
{
	return c->queue_retry_min < c->relay_probe_min ? c->queue_retry_min
						       : c->relay_probe_min;
}

static uint64_t ms(int64_t seconds)
{
	return (uint64_t)seconds * 1000;
}

static struct sched_relay_options options_of(const struct conf *c)
{
	return (struct sched_relay_options){
		.connections_start = CONNECTIONS_START,
		.connections_max = (unsigned)c->relay_connections_max,
		.sessions_max = (unsigned)c->relay_sessions_max,
		.rcpts_max = (unsigned)c->relay_recipients_max,
		.mails_max = (unsigned)c->relay_mails_max,
		.session_ms = ms(c->relay_session_lifetime),
		.idle_ms = ms(c->relay_idle_timeout),
		.probe_min_ms = ms(probe_min_s(c)),
		.probe_max_ms = ms(c->relay_probe_max),
		.calm_ms = ms(c->relay_trouble_wait),
		.sites_max = SITES_MAX,
		.jobs_max = JOBS_MAX,
		.site_jobs_max = SITE_JOBS_MAX,
		.site_jobs_min = SITE_JOBS_MIN,
	};
}

void remote_init(struct queue *q)
{
	struct remote *m = &q->remote;
	struct sched_relay_options o = options_of(proc_conf(q->proc));
	sched_relay_init(&m->sched, &o);
	m->timer = timer_new(proc_loop(q->proc), on_timer, q);
	idtab_init(&m->sessions, SESSIONS_MAX);
	idtab_init(&m->asks, ASKS_MAX);
	list_init(&m->closing);
	list_init(&m->known);
	list_init(&m->unasked);
	list_init(&m->asked);
	list_init(&m->unruled);
	m->is_scanning = true;
}

static struct view domain_of(struct view address, char out[REMOTE_HOST_MAX])
{
	size_t at = view_rfind_byte(address, '@');
	struct view v = view_skip(address, at < address.n ? at + 1 : at);
	v = view_head(v, REMOTE_HOST_MAX);
	for (size_t i = 0; i < v.n; i++)
		out[i] = (char)(v.p[i] >= 'A' && v.p[i] <= 'Z' ? v.p[i] + 32
							       : v.p[i]);
	return (struct view){ out, v.n };
}

static const struct conf_route *configured(
    const struct queue *q, struct view address)
{
	char bytes[REMOTE_HOST_MAX];
	struct view domain = domain_of(address, bytes);
	return conf_route_find(proc_conf(q->proc), domain);
}

static bool is_socket(const struct conf_route *c)
{
	return c && view_starts(view_of(c->host), V("unix:"));
}

/* What RESOLVER is asked about an address. */
struct question {
	struct view name;
	bool is_host;
	uint16_t port;
};

static struct question question_of(struct view address,
    const struct conf_route *c, char bytes[REMOTE_HOST_MAX])
{
	bool has_host = c && *c->host;
	struct question a = { .port = c && c->port ? c->port : SMTP_PORT };
	a.name = has_host ? view_of(c->host) : domain_of(address, bytes);
	a.is_host = has_host || view_starts(a.name, V("["));
	return a;
}

static struct route socket_route(const struct conf_route *c)
{
	return (struct route){ .status = ROUTE_OK,
		.group = view_of(c->host),
		.text = V(""),
		.hosts = V("") };
}

void remote_deliver(struct queue *q, struct rcpt *r)
{
	char bytes[REMOTE_HOST_MAX];
	const struct conf_route *c = configured(q, r->r.address);
	if (is_socket(c)) {
		struct route to = socket_route(c);
		remote_routed(q, r, &to);
		return;
	}
	struct question a = question_of(r->r.address, c, bytes);
	remote_ask_route(q, r, a.name, a.is_host, a.port);
}

/* What a session must have: what the configuration says; else nothing when the
 * message says so; else the domain's MTA-STS policy, whose names are only
 * looked at while it is on trial. */
struct policy {
	enum relay_tls tls;
	struct view hosts;
};

static struct policy policy_of(
    const struct conf_route *c, const struct route *route, bool is_optional)
{
	struct policy p = { tls_choice_of_route(c), V("") };
	if (p.tls == RELAY_TLS_OPPORTUNISTIC && is_optional)
		p.tls = RELAY_TLS_OPTIONAL;
	if (p.tls != RELAY_TLS_OPPORTUNISTIC || route->sts_mode == STS_NONE)
		return p;
	p.hosts = route->sts_names;
	if (route->sts_mode == STS_ENFORCE)
		p.tls = RELAY_TLS_VERIFIED;
	return p;
}

static struct view site_name(const struct route *route,
    const struct conf_route *c, const struct policy *p, struct view address,
    char out[QUEUE_SITE_MAX + 1])
{
	char bytes[REMOTE_HOST_MAX];
	const struct site_parts parts = {
		.group =
		    route->group.n ? route->group : domain_of(address, bytes),
		.hosts_digest = route->hosts_digest,
		.tls = p->tls,
		.route = c ? view_of(c->name) : V(""),
		.sts_names = p->hosts,
	};
	return site_name_put(&parts, out);
}

void remote_forget_hosts(struct queue *q, struct site *site)
{
	struct remote_site *s = site->user;
	q->remote.site_bytes -= s->n_bytes;
	s->n_bytes = 0;
	free(s->bytes);
	s->bytes = NULL;
}

/* Sessions are opened with what is known last. */
static void describe(struct queue *q, struct site *site, struct view domain,
    const struct route *route, const struct conf_route *c,
    const struct policy *p)
{
	struct remote_site *s = site->user;
	if (!s)
		s = site->user = MUST_NEW(struct remote_site);
	remote_forget_hosts(q, site);
	s->n_bytes = domain.n + route->hosts.n + p->hosts.n;
	char *at = s->bytes = must_alloc(s->n_bytes + 1);
	q->remote.site_bytes += s->n_bytes;
	s->domain = view_put(&at, domain);
	s->hosts = view_put(&at, route->hosts);
	s->policy = view_put(&at, p->hosts);
	s->tls = p->tls;
	s->port = c && c->port ? c->port : SMTP_PORT;
	s->route = c ? (uint32_t)(c - proc_conf(q->proc)->routes) + 1 : 0;
}

/* Recipients of one transaction have one sender, and one account that forwards
 * to them: those of a message that has several are numbered by these, 0 is the
 * message's own sender, and nobody. */
static uint32_t variant_of(struct rcpt *r)
{
	struct list *all = &r->mail->rcpts;
	if (!r->r.from.n && !r->r.text.n)
		return 0;
	if (r->relay.variant)
		return r->relay.variant;
	for (struct list *i = all->next; i != all; i = i->next) {
		struct rcpt *other = CONTAINER(i, struct rcpt, link);
		if (other->relay.variant && view_eq(other->r.from, r->r.from) &&
		    view_eq(other->r.text, r->r.text))
			return other->relay.variant;
	}
	return ++r->mail->n_variants;
}

static bool is_tls_optional(const struct rcpt *r)
{
	return r->mail->e.submit_flags & SUBMIT_FLAG_TLS_OPTIONAL;
}

static void add(struct queue *q, struct rcpt *r, const struct route *route)
{
	char bytes[REMOTE_HOST_MAX], name[QUEUE_SITE_MAX + 1];
	const struct conf_route *c = configured(q, r->r.address);
	struct policy p = policy_of(c, route, is_tls_optional(r));
	struct sched_relay *sched = &q->remote.sched;
	struct site *site =
	    sched_relay_site(sched, site_name(route, c, &p, r->r.address, name),
		c ? c->connections_max : 0);
	remote_arrived(q, r);
	if (!sched_relay_takes(sched, site)) {
		remote_park(q, r, site);
		return;
	}
	if (q->remote.site_bytes > SITE_BYTES_MAX) {
		fate_waits(q, r, NULL, REMOTE_FULL_WAIT_S, V(""), V(""));
		return;
	}
	describe(q, site, domain_of(r->r.address, bytes), route, c, &p);
	list_remove(&r->work);
	r->relay.mail = r->mail->e.id;
	r->relay.variant = variant_of(r);
	r->relay.sender = (uint32_t)view_hash(rcpt_sender(r));
	sched_relay_add(sched, site, &r->relay);
	queue_schedule_round(q);
}

void remote_routed(struct queue *q, struct rcpt *r, const struct route *route)
{
	char text[QUEUE_REPLY_MAX];
	struct view why = route->text;
	switch (route->status) {
	case ROUTE_OK:
		add(q, r, route);
		return;
	case ROUTE_NO_DOMAIN:
		fate_failed(q, r, V("5.1.2 there is no such mail domain"));
		return;
	case ROUTE_NULL_MX:
		fate_failed(q, r, V("5.1.10 the domain takes no mail"));
		return;
	case ROUTE_LOOP:
		fate_failed(q, r,
		    V("5.4.6 its mail comes back here: this host is its mail "
		      "exchanger, but has no such domain"));
		return;
	case ROUTE_TEMP:
	case ROUTE_STATUS_COUNT:
		break;
	}
	snprintf(text, sizeof text,
	    "4.4.3 its mail exchangers cannot be looked up%s%.*s",
	    why.n ? ": " : "", (int)why.n, why.p ? why.p : "");
	fate_temporary(q, r, view_of(text));
}

void remote_park(struct queue *q, struct rcpt *r, struct site *site)
{
	const struct remote_site *s = site->user;
	bool is_down = site->state == SITE_DOWN;
	struct view none = V("");
	fate_waits(q, r, site, q->sched.options.retry_max_s,
	    is_down ? (struct view){ s->reply, s->reply_n } : none,
	    is_down ? (struct view){ s->host, s->host_n } : none);
}

bool remote_has(const struct rcpt *r)
{
	return r->relay.site || r->waits_for_route;
}

bool remote_is_sent(const struct rcpt *r)
{
	return r->relay.session != NULL;
}

void remote_forget(struct queue *q, struct rcpt *r)
{
	if (r->relay.site) {
		sched_relay_done(&q->remote.sched, &r->relay);
		return;
	}
	q->remote.n_waiting--;
	r->waits_for_route = false;
	list_remove(&r->work);
}

void remote_arrived(struct queue *q, struct rcpt *r)
{
	if (r->taken_for)
		sched_relay_arrived(&q->remote.sched, r->taken_for);
	r->taken_for = NULL;
}

void remote_parked(struct queue *q, const struct rcpt *r)
{
	struct sched_relay *sched = &q->remote.sched;
	struct site *site = sched_relay_find(sched, r->r.site);
	/* Its wait may be over, and the site forgotten, since that was said. */
	if (!site && sched->sites.n < SITES_MAX)
		site = sched_relay_site(sched, r->r.site, 0);
	if (site)
		sched_relay_parked(sched, site);
}

unsigned remote_sessions(const struct queue *q)
{
	return q->remote.sched.n_sessions;
}

static void forget_site(struct queue *q, struct site *site)
{
	struct remote_site *s = site->user;
	if (s)
		remote_forget_hosts(q, site);
	free(s);
	sched_relay_forget(&q->remote.sched, site);
}

static bool step(struct queue *q)
{
	struct sched_relay_step s = { 0 };
	switch (sched_relay_next(&q->remote.sched, now_ms(q), &s)) {
	case SITE_NOTHING:
		return false;
	case SITE_OPEN:
		remote_open(q, s.site, s.session);
		break;
	case SITE_SEND:
		remote_send(q, s.session);
		break;
	case SITE_CLOSE:
		remote_close(q, s.session);
		break;
	case SITE_TAKE:
		remote_take(q, s.site, s.n);
		break;
	case SITE_FORGET:
		forget_site(q, s.site);
		break;
	}
	return true;
}

void remote_pump(struct queue *q)
{
	struct remote *m = &q->remote;
	m->sched.is_away = !proc_peer(q->proc, ROLE_RELAY);
	remote_pump_routes(q);
	if (m->is_scanning && m->sched.n_jobs < JOBS_MAX / 2 &&
	    m->sched.sites.n < SITES_MAX / 2)
		remote_scan(q);
	while (step(q))
		continue;
	uint64_t wait = sched_relay_wait_ms(&m->sched, now_ms(q));
	if (wait != UINT64_MAX)
		timer_start(m->timer, wait + 1, 0);
	else
		timer_stop(m->timer);
}

void remote_peer_up(struct queue *q, enum role_id role)
{
	if (role == ROLE_RELAY || role == ROLE_RESOLVER)
		queue_schedule_round(q);
}

void remote_peer_down(struct queue *q, enum role_id role)
{
	if (role == ROLE_RELAY)
		remote_relay_down(q);
	else if (role == ROLE_RESOLVER)
		remote_resolver_down(q);
}

bool remote_drain(struct queue *q)
{
	const struct sched_relay *s = &q->remote.sched;
	q->remote.sched.is_stopping = true;
	for (struct list *i = s->sessions.next; i != &s->sessions; i = i->next)
		if (CONTAINER(i, struct site_session, all)->state ==
		    SESSION_BUSY)
			return false;
	return true;
}

/* The one that mail to an address goes to, if that is known now. */
static struct site *site_for(
    struct queue *q, struct view address, bool is_optional)
{
	char bytes[REMOTE_HOST_MAX], name[QUEUE_SITE_MAX + 1];
	const struct conf_route *c = configured(q, address);
	struct question a = question_of(address, c, bytes);
	struct route socket, *route;
	if (is_socket(c)) {
		socket = socket_route(c);
		route = &socket;
	} else {
		route = remote_find_route(q, a.name, a.is_host, a.port);
	}
	if (!route || route->status != ROUTE_OK || !route->group.n)
		return NULL;
	struct policy p = policy_of(c, route, is_optional);
	return sched_relay_find(
	    &q->remote.sched, site_name(route, c, &p, address, name));
}

void remote_retry(struct queue *q, const struct rcpt *r)
{
	struct site *site = site_for(q, r->r.address, is_tls_optional(r));
	if (site)
		sched_relay_retry(&q->remote.sched, site);
}

static void put_site(
    const struct queue *q, const struct site *site, struct msg_site_is *out)
{
	const struct remote_site *s = site->user;
	uint64_t now = now_ms(q);
	out->state = (uint8_t)site->state;
	out->site = (struct view){ site->name, site->name_n };
	out->connections = site->n_sessions;
	out->connections_max = site->limit;
	out->recipients = site->n_jobs;
	if (site->state == SITE_DOWN && site->until_ms > now)
		out->wait_s = (uint32_t)((site->until_ms - now) / 1000);
	if (!s)
		return;
	out->host = (struct view){ s->host, s->host_n };
	out->text = (struct view){ s->reply, s->reply_n };
}

void remote_on_site_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)fd;
	struct queue *q = proc_state(p);
	const struct msg_site_ask *ask = &m->site_ask;
	const struct site *site =
	    ask->site.n ? sched_relay_find(&q->remote.sched, ask->site)
			: site_for(q, ask->address, false);
	struct msg out = { .type = MSG_SITE_IS,
		.site_is = { .id = ask->id,
		    .state = SITE_STATE_COUNT,
		    .site = ask->site,
		    .host = V(""),
		    .text = V("") } };
	if (site)
		put_site(q, site, &out.site_is);
	peer_send(from, &out, -1);
}
