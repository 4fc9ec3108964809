/* The values of obj: what is computed of a message at its delivery. */
#include "store/record/crc32c.h"
#include "store/record/keys.h"
#include "store/record/le.h"

enum {
	OBJECT_VERSION = 1,
	ENVELOPE_OCTETS = 64,
	STRUCTURE_OCTETS = 8,
	FIELD_OCTETS = 5,
	FIELD_ENVELOPE = 1,
	FIELD_REFERENCES = 7,
	FIELD_BODY = 8,
	FIELD_BODYSTRUCTURE = 1,
	FIELD_PARTS = 2,
	HAS_NUL = 1 << 0,
	CRLF_CLEAN = 1 << 1,
	HAS_8BIT_HEADER = 1 << 2,
};

static void field_put(struct buf *out, unsigned tag, struct view v)
{
	char head[FIELD_OCTETS];
	put_le(head, tag, 1);
	put_le(head + 1, v.n, 4);
	buf_put(out, (struct view){ head, sizeof head });
	buf_put(out, v);
}

/* Cuts the next field; false at the end or at damage, which leaves a rest. */
static bool field_next(struct view *rest, unsigned *tag, struct view *v)
{
	if (rest->n < FIELD_OCTETS)
		return false;
	size_t n = get_le32(rest->p + 1);
	if (n > rest->n - FIELD_OCTETS)
		return false;
	*tag = (unsigned char)rest->p[0];
	*v = view_slice(*rest, FIELD_OCTETS, FIELD_OCTETS + n);
	*rest = view_skip(*rest, FIELD_OCTETS + n);
	return true;
}

static void body_put(struct buf *out, unsigned layout, struct view frames)
{
	char head[FIELD_OCTETS + 1];
	put_le(head, FIELD_BODY, 1);
	put_le(head + 1, 1 + frames.n, 4);
	put_le(head + FIELD_OCTETS, layout, 1);
	buf_put(out, (struct view){ head, sizeof head });
	buf_put(out, frames);
}

void envelope_encode(const struct envelope_record *e, struct buf *out)
{
	char p[ENVELOPE_OCTETS] = { OBJECT_VERSION };
	char hashes[REFERENCES_OCTETS_MAX];
	struct view references = references_encode(&e->references, hashes);
	put_le(p + 1,
	    (e->has_nul ? HAS_NUL : 0) | (e->crlf_clean ? CRLF_CLEAN : 0) |
		(e->has_8bit_header ? HAS_8BIT_HEADER : 0),
	    1);
	put_le(p + 4, e->header_size, 4);
	put_le(p + 8, e->size_bytes, 8);
	put_le(p + 16, e->n_lines, 8);
	put_le(p + 24, (uint64_t)e->sent_s, 8);
	put_le(p + 40, (uint64_t)e->internaldate.unix_s, 8);
	put_le(p + 48, (uint16_t)e->internaldate.zone_min, 2);
	put_le(p + 60, e->bare_bytes, 4);
	envelope_place(p, e->mailbox, e->uid);
	envelope_thread(p, e->threadid);
	buf_put(out, (struct view){ p, sizeof p });
	if (references.n)
		field_put(out, FIELD_REFERENCES, references);
	if (e->has_pieces || e->frames.n)
		body_put(out,
		    (e->has_pieces ? BODY_PIECES : 0) |
			(e->frames.n ? BODY_ZSTD : 0),
		    e->frames);
	field_put(out, FIELD_ENVELOPE, e->envelope);
}

void envelope_place(char *encoded, uint32_t mailbox, uint32_t uid)
{
	put_le(encoded + 52, mailbox, 4);
	put_le(encoded + 56, uid, 4);
}

void envelope_thread(char *encoded, uint64_t threadid)
{
	put_le(encoded + 32, threadid, 8);
}

int envelope_decode_size(struct view v, uint64_t *size_bytes)
{
	if (v.n < ENVELOPE_OCTETS || v.p[0] != OBJECT_VERSION)
		return MC_E_CORRUPT;
	*size_bytes = get_le64(v.p + 8);
	return 0;
}

static int frames_decode(struct body *b)
{
	uint64_t left = b->size_bytes, stored = 0;
	for (size_t i = 0; i < b->frames.n; i += FRAME_ENTRY_OCTETS) {
		uint32_t entry = get_le32(b->frames.p + i);
		uint32_t n = entry & ~FRAME_PLAIN;
		uint32_t octets = left < BODY_FRAME_OCTETS ? (uint32_t)left
							   : BODY_FRAME_OCTETS;
		if (n == 0 || (entry & FRAME_PLAIN ? n != octets : n >= octets))
			return MC_E_CORRUPT;
		left -= octets;
		stored += n;
	}
	b->stored_bytes = stored;
	return left ? MC_E_CORRUPT : 0;
}

static int layout_decode(struct view v, struct body *out)
{
	if (v.n == 0)
		return MC_E_CORRUPT;
	unsigned layout = (unsigned char)v.p[0];
	if (layout & ~(unsigned)(BODY_PIECES | BODY_ZSTD))
		return MC_E_VERSION;
	out->has_pieces = layout & BODY_PIECES;
	out->frames = view_skip(v, 1);
	if (!(layout & BODY_ZSTD))
		return out->frames.n ? MC_E_CORRUPT : 0;
	if (out->frames.n % FRAME_ENTRY_OCTETS)
		return MC_E_CORRUPT;
	return frames_decode(out);
}

int envelope_decode_body(struct view v, struct body *out)
{
	struct view rest = view_skip(v, ENVELOPE_OCTETS), field;
	unsigned tag;
	*out = (struct body){ .size_bytes = 0 };
	int error = envelope_decode_size(v, &out->size_bytes);
	if (error)
		return error;
	out->stored_bytes = out->size_bytes;
	while (field_next(&rest, &tag, &field))
		if (tag == FIELD_BODY)
			return layout_decode(field, out);
	return 0;
}

/* A field behind the references may be cut here. */
int envelope_decode_thread(
    struct view v, uint64_t *threadid, struct references *out)
{
	struct view rest = view_skip(v, ENVELOPE_OCTETS), field;
	unsigned tag;
	*out = (struct references){ .n = 0 };
	if (v.n < ENVELOPE_OCTETS || v.p[0] != OBJECT_VERSION)
		return MC_E_CORRUPT;
	*threadid = get_le64(v.p + 32);
	while (field_next(&rest, &tag, &field))
		if (tag == FIELD_REFERENCES)
			return references_decode(field, out);
	return 0;
}

int envelope_decode_head(struct view v, struct envelope_record *out)
{
	const char *p = v.p;
	if (v.n < ENVELOPE_OCTETS || p[0] != OBJECT_VERSION)
		return MC_E_CORRUPT;
	unsigned flags = (unsigned char)p[1];
	*out = (struct envelope_record){
		.has_nul = flags & HAS_NUL,
		.crlf_clean = flags & CRLF_CLEAN,
		.has_8bit_header = flags & HAS_8BIT_HEADER,
		.header_size = get_le32(p + 4),
		.size_bytes = get_le64(p + 8),
		.n_lines = get_le64(p + 16),
		.sent_s = (int64_t)get_le64(p + 24),
		.threadid = get_le64(p + 32),
		.internaldate = { (int64_t)get_le64(p + 40),
		    (int16_t)get_le16(p + 48) },
		.mailbox = get_le32(p + 52),
		.uid = get_le32(p + 56),
		.bare_bytes = get_le32(p + 60),
	};
	return 0;
}

int envelope_decode(struct view v, struct envelope_record *out)
{
	struct view rest = view_skip(v, ENVELOPE_OCTETS), field;
	struct body body = { .size_bytes = 0 };
	unsigned tag;
	int error = envelope_decode_head(v, out);
	body.size_bytes = error ? 0 : out->size_bytes;
	while (!error && field_next(&rest, &tag, &field))
		if (tag == FIELD_ENVELOPE)
			out->envelope = field;
		else if (tag == FIELD_REFERENCES)
			error = references_decode(field, &out->references);
		else if (tag == FIELD_BODY)
			error = layout_decode(field, &body);
	out->has_pieces = body.has_pieces;
	out->frames = body.frames;
	return rest.n ? MC_E_CORRUPT : error;
}

static void part_encode(const struct mime_part *m, char out[PART_OCTETS])
{
	memset(out, 0, PART_OCTETS);
	put_le(out, m->body_offset, 8);
	put_le(out + 8, m->body_size, 8);
	put_le(out + 16, m->header_offset, 4);
	put_le(out + 20, m->header_size, 4);
	put_le(out + 24, m->header_lines, 4);
	put_le(out + 28, m->body_lines, 4);
	put_le(out + 32, m->parent, 2);
	put_le(out + 34, m->n_children, 2);
	put_le(out + 36, m->encoding, 1);
	put_le(out + 37, m->kind, 1);
}

int part_decode(struct view v, struct mime_part *out)
{
	const char *p = v.p;
	if (v.n != PART_OCTETS || (unsigned char)p[36] > ENCODING_UNKNOWN ||
	    (unsigned char)p[37] > MIME_MESSAGE)
		return MC_E_CORRUPT;
	*out = (struct mime_part){
		.body_offset = get_le64(p),
		.body_size = get_le64(p + 8),
		.header_offset = get_le32(p + 16),
		.header_size = get_le32(p + 20),
		.header_lines = get_le32(p + 24),
		.body_lines = get_le32(p + 28),
		.parent = get_le16(p + 32),
		.n_children = get_le16(p + 34),
		.encoding = (enum transfer_encoding)p[36],
		.kind = (enum mime_kind)p[37],
	};
	return 0;
}

void structure_encode(
    const struct mime_tree *tree, struct view bodystructure, struct buf *out)
{
	char head[STRUCTURE_OCTETS] = { OBJECT_VERSION }, part[PART_OCTETS];
	put_le(head + 4, tree->n_parts, 4);
	buf_put(out, (struct view){ head, sizeof head });
	field_put(out, FIELD_BODYSTRUCTURE, bodystructure);
	put_le(head, FIELD_PARTS, 1);
	put_le(head + 1, (uint64_t)tree->n_parts * PART_OCTETS, 4);
	buf_put(out, (struct view){ head, FIELD_OCTETS });
	for (uint32_t i = 0; i < tree->n_parts; i++) {
		part_encode(&tree->parts[i], part);
		buf_put(out, (struct view){ part, sizeof part });
	}
}

int structure_decode(struct view v, struct structure_record *out)
{
	struct view rest = view_skip(v, STRUCTURE_OCTETS), field;
	unsigned tag;
	if (v.n < STRUCTURE_OCTETS || v.p[0] != OBJECT_VERSION)
		return MC_E_CORRUPT;
	*out = (struct structure_record){ .n_parts = get_le32(v.p + 4) };
	while (field_next(&rest, &tag, &field)) {
		if (tag == FIELD_BODYSTRUCTURE)
			out->bodystructure = field;
		else if (tag == FIELD_PARTS)
			out->parts = field;
	}
	if (rest.n || out->n_parts > MIME_PARTS_MAX ||
	    out->parts.n != (size_t)out->n_parts * PART_OCTETS)
		return MC_E_CORRUPT;
	return 0;
}

/* With the key, so that a page in a wrong place shows, too. */
static uint32_t chunk_sum(const struct key *k, struct view octets)
{
	return crc32c(crc32c(0, key_view(k)), octets);
}

void chunk_seal(const struct key *k, struct view octets, char sum[4])
{
	put_le(sum, chunk_sum(k, octets), 4);
}

bool chunk_check(const struct key *k, struct view octets, const char sum[4])
{
	return get_le32(sum) == chunk_sum(k, octets);
}
