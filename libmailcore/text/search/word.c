#include "text/search/word.h"
#include "base/chars.h"
#include "text/codec.h"
#include <string.h>
#include <utf8proc.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

/* Letters, marks and numbers follow each other in that list. */
static bool is_letter(int32_t c)
{
	utf8proc_category_t category = utf8proc_category(c);
	return category >= UTF8PROC_CATEGORY_LU &&
	       category <= UTF8PROC_CATEGORY_NO;
}

static inline bool is_ascii_letter(const char *p)
{
	return char_is(*p, CHAR_ALPHA | CHAR_DIGIT);
}

static inline bool is_ascii(const char *p)
{
	return (unsigned char)*p < 0x80;
}

/* All that is searched comes through here. Words are of any length, which no
 * processor foresees octet by octet: sixteen octets at a time have a bit each
 * for letters of ASCII, and for what is not ASCII. */
#if defined(__x86_64__)
enum {
	STEP = 16
};

static inline __m128i is_between(__m128i v, char first, char last)
{
	/* Signed comparison is all there is. */
	__m128i low = _mm_sub_epi8(v, _mm_set1_epi8((char)(first + 128)));
	return _mm_cmplt_epi8(low, _mm_set1_epi8((char)(last - first - 127)));
}

static inline uint32_t step_letters(const char *p)
{
	__m128i v = _mm_loadu_si128((const __m128i_u *)p);
	__m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
	return (uint32_t)_mm_movemask_epi8(
	    _mm_or_si128(is_between(lower, 'a', 'z'), is_between(v, '0', '9')));
}

static inline uint32_t step_others(const char *p)
{
	return (uint32_t)_mm_movemask_epi8(
	    _mm_loadu_si128((const __m128i_u *)p));
}
#else
enum {
	STEP = 1
};

static inline uint32_t step_letters(const char *p)
{
	return is_ascii_letter(p);
}

static inline uint32_t step_others(const char *p)
{
	return !is_ascii(p);
}
#endif

/* How many letters of ASCII come first. */
static inline size_t letters_run(const char *p, size_t max)
{
	size_t i = 0;
	for (; i + STEP <= max; i += STEP) {
		uint32_t no = ~step_letters(p + i) & ((1u << STEP) - 1);
		if (no)
			return i + (size_t)__builtin_ctz(no);
	}
	while (i < max && is_ascii_letter(p + i))
		i++;
	return i;
}

/* How many octets of ASCII that are no letters. */
static inline size_t blanks_run(const char *p, size_t max)
{
	size_t i = 0;
	for (; i + STEP <= max; i += STEP) {
		uint32_t no = step_letters(p + i) | step_others(p + i);
		if (no)
			return i + (size_t)__builtin_ctz(no);
	}
	while (i < max && is_ascii(p + i) && !is_ascii_letter(p + i))
		i++;
	return i;
}

/* Whether there is a letter that is not ASCII; *n: octets of what is there. */
static bool is_other_letter(const char *p, const char *end, size_t *n)
{
	*n = 1;
	if (is_ascii(p))
		return false;
	int32_t c = utf8_code_point((struct view){ p, (size_t)(end - p) }, n);
	return c >= 0 && is_letter(c);
}

static const char *word_start(const char *p, const char *end)
{
	for (size_t n = 0;; p += n) {
		p += blanks_run(p, (size_t)(end - p));
		if (p == end || is_ascii_letter(p) ||
		    is_other_letter(p, end, &n))
			return p;
	}
}

bool word_next(struct view *text, struct word *out)
{
	if (text->n == 0)
		return false;
	const char *end = text->p + text->n;
	const char *start = word_start(text->p, end), *p = start;
	size_t letters = 0, n;
	for (;;) {
		size_t room = WORD_LETTERS_MAX - letters;
		size_t left = (size_t)(end - p);
		n = letters_run(p, left < room ? left : room);
		p += n;
		letters += n;
		if (p == end || letters == WORD_LETTERS_MAX ||
		    !is_other_letter(p, end, &n))
			break;
		p += n;
		letters++;
	}
	*out =
	    (struct word){ { start, (size_t)(p - start) }, (unsigned)letters };
	*text = (struct view){ p, (size_t)(end - p) };
	return letters > 0;
}

uint32_t word_mask(const struct word *w)
{
	struct view v = w->text;
	uint32_t mask = 0;
	size_t n;
	if (v.n == w->letters) {
		for (size_t i = 0; i < v.n; i++)
			mask |= 1u << (unsigned char)v.p[i] % 32;
		return mask;
	}
	for (; v.n; v = view_skip(v, n))
		mask |= 1u << (uint32_t)utf8_code_point(v, &n) % 32;
	return mask;
}

static unsigned letters_of(
    const struct word *w, uint32_t letters[WORD_LETTERS_MAX])
{
	struct view v = w->text;
	unsigned i = 0;
	size_t n;
	while (v.n && i < WORD_LETTERS_MAX) {
		letters[i++] = (uint32_t)utf8_code_point(v, &n);
		v = view_skip(v, n);
	}
	return i;
}

void word_pattern_init(struct word_pattern *p, struct word w)
{
	*p = (struct word_pattern){ .word = w, .mask = word_mask(&w) };
	(void)letters_of(&w, p->letters);
	if (w.letters >= WORD_ONE_EDIT_LETTERS)
		p->edits = w.letters >= WORD_TWO_EDITS_LETTERS ? 2 : 1;
}

/* The table of distances, of which three rows are kept: a row for each letter
 * of a, and of that only what is within max of the diagonal; beside it all is
 * farther away. */
struct table {
	const uint32_t *a, *b;
	unsigned n_a, n_b, max;
	uint8_t rows[3][WORD_LETTERS_MAX + 2];
};

static uint8_t least(uint8_t a, uint8_t b)
{
	return a < b ? a : b;
}

static uint8_t cell(const struct table *t, unsigned i, unsigned j)
{
	const uint8_t *row = t->rows[i % 3], *above = t->rows[(i + 2) % 3];
	uint32_t a = t->a[i - 1], b = t->b[j - 1];
	uint8_t d = (uint8_t)(above[j - 1] + (a != b));
	d = least(d, (uint8_t)(least(above[j], row[j - 1]) + 1));
	if (i > 1 && j > 1 && a == t->b[j - 2] && b == t->a[i - 2])
		d = least(d, (uint8_t)(t->rows[(i + 1) % 3][j - 2] + 1));
	return d;
}

/* Returns the least of the row. */
static uint8_t fill_row(struct table *t, unsigned i)
{
	uint8_t *row = t->rows[i % 3], far = (uint8_t)(t->max + 1);
	unsigned first = i > t->max ? i - t->max : 1;
	unsigned last = i + t->max < t->n_b ? i + t->max : t->n_b;
	uint8_t best = far;
	row[first - 1] = i > t->max ? far : (uint8_t)i;
	for (unsigned j = first; j <= last; j++) {
		row[j] = cell(t, i, j);
		best = least(best, row[j]);
	}
	row[last + 1] = far;
	return least(best, row[first - 1]);
}

/* The distance, max + 1 when it is more than max; the lengths differ by max at
 * most. */
static unsigned distance(const uint32_t *a, unsigned n_a, const uint32_t *b,
    unsigned n_b, unsigned max)
{
	struct table t = { a, b, n_a, n_b, max, { { 0 } } };
	uint8_t before = 0, best = 0;
	for (unsigned j = 0; j <= n_b; j++)
		t.rows[0][j] = (uint8_t)(j <= max ? j : max + 1);
	/* A change of places comes from the row before the last. */
	for (unsigned i = 1; i <= n_a; i++) {
		before = best;
		best = fill_row(&t, i);
		if (best > max && before > max)
			return max + 1;
	}
	unsigned d = t.rows[n_a % 3][n_b];
	return d <= max ? d : max + 1;
}

enum word_closeness word_compare(
    const struct word_pattern *p, const struct word *w)
{
	static const enum word_closeness by_edits[] = { WORD_EQUAL,
		WORD_ONE_EDIT, WORD_TWO_EDITS, WORD_FAR };

	uint32_t letters[WORD_LETTERS_MAX];
	if (*w->text.p == *p->word.text.p &&
	    view_starts(w->text, p->word.text)) {
		if (w->letters == p->word.letters)
			return WORD_EQUAL;
		if (p->word.letters >= WORD_PREFIX_LETTERS)
			return WORD_PREFIX;
	}
	if (!word_may_be_near(p, w))
		return WORD_FAR;
	unsigned d = distance(p->letters, p->word.letters, letters,
	    letters_of(w, letters), p->edits);
	return d > p->edits ? WORD_FAR : by_edits[d];
}
