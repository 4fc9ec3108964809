/* base64, quoted-printable, modified UTF-7, UTF-8, charsets. */
#include "suite.h"
#include "text/codec.h"

struct pair {
	struct view plain, coded;
};

/* RFC 4648 10 */
static const struct pair base64_pairs[] = {
	{ V_INIT(""), V_INIT("") },
	{ V_INIT("f"), V_INIT("Zg==") },
	{ V_INIT("fo"), V_INIT("Zm8=") },
	{ V_INIT("foo"), V_INIT("Zm9v") },
	{ V_INIT("foob"), V_INIT("Zm9vYg==") },
	{ V_INIT("fooba"), V_INIT("Zm9vYmE=") },
	{ V_INIT("foobar"), V_INIT("Zm9vYmFy") },
	{ V_INIT("\0user\0\xff\xfe"), V_INIT("AHVzZXIA//4=") },
};

START_TEST(base64_goes_both_ways)
{
	const struct pair *c = &base64_pairs[_i];
	struct buf out;
	buf_init(&out, 100);
	struct view plain = exact_copy(c->plain), coded = exact_copy(c->coded);
	base64_encode(plain, &out);
	ck_assert_view_eq(buf_view(&out), coded);
	buf_reset(&out);
	ck_assert_int_eq(base64_decode(coded, &out), 0);
	ck_assert_view_eq(buf_view(&out), plain);
	exact_free(plain);
	exact_free(coded);
	buf_deinit(&out);
}

END_TEST

static const struct pair base64_bad[] = {
	{ V_INIT(""), V_INIT("Zg") },
	{ V_INIT(""), V_INIT("Zg=") },
	{ V_INIT(""), V_INIT("Z===") },
	{ V_INIT(""), V_INIT("====") },
	{ V_INIT(""), V_INIT("Zg==Zg==") },
	{ V_INIT(""), V_INIT("Zg=g") },
	{ V_INIT(""), V_INIT("Zm9v\r\n") },
	{ V_INIT(""), V_INIT("Zm 9") },
	{ V_INIT(""), V_INIT("Zm9\0") },
	{ V_INIT(""), V_INIT("Zh==") }, /* pad bits */
	{ V_INIT(""), V_INIT("Zm9=") },
	{ V_INIT(""), V_INIT("-_-_") },
};

START_TEST(strict_base64_refuses)
{
	struct buf out;
	buf_init(&out, 100);
	struct view in = exact_copy(base64_bad[_i].coded);
	ck_assert_int_eq(base64_decode(in, &out), MC_E_BAD);
	exact_free(in);
	buf_deinit(&out);
}

END_TEST

struct decode_case {
	enum transfer_encoding encoding;
	struct view in, want;
};

static const struct decode_case decode_cases[] = {
	{ ENCODING_IDENTITY, V_INIT("a=20\r\n\0"), V_INIT("a=20\r\n\0") },
	{ ENCODING_BASE64, V_INIT("Zm9v\r\nYmFy\r\n"), V_INIT("foobar") },
	{ ENCODING_BASE64, V_INIT(" Z*m9\0v"), V_INIT("foo") },
	{ ENCODING_BASE64, V_INIT("Zg==Zg=="), V_INIT("ff") },
	{ ENCODING_BASE64, V_INIT("Zm8"), V_INIT("fo") },
	{ ENCODING_BASE64, V_INIT("Zg"), V_INIT("f") },
	{ ENCODING_BASE64, V_INIT("Z"), V_INIT("") },
	{ ENCODING_BASE64, V_INIT("Z=m9v"), V_INIT("\x9b\xdb") },
	{ ENCODING_QUOTED_PRINTABLE, V_INIT("a=3Db=c3=A4"),
	    V_INIT("a=b\xc3\xa4") },
	{ ENCODING_QUOTED_PRINTABLE, V_INIT("a=\r\nb=\nc= \t\r\nd"),
	    V_INIT("abcd") },
	{ ENCODING_QUOTED_PRINTABLE, V_INIT("a \t \r\nb\t\nc d "),
	    V_INIT("a\r\nb\nc d") },
	{ ENCODING_QUOTED_PRINTABLE, V_INIT("a \t=20\r\n"),
	    V_INIT("a \t \r\n") },
	{ ENCODING_QUOTED_PRINTABLE, V_INIT("=G1=1G==41=\r=41 ="),
	    V_INIT("=G1=1G=AA ") },
	{ ENCODING_QUOTED_PRINTABLE, V_INIT("= x=4"), V_INIT("= x=4") },
	{ ENCODING_QUOTED_PRINTABLE, V_INIT("\0\xff\r\r\n"),
	    V_INIT("\0\xff\r\r\n") },
	{ ENCODING_QUOTED_PRINTABLE,
	    V_INIT("                                        x\r\n"),
	    V_INIT("                                        x\r\n") },
};

START_TEST(decodes_bodies_at_every_split)
{
	const struct decode_case *c = &decode_cases[_i];
	for (size_t a = 0; a <= c->in.n; a++)
		for (size_t b = a; b <= c->in.n; b++) {
			struct decoder d;
			struct buf out;
			size_t cuts[] = { 0, a, b, c->in.n };
			buf_init(&out, 200);
			decoder_init(&d, c->encoding);
			for (int i = 0; i < 3; i++) {
				struct view v = exact_copy(
				    view_slice(c->in, cuts[i], cuts[i + 1]));
				decoder_put(&d, v, &out);
				exact_free(v);
			}
			decoder_end(&d, &out);
			ck_assert_view_eq(buf_view(&out), c->want);
			buf_deinit(&out);
		}
}

END_TEST

START_TEST(names_transfer_encodings)
{
	static const struct {
		struct view in;
		enum transfer_encoding want;
	} cases[] = {
		{ V_INIT(""), ENCODING_IDENTITY },
		{ V_INIT(" 8bit"), ENCODING_IDENTITY },
		{ V_INIT(" BASE64\r\n"), ENCODING_BASE64 },
		{ V_INIT("base64 (so it says)"), ENCODING_BASE64 },
		{ V_INIT(" (a (b\\)) c)\r\n (d) base64"), ENCODING_BASE64 },
		{ V_INIT("(base64"), ENCODING_IDENTITY },
		{ V_INIT("(base64\\"), ENCODING_IDENTITY },
		{ V_INIT(" Quoted-Printable;"), ENCODING_QUOTED_PRINTABLE },
		{ V_INIT("\"base64\""), ENCODING_BASE64 },
		{ V_INIT("x-uuencode"), ENCODING_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		ck_assert_int_eq(
		    transfer_encoding_of(cases[i].in), cases[i].want);
}

END_TEST

/* RFC 3501 5.1.3 */
static const struct pair mutf7_pairs[] = {
	{ V_INIT(""), V_INIT("") },
	{ V_INIT("INBOX/a b"), V_INIT("INBOX/a b") },
	{ V_INIT("a&b"), V_INIT("a&-b") },
	{ V_INIT("~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/"
		 "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e"),
	    V_INIT("~peter/mail/&U,BTFw-/&ZeVnLIqe-") },
	{ V_INIT("Entw\xc3\xbcrfe"), V_INIT("Entw&APw-rfe") },
	{ V_INIT("\xf0\x9f\x93\xa7"), V_INIT("&2D3c5w-") },
	{ V_INIT("\xc3\xa4&\xc3\xb6"), V_INIT("&AOQ-&-&APY-") },
	{ V_INIT("\x01\x7f"), V_INIT("&AAEAfw-") },
};

START_TEST(mutf7_goes_both_ways)
{
	const struct pair *c = &mutf7_pairs[_i];
	struct buf out;
	buf_init(&out, 100);
	struct view plain = exact_copy(c->plain), coded = exact_copy(c->coded);
	mutf7_encode(plain, &out);
	ck_assert_view_eq(buf_view(&out), coded);
	buf_reset(&out);
	ck_assert_int_eq(mutf7_decode(coded, &out), 0);
	ck_assert_view_eq(buf_view(&out), plain);
	exact_free(plain);
	exact_free(coded);
	buf_deinit(&out);
}

END_TEST

static const struct pair mutf7_bad[] = {
	{ V_INIT(""), V_INIT("&") },
	{ V_INIT(""), V_INIT("&APw") },
	{ V_INIT(""), V_INIT("&APx-") },      /* pad bits */
	{ V_INIT(""), V_INIT("&AGE-") },      /* "a" needs no shift */
	{ V_INIT(""), V_INIT("&ACY-") },      /* nor has & this one */
	{ V_INIT(""), V_INIT("&APw-&APw-") }, /* superfluous shift */
	{ V_INIT(""), V_INIT("&2D0-") },      /* half a character */
	{ V_INIT(""), V_INIT("&3Oc-") },
	{ V_INIT(""), V_INIT("&A/w-") },
	{ V_INIT(""), V_INIT("a\xc3\xbc") },
	{ V_INIT(""), V_INIT("a\0b") },
	{ V_INIT(""), V_INIT("a\tb") },
};

START_TEST(mutf7_takes_one_spelling_only)
{
	struct buf out;
	buf_init(&out, 100);
	struct view in = exact_copy(mutf7_bad[_i].coded);
	ck_assert_int_eq(mutf7_decode(in, &out), MC_E_BAD);
	ck_assert_uint_eq(buf_len(&out), 0);
	exact_free(in);
	buf_deinit(&out);
}

END_TEST

struct utf8_case {
	struct view in;
	bool valid;
};

static const struct utf8_case utf8_cases[] = {
	{ V_INIT("plain text longer than a word"), true },
	{ V_INIT("\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"), true },
	{ V_INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true },
	{ V_INIT("\xed\x9f\xbf\xee\x80\x80"), true },
	{ V_INIT("\xed\xa0\x80"), false }, /* surrogate */
	{ V_INIT("\xc0\x80"), false },     /* overlong */
	{ V_INIT("\xe0\x9f\xbf"), false },
	{ V_INIT("\xf0\x8f\xbf\xbf"), false },
	{ V_INIT("\xf4\x90\x80\x80"), false }, /* above 10FFFF */
	{ V_INIT("\xf8\x88\x80\x80\x80"), false },
	{ V_INIT("\x80"), false },
	{ V_INIT("a\xc3"), false },
	{ V_INIT("\xe2\x82"), false },
	{ V_INIT("\xe2\x82\x28"), false },
};

START_TEST(knows_utf8)
{
	struct buf out;
	struct view in = exact_copy(utf8_cases[_i].in);
	ck_assert_int_eq(utf8_is_valid(in), utf8_cases[_i].valid);
	buf_init(&out, 200);
	utf8_repair(in, &out);
	ck_assert(utf8_is_valid(buf_view(&out)));
	ck_assert_int_eq(view_eq(buf_view(&out), in), utf8_cases[_i].valid);
	buf_deinit(&out);
	exact_free(in);
}

END_TEST

static const struct pair fold_pairs[] = {
	{ V_INIT("Hello, WORLD 42"), V_INIT("hello, world 42") },
	{ V_INIT("\xc3\x84pfel"), V_INIT("apfel") },
	{ V_INIT("Stra\xc3\x9f"
		 "e"),
	    V_INIT("strasse") },
	{ V_INIT("e\xcc\x81"), V_INIT("e") },
	{ V_INIT("\xef\xac\x81n"), V_INIT("fin") }, /* ligature */
	{ V_INIT("\xef\xbc\xa1"), V_INIT("a") },    /* full width */
	{ V_INIT("\xce\xa3\xcf\x82"), V_INIT("\xcf\x83\xcf\x83") }, /* sigma */
	{ V_INIT("a\xff"
		 "B"),
	    V_INIT("a\xef\xbf\xbd"
		   "b") },
};

START_TEST(folds_for_searching)
{
	struct buf out;
	buf_init(&out, 200);
	struct view in = exact_copy(fold_pairs[_i].plain);
	utf8_fold(in, &out);
	ck_assert_view_eq(buf_view(&out), fold_pairs[_i].coded);
	exact_free(in);
	buf_deinit(&out);
}

END_TEST

START_TEST(normalizes_names)
{
	struct buf out;
	buf_init(&out, 20);
	ck_assert_int_eq(utf8_normalize(V("a\xcc\x88"), &out), 0);
	ck_assert_view_eq(buf_view(&out), V("\xc3\xa4"));
	buf_reset(&out);
	ck_assert_int_eq(utf8_normalize(V("plain"), &out), 0);
	ck_assert_view_eq(buf_view(&out), V("plain"));
	ck_assert_int_eq(utf8_normalize(V("\xff"), &out), MC_E_BAD);
	ck_assert_int_eq(
	    utf8_normalize(V("plain plain plain"), &out), MC_E_LIMIT);
	buf_deinit(&out);
}

END_TEST

static const struct pair name_pairs[] = {
	{ V_INIT("Plain.X"), V_INIT("plain.x") },
	{ V_INIT("A\xcc\x88"), V_INIT("\xc3\xa4") },
	{ V_INIT("\xc3\x84"), V_INIT("\xc3\xa4") },
	/* Kelvin; sharp s; the sigmas of a word in capitals are one. */
	{ V_INIT("\xe2\x84\xaa"), V_INIT("k") },
	{ V_INIT("\xc3\x9f"), V_INIT("\xc3\x9f") },
	{ V_INIT("\xce\xa3\xce\xa3"), V_INIT("\xcf\x83\xcf\x83") },
	/* Grows. */
	{ V_INIT("\xc8\xba"), V_INIT("\xe2\xb1\xa5") },
	/* A joiner of letters. */
	{ V_INIT("\xd9\x85\xe2\x80\x8c\xd9\x87"),
	    V_INIT("\xd9\x85\xe2\x80\x8c\xd9\x87") },
};

START_TEST(names_are_compared_in_lower_case)
{
	struct buf out;
	buf_init(&out, 20);
	struct view in = exact_copy(name_pairs[_i].plain);
	ck_assert_int_eq(utf8_name(in, &out), 0);
	ck_assert_view_eq(buf_view(&out), name_pairs[_i].coded);
	exact_free(in);
	buf_deinit(&out);
}

END_TEST

/* A name that was made so is not made another. */
START_TEST(names_stay_what_they_are)
{
	struct buf in, once, twice;
	buf_init(&in, 8);
	buf_init(&once, 64);
	buf_init(&twice, 64);
	for (uint32_t c = 0x80; c < 0x30000; c++) {
		buf_reset(&in);
		buf_reset(&once);
		buf_reset(&twice);
		utf8_put(&in, c);
		if (utf8_name(buf_view(&in), &once) != 0)
			continue;
		ck_assert_int_eq(utf8_name(buf_view(&once), &twice), 0);
		ck_assert_view_eq(buf_view(&twice), buf_view(&once));
	}
	buf_deinit(&in);
	buf_deinit(&once);
	buf_deinit(&twice);
}

END_TEST

struct charset_case {
	struct view charset, in, want;
};

static const struct charset_case charset_cases[] = {
	{ V_INIT("utf-8"), V_INIT("\xc3\xa4\xff"),
	    V_INIT("\xc3\xa4\xef\xbf\xbd") },
	{ V_INIT("us-ascii"), V_INIT("abc"), V_INIT("abc") },
	{ V_INIT("ISO-8859-1"), V_INIT("\xe4\x80"),
	    V_INIT("\xc3\xa4\xe2\x82\xac") },
	{ V_INIT("iso-8859-15"), V_INIT("\xa4"), V_INIT("\xe2\x82\xac") },
	{ V_INIT("windows-1251"), V_INIT("\xcf\xf0"),
	    V_INIT("\xd0\x9f\xd1\x80") },
	{ V_INIT("koi8-r"), V_INIT("\xf0"), V_INIT("\xd0\x9f") },
	{ V_INIT("shift_jis"), V_INIT("\x93\xfa"), V_INIT("\xe6\x97\xa5") },
	{ V_INIT("iso-2022-jp"), V_INIT("\x1b$BF|\x1b(B"),
	    V_INIT("\xe6\x97\xa5") },
	{ V_INIT("GB2312"), V_INIT("\xc8\xd5"), V_INIT("\xe6\x97\xa5") },
	{ V_INIT("euc-jp"), V_INIT("\xc6\xfc\xff-"),
	    V_INIT("\xe6\x97\xa5\xef\xbf\xbd-") },
	{ V_INIT("euc-jp"), V_INIT("a\xc6"), V_INIT("a\xef\xbf\xbd") },
	{ V_INIT("utf-16be"), V_INIT("\0a\xd8\x3d\xdc\xe7"),
	    V_INIT("a\xf0\x9f\x93\xa7") },
	{ V_INIT("x-klingon"), V_INIT("a\xe4"), V_INIT("a\xef\xbf\xbd") },
	{ V_INIT("UTF-8//TRANSLIT"), V_INIT("a\xe4"), V_INIT("a\xef\xbf\xbd") },
	{ V_INIT(""), V_INIT("a"), V_INIT("a") },
};

START_TEST(converts_charsets)
{
	const struct charset_case *c = &charset_cases[_i];
	struct buf out;
	buf_init(&out, 200);
	struct view in = exact_copy(c->in);
	charset_to_utf8(c->charset, in, &out);
	ck_assert_view_eq(buf_view(&out), c->want);
	exact_free(in);
	buf_deinit(&out);
}

END_TEST

START_TEST(converts_long_texts)
{
	static char text[10000];
	struct buf out;
	memset(text, 0xa4, sizeof text);
	buf_init(&out, 30000);
	charset_to_utf8(
	    V("iso-8859-15"), (struct view){ text, sizeof text }, &out);
	ck_assert_uint_eq(buf_len(&out), 30000);
	ck_assert_int_eq(buf_error(&out), 0);
	ck_assert(utf8_is_valid(buf_view(&out)));
	buf_deinit(&out);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/codec");
	TCase *t = tcase_create("codec");
	tcase_add_loop_test(t, base64_goes_both_ways, 0, N(base64_pairs));
	tcase_add_loop_test(t, strict_base64_refuses, 0, N(base64_bad));
	tcase_add_loop_test(
	    t, decodes_bodies_at_every_split, 0, N(decode_cases));
	tcase_add_test(t, names_transfer_encodings);
	tcase_add_loop_test(t, mutf7_goes_both_ways, 0, N(mutf7_pairs));
	tcase_add_loop_test(t, mutf7_takes_one_spelling_only, 0, N(mutf7_bad));
	tcase_add_loop_test(t, knows_utf8, 0, N(utf8_cases));
	tcase_add_loop_test(t, folds_for_searching, 0, N(fold_pairs));
	tcase_add_test(t, normalizes_names);
	tcase_add_loop_test(
	    t, names_are_compared_in_lower_case, 0, N(name_pairs));
	tcase_add_test(t, names_stay_what_they_are);
	tcase_add_loop_test(t, converts_charsets, 0, N(charset_cases));
	tcase_add_test(t, converts_long_texts);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
