#ifndef STORE_SEARCH_FUZZY_BUILD_H
#define STORE_SEARCH_FUZZY_BUILD_H
/* Inside of fuzzy searches: making the index of words, in idle times. Some of
 * the last messages are not in it: they are asked of. */
#include "store/txn/edit.h"

/* One block, in 10 to 20 ms; rarely, where LMDB has to look long for that many
 * free pages in a row, in 100. *more: others may be to be made. None without
 * extracts, and until somebody searched fuzzily. Errors are those of the
 * extracts (store/search/extract_files.h). */
void fuzzy_build(struct store *s, bool *more);
/* Some blocks are looked at: what was purged is removed from them. */
void fuzzy_sweep(struct store *s);
#endif
