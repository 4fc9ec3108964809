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

struct enhanced_case {
	struct view text;
	unsigned code;
	bool want;
	uint8_t enhanced[3];
	struct view rest;
};

static const struct enhanced_case enhanced_cases[] = {
	{ V_INIT("2.1.5 Ok"), 250, true, { 2, 1, 5 }, V_INIT("Ok") },
	{ V_INIT("5.1.1"), 550, true, { 5, 1, 1 }, V_INIT("") },
	{ V_INIT("4.255.0 "), 450, true, { 4, 255, 0 }, V_INIT("") },
	/* Another class, too large, unfinished, no blank behind it. */
	{ V_INIT("4.1.1 a"), 550, false, { 0 }, V_INIT("4.1.1 a") },
	{ V_INIT("3.1.1 a"), 354, false, { 0 }, V_INIT("3.1.1 a") },
	{ V_INIT("5.1.999 a"), 550, false, { 0 }, V_INIT("5.1.999 a") },
	{ V_INIT("5.1 a"), 550, false, { 0 }, V_INIT("5.1 a") },
	{ V_INIT("5.1.1a"), 550, false, { 0 }, V_INIT("5.1.1a") },
	{ V_INIT(""), 550, false, { 0 }, V_INIT("") },
};

START_TEST(takes_the_enhanced_code)
{
	const struct enhanced_case *c = &enhanced_cases[_i];
	struct view block = exact_copy(c->text), text = block;
	uint8_t enhanced[3] = { 0, 0, 0 };
	ck_assert_int_eq(
	    reply_take_enhanced(&text, c->code, enhanced), c->want);
	ck_assert_mem_eq(enhanced, c->enhanced, 3);
	ck_assert_view_eq(text, c->rest);
	exact_free(block);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/reply");
	TCase *t = tcase_create("reply");
	tcase_add_loop_test(t, puts_every_line_with_the_code, 0, N(put_cases));
	tcase_add_test(t, puts_no_line_over_512_octets);
	tcase_add_loop_test(t, takes_the_enhanced_code, 0, N(enhanced_cases));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
