/* Invariants of rows, changes, the reverse map, objects and their bytes. */
#include "store/check/check_state.h"
#include "store/txn/object.h"
#include "store/txn/runs.h"
#include <inttypes.h>
#include <stdlib.h>

enum {
	SYSTEM_FLAGS = MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_FLAGGED |
		       MESSAGE_DELETED | MESSAGE_DRAFT,
};

/* Rows. */

static void count_row(struct check_box *x, const struct message *m)
{
	x->messages++;
	x->bytes += m->size_bytes;
	if (!(m->flags & MESSAGE_SEEN))
		x->unseen++;
	if (m->flags & MESSAGE_DELETED) {
		x->deleted++;
		x->deleted_bytes += m->size_bytes;
	}
}

bool check_row_record(struct check *c)
{
	if (key_msg_split(c->key, &c->mailbox, &c->uid) != 0)
		return check_note(c, "key of %zu octets", c->key.n);
	if (message_decode(c->uid, c->value, &c->row) != 0)
		return false;
	c->msgid = c->row.msgid;
	if (c->box)
		count_row(c->box, &c->row);
	return true;
}

bool check_row_mailbox(struct check *c)
{
	return c->box != NULL;
}

bool check_row_uid(struct check *c)
{
	return c->uid < c->box->b.m.uidnext ||
	       check_differs(c, "UIDNEXT", c->box->b.m.uidnext, c->uid);
}

bool check_row_modseq(struct check *c)
{
	const struct box *b = &c->box->b;
	if (c->row.createmodseq > c->row.modseq)
		return check_differs(
		    c, "created", c->row.createmodseq, c->row.modseq);
	return c->row.modseq <= b->m.highestmodseq ||
	       check_differs(
		   c, "HIGHESTMODSEQ", b->m.highestmodseq, c->row.modseq);
}

bool check_row_flags(struct check *c)
{
	return (c->row.flags & ~SYSTEM_FLAGS) == 0 ||
	       check_note(c, "flags %#x", (unsigned)c->row.flags);
}

static bool is_within(struct check *c, const uint8_t *bits)
{
	for (unsigned i = 0; i < KEYWORDS_MAX; i++)
		if ((c->row.keywords[i / 8] & ~bits[i / 8]) >> i % 8 & 1)
			return check_note(c, "keyword %u", i);
	return true;
}

bool check_row_keywords(struct check *c)
{
	return is_within(c, c->keywords);
}

bool check_row_keywords_used(struct check *c)
{
	return is_within(c, c->box->b.keywords_used);
}

bool check_row_object(struct check *c)
{
	struct key k = key_obj(c->msgid, 'E', 0);
	return check_has(c, TABLE_OBJ, &k);
}

bool check_row_size(struct check *c)
{
	uint64_t size;
	return !check_object_size(c, c->msgid, &size) ||
	       size == c->row.size_bytes ||
	       check_differs(c, "bytes", c->row.size_bytes, size);
}

bool check_row_link(struct check *c)
{
	struct key k = key_link(c->msgid, c->mailbox, c->uid);
	return check_has(c, TABLE_IDX, &k);
}

bool check_row_change(struct check *c)
{
	struct kv_cursor k;
	struct change_run run;
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_CHG);
	if (!error)
		error = runs_find(&k, c->mailbox, c->row.modseq, c->uid, &run);
	kv_cursor_close(&k);
	return error == 0;
}

bool check_row_uidl(struct check *c)
{
	struct key k = key_uidl(c->mailbox, c->uid);
	return !(c->row.internal & MESSAGE_HAS_UIDL) ||
	       check_has(c, TABLE_IDX, &k);
}

/* Changes. */

bool check_change_key(struct check *c)
{
	return key_chg_split(c->key, &c->mailbox, &c->modseq, &c->uid) == 0 &&
	       change_decode(c->uid, c->value, &c->change) == 0;
}

bool check_change_mailbox(struct check *c)
{
	c->box = check_box_of(c, c->mailbox);
	if (c->box && c->change.vanished)
		c->box->runs++;
	return c->box != NULL;
}

bool check_change_modseq(struct check *c)
{
	return c->modseq <= c->box->b.m.highestmodseq ||
	       check_differs(
		   c, "HIGHESTMODSEQ", c->box->b.m.highestmodseq, c->modseq);
}

static bool overlaps(struct check *c)
{
	struct kv_cursor k;
	struct change_run before;
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_CHG);
	if (!error)
		error = kv_cursor_seek_before(&k, c->key);
	if (!error)
		error = runs_at(&k, c->mailbox, c->modseq, &before);
	kv_cursor_close(&k);
	return !error && before.last >= c->uid;
}

static int has_modseq(void *ctx, const struct message *m)
{
	struct check *c = ctx;
	if (m->modseq == c->modseq)
		return 0;
	(void)check_note(c, "UID %u: recorded %llu, found %llu",
	    (unsigned)m->uid, (unsigned long long)c->modseq,
	    (unsigned long long)m->modseq);
	return MC_E_CORRUPT;
}

bool check_change_row(struct check *c)
{
	struct message m;
	if (c->change.vanished)
		return true;
	if (message_get(&c->t, c->mailbox, c->uid, &m) != 0)
		return check_note(c, "no row");
	if (overlaps(c))
		return check_note(c, "it is in the entry before, too");
	return message_each(&c->t, c->mailbox, c->uid, c->change.last,
		   has_modseq, c) == 0;
}

bool check_vanished_range(struct check *c)
{
	uint32_t last = c->change.last;
	if (!c->change.vanished)
		return true;
	return (c->uid && c->uid <= last && last < c->box->b.m.uidnext) ||
	       check_note(c, "%u to %u", (unsigned)c->uid, (unsigned)last);
}

bool check_vanished_rows(struct check *c)
{
	struct kv_cursor k;
	uint32_t mailbox, uid;
	bool holds = true;
	if (!c->change.vanished)
		return true;
	struct key first = key_msg(c->mailbox, c->uid);
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_MSG);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	if (!error && key_msg_split(k.key, &mailbox, &uid) == 0 &&
	    mailbox == c->mailbox && uid >= c->uid && uid <= c->change.last)
		holds = check_note(c, "UID %u of %u to %u", (unsigned)uid,
		    (unsigned)c->uid, (unsigned)c->change.last);
	kv_cursor_close(&k);
	return holds;
}

/* The index. */

bool check_index_key(struct check *c)
{
	char tag = c->key.p[0];
	uint32_t purge_s;
	if (tag == 'L')
		return key_link_split(
			   c->key, &c->msgid, &c->mailbox, &c->uid) == 0 &&
		       c->value.n == 0;
	if (tag == 'X')
		return key_purge_split(c->key, &purge_s, &c->msgid) == 0;
	if (tag == 'P')
		return key_uidl_split(c->key, &c->mailbox, &c->uid) == 0;
	if (tag == 'D')
		return c->key.n == 1 + DELIVERY_ID_OCTETS;
	if (tag == 'H')
		return key_thread_member_split(c->key, &c->thread, &c->msgid) ==
			   0 &&
		       c->value.n == 0;
	if (tag == 'I')
		return key_thread_id_split(c->key, &c->thread, &c->msgid) == 0;
	return view_has_byte(V("QU"), tag) ||
	       check_note(c, "tag %d", (unsigned char)tag);
}

bool check_link_row(struct check *c)
{
	struct message m;
	if (c->key.p[0] != 'L')
		return true;
	if (message_get(&c->t, c->mailbox, c->uid, &m) != 0)
		return check_note(c, "no row");
	return m.msgid == c->msgid ||
	       check_differs(c, "message", c->msgid, m.msgid);
}

bool check_uidl_row(struct check *c)
{
	struct message m;
	if (c->key.p[0] != 'P')
		return true;
	if (message_get(&c->t, c->mailbox, c->uid, &m) != 0)
		return check_note(c, "no row");
	return m.internal & MESSAGE_HAS_UIDL;
}

bool check_delivery(struct check *c)
{
	struct delivery d;
	if (c->key.p[0] != 'D')
		return true;
	if (delivery_decode(c->value, &d) != 0)
		return false;
	c->mailbox = d.mailbox;
	c->uid = d.uid;
	return d.uid && d.mailbox > c->account.next_mailbox;
}

bool check_retained_value(struct check *c)
{
	if (c->key.p[0] != 'X')
		return true;
	if (retained_decode(c->value, &c->retained) != 0)
		return false;
	c->mailbox = c->retained.mailbox;
	c->uid = c->retained.uid;
	return true;
}

static bool has_rows(struct check *c, uint64_t msgid)
{
	struct kv_cursor k;
	struct key first = key_link(msgid, 0, 0);
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	/* 'L' and msgid. */
	bool has = !error && view_starts(k.key, view_head(key_view(&first), 9));
	kv_cursor_close(&k);
	return has;
}

bool check_retained_rows(struct check *c)
{
	return c->key.p[0] != 'X' || !has_rows(c, c->msgid);
}

/* Without a description it is being purged. */
bool check_retained_object(struct check *c)
{
	uint64_t size;
	const struct check_waiting *w;
	if (c->key.p[0] != 'X')
		return true;
	w = check_waiting_of(c, c->msgid);
	if (w && w + 1 < c->waiting + c->n_waiting && w[1].msgid == c->msgid)
		return check_note(c, "more than once");
	return !check_object_size(c, c->msgid, &size) ||
	       size == c->retained.size_bytes ||
	       check_differs(c, "bytes", c->retained.size_bytes, size);
}

/* Objects. */

bool check_object_key(struct check *c)
{
	return c->key.n == 10 && (c->key.p[8] == 'E' || c->key.p[8] == 'M') &&
	       c->value.n <= PIECE_OCTETS;
}

bool check_object_allocated(struct check *c)
{
	return (c->msgid && c->msgid < c->account.next_msgid) ||
	       check_note(c, "ids from %llu on are free",
		   (unsigned long long)c->account.next_msgid);
}

bool check_object_envelope(struct check *c)
{
	struct view v;
	struct envelope_record e;
	if (object_get(&c->t, c->msgid, 'E', &v) != 0)
		return check_note(c, "it is not there");
	if (envelope_decode(v, &e) != 0)
		return false;
	return e.header_size <= e.size_bytes ||
	       check_differs(c, "header", e.header_size, e.size_bytes);
}

bool check_object_structure(struct check *c)
{
	struct message_info info;
	struct view v;
	struct structure_record m;
	if (object_get(&c->t, c->msgid, 'M', &v) != 0)
		return check_note(c, "it is not there");
	if (structure_decode(v, &m) != 0 || m.n_parts == 0)
		return false;
	if (message_info(&c->t, c->msgid, &info) != 0)
		return true; /* the ENVELOPE's fault */
	struct mime_part *parts = calloc(info.n_parts, sizeof *parts);
	if (!parts)
		return true;
	int error = message_parts(&info, parts);
	free(parts);
	return error == 0 || check_note(c, "its parts are not in it");
}

bool check_object_owner(struct check *c)
{
	uint64_t size = 0;
	bool rows = has_rows(c, c->msgid);
	bool waits = check_waiting_of(c, c->msgid) != NULL;
	if (rows && check_object_size(c, c->msgid, &size)) {
		c->live_messages++;
		c->live_bytes += size;
	}
	if (!rows && !waits)
		return check_note(c, "in no mailbox");
	return !(rows && waits) || check_note(c, "both");
}

/* Bodies. */

bool check_body_complete(struct check *c)
{
	uint64_t chunks = body_chunks(&c->body);
	return !c->has_object || c->n_chunks == chunks ||
	       check_differs(c, "chunks", chunks, c->n_chunks);
}

bool check_body_frames(struct check *c)
{
	char octet;
	for (uint64_t at = 0; at < c->body.size_bytes; at += BODY_FRAME_OCTETS)
		if (body_read(&c->t, &c->body, at, &octet, 1) != 0)
			return check_note(c, "at octet %" PRIu64, at);
	return true;
}

/* It may have been expunged since the snapshot. */
static bool waits_now(struct check *c, uint64_t msgid)
{
	struct kv_cursor k;
	struct key first = key_tag('X');
	uint32_t purge_s;
	uint64_t id = 0;
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	while (!error && k.key.p[0] == 'X') {
		if (key_purge_split(k.key, &purge_s, &id) == 0 && id == msgid)
			break;
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	return !error && id == msgid;
}

bool check_chunk_owner(struct check *c)
{
	struct key k = key_obj(c->msgid, 'E', 0);
	if (c->key.n != 12)
		return check_note(c, "key of %zu octets", c->key.n);
	return c->has_object || check_has(c, TABLE_OBJ, &k) ||
	       check_waiting_of(c, c->msgid) || waits_now(c, c->msgid);
}

bool check_chunk_sum(struct check *c)
{
	uint64_t start;
	struct key k = key_blb(c->msgid, c->chunk);
	if (!c->has_object)
		return true;
	if (!view_eq(key_view(&k), c->key))
		return check_note(c, "chunk %u is not there", c->chunk);
	size_t want = body_chunk(&c->body, c->chunk, &start);
	if (c->value.n != want + 4)
		return check_note(c, "chunk %u has %zu octets, not %zu",
		    c->chunk, c->value.n, want + 4);
	struct view octets = view_head(c->value, want);
	return chunk_check(&k, octets, octets.p + want) ||
	       check_note(c, "chunk %u", c->chunk);
}
