/* ENVELOPE and BODYSTRUCTURE as RFC 3501 7.4.2 wants them; base subjects of
 * RFC 5256 2.1. */
#include "imap_grammar.h"
#include "text/message/envelope.h"

struct text_case {
	struct view in;
	const char *want;
};

static const struct text_case string_cases[] = {
	{ V_INIT(""), "\"\"" },
	{ V_INIT("plain text"), "\"plain text\"" },
	{ V_INIT("a\"b\\c"), "\"a\\\"b\\\\c\"" },
	{ V_INIT("\xc3\xa4"), "{2}\r\n\xc3\xa4" },
	{ V_INIT("a\r\nb"), "{4}\r\na\r\nb" },
	{ V_INIT("a\0b"), "{3}\r\na?b" },
	{ V_INIT("\t\x01"), "\"\t\x01\"" },
};

START_TEST(puts_strings)
{
	struct buf out;
	struct view in = exact_copy(string_cases[_i].in);
	buf_init(&out, 100);
	imap_string_put(&out, in);
	ck_assert_view_eq(buf_view(&out), view_of(string_cases[_i].want));
	buf_deinit(&out);
	exact_free(in);
}

END_TEST

static const struct text_case astring_cases[] = {
	{ V_INIT("INBOX"), "INBOX" },
	{ V_INIT("a/b]c"), "a/b]c" },
	{ V_INIT(""), "\"\"" },
	{ V_INIT("nil"), "\"nil\"" },
	{ V_INIT("a b"), "\"a b\"" },
	{ V_INIT("a*"), "\"a*\"" },
	{ V_INIT("a%"), "\"a%\"" },
	{ V_INIT("a(b"), "\"a(b\"" },
	{ V_INIT("a\\b"), "\"a\\\\b\"" },
	{ V_INIT("\xc3\xa4"), "{2}\r\n\xc3\xa4" },
};

START_TEST(puts_astrings)
{
	struct buf out;
	buf_init(&out, 100);
	imap_astring_put(&out, astring_cases[_i].in);
	ck_assert_view_eq(buf_view(&out), view_of(astring_cases[_i].want));
	buf_reset(&out);
	imap_nstring_put(&out, V_NONE);
	ck_assert_view_eq(buf_view(&out), V("NIL"));
	buf_reset(&out);
	imap_nstring_put(&out, V(""));
	ck_assert_view_eq(buf_view(&out), V("\"\""));
	buf_deinit(&out);
}

END_TEST

#define NILS " NIL NIL NIL NIL NIL NIL"

static const struct text_case envelope_cases[] = {
	{ V_INIT(""), "(NIL NIL" NILS " NIL NIL)" },
	/* The example of RFC 3501 8, in part. */
	{ V_INIT("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
		 "Subject: IMAP4rev1 WG mtg summary and minutes\r\n"
		 "From: Terry Gray <gray@cac.washington.edu>\r\n"
		 "To: imap@cac.washington.edu\r\n"
		 "cc: minutes@CNRI.Reston.VA.US, "
		 "John Klensin <KLENSIN@MIT.EDU>\r\n"
		 "Message-Id: <B27397-0100000@cac.washington.edu>\r\n\r\n"),
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" "
	    "\"IMAP4rev1 WG mtg summary and minutes\" "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((\"Terry Gray\" NIL \"gray\" \"cac.washington.edu\")) "
	    "((NIL NIL \"imap\" \"cac.washington.edu\")) "
	    "((NIL NIL \"minutes\" \"CNRI.Reston.VA.US\")"
	    "(\"John Klensin\" NIL \"KLENSIN\" \"MIT.EDU\")) "
	    "NIL NIL \"<B27397-0100000@cac.washington.edu>\")" },
	/* Empty is not missing; empty lists are. */
	{ V_INIT("Subject:\r\nTo: \r\nSender: \r\nFrom: a@b\r\n"),
	    "(NIL \"\" ((NIL NIL \"a\" \"b\")) ((NIL NIL \"a\" \"b\")) "
	    "((NIL NIL \"a\" \"b\")) NIL NIL NIL NIL NIL)" },
	{ V_INIT("From: a@b\r\nSender: c@d\r\nReply-To: e@f\r\n"),
	    "(NIL NIL ((NIL NIL \"a\" \"b\")) ((NIL NIL \"c\" \"d\")) "
	    "((NIL NIL \"e\" \"f\")) NIL NIL NIL NIL NIL)" },
	/* Groups. */
	{ V_INIT("To: Friends: a@b, C <c@d>;, e@f\r\nCc: none:;\r\n"),
	    "(NIL NIL NIL NIL NIL ((NIL NIL \"Friends\" NIL)"
	    "(NIL NIL \"a\" \"b\")(\"C\" NIL \"c\" \"d\")(NIL NIL NIL NIL)"
	    "(NIL NIL \"e\" \"f\")) "
	    "((NIL NIL \"none\" NIL)(NIL NIL NIL NIL)) NIL NIL NIL)" },
	/* No host is "", as NIL would start a group. */
	{ V_INIT("To: root\r\n"),
	    "(NIL NIL NIL NIL NIL ((NIL NIL \"root\" \"\")) NIL NIL NIL "
	    "NIL)" },
	/* Lists spread over fields; the first subject counts. */
	{ V_INIT("To: a@b\r\nSubject: 1\r\nTo: c@d\r\nSubject: 2\r\n"),
	    "(NIL \"1\" NIL NIL NIL ((NIL NIL \"a\" \"b\")"
	    "(NIL NIL \"c\" \"d\")) NIL NIL NIL NIL)" },
	/* Folded, encoded words as they are, 8 bits as a literal, routes. */
	{ V_INIT("Subject: =?utf-8?Q?a?=\r\n b\r\nFrom: <@r:a@b>\r\n"),
	    "(NIL \"=?utf-8?Q?a?= b\" ((NIL \"@r\" \"a\" \"b\")) "
	    "((NIL \"@r\" \"a\" \"b\")) ((NIL \"@r\" \"a\" \"b\")) NIL NIL "
	    "NIL NIL NIL)" },
	{ V_INIT("Subject: \xc3\xa4\"\r\n"),
	    "(NIL {3}\r\n\xc3\xa4\"" NILS " NIL NIL)" },
};

START_TEST(writes_envelopes)
{
	const struct text_case *c = &envelope_cases[_i];
	struct view in = exact_copy(c->in);
	struct buf out;
	buf_init(&out, ENVELOPE_MAX);
	envelope_put(in, &out);
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	struct view v = buf_view(&out);
	ck_assert(g_envelope(&v) && v.n == 0);
	buf_deinit(&out);
	exact_free(in);
}

END_TEST

/* However large the fields: well-formed, and no larger than said. */
START_TEST(cuts_large_envelopes)
{
	static const char *const fields[] = { "Date: ", "Subject: ", "From: ",
		"Sender: ", "Reply-To: ", "To: ", "Cc: ", "Bcc: group:",
		"In-Reply-To: ", "Message-ID: " };
	static const struct view fills[] = { V_INIT("\"\\\""),
		V_INIT("a@b.example, "), V_INIT("g: a@b;,"), V_INIT("\xe4") };
	for (size_t f = 0; f < sizeof fills / sizeof fills[0]; f++) {
		struct buf in, out;
		buf_init(&in, 1 << 21);
		buf_init(&out, ENVELOPE_MAX);
		for (int i = 0; i < 10; i++) {
			buf_put_cstr(&in, fields[i]);
			for (int n = 0; n < 10000; n++)
				buf_put(&in, fills[f]);
			buf_put(&in, V("\r\n"));
		}
		envelope_put(buf_view(&in), &out);
		ck_assert_int_eq(buf_error(&out), 0);
		struct view v = buf_view(&out);
		ck_assert_uint_ge(v.n, 16000);
		ck_assert(g_envelope(&v) && v.n == 0);
		buf_deinit(&in);
		buf_deinit(&out);
	}
}

END_TEST

struct body_case {
	struct view in;
	const char *body, *extension; /* BODYSTRUCTURE is both together */
};

static const struct body_case body_cases[] = {
	{ V_INIT("\r\nhi\r\n"),
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "4 1",
	    " NIL NIL NIL NIL)" },
	{ V_INIT("Content-Type: TEXT/HTML; Charset=UTF-8; x=\"a\\\"b\"\r\n"
		 "Content-ID: <1@x>\r\nContent-Description: d\r\n"
		 "Content-Transfer-Encoding: (c) Quoted-Printable (d)\r\n"
		 "Content-MD5: abc==\r\n"
		 "Content-Disposition: inline; filename=f\r\n"
		 "Content-Language: en, de\r\n"
		 "Content-Location: http://x/\r\n\r\nhi"),
	    "(\"TEXT\" \"HTML\" (\"Charset\" \"UTF-8\" \"x\" \"a\\\"b\") "
	    "\"<1@x>\" \"d\" \"Quoted-Printable\" 2 0",
	    " \"abc==\" (\"inline\" (\"filename\" \"f\")) (\"en\" \"de\") "
	    "\"http://x/\")" },
	{ V_INIT("Content-Type: image/png\r\n\r\nx"),
	    "(\"image\" \"png\" NIL NIL NIL \"7bit\" 1", " NIL NIL NIL NIL)" },
	{ V_INIT("Content-Type: text/html\r\nContent-Disposition: "
		 "attachment\r\n\r\nx"),
	    "(\"text\" \"html\" NIL NIL NIL \"7bit\" 1 0",
	    " NIL (\"attachment\" NIL) NIL NIL)" },
	{ V_INIT("Content-Type: text\r\n\r\nx"),
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "1 0",
	    " NIL NIL NIL NIL)" },
	{ V_INIT("Content-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n"),
	    "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
	    "3 1",
	    " NIL NIL NIL NIL)" },
	{ V_INIT("Content-Type: a/b; n*0*=utf-8''%C3; n*1*=%A4\r\n\r\nx"),
	    "(\"a\" \"b\" (\"n*\" \"utf-8''%C3%A4\") NIL NIL \"7bit\" 1",
	    " NIL NIL NIL NIL)" },
	{ V_INIT("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: "
		 "base64\r\n\r\nx"),
	    "(\"application\" \"octet-stream\" NIL NIL NIL \"base64\" 1",
	    " NIL NIL NIL NIL)" },
};

static void structure_of(struct view in, bool extended, struct buf *out)
{
	struct mime_parser *p = mime_parser_new();
	mime_parser_feed(p, in);
	buf_reset(out);
	bodystructure_put(mime_parser_finish(p), extended, out);
	mime_parser_free(&p);
}

START_TEST(writes_single_parts)
{
	const struct body_case *c = &body_cases[_i];
	struct buf out, want;
	buf_init(&out, BODYSTRUCTURE_MAX);
	buf_init(&want, BODYSTRUCTURE_MAX);
	buf_put_cstr(&want, c->body);
	structure_of(c->in, false, &out);
	buf_put_char(&want, ')');
	ck_assert_view_eq(buf_view(&out), buf_view(&want));
	buf_truncate(&want, buf_len(&want) - 1);
	buf_put_cstr(&want, c->extension);
	structure_of(c->in, true, &out);
	ck_assert_view_eq(buf_view(&out), buf_view(&want));
	buf_deinit(&out);
	buf_deinit(&want);
}

END_TEST

START_TEST(writes_nested_parts)
{
	struct view in =
	    V("Content-Type: multipart/Mixed; boundary=\"b\"\r\n"
	      "Content-Language: en\r\n\r\n--b\r\n\r\none\r\n--b\r\n"
	      "Content-Type: message/rfc822\r\n\r\n"
	      "Subject: s\r\n\r\ntwo\r\n\r\n--b--\r\n");
	struct buf out;
	buf_init(&out, BODYSTRUCTURE_MAX);
	structure_of(in, false, &out);
	ck_assert_view_eq(buf_view(&out),
	    V("((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	      "\"7bit\" 3 0)(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 19 "
	      "(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	      "\"7bit\" 5 1) 3) \"Mixed\")"));
	structure_of(in, true, &out);
	ck_assert_view_eq(buf_view(&out),
	    V("((\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	      "\"7bit\" 3 0 NIL NIL NIL NIL)(\"message\" \"rfc822\" NIL NIL "
	      "NIL \"7bit\" 19 "
	      "(NIL \"s\" NIL NIL NIL NIL NIL NIL NIL NIL) "
	      "(\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL "
	      "\"7bit\" 5 1 NIL NIL NIL NIL) 3 NIL NIL NIL NIL) \"Mixed\" "
	      "(\"boundary\" \"b\") NIL (\"en\") NIL)"));
	buf_deinit(&out);
}

END_TEST

static const struct text_case subject_cases[] = {
	{ V_INIT("Hello"), "hello" },
	{ V_INIT("Re: Hello"), "hello" },
	{ V_INIT("RE:  re: Fwd : hello"), "hello" },
	{ V_INIT("Re[2]: Hello (fwd) (FWD) "), "hello" },
	{ V_INIT("[list] Re: [list] Hello"), "hello" },
	{ V_INIT("[list]"), "[list]" },
	{ V_INIT("Re: [list]"), "[list]" },
	{ V_INIT("[Fwd: Re: Hello]"), "hello" },
	{ V_INIT("[Fwd: [Fwd: Hello (fwd)]]"), "hello" },
	{ V_INIT("=?utf-8?Q?Re=3A_=C3=84rger?="), "arger" },
	{ V_INIT("Report: x"), "report: x" },
	{ V_INIT("a\r\n\tb   c"), "a b c" },
	{ V_INIT("Re:"), "" },
	{ V_INIT(""), "" },
	{ V_INIT("[fwd:]"), "" },
	{ V_INIT("(fwd)"), "" },
	{ V_INIT("[unfinished"), "[unfinished" },
};

START_TEST(finds_base_subjects)
{
	const struct text_case *c = &subject_cases[_i];
	struct buf out;
	for (size_t n = 0; n <= c->in.n; n++) {
		struct view in = exact_copy(view_head(c->in, n));
		buf_init(&out, 1000);
		base_subject(in, &out);
		if (n == c->in.n)
			ck_assert_view_eq(buf_view(&out), view_of(c->want));
		buf_deinit(&out);
		exact_free(in);
	}
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/envelope");
	TCase *t = tcase_create("envelope");
	tcase_add_loop_test(t, puts_strings, 0, N(string_cases));
	tcase_add_loop_test(t, puts_astrings, 0, N(astring_cases));
	tcase_add_loop_test(t, writes_envelopes, 0, N(envelope_cases));
	tcase_add_test(t, cuts_large_envelopes);
	tcase_add_loop_test(t, writes_single_parts, 0, N(body_cases));
	tcase_add_test(t, writes_nested_parts);
	tcase_add_loop_test(t, finds_base_subjects, 0, N(subject_cases));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
