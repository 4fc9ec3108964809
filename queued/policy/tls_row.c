#include "queued/policy/tls_row.h"
#include "wire/msg.h"
#include "wire/rd.h"
#include "wire/wr.h"

enum {
	ROW_VERSION = 1
};

int tls_row_put_key(
    const struct tls_row *r, char *out, size_t *n, size_t *prefix_n)
{
	struct wr w = wr_into(out, TLS_ROW_KEY_MAX);
	if (r->domain.n > TLS_ROW_DOMAIN_MAX || r->host.n > TLS_ROW_HOST_MAX)
		return MC_E_LIMIT;
	if (view_has_byte(r->domain, '\0') || view_has_byte(r->host, '\0'))
		return MC_E_BAD;
	wr_u32(&w, r->day);
	wr_raw(&w, r->domain);
	wr_u8(&w, 0);
	*prefix_n = w.n;
	wr_u8(&w, r->policy);
	wr_u8(&w, r->result);
	wr_raw(&w, r->host);
	*n = w.n;
	return w.failed ? MC_E_LIMIT : 0;
}

int tls_row_put_value(const struct tls_row *r, char *out, size_t *n)
{
	struct wr w = wr_into(out, TLS_ROW_VALUE_MAX);
	wr_u8(&w, ROW_VERSION);
	wr_u64(&w, r->n_sessions);
	wr_bytes(&w, r->address, TLS_ROW_ADDRESS_MAX);
	wr_bytes(&w, r->source, TLS_ROW_ADDRESS_MAX);
	wr_bytes(&w, r->text, TLS_ROW_TEXT_MAX);
	*n = w.n;
	return w.failed ? MC_E_LIMIT : 0;
}

static int get_key(struct view key, struct tls_row *out)
{
	struct rd r = rd_of(key);
	out->day = rd_u32(&r);
	if (r.failed || !view_cut(&r.rest, '\0', &out->domain))
		return MC_E_CORRUPT;
	out->policy = rd_u8(&r);
	out->result = rd_u8(&r);
	out->host = r.rest;
	if (r.failed || out->policy >= TLS_POLICY_COUNT ||
	    out->result >= TLS_RESULT_COUNT || view_has_byte(out->host, '\0'))
		return MC_E_CORRUPT;
	return 0;
}

int tls_row_get(struct view key, struct view value, struct tls_row *out)
{
	struct tls_row row;
	struct rd r = rd_of(value);
	if (get_key(key, &row))
		return MC_E_CORRUPT;
	if (rd_u8(&r) != ROW_VERSION)
		return value.n ? MC_E_VERSION : MC_E_CORRUPT;
	row.n_sessions = rd_u64(&r);
	row.address = rd_bytes(&r, TLS_ROW_ADDRESS_MAX);
	row.source = rd_bytes(&r, TLS_ROW_ADDRESS_MAX);
	row.text = rd_bytes(&r, TLS_ROW_TEXT_MAX);
	if (!rd_end(&r))
		return MC_E_CORRUPT;
	*out = row;
	return 0;
}
