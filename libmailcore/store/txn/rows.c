#include "store/txn/rows.h"
#include "store/txn/runs.h"

enum {
	RUNS_MIN = 10000,
	RUNS_SLICE = 1000,
};

static void count(struct box *b, const struct message *m, int sign)
{
	uint32_t one = (uint32_t)sign;
	b->m.messages += one;
	b->m.size_bytes += sign > 0 ? m->size_bytes : 0 - m->size_bytes;
	if (!(m->flags & MESSAGE_SEEN))
		b->m.unseen += one;
	if (m->flags & MESSAGE_DELETED) {
		b->m.deleted += one;
		b->deleted_bytes +=
		    sign > 0 ? m->size_bytes : 0 - m->size_bytes;
	}
}

static void use_keywords(struct box *b, const struct message *m)
{
	for (size_t i = 0; i < sizeof m->keywords; i++)
		b->keywords_used[i] |= m->keywords[i];
}

/* INBOX is the tail of these tables. */
static void put(struct edit *e, const struct box *b, enum store_table table,
    const struct key *k, struct view v)
{
	if (b->m.id == inbox_id)
		kv_append(&e->kv, table, key_view(k), v);
	else
		kv_put(&e->kv, table, key_view(k), v);
}

void row_insert(struct edit *e, struct box *b, struct message *m)
{
	char row[MESSAGE_OCTETS];
	if (b->m.uidnext == UINT32_MAX) {
		edit_fail(e, MC_E_LIMIT);
		return;
	}
	m->uid = b->m.uidnext++;
	m->modseq = m->createmodseq = edit_modseq(e);
	message_encode(m, row);
	struct key msg = key_msg(b->m.id, m->uid);
	struct key link = key_link(m->msgid, b->m.id, m->uid);
	put(e, b, TABLE_MSG, &msg, (struct view){ row, sizeof row });
	runs_join(e, b->m.id, m);
	/* The newest object; only what waits for a purge is behind it. */
	kv_append(&e->kv, TABLE_IDX, key_view(&link), V(""));
	count(b, m, 1);
	use_keywords(b, m);
	edit_box_changed(e, b);
}

void row_changed(struct edit *e, struct box *b, const struct message *before,
    struct message *m)
{
	m->modseq = edit_modseq(e);
	runs_leave(e, b->m.id, before, false);
	runs_join(e, b->m.id, m);
	count(b, before, -1);
	count(b, m, 1);
	use_keywords(b, m);
	edit_box_changed(e, b);
}

void row_stays(struct edit *e)
{
	runs_leave_end(e);
	runs_join_end(e);
}

static bool is_linked(struct edit *e, uint64_t msgid)
{
	struct kv_cursor c;
	struct key k = key_link(msgid, 0, 0);
	int error = kv_cursor_open(&c, &e->kv, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	/* 'L' and msgid. */
	bool linked = !error && view_starts(c.key, view_head(key_view(&k), 9));
	kv_cursor_close(&c);
	return linked;
}

static uint32_t retention_of(const struct edit *e, const struct box *b)
{
	if (b->retention_s)
		return b->retention_s;
	return e->account.retention_s ? e->account.retention_s
				      : e->store->retention_s;
}

void object_unlink(struct edit *e, const struct message *m, const struct box *b)
{
	char value[RETAINED_OCTETS];
	struct account *a = &e->account;
	struct key link = key_link(m->msgid, b->m.id, m->uid);
	int error = kv_delete(&e->kv, TABLE_IDX, key_view(&link));
	if (error || is_linked(e, m->msgid))
		return;
	struct retained r = { .mailbox = b->m.id,
		.uid = m->uid,
		.flags = m->flags,
		.size_bytes = m->size_bytes,
		.expunged_s = e->now_s };
	memcpy(r.keywords, m->keywords, sizeof r.keywords);
	struct key k = key_purge(e->now_s + retention_of(e, b), m->msgid);
	kv_put(&e->kv, TABLE_IDX, key_view(&k), retained_encode(&r, value));
	a->bytes -= m->size_bytes < a->bytes ? m->size_bytes : a->bytes;
	a->messages -= a->messages != 0;
	a->retained_bytes += m->size_bytes;
	e->account_dirty = true;
}

void object_relink(struct edit *e, struct box *b, uint32_t purge_s,
    const struct retained *r, struct message *m)
{
	struct account *a = &e->account;
	struct key k = key_purge(purge_s, m->msgid);
	(void)kv_delete(&e->kv, TABLE_IDX, key_view(&k));
	a->bytes += r->size_bytes;
	a->messages++;
	a->retained_bytes -= r->size_bytes < a->retained_bytes
				 ? r->size_bytes
				 : a->retained_bytes;
	e->account_dirty = true;
	row_insert(e, b, m);
}

void row_remove(struct edit *e, struct box *b, struct kv_cursor *c,
    const struct message *m, struct vanish *v)
{
	kv_cursor_delete(c);
	runs_leave(e, b->m.id, m, true);
	if (m->internal & MESSAGE_HAS_UIDL) {
		struct key uidl = key_uidl(b->m.id, m->uid);
		(void)kv_delete(&e->kv, TABLE_IDX, key_view(&uidl));
	}
	object_unlink(e, m, b);
	count(b, m, -1);
	edit_box_changed(e, b);
	int error = v->uids ? uidset_add(v->uids, m->uid, m->uid) : 0;
	if (error)
		edit_fail(e, error);
	if (!v->first)
		v->first = m->uid;
	v->last = m->uid;
}

void vanish_flush(struct edit *e, struct box *b, struct vanish *v)
{
	char value[CHANGE_OCTETS];
	const struct change_run run = { v->first, v->last, true };
	runs_leave_end(e);
	if (v->first && !v->silent) {
		struct key k = key_chg(b->m.id, edit_modseq(e), v->first);
		put(e, b, TABLE_CHG, &k, change_encode(&run, value));
		b->vanished_runs++;
	}
	v->first = v->last = 0;
}

/* Drops the oldest runs; what is then unknown lies at or below the floor. */
static void forget_runs(struct edit *e, struct box *b)
{
	struct kv_cursor c;
	struct key from = key_chg(b->m.id, b->m.vanish_floor + 1, 0);
	struct change_run run;
	uint32_t mailbox, uid;
	uint64_t modseq, floor = b->m.vanish_floor;
	unsigned n = 0;
	int error = kv_cursor_open(&c, &e->kv, TABLE_CHG);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&from));
	while (!error && n < RUNS_SLICE) {
		error = key_chg_split(c.key, &mailbox, &modseq, &uid);
		if (!error)
			error = change_decode(uid, c.value, &run);
		if (error || mailbox != b->m.id || modseq == e->modseq)
			break;
		if (run.vanished) {
			kv_cursor_delete(&c);
			floor = modseq;
			n++;
		}
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	if (error && error != MC_E_NOENT)
		edit_fail(e, error);
	b->vanished_runs -= n < b->vanished_runs ? n : b->vanished_runs;
	b->m.vanish_floor = floor;
}

void vanish_end(struct edit *e, struct box *b, struct vanish *v)
{
	vanish_flush(e, b, v);
	if (b->vanished_runs > RUNS_MIN &&
	    b->vanished_runs / 2 > b->m.messages) {
		forget_runs(e, b);
		edit_box_dirty(e, b);
	}
}

int row_at(const struct kv_cursor *c, uint32_t mailbox, uint32_t last,
    struct message *out)
{
	uint32_t owner, uid;
	int error = key_msg_split(c->key, &owner, &uid);
	if (error)
		return error;
	if (owner != mailbox || uid > last)
		return MC_E_NOENT;
	return message_decode(uid, c->value, out);
}

int row_seek(struct kv_cursor *c, uint32_t mailbox, uint32_t first,
    const struct uidset *uids, struct message *out)
{
	for (;;) {
		/* uidset_next gives what is behind; first is at least 1. */
		if (uids && !uidset_has(uids, first))
			first = uidset_next(uids, first);
		if (first == 0)
			return MC_E_NOENT;
		struct key k = key_msg(mailbox, first);
		int error = kv_cursor_seek(c, key_view(&k));
		if (!error)
			error = row_at(c, mailbox, UINT32_MAX, out);
		if (error || !uids || uidset_has(uids, out->uid))
			return error;
		first = out->uid;
	}
}

int row_next(struct kv_cursor *c, uint32_t mailbox, const struct uidset *uids,
    struct message *m, bool *skipped)
{
	int error = kv_cursor_next(c);
	if (!error)
		error = row_at(c, mailbox, UINT32_MAX, m);
	*skipped = !error && uids && !uidset_has(uids, m->uid);
	return *skipped ? row_seek(c, mailbox, m->uid, uids, m) : error;
}
