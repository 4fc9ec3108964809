#ifndef BASE_ARENA_H
#define BASE_ARENA_H
/* Memory of one command, transaction or request: allocated piecewise, given
 * back at once. It has a hard cap because peers choose the sizes. */
#include "base/err.h"
#include "base/view.h"

struct arena {
	struct arena_block *blocks;
	size_t used_bytes; /* of all blocks, for the cap */
	size_t max_bytes;
};

void arena_init(struct arena *a, size_t max_bytes);
void arena_reset(struct arena *a); /* forget everything, keep one block */
void arena_deinit(struct arena *a);
/* Overwrites what was allocated, before a reset: there was a secret in it. */
void arena_wipe(struct arena *a);

/* Zeroed, aligned for any type; NULL when the cap is reached. */
void *arena_alloc(struct arena *a, size_t n);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
/* A copy of v; *ok becomes false when it did not fit (never becomes true). */
struct view arena_copy(struct arena *a, struct view v, bool *ok);
/* A copy with a NUL behind, NULL when it does not fit or holds a NUL. */
char *arena_cstr(struct arena *a, struct view v);
#endif
