/* A filter never rules out what a text has, and rules out most of the rest. */
#include "store/search/extract_filter.h"
#include "suite.h"

enum {
	TEXT_OCTETS = 20000
};

static uint32_t seed;
static char text[TEXT_OCTETS], filter[TEXT_OCTETS / 8 + 8];

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static struct view make(size_t n)
{
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + next_random() % 26);
	struct view exact = exact_copy((struct view){ text, n });
	size_t octets = extract_filter_octets(n);
	ck_assert_uint_le(octets, n / 8 + 8);
	char *out = malloc(octets ? octets : 1);
	ck_assert_ptr_nonnull(out);
	extract_filter_make(exact, out);
	memcpy(filter, out, octets);
	free(out);
	exact_free(exact);
	return (struct view){ filter, octets };
}

static bool may_have(struct view f, struct view needle)
{
	struct extract_grams g;
	struct view exact = exact_copy(needle);
	extract_grams_init(&g, exact);
	exact_free(exact);
	return extract_filter_may_have(f, &g);
}

START_TEST(has_what_the_text_has)
{
	seed = (uint32_t)_i + 1;
	size_t n = 1 + next_random() % (_i % 2 ? 12 : TEXT_OCTETS - 1);
	struct view f = make(n);
	for (int i = 0; i < 2000; i++) {
		size_t first = next_random() % n;
		size_t length = 1 + next_random() % 50;
		struct view all = { text, n };
		ck_assert(
		    may_have(f, view_slice(all, first,
				    first + length < n ? first + length : n)));
	}
}

END_TEST

/* Random letters set 1 - 1/e of the bits; a needle of 8 has five strings. */
START_TEST(lacks_most_of_the_rest)
{
	seed = 7;
	struct view f = make(TEXT_OCTETS);
	unsigned passed = 0;
	for (int i = 0; i < 1000; i++) {
		char needle[8];
		for (size_t j = 0; j < sizeof needle; j++)
			needle[j] = (char)('a' + next_random() % 26);
		passed += may_have(f, (struct view){ needle, sizeof needle });
	}
	ck_assert_uint_lt(passed, 200);
}

END_TEST

START_TEST(short_ones)
{
	struct view nothing = { filter, 0 }, f = make(100);
	ck_assert_uint_eq(extract_filter_octets(0), 0);
	ck_assert(!may_have(nothing, V("abcd")));
	ck_assert(may_have(nothing, V("abc")));
	ck_assert(may_have(f, V("zqx")));
	ck_assert(may_have(f, V("")));
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/extract_filter");
	TCase *t = tcase_create("filter");
	tcase_add_loop_test(t, has_what_the_text_has, 0, 20);
	tcase_add_test(t, lacks_most_of_the_rest);
	tcase_add_test(t, short_ones);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
