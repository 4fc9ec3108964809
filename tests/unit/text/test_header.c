/* Header fields (RFC 5322 2.2), encoded words (RFC 2047), parameters of MIME
 * fields (RFC 2045 5.1, RFC 2231). */
#include "suite.h"
#include "text/message/header.h"

struct field_case {
	struct view in;
	const char *fields; /* "name|value;" for each */
	size_t left;
};

static const struct field_case field_cases[] = {
	{ V_INIT("A: b\r\nC:d\r\n\r\nbody"), "A| b;C|d;", 4 },
	{ V_INIT("A: b\nC:d\n\nbody"), "A| b;C|d;", 4 },
	{ V_INIT("A: b\r\n c\r\n\td\r\nE: f\r\n"), "A| b\r\n c\r\n\td;E| f;",
	    0 },
	{ V_INIT("A: b"), "A| b;", 0 },
	{ V_INIT("A:"), "A|;", 0 },
	{ V_INIT("A \t: b\r\n"), "A| b;", 0 },
	{ V_INIT("From me\r\nA: b\r\n"), "|From me;A| b;", 0 },
	{ V_INIT("A b: c\r\n"), "|A b: c;", 0 },
	{ V_INIT(": c\r\n"), "|: c;", 0 },
	{ V_INIT(" lost\r\nA: b\r\n"), "| lost;A| b;", 0 },
	{ V_INIT("A: b\r\n \r\nC: d\r\n"), "A| b\r\n ;C| d;", 0 },
	{ V_INIT("\xc3\xa4: b\r\n"), "|\xc3\xa4: b;", 0 },
	{ V_INIT("\r\nbody"), "", 4 },
	{ V_INIT(""), "", 0 },
	{ V_INIT("\r"), "", 0 },
};

START_TEST(splits_header_blocks)
{
	const struct field_case *c = &field_cases[_i];
	struct view block = exact_copy(c->in), in = block;
	struct header_field f;
	struct buf out;
	size_t raw = 0;
	buf_init(&out, 1000);
	while (header_next(&in, &f) == PARSE_OK) {
		buf_put(&out, f.name);
		buf_put_char(&out, '|');
		buf_put(&out, f.value);
		buf_put_char(&out, ';');
		ck_assert_ptr_eq(f.raw.p, block.p + raw);
		raw += f.raw.n;
	}
	ck_assert_view_eq(buf_view(&out), view_of(c->fields));
	ck_assert_uint_eq(in.n, c->left);
	ck_assert_int_eq(header_next(&in, &f), c->left ? PARSE_OK : PARSE_MORE);
	buf_deinit(&out);
	exact_free(block);
}

END_TEST

START_TEST(finds_the_first_field_of_a_name)
{
	struct header_field f;
	struct view block = V("A: 1\r\nb: 2\r\nB: 3\r\n\r\nC: 4\r\n");
	ck_assert(header_find(block, V("B"), &f));
	ck_assert_view_eq(f.value, V(" 2"));
	ck_assert(!header_find(block, V("C"), &f));
	ck_assert(!header_find(V(""), V("C"), &f));
}

END_TEST

struct text_case {
	struct view in, want;
};

static const struct text_case decode_cases[] = {
	{ V_INIT(" plain text \r\n"), V_INIT("plain text") },
	{ V_INIT(" a\r\n b\r\n\tc"), V_INIT("a b c") },
	{ V_INIT("a\tb\n\t\tc"), V_INIT("a\tb \tc") },
	/* RFC 2047 8 */
	{ V_INIT("(=?ISO-8859-1?Q?a?=)"), V_INIT("(a)") },
	{ V_INIT("(=?ISO-8859-1?Q?a?= b)"), V_INIT("(a b)") },
	{ V_INIT("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)"), V_INIT("(ab)") },
	{ V_INIT("(=?ISO-8859-1?Q?a?=\r\n   =?ISO-8859-1?Q?b?=)"),
	    V_INIT("(ab)") },
	{ V_INIT("(=?ISO-8859-1?Q?a_b?=)"), V_INIT("(a b)") },
	{ V_INIT("=?ISO-8859-1?Q?Patrik_F=E4ltstr=F6m?= <p@q>"),
	    V_INIT("Patrik F\xc3\xa4ltstr\xc3\xb6m <p@q>") },
	{ V_INIT("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n "
		 "=?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
	    V_INIT("If you can read this you understand the example.") },
	/* RFC 2231 5: with a language */
	{ V_INIT("=?US-ASCII*EN?Q?Keith_Moore?="), V_INIT("Keith Moore") },
	/* One character in two words. */
	{ V_INIT("=?utf-8?B?w6Q=?= =?utf-8?Q?=C3?= =?UTF-8?q?=a4?="),
	    V_INIT("\xc3\xa4\xc3\xa4") },
	{ V_INIT("a =?utf-8?Q?b?= c =?utf-8?Q?d?="), V_INIT("a b c d") },
	{ V_INIT("=?utf-8?Q?Wie geht's?\?="), V_INIT("Wie geht's?") },
	{ V_INIT("=?utf-8?Q?a"), V_INIT("=?utf-8?Q?a") },
	{ V_INIT("=?utf-8?X?a?="), V_INIT("=?utf-8?X?a?=") },
	{ V_INIT("=??Q?a?="), V_INIT("=??Q?a?=") },
	{ V_INIT("=?=?utf-8?Q?a?="), V_INIT("=?a") },
	{ V_INIT("=?utf-8?Q?=4?="), V_INIT("=4") },
	{ V_INIT("=?utf-8?Q?=G1?="), V_INIT("=G1") },
	{ V_INIT("=?utf-8?Q?\?="), V_INIT("") },
	{ V_INIT("=?"), V_INIT("=?") },
	{ V_INIT("raw \xe4"), V_INIT("raw \xef\xbf\xbd") },
	{ V_INIT("raw \xc3\xa4"), V_INIT("raw \xc3\xa4") },
};

START_TEST(decodes_encoded_words)
{
	const struct text_case *c = &decode_cases[_i];
	struct view in = exact_copy(c->in);
	struct buf out;
	buf_init(&out, 1000);
	header_decode(in, &out);
	ck_assert_view_eq(buf_view(&out), c->want);
	buf_deinit(&out);
	exact_free(in);
	for (size_t n = 0; n < c->in.n; n++) {
		in = exact_copy(view_head(c->in, n));
		buf_init(&out, 1000);
		header_decode(in, &out);
		buf_deinit(&out);
		exact_free(in);
	}
}

END_TEST

/* Hostile fields that look like encoded words must not take quadratic time. */
START_TEST(decodes_in_linear_time)
{
	static const struct view seeds[] = { V_INIT("=?"), V_INIT("=?a?q?"),
		V_INIT("=?a?b?x?= "), V_INIT("=?a?q?="), V_INIT("?=?") };
	for (size_t s = 0; s < sizeof seeds / sizeof seeds[0]; s++) {
		struct buf in, out;
		buf_init(&in, 1 << 20);
		buf_init(&out, 1 << 22);
		while (buf_len(&in) + seeds[s].n < 256 * 1024)
			buf_put(&in, seeds[s]);
		header_decode(buf_view(&in), &out);
		buf_deinit(&in);
		buf_deinit(&out);
	}
}

END_TEST

struct mime_case {
	struct view in;
	const char *want, *raw; /* "type name=value;"; raw NULL: the same */
};

static const struct mime_case mime_cases[] = {
	{ V_INIT(" text/plain"), "text/plain", NULL },
	{ V_INIT("TEXT/Plain; charset=us-ascii (Plain text)"),
	    "TEXT/Plain charset=us-ascii;", NULL },
	{ V_INIT("text/plain; charset=\"us-ascii\""),
	    "text/plain charset=us-ascii;", NULL },
	{ V_INIT("text (c) / (d) plain ; a = b ; c=\"d;\\\"e\""),
	    "text/plain a=b;c=d;\"e;", NULL },
	{ V_INIT("multipart/mixed;\r\n\tboundary=\"a b\""),
	    "multipart/mixed boundary=a b;", NULL },
	{ V_INIT("text/plain charset=utf-8"), "text/plain charset=utf-8;",
	    NULL },
	{ V_INIT("text/plain;;; a=b;"), "text/plain a=b;", NULL },
	{ V_INIT("text/plain; a; b=c; =d; e="), "text/plain b=c;e=;", NULL },
	{ V_INIT("attachment; filename=my file (1).txt"),
	    "attachment filename=my file;", NULL },
	{ V_INIT("attachment; filename=file(1).txt"),
	    "attachment filename=file(1).txt;", NULL },
	{ V_INIT("text"), "text", NULL },
	{ V_INIT(""), "", NULL },
	{ V_INIT("a/b; c=\"unfinished\\"), "a/b c=unfinished\\;", NULL },
	{ V_INIT("a/b; c=\""), "a/b c=;", NULL },
	{ V_INIT("a/b (unfinished; c=d"), "a/b", NULL },
	/* RFC 2231 3 and 4 */
	{ V_INIT("message/external-body; access-type=URL;\r\n"
		 " URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/x\""),
	    "message/external-body access-type=URL;URL=ftp://cs.utk.edu/x;",
	    NULL },
	{ V_INIT("a/b; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun"),
	    "a/b title=This is ***fun;",
	    "a/b title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun;" },
	{ V_INIT("a/b; title*0*=us-ascii'en'This%20is%20even%20more%20;\r\n"
		 " title*1*=%2A%2A%2Afun%2A%2A%2A%20;\r\n"
		 " title*2=\"isn't it!\""),
	    "a/b title=This is even more ***fun*** isn't it!;",
	    "a/b title*=us-ascii'en'This%20is%20even%20more%20"
	    "%2A%2A%2Afun%2A%2A%2A%20isn%27t%20it%21;" },
	{ V_INIT("a/b; n*1=b; n*0=a; n*3=d; n*2=c"), "a/b n=abcd;", NULL },
	{ V_INIT("a/b; n*0=a; n*2=c"), "a/b n=a;", NULL },
	{ V_INIT("a/b; n*1=b"), "a/b", NULL },
	{ V_INIT("a/b; n=plain; n*=utf-8''%C3%A4"), "a/b n=\xc3\xa4;",
	    "a/b n=plain;n*=utf-8''%C3%A4;" },
	{ V_INIT("a/b; N*0*=utf-8''%C3; n*1*=%A4; n=plain"), "a/b N=\xc3\xa4;",
	    "a/b n=plain;N*=utf-8''%C3%A4;" },
	{ V_INIT("a/b; n*=%C3%A4"), "a/b n=\xc3\xa4;", "a/b n*=%C3%A4;" },
	{ V_INIT("a/b; n*0*=iso-8859-1''%E4; n*1*=%F6"),
	    "a/b n=\xc3\xa4\xc3\xb6;", "a/b n*=iso-8859-1''%E4%F6;" },
	{ V_INIT("a/b; n*=utf-8''%4%zz%"), "a/b n=%4%zz%;",
	    "a/b n*=utf-8''%4%zz%;" },
	{ V_INIT("a/b; name=\"=?utf-8?Q?=C3=A4?=\""), "a/b name=\xc3\xa4;",
	    "a/b name==?utf-8?Q?=C3=A4?=;" },
	{ V_INIT("a/b; a=1; A=2"), "a/b a=1;", NULL },
};

static void print(const struct header_mime_value *v, struct buf *out)
{
	buf_put(out, v->value);
	for (size_t i = 0; i < v->n_params; i++) {
		if (i == 0)
			buf_put_char(out, ' ');
		buf_put(out, v->params[i].name);
		buf_put_char(out, '=');
		buf_put(out, v->params[i].value);
		buf_put_char(out, ';');
	}
}

START_TEST(parses_mime_values)
{
	const struct mime_case *c = &mime_cases[_i];
	struct header_mime_value v;
	struct buf storage, out;
	buf_init(&storage, 1000);
	buf_init(&out, 1000);
	for (size_t n = 0; n <= c->in.n; n++) {
		struct view in = exact_copy(view_head(c->in, n));
		buf_reset(&storage);
		header_mime_parse(in, &v, &storage);
		buf_reset(&out);
		print(&v, &out);
		exact_free(in);
	}
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	buf_reset(&out);
	header_mime_parse_raw(c->in, &v, &storage);
	print(&v, &out);
	ck_assert_view_eq(buf_view(&out), view_of(c->raw ? c->raw : c->want));
	buf_deinit(&storage);
	buf_deinit(&out);
}

END_TEST

START_TEST(caps_parameters)
{
	struct header_mime_value v;
	struct buf in, storage;
	struct view value;
	buf_init(&in, 1 << 20);
	buf_init(&storage, 1 << 20);
	buf_put(&in, V("a/b"));
	for (unsigned i = 0; i < 10000; i++)
		buf_printf(&in, "; p%u=%u", i, i);
	header_mime_parse(buf_view(&in), &v, &storage);
	ck_assert_uint_eq(v.n_params, HEADER_PARAMS_MAX);
	ck_assert(header_mime_param(&v, V("P31"), &value));
	ck_assert_view_eq(value, V("31"));
	ck_assert(!header_mime_param(&v, V("p32"), &value));
	buf_reset(&in);
	buf_put(&in, V("a/b"));
	for (unsigned i = 0; i < 10000; i++)
		buf_printf(&in, "; p*%u*=x", i);
	header_mime_parse(buf_view(&in), &v, &storage);
	ck_assert_uint_eq(v.n_params, 1);
	buf_deinit(&storage);
	buf_init(&storage, 10);
	header_mime_parse(V("a/b; c=1; d=23456789"), &v, &storage);
	ck_assert_uint_eq(v.n_params, 1);
	ck_assert_view_eq(v.params[0].value, V("1"));
	buf_deinit(&in);
	buf_deinit(&storage);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/header");
	TCase *t = tcase_create("header");
	tcase_add_loop_test(t, splits_header_blocks, 0, N(field_cases));
	tcase_add_test(t, finds_the_first_field_of_a_name);
	tcase_add_loop_test(t, decodes_encoded_words, 0, N(decode_cases));
	tcase_add_test(t, decodes_in_linear_time);
	tcase_add_loop_test(t, parses_mime_values, 0, N(mime_cases));
	tcase_add_test(t, caps_parameters);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
