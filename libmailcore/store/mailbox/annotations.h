#ifndef STORE_MAILBOX_ANNOTATIONS_H
#define STORE_MAILBOX_ANNOTATIONS_H
/* Inside of the store: annotations as keys. */
#include "store/txn/edit.h"

/* A name as it is stored. */
bool annotation_entry_ok(struct view entry);
/* All of a mailbox: at most a few thousand pieces. */
void annotations_drop(struct edit *e, uint32_t mailbox);
#endif
