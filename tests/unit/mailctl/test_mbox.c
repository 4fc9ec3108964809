#include "mailctl/transfer/body.h"
#include "mailctl/transfer/mbox/from_line.h"
#include "mailctl/transfer/mbox/mbox_header.h"
#include "suite.h"

static const struct {
	const char *line;
	int64_t unix_s; /* -1: none */
} lines[] = {
	{ "From anna@example.org Thu Nov 19 10:00:00 2026\n", 1795082400 },
	{ "From anna@example.org  Thu Nov  9 10:00:00 2026\r\n", 1794218400 },
	{ "From - Thu Nov 19 10:00 2026", 1795082400 },
	{ "From a b Thu Nov 19 10:00:00 +0100 2026", 1795078800 },
	{ "From 1234@xxx Thu Nov 19 10:00:00 2026 +0100", 1795078800 },
	{ "From a Thu Nov 19 10:00:00 CET 2026 remote from b", 1795082400 },
	{ "From Mon Thu Nov 19 10:00:00 2026", 1795082400 },
	{ "From here on, Thu is the day", -1 },
	{ "From Thu Nov 19 on 2026", -1 },
	{ "From x Thu Nov 19 10:00:00", -1 },
	{ "From x Thu Nov 99 10:00:00 2026", -1 },
	{ "from x Thu Nov 19 10:00:00 2026", -1 },
	{ ">From x Thu Nov 19 10:00:00 2026", -1 },
	{ "From ", -1 },
	{ "", -1 },
};

START_TEST(from_lines)
{
	struct date d = { -1, 0 };
	struct view in = exact_copy(view_of(lines[_i].line));
	bool is = from_line_parse(in, &d);
	ck_assert_int_eq(is, lines[_i].unix_s != -1);
	ck_assert_int_eq(is ? d.unix_s : -1, lines[_i].unix_s);
	exact_free(in);
}

END_TEST

START_TEST(from_lines_are_read_as_written)
{
	struct buf b;
	struct date d = { 1794218400, 120 }, back;
	buf_init(&b, 200);
	from_line_put(&b, d);
	ck_assert_view_eq(
	    buf_view(&b), V("From MAILER-DAEMON Mon Nov  9 10:00:00 2026\n"));
	ck_assert(from_line_parse(buf_view(&b), &back));
	ck_assert_int_eq(back.unix_s, d.unix_s);
	buf_deinit(&b);
	ck_assert(from_line_is_quoted(V(">From x")));
	ck_assert(from_line_is_quoted(V(">>>From x")));
	ck_assert(!from_line_is_quoted(V("From x")));
	ck_assert(!from_line_is_quoted(V(">Fromm")));
	ck_assert(!from_line_is_quoted(V("> From x")));
}

END_TEST

static const struct {
	const char *line;
	bool taken;
} fields[] = {
	{ "Status: RO\n", true },
	{ "x-status:AF\r\n", true },
	{ "X-Keywords: $Label1  NonJunk \n", true },
	{ "X-UID: 42\n", true },
	{ "X-IMAPbase: 1275660208 0000000077 $Label1\n", true },
	{ "Subject: Status: RO\n", false },
	{ "Status\n", false },
	{ "X-Spam-Status: No\n", false },
	{ " Status\n", false },
};

START_TEST(meta_fields)
{
	struct mbox_meta m = { .flags = 0 };
	struct arena a;
	arena_init(&a, 10000);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct view in = exact_copy(view_of(fields[i].line));
		ck_assert_int_eq(mbox_meta_take(&m, &a, in), fields[i].taken);
		exact_free(in);
	}
	ck_assert_uint_eq(
	    m.flags, MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_FLAGGED);
	ck_assert(m.old);
	ck_assert_uint_eq(m.uid, 42);
	ck_assert_uint_eq(m.uidvalidity, 1275660208);
	ck_assert_uint_eq(m.last_uid, 77);
	ck_assert(!m.is_internal);
	ck_assert_uint_eq(m.n_keywords, 2);
	ck_assert_view_eq(m.keywords[1], V("NonJunk"));
	ck_assert(mbox_meta_take(&m, &a, V("X-IMAP: 5 6\n")));
	ck_assert(m.is_internal);
	ck_assert_uint_eq(m.uidvalidity, 5);
	arena_deinit(&a);
}

END_TEST

static const struct {
	const char *in, *out;
} bodies[] = {
	{ "a\nb\n", "a\r\nb\r\n" },
	{ "a\r\nb\n", "a\r\nb\r\n" },
	{ "\n\n", "\r\n\r\n" },
	{ "a\rb", "a\rb" },
	{ "\r\r\n\n", "\r\r\n\r\n" },
	{ "", "" },
};

START_TEST(line_ends_at_every_split)
{
	struct view in = view_of(bodies[_i].in);
	struct body b;
	struct source s;
	body_init(&b);
	for (size_t at = 0; at <= in.n; at++) {
		char got[64];
		body_clear(&b);
		ck_assert_int_eq(body_put_text(&b, view_head(in, at)), 0);
		ck_assert_int_eq(body_put_text(&b, view_skip(in, at)), 0);
		ck_assert_int_eq(body_end(&b, &s), 0);
		size_t n = (size_t)source_size(&s);
		ck_assert_uint_eq(n, strlen(bodies[_i].out));
		ck_assert_int_eq(source_read(&s, 0, got, n), 0);
		ck_assert_mem_eq(got, bodies[_i].out, n);
	}
	body_deinit(&b);
}

END_TEST

#define N(table) (int)(sizeof table / sizeof *table)

static Suite *build(void)
{
	Suite *s = suite_create("mbox");
	TCase *c = tcase_create("mbox");
	tcase_add_loop_test(c, from_lines, 0, N(lines));
	tcase_add_test(c, from_lines_are_read_as_written);
	tcase_add_test(c, meta_fields);
	tcase_add_loop_test(c, line_ends_at_every_split, 0, N(bodies));
	suite_add_tcase(s, c);
	return s;
}

SUITE_MAIN(build)
