#include "store/housekeeping.h"
#include "base/clock.h"
#include "store/txn/rows.h"
#include "store/txn/thread.h"

enum {
	SLICE = 1000,
	BUDGET_MS = 50,
	DELIVERY_KEEP_S = 30 * 86400, /* no queue tries for longer */
};

static bool is_late(uint64_t deadline_ms)
{
	return clock_mono_ms() >= deadline_ms;
}

/* Deleted mailboxes. */

static bool wants_drain(const struct box *b)
{
	return (b->m.flags & BOX_DELETING) ||
	       ((b->m.flags & MAILBOX_NOSELECT) &&
		   (b->m.messages || b->vanished_runs));
}

/* *id: 0 when there is none. */
static int find_drain(struct store *s, uint32_t *id)
{
	struct kv_txn t;
	struct kv_cursor c;
	struct box b;
	struct key k = key_box(1);
	struct view rest;
	*id = 0;
	int error = kv_read(s->kv, &t);
	if (error)
		return error;
	error = kv_cursor_open(&c, &t, TABLE_MBX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error) {
		uint32_t found;
		error = key_name_split(c.key, &found, &rest);
		if (!rest.n && c.key.n == 4)
			error = box_decode(found, c.value, &b);
		if (!error && wants_drain(&b)) {
			*id = found;
			break;
		}
		if (!error)
			error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	return error == MC_E_NOENT ? 0 : error;
}

static unsigned drain_rows(struct edit *e, struct box *b)
{
	struct kv_cursor c;
	struct message m;
	struct vanish v = { .silent = true };
	bool skipped;
	unsigned n = 0;
	int error = kv_cursor_open(&c, &e->kv, TABLE_MSG);
	if (!error)
		error = row_seek(&c, b->m.id, 1, NULL, &m);
	for (; !error && n < SLICE; n++) {
		row_remove(e, b, &c, &m, &v);
		error = row_next(&c, b->m.id, NULL, &m, &skipped);
	}
	kv_cursor_close(&c);
	if (error && error != MC_E_NOENT)
		edit_fail(e, error);
	return n;
}

static unsigned drain_history(struct edit *e, struct box *b)
{
	unsigned n;
	struct key first = key_chg(b->m.id, 0, 0);
	struct key last = key_chg(b->m.id, UINT64_MAX, UINT32_MAX);
	kv_drop_range(
	    &e->kv, TABLE_CHG, key_view(&first), key_view(&last), SLICE, &n);
	return n;
}

static void drain_end(struct edit *e, struct box *b)
{
	struct key k = key_box(b->m.id);
	/* Whatever the counters said: there is no row. */
	b->m.messages = b->m.unseen = b->m.deleted = 0;
	b->m.size_bytes = b->deleted_bytes = 0;
	b->m.vanish_floor = e->account.modseq;
	b->vanished_runs = 0;
	edit_box_dirty(e, b);
	if (!(b->m.flags & BOX_DELETING))
		return;
	edit_box_forget(e, b->m.id);
	(void)kv_delete(&e->kv, TABLE_MBX, key_view(&k));
}

static int drain_slice(struct store *s, uint32_t id, bool *done)
{
	struct edit e;
	struct box *b;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	e.quiet = true;
	error = edit_box_get(&e, id, &b);
	/* It may have become a mailbox again, or have gone. */
	*done = error == MC_E_NOENT || (!error && !wants_drain(b));
	if (error || *done) {
		edit_abort(&e);
		return *done ? 0 : error;
	}
	if (drain_rows(&e, b) < SLICE && drain_history(&e, b) < SLICE) {
		drain_end(&e, b);
		*done = true;
	}
	return edit_commit(&e);
}

static int drain(struct store *s, uint64_t deadline_ms)
{
	for (;;) {
		uint32_t id;
		bool done = false;
		int error = find_drain(s, &id);
		if (error || id == 0)
			return error;
		while (!error && !done && !is_late(deadline_ms))
			error = drain_slice(s, id, &done);
		if (error || !done)
			return error;
	}
}

int housekeeping_drain(struct store *s)
{
	return drain(s, UINT64_MAX);
}

/* Objects past their retention. */

static int next_purge(struct kv_txn *t, uint32_t now_s, uint64_t *msgid,
    struct key *k, struct retained *r)
{
	struct kv_cursor c;
	struct key first = key_tag('X');
	uint32_t purge_s;
	int error = kv_cursor_open(&c, t, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&first));
	if (!error && !view_starts(c.key, key_view(&first)))
		error = MC_E_NOENT;
	if (!error)
		error = key_purge_split(c.key, &purge_s, msgid);
	if (!error && purge_s > now_s)
		error = MC_E_NOENT;
	if (!error)
		error = retained_decode(c.value, r);
	if (!error)
		*k = key_purge(purge_s, *msgid);
	kv_cursor_close(&c);
	return error;
}

static void leave_thread(struct edit *e, uint64_t msgid)
{
	struct key k = key_obj(msgid, 'E', 0);
	struct references references;
	struct view v;
	uint64_t threadid;
	if (kv_get(&e->kv, TABLE_OBJ, key_view(&k), &v) == 0 &&
	    envelope_decode_thread(v, &threadid, &references) == 0)
		thread_leave(e, msgid, threadid, &references);
}

/* The description first: without it the object is not there. Its mark goes
 * last, so that a large one is finished by later slices. */
static void purge_object(struct edit *e, uint64_t msgid, const struct key *k,
    const struct retained *r, unsigned *budget)
{
	struct account *a = &e->account;
	unsigned n;
	leave_thread(e, msgid);
	struct key obj = key_obj(msgid, 0, 0),
		   obj_end = key_obj(msgid + 1, 0, 0);
	struct key blb = key_blb(msgid, 0), blb_end = key_blb(msgid + 1, 0);
	kv_drop_range(
	    &e->kv, TABLE_OBJ, key_view(&obj), key_view(&obj_end), SLICE, &n);
	kv_drop_range(
	    &e->kv, TABLE_BLB, key_view(&blb), key_view(&blb_end), *budget, &n);
	*budget -= n;
	if (*budget == 0)
		return;
	--*budget;
	(void)kv_delete(&e->kv, TABLE_IDX, key_view(k));
	a->retained_bytes -= r->size_bytes < a->retained_bytes
				 ? r->size_bytes
				 : a->retained_bytes;
	e->account_dirty = true;
}

static int purge_slice(struct store *s)
{
	struct edit e;
	struct key k;
	struct retained r;
	uint64_t msgid;
	unsigned budget = SLICE;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	e.quiet = true;
	while (budget && !error) {
		error = next_purge(&e.kv, e.now_s, &msgid, &k, &r);
		if (!error)
			purge_object(&e, msgid, &k, &r, &budget);
		if (!error)
			error = e.kv.error;
	}
	if (error && error != MC_E_NOENT)
		edit_fail(&e, error);
	return edit_commit(&e);
}

static int purge(struct store *s, uint64_t deadline_ms)
{
	struct kv_txn t;
	struct key k;
	struct retained r;
	uint64_t msgid;
	while (!is_late(deadline_ms)) {
		int error = kv_read(s->kv, &t);
		if (error)
			return error;
		error = next_purge(&t, (uint32_t)s->now_s(), &msgid, &k, &r);
		kv_abort(&t);
		if (!error)
			error = purge_slice(s);
		if (error)
			return error == MC_E_NOENT ? 0 : error;
	}
	return 0;
}

/* Old delivery ids: the keys are random, so some are looked at each time. */

static int sweep_some(
    struct kv_txn *t, struct key *from, uint32_t now_s, bool delete, bool *any)
{
	struct kv_cursor c;
	struct delivery d;
	unsigned n = 0;
	int error = kv_cursor_open(&c, t, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(from));
	for (; !error && n < SLICE && c.key.p[0] == 'D'; n++) {
		error = delivery_decode(c.value, &d);
		if (!error && now_s > DELIVERY_KEEP_S &&
		    d.time_s < now_s - DELIVERY_KEEP_S) {
			*any = true;
			if (delete)
				kv_cursor_delete(&c);
		}
		if (!error)
			error = kv_cursor_next(&c);
	}
	if (!error && n == SLICE && c.key.p[0] == 'D')
		*from = key_delivery(
		    view_head(view_skip(c.key, 1), DELIVERY_ID_OCTETS));
	else
		*from = key_tag('D');
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int sweep(struct store *s)
{
	struct kv_txn t;
	struct edit e;
	struct key from = s->sweep;
	bool any = false;
	int error = kv_read(s->kv, &t);
	if (error)
		return error;
	error = sweep_some(&t, &s->sweep, (uint32_t)s->now_s(), false, &any);
	kv_abort(&t);
	if (error || !any)
		return error;
	error = edit_begin(s, &e);
	if (error)
		return error;
	e.quiet = true;
	error = sweep_some(&e.kv, &from, e.now_s, true, &any);
	if (error)
		edit_fail(&e, error);
	return edit_commit(&e);
}

int housekeeping(struct store *s)
{
	uint64_t deadline_ms = clock_mono_ms() + BUDGET_MS;
	int error = drain(s, deadline_ms);
	if (!error)
		error = purge(s, deadline_ms);
	if (!error)
		error = sweep(s);
	return error;
}
