/* Words of folded texts, and their distance as a slow way finds it. */
#include "base/buf.h"
#include "slow_word.h"
#include "suite.h"
#include "text/codec.h"
#include "text/search/word.h"

static const struct {
	const char *text, *words; /* folded; "word/letters " of each */
} splits[] = {
	{ "", "" },
	{ " .,;!\t\r\n", "" },
	{ "word", "word/4 " },
	{ "Two words", "two/3 words/5 " },
	{ "a-b_c'd", "a/1 b/1 c/1 d/1 " },
	{ "mp3, 2024-11-24", "mp3/3 2024/4 11/2 24/2 " },
	{ "x@example.org", "x/1 example/7 org/3 " },
	{ "R\xc3\xa9sum\xc3\xa9.", "resume/6 " },
	{ "Stra\xc3\x9f"
	  "e",
	    "strasse/7 " },
	{ "\xd0\x9f\xd1\x80\xd0\xb8, \xd0\x9c!",
	    "\xd0\xbf\xd1\x80\xd0\xb8/3 \xd0\xbc/1 " },
	/* Ideographs have no blanks between them, their full stop ends one. */
	{ "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd\xe3\x80\x82\xe5\xa4\xa9",
	    "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd/3 \xe5\xa4\xa9/1 " },
	{ "\xe6\x9d\xb1"
	  "ab1",
	    "\xe6\x9d\xb1"
	    "ab1/4 " },
	/* Dashes, quotes and signs of any script are no letters. */
	{ "a\xe2\x80\x94"
	  "b\xc2\xab"
	  "c\xe2\x82\xac"
	  "d\xf0\x9f\x98\x80"
	  "e",
	    "a/1 b/1 c/1 d/1 e/1 " },
	/* What is not UTF-8 is none either. */
	{ "ab\xff"
	  "cd",
	    "ab/2 cd/2 " },
};

START_TEST(splits_words)
{
	struct buf folded, got;
	struct word w;
	buf_init(&folded, 4096);
	buf_init(&got, 4096);
	utf8_fold(view_of(splits[_i].text), &folded);
	struct view exact = exact_copy(buf_view(&folded)), rest = exact;
	while (word_next(&rest, &w)) {
		buf_put(&got, w.text);
		buf_printf(&got, "/%u ", w.letters);
	}
	ck_assert_uint_eq(rest.n, 0);
	ck_assert_view_eq(buf_view(&got), view_of(splits[_i].words));
	exact_free(exact);
	buf_deinit(&folded);
	buf_deinit(&got);
}

END_TEST

/* Bytes as they may be cut out of a text. */
START_TEST(not_utf8)
{
	static const char *const texts[] = { "\xff", "\xc3", "\xe2\x82",
		"\xc0\x80", "\xed\xa0\x80", "\x80\x80", "\xf4\x90\x80\x80" };
	struct view exact = exact_copy(view_of(texts[_i])), rest = exact;
	struct word w;
	ck_assert(!word_next(&rest, &w));
	exact_free(exact);
}

END_TEST

START_TEST(long_words_are_several)
{
	struct buf text;
	struct view rest;
	struct word w;
	buf_init(&text, 4096);
	for (unsigned i = 0; i < 2 * WORD_LETTERS_MAX + 5; i++)
		buf_put(&text, _i ? V("\xf0\xa0\x80\x80") : V("x"));
	rest = buf_view(&text);
	ck_assert(word_next(&rest, &w));
	ck_assert_uint_eq(w.letters, WORD_LETTERS_MAX);
	ck_assert_uint_le(w.text.n, WORD_OCTETS_MAX);
	ck_assert(word_next(&rest, &w));
	ck_assert(word_next(&rest, &w));
	ck_assert_uint_eq(w.letters, 5);
	ck_assert(!word_next(&rest, &w));
	buf_deinit(&text);
}

END_TEST

/* Runs of all lengths, at all places of a text that ends with no octet more. */

static const struct {
	const char *text;
	bool is_letter;
} pieces[] = { { "a", true }, { "Z", true }, { "0", true }, { "9", true },
	{ " ", false }, { "/", false }, { ":", false }, { "@", false },
	{ "[", false }, { "`", false }, { "{", false }, { "\x7f", false },
	{ "\x11", false }, { "\xff", false }, { "\xe1", false },
	{ "\xc3\xa9", true }, { "\xe6\x9d\xb1", true },
	{ "\xe2\x80\x94", false }, { "\xf0\x9f\x98\x80", false } };

enum {
	PIECES = sizeof pieces / sizeof *pieces
};

static uint32_t seed;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

/* Ends of words are a comma, and so is that of a run of 40 letters. */
static void random_pieces(struct buf *text, struct buf *want)
{
	unsigned letters = 0;
	for (uint32_t n = next_random() % 30; n; n--) {
		uint32_t i = next_random() % PIECES;
		uint32_t times = 1 + next_random() % (next_random() % 45 + 1);
		while (times--) {
			buf_put_cstr(text, pieces[i].text);
			if (letters && (!pieces[i].is_letter ||
					   letters == WORD_LETTERS_MAX)) {
				buf_put_char(want, ',');
				letters = 0;
			}
			if (pieces[i].is_letter) {
				buf_put_cstr(want, pieces[i].text);
				letters++;
			}
		}
	}
	if (letters)
		buf_put_char(want, ',');
}

START_TEST(random_runs)
{
	seed = (uint32_t)_i + 1;
	for (int i = 0; i < 1000; i++) {
		struct buf text, want, got;
		struct word w;
		buf_init(&text, 1 << 16);
		buf_init(&want, 1 << 16);
		buf_init(&got, 1 << 16);
		random_pieces(&text, &want);
		struct view exact = exact_copy(buf_view(&text)), rest = exact;
		while (word_next(&rest, &w)) {
			buf_put(&got, w.text);
			buf_put_char(&got, ',');
		}
		ck_assert_uint_eq(rest.n, 0);
		ck_assert_view_eq(buf_view(&got), buf_view(&want));
		exact_free(exact);
		buf_deinit(&text);
		buf_deinit(&want);
		buf_deinit(&got);
	}
}

END_TEST

static struct word only_word(struct view v)
{
	struct word w;
	ck_assert(word_next(&v, &w));
	ck_assert_uint_eq(v.n, 0);
	return w;
}

static enum word_closeness compare(struct view pattern, struct view text)
{
	struct word_pattern p;
	struct word w = only_word(text);
	word_pattern_init(&p, only_word(pattern));
	return word_compare(&p, &w);
}

static const struct {
	const char *pattern, *word;
	enum word_closeness want;
} pairs[] = {
	{ "word", "word", WORD_EQUAL },
	{ "a", "a", WORD_EQUAL },
	{ "a", "b", WORD_FAR },
	{ "ab", "abc", WORD_FAR },
	{ "abc", "abcdefghi", WORD_PREFIX },
	{ "abc", "abd", WORD_FAR },
	{ "abc", "bac", WORD_FAR },
	{ "abcd", "abcde", WORD_PREFIX },
	{ "abcde", "abcd", WORD_ONE_EDIT },
	{ "abcd", "abxd", WORD_ONE_EDIT },
	{ "abcd", "xabcd", WORD_ONE_EDIT },
	{ "abcd", "bcd", WORD_ONE_EDIT },
	{ "abcd", "acbd", WORD_ONE_EDIT },
	{ "abcd", "badc", WORD_FAR },
	{ "abcd", "axcy", WORD_FAR },
	{ "helo", "hello", WORD_ONE_EDIT },
	{ "helo", "help", WORD_ONE_EDIT },
	{ "abcdefg", "abcxyfg", WORD_FAR },
	{ "abcdefgh", "abxdefgh", WORD_ONE_EDIT },
	{ "abcdefgh", "abxdeygh", WORD_TWO_EDITS },
	{ "abcdefgh", "badcefgh", WORD_TWO_EDITS },
	{ "abcdefgh", "abcdef", WORD_TWO_EDITS },
	{ "abcdefgh", "abcde", WORD_FAR },
	{ "abcdefgh", "xyabcdefgh", WORD_TWO_EDITS },
	{ "abcdefgh", "xyzabcdefgh", WORD_FAR },
	{ "abcdefgh", "xbcyefgz", WORD_FAR },
	/* A letter that changed places is not edited again. */
	{ "caxxxxxxx", "abcxxxxxxx", WORD_FAR },
	/* Letters count, not octets. */
	{ "\xd0\xbf\xd1\x80\xd0\xb8", "\xd0\xbf\xd1\x80\xd0\xb9", WORD_FAR },
	{ "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbf",
	    "\xd0\xbf\xd1\x80\xd0\xb8\xd1\x80", WORD_ONE_EDIT },
	{ "abcd",
	    "ab\xf0\xa0\x80\x80"
	    "d",
	    WORD_ONE_EDIT },
	{ "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd",
	    "\xe6\x9d\xb1\xe4\xba\xac\xe9\x83\xbd\xe5\xa4\xa9", WORD_PREFIX },
};

START_TEST(compares_words)
{
	struct view pattern = exact_copy(view_of(pairs[_i].pattern));
	struct view word = exact_copy(view_of(pairs[_i].word));
	ck_assert_int_eq(compare(pattern, word), pairs[_i].want);
	exact_free(pattern);
	exact_free(word);
}

END_TEST

static struct view random_word(char *p, unsigned letters)
{
	size_t n = 1 + next_random() % 8;
	for (size_t i = 0; i < n; i++)
		p[i] = (char)('a' + next_random() % letters);
	return (struct view){ p, n };
}

/* Few letters: many words are close. */
START_TEST(random_words_as_slow)
{
	unsigned seen[WORD_EQUAL + 1] = { 0 };
	seed = (uint32_t)_i + 1;
	for (int i = 0; i < 4000; i++) {
		char a[16], b[16];
		struct view x = random_word(a, 2 + (unsigned)_i);
		struct view y = random_word(b, 2 + (unsigned)_i);
		enum word_closeness want = slow_compare(x, y);
		ck_assert_msg(compare(x, y) == want, "%.*s %.*s", (int)x.n, x.p,
		    (int)y.n, y.p);
		seen[want]++;
	}
	for (unsigned i = 0; i <= WORD_EQUAL; i++)
		ck_assert_uint_gt(seen[i], 0);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("text/word");
	TCase *t = tcase_create("word");
	tcase_add_loop_test(t, splits_words, 0, sizeof splits / sizeof *splits);
	tcase_add_loop_test(t, not_utf8, 0, 7);
	tcase_add_loop_test(t, long_words_are_several, 0, 2);
	tcase_add_loop_test(t, compares_words, 0, sizeof pairs / sizeof *pairs);
	tcase_add_loop_test(t, random_runs, 0, 3);
	tcase_add_loop_test(t, random_words_as_slow, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
