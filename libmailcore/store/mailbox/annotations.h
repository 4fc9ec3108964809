#ifndef STORE_MAILBOX_ANNOTATIONS_H
#define STORE_MAILBOX_ANNOTATIONS_H
/* Inside of the store: annotations as keys. */
#include "base/view.h"
#include <stdbool.h>
#include <stdint.h>

struct edit;

/* A name as it is stored. */
bool annotation_entry_ok(struct view entry);
/* All of a mailbox: at most a few thousand pieces. */
void annotations_drop(struct edit *e, uint32_t mailbox);
#endif
