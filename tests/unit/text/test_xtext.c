/* xtext: RFC 3461 4. */
#include "suite.h"
#include "text/xtext.h"

static const struct {
	struct view in;
	bool ok;
	struct view out;
} cases[] = {
	{ V_INIT(""), true, V_INIT("") },
	{ V_INIT("a@example.org"), true, V_INIT("a@example.org") },
	{ V_INIT("a+2Bb+3Dc+20d"), true, V_INIT("a+b=c d") },
	{ V_INIT("+7E+21"), true, V_INIT("~!") },
	{ V_INIT("a+2bc"), false, V_INIT("") }, /* lower case */
	{ V_INIT("a+"), false, V_INIT("") },
	{ V_INIT("a+2"), false, V_INIT("") },
	{ V_INIT("a+2G"), false, V_INIT("") },
	{ V_INIT("a=b"), false, V_INIT("") },
	{ V_INIT("a b"), false, V_INIT("") },
	{ V_INIT("a\tb"), false, V_INIT("") },
	{ V_INIT("a+0D+0Ab"), false, V_INIT("") }, /* no new lines of a field */
	{ V_INIT("a+00"), false, V_INIT("") },
	{ V_INIT("a+7F"), false, V_INIT("") },
	{ V_INIT("a+E4"), false, V_INIT("") },
	{ V_INIT("\xe4"), false, V_INIT("") },
};

START_TEST(only_printable_text_is_taken)
{
	struct buf out;
	size_t n = cases[_i].in.n;
	char *exact = malloc(n ? n : 1);
	memcpy(exact, cases[_i].in.p, n);
	struct view in = { exact, n };
	buf_init(&out, 100);
	ck_assert_int_eq(xtext_is_printable(in), cases[_i].ok);
	if (cases[_i].ok) {
		xtext_put_decoded(&out, in);
		ck_assert_view_eq(buf_view(&out), cases[_i].out);
	}
	buf_deinit(&out);
	free(exact);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("text/xtext");
	TCase *t = tcase_create("xtext");
	tcase_add_loop_test(
	    t, only_printable_text_is_taken, 0, sizeof cases / sizeof cases[0]);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
