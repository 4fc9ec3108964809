#include "store/body.h"
#include "store/store.h"

enum {
	/* What lies in a leaf page, with its key and checksum. */
	INLINE_OCTETS = 2010,
	/* Halves of more than this do not fit well beside others. */
	HALVES_OCTETS = 3000,
};

int body_get(struct store_txn *t, uint64_t msgid, struct body *out)
{
	struct key k = key_obj(msgid, 'E', 0);
	struct view v;
	int error = kv_get(&t->kv, TABLE_OBJ, key_view(&k), &v);
	return error ? error : envelope_decode_body(v, out);
}

/* Of what is behind the full chunks. */
static size_t first_half(const struct body *b, size_t tail)
{
	bool halves =
	    b->has_halves && tail > INLINE_OCTETS && tail <= HALVES_OCTETS;
	return halves ? (tail + 1) / 2 : tail;
}

uint64_t body_chunks(const struct body *b)
{
	size_t tail = b->size_bytes % CHUNK_OCTETS;
	return b->size_bytes / CHUNK_OCTETS + (tail != 0) +
	       (first_half(b, tail) < tail);
}

size_t body_chunk(const struct body *b, uint64_t i, uint64_t *offset)
{
	uint64_t full = b->size_bytes / CHUNK_OCTETS;
	size_t tail = b->size_bytes % CHUNK_OCTETS;
	size_t head = first_half(b, tail);
	*offset = (i < full ? i : full) * CHUNK_OCTETS;
	if (i <= full)
		return i < full ? CHUNK_OCTETS : head;
	*offset += head;
	return i == full + 1 ? tail - head : 0;
}
