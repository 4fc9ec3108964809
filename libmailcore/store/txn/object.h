#ifndef STORE_TXN_OBJECT_H
#define STORE_TXN_OBJECT_H
/* The records of a message object, put together from their pieces. */
#include "store/record/message_prepare.h"
#include "store/txn/edit.h"

/* type 'E' or 'M'. Valid until the transaction ends. MC_E_NOENT. */
int object_get(struct store_txn *t, uint64_t msgid, char type,
    struct view *out) MUST_CHECK;
/* Replaces one that has at most as many pieces. Errors stick. */
void object_put(struct edit *e, uint64_t msgid, char type, struct view v);

/* Writes a new object: its records, and the octets of source. Its rows and the
 * totals are the caller's. An error makes the transaction fail. */
void object_add(struct edit *e, uint64_t msgid, const struct prepared *p,
    const struct source *source);
#endif
