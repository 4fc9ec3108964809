#include "queued/resolver/dns.h"
#include "base/panic.h"
#include "log/log.h"
#include "queued/resolver/dns_events.h"
#include <stdlib.h>
#include <string.h>
#include <unbound-event.h>
#include <unbound.h>

struct dns {
	struct dns_events *events;
	struct ub_ctx *context;
};

enum {
	BOGUS = 1, /* of libunbound's callback; 0: not signed */
	SECURE = 2,
	CLASS_IN = 1,
	RCODE_NO_NAME = 3,
};

/* The keys that sign the root: https://data.iana.org/root-anchors */
static const char root_anchor[] =
    ". IN DS 20326 8 2 "
    "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n"
    ". IN DS 38696 8 2 "
    "683D2D0ACB8C9B712A1948B27F741219298D0A450D612C483AF444A4C0FB2B16\n";

static int told(const char *what, const char *value, int status)
{
	if (!status)
		return 0;
	LOG(NULL, ERROR, "dns.setup", KV_STR("what", what),
	    KV_STR("value", value), KV_STR("reason", ub_strerror(status)));
	return MC_E_BAD;
}

static int set(struct ub_ctx *context, const char *option, const char *value)
{
	return told(option, value, ub_ctx_set_option(context, option, value));
}

static int set_number(struct ub_ctx *context, const char *option, int64_t n)
{
	char text[32];
	snprintf(text, sizeof text, "%lld", (long long)n);
	return set(context, option, text);
}

/* A record a line; what follows ';' is a comment. */
static int add_anchors(struct ub_ctx *context, struct view text)
{
	char record[4096];
	struct view line, plain;
	int error = 0;
	while (text.n && !error) {
		view_cut(&text, '\n', &line);
		view_cut(&line, ';', &plain);
		if (!view_trim(plain).n)
			continue;
		error = view_to_cstr(view_trim(plain), record, sizeof record);
		if (error)
			LOG(NULL, ERROR, "dns.setup",
			    KV_STR("what", "trust anchor"),
			    KV_ERR("error", error));
		else
			error = told("trust anchor", record,
			    ub_ctx_add_ta(context, record));
	}
	return error;
}

static int add_servers(
    struct ub_ctx *context, const struct conf_servers *servers)
{
	int error = 0;
	for (size_t i = 0; i < servers->n && !error; i++)
		error = told("server", servers->text[i],
		    ub_ctx_set_fwd(context, servers->text[i]));
	return error;
}

struct setting {
	const char *option, *value;
};

static const struct setting settings[] = {
	/* Of the size that no path cuts in pieces. */
	{ "edns-buffer-size:", "1232" },
	/* A name server on this host is usual for mail hosts. */
	{ "do-not-query-localhost:", "no" },
	{ "qname-minimisation:", "yes" },
	{ "harden-dnssec-stripped:", "yes" },
	{ "prefetch:", "no" },
	{ "minimal-responses:", "no" },
	/* Name servers that were away are asked again soon. */
	{ "infra-host-ttl:", "60" },
	{ "infra-keep-probing:", "yes" },
	{ "rrset-roundrobin:", "yes" },
	/* Sites use it for names of their own. */
	{ "local-zone:", "test. transparent" },
};

static int configure(struct ub_ctx *context, const struct dns_options *o)
{
	int error = 0;
	for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
		if (!error)
			error =
			    set(context, settings[i].option, settings[i].value);
	if (!error)
		error = set(context, "module-config:",
		    o->validate ? "validator iterator" : "iterator");
	if (!error)
		error =
		    set_number(context, "msg-cache-size:", o->cache_bytes / 2);
	if (!error)
		error = set_number(
		    context, "rrset-cache-size:", o->cache_bytes / 2);
	if (!error)
		error = set_number(
		    context, "num-queries-per-thread:", 8 * o->questions_max);
	if (!error)
		error = set_number(context, "outgoing-range:", 1000);
	if (!error && o->validate)
		error = add_anchors(
		    context, o->anchor.n ? o->anchor : view_of(root_anchor));
	return error ? error : add_servers(context, o->servers);
}

int dns_open(
    struct loop *l, const struct dns_options *options, struct dns **out)
{
	struct dns *d = MUST_NEW(struct dns);
	d->events = dns_events_new(l);
	d->context = ub_ctx_create_ub_event(dns_events_base(d->events));
	int error = d->context ? 0 : MC_E_INTERNAL;
	if (!error) {
		ub_ctx_debugout(d->context, NULL); /* the log is ours */
		error = configure(d->context, options);
	}
	/* It reads anchors late; this makes it do so now. */
	if (!error)
		error = told("configuration", "trust anchor",
		    ub_ctx_data_remove(d->context, "unset.invalid."));
	if (error)
		dns_close(&d);
	else
		*out = d;
	return error;
}

void dns_close(struct dns **d)
{
	if (!*d)
		return;
	if ((*d)->context)
		ub_ctx_delete((*d)->context);
	dns_events_free(&(*d)->events);
	free(*d);
	*d = NULL;
}

static void fail(struct dns_query *q, const char *why)
{
	struct dns_answer a = { .status = DNS_FAILED, .why = why };
	q->dns = NULL;
	q->fn(q, &a);
}

static void answer(struct dns_query *q, struct dns_answer *a, int rcode)
{
	if (rcode == RCODE_NO_NAME)
		a->status = DNS_NO_NAME;
	q->dns = NULL;
	q->fn(q, a);
}

/* RFC 1035 4.1.1: of a message with a header. */
static int rcode_of(int rcode, struct view packet)
{
	return rcode || packet.n < 4 ? rcode : packet.p[3] & 15;
}

static void on_answer(void *ctx, int rcode, void *packet, int length,
    int security, char *why, int was_limited)
{
	struct dns_query *q = ctx;
	struct dns_answer a = { .status = DNS_FOUND,
		.is_secure = security == SECURE };
	(void)was_limited;
	if (packet && length > 0)
		a.packet = (struct view){ packet, (size_t)length };
	rcode = rcode_of(rcode, a.packet);
	if (security == BOGUS)
		fail(q, why && *why ? why : "the signatures are wrong");
	else if (rcode && rcode != RCODE_NO_NAME)
		fail(q, why && *why ? why : "no name server has an answer");
	else
		answer(q, &a, rcode);
}

void dns_ask(struct dns *d, struct dns_query *q, const char *name,
    enum dns_type type,
    void (*fn)(struct dns_query *q, const struct dns_answer *a))
{
	q->dns = d;
	q->fn = fn;
	int status = ub_resolve_event(
	    d->context, name, (int)type, CLASS_IN, q, on_answer, &q->id);
	if (status)
		fail(q, ub_strerror(status));
}

void dns_cancel(struct dns_query *q)
{
	if (q->dns)
		ub_cancel(q->dns->context, q->id);
	q->dns = NULL;
}
