#ifndef STORE_HOUSEKEEPING_H
#define STORE_HOUSEKEEPING_H
/* What is removed later, in transactions of at most 1,000 rows: a huge delete
 * would hold the writer and leave one huge record of free pages. */
#include "store/store.h"

/* Some 50 ms of all that waits. */
int housekeeping(struct store *s) MUST_CHECK;
/* All rows of deleted mailboxes, and of those that became NOSELECT. */
int housekeeping_drain(struct store *s) MUST_CHECK;
#endif
