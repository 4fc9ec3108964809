#ifndef STORE_MAILBOX_UIDSET_H
#define STORE_MAILBOX_UIDSET_H
/* A set of UIDs as sorted, disjoint ranges: a session's view of a mailbox, the
 * set of an IMAP command, what a COPY produced. 100,000 contiguous UIDs take
 * some bytes. Capped by its number of ranges. */
#include "base/buf.h"

struct uid_range {
	uint32_t first, last;
	uint32_t before; /* UIDs in the ranges before this one */
};

struct uidset {
	struct uid_range *ranges;
	size_t n_ranges, cap;
	uint64_t count; /* UIDs in it */
};

void uidset_init(struct uidset *s);
void uidset_deinit(struct uidset *s);
void uidset_clear(struct uidset *s);
/* Out of memory is MC_E_LIMIT, as is passing 1,000,000 ranges. */
int uidset_add(struct uidset *s, uint32_t first, uint32_t last) MUST_CHECK;
int uidset_remove(struct uidset *s, uint32_t first, uint32_t last) MUST_CHECK;
int uidset_copy(struct uidset *to, const struct uidset *from) MUST_CHECK;
int uidset_intersect(struct uidset *s, const struct uidset *other) MUST_CHECK;
bool uidset_has(const struct uidset *s, uint32_t uid);

/* Message sequence number (1 is the lowest UID) of uid; 0 when not in. */
uint32_t uidset_rank(const struct uidset *s, uint32_t uid);
/* How many UIDs are <= uid. */
uint32_t uidset_count_to(const struct uidset *s, uint32_t uid);
/* UID of a sequence number; 0 when out of range. */
uint32_t uidset_at(const struct uidset *s, uint32_t rank);
uint32_t uidset_max(const struct uidset *s); /* 0 when empty */
/* The smallest member > uid; 0: none. Loop: for (u = 0; (u = next(s, u));) */
uint32_t uidset_next(const struct uidset *s, uint32_t uid);
void uidset_put(struct buf *out, const struct uidset *s); /* "1:3,7" */
#endif
