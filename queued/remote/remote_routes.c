/* Routes: what RESOLVER said of domains. One question for all that wait for
 * it; answers are kept as long as DNS says, within bounds. */
#include "base/panic.h"
#include "queued/policy/policy.h"
#include "queued/policy/reports.h"
#include "queued/remote/remote_inside.h"
#include "queued/route.h"
#include <stdlib.h>
#include <string.h>

enum {
	ASKED_MAX = 500,
	ROUTES_MAX = 5000,
	ROUTES_BYTES_MAX = 8 << 20,
	WAITING_MAX = 2000,
	TTL_MIN_S = 60,
	TTL_MAX_S = 3600,
	TTL_BAD_MAX_S = 300,
	TTL_TEMP_S = 30,
};

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

static uint64_t route_hash(struct view domain, bool is_host, uint16_t port)
{
	return hash_mix(view_hash(domain) ^ (uint64_t)port << 1 ^ is_host);
}

struct route *remote_find_route(
    struct queue *q, struct view domain, bool is_host, uint16_t port)
{
	uint64_t hash = route_hash(domain, is_host, port);
	for (struct hash_node *n = hash_find(&q->remote.routes, hash); n;
	     n = hash_find_next(n)) {
		struct route *r = CONTAINER(n, struct route, node);
		struct view own = { r->domain, r->domain_n };
		if (r->is_host == is_host && r->port == port &&
		    view_eq(own, domain))
			return r;
	}
	return NULL;
}

static void forget_answer(struct queue *q, struct route *r)
{
	q->remote.route_bytes -= r->n_bytes;
	r->n_bytes = 0;
	r->is_known = r->awaits_policy = false;
	r->sts_mode = STS_NONE;
	free(r->bytes);
	free(r->sts_bytes);
	r->bytes = r->sts_bytes = NULL;
}

/* The ones that were used least lately go. */
static void make_room(struct queue *q)
{
	struct remote *m = &q->remote;
	while (
	    (m->routes.n > ROUTES_MAX || m->route_bytes > ROUTES_BYTES_MAX) &&
	    !list_empty(&m->known)) {
		struct route *r =
		    CONTAINER(list_take(&m->known), struct route, link);
		forget_answer(q, r);
		hash_remove(&m->routes, &r->node);
		free(r);
	}
}

static struct route *new_route(
    struct queue *q, struct view domain, bool is_host, uint16_t port)
{
	struct route *r = must_alloc(sizeof *r + domain.n + 1);
	*r = (struct route){ .is_host = is_host, .port = port };
	list_init(&r->waiting);
	list_init(&r->link);
	memcpy(r->domain, domain.p, domain.n);
	r->domain_n = domain.n;
	hash_add(
	    &q->remote.routes, &r->node, route_hash(domain, is_host, port));
	make_room(q);
	return r;
}

static void wait_for(struct queue *q, struct route *route, struct rcpt *r)
{
	bool is_first = list_empty(&route->waiting);
	list_remove(&r->work);
	list_push(&route->waiting, &r->work);
	q->remote.n_waiting++;
	r->waits_for_route = true;
	if (!is_first || route->awaits_policy)
		return;
	list_remove(&route->link);
	list_push(&q->remote.unasked, &route->link);
	queue_schedule_round(q);
}

void remote_ask_route(struct queue *q, struct rcpt *r, struct view domain,
    bool is_host, uint16_t port)
{
	struct route *route = remote_find_route(q, domain, is_host, port);
	if (route && route->is_known && route->until_ms > now_ms(q)) {
		list_remove(&route->link);
		list_push(&q->remote.known, &route->link);
		remote_routed(q, r, route);
		return;
	}
	if (q->remote.n_waiting >= WAITING_MAX) {
		fate_waits(q, r, NULL, REMOTE_FULL_WAIT_S, V(""), V(""));
		return;
	}
	if (!route)
		route = new_route(q, domain, is_host, port);
	if (!route->awaits_policy)
		forget_answer(q, route);
	wait_for(q, route, r);
}

static void ask(struct queue *q, struct peer *resolver, struct route *r)
{
	r->ask = idtab_add(&q->remote.asks, r);
	r->asked_ms = now_ms(q);
	struct msg m = { .type = MSG_ROUTE_ASK,
		.route_ask = {
		    r->ask, { r->domain, r->domain_n }, r->is_host, r->port } };
	list_remove(&r->link);
	list_push(&q->remote.asked, &r->link);
	q->remote.n_asked++;
	peer_send(resolver, &m, -1);
}

void remote_pump_routes(struct queue *q)
{
	struct peer *resolver = proc_peer(q->proc, ROLE_RESOLVER);
	struct remote *m = &q->remote;
	while (resolver && m->n_asked < ASKED_MAX && !list_empty(&m->unasked))
		ask(q, resolver,
		    CONTAINER(m->unasked.next, struct route, link));
}

static void not_asked(struct queue *q, struct route *r)
{
	idtab_remove(&q->remote.asks, r->ask);
	r->ask = 0;
	q->remote.n_asked--;
	list_remove(&r->link);
}

void remote_resolver_down(struct queue *q)
{
	while (!list_empty(&q->remote.asked)) {
		struct route *r =
		    CONTAINER(q->remote.asked.prev, struct route, link);
		not_asked(q, r);
		list_push_front(&q->remote.unasked, &r->link);
	}
}

static uint64_t ttl_s(enum route_status status, uint64_t said_s)
{
	uint64_t most = status == ROUTE_OK     ? TTL_MAX_S
			: status == ROUTE_TEMP ? TTL_TEMP_S
					       : TTL_BAD_MAX_S;
	if (said_s < TTL_MIN_S)
		said_s = TTL_MIN_S;
	return said_s < most ? said_s : most;
}

static void learn(
    struct queue *q, struct route *r, const struct msg_route_is *is)
{
	r->status = is->status < ROUTE_STATUS_COUNT
			? (enum route_status)is->status
			: ROUTE_TEMP;
	r->n_bytes = is->group.n + is->sts_id.n + is->text.n + is->hosts.n;
	char *at = r->bytes = must_alloc(r->n_bytes + 1);
	r->group = view_put(&at, is->group);
	r->sts_id = view_put(&at, is->sts_id);
	r->text = view_put(&at, is->text);
	r->hosts = view_put(&at, is->hosts);
	site_hosts_digest(r->hosts, r->hosts_digest);
	r->until_ms = now_ms(q) + ttl_s(r->status, is->ttl_s) * 1000;
	q->remote.route_bytes += r->n_bytes;
}

/* What its domain's MTA-STS policy says; false: not yet. Hosts that the
 * configuration names need none. */
static bool learn_policy(struct queue *q, struct route *r)
{
	struct view names;
	if (r->is_host || r->status != ROUTE_OK)
		return true;
	switch (policy_find(q, (struct view){ r->domain, r->domain_n },
	    r->sts_id, &r->sts_mode, &names)) {
	case POLICY_PENDING:
		return false;
	case POLICY_FOUND_NONE:
		r->sts_mode = STS_NONE;
		return true;
	case POLICY_FOUND:
		break;
	}
	char *at = r->sts_bytes = must_alloc(names.n + 1);
	r->sts_names = view_put(&at, names);
	r->n_bytes += names.n;
	q->remote.route_bytes += names.n;
	return true;
}

/* All that waited for it goes on. */
static void finish(struct queue *q, struct route *route)
{
	route->is_known = true;
	route->awaits_policy = false;
	list_remove(&route->link);
	while (!list_empty(&route->waiting)) {
		struct rcpt *r =
		    CONTAINER(route->waiting.next, struct rcpt, work);
		list_remove(&r->work);
		r->waits_for_route = false;
		q->remote.n_waiting--;
		remote_routed(q, r, route);
	}
	list_push(&q->remote.known, &route->link);
	make_room(q);
	queue_schedule_round(q);
}

static void finish_or_wait(struct queue *q, struct route *route)
{
	if (learn_policy(q, route)) {
		finish(q, route);
		return;
	}
	route->awaits_policy = true;
	list_remove(&route->link);
	list_push(&q->remote.unruled, &route->link);
}

static void take_answer(
    struct queue *q, struct route *route, const struct msg_route_is *is)
{
	not_asked(q, route);
	learn(q, route, is);
	finish_or_wait(q, route);
}

void remote_policy_known(struct queue *q, struct view domain)
{
	struct list all, *l = &q->remote.unruled;
	list_init(&all);
	list_move_all(&all, l);
	while (!list_empty(&all)) {
		struct route *r = CONTAINER(all.next, struct route, link);
		list_remove(&r->link);
		list_push(l, &r->link);
		if (view_eq((struct view){ r->domain, r->domain_n }, domain))
			finish_or_wait(q, r);
	}
}

void remote_on_route(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	if (m->route_is.id & POLICY_ASK_BIT) {
		policy_on_route(q, &m->route_is);
		return;
	}
	if (m->route_is.id & REPORTS_ASK_BIT) {
		reports_on_route(q, &m->route_is);
		return;
	}
	struct route *route = idtab_get(&q->remote.asks, m->route_is.id);
	if (route)
		take_answer(q, route, &m->route_is);
}

unsigned remote_end_waits(struct queue *q)
{
	const struct msg_route_is silence = { .status = ROUTE_TEMP,
		.text = V("the resolver process does not answer"),
		.group = V(""),
		.sts_id = V(""),
		.hosts = V("") };
	struct list *asked = &q->remote.asked;
	unsigned n = 0;
	for (; !list_empty(asked); n++) {
		struct route *r = CONTAINER(asked->next, struct route, link);
		if (!queue_is_overdue(q, r->asked_ms, queue_resolver_ms(q)))
			break;
		take_answer(q, r, &silence);
	}
	return n;
}
