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

static const struct {
	struct view in;
	bool ok;
	struct view out, ascii;
} addresses[] = {
	{ V_INIT("a@b"), true, V_INIT("a@b"), V_INIT("a@b") },
	{ V_INIT("\xc3\xb6@b"), true, V_INIT("\xc3\xb6@b"),
	    V_INIT("\\x{F6}@b") },
	{ V_INIT("\\x{F6}\\x{f6}\\x{00F6}@b"), true,
	    V_INIT("\xc3\xb6\xc3\xb6\xc3\xb6@b"),
	    V_INIT("\\x{F6}\\x{F6}\\x{F6}@b") },
	{ V_INIT("\\x{20}\\x{2B}\\x{3D}\\x{5C}"), true, V_INIT(" +=\\"),
	    V_INIT("\\x{20}\\x{2B}\\x{3D}\\x{5C}") },
	{ V_INIT("\\x{10FFFD}"), true, V_INIT("\xf4\x8f\xbf\xbd"),
	    V_INIT("\\x{10FFFD}") },
	{ V_INIT("a+b"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("a=b"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("a b"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("a\\b"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{}"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{F}"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{F6"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{G6}"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{0A}"), false, V_INIT(""), V_INIT("") }, /* no new lines */
	{ V_INIT("\\x{85}"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{D800}"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{110000}"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\\x{0000041}"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("\xe4"), false, V_INIT(""), V_INIT("") },
	{ V_INIT("a\r"), false, V_INIT(""), V_INIT("") },
};

START_TEST(addresses_go_both_ways)
{
	struct buf plain, ascii;
	struct view in = exact_copy(addresses[_i].in);
	buf_init(&plain, 100);
	buf_init(&ascii, 100);
	ck_assert_int_eq(
	    utf8_address_decode(in, &plain), addresses[_i].ok ? 0 : MC_E_BAD);
	exact_free(in);
	if (addresses[_i].ok) {
		ck_assert_view_eq(buf_view(&plain), addresses[_i].out);
		utf8_address_encode(buf_view(&plain), &ascii);
		ck_assert_view_eq(buf_view(&ascii), addresses[_i].ascii);
	}
	buf_deinit(&plain);
	buf_deinit(&ascii);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("text/xtext");
	TCase *t = tcase_create("xtext");
	tcase_add_loop_test(
	    t, only_printable_text_is_taken, 0, sizeof cases / sizeof cases[0]);
	tcase_add_loop_test(t, addresses_go_both_ways, 0,
	    sizeof addresses / sizeof addresses[0]);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
