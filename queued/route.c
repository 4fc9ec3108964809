#include "queued/route.h"
#include "base/panic.h"
#include "wire/rd.h"
#include "wire/wr.h"
#include <arpa/inet.h>
#include <string.h>

static void put_address(struct wr *w, const struct route_address *a)
{
	wr_u8(w, a->is_v6);
	wr_raw(w, (struct view){ (const char *)a->bytes, a->is_v6 ? 16 : 4 });
}

static void put_tlsa(struct wr *w, const struct route_tlsa *t)
{
	wr_u8(w, t->usage);
	wr_u8(w, t->selector);
	wr_u8(w, t->matching);
	wr_bytes(w, t->data, ROUTE_TLSA_DATA_MAX);
}

int route_put_host(const struct route_host *h, char *out, size_t cap, size_t *n)
{
	struct wr w = wr_into(out + *n, cap - *n);
	mc_assert(h->n_addresses <= ROUTE_ADDRESSES_MAX &&
		  h->n_tlsa <= ROUTE_TLSA_MAX);
	wr_bytes(&w, h->name, ROUTE_NAME_MAX);
	wr_u16(&w, h->preference);
	wr_u8(&w, h->is_secure);
	wr_u8(&w, (uint8_t)h->dane);
	wr_u8(&w, (uint8_t)h->n_addresses);
	for (size_t i = 0; i < h->n_addresses; i++)
		put_address(&w, &h->addresses[i]);
	wr_u8(&w, (uint8_t)h->n_tlsa);
	for (size_t i = 0; i < h->n_tlsa; i++)
		put_tlsa(&w, &h->tlsa[i]);
	if (w.failed)
		return MC_E_LIMIT;
	*n += w.n;
	return 0;
}

static bool take_bool(struct rd *r)
{
	uint8_t n = rd_u8(r);
	if (n > 1)
		r->failed = true;
	return n == 1;
}

static void take_address(struct rd *r, struct route_address *out)
{
	*out = (struct route_address){ .is_v6 = take_bool(r) };
	struct view bytes = rd_raw(r, out->is_v6 ? 16 : 4);
	if (!r->failed)
		memcpy(out->bytes, bytes.p, bytes.n);
}

static void take_tlsa(struct rd *r, struct route_tlsa *out)
{
	out->usage = rd_u8(r);
	out->selector = rd_u8(r);
	out->matching = rd_u8(r);
	out->data = rd_bytes(r, ROUTE_TLSA_DATA_MAX);
}

static size_t take_count(struct rd *r, size_t max)
{
	uint8_t n = rd_u8(r);
	if (n > max)
		r->failed = true;
	return r->failed ? 0 : n;
}

int route_take_host(struct view *hosts, struct route_host *out)
{
	struct rd r = rd_of(*hosts);
	if (!hosts->n)
		return MC_E_NOENT;
	*out = (struct route_host){ .name = rd_bytes(&r, ROUTE_NAME_MAX) };
	out->preference = rd_u16(&r);
	out->is_secure = take_bool(&r);
	uint8_t dane = rd_u8(&r);
	if (dane >= DANE_COUNT)
		r.failed = true;
	out->dane = (enum route_dane)dane;
	out->n_addresses = take_count(&r, ROUTE_ADDRESSES_MAX);
	for (size_t i = 0; i < out->n_addresses; i++)
		take_address(&r, &out->addresses[i]);
	out->n_tlsa = take_count(&r, ROUTE_TLSA_MAX);
	for (size_t i = 0; i < out->n_tlsa; i++)
		take_tlsa(&r, &out->tlsa[i]);
	if (r.failed)
		return MC_E_PROTO;
	*hosts = r.rest;
	return 0;
}

void route_address_format(
    const struct route_address *a, char out[ROUTE_ADDRESS_TEXT])
{
	if (!inet_ntop(a->is_v6 ? AF_INET6 : AF_INET, a->bytes, out,
		ROUTE_ADDRESS_TEXT))
		out[0] = '\0';
}
