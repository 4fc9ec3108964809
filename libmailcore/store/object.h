#ifndef STORE_OBJECT_H
#define STORE_OBJECT_H
/* The records of a message object, put together from their pieces. */
#include "store/keys.h"

/* type 'E' or 'M'. Valid until the transaction ends. MC_E_NOENT. */
int object_get(struct store_txn *t, uint64_t msgid, char type,
    struct view *out) MUST_CHECK;
/* Cut into values of at most one page, the last never a full one. The
 * transaction fails with MC_E_LIMIT when they are too many. */
void object_put(struct kv_txn *t, uint64_t msgid, char type, struct view v);
#endif
