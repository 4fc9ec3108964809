#ifndef STORE_FUZZY_BUILD_H
#define STORE_FUZZY_BUILD_H
/* Inside of fuzzy searches: making the index of words, in idle times. It goes
 * behind the extracts, by some messages less than cost anything to be read. */
#include "store/edit.h"

/* Some blocks in about budget_ms, at least one. *more: others are to be made.
 * Nothing without extracts, and until somebody searched fuzzily. Errors are
 * those of the extracts (store/extract_files.h). */
void fuzzy_build(struct store *s, uint32_t budget_ms, bool *more);
/* Some blocks are looked at: what was purged is removed from them. */
void fuzzy_sweep(struct store *s);
#endif
