#ifndef STORE_BODY_H
#define STORE_BODY_H
/* The octets of a message in blb: how they are cut into chunks. Chunks are
 * numbered from 0 and CHUNK_OCTETS long, but the last. A last one that would
 * leave much of its page empty lies in two halves: LMDB then keeps it in leaf
 * pages, beside others (three per cent of the file). */
#include "store/keys.h"

struct store_txn;

/* The shape of an object. MC_E_NOENT, MC_E_CORRUPT. */
int body_get(struct store_txn *t, uint64_t msgid, struct body *out) MUST_CHECK;
uint64_t body_chunks(const struct body *b);
/* Octets of chunk i, without its checksum, and where they begin; 0: there is
 * no such chunk. */
size_t body_chunk(const struct body *b, uint64_t i, uint64_t *offset);
#endif
