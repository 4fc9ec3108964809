#include "store/search/extract_filter.h"
#include "store/record/le.h"
#include <string.h>

/* Multiplicative hashing: Knuth 6.4. */
static uint32_t hash(const char *p)
{
	return get_le32(p) * 0x9E3779B1u;
}

static size_t bit_of(uint32_t hash, size_t bits)
{
	return (size_t)((uint64_t)hash * bits >> 32);
}

void extract_grams_init(struct extract_grams *g, struct view needle)
{
	g->n = 0;
	for (size_t i = 0;
	     i + EXTRACT_GRAM_OCTETS <= needle.n && g->n < EXTRACT_GRAMS_MAX;
	     i++)
		g->hashes[g->n++] = hash(needle.p + i);
}

size_t extract_filter_octets(size_t text_octets)
{
	return (text_octets + 63) / 64 * 8;
}

void extract_filter_make(struct view text, char *out)
{
	size_t octets = extract_filter_octets(text.n);
	unsigned char *bytes = (unsigned char *)out;
	memset(out, 0, octets);
	for (size_t i = 0; i + EXTRACT_GRAM_OCTETS <= text.n; i++) {
		size_t bit = bit_of(hash(text.p + i), octets * 8);
		bytes[bit / 8] |= (unsigned char)(1u << bit % 8);
	}
}

bool extract_filter_may_have(struct view filter, const struct extract_grams *g)
{
	for (unsigned i = 0; i < g->n; i++) {
		size_t bit = bit_of(g->hashes[i], filter.n * 8);
		if (filter.n == 0 ||
		    !((unsigned char)filter.p[bit / 8] >> bit % 8 & 1))
			return false;
	}
	return true;
}
