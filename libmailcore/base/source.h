#ifndef BASE_SOURCE_H
#define BASE_SOURCE_H
/* The bytes of a message wherever they are: a prefix in memory (headers that
 * we add), then bytes in memory or in a file. Small messages travel in memory,
 * large ones in a spool file; nothing downstream needs to know which. */
#include "base/err.h"
#include "base/view.h"

struct source {
	struct view prefix;
	struct view mem;  /* used when fd < 0 */
	int fd;           /* borrowed; read with pread from offset 0 */
	uint64_t fd_size; /* bytes of fd that count */
};

static inline uint64_t source_size(const struct source *s)
{
	return s->prefix.n + (s->fd >= 0 ? s->fd_size : s->mem.n);
}

/* Exactly n bytes from offset into out. MC_E_BAD when the range leaves the
 * source or the file is shorter than it was said to be; -errno. */
int source_read(
    const struct source *s, uint64_t offset, void *out, size_t n) MUST_CHECK;

/* Gives the bytes to fn in pieces of at most 64 KiB, in order; stops at the
 * first error and returns it. */
int source_each(const struct source *s, int (*fn)(void *ctx, struct view piece),
    void *ctx) MUST_CHECK;
#endif
