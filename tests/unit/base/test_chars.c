/* The class table against the RFCs' own lists. */
#include "base/chars.h"
#include "suite.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

struct class_case {
	enum char_class class;
	const char *members; /* all of them */
};

static const struct class_case cases[] = {
	{ CHAR_ALPHA, LETTERS },
	{ CHAR_DIGIT, DIGITS },
	{ CHAR_HEX, DIGITS "abcdefABCDEF" },
	{ CHAR_ATEXT, LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~" },
	{ CHAR_BASE64, LETTERS DIGITS "+/" },
	{ CHAR_LDH, LETTERS DIGITS "-" },
	/* RFC 2045: any CHAR except SPACE, CTLs, or tspecials */
	{ CHAR_TOKEN, LETTERS DIGITS "!#$%&'*+-.^_`{|}~" },
	/* RFC 3501: not ( ) { SP CTL % * " \ ], */
	{ CHAR_IMAP_ATOM, LETTERS DIGITS "!#$&'+,-./:;<=>?@[^_`|}~" },
	/* RFC 5322 3.6.8: 33-57, 59-126 */
	{ CHAR_FTEXT, LETTERS DIGITS "!\"#$%&'()*+,-./;<=>?@[\\]^_`{|}~" },
	{ CHAR_PRINT, LETTERS DIGITS " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" },
};

START_TEST(classes_are_the_rfcs)
{
	for (int c = 0; c < 256; c++)
		ck_assert_msg(char_is((char)c, cases[_i].class) ==
				  (c && strchr(cases[_i].members, c)),
		    "character %d", c);
}

END_TEST

START_TEST(controls_and_case)
{
	for (int c = 0; c < 256; c++) {
		ck_assert_int_eq(
		    char_is((char)c, CHAR_CTL), c < 32 || c == 127);
		bool upper = c >= 'A' && c <= 'Z', lower = c >= 'a' && c <= 'z';
		ck_assert_int_eq(
		    (unsigned char)char_lower((char)c), upper ? c + 32 : c);
		ck_assert_int_eq(
		    (unsigned char)char_upper((char)c), lower ? c - 32 : c);
	}
	ck_assert_int_eq(char_hex('0'), 0);
	ck_assert_int_eq(char_hex('f'), 15);
	ck_assert_int_eq(char_hex('A'), 10);
	ck_assert_int_eq(char_hex('g'), -1);
	ck_assert_int_eq(char_hex('\0'), -1);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("base/chars");
	TCase *t = tcase_create("chars");
	tcase_add_loop_test(
	    t, classes_are_the_rfcs, 0, (int)(sizeof cases / sizeof cases[0]));
	tcase_add_test(t, controls_and_case);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
