#ifndef STORE_SEARCH_EXTRACT_FILTER_H
#define STORE_SEARCH_EXTRACT_FILTER_H
/* Which strings of four octets a text has, with errors on one side: one bit
 * for each octet of the text, set where a string's hash falls. A text that
 * lacks the bit of one of a needle's strings does not have the needle. A
 * quarter of the bits is set by prose, two thirds by random octets. Strings of
 * three would pass five times as many texts, strings of five twice as many at
 * this size (measured on English prose in texts of 64 KiB). */
#include "base/view.h"

enum {
	EXTRACT_GRAM_OCTETS = 4,
	EXTRACT_GRAMS_MAX = 32 /* of a needle: that is telling enough */
};

/* n hashes; 0: the needle is too short, all texts may have it. */
struct extract_grams {
	uint32_t hashes[EXTRACT_GRAMS_MAX];
	unsigned n;
};

void extract_grams_init(struct extract_grams *g, struct view needle);

size_t extract_filter_octets(size_t text_octets);
/* out: extract_filter_octets(text.n). */
void extract_filter_make(struct view text, char *out);
bool extract_filter_may_have(struct view filter, const struct extract_grams *g);
#endif
