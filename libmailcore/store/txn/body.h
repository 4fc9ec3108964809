#ifndef STORE_TXN_BODY_H
#define STORE_TXN_BODY_H
/* The octets of a message in blb, as they are or packed (pack.h): how they are
 * cut into chunks, and how they are read again. Chunks are
 * numbered from 0 and CHUNK_OCTETS long. What is left at the end would leave
 * much of a page empty: it lies in some pieces of equal size (the last may be
 * smaller), which LMDB keeps in leaf pages, beside others. That is three per
 * cent of the file. */
#include "store/record/keys.h"

struct store_txn;

/* The shape of an object. MC_E_NOENT, MC_E_CORRUPT. */
int body_get(struct store_txn *t, uint64_t msgid, struct body *out) MUST_CHECK;
uint64_t body_chunks(const struct body *b);
/* Octets of chunk i, without its checksum, and where they begin; 0: there is
 * no such chunk. */
size_t body_chunk(const struct body *b, uint64_t i, uint64_t *offset);
/* n octets of the message, which has them. MC_E_CORRUPT: a chunk is missing or
 * not what it was, or a frame cannot be unpacked; MC_E_UNSUPPORTED: pack.h. */
int body_read(struct store_txn *t, const struct body *b, uint64_t offset,
    char *out, size_t n) MUST_CHECK;
#endif
