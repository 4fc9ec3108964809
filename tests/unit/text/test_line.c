/* Lines of commands and the dots of DATA: RFC 5321 2.3.8, 4.5.2. */
#include "suite.h"
#include "text/line.h"

struct line_case {
	struct view in;
	size_t max;
	enum parse want;
	struct view line;
	enum line_fault fault;
	size_t left;
};

static const struct line_case line_cases[] = {
	{ V_INIT("NOOP\r\n"), 512, PARSE_OK, V_INIT("NOOP"), LINE_FAULT_NONE,
	    0 },
	{ V_INIT("\r\n"), 512, PARSE_OK, V_INIT(""), LINE_FAULT_NONE, 0 },
	{ V_INIT("A\r\nB\r\n"), 512, PARSE_OK, V_INIT("A"), LINE_FAULT_NONE,
	    3 },
	{ V_INIT(""), 512, PARSE_MORE, V_INIT(""), LINE_FAULT_NONE, 0 },
	{ V_INIT("NOOP"), 512, PARSE_MORE, V_INIT(""), LINE_FAULT_NONE, 4 },
	{ V_INIT("NOOP\r"), 512, PARSE_MORE, V_INIT(""), LINE_FAULT_NONE, 5 },
	{ V_INIT("NOOP\nx"), 512, PARSE_BAD, V_INIT("NOOP\n"),
	    LINE_FAULT_BARE_LF, 1 },
	{ V_INIT("\nx"), 512, PARSE_BAD, V_INIT("\n"), LINE_FAULT_BARE_LF, 1 },
	{ V_INIT("NO\rOP\r\nx"), 512, PARSE_BAD, V_INIT("NO\rOP\r\n"),
	    LINE_FAULT_BARE_CR, 1 },
	{ V_INIT("NOOP\r\r\nx"), 512, PARSE_BAD, V_INIT("NOOP\r\r\n"),
	    LINE_FAULT_BARE_CR, 1 },
	{ V_INIT("NO\rOP\nx"), 512, PARSE_BAD, V_INIT("NO\rOP\n"),
	    LINE_FAULT_BARE_CR, 1 },
	{ V_INIT("NO\0P\r\n"), 512, PARSE_BAD, V_INIT("NO\0P\r\n"),
	    LINE_FAULT_NUL, 0 },
	/* max counts the CRLF */
	{ V_INIT("12345678\r\n"), 10, PARSE_OK, V_INIT("12345678"),
	    LINE_FAULT_NONE, 0 },
	{ V_INIT("123456789\r\nx"), 10, PARSE_BAD, V_INIT("123456789\r\n"),
	    LINE_FAULT_TOO_LONG, 1 },
	{ V_INIT("123456789"), 10, PARSE_MORE, V_INIT(""), LINE_FAULT_NONE, 9 },
	{ V_INIT("1234567890"), 10, PARSE_BAD, V_INIT("1234567890"),
	    LINE_FAULT_TOO_LONG, 0 },
	{ V_INIT("12345678901"), 10, PARSE_BAD, V_INIT("12345678901"),
	    LINE_FAULT_TOO_LONG, 0 },
};

START_TEST(takes_one_line)
{
	const struct line_case *c = &line_cases[_i];
	struct view block = exact_copy(c->in), in = block, line = V("");
	enum line_fault fault = LINE_FAULT_NONE;
	ck_assert_int_eq(line_take(&in, c->max, &line, &fault), c->want);
	ck_assert_uint_eq(in.n, c->left);
	ck_assert_view_eq(line, c->line);
	ck_assert_int_eq(fault, c->fault);
	exact_free(block);
}

END_TEST

START_TEST(skips_to_behind_the_next_lf)
{
	struct view in = V("rest\r\nNOOP\r\n");
	ck_assert(line_skip(&in));
	ck_assert_view_eq(in, V("NOOP\r\n"));
	in = V("no end");
	ck_assert(!line_skip(&in));
	ck_assert_uint_eq(in.n, 0);
}

END_TEST

struct dot_case {
	struct view in, refuse, fix;
	bool ends, bare, nul, eightbit;
	uint64_t longest;
	size_t left;
};

static const struct dot_case dot_cases[] = {
	{ V_INIT(".\r\n"), V_INIT(""), V_INIT(""), true, 0, 0, 0, 0, 0 },
	{ V_INIT("a\r\n.\r\n"), V_INIT("a\r\n"), V_INIT("a\r\n"), true, 0, 0, 0,
	    1, 0 },
	{ V_INIT("a\r\n.\r\nQUIT\r\n\0\xff\n"), V_INIT("a\r\n"),
	    V_INIT("a\r\n"), true, 0, 0, 0, 1, 9 },
	{ V_INIT("..a\r\n.b\r\n..\r\n.\r\n"), V_INIT(".a\r\nb\r\n.\r\n"),
	    V_INIT(".a\r\nb\r\n.\r\n"), true, 0, 0, 0, 2, 0 },
	{ V_INIT("a.b\r\n \r\n.\r\n"), V_INIT("a.b\r\n \r\n"),
	    V_INIT("a.b\r\n \r\n"), true, 0, 0, 0, 3, 0 },
	{ V_INIT("abc\r\nde"), V_INIT("abc\r\nde"), V_INIT("abc\r\nde"), false,
	    0, 0, 0, 3, 0 },
	{ V_INIT("x\0y\xe4z\r\n.\r\n"), V_INIT("x\0y\xe4z\r\n"),
	    V_INIT("x\0y\xe4z\r\n"), true, false, true, true, 5, 0 },
	/* Smuggling: none of these ends the data. */
	{ V_INIT("a\n.\n"), V_INIT("a\n.\n"), V_INIT("a\r\n.\r\n"), false, true,
	    0, 0, 4, 0 },
	{ V_INIT("a\n.\r\n"), V_INIT("a\n.\r\n"), V_INIT("a\r\n.\r\n"), false,
	    true, 0, 0, 3, 0 },
	{ V_INIT("a\r\n.\n"), V_INIT("a\r\n\n"), V_INIT("a\r\n\r\n"), false,
	    true, 0, 0, 1, 0 },
	{ V_INIT("a\r.\r\n"), V_INIT("a\r.\r\n"), V_INIT("a\r\n.\r\n"), false,
	    true, 0, 0, 3, 0 },
	{ V_INIT("a\r\n.\rb"), V_INIT("a\r\n\rb"), V_INIT("a\r\n\r\nb"), false,
	    true, 0, 0, 2, 0 },
	{ V_INIT("a\r\n.\r\rb"), V_INIT("a\r\n\r\rb"), V_INIT("a\r\n\r\n\r\nb"),
	    false, true, 0, 0, 3, 0 },
	{ V_INIT("a\r\n.\0\r\nb"), V_INIT("a\r\n\0\r\nb"),
	    V_INIT("a\r\n\0\r\nb"), false, false, true, 0, 1, 0 },
	{ V_INIT("a\r\r\n.\r\n"), V_INIT("a\r\r\n"), V_INIT("a\r\n\r\n"), true,
	    true, 0, 0, 2, 0 },
};

/* Feeds in pieces cut at first and second, into an out of little room that
 * is emptied into all. */
static enum parse feed_pieces(struct dot_reader *d, struct view in,
    size_t first, size_t second, size_t room, struct buf *all, size_t *left)
{
	size_t cuts[] = { 0, first, second, in.n };
	enum parse r = PARSE_MORE;
	*left = 0;
	for (int i = 0; i < 3; i++) {
		struct view block =
		    exact_copy(view_slice(in, cuts[i], cuts[i + 1]));
		struct view piece = block;
		while (piece.n && r == PARSE_MORE) {
			struct buf out;
			buf_init(&out, room);
			r = dot_reader_feed(d, &piece, &out);
			ck_assert_int_eq(buf_error(&out), 0);
			buf_put(all, buf_view(&out));
			buf_deinit(&out);
		}
		*left += piece.n;
		exact_free(block);
	}
	return r;
}

static void check_dots(const struct dot_case *c, enum bare_newline policy,
    size_t first, size_t second, size_t room)
{
	struct dot_reader d;
	struct buf all;
	size_t left;
	buf_init(&all, 4096);
	dot_reader_init(&d, policy);
	enum parse r = feed_pieces(&d, c->in, first, second, room, &all, &left);
	ck_assert_int_eq(r, c->ends ? PARSE_OK : PARSE_MORE);
	struct view want = policy == BARE_NEWLINE_REFUSE ? c->refuse : c->fix;
	ck_assert_view_eq(buf_view(&all), want);
	ck_assert_uint_eq(left, c->left);
	ck_assert_int_eq(d.bare_seen, c->bare);
	ck_assert_int_eq(d.nul_seen, c->nul);
	ck_assert_int_eq(d.eightbit_seen, c->eightbit);
	if (policy == BARE_NEWLINE_REFUSE)
		ck_assert_uint_eq(d.longest_line, c->longest);
	buf_deinit(&all);
}

START_TEST(takes_dots_off_at_every_split)
{
	const struct dot_case *c = &dot_cases[_i];
	for (size_t a = 0; a <= c->in.n; a++)
		for (size_t b = a; b <= c->in.n; b++)
			for (size_t room = 4; room < 12; room += 7) {
				check_dots(c, BARE_NEWLINE_REFUSE, a, b, room);
				check_dots(c, BARE_NEWLINE_FIX, a, b, room);
			}
}

END_TEST

/* A full out is no end and no loss: what is left stays in the input. */
START_TEST(waits_for_room)
{
	struct dot_reader d;
	struct buf out;
	struct view in = V("0123456789\r\n.\r\n");
	buf_init(&out, 8);
	dot_reader_init(&d, BARE_NEWLINE_REFUSE);
	ck_assert_int_eq(dot_reader_feed(&d, &in, &out), PARSE_MORE);
	ck_assert_view_eq(buf_view(&out), V("01234567"));
	ck_assert_uint_eq(in.n, 7);
	buf_reset(&out);
	ck_assert_int_eq(dot_reader_feed(&d, &in, &out), PARSE_OK);
	ck_assert_view_eq(buf_view(&out), V("89\r\n"));
	ck_assert_int_eq(dot_reader_feed(&d, &in, &out), PARSE_OK);
	buf_deinit(&out);
}

END_TEST

struct write_case {
	struct view in, want;
};

static const struct write_case write_cases[] = {
	{ V_INIT(""), V_INIT(".\r\n") },
	{ V_INIT("a\r\n"), V_INIT("a\r\n.\r\n") },
	{ V_INIT("a"), V_INIT("a\r\n.\r\n") },
	{ V_INIT("a\r"), V_INIT("a\r\n.\r\n") },
	{ V_INIT("."), V_INIT("..\r\n.\r\n") },
	{ V_INIT(".\r\n..\r\n"), V_INIT("..\r\n...\r\n.\r\n") },
	{ V_INIT("a\n.b\nc.d\n"), V_INIT("a\r\n..b\r\nc.d\r\n.\r\n") },
	{ V_INIT("\n\n.\n"), V_INIT("\r\n\r\n..\r\n.\r\n") },
	{ V_INIT("a\rb\r\r\n.x"), V_INIT("a\rb\r\r\n..x\r\n.\r\n") },
	{ V_INIT("\0\xff\r\n"), V_INIT("\0\xff\r\n.\r\n") },
};

START_TEST(puts_dots_on_at_every_split)
{
	const struct write_case *c = &write_cases[_i];
	for (size_t cut = 0; cut <= c->in.n; cut++) {
		struct dot_writer w;
		struct buf out;
		struct view a = exact_copy(view_head(c->in, cut));
		struct view b = exact_copy(view_skip(c->in, cut));
		buf_init(&out, 4096);
		dot_writer_init(&w);
		dot_writer_put(&w, a, &out);
		dot_writer_put(&w, b, &out);
		dot_writer_end(&w, &out);
		ck_assert_view_eq(buf_view(&out), c->want);
		buf_deinit(&out);
		exact_free(a);
		exact_free(b);
	}
}

END_TEST

/* What the writer wrote, the reader reads. */
START_TEST(reader_undoes_writer)
{
	struct view text = V("..\r\n.\r\n\r\na.\r\n.b\r\n");
	struct dot_writer w;
	struct dot_reader d;
	struct buf wire, back;
	buf_init(&wire, 4096);
	buf_init(&back, 4096);
	dot_writer_init(&w);
	dot_writer_put(&w, text, &wire);
	dot_writer_end(&w, &wire);
	dot_reader_init(&d, BARE_NEWLINE_REFUSE);
	struct view in = buf_view(&wire);
	ck_assert_int_eq(dot_reader_feed(&d, &in, &back), PARSE_OK);
	ck_assert_view_eq(buf_view(&back), text);
	ck_assert(!d.bare_seen);
	buf_deinit(&wire);
	buf_deinit(&back);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/line");
	TCase *t = tcase_create("line");
	tcase_add_loop_test(t, takes_one_line, 0, N(line_cases));
	tcase_add_test(t, skips_to_behind_the_next_lf);
	tcase_add_loop_test(t, takes_dots_off_at_every_split, 0, N(dot_cases));
	tcase_add_test(t, waits_for_room);
	tcase_add_loop_test(t, puts_dots_on_at_every_split, 0, N(write_cases));
	tcase_add_test(t, reader_undoes_writer);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
