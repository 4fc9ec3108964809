#ifndef TEXT_SEARCH_FIND_H
#define TEXT_SEARCH_FIND_H
/* Exact search for a string in large texts, as fast as memory is read: a vector
 * of positions at a time is compared at the two rarest octets of the needle.
 * AVX2 or SSE2, whichever the processor has, or plain C. */
#include "base/view.h"

struct finder {
	struct view needle;   /* borrowed */
	size_t first, second; /* the octets that are compared: private */
	size_t (*find)(const struct finder *f, struct view text, size_t from);
};

void finder_init(struct finder *f, struct view needle);

/* Index of the first occurrence at or behind from; text.n when there is none.
 * An empty needle is found nowhere. */
static inline size_t finder_next(
    const struct finder *f, struct view text, size_t from)
{
	return f->find(f, text, from);
}

/* For tests: without the processor's help, and with the older one's. */
void finder_init_portable(struct finder *f, struct view needle);
void finder_init_sse2(struct finder *f, struct view needle);
#endif
