#include "queued/resolver/lookup_state.h"
#include <stdio.h>
#include <string.h>

static void on_tlsa(struct dns_query *q, const struct dns_answer *a);

/* "The TLSA RRset at the fully expanded name first, then at the original one":
 * the sense of RFC 7672 2.2.2 and 2.2.3. */
static void ask_tlsa(struct lookup_host *h)
{
	char name[PACKET_NAME_MAX + 16];
	bool has_alias = strcmp(h->name, h->canonical) != 0;
	bool first = !h->tlsa.ctx && has_alias;
	h->tlsa_at_own_name = !first;
	h->tlsa.ctx = h;
	snprintf(name, sizeof name, "_%u._tcp.%s", h->lookup->port,
	    first ? h->canonical : h->name);
	lookup_begin(h->lookup);
	dns_ask(h->lookup->options.dns, &h->tlsa, name, DNS_TLSA, on_tlsa);
}

static void add_tlsa(struct lookup_host *h, struct view data)
{
	bool ok = true;
	size_t n = h->found.n_tlsa;
	if (data.n < 4 || data.n - 3 > ROUTE_TLSA_DATA_MAX ||
	    n == ROUTE_TLSA_MAX)
		return;
	struct view copy =
	    arena_copy(&h->lookup->memory, view_skip(data, 3), &ok);
	if (!ok)
		return;
	h->found.tlsa[n] = (struct route_tlsa){ (uint8_t)data.p[0],
		(uint8_t)data.p[1], (uint8_t)data.p[2], copy };
	h->found.n_tlsa = n + 1;
}

static size_t take_tlsa(struct lookup_host *h, struct view bytes)
{
	struct packet p;
	struct packet_record r;
	size_t n = 0;
	if (packet_open(bytes, DNS_TLSA, &p) != 0)
		return 0;
	for (; packet_next(&p, &r); n++)
		add_tlsa(h, r.data);
	return n;
}

static void on_tlsa(struct dns_query *q, const struct dns_answer *a)
{
	struct lookup_host *h = q->ctx;
	lookup_note_ttl(h->lookup, a);
	if (a->status == DNS_FAILED) {
		h->found.dane = DANE_TEMP;
		lookup_say(
		    h->lookup, "TLSA records of %.80s: %.80s", h->name, a->why);
	} else if (a->is_secure && take_tlsa(h, a->packet)) {
		h->found.dane = DANE_OK;
	} else if (!h->tlsa_at_own_name) {
		ask_tlsa(h);
	}
	lookup_end(h->lookup);
}

static void add_address(struct lookup_host *h, struct view data, bool is_v6)
{
	if (data.n != (is_v6 ? 16 : 4) ||
	    h->found.n_addresses == ROUTE_ADDRESSES_MAX)
		return;
	struct route_address *to = &h->found.addresses[h->found.n_addresses++];
	*to = (struct route_address){ .is_v6 = is_v6 };
	memcpy(to->bytes, data.p, data.n);
}

static void take_addresses(
    struct lookup_host *h, const struct dns_answer *a, bool is_v6)
{
	struct packet p;
	struct packet_record r;
	size_t before = h->found.n_addresses;
	if (packet_open(a->packet, is_v6 ? DNS_AAAA : DNS_A, &p) != 0)
		return;
	while (packet_next(&p, &r)) {
		add_address(h, r.data, is_v6);
		if (name_normalise(view_of(r.owner), h->canonical) != 0)
			memcpy(h->canonical, h->name, sizeof h->canonical);
	}
	if (h->found.n_addresses > before)
		h->found.is_secure = h->found.is_secure && a->is_secure;
}

static void on_address(struct dns_query *q, const struct dns_answer *a)
{
	struct lookup_host *h = q->ctx;
	lookup_note_ttl(h->lookup, a);
	if (a->status == DNS_FAILED) {
		h->has_failed = true;
		lookup_say(
		    h->lookup, "addresses of %.80s: %.80s", h->name, a->why);
	} else {
		take_addresses(h, a, q == &h->aaaa);
	}
	if (--h->n_pending == 0 && h->found.n_addresses && h->found.is_secure)
		ask_tlsa(h);
	lookup_end(h->lookup);
}

static void ask_address(
    struct lookup_host *h, struct dns_query *q, enum dns_type type)
{
	q->ctx = h;
	lookup_begin(h->lookup);
	dns_ask(h->lookup->options.dns, q, h->name, type, on_address);
}

void lookup_host_start(struct lookup *l, const char *name, uint16_t preference)
{
	struct lookup_host *h = &l->hosts[l->n_hosts++];
	h->lookup = l;
	snprintf(h->name, sizeof h->name, "%s", name);
	memcpy(h->canonical, h->name, sizeof h->canonical);
	h->found.preference = preference;
	/* "If the MX RRset is insecure, DANE TLS does not apply": RFC 7672
	 * 2.2.1 in short. */
	h->found.is_secure = l->is_secure;
	h->n_pending = 2;
	ask_address(h, &h->a, DNS_A);
	ask_address(h, &h->aaaa, DNS_AAAA);
}

void lookup_host_cancel(struct lookup_host *h)
{
	if (h->a.dns || h->aaaa.dns)
		h->has_failed = true;
	if (h->tlsa.dns)
		h->found.dane = DANE_TEMP;
	dns_cancel(&h->a);
	dns_cancel(&h->aaaa);
	dns_cancel(&h->tlsa);
}
