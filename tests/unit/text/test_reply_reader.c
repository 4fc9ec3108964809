/* Replies as a client reads them: RFC 5321 4.2, RFC 2034. */
#include "base/buf.h"
#include "suite.h"
#include "text/reply_reader.h"

struct take_case {
	struct view in;
	enum parse want;
	uint16_t code;
	uint8_t enhanced[3];
	struct view text;
	unsigned n_lines;
};

static const struct take_case take_cases[] = {
	{ V_INIT("250 Ok\r\n"), PARSE_OK, 250, { 0 }, V_INIT("250 Ok"), 1 },
	{ V_INIT("250 Ok\n"), PARSE_OK, 250, { 0 }, V_INIT("250 Ok"), 1 },
	{ V_INIT("250\r\n"), PARSE_OK, 250, { 0 }, V_INIT("250"), 1 },
	{ V_INIT("250 2.1.5 Ok\r\n"), PARSE_OK, 250, { 2, 1, 5 },
	    V_INIT("250 2.1.5 Ok"), 1 },
	{ V_INIT("250-a\r\n250-\r\n250 b\r\n"), PARSE_OK, 250, { 0 },
	    V_INIT("250 a b"), 3 },
	{ V_INIT("550-5.1.1 a\r\n550 5.1.1 b\r\n"), PARSE_OK, 550, { 5, 1, 1 },
	    V_INIT("550 5.1.1 a b"), 2 },
	{ V_INIT("550-5.1.1 a\r\n550 5.1.2 b\r\n"), PARSE_OK, 550, { 5, 1, 1 },
	    V_INIT("550 5.1.1 a 5.1.2 b"), 2 },
	{ V_INIT("550 4.1.1 a\r\n"), PARSE_OK, 550, { 0 },
	    V_INIT("550 4.1.1 a"), 1 },
	{ V_INIT("250 sm\xc3\xb8r \xf0\x9f\x93\xac\r\n"), PARSE_OK, 250, { 0 },
	    V_INIT("250 sm\xc3\xb8r \xf0\x9f\x93\xac"), 1 },
	{ V_INIT("250 \xc3(\xed\xa0\x80\xc2\x9b\xc3\r\n"), PARSE_OK, 250, { 0 },
	    V_INIT("250 ?(??????"), 1 },
	{ V_INIT("250 a\0b\tc\rd\x1b\r\n"), PARSE_OK, 250, { 0 },
	    V_INIT("250 a?b c?d?"), 1 },
	{ V_INIT("250-a\r\n550 b\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("199 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("600 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("25 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("2500 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("+25 a\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("SSH-2.0\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("\r\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
	{ V_INIT("\n"), PARSE_BAD, 0, { 0 }, V_INIT(""), 0 },
};

/* Until the reply is whole or something is wrong. */
static enum parse take_all(struct reply_reader *r, struct view *in)
{
	struct view line;
	const char *why = NULL;
	enum parse result;
	do {
		result = reply_reader_take(r, in, &line, &why);
	} while (result == PARSE_OK && !r->is_whole);
	ck_assert(result != PARSE_BAD || why);
	return result;
}

START_TEST(takes_one_whole_reply)
{
	const struct take_case *c = &take_cases[_i];
	struct view block = exact_copy(c->in), in = block;
	struct reply_reader r = { 0 };
	ck_assert_int_eq(take_all(&r, &in), c->want);
	if (c->want == PARSE_OK) {
		ck_assert_uint_eq(in.n, 0);
		ck_assert_uint_eq(r.code, c->code);
		ck_assert_uint_eq(r.n_lines, c->n_lines);
		ck_assert_mem_eq(r.enhanced, c->enhanced, 3);
		ck_assert_view_eq(((struct view){ r.text, r.n_text }), c->text);
	}
	exact_free(block);
}

END_TEST

START_TEST(begins_anew_behind_a_whole_reply)
{
	struct view in = V("550-5.1.1 a\r\n550 5.1.1 b\r\n250 c\r\n2");
	struct reply_reader r = { 0 };
	ck_assert_int_eq(take_all(&r, &in), PARSE_OK);
	ck_assert_int_eq(take_all(&r, &in), PARSE_OK);
	ck_assert_uint_eq(r.code, 250);
	ck_assert_uint_eq(r.enhanced[0], 0);
	ck_assert_view_eq(((struct view){ r.text, r.n_text }), V("250 c"));
	ck_assert_int_eq(take_all(&r, &in), PARSE_MORE);
	ck_assert_view_eq(in, V("2"));
}

END_TEST

START_TEST(gives_each_line_as_it_came)
{
	struct view in = V("250-mx\r\n250-SIZE 1\r\n250 X\x07\r\n"), line;
	struct reply_reader r = { 0 };
	const char *why;
	ck_assert_int_eq(reply_reader_take(&r, &in, &line, &why), PARSE_OK);
	ck_assert_view_eq(line, V("mx"));
	ck_assert_int_eq(reply_reader_take(&r, &in, &line, &why), PARSE_OK);
	ck_assert_view_eq(line, V("SIZE 1"));
	ck_assert(!r.is_whole);
	ck_assert_int_eq(reply_reader_take(&r, &in, &line, &why), PARSE_OK);
	ck_assert_view_eq(line, V("X\x07"));
	ck_assert(r.is_whole);
}

END_TEST

static enum parse take_filled(size_t fill, struct reply_reader *r)
{
	struct buf wire;
	buf_init(&wire, 8192);
	buf_put(&wire, V("250 "));
	while (buf_len(&wire) < fill)
		buf_put_char(&wire, 'x');
	struct view in = buf_view(&wire);
	enum parse result = take_all(r, &in);
	if (result == PARSE_MORE) {
		buf_put(&wire, V("\n"));
		in = buf_view(&wire);
		result = take_all(r, &in);
	}
	buf_deinit(&wire);
	return result;
}

START_TEST(bounds_a_line)
{
	struct reply_reader r = { 0 };
	ck_assert_int_eq(take_filled(REPLY_READER_LINE_MAX - 1, &r), PARSE_OK);
	ck_assert_uint_eq(r.n_text, REPLY_READER_TEXT_MAX);
	ck_assert_int_eq(take_filled(REPLY_READER_LINE_MAX, &r), PARSE_BAD);
}

END_TEST

START_TEST(cuts_no_character_in_two)
{
	struct buf wire;
	struct reply_reader r = { 0 };
	buf_init(&wire, 8192);
	buf_put(&wire, V("250 x")); /* 5 and 131 * 3 are 398 */
	for (int i = 0; i < 200; i++)
		buf_put(&wire, V("\xe2\x82\xac"));
	buf_put(&wire, V("\r\n"));
	struct view in = buf_view(&wire);
	ck_assert_int_eq(take_all(&r, &in), PARSE_OK);
	ck_assert_uint_eq(r.n_text, 398);
	buf_deinit(&wire);
}

END_TEST

START_TEST(bounds_the_lines)
{
	for (unsigned n = 99; n < 101; n++) {
		struct reply_reader r = { 0 };
		struct view line = V("250-a\r\n"), in, text;
		const char *why;
		for (unsigned i = 0; i < n; i++) {
			in = line;
			ck_assert_int_eq(
			    reply_reader_take(&r, &in, &text, &why), PARSE_OK);
		}
		in = V("250 a\r\n");
		ck_assert_int_eq(
		    take_all(&r, &in), n == 99 ? PARSE_OK : PARSE_BAD);
	}
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/reply_reader");
	TCase *t = tcase_create("reply_reader");
	tcase_add_loop_test(t, takes_one_whole_reply, 0, N(take_cases));
	tcase_add_test(t, begins_anew_behind_a_whole_reply);
	tcase_add_test(t, gives_each_line_as_it_came);
	tcase_add_test(t, bounds_a_line);
	tcase_add_test(t, cuts_no_character_in_two);
	tcase_add_test(t, bounds_the_lines);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
