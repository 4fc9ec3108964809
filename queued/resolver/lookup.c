#include "queued/resolver/lookup.h"
#include "base/panic.h"
#include "base/rand.h"
#include "queued/resolver/lookup_state.h"
#include "queued/resolver/mx.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	TTL_MIN_S = 60,
	TTL_MAX_S = 3600,
	TTL_UNKNOWN_S = 300,
};

void lookup_say(struct lookup *l, const char *format, ...)
{
	va_list args;
	if (l->text[0])
		return;
	va_start(args, format);
	vsnprintf(l->text, sizeof l->text, format, args);
	va_end(args);
}

void lookup_begin(struct lookup *l)
{
	l->n_pending++;
}

void lookup_end(struct lookup *l)
{
	if (--l->n_pending == 0)
		deferred_schedule(l->done);
}

void lookup_note_ttl(struct lookup *l, const struct dns_answer *a)
{
	uint32_t ttl = a->status == DNS_FAILED
			   ? TTL_MIN_S
			   : packet_ttl(a->packet, TTL_UNKNOWN_S);
	if (ttl < l->ttl_s)
		l->ttl_s = ttl;
}

static uint32_t random_below(uint32_t n)
{
	return (uint32_t)(rand_u64() % n);
}

/* The mail exchangers. */

static size_t take_mx(struct view bytes, struct mx *all)
{
	struct packet p;
	struct packet_record r;
	size_t n = 0;
	if (packet_open(bytes, DNS_MX, &p) != 0)
		return 0;
	while (n < MX_MAX && packet_next(&p, &r))
		if (packet_mx(&p, &r, &all[n].preference, all[n].name) == 0)
			n++;
	return n;
}

/* "If an empty list of MXs is returned, the address is treated as if it was
 * associated with an implicit MX RR": RFC 5321 5.1. */
static void start_implicit(struct lookup *l)
{
	l->is_implicit = true;
	if (!view_ieq(view_of(l->domain), l->options.hostname)) {
		lookup_host_start(l, l->domain, 0);
		return;
	}
	l->status = ROUTE_LOOP;
	lookup_say(
	    l, "5.4.6 %.150s is this host, and not a domain of it", l->domain);
}

static void start_hosts(struct lookup *l, struct mx *all, size_t n)
{
	l->status = mx_select(all, &n, l->options.hostname, random_below);
	if (l->status == ROUTE_NULL_MX)
		lookup_say(l, "5.1.10 %.150s takes no mail", l->domain);
	if (l->status == ROUTE_LOOP)
		lookup_say(l,
		    "5.4.6 this host is the best mail exchanger of %.100s, "
		    "and has no such domain",
		    l->domain);
	for (size_t i = 0; l->status == ROUTE_OK && i < n; i++) {
		char name[NAME_CAP];
		if (name_normalise(view_of(all[i].name), name) == 0)
			lookup_host_start(l, name, all[i].preference);
		else
			lookup_say(l, "left out a mail exchanger whose name "
				      "cannot be one");
	}
}

static void on_mx_found(struct lookup *l, const struct dns_answer *a)
{
	struct mx *all = must_alloc(MX_MAX * sizeof *all);
	size_t n = take_mx(a->packet, all);
	l->is_secure = a->is_secure;
	if (n)
		start_hosts(l, all, n);
	else
		start_implicit(l);
	free(all);
}

static void on_mx(struct dns_query *q, const struct dns_answer *a)
{
	struct lookup *l = q->ctx;
	lookup_note_ttl(l, a);
	switch (a->status) {
	case DNS_FOUND:
		on_mx_found(l, a);
		break;
	case DNS_NO_NAME:
		l->status = ROUTE_NO_DOMAIN;
		lookup_say(l, "5.1.2 there is no domain %.150s", l->domain);
		break;
	case DNS_FAILED:
		l->status = ROUTE_TEMP;
		lookup_say(l, "4.4.3 DNS: mail exchangers of %.100s: %.60s",
		    l->domain, a->why);
		break;
	}
	lookup_end(l);
}

/* TXT records. */

static void take_txt(struct lookup *l, struct view bytes)
{
	struct packet p;
	struct packet_record r;
	char *text = arena_alloc(&l->memory, LOOKUP_TXT_MAX);
	size_t n = 0;
	if (!text || packet_open(bytes, DNS_TXT, &p) != 0)
		return;
	while (packet_next(&p, &r) && n < LOOKUP_TXT_MAX) {
		size_t first = n ? n + 1 : 0; /* behind the one before */
		size_t more =
		    packet_txt(r.data, text + first, LOOKUP_TXT_MAX - first);
		for (size_t i = first; i < first + more; i++)
			if (text[i] == '\n' || text[i] == '\0')
				text[i] = ' ';
		if (first)
			text[n] = '\n';
		n = first + more;
	}
	l->txt = (struct view){ text, n };
}

static void on_txt(struct dns_query *q, const struct dns_answer *a)
{
	struct lookup *l = q->ctx;
	lookup_note_ttl(l, a);
	if (a->status == DNS_FOUND)
		take_txt(l, a->packet);
	if (a->status == DNS_FAILED) {
		l->status = ROUTE_TEMP;
		lookup_say(l, "4.4.3 DNS: TXT records of %.100s: %.60s",
		    l->domain, a->why);
	} else if (!l->txt.n) {
		l->status = ROUTE_NO_DOMAIN;
		lookup_say(l, "%.150s has no TXT record", l->domain);
	}
	lookup_end(l);
}

/* MTA-STS. */

static void take_sts(struct lookup *l, const struct dns_answer *a)
{
	struct packet p;
	struct packet_record r;
	char text[1024];
	unsigned n = 0;
	if (a->status != DNS_FOUND || packet_open(a->packet, DNS_TXT, &p) != 0)
		return;
	while (packet_next(&p, &r)) {
		struct view txt = { text,
			packet_txt(r.data, text, sizeof text) };
		if (!sts_record_is(txt))
			continue;
		n++;
		if (view_to_cstr(
			sts_record_id(txt), l->sts_id, sizeof l->sts_id) != 0)
			l->sts_id[0] = '\0';
	}
	/* "If the number of resulting records is not one, ... senders MUST
	 * assume the recipient domain does not have an available MTA-STS
	 * Policy": RFC 8461 3.1. */
	if (n != 1)
		l->sts_id[0] = '\0';
}

static void on_sts(struct dns_query *q, const struct dns_answer *a)
{
	struct lookup *l = q->ctx;
	take_sts(l, a);
	lookup_end(l);
}

static void ask_sts(struct lookup *l)
{
	char name[PACKET_NAME_MAX + 16];
	snprintf(name, sizeof name, "_mta-sts.%s", l->domain);
	l->sts.ctx = l;
	lookup_begin(l);
	dns_ask(l->options.dns, &l->sts, name, DNS_TXT, on_sts);
}

/* The answer. */

static void put_hosts(struct lookup *l, char *out, size_t *n)
{
	for (size_t i = 0; i < l->n_hosts; i++) {
		struct lookup_host *h = &l->hosts[i];
		if (!h->found.n_addresses) {
			lookup_say(l, "left out %.100s: %s", h->name,
			    h->has_failed ? "DNS gave no answer"
					  : "it has no address");
			continue;
		}
		h->found.name = view_of(h->name);
		if (route_put_host(&h->found, out, LOOKUP_HOSTS_BYTES, n) != 0)
			lookup_say(
			    l, "left out %.100s: too much data", h->name);
	}
}

static bool has_failed(const struct lookup *l)
{
	for (size_t i = 0; i < l->n_hosts; i++)
		if (l->hosts[i].has_failed)
			return true;
	return false;
}

/* None of the hosts has an address. */
static void judge_hostless(struct lookup *l)
{
	char notes[LOOKUP_TEXT_MAX + 1];
	snprintf(notes, sizeof notes, "%s", l->text);
	l->text[0] = '\0';
	if (has_failed(l)) {
		l->status = ROUTE_TEMP;
		lookup_say(l, "4.4.3 DNS: %.190s", notes);
	} else if (l->kind == LOOKUP_HOST) {
		/* The administrator's mistake is no reason to bounce. */
		l->status = ROUTE_TEMP;
		lookup_say(
		    l, "4.4.4 the host %.150s has no address", l->domain);
	} else {
		l->status = ROUTE_NO_DOMAIN;
		lookup_say(l,
		    l->is_implicit ? "5.1.2 %.100s has neither a mail "
				     "exchanger nor an address"
				   : "5.4.4 no mail exchanger of %.100s has "
				     "an address",
		    l->domain);
	}
}

static struct view group_of(const struct lookup *l)
{
	for (size_t i = 0; i < l->n_hosts; i++)
		if (l->hosts[i].found.n_addresses)
			return l->hosts[i].name[0] == '['
				   ? view_of(l->hosts[i].name)
				   : name_group(l->hosts[i].name);
	return V_NONE;
}

static uint32_t bounded_ttl(const struct lookup *l)
{
	if (l->status == ROUTE_TEMP || l->ttl_s < TTL_MIN_S)
		return TTL_MIN_S;
	return l->ttl_s > TTL_MAX_S ? TTL_MAX_S : l->ttl_s;
}

static void on_done(void *ctx)
{
	struct lookup *l = ctx;
	size_t n = 0;
	char *hosts = arena_alloc(&l->memory, LOOKUP_HOSTS_BYTES);
	timer_stop(l->timer);
	if (l->status == ROUTE_OK && hosts && l->kind != LOOKUP_TXT)
		put_hosts(l, hosts, &n);
	if (l->status == ROUTE_OK && !n && l->kind != LOOKUP_TXT)
		judge_hostless(l);
	struct lookup_result result = { .status = l->status,
		.ttl_s = bounded_ttl(l),
		.text = view_of(l->text) };
	if (l->status == ROUTE_OK && l->kind == LOOKUP_TXT) {
		result.text = l->txt;
	} else if (l->status == ROUTE_OK) {
		result.group = group_of(l);
		result.sts_id = view_of(l->sts_id);
		result.hosts = (struct view){ hosts, n };
	}
	l->fn(l->ctx, &result);
}

/* Life. */

static void cancel(struct lookup *l)
{
	dns_cancel(&l->first);
	dns_cancel(&l->sts);
	for (size_t i = 0; i < l->n_hosts; i++)
		lookup_host_cancel(&l->hosts[i]);
}

/* What has no answer yet counts as failed. */
static void on_timeout(void *ctx)
{
	struct lookup *l = ctx;
	if (l->first.dns) {
		l->status = ROUTE_TEMP;
		lookup_say(
		    l, "4.4.3 DNS: no answer about %.100s in time", l->domain);
	}
	cancel(l);
	deferred_schedule(l->done);
}

static void start_literal(struct lookup *l, const struct route_address *a)
{
	char text[ROUTE_ADDRESS_TEXT];
	struct lookup_host *h = &l->hosts[l->n_hosts++];
	route_address_format(a, text);
	snprintf(h->name, sizeof h->name, "[%s]", text);
	h->found.addresses[0] = *a;
	h->found.n_addresses = 1;
}

static void ask_first(struct lookup *l, enum dns_type type,
    void (*fn)(struct dns_query *q, const struct dns_answer *a))
{
	l->first.ctx = l;
	lookup_begin(l);
	dns_ask(l->options.dns, &l->first, l->domain, type, fn);
}

static void start_name(struct lookup *l)
{
	if (l->kind == LOOKUP_TXT) {
		ask_first(l, DNS_TXT, on_txt);
	} else if (l->kind == LOOKUP_HOST) {
		l->is_secure = true; /* its name is not from DNS */
		lookup_host_start(l, l->domain, 0);
	} else {
		ask_sts(l);
		ask_first(l, DNS_MX, on_mx);
	}
}

static void start(struct lookup *l, struct view domain)
{
	struct route_address literal;
	int error = name_literal(domain, &literal);
	if (!error && l->kind != LOOKUP_TXT) {
		start_literal(l, &literal);
	} else if (error == MC_E_NOENT &&
		   name_normalise(domain, l->domain) == 0) {
		start_name(l);
	} else {
		l->status = ROUTE_NO_DOMAIN;
		lookup_say(l, "5.1.2 what is behind the @ is no domain");
	}
}

struct lookup *lookup_start(const struct lookup_options *options,
    const struct lookup_question *question,
    void (*fn)(void *ctx, const struct lookup_result *result), void *ctx)
{
	struct lookup *l = MUST_NEW(struct lookup);
	l->options = *options;
	l->fn = fn;
	l->ctx = ctx;
	l->kind = question->kind;
	l->port = question->port;
	l->ttl_s = TTL_MAX_S;
	l->timer = timer_new(options->loop, on_timeout, l);
	l->done = deferred_new(options->loop, on_done, l);
	arena_init(&l->memory, LOOKUP_MEMORY_MAX);
	timer_start(l->timer, options->timeout_ms, 0);
	lookup_begin(l);
	start(l, question->name);
	lookup_end(l);
	return l;
}

void lookup_free(struct lookup **at)
{
	struct lookup *l = *at;
	*at = NULL;
	if (!l)
		return;
	cancel(l);
	timer_free(&l->timer);
	deferred_free(&l->done);
	arena_deinit(&l->memory);
	free(l);
}
