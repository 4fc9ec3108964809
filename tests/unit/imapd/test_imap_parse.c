/* Arguments of commands: RFC 3501 9, RFC 5161, RFC 7888. */
#include "imapd/imap_parse.h"
#include "store/mailbox/message.h"
#include "suite.h"

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena, 1 << 20);
}

static void tear_down(void)
{
	arena_deinit(&arena);
}

enum what {
	TAG,
	ATOM,
	STRING,
	NSTRING,
	ASTRING,
	LIST_MAILBOX,
	MAILBOX
};

static const struct {
	enum what what;
	struct view in;
	bool ok;
	struct view out, left;
} strings[] = {
	{ TAG, V_INIT("a1 x"), true, V_INIT("a1"), V_INIT(" x") },
	{ TAG, V_INIT("a+1"), false, V_INIT(""), V_INIT("") },
	{ TAG, V_INIT(""), false, V_INIT(""), V_INIT("") },
	{ ATOM, V_INIT("FETCH 1"), true, V_INIT("FETCH"), V_INIT(" 1") },
	{ ATOM, V_INIT("$Work)"), true, V_INIT("$Work"), V_INIT(")") },
	{ ATOM, V_INIT("\\Seen"), false, V_INIT(""), V_INIT("") },
	{ ATOM, V_INIT("\xc3\xa4"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("\"\""), true, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("\"a b\"c"), true, V_INIT("a b"), V_INIT("c") },
	{ STRING, V_INIT("\"\\\"\\\\\""), true, V_INIT("\"\\"), V_INIT("") },
	{ STRING, V_INIT("\"\\a\""), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("\"a"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("\"a\\"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("\"a\\\""), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("{3}\r\na\r\nb"), true, V_INIT("a\r\n"), V_INIT("b") },
	{ STRING, V_INIT("{0+}\r\n x"), true, V_INIT(""), V_INIT(" x") },
	{ STRING, V_INIT("{4}\r\nabc"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("{3}abc"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("{}\r\n"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("{-1}\r\n"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("{1+"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("{1}\r\n\0"), false, V_INIT(""), V_INIT("") },
	{ STRING, V_INIT("atom"), false, V_INIT(""), V_INIT("") },
	{ NSTRING, V_INIT("NIL)"), true, V_INIT(""), V_INIT(")") },
	{ NSTRING, V_INIT("nil"), true, V_INIT(""), V_INIT("") },
	{ NSTRING, V_INIT("NILS"), false, V_INIT(""), V_INIT("") },
	{ NSTRING, V_INIT("\"NIL\""), true, V_INIT("NIL"), V_INIT("") },
	{ ASTRING, V_INIT("a]b c"), true, V_INIT("a]b"), V_INIT(" c") },
	{ ASTRING, V_INIT("a*"), true, V_INIT("a"), V_INIT("*") },
	{ ASTRING, V_INIT("\"a*\""), true, V_INIT("a*"), V_INIT("") },
	{ ASTRING, V_INIT("(a)"), false, V_INIT(""), V_INIT("") },
	{ LIST_MAILBOX, V_INIT("a/%*] x"), true, V_INIT("a/%*]"),
	    V_INIT(" x") },
	{ LIST_MAILBOX, V_INIT("\"\""), true, V_INIT(""), V_INIT("") },
	{ MAILBOX, V_INIT("inbox"), true, V_INIT("INBOX"), V_INIT("") },
	{ MAILBOX, V_INIT("iNBoX/a"), true, V_INIT("INBOX/a"), V_INIT("") },
	{ MAILBOX, V_INIT("inboxes"), true, V_INIT("inboxes"), V_INIT("") },
	{ MAILBOX, V_INIT("a/"), true, V_INIT("a"), V_INIT("") },
	{ MAILBOX, V_INIT("&AOQ-"), true, V_INIT("\xc3\xa4"), V_INIT("") },
	{ MAILBOX, V_INIT("\"a&-b\""), true, V_INIT("a&b"), V_INIT("") },
	{ MAILBOX, V_INIT("\"a&b\""), true, V_INIT(""), V_INIT("") },
	{ MAILBOX, V_INIT("&AGE-"), true, V_INIT(""), V_INIT("") },
	{ MAILBOX, V_INIT("\"a\xcc\x88\""), true, V_INIT("\xc3\xa4"),
	    V_INIT("") },
};

static bool read_string(enum what what, struct imap_args *a, struct view *out)
{
	switch (what) {
	case TAG:
		return imap_tag(a, out);
	case ATOM:
		return imap_atom(a, out);
	case STRING:
		return imap_string(a, out);
	case NSTRING:
		return imap_nstring(a, out);
	case ASTRING:
		return imap_astring(a, out);
	case LIST_MAILBOX:
		return imap_list_mailbox(a, out);
	case MAILBOX:
		return imap_mailbox(a, out);
	}
	return false;
}

START_TEST(reads_strings)
{
	struct view block = exact_copy(strings[_i].in), out = V("");
	struct imap_args a = { block, &arena, NULL };
	bool ok = read_string(strings[_i].what, &a, &out);
	ck_assert_int_eq(ok, strings[_i].ok);
	ck_assert_int_eq(ok, a.why == NULL);
	if (ok) {
		ck_assert_view_eq(out, strings[_i].out);
		ck_assert_view_eq(a.in, strings[_i].left);
	}
	exact_free(block);
}

END_TEST

static const struct {
	struct view in;
	bool ok;
	struct view out; /* as first:last,... with 0 for '*' */
} sets[] = {
	{ V_INIT("1"), true, V_INIT("1:1") },
	{ V_INIT("4:2"), true, V_INIT("2:4") },
	{ V_INIT("1,3:5,7"), true, V_INIT("1:1,3:5,7:7") },
	{ V_INIT("*"), true, V_INIT("0:0") },
	{ V_INIT("*:4"), true, V_INIT("4:0") },
	{ V_INIT("4294967295"), true, V_INIT("4294967295:4294967295") },
	{ V_INIT("1:*,9"), true, V_INIT("1:0,9:9") },
	{ V_INIT("0"), false, V_INIT("") },
	{ V_INIT("1:0"), false, V_INIT("") },
	{ V_INIT("1,"), false, V_INIT("") },
	{ V_INIT(",1"), false, V_INIT("") },
	{ V_INIT("1:"), false, V_INIT("") },
	{ V_INIT("4294967296"), false, V_INIT("") },
	{ V_INIT("a"), false, V_INIT("") },
	{ V_INIT(""), false, V_INIT("") },
	{ V_INIT("-1"), false, V_INIT("") },
};

START_TEST(reads_sets)
{
	struct view block = exact_copy(sets[_i].in);
	struct imap_args a = { block, &arena, NULL };
	struct imap_set set;
	struct buf text;
	buf_init(&text, 1000);
	ck_assert_int_eq(imap_set(&a, &set) && imap_end(&a), sets[_i].ok);
	for (size_t i = 0; sets[_i].ok && i < set.n; i++)
		buf_printf(&text, "%s%u:%u", i ? "," : "", set.ranges[i].first,
		    set.ranges[i].last);
	ck_assert_view_eq(buf_view(&text), sets[_i].out);
	buf_deinit(&text);
	exact_free(block);
}

END_TEST

static const struct {
	struct view in;
	bool ok;
	uint16_t flags;
	size_t n_keywords;
} flag_lists[] = {
	{ V_INIT("()"), true, 0, 0 },
	{ V_INIT("(\\Seen \\DELETED)"), true, MESSAGE_SEEN | MESSAGE_DELETED,
	    0 },
	{ V_INIT("($a b \\Draft)"), true, MESSAGE_DRAFT, 2 },
	{ V_INIT("(\\Recent)"), true, 0, 0 },
	{ V_INIT("(\\Foo)"), false, 0, 0 },
	{ V_INIT("(\\)"), false, 0, 0 },
	{ V_INIT("(a b"), false, 0, 0 },
	{ V_INIT("(a  b)"), false, 0, 0 },
	{ V_INIT("(\"a\")"), false, 0, 0 },
	{ V_INIT("a"), false, 0, 0 },
};

START_TEST(reads_flags)
{
	struct view block = exact_copy(flag_lists[_i].in);
	struct imap_args a = { block, &arena, NULL };
	struct imap_flags flags = { .flags = 0 };
	ck_assert_int_eq(imap_flag_list(&a, &flags), flag_lists[_i].ok);
	if (flag_lists[_i].ok) {
		ck_assert_uint_eq(flags.flags, flag_lists[_i].flags);
		ck_assert_uint_eq(flags.n_keywords, flag_lists[_i].n_keywords);
	}
	exact_free(block);
}

END_TEST

static const struct {
	struct view in;
	bool ok, has_date;
} appends[] = {
	{ V_INIT(" INBOX {3}\r\n"), true, false },
	{ V_INIT(" {5}\r\nINBOX {3+}\r\n"), true, false },
	{ V_INIT(" INBOX (\\Seen) {3}\r\n"), true, false },
	{ V_INIT(" INBOX \" 1-Feb-2024 12:00:00 -0500\" {3}\r\n"), true, true },
	{ V_INIT(" INBOX () \"01-Feb-2024 12:00:00 -0500\" {3}\r\n"), true,
	    true },
	{ V_INIT(" {5}\r\n"), false, false },
	{ V_INIT(" INBOX x {3}\r\n"), false, false },
	{ V_INIT(" INBOX \"x\" {3}\r\n"), false, false },
	{ V_INIT(" INBOX \"x\""), false, false },
	{ V_INIT(" INBOX"), false, false },
	{ V_INIT(""), false, false },
};

/* The reader asks at each literal whether it is the message. */
START_TEST(knows_the_message_of_append)
{
	struct view block = exact_copy(appends[_i].in);
	struct imap_args a = { block, &arena, NULL };
	struct imap_append_args out;
	bool ok = imap_append_args(&a, &out) && imap_end(&a);
	ck_assert_int_eq(ok, appends[_i].ok);
	if (ok)
		ck_assert_int_eq(out.has_date, appends[_i].has_date);
	exact_free(block);
}

END_TEST

/* The first error stays. */
START_TEST(errors_stick)
{
	struct imap_args a = { V("1 2"), &arena, NULL };
	struct view atom;
	ck_assert(!imap_char(&a, '('));
	const char *why = a.why;
	ck_assert_ptr_nonnull(why);
	ck_assert(!imap_atom(&a, &atom));
	ck_assert(!imap_skip(&a, '1'));
	ck_assert(!imap_word(&a, V("1")));
	ck_assert(!imap_end(&a));
	ck_assert_ptr_eq(a.why, why);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("imapd/imap_parse");
	TCase *t = tcase_create("imap_parse");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, reads_strings, 0, N(strings));
	tcase_add_loop_test(t, reads_sets, 0, N(sets));
	tcase_add_loop_test(t, reads_flags, 0, N(flag_lists));
	tcase_add_loop_test(t, knows_the_message_of_append, 0, N(appends));
	tcase_add_test(t, errors_stick);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
