#ifndef TESTS_SLOW_WORD_H
#define TESTS_SLOW_WORD_H
/* How close two ASCII words are, as text/search/word.h defines it, in the
 * slowest way. */
#include "text/search/word.h"

enum {
	SLOW_LETTERS_MAX = 31
};

/* What is known of their ends from x and y on: the distance and 1. */
struct slow_known {
	unsigned of[SLOW_LETTERS_MAX + 1][SLOW_LETTERS_MAX + 1];
};

/* The definition, by trying. */
static inline unsigned slow_distance(
    struct view a, struct view b, struct slow_known *k)
{
	unsigned *known = &k->of[a.n][b.n];
	if (a.n == 0 || b.n == 0)
		return (unsigned)(a.n + b.n);
	if (*known)
		return *known - 1;
	struct view a1 = view_skip(a, 1), b1 = view_skip(b, 1);
	unsigned d = slow_distance(a1, b1, k) + (*a.p != *b.p);
	unsigned more = slow_distance(a1, b, k) + 1;
	unsigned less = slow_distance(a, b1, k) + 1;
	d = more < d ? more : d;
	d = less < d ? less : d;
	if (a.n > 1 && b.n > 1 && a.p[0] == b.p[1] && a.p[1] == b.p[0]) {
		unsigned swap =
		    slow_distance(view_skip(a, 2), view_skip(b, 2), k) + 1;
		d = swap < d ? swap : d;
	}
	*known = d + 1;
	return d;
}

static inline enum word_closeness slow_compare(struct view a, struct view b)
{
	unsigned max = a.n >= 8 ? 2 : a.n >= 4 ? 1 : 0;
	struct slow_known known = { { { 0 } } };
	unsigned d;
	if (view_eq(a, b))
		return WORD_EQUAL;
	if (a.n >= 3 && view_starts(b, a))
		return WORD_PREFIX;
	if (max == 0)
		return WORD_FAR;
	d = slow_distance(a, b, &known);
	return d > max ? WORD_FAR : d == 1 ? WORD_ONE_EDIT : WORD_TWO_EDITS;
}
#endif
