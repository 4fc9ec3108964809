#include "store/txn/body.h"
#include "store/record/le.h"
#include "store/txn/edit.h"
#include <stdlib.h>

enum {
	/* Above, a page of its own is no waste. */
	TAIL_MAX = 3300,
	/* Small enough for leaf pages to be filled well. */
	TAIL_PIECE = 760,
};

int body_get(struct store_txn *t, uint64_t msgid, struct body *out)
{
	struct key k = key_obj(msgid, 'E', 0);
	struct view v;
	int error = kv_get(&t->kv, TABLE_OBJ, key_view(&k), &v);
	if (!error)
		error = envelope_decode_body(v, out);
	out->msgid = msgid;
	return error;
}

/* What is behind the full chunks: how many octets, in pieces of how many. */
static size_t tail_of(const struct body *b, size_t *piece)
{
	size_t tail = b->stored_bytes % CHUNK_OCTETS;
	size_t n = b->has_pieces && tail <= TAIL_MAX
		       ? (tail + TAIL_PIECE - 1) / TAIL_PIECE
		       : 1;
	*piece = n > 1 ? (tail + n - 1) / n : tail;
	return tail;
}

uint64_t body_chunks(const struct body *b)
{
	size_t piece, tail = tail_of(b, &piece);
	return b->stored_bytes / CHUNK_OCTETS +
	       (tail ? (tail + piece - 1) / piece : 0);
}

size_t body_chunk(const struct body *b, uint64_t i, uint64_t *offset)
{
	uint64_t full = b->stored_bytes / CHUNK_OCTETS;
	size_t piece, tail = tail_of(b, &piece);
	*offset = (i < full ? i : full) * CHUNK_OCTETS;
	if (i < full)
		return CHUNK_OCTETS;
	if (i - full >= (tail ? (tail + piece - 1) / piece : 0))
		return 0;
	size_t start = (size_t)(i - full) * piece;
	*offset += start;
	return tail - start < piece ? tail - start : piece;
}

static int chunk_get(struct store_txn *t, uint64_t msgid, uint32_t i,
    size_t octets, struct view *out)
{
	struct key k = key_blb(msgid, i);
	struct view v;
	int error = kv_get(&t->kv, TABLE_BLB, key_view(&k), &v);
	if (error == MC_E_NOENT || (!error && v.n != octets + 4))
		return MC_E_CORRUPT;
	if (error)
		return error;
	*out = view_head(v, octets);
	return chunk_check(&k, *out, v.p + octets) ? 0 : MC_E_CORRUPT;
}

/* Of what is in the chunks. */
static int stored_read(struct store_txn *t, const struct body *b,
    uint64_t offset, char *out, size_t n)
{
	uint64_t start;
	struct view v;
	for (uint32_t i = (uint32_t)(offset / CHUNK_OCTETS); n; i++) {
		size_t octets = body_chunk(b, i, &start);
		if (offset >= start + octets)
			continue; /* it begins in a later piece */
		int error = chunk_get(t, b->msgid, i, octets, &v);
		if (error)
			return error;
		v = view_head(view_skip(v, (size_t)(offset - start)), n);
		memcpy(out, v.p, v.n);
		out += v.n;
		offset += v.n;
		n -= v.n;
	}
	return 0;
}

struct frame {
	uint32_t number;
	bool is_plain;
	uint64_t at; /* of the stored octets */
	size_t packed, octets;
};

static struct frame frame_of(const struct body *b, uint32_t number)
{
	struct frame f = { .number = number };
	uint64_t start = (uint64_t)number * BODY_FRAME_OCTETS;
	uint64_t left = b->size_bytes - start;
	uint32_t entry = 0;
	for (uint32_t i = 0; i <= number; i++) {
		f.at += entry & ~FRAME_PLAIN;
		entry = get_le32(b->frames.p + (size_t)i * FRAME_ENTRY_OCTETS);
	}
	f.is_plain = entry & FRAME_PLAIN;
	f.packed = entry & ~FRAME_PLAIN;
	f.octets = left < BODY_FRAME_OCTETS ? (size_t)left : BODY_FRAME_OCTETS;
	return f;
}

static int unpack(
    struct store_txn *t, const struct body *b, const struct frame *f)
{
	struct unpacker *u = &t->store->unpacker;
	if (u->msgid == b->msgid && u->frame == f->number)
		return 0;
	char *packed = malloc(f->packed);
	if (!packed)
		return MC_E_TEMP;
	int error = stored_read(t, b, f->at, packed, f->packed);
	if (!error)
		error = unpacker_run(
		    u, (struct view){ packed, f->packed }, f->octets);
	free(packed);
	if (error)
		return error;
	u->msgid = b->msgid;
	u->frame = f->number;
	return 0;
}

int body_read(struct store_txn *t, const struct body *b, uint64_t offset,
    char *out, size_t n)
{
	if (!b->frames.n)
		return stored_read(t, b, offset, out, n);
	while (n) {
		struct frame f =
		    frame_of(b, (uint32_t)(offset / BODY_FRAME_OCTETS));
		size_t from = offset % BODY_FRAME_OCTETS;
		size_t octets = f.octets - from < n ? f.octets - from : n;
		int error = f.is_plain
				? stored_read(t, b, f.at + from, out, octets)
				: unpack(t, b, &f);
		if (error)
			return error;
		if (!f.is_plain)
			memcpy(out, t->store->unpacker.octets + from, octets);
		out += octets;
		offset += octets;
		n -= octets;
	}
	return 0;
}
