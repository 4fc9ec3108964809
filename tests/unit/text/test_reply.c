/* SMTP replies: RFC 5321 4.2, RFC 2034. */
#include "suite.h"
#include "text/reply.h"

struct put_case {
	struct reply reply;
	struct view want;
};

static const struct put_case put_cases[] = {
	{ { 250, { 2, 1, 0 }, V_INIT("Ok") }, V_INIT("250 2.1.0 Ok\r\n") },
	{ { 354, { 0, 0, 0 }, V_INIT("Go on") }, V_INIT("354 Go on\r\n") },
	{ { 250, { 0, 0, 0 }, V_INIT("mx\nSIZE 100\nPIPELINING") },
	    V_INIT("250-mx\r\n250-SIZE 100\r\n250 PIPELINING\r\n") },
	{ { 550, { 5, 7, 1 }, V_INIT("no\nreally no") },
	    V_INIT("550-5.7.1 no\r\n550 5.7.1 really no\r\n") },
	{ { 221, { 0, 0, 0 }, V_INIT("") }, V_INIT("221 \r\n") },
	{ { 550, { 0, 0, 0 }, V_INIT("a\rb\0c\xe4") },
	    V_INIT("550 a?b?c?\r\n") },
	{ { 550, { 0, 0, 0 }, V_INIT("a\tb~") }, V_INIT("550 a\tb~\r\n") },
};

START_TEST(puts_every_line_with_the_code)
{
	struct buf out;
	buf_init(&out, 4096);
	reply_put(&out, &put_cases[_i].reply);
	ck_assert_view_eq(buf_view(&out), put_cases[_i].want);
	buf_deinit(&out);
}

END_TEST

START_TEST(puts_no_line_over_512_octets)
{
	char text[3000];
	struct buf out;
	memset(text, 'x', sizeof text);
	buf_init(&out, 8192);
	struct reply r = { 550, { 5, 255, 255 }, { text, sizeof text } };
	reply_put(&out, &r);
	struct view rest = buf_view(&out), line;
	size_t octets = 0;
	while (view_cut(&rest, '\n', &line)) {
		ck_assert_uint_le(line.n + 1, 512);
		ck_assert(view_starts(line,
		    rest.n ? V("550-5.255.255 x") : V("550 5.255.255 x")));
		octets += line.n - 15;
	}
	ck_assert_uint_eq(octets, sizeof text);
	buf_deinit(&out);
}

END_TEST

struct take_case {
	struct view in;
	enum parse want;
	uint16_t code;
	uint8_t enhanced[3];
	struct view text;
	size_t left;
};

static const struct take_case take_cases[] = {
	{ V_INIT("250 Ok\r\n"), PARSE_OK, 250, { 0 }, V_INIT("Ok"), 0 },
	{ V_INIT("250\r\n"), PARSE_OK, 250, { 0 }, V_INIT(""), 0 },
	{ V_INIT("250 2.1.5 Ok\r\n250 x"), PARSE_OK, 250, { 2, 1, 5 },
	    V_INIT("Ok"), 5 },
	{ V_INIT("250 2.1.5\r\n"), PARSE_OK, 250, { 2, 1, 5 }, V_INIT(""), 0 },
	{ V_INIT("250-a\r\n250-\r\n250 b\r\n"), PARSE_OK, 250, { 0 },
	    V_INIT("a\n\nb"), 0 },
	{ V_INIT("550-5.1.1 a\r\n550 5.1.1 b\r\n"), PARSE_OK, 550, { 5, 1, 1 },
	    V_INIT("a\nb"), 0 },
	{ V_INIT("550-5.1.1 a\r\n550 5.1.2 b\r\n"), PARSE_OK, 550, { 5, 1, 1 },
	    V_INIT("a\n5.1.2 b"), 0 },
	/* No enhanced code: other class, too large, unfinished. */
	{ V_INIT("550 4.1.1 a\r\n"), PARSE_OK, 550, { 0 }, V_INIT("4.1.1 a"),
	    0 },
	{ V_INIT("550 5.1.999 a\r\n"), PARSE_OK, 550, { 0 },
	    V_INIT("5.1.999 a"), 0 },
	{ V_INIT("550 5.1 a\r\n"), PARSE_OK, 550, { 0 }, V_INIT("5.1 a"), 0 },
	{ V_INIT("550 5.1.1a\r\n"), PARSE_OK, 550, { 0 }, V_INIT("5.1.1a"), 0 },
	{ V_INIT("250 sm\xc3\xb8r\r\n"), PARSE_OK, 250, { 0 },
	    V_INIT("sm\xc3\xb8r"), 0 },
	{ V_INIT("250-a\r\n550 b\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 14 },
	{ V_INIT("199 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 7 },
	{ V_INIT("600 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 7 },
	{ V_INIT("25 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 6 },
	{ V_INIT("2500 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 8 },
	{ V_INIT("SSH-2.0\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 9 },
	{ V_INIT("\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 2 },
	{ V_INIT("250 a\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 6 },
	{ V_INIT("250 a\0\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 8 },
};

START_TEST(takes_one_whole_reply)
{
	const struct take_case *c = &take_cases[_i];
	struct view block = exact_copy(c->in), in = block;
	struct reply r = { 0 };
	const char *why = NULL;
	struct buf storage;
	buf_init(&storage, 1024);
	ck_assert_int_eq(reply_take(&in, &r, &storage, &why), c->want);
	ck_assert_uint_eq(in.n, c->left);
	ck_assert_uint_eq(r.code, c->code);
	ck_assert_mem_eq(r.enhanced, c->enhanced, 3);
	ck_assert_view_eq(r.text, c->text);
	ck_assert(c->want == PARSE_OK || why);
	buf_deinit(&storage);
	exact_free(block);
}

END_TEST

START_TEST(waits_until_the_reply_is_whole)
{
	const struct take_case *c = &take_cases[_i];
	struct buf storage;
	buf_init(&storage, 1024);
	size_t whole = c->in.n - c->left;
	for (size_t n = 0; c->want == PARSE_OK && n < whole; n++) {
		struct view block = exact_copy(view_head(c->in, n));
		struct view in = block;
		struct reply r;
		const char *why;
		ck_assert_int_eq(
		    reply_take(&in, &r, &storage, &why), PARSE_MORE);
		ck_assert_uint_eq(in.n, n);
		exact_free(block);
	}
	buf_deinit(&storage);
}

END_TEST

static void check_bad(const struct buf *wire, size_t storage_max)
{
	struct view in = buf_view(wire);
	struct reply r;
	const char *why = NULL;
	struct buf storage;
	buf_init(&storage, storage_max);
	ck_assert_int_eq(reply_take(&in, &r, &storage, &why), PARSE_BAD);
	ck_assert_ptr_nonnull(why);
	buf_deinit(&storage);
}

START_TEST(refuses_endless_replies)
{
	struct buf wire;
	buf_init(&wire, 1 << 20);
	for (int i = 0; i < 100; i++)
		buf_put(&wire, V("250-a\r\n"));
	check_bad(&wire, 1 << 20); /* lines */
	buf_reset(&wire);
	for (int i = 0; i < 512; i++)
		buf_put_char(&wire, '2');
	check_bad(&wire, 1 << 20); /* one line */
	buf_reset(&wire);
	buf_put(&wire, V("250-0123456789\r\n250 0123456789\r\n"));
	check_bad(&wire, 15); /* storage */
	buf_deinit(&wire);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/reply");
	TCase *t = tcase_create("reply");
	tcase_add_loop_test(t, puts_every_line_with_the_code, 0, N(put_cases));
	tcase_add_test(t, puts_no_line_over_512_octets);
	tcase_add_loop_test(t, takes_one_whole_reply, 0, N(take_cases));
	tcase_add_loop_test(
	    t, waits_until_the_reply_is_whole, 0, N(take_cases));
	tcase_add_test(t, refuses_endless_replies);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
