#include "text/word.h"
#include "base/chars.h"
#include "text/codec.h"
#include <string.h>
#include <utf8proc.h>

/* Letters, marks and numbers follow each other in that list. */
static bool is_letter(int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);
	return category >= UTF8PROC_CATEGORY_LU &&
	       category <= UTF8PROC_CATEGORY_NO;
}

/* Whether text (not empty) begins with a letter; *n: how many octets what it
 * begins with has. */
static bool letter_at(struct view text, size_t *n, uint32_t *letter)
{
	unsigned char first = (unsigned char)*text.p;
	*n = 1;
	*letter = first;
	if (first < 0x80)
		return char_is((char)first, CHAR_ALPHA | CHAR_DIGIT);
	int32_t c = utf8_code_point(text, n);
	*letter = (uint32_t)c;
	return c >= 0 && is_letter(c);
}

/* For each letter of all that is searched: no call. */
static void cut(struct view *v, size_t n)
{
	v->p += n;
	v->n -= n;
}

bool word_next(struct view *text, struct word *out)
{
	struct view v = *text;
	size_t n = 0;
	uint32_t letter = 0;
	while (v.n && !letter_at(v, &n, &letter))
		cut(&v, n);
	const char *start = v.p;
	out->letters = 0;
	out->mask = 0;
	while (v.n && out->letters < WORD_LETTERS_MAX &&
	       letter_at(v, &n, &letter)) {
		out->letters++;
		out->mask |= 1u << letter % 32;
		cut(&v, n);
	}
	out->text = (struct view){ start, (size_t)(v.p - start) };
	*text = v;
	return out->letters > 0;
}

static unsigned letters_of(
    const struct word *w, uint32_t letters[WORD_LETTERS_MAX])
{
	struct view v = w->text;
	unsigned i = 0;
	size_t n;
	while (v.n && i < WORD_LETTERS_MAX) {
		letters[i++] = (uint32_t)utf8_code_point(v, &n);
		cut(&v, n);
	}
	return i;
}

void word_pattern_init(struct word_pattern *p, struct word w)
{
	*p = (struct word_pattern){ .word = w };
	(void)letters_of(&w, p->letters);
	if (w.letters >= WORD_ONE_EDIT_LETTERS)
		p->edits = w.letters >= WORD_TWO_EDITS_LETTERS ? 2 : 1;
}

static uint8_t least(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

/* One row of the table of distances, a letter of the pattern; rows[0] is the
 * one before, rows[1] the one before that. Returns the row's least. */
static uint8_t fill_row(const uint32_t *a, const uint32_t *b, unsigned n_b,
    uint8_t *row, uint8_t *const rows[2], bool is_first)
{
	uint8_t best = row[0];
	for (unsigned j = 1; j <= n_b; j++) {
		bool is_same = a[0] == b[j - 1];
		uint8_t d = (uint8_t)(rows[0][j - 1] + !is_same);
		d = least(d, (uint8_t)(rows[0][j] + 1));
		d = least(d, (uint8_t)(row[j - 1] + 1));
		if (!is_first && j > 1 && a[0] == b[j - 2] && a[-1] == b[j - 1])
			d = least(d, (uint8_t)(rows[1][j - 2] + 1));
		row[j] = d;
		best = least(best, d);
	}
	return best;
}

/* Up to max; more than that is max + 1. */
static unsigned distance(const uint32_t *a, unsigned n_a, const uint32_t *b,
    unsigned n_b, unsigned max)
{
	uint8_t rows[3][WORD_LETTERS_MAX + 1] = { { 0 } };
	unsigned before = 0;
	for (unsigned j = 0; j <= n_b; j++)
		rows[0][j] = (uint8_t)j;
	for (unsigned i = 1; i <= n_a; i++) {
		uint8_t *row = rows[i % 3];
		uint8_t *const above[] = { rows[(i + 2) % 3],
			rows[(i + 1) % 3] };
		row[0] = (uint8_t)i;
		uint8_t best = fill_row(a + i - 1, b, n_b, row, above, i == 1);
		/* A change of places comes from the row before the last. */
		if (best > max && before > max)
			return max + 1;
		before = best;
	}
	unsigned d = rows[n_a % 3][n_b];
	return d < max ? d : d == max ? max : max + 1;
}

static bool is_near(const struct word_pattern *p, const struct word *w)
{
	return w->letters + p->edits >= p->word.letters &&
	       w->letters <= p->word.letters + p->edits &&
	       word_may_be_near(p, w->mask);
}

/* Most words differ in their first octet. */
static bool starts_with(struct view v, struct view start)
{
	return v.n >= start.n && *v.p == *start.p &&
	       memcmp(v.p, start.p, start.n) == 0;
}

enum word_closeness word_compare(
    const struct word_pattern *p, const struct word *w)
{
	static const enum word_closeness by_edits[] = { WORD_EQUAL,
		WORD_ONE_EDIT, WORD_TWO_EDITS, WORD_FAR };

	uint32_t letters[WORD_LETTERS_MAX];
	if (starts_with(w->text, p->word.text)) {
		if (w->letters == p->word.letters)
			return WORD_EQUAL;
		if (p->word.letters >= WORD_PREFIX_LETTERS)
			return WORD_PREFIX;
	}
	if (p->edits == 0 || !is_near(p, w))
		return WORD_FAR;
	unsigned d = distance(p->letters, p->word.letters, letters,
	    letters_of(w, letters), p->edits);
	return d > p->edits ? WORD_FAR : by_edits[d];
}
