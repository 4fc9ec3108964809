/* No value can forge a line or a key of the log. */
#include "base/err.h"
#include "log/log.h"
#include "suite.h"

static size_t format(
    char *out, size_t cap, const struct log_ctx *ctx, const char *event, ...)
{
	va_list kvs;
	va_start(kvs, event);
	size_t n = log_format(out, cap, ctx, LOG_LEVEL_INFO, event, kvs);
	va_end(kvs);
	return n;
}

/* What stands behind the time. */
static struct view behind_time(const char *line, size_t n)
{
	struct view v = { line, n }, time;
	ck_assert_uint_eq(strlen(line), n);
	ck_assert(view_cut(&v, ' ', &time));
	ck_assert_uint_eq(time.n, strlen("2026-11-03T10:00:00.000Z"));
	ck_assert_int_eq(time.p[10], 'T');
	ck_assert_int_eq(time.p[23], 'Z');
	return v;
}

struct value_case {
	struct view in, want;
};

static const struct value_case value_cases[] = {
	{ V_INIT("plain@example.org"), V_INIT("plain@example.org") },
	{ V_INIT(""), V_INIT("\"\"") },
	{ V_INIT("a b"), V_INIT("\"a b\"") },
	{ V_INIT("a=b"), V_INIT("\"a=b\"") },
	{ V_INIT("a\"b\\c"), V_INIT("\"a\\\"b\\\\c\"") },
	{ V_INIT("a\r\nfake line"), V_INIT("\"a\\x0d\\x0afake line\"") },
	{ V_INIT("\0\x1b[31m\x7f"), V_INIT("\"\\x00\\x1b[31m\\x7f\"") },
	{ V_INIT("\xc3\xa9\xe6\x97\xa5\xf0\x9f\x93\xac"),
	    V_INIT("\"\xc3\xa9\xe6\x97\xa5\xf0\x9f\x93\xac\"") },
	/* C1 controls are what terminals act on, alone or as UTF-8. */
	{ V_INIT("\x9b[m\xc2\x9b[m"), V_INIT("\"\\x9b[m\\xc2\\x9b[m\"") },
	{ V_INIT("\xe2\x80\xae"), V_INIT("\"\\xe2\\x80\\xae\"") },
	{ V_INIT("\xc0\xaf\xed\xa0\x80\xf5\xe6\x97"),
	    V_INIT("\"\\xc0\\xaf\\xed\\xa0\\x80\\xf5\\xe6\\x97\"") },
	{ V_INIT("a\tb"), V_INIT("\"a\\x09"
				 "b\"") },
};

START_TEST(escapes_values)
{
	const struct value_case *c = &value_cases[_i];
	char line[500], want[500];
	struct view in = exact_copy(c->in);
	size_t n = format(line, sizeof line, NULL, "rcpt.reject",
	    KV_VIEW("rcpt", in), KV_LAST);
	snprintf(want, sizeof want, "mailcore info rcpt.reject rcpt=%.*s\n",
	    (int)c->want.n, c->want.p);
	ck_assert_view_eq(behind_time(line, n), view_of(want));
	exact_free(in);
}

END_TEST

START_TEST(writes_all_kinds)
{
	char line[500];
	struct log_ctx session = { NULL, "session", 0x2a };
	struct log_ctx plain = { &session, NULL, 0 };
	struct log_ctx queue = { &plain, "queue", 1 };
	size_t n = format(line, sizeof line, &queue, "a.b", KV_INT("n", -5),
	    KV_HEX("h", 255), KV_ERR("error", MC_E_LIMIT),
	    KV_STR("s", (const char *)NULL), KV_LAST);
	ck_assert_view_eq(behind_time(line, n),
	    V("mailcore info a.b session=000000000000002a "
	      "queue=0000000000000001 n=-5 h=00000000000000ff "
	      "error=\"limit exceeded\" s=\"\"\n"));
}

END_TEST

START_TEST(cuts_long_lines)
{
	char text[1000];
	memset(text, 'x', sizeof text);
	for (size_t cap = 40; cap < 120; cap++) {
		char *line = malloc(cap);
		size_t n = format(line, cap, NULL, "a.b",
		    KV_VIEW("k", ((struct view){ text, sizeof text })),
		    KV_VIEW("l", V("\n")), KV_LAST);
		ck_assert_uint_lt(n, cap);
		ck_assert_uint_eq(strlen(line), n);
		ck_assert_view_eq(
		    view_skip((struct view){ line, n }, n - 4), V("...\n"));
		free(line);
	}
}

END_TEST

START_TEST(knows_level_names)
{
	enum log_level level = LOG_LEVEL_ERROR;
	ck_assert(log_level_parse(V("debug"), &level));
	ck_assert_int_eq(level, LOG_LEVEL_DEBUG);
	ck_assert(!log_level_parse(V("loud"), &level));
	ck_assert(!log_level_parse(V(""), &level));
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("log/log");
	TCase *t = tcase_create("log");
	tcase_add_loop_test(t, escapes_values, 0, N(value_cases));
	tcase_add_test(t, writes_all_kinds);
	tcase_add_test(t, cuts_long_lines);
	tcase_add_test(t, knows_level_names);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
