/* MTA-STS policies: RFC 8461 3.2. */
#include "queued/policy/sts.h"
#include "suite.h"

static const struct {
	struct view text;
	int error;
	enum sts_mode mode;
	uint32_t age_s;
	struct view names;
} cases[] = {
	{ V_INIT("version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n"
		 "mx: *.example.net\r\nmx: backupmx.example.com\r\n"
		 "max_age: 604800\r\n"),
	    0, STS_ENFORCE, 604800,
	    V_INIT("mail.example.com *.example.net backupmx.example.com") },
	{ V_INIT("version:STSv1\nmode:testing\nmx:A.Example\nmax_age:0"), 0,
	    STS_TESTING, 0, V_INIT("a.example") },
	{ V_INIT("version: STSv1\nmode: none\nmax_age: 86400\n"), 0, STS_NONE,
	    86400, V_INIT("") },
	/* More than a year counts as a year. */
	{ V_INIT("version: STSv1\nmode: none\nmax_age: 9999999999\n"), 0,
	    STS_NONE, STS_AGE_MAX_S, V_INIT("") },
	/* The first of two counts; what is not known is skipped. */
	{ V_INIT("version: STSv1\nmode: testing\nmode: enforce\nx-new: 1\n"
		 "max_age: 1\nmax_age: 2\nmx: a.b\n"),
	    0, STS_TESTING, 1, V_INIT("a.b") },
	{ V_INIT("version: STSv2\nmode: none\nmax_age: 1\n"), MC_E_BAD, 0, 0,
	    V_INIT("") },
	{ V_INIT("mode: none\nmax_age: 1\n"), MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmax_age: 1\n"), MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmode: none\n"), MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmode: strict\nmax_age: 1\nmx: a\n"), MC_E_BAD,
	    0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmode: enforce\nmax_age: 1\n"), MC_E_BAD, 0, 0,
	    V_INIT("") },
	{ V_INIT("version: STSv1\nmode: enforce\nmax_age: -1\nmx: a\n"),
	    MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmode: enforce\nmax_age: 1\nmx: *\n"),
	    MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.*.b\n"),
	    MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmode: enforce\nmax_age: 1\nmx: a b\n"),
	    MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.\n"),
	    MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("<html>no policy here</html>"), MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT(""), MC_E_BAD, 0, 0, V_INIT("") },
	{ V_INIT("version: STSv1\0\nmode: none\nmax_age: 1\n"), MC_E_BAD, 0, 0,
	    V_INIT("") },
};

START_TEST(reads_a_policy)
{
	struct view text = exact_copy(cases[_i].text);
	const char *why = NULL;
	struct sts_policy p;
	int error = sts_parse(text, &p, &why);
	ck_assert_int_eq(error, cases[_i].error);
	ck_assert_int_eq(why != NULL, error != 0);
	if (!error) {
		ck_assert_int_eq(p.mode, cases[_i].mode);
		ck_assert_uint_eq(p.max_age_s, cases[_i].age_s);
		ck_assert_view_eq(
		    ((struct view){ p.names, p.n_names }), cases[_i].names);
	}
	exact_free(text);
}

END_TEST

START_TEST(refuses_more_names_than_fit)
{
	static char text[STS_TEXT_MAX];
	size_t n = 0;
	const char *why;
	struct sts_policy p;
	n += (size_t)snprintf(
	    text, sizeof text, "version: STSv1\nmode: enforce\nmax_age: 1\n");
	for (int i = 0; i < 400; i++)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, "mx: m%03d.example\n", i);
	ck_assert_int_eq(
	    sts_parse((struct view){ text, n }, &p, &why), MC_E_BAD);
	ck_assert_str_eq(why, "too many mx");
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/sts");
	TCase *t = tcase_create("sts");
	tcase_add_loop_test(
	    t, reads_a_policy, 0, sizeof cases / sizeof cases[0]);
	tcase_add_test(t, refuses_more_names_than_fit);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
