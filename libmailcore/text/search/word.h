#ifndef TEXT_SEARCH_WORD_H
#define TEXT_SEARCH_WORD_H
/* Words of folded text (utf8_fold), and which of them are close to each other,
 * for fuzzy searches. A word is a run of letters, digits and marks of any
 * script: text without blanks is one long word. Longer runs than
 * WORD_LETTERS_MAX are several words, each of so many letters. What is not
 * UTF-8 is between words. */
#include "base/view.h"

enum {
	WORD_LETTERS_MAX = 40,
	WORD_OCTETS_MAX = 4 * WORD_LETTERS_MAX,
	WORD_PREFIX_LETTERS = 3,   /* it may be the start of another, */
	WORD_ONE_EDIT_LETTERS = 4, /* be this far away from it, */
	WORD_TWO_EDITS_LETTERS = 8 /* or so far */
};

struct word {
	struct view text; /* borrowed */
	unsigned letters;
};

/* Cuts *text behind the word. False: there is none, *text is empty. */
bool word_next(struct view *text, struct word *out);
/* Which letters it has: bit = code point % 32. */
uint32_t word_mask(const struct word *w);

enum word_closeness {
	WORD_FAR,
	WORD_TWO_EDITS,
	WORD_ONE_EDIT,
	WORD_PREFIX,
	WORD_EQUAL
};

/* The word that is looked for. */
struct word_pattern {
	struct word word;
	uint32_t mask;
	unsigned edits; /* at most so many */
	uint32_t letters[WORD_LETTERS_MAX];
};

void word_pattern_init(struct word_pattern *p, struct word w);

/* WORD_PREFIX: w starts with the pattern. An edit is a letter more, less or
 * another one, or two neighbours that changed places; no letter is part of two
 * edits (the restricted distance of Damerau and Levenshtein). */
enum word_closeness word_compare(
    const struct word_pattern *p, const struct word *w);

/* False: words of such letters are not within the edits of the pattern. Each
 * edit takes away one letter and brings another one, at most. */
static inline bool word_mask_may_be_near(
    const struct word_pattern *p, uint32_t mask)
{
	uint32_t different = p->mask ^ mask;
	for (unsigned i = 0; i < 2 * p->edits; i++)
		different &= different - 1;
	return different == 0;
}

static inline bool word_may_be_near(
    const struct word_pattern *p, const struct word *w)
{
	return p->edits && w->letters + p->edits >= p->word.letters &&
	       w->letters <= p->word.letters + p->edits &&
	       word_mask_may_be_near(p, word_mask(w));
}

/* False: it is WORD_FAR, as most words of a text are. */
static inline bool word_may_be_close(
    const struct word_pattern *p, const struct word *w)
{
	return *w->text.p == *p->word.text.p || word_may_be_near(p, w);
}
#endif
