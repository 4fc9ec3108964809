/* queued's role "resolver".
 *   runs as  mailnet
 *   can see  an empty directory; the name servers of the Internet
 *   accepts  questions for routes and TXT records from queue, and for mailctl
 *            from the monitor
 *   sends    the answers
 *   dies     when the monitor goes; never for what DNS says */
#include "base/panic.h"
#include "conf/servers.h"
#include "queued/resolver/lookup.h"
#include "queued/roles.h"
#include <stdlib.h>

enum {
	WAITERS_MAX = 1000, /* for the answer to one question */
	REFUSED_TTL_S = 60,
};

struct waiter {
	struct waiter *next;
	struct peer *peer;
	uint64_t id;
};

/* Whoever asks the same meanwhile gets the same answer. */
struct question {
	struct question *next;
	struct resolver *resolver;
	struct lookup *lookup;
	struct waiter *waiters;
	size_t n_waiters;
	struct lookup_question what;
	char name[256];
};

struct resolver {
	struct proc *proc;
	struct dns *dns; /* NULL: it could not be set up; the log says why */
	struct question *questions;
	uint32_t n_running;
};

static const struct view busy =
    V_INIT("4.3.2 too many questions to DNS at the same time");
static const struct view unset =
    V_INIT("4.3.5 DNS is not set up: see the log of the resolver");

/* DNS. */

static struct dns *open_dns(struct proc *p)
{
	const struct conf *c = proc_conf(p);
	struct conf_servers servers;
	struct view file = V_NONE, anchor = V_NONE;
	struct dns *d = NULL;
	int error = 0;
	/* Options that name no file leave them as they are. */
	proc_file(p, FILE_RESOLV_CONF, 0, NULL, &file);
	proc_file(p, FILE_TRUST_ANCHOR, 0, NULL, &anchor);
	if (*c->resolver)
		error = conf_servers_of_option(view_of(c->resolver), &servers);
	else
		conf_servers_of_file(file, &servers);
	const struct dns_options options = {
		.servers = &servers,
		.anchor = anchor,
		.validate = c->resolver_dnssec,
		.cache_bytes = c->resolver_cache,
		.questions_max = (uint32_t)c->resolver_questions_max,
	};
	if (!error)
		error = dns_open(proc_loop(p), &options, &d);
	if (error)
		LOG(NULL, ERROR, "dns.unusable", KV_ERR("error", error));
	return d;
}

/* Answers. */

static void answer(struct peer *to, uint64_t id, enum lookup_kind kind,
    const struct lookup_result *r)
{
	struct msg txt = { .type = MSG_TXT_IS,
		.txt_is = { id, (uint8_t)r->status, r->text } };
	struct msg route = { .type = MSG_ROUTE_IS,
		.route_is = { id, (uint8_t)r->status, r->ttl_s, r->group,
		    r->sts_id, r->text, r->hosts } };
	peer_send(to, kind == LOOKUP_TXT ? &txt : &route, -1);
}

static void forget_waiters(struct question *q, const struct peer *peer)
{
	struct waiter **at = &q->waiters;
	while (*at) {
		struct waiter *w = *at;
		if (peer && w->peer != peer) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		q->n_waiters--;
		free(w);
	}
}

static void end_question(struct question *q)
{
	struct question **at = &q->resolver->questions;
	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	q->resolver->n_running--;
	lookup_free(&q->lookup);
	forget_waiters(q, NULL);
	free(q);
}

static void on_result(void *ctx, const struct lookup_result *result)
{
	struct question *q = ctx;
	for (struct waiter *w = q->waiters; w; w = w->next)
		answer(w->peer, w->id, q->what.kind, result);
	end_question(q);
}

/* Questions. */

static void start(struct question *q)
{
	struct resolver *r = q->resolver;
	const struct conf *c = proc_conf(r->proc);
	const struct lookup_options options = {
		.loop = proc_loop(r->proc),
		.dns = r->dns,
		.hostname = view_of(c->hostname),
		.timeout_ms = (uint64_t)c->resolver_timeout * 1000,
	};
	q->lookup = lookup_start(&options, &q->what, on_result, q);
}

static struct question *find(
    struct resolver *r, const struct lookup_question *what)
{
	struct question *q = r->questions;
	while (q && (q->what.kind != what->kind || q->what.port != what->port ||
			!view_ieq(q->what.name, what->name)))
		q = q->next;
	return q;
}

/* NULL: its name is not one. */
static struct question *begin(
    struct resolver *r, const struct lookup_question *what)
{
	struct question *q = MUST_NEW(struct question);
	if (view_to_cstr(what->name, q->name, sizeof q->name) != 0) {
		free(q);
		return NULL;
	}
	q->what = *what;
	q->what.name = view_of(q->name);
	q->resolver = r;
	q->next = r->questions;
	r->questions = q;
	r->n_running++;
	start(q);
	return q;
}

static void wait_for(struct question *q, struct peer *from, uint64_t id)
{
	struct waiter *w = MUST_NEW(struct waiter);
	*w = (struct waiter){ q->waiters, from, id };
	q->waiters = w;
	q->n_waiters++;
}

static void ask(struct resolver *r, struct peer *from, uint64_t id,
    const struct lookup_question *what)
{
	uint32_t max = (uint32_t)proc_conf(r->proc)->resolver_questions_max;
	struct lookup_result refused = { .status = ROUTE_TEMP,
		.ttl_s = REFUSED_TTL_S,
		.text = r->dns ? busy : unset };
	struct question *q = r->dns ? find(r, what) : NULL;
	if (!q && r->dns && r->n_running < max)
		q = begin(r, what);
	if (q && q->n_waiters < WAITERS_MAX)
		wait_for(q, from, id);
	else
		answer(from, id, what->kind, &refused);
}

static void on_route_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	const struct lookup_question what = { m->route_ask.is_host ? LOOKUP_HOST
								   : LOOKUP_MX,
		m->route_ask.domain, m->route_ask.port };
	(void)fd;
	ask(proc_state(p), from, m->route_ask.id, &what);
}

static void on_txt_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	const struct lookup_question what = { LOOKUP_TXT, m->txt_ask.name, 0 };
	(void)fd;
	ask(proc_state(p), from, m->txt_ask.id, &what);
}

/* Life. */

static int on_start(struct proc *p)
{
	struct resolver *r = MUST_NEW(struct resolver);
	r->proc = p;
	r->dns = open_dns(p);
	proc_set_state(p, r);
	return 0;
}

static void on_peer_down(struct proc *p, struct peer *peer)
{
	struct resolver *r = proc_state(p);
	for (struct question *q = r->questions; q; q = q->next)
		forget_waiters(q, peer);
}

/* What is asked now begins again, with the new name servers. */
static void on_file_changed(struct proc *p, enum file_kind kind, uint32_t index)
{
	struct resolver *r = proc_state(p);
	struct dns *next = open_dns(p);
	(void)kind;
	(void)index;
	if (!next)
		return; /* the old ones go on */
	LOG(NULL, INFO, "dns.changed", KV_INT("questions", r->n_running));
	for (struct question *q = r->questions; q; q = q->next)
		lookup_free(&q->lookup);
	dns_close(&r->dns);
	r->dns = next;
	for (struct question *q = r->questions; q; q = q->next)
		start(q);
}

const struct role_ops resolver_ops = {
	.start = on_start,
	.peer_down = on_peer_down,
	.file_changed = on_file_changed,
	.on = { [MSG_ROUTE_ASK] = on_route_ask, [MSG_TXT_ASK] = on_txt_ask },
};
