/* Commands as they arrive: RFC 3501 2.2, 4.3, RFC 7888. */
#include "imapd/imap_reader.h"
#include "suite.h"

enum {
	TEXT = 64,
	LITERALS = 16
};

/* What is read, in short: C command, + continuation asked, T too large, F
 * fault, f end of what was skipped. */
struct reader_case {
	struct view in, events, last;
};

static const struct reader_case cases[] = {
	{ V_INIT("a NOOP\r\n"), V_INIT("C"), V_INIT("a NOOP") },
	{ V_INIT("a NOOP\r\nb NOOP\r\n"), V_INIT("CC"), V_INIT("b NOOP") },
	{ V_INIT("\r\n"), V_INIT("C"), V_INIT("") },
	{ V_INIT("a X {3}\r\nabc\r\n"), V_INIT("+C"),
	    V_INIT("a X {3}\r\nabc") },
	{ V_INIT("a X {3+}\r\nabc\r\n"), V_INIT("C"),
	    V_INIT("a X {3+}\r\nabc") },
	{ V_INIT("a X {0}\r\n\r\n"), V_INIT("+C"), V_INIT("a X {0}\r\n") },
	{ V_INIT("a X {3+}\r\n\r\n\n {1}\r\nx y\r\n"), V_INIT("+C"),
	    V_INIT("a X {3+}\r\n\r\n\n {1}\r\nx y") },
	{ V_INIT("a X {9+}\r\n123456789{9+}\r\n123456789 x\r\nb\r\n"),
	    V_INIT("TfC"), V_INIT("b") },
	{ V_INIT("a X {17}\r\nb NOOP\r\n"), V_INIT("TC"), V_INIT("b NOOP") },
	{ V_INIT("a X {17+}\r\n12345678901234567 {2+}\r\n\r\nx\r\nb\r\n"),
	    V_INIT("TfC"), V_INIT("b") },
	{ V_INIT("a X {99999999999999999999}\r\nb\r\n"), V_INIT("CC"),
	    V_INIT("b") },
	{ V_INIT("a X {x}\r\n"), V_INIT("C"), V_INIT("a X {x}") },
	{ V_INIT("a NOOP\nb NOOP\r\n"), V_INIT("FC"), V_INIT("b NOOP") },
	{ V_INIT("a NO\rOP\r\nb\r\n"), V_INIT("FC"), V_INIT("b") },
	{ V_INIT("a NO\0OP\r\nb\r\n"), V_INIT("FC"), V_INIT("b") },
	{ V_INIT("a NO\0OP {3+}\r\na\r\n\r\nb\r\n"), V_INIT("FC"),
	    V_INIT("b") },
	{ V_INIT("a 3456789012345678901234567890123456789012345678901234567890"
		 "1234567890\r\nb\r\n"),
	    V_INIT("FC"), V_INIT("b") },
	{ V_INIT("a 3456789012345678901234567890123456789012345678901234567890"
		 "{4+}\r\nx\r\n\r\nb\r\n"),
	    V_INIT("FC"), V_INIT("b") },
};

struct play {
	struct buf events;
	struct buf last;
	struct imap_reader r;
};

static void on_literal(struct play *p)
{
	bool plus = p->r.literal_plus;
	if (!imap_reader_literal(&p->r, IMAP_LITERAL_KEEP))
		buf_put_char(&p->events, 'T');
	else if (!plus)
		buf_put_char(&p->events, '+');
	if (p->r.state == READER_DONE)
		imap_reader_reset(&p->r);
}

static void on_end(struct play *p, enum imap_read got)
{
	buf_reset(&p->last);
	if (got == IMAP_READ_COMMAND)
		buf_put(&p->last, imap_reader_command(&p->r));
	buf_put_char(&p->events, got == IMAP_READ_COMMAND ? 'C'
				 : p->r.why               ? 'F'
							  : 'f');
	imap_reader_reset(&p->r);
}

static void feed(struct play *p, struct view in)
{
	while (in.n) {
		enum imap_read got = imap_reader_next(&p->r, &in);
		if (got == IMAP_READ_LITERAL)
			on_literal(p);
		else if (got != IMAP_READ_MORE)
			on_end(p, got);
	}
}

static void check_split(const struct reader_case *c, size_t split)
{
	struct imap_limits limits = { TEXT, LITERALS };
	struct play p;
	struct view head = exact_copy(view_head(c->in, split));
	struct view tail = exact_copy(view_skip(c->in, split));
	buf_init(&p.events, 100);
	buf_init(&p.last, 1000);
	imap_reader_init(&p.r, &limits);
	feed(&p, head);
	feed(&p, tail);
	ck_assert_view_eq(buf_view(&p.events), c->events);
	ck_assert_view_eq(buf_view(&p.last), c->last);
	imap_reader_deinit(&p.r);
	buf_deinit(&p.events);
	buf_deinit(&p.last);
	exact_free(head);
	exact_free(tail);
}

START_TEST(reads_commands_at_every_split)
{
	for (size_t split = 0; split <= cases[_i].in.n; split++)
		check_split(&cases[_i], split);
}

END_TEST

static const struct {
	struct view in, tag;
} tags[] = {
	{ V_INIT("a1 NO\0P\r\n"), V_INIT("a1") },
	{ V_INIT("A.b-1] \0\r\n"), V_INIT("A.b-1]") },
	{ V_INIT("\0\r\n"), V_INIT("*") },
	{ V_INIT("a+b \0\r\n"), V_INIT("*") },
	{ V_INIT("(a) \0\r\n"), V_INIT("*") },
	{ V_INIT(" a \0\r\n"), V_INIT("*") },
};

START_TEST(finds_the_tag_of_a_bad_command)
{
	struct imap_limits limits = { TEXT, LITERALS };
	struct imap_reader r;
	struct view in = tags[_i].in;
	imap_reader_init(&r, &limits);
	ck_assert_int_eq(imap_reader_next(&r, &in), IMAP_READ_FAULT);
	ck_assert_ptr_nonnull(r.why);
	ck_assert_view_eq(imap_reader_tag(&r), tags[_i].tag);
	imap_reader_deinit(&r);
}

END_TEST

START_TEST(streams_a_literal)
{
	struct imap_limits limits = { TEXT, LITERALS };
	struct imap_reader r;
	struct view in = V("a APPEND b {20+}\r\n12345678901234567890\r\n");
	imap_reader_init(&r, &limits);
	ck_assert_int_eq(imap_reader_next(&r, &in), IMAP_READ_LITERAL);
	ck_assert_uint_eq(r.literal_size, 20);
	ck_assert(imap_reader_literal(&r, IMAP_LITERAL_STREAM));
	ck_assert_int_eq(imap_reader_next(&r, &in), IMAP_READ_DATA);
	ck_assert_view_eq(r.piece, V("12345678901234567890"));
	ck_assert_int_eq(imap_reader_next(&r, &in), IMAP_READ_COMMAND);
	ck_assert_view_eq(imap_reader_command(&r), V("a APPEND b {20+}\r\n"));
	imap_reader_deinit(&r);
}

END_TEST

/* DONE and SASL responses are lines, whatever they end in. */
START_TEST(reads_raw_lines)
{
	struct imap_limits limits = { TEXT, LITERALS };
	struct imap_reader r;
	struct view in = V("abc{3}\r\n");
	imap_reader_init(&r, &limits);
	r.raw_line = true;
	ck_assert_int_eq(imap_reader_next(&r, &in), IMAP_READ_COMMAND);
	ck_assert_view_eq(imap_reader_command(&r), V("abc{3}"));
	imap_reader_deinit(&r);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("imapd/imap_reader");
	TCase *t = tcase_create("imap_reader");
	tcase_add_loop_test(t, reads_commands_at_every_split, 0, N(cases));
	tcase_add_loop_test(t, finds_the_tag_of_a_bad_command, 0, N(tags));
	tcase_add_test(t, streams_a_literal);
	tcase_add_test(t, reads_raw_lines);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
