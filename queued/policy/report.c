#include "queued/policy/report.h"
#include "base/chars.h"
#include "base/panic.h"
#include "text/codec.h"
#include "text/date.h"
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	DAY_S = 86400,
	LINE_OCTETS = 76, /* of base64 (RFC 2045 6.8) */
};

/* RFC 8460 4.2 and 4.3. */
static const char *const policy_types[TLS_POLICY_COUNT] = {
	[TLS_POLICY_NONE] = "no-policy-found",
	[TLS_POLICY_STS] = "sts",
	[TLS_POLICY_TLSA] = "tlsa",
};

static const char *const result_types[TLS_RESULT_COUNT] = {
	[TLS_RESULT_OK] = NULL,
	[TLS_RESULT_STARTTLS_NOT_SUPPORTED] = "starttls-not-supported",
	[TLS_RESULT_CERTIFICATE_HOST_MISMATCH] = "certificate-host-mismatch",
	[TLS_RESULT_CERTIFICATE_EXPIRED] = "certificate-expired",
	[TLS_RESULT_CERTIFICATE_NOT_TRUSTED] = "certificate-not-trusted",
	[TLS_RESULT_VALIDATION_FAILURE] = "validation-failure",
	[TLS_RESULT_TLSA_INVALID] = "tlsa-invalid",
	[TLS_RESULT_DNSSEC_INVALID] = "dnssec-invalid",
	[TLS_RESULT_DANE_REQUIRED] = "dane-required",
	[TLS_RESULT_STS_POLICY_FETCH_ERROR] = "sts-policy-fetch-error",
	[TLS_RESULT_STS_POLICY_INVALID] = "sts-policy-invalid",
	[TLS_RESULT_STS_WEBPKI_INVALID] = "sts-webpki-invalid",
};

static int64_t start_of(const struct report *r)
{
	return (int64_t)r->day * DAY_S;
}

/* Text from elsewhere that is not UTF-8 is repaired. */
static json_t *json_of(struct view v)
{
	struct buf clean;
	buf_init(&clean, 4 * TLS_ROW_KEY_MAX);
	utf8_repair(v, &clean);
	struct view text = buf_view(&clean);
	json_t *j = json_stringn(text.n ? text.p : "", text.n);
	buf_deinit(&clean);
	return j;
}

static json_t *json_time(int64_t unix_s)
{
	char text[32];
	struct tm tm;
	time_t t = (time_t)unix_s;
	gmtime_r(&t, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static void put_id(const struct report *r, char out[64])
{
	snprintf(out, 64, "%" PRIu32 ".%016" PRIx64, r->day, r->random);
}

static json_t *policy_string(const struct report *r)
{
	json_t *lines = json_array();
	struct view name, names = r->policy_names;
	char line[300];
	json_array_append_new(lines, json_string("version: STSv1"));
	snprintf(line, sizeof line, "mode: %.*s", (int)r->policy_mode.n,
	    r->policy_mode.p);
	json_array_append_new(lines, json_string(line));
	while (names.n) {
		view_cut(&names, ' ', &name);
		snprintf(line, sizeof line, "mx: %.*s", (int)name.n, name.p);
		json_array_append_new(lines, json_string(line));
	}
	return lines;
}

static json_t *policy_of(const struct report *r, uint8_t policy)
{
	json_t *p = json_object();
	json_object_set_new(
	    p, "policy-type", json_string(policy_types[policy]));
	if (policy == TLS_POLICY_STS && r->policy_mode.n)
		json_object_set_new(p, "policy-string", policy_string(r));
	json_object_set_new(p, "policy-domain", json_of(r->domain));
	return p;
}

static json_t *failure_of(const struct tls_row *row)
{
	json_t *f = json_object();
	json_object_set_new(
	    f, "result-type", json_string(result_types[row->result]));
	if (row->source.n)
		json_object_set_new(f, "sending-mta-ip", json_of(row->source));
	if (row->host.n)
		json_object_set_new(
		    f, "receiving-mx-hostname", json_of(row->host));
	if (row->address.n)
		json_object_set_new(f, "receiving-ip", json_of(row->address));
	json_object_set_new(f, "failed-session-count",
	    json_integer((json_int_t)row->n_sessions));
	if (row->text.n)
		json_object_set_new(
		    f, "failure-reason-code", json_of(row->text));
	return f;
}

static json_t *summary_of(uint64_t good, uint64_t bad)
{
	json_t *s = json_object();
	json_object_set_new(s, "total-successful-session-count",
	    json_integer((json_int_t)good));
	json_object_set_new(
	    s, "total-failure-session-count", json_integer((json_int_t)bad));
	return s;
}

/* NULL: there was no session under this policy. */
static json_t *section_of(const struct report *r, uint8_t policy)
{
	uint64_t good = 0, bad = 0;
	json_t *failures = json_array();
	for (size_t i = 0; i < r->n_rows; i++) {
		const struct tls_row *row = &r->rows[i];
		if (row->policy != policy)
			continue;
		if (row->result == TLS_RESULT_OK) {
			good += row->n_sessions;
			continue;
		}
		bad += row->n_sessions;
		json_array_append_new(failures, failure_of(row));
	}
	if (!good && !bad) {
		json_decref(failures);
		return NULL;
	}
	json_t *section = json_object();
	json_object_set_new(section, "policy", policy_of(r, policy));
	json_object_set_new(section, "summary", summary_of(good, bad));
	if (bad)
		json_object_set_new(section, "failure-details", failures);
	else
		json_decref(failures);
	return section;
}

static json_t *range_of(const struct report *r)
{
	json_t *range = json_object();
	json_object_set_new(range, "start-datetime", json_time(start_of(r)));
	json_object_set_new(
	    range, "end-datetime", json_time(start_of(r) + DAY_S - 1));
	return range;
}

static json_t *whole(const struct report *r)
{
	json_t *j = json_object(), *policies = json_array();
	char id[64];
	put_id(r, id);
	json_object_set_new(j, "organization-name", json_of(r->organization));
	json_object_set_new(j, "date-range", range_of(r));
	json_object_set_new(j, "contact-info", json_of(r->contact));
	json_object_set_new(j, "report-id", json_string(id));
	for (uint8_t p = 0; p < TLS_POLICY_COUNT; p++) {
		json_t *section = section_of(r, p);
		if (section)
			json_array_append_new(policies, section);
	}
	json_object_set_new(j, "policies", policies);
	return j;
}

static int on_json(const char *p, size_t n, void *ctx)
{
	buf_put(ctx, (struct view){ p, n });
	return 0;
}

int report_put_json(const struct report *r, struct buf *out)
{
	json_t *j = whole(r);
	json_dump_callback(j, on_json, out, JSON_COMPACT);
	json_decref(j);
	return buf_error(out);
}

int report_gzip(struct view json, struct buf *out)
{
	z_stream z = { 0 };
	/* 16 more: a gzip header, not zlib's. */
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
		Z_DEFAULT_STRATEGY) != Z_OK)
		return MC_E_TEMP;
	size_t room = buf_room(out);
	char *to = buf_reserve(out, room);
	if (!to) {
		deflateEnd(&z);
		return MC_E_LIMIT;
	}
	z.next_in = (unsigned char *)(size_t)json.p;
	z.avail_in = (unsigned)json.n;
	z.next_out = (unsigned char *)to;
	z.avail_out = (unsigned)room;
	bool is_whole = deflate(&z, Z_FINISH) == Z_STREAM_END;
	buf_commit(out, is_whole ? (size_t)z.total_out : 0);
	deflateEnd(&z);
	return is_whole ? 0 : MC_E_LIMIT;
}

static void put_view(struct buf *out, const char *before, struct view v)
{
	buf_put_cstr(out, before);
	buf_put(out, v);
}

static void put_base64(struct buf *out, struct view v)
{
	struct buf line;
	buf_init(&line, 2 * (size_t)LINE_OCTETS);
	while (v.n) {
		struct view part = view_head(v, LINE_OCTETS / 4 * 3);
		base64_encode(part, &line);
		buf_put(out, buf_view(&line));
		buf_put(out, V("\r\n"));
		buf_reset(&line);
		v = view_skip(v, part.n);
	}
	buf_deinit(&line);
}

static void put_header(
    const struct report *r, struct view to, const char *id, struct buf *out)
{
	put_view(out, "From: <", r->contact);
	put_view(out, ">\r\nTo: <", to);
	put_view(out, ">\r\nDate: ", V(""));
	date_put(out, (struct date){ r->now_s, 0 });
	put_view(out, "\r\nSubject: Report Domain: ", r->domain);
	put_view(out, "\r\n Submitter: ", r->organization);
	put_view(out, "\r\n Report-ID: <", view_of(id));
	put_view(out, "@", r->organization);
	put_view(out, ">\r\nMessage-ID: <tls.", view_of(id));
	put_view(out, "@", r->organization);
	put_view(out, ">\r\nTLS-Report-Domain: ", r->domain);
	put_view(out, "\r\nTLS-Report-Submitter: ", r->organization);
	buf_put(
	    out, V("\r\nMIME-Version: 1.0\r\n"
		   "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n"
		   " boundary=\""));
	put_view(out, "=_", view_of(id));
	buf_put(out, V("\"\r\n\r\n"));
}

static void put_delimiter(const char *id, struct buf *out)
{
	put_view(out, "\r\n--=_", view_of(id));
}

/* RFC 8460 5.1: submitter!domain!begin!end. */
static void put_file_name(const struct report *r, struct buf *out)
{
	buf_put(out, r->organization);
	buf_put_char(out, '!');
	buf_put(out, r->domain);
	buf_printf(out, "!%" PRId64 "!%" PRId64 ".json.gz", start_of(r),
	    start_of(r) + DAY_S - 1);
}

void report_put_mail(
    const struct report *r, struct view to, struct view gzip, struct buf *out)
{
	char id[64];
	put_id(r, id);
	put_header(r, to, id, out);
	put_delimiter(id, out);
	buf_put(
	    out, V("\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
		   "This is a report of how TLS went between mail servers, for "
		   "programs to read.\r\n"));
	put_delimiter(id, out);
	buf_put(out, V("\r\nContent-Type: application/tlsrpt+gzip\r\n"
		       "Content-Transfer-Encoding: base64\r\n"
		       "Content-Disposition: attachment;\r\n filename=\""));
	put_file_name(r, out);
	buf_put(out, V("\"\r\n\r\n"));
	put_base64(out, gzip);
	put_delimiter(id, out);
	buf_put(out, V("--\r\n"));
}

static bool is_uri(struct view v)
{
	if (v.n > REPORT_URI_OCTETS_MAX)
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_PRINT) || v.p[i] == ' ')
			return false;
	return view_istarts(v, V("mailto:")) || view_istarts(v, V("https://"));
}

static size_t take_uris(struct view list, struct view out[REPORT_URIS_MAX])
{
	size_t n = 0;
	while (list.n && n < REPORT_URIS_MAX) {
		struct view uri;
		view_cut(&list, ',', &uri);
		uri = view_trim(uri);
		if (is_uri(uri))
			out[n++] = uri;
	}
	return n;
}

size_t report_uris(struct view text, struct view out[REPORT_URIS_MAX])
{
	struct view field, name;
	view_cut(&text, ';', &field);
	if (!view_eq(view_trim(field), V("v=TLSRPTv1")))
		return 0;
	while (text.n) {
		view_cut(&text, ';', &field);
		if (view_cut(&field, '=', &name) &&
		    view_eq(view_trim(name), V("rua")))
			return take_uris(field, out);
	}
	return 0;
}

int report_mailto(struct view uri, struct buf *out)
{
	struct view address, rest = view_skip(uri, sizeof "mailto:" - 1);
	view_cut(&rest, '?', &address);
	for (size_t i = 0; i < address.n; i++) {
		char c = address.p[i];
		if (c == '%') {
			int high =
			    i + 2 < address.n ? char_hex(address.p[i + 1]) : -1;
			int low = high < 0 ? -1 : char_hex(address.p[i + 2]);
			if (low < 0)
				return MC_E_BAD;
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (!char_is(c, CHAR_PRINT) || c == '<' || c == '>' || c == ' ')
			return MC_E_BAD;
		buf_put_char(out, c);
	}
	return buf_error(out) || !buf_len(out) ? MC_E_BAD : 0;
}
