/* The bytes of messages: what is there of them, and how they are stored when
 * the record that tells is lost. */
#include "base/panic.h"
#include "store/check/repair_state.h"
#include "store/record/le.h"
#include "store/record/pack.h"
#include <stdlib.h>

/* Calls fn for each chunk of the message. */
static void each_chunk(struct repair *r, uint64_t msgid,
    void (*fn)(void *ctx, struct view key, struct view value), void *ctx)
{
	struct kv_cursor k;
	struct key first = key_blb(msgid, 0);
	struct view id = view_head(key_view(&first), 8);
	int error = kv_cursor_open(&k, &r->c.t.kv, TABLE_BLB);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	while (!error && view_starts(k.key, id)) {
		if (k.key.n == 12)
			fn(ctx, k.key, k.value);
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
}

static uint32_t chunk_of(struct view key)
{
	return get_be32(key.p + 8);
}

static size_t octets_of(struct view value)
{
	return value.n > 4 ? value.n - 4 : 0;
}

static bool is_good(struct view key, struct view value)
{
	const size_t n = octets_of(value);
	struct key k = { .n = key.n };
	if (!n || n > CHUNK_OCTETS)
		return false;
	memcpy(k.p, key.p, key.n);
	return chunk_check(&k, view_head(value, n), value.p + n);
}

static void note_good(void *ctx, struct view key, struct view value)
{
	bool *any = ctx;
	*any |= is_good(key, value);
}

bool repair_has_bytes(struct repair *r, uint64_t msgid)
{
	bool any = false;
	each_chunk(r, msgid, note_good, &any);
	return any;
}

struct look {
	const struct body *body;
	struct repair_bytes bytes;
};

static void look_at_chunk(void *ctx, struct view key, struct view value)
{
	struct look *l = ctx;
	uint64_t start;
	size_t want = body_chunk(l->body, chunk_of(key), &start);
	bool fits = octets_of(value) == want;
	l->bytes.extra += !want;
	l->bytes.odd += !fits;
	l->bytes.good += want && fits && is_good(key, value);
}

struct repair_bytes repair_body_look(struct repair *r, const struct body *b)
{
	struct look l = { .body = b };
	each_chunk(r, b->msgid, look_at_chunk, &l);
	return l.bytes;
}

static void read_part(struct repair *r, const struct body *b, uint64_t offset,
    char *out, size_t n)
{
	int error = body_read(&r->c.t, b, offset, out, n);
	if (error == MC_E_CORRUPT)
		memset(out, ' ', n);
	else if (error)
		repair_fail(r, error);
}

void repair_body_read(struct repair *r, const struct body *b, char *out)
{
	uint64_t at = 0;
	size_t n;
	if (b->frames.n) {
		for (; at < b->size_bytes; at += n) {
			uint64_t left = b->size_bytes - at;
			n = left < BODY_FRAME_OCTETS ? (size_t)left
						     : BODY_FRAME_OCTETS;
			read_part(r, b, at, out + at, n);
		}
		return;
	}
	for (uint64_t i = 0; (n = body_chunk(b, i, &at)) != 0; i++)
		read_part(r, b, at, out + at, n);
}

/* How it is stored. Full chunks come first, so that their number and what is
 * in the others give the size. */

struct shape {
	uint64_t full; /* chunks, those that are missing too */
	uint64_t tail;
};

static void add_to_shape(void *ctx, struct view key, struct view value)
{
	struct shape *s = ctx;
	size_t n = octets_of(value);
	uint64_t i = chunk_of(key);
	if (n == CHUNK_OCTETS)
		s->full = i + 1;
	else if (!s->tail && i > s->full)
		s->full = i;
	if (n != CHUNK_OCTETS)
		s->tail += n;
}

/* A row tells the size of what is not packed. */
static bool find_plain(struct repair *r, uint64_t msgid, uint64_t row_bytes,
    uint64_t end, struct body *out)
{
	const uint64_t sizes[] = { row_bytes, end };
	for (unsigned i = 0; i < 4; i++) {
		*out = (struct body){ .msgid = msgid,
			.size_bytes = sizes[i / 2],
			.stored_bytes = sizes[i / 2],
			.has_pieces = i % 2 == 0 };
		if (!repair_body_look(r, out).odd)
			return true;
	}
	return false;
}

/* All octets that are stored; NULL: some are lost. */
static char *read_stored(struct repair *r, const struct body *b)
{
	char *p = malloc((size_t)b->stored_bytes + 1);
	if (!p)
		repair_fail(r, MC_E_TEMP);
	if (p && body_read(&r->c.t, b, 0, p, (size_t)b->stored_bytes) == 0)
		return p;
	free(p);
	return NULL;
}

static bool find_packed(struct repair *r, uint64_t msgid, uint64_t end,
    struct body *out, struct buf *frames)
{
	char *stored = NULL;
	uint64_t size = 0;
	if (end && end <= BODY_PACKED_MAX &&
	    find_plain(r, msgid, end, end, out))
		stored = read_stored(r, out);
	bool is = stored && packed_find((struct view){ stored, (size_t)end },
				frames, &size);
	free(stored);
	if (is) {
		out->size_bytes = size;
		out->frames = buf_view(frames);
	}
	return is;
}

/* Whether the message begins like what is packed, as no mail does. */
static void note_packed(void *ctx, struct view key, struct view value)
{
	bool *is = ctx;
	*is |= chunk_of(key) == 0 && packed_is(value);
}

bool repair_body_find(struct repair *r, uint64_t msgid, uint64_t row_bytes,
    struct body *out, struct buf *frames)
{
	struct shape s = { 0, 0 };
	bool is_packed = false;
	each_chunk(r, msgid, add_to_shape, &s);
	each_chunk(r, msgid, note_packed, &is_packed);
	const uint64_t end = s.full * CHUNK_OCTETS + s.tail;
	if (find_packed(r, msgid, end, out, frames))
		return true;
	if (is_packed && !pack_is_built())
		repair_fail(r, MC_E_UNSUPPORTED);
	/* A row that says much more, or less, is wrong. */
	if (!is_packed &&
	    (row_bytes < end || row_bytes - end >= UINT32_MAX / 2))
		row_bytes = end;
	if (!is_packed && find_plain(r, msgid, row_bytes, end, out))
		return true;
	*out = (struct body){ .msgid = msgid,
		.size_bytes = row_bytes,
		.stored_bytes = row_bytes,
		.has_pieces = true };
	return !is_packed;
}
