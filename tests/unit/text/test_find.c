/* The fast search finds what the slow one finds: at each length, offset and
 * border. */
#include "suite.h"
#include "text/search/find.h"

enum {
	TEXT_MAX = 700,
	ROUNDS = 4000
};

static uint32_t seed = 7;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static size_t naive(struct view text, struct view needle, size_t from)
{
	for (size_t i = from; needle.n && i + needle.n <= text.n; i++)
		if (memcmp(text.p + i, needle.p, needle.n) == 0)
			return i;
	return text.n;
}

/* Few letters, so that there are many almost-matches. */
static struct view random_text(size_t n, unsigned letters)
{
	char *p = malloc(n ? n : 1);
	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < n; i++)
		p[i] = (char)("ae\xc3z"[next_random() % letters]);
	return (struct view){ p, n };
}

static void (*const inits[])(struct finder *f, struct view needle) = {
	finder_init, finder_init_sse2, finder_init_portable
};

START_TEST(agrees_with_naive)
{
	for (int round = 0; round < ROUNDS; round++) {
		struct view text =
		    random_text(next_random() % TEXT_MAX, 1 + (unsigned)round % 4);
		struct view needle = round % 3 || text.n == 0
					 ? random_text(next_random() % 9, 4)
					 : random_text(next_random() % 200, 2);
		size_t from = next_random() % (text.n + 2);
		struct finder f;
		inits[_i](&f, needle);
		ck_assert_uint_eq(
		    finder_next(&f, text, from), naive(text, needle, from));
		exact_free(text);
		exact_free(needle);
	}
}

END_TEST

/* A needle at every place of a text, and over its end. */
START_TEST(finds_at_every_place)
{
	struct view needle = V("needle");
	for (size_t at = 0; at < 300; at++) {
		char space[300];
		size_t n =
		    sizeof space - at < needle.n ? sizeof space - at : needle.n;
		struct finder f;
		memset(space, 'e', sizeof space);
		memcpy(space + at, needle.p, n);
		struct view text = exact_copy((struct view){ space, 300 });
		inits[_i](&f, needle);
		ck_assert_uint_eq(
		    finder_next(&f, text, 0), n == needle.n ? at : 300);
		exact_free(text);
	}
}

END_TEST

/* Many almost-matches of a long needle stay cheap. */
START_TEST(is_not_quadratic)
{
	enum {
		N = 1 << 20
	};

	char *p = malloc(N);
	struct finder f;
	ck_assert_ptr_nonnull(p);
	memset(p, 'a', N);
	char *needle = malloc(N / 16);
	ck_assert_ptr_nonnull(needle);
	memset(needle, 'a', N / 16);
	needle[N / 16 - 1] = 'b';
	inits[_i](&f, (struct view){ needle, N / 16 });
	ck_assert_uint_eq(finder_next(&f, (struct view){ p, N }, 0), N);
	free(needle);
	free(p);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("find");
	TCase *t = tcase_create("find");
	tcase_add_loop_test(t, agrees_with_naive, 0, 3);
	tcase_add_loop_test(t, finds_at_every_place, 0, 3);
	tcase_add_loop_test(t, is_not_quadratic, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
