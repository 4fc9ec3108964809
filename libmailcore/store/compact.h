#ifndef STORE_COMPACT_H
#define STORE_COMPACT_H
/* Compaction of a user's store (store/kv/kv_compact.h): data.mdb gives back
 * what was freed in it. Sessions and deliveries of all processes go on
 * meanwhile; search extracts stay. */
#include "store/store.h"

struct store_compaction {
	uint64_t before_bytes, after_bytes;
	uint64_t ms;
};

/* All at once, worth it or not. progress (NULL: none) is called some ten times
 * a second. MC_E_BUSY: somebody does it; MC_E_FULL: no room for both files;
 * MC_E_AGAIN: too much is changed at the moment. */
int store_compact(struct store *s,
    void (*progress)(void *ctx, uint64_t bytes, uint64_t total), void *ctx,
    struct store_compaction *out) MUST_CHECK;

enum store_compact_state {
	STORE_COMPACT_NONE, /* nothing to be done, or not now */
	STORE_COMPACT_MORE, /* call again in STORE_COMPACT_PAUSE_MS */
	STORE_COMPACT_DONE  /* *out says what came of it */
};

enum {
	STORE_COMPACT_PAUSE_MS = 100
};

/* For processes that have sessions: begins when it pays (more than 100 MB of
 * free pages, and more than 30 % of the file), works for some 20 ms. Between
 * transactions; store_close gives up what was begun. */
enum store_compact_state store_compact_idle(
    struct store *s, struct store_compaction *out);
#endif
