/* Reports of TLS: RFC 8460. */
#include "queued/policy/report.h"
#include "suite.h"
#include "text/codec.h"
#include <jansson.h>
#include <zlib.h>

static const struct tls_row rows[] = {
	{ 19675, V_INIT("b.example"), TLS_POLICY_STS, TLS_RESULT_OK,
	    V_INIT("mx1.b.example"), 5326, V_INIT("192.0.2.1"), V_INIT(""),
	    V_INIT("") },
	{ 19675, V_INIT("b.example"), TLS_POLICY_STS,
	    TLS_RESULT_CERTIFICATE_EXPIRED, V_INIT("mx1.b.example"), 100,
	    V_INIT("192.0.2.1"), V_INIT("198.51.100.1"), V_INIT("") },
	{ 19675, V_INIT("b.example"), TLS_POLICY_STS,
	    TLS_RESULT_STARTTLS_NOT_SUPPORTED, V_INIT("mx2.b.example"), 200,
	    V_INIT("2001:db8::2"), V_INIT(""), V_INIT("no \xff offer") },
	{ 19675, V_INIT("b.example"), TLS_POLICY_TLSA, TLS_RESULT_OK,
	    V_INIT("mx1.b.example"), 7, V_INIT("192.0.2.1"), V_INIT(""),
	    V_INIT("") },
};

static struct report report_of(void)
{
	return (struct report){ .organization = V("mx.a.example"),
		.contact = V("postmaster@mx.a.example"),
		.domain = V("b.example"),
		.day = 19675,
		.rows = rows,
		.n_rows = sizeof rows / sizeof rows[0],
		.policy_mode = V("enforce"),
		.policy_names = V("mx1.b.example *.mail.b.example"),
		.random = 0xabc,
		.now_s = 1700040000 };
}

static const char *text_at(json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static json_int_t number_at(json_t *j, const char *name)
{
	return json_integer_value(json_object_get(j, name));
}

START_TEST(says_what_happened)
{
	struct report r = report_of();
	struct buf out;
	buf_init(&out, REPORT_JSON_MAX);
	ck_assert_int_eq(report_put_json(&r, &out), 0);
	struct view v = buf_view(&out);
	json_t *j = json_loadb(v.p, v.n, JSON_REJECT_DUPLICATES, NULL);
	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(text_at(j, "organization-name"), "mx.a.example");
	json_t *range = json_object_get(j, "date-range");
	ck_assert_str_eq(
	    text_at(range, "start-datetime"), "2023-11-14T00:00:00Z");
	ck_assert_str_eq(
	    text_at(range, "end-datetime"), "2023-11-14T23:59:59Z");
	json_t *all = json_object_get(j, "policies");
	ck_assert_uint_eq(json_array_size(all), 2);
	json_t *sts = json_array_get(all, 0);
	json_t *policy = json_object_get(sts, "policy");
	ck_assert_str_eq(text_at(policy, "policy-type"), "sts");
	ck_assert_str_eq(text_at(policy, "policy-domain"), "b.example");
	json_t *lines = json_object_get(policy, "policy-string");
	ck_assert_uint_eq(json_array_size(lines), 4);
	ck_assert_str_eq(json_string_value(json_array_get(lines, 3)),
	    "mx: *.mail.b.example");
	json_t *summary = json_object_get(sts, "summary");
	ck_assert_int_eq(
	    number_at(summary, "total-successful-session-count"), 5326);
	ck_assert_int_eq(
	    number_at(summary, "total-failure-session-count"), 300);
	json_t *failures = json_object_get(sts, "failure-details");
	ck_assert_uint_eq(json_array_size(failures), 2);
	json_t *expired = json_array_get(failures, 0);
	ck_assert_str_eq(
	    text_at(expired, "result-type"), "certificate-expired");
	ck_assert_int_eq(number_at(expired, "failed-session-count"), 100);
	ck_assert_str_eq(text_at(expired, "sending-mta-ip"), "198.51.100.1");
	json_t *tlsa = json_array_get(all, 1);
	ck_assert_ptr_null(json_object_get(tlsa, "failure-details"));
	json_decref(j);
	buf_deinit(&out);
}

END_TEST

static size_t unpack(struct view gz, char *out, size_t cap)
{
	z_stream z = { 0 };
	ck_assert_int_eq(inflateInit2(&z, 15 + 16), Z_OK);
	z.next_in = (unsigned char *)(size_t)gz.p;
	z.avail_in = (unsigned)gz.n;
	z.next_out = (unsigned char *)out;
	z.avail_out = (unsigned)cap;
	ck_assert_int_eq(inflate(&z, Z_FINISH), Z_STREAM_END);
	inflateEnd(&z);
	return z.total_out;
}

START_TEST(packs)
{
	struct buf out;
	char back[100];
	buf_init(&out, REPORT_GZIP_MAX);
	ck_assert_int_eq(report_gzip(V("{\"a\":1}"), &out), 0);
	size_t n = unpack(buf_view(&out), back, sizeof back);
	ck_assert_view_eq(((struct view){ back, n }), V("{\"a\":1}"));
	buf_deinit(&out);
	/* What does not fit is no half of a file. */
	buf_init(&out, 10);
	ck_assert_int_eq(report_gzip(V("{\"a\":1}"), &out), MC_E_LIMIT);
	ck_assert_uint_eq(buf_len(&out), 0);
	buf_deinit(&out);
}

END_TEST

/* The base64 between the part's header and the delimiter behind it. */
static struct view last_part(struct view mail)
{
	struct view rest = view_skip(mail, view_find(mail, V("filename=")));
	rest = view_skip(rest, view_find(rest, V("\r\n\r\n")) + 4);
	return view_head(rest, view_find(rest, V("\r\n--=_")));
}

START_TEST(makes_a_message)
{
	struct report r = report_of();
	struct buf out, data;
	struct decoder d;
	buf_init(&out, 65536);
	buf_init(&data, 65536);
	char packed[300];
	memset(packed, 'x', sizeof packed);
	report_put_mail(&r, V("tls@b.example"),
	    (struct view){ packed, sizeof packed }, &out);
	ck_assert_int_eq(buf_error(&out), 0);
	struct view v = buf_view(&out);
	ck_assert(view_starts(v, V("From: <postmaster@mx.a.example>\r\n")));
	ck_assert_uint_lt(view_find(v, V("To: <tls@b.example>\r\n")), v.n);
	ck_assert_uint_lt(
	    view_find(v, V("TLS-Report-Domain: b.example\r\n")), v.n);
	ck_assert_uint_lt(view_find(v, V("mx.a.example!b.example!1699920000!"
					 "1700006399.json.gz")),
	    v.n);
	decoder_init(&d, ENCODING_BASE64);
	decoder_put(&d, last_part(v), &data);
	decoder_end(&d, &data);
	ck_assert_view_eq(
	    buf_view(&data), ((struct view){ packed, sizeof packed }));
	buf_deinit(&out);
	buf_deinit(&data);
}

END_TEST

static const struct {
	struct view text;
	size_t n;
	struct view first;
} records[] = {
	{ V_INIT("v=TLSRPTv1; rua=mailto:tls@b.example"), 1,
	    V_INIT("mailto:tls@b.example") },
	{ V_INIT("v=TLSRPTv1;rua=https://b.example/v1/tls,mailto:x@y;"), 2,
	    V_INIT("https://b.example/v1/tls") },
	{ V_INIT("v=TLSRPTv1; x=1; rua = ftp://b.example , mailto:a@b"), 1,
	    V_INIT("mailto:a@b") },
	{ V_INIT("v=TLSRPTv1; rua=mailto:a b"), 0, V_INIT("") },
	{ V_INIT("v=TLSRPTv1"), 0, V_INIT("") },
	{ V_INIT("v=TLSRPTv2; rua=mailto:a@b"), 0, V_INIT("") },
	{ V_INIT("rua=mailto:a@b; v=TLSRPTv1"), 0, V_INIT("") },
	{ V_INIT("v=TLSRPTv1; rua=mailto:a@b,mailto:c@d,mailto:e@f,"
		 "mailto:g@h,mailto:i@j"),
	    REPORT_URIS_MAX, V_INIT("mailto:a@b") },
	{ V_INIT(""), 0, V_INIT("") },
};

START_TEST(finds_where_reports_are_wanted)
{
	struct view uris[REPORT_URIS_MAX], text = exact_copy(records[_i].text);
	ck_assert_uint_eq(report_uris(text, uris), records[_i].n);
	if (records[_i].n)
		ck_assert_view_eq(uris[0], records[_i].first);
	exact_free(text);
}

END_TEST

static const struct {
	struct view uri, address; /* empty: bad */
} mailtos[] = {
	{ V_INIT("mailto:a@b.example"), V_INIT("a@b.example") },
	{ V_INIT("mailto:a%2Bb@c.example?subject=x"), V_INIT("a+b@c.example") },
	{ V_INIT("mailto:a%"), V_INIT("") },
	{ V_INIT("mailto:a%2"), V_INIT("") },
	{ V_INIT("mailto:a%0d%0aX:@b"), V_INIT("") },
	{ V_INIT("mailto:a>b"), V_INIT("") },
	{ V_INIT("mailto:"), V_INIT("") },
};

START_TEST(finds_the_address)
{
	struct buf out;
	struct view uri = exact_copy(mailtos[_i].uri);
	buf_init(&out, 320);
	int error = report_mailto(uri, &out);
	ck_assert_int_eq(error, mailtos[_i].address.n ? 0 : MC_E_BAD);
	if (!error)
		ck_assert_view_eq(buf_view(&out), mailtos[_i].address);
	buf_deinit(&out);
	exact_free(uri);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/report");
	TCase *t = tcase_create("report");
	tcase_add_test(t, says_what_happened);
	tcase_add_test(t, packs);
	tcase_add_test(t, makes_a_message);
	tcase_add_loop_test(t, finds_where_reports_are_wanted, 0,
	    sizeof records / sizeof records[0]);
	tcase_add_loop_test(
	    t, finds_the_address, 0, sizeof mailtos / sizeof mailtos[0]);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
