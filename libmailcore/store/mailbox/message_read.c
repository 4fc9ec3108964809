#include "store/txn/body.h"
#include "store/txn/object.h"
#include "store/txn/rows.h"

int message_get(
    struct store_txn *t, uint32_t mailbox, uint32_t uid, struct message *out)
{
	struct key k = key_msg(mailbox, uid);
	struct view v;
	int error = kv_get(&t->kv, TABLE_MSG, key_view(&k), &v);
	return error ? error : message_decode(uid, v, out);
}

int message_each(struct store_txn *t, uint32_t mailbox, uint32_t first,
    uint32_t last, int (*fn)(void *ctx, const struct message *m), void *ctx)
{
	struct kv_cursor c;
	struct message m;
	struct key k = key_msg(mailbox, first);
	int stop = 0, error = kv_cursor_open(&c, &t->kv, TABLE_MSG);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	if (!error)
		error = row_at(&c, mailbox, last, &m);
	while (!error) {
		stop = fn(ctx, &m);
		if (stop)
			break;
		error = kv_cursor_next(&c);
		if (!error)
			error = row_at(&c, mailbox, last, &m);
	}
	kv_cursor_close(&c);
	if (stop)
		return stop;
	return error == MC_E_NOENT ? 0 : error;
}

static int add_uid(void *ctx, const struct message *m)
{
	return uidset_add(ctx, m->uid, m->uid);
}

static int ends(
    struct store_txn *t, uint32_t mailbox, uint32_t *first, uint32_t *last)
{
	struct kv_cursor c;
	struct message m;
	struct key low = key_msg(mailbox, 1);
	struct key high = key_msg(mailbox, UINT32_MAX);
	int error = kv_cursor_open(&c, &t->kv, TABLE_MSG);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&low));
	if (!error)
		error = row_at(&c, mailbox, UINT32_MAX, &m);
	*first = error ? 0 : m.uid;
	if (!error)
		error = kv_cursor_seek_before(&c, key_view(&high));
	if (!error)
		error = row_at(&c, mailbox, UINT32_MAX, &m);
	*last = error ? 0 : m.uid;
	kv_cursor_close(&c);
	return error;
}

int message_uids(struct store_txn *t, uint32_t mailbox, struct uidset *out)
{
	struct mailbox m;
	uint32_t first, last;
	uidset_clear(out);
	int error = mailbox_get(t, mailbox, &m);
	if (error || m.messages == 0)
		return error;
	error = ends(t, mailbox, &first, &last);
	if (error)
		return error == MC_E_NOENT ? MC_E_CORRUPT : error;
	/* Without gaps nothing needs to be read. */
	if (last - first + 1 == m.messages)
		return uidset_add(out, first, last);
	return message_each(t, mailbox, first, last, add_uid, out);
}

int message_info(struct store_txn *t, uint64_t msgid, struct message_info *out)
{
	struct view v;
	struct envelope_record e;
	struct structure_record m;
	int error = object_get(t, msgid, 'E', &v);
	if (!error)
		error = envelope_decode(v, &e);
	if (error)
		return error;
	error = object_get(t, msgid, 'M', &v);
	if (!error)
		error = structure_decode(v, &m);
	if (error)
		return error == MC_E_NOENT ? MC_E_CORRUPT : error;
	*out = (struct message_info){
		.envelope = e.envelope,
		.bodystructure = m.bodystructure,
		.parts = m.parts,
		.n_parts = m.n_parts,
		.header_size = e.header_size,
		.size_bytes = e.size_bytes,
		.n_lines = e.n_lines,
		.crlf_bytes = e.size_bytes + e.bare_bytes,
		.sent_s = e.sent_s,
		.internaldate = e.internaldate,
		.threadid = e.threadid,
		.has_nul = e.has_nul,
		.crlf_clean = e.crlf_clean,
	};
	return 0;
}

int message_parts(const struct message_info *info, struct mime_part *out)
{
	struct view rest = info->parts;
	for (uint32_t i = 0; i < info->n_parts; i++) {
		int error = part_decode(view_head(rest, PART_OCTETS), &out[i]);
		const struct mime_part *p = &out[i];
		uint64_t size = info->size_bytes;
		if (!error && (p->parent > i || p->body_offset > size ||
				  p->body_size > size - p->body_offset ||
				  p->header_offset > size ||
				  p->header_size > size - p->header_offset))
			error = MC_E_CORRUPT;
		if (error)
			return error;
		rest = view_skip(rest, PART_OCTETS);
	}
	return 0;
}

int message_read(
    struct store_txn *t, uint64_t msgid, uint64_t offset, void *out, size_t n)
{
	struct body body;
	int error = body_get(t, msgid, &body);
	if (error)
		return error;
	if (offset > body.size_bytes || n > body.size_bytes - offset)
		return MC_E_BAD;
	return body_read(t, &body, offset, out, n);
}
