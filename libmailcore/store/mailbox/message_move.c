#include "store/txn/rows.h"
#include <stdlib.h>

/* Rows are gathered, then written: no cursor stands in a table that grows. */
enum {
	BATCH = 256,
	ROOM_BYTES = 1 << 20, /* of a transaction of rows */
};

struct transferred {
	struct message m;
	bool skipped; /* rows before it stay */
};

struct transfer {
	struct edit *e;
	uint32_t from_mailbox, to_mailbox;
	const struct uidset *uids;
	bool move;
	struct uidset *from, *to;
	struct vanish vanish;
	uint32_t last; /* rows behind it were made by this transfer */
	struct transferred *rows;
	size_t n;
};

static int gather(struct transfer *t, uint32_t first)
{
	struct kv_cursor c;
	struct message m;
	t->n = 0;
	int error = kv_cursor_open(&c, &t->e->kv, TABLE_MSG);
	if (!error)
		error = row_seek(&c, t->from_mailbox, first, t->uids, &m);
	bool skipped = !error && t->uids && m.uid != first;
	while (!error && t->n < BATCH && m.uid <= t->last) {
		t->rows[t->n++] = (struct transferred){ m, skipped };
		error = row_next(&c, t->from_mailbox, t->uids, &m, &skipped);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int note(struct uidset *s, uint32_t uid)
{
	return s ? uidset_add(s, uid, uid) : 0;
}

static int insert_rows(struct transfer *t)
{
	struct box *b;
	int error = edit_box_open(t->e, t->to_mailbox, &b);
	for (size_t i = 0; i < t->n && !error; i++) {
		struct message m = t->rows[i].m;
		m.savedate_s = t->e->now_s;
		m.internal &= (uint16_t)~MESSAGE_HAS_UIDL;
		row_insert(t->e, b, &m);
		error = t->e->kv.error;
		if (!error)
			error = note(t->from, t->rows[i].m.uid);
		if (!error)
			error = note(t->to, m.uid);
	}
	return error;
}

static int remove_rows(struct transfer *t)
{
	struct kv_cursor c;
	struct box *b;
	int error = edit_box_open(t->e, t->from_mailbox, &b);
	if (!error)
		error = kv_cursor_open(&c, &t->e->kv, TABLE_MSG);
	if (error)
		return error;
	for (size_t i = 0; i < t->n && !error; i++) {
		const struct message *m = &t->rows[i].m;
		struct key k = key_msg(t->from_mailbox, m->uid);
		if (t->rows[i].skipped)
			vanish_flush(t->e, b, &t->vanish);
		error = kv_cursor_seek(&c, key_view(&k));
		if (!error)
			row_remove(t->e, b, &c, m, &t->vanish);
	}
	kv_cursor_close(&c);
	return error ? error : t->e->kv.error;
}

static int run(struct transfer *t)
{
	struct box *b;
	uint32_t first = 1;
	int error = edit_box_open(t->e, t->from_mailbox, &b);
	if (error)
		return error;
	t->last = b->m.uidnext - 1;
	do {
		error = gather(t, first);
		if (!error)
			error = insert_rows(t);
		if (!error && t->move)
			error = remove_rows(t);
		if (t->n)
			first = t->rows[t->n - 1].m.uid + 1;
	} while (!error && t->n == BATCH);
	if (!error && t->move)
		error = edit_box_open(t->e, t->from_mailbox, &b);
	if (!error && t->move)
		vanish_end(t->e, b, &t->vanish);
	return error;
}

int rows_transfer(struct edit *e, uint32_t from_mailbox,
    const struct uidset *uids, uint32_t to_mailbox, bool move,
    struct uidset *from, struct uidset *to)
{
	struct transfer t = {
		.e = e,
		.from_mailbox = from_mailbox,
		.to_mailbox = to_mailbox,
		.uids = uids,
		.move = move,
		.from = from,
		.to = to,
		.rows = calloc(BATCH, sizeof *t.rows),
	};
	int error = t.rows ? run(&t) : MC_E_TEMP;
	free(t.rows);
	return error;
}

static int transfer(struct store *s, uint32_t from_mailbox,
    const struct uidset *uids, uint32_t to_mailbox, bool move,
    struct uidset *from, struct uidset *to)
{
	struct edit e;
	uidset_clear(from);
	uidset_clear(to);
	int error = kv_check_room(s->kv, ROOM_BYTES);
	if (!error)
		error = edit_begin(s, &e);
	if (error)
		return error;
	error =
	    rows_transfer(&e, from_mailbox, uids, to_mailbox, move, from, to);
	if (error || !from->n_ranges) {
		edit_abort(&e);
	} else {
		error = edit_commit(&e);
	}
	if (error) {
		uidset_clear(from);
		uidset_clear(to);
	}
	return error;
}

int message_copy(struct store *s, uint32_t from_mailbox,
    const struct uidset *uids, uint32_t to_mailbox, struct uidset *from,
    struct uidset *to)
{
	return transfer(s, from_mailbox, uids, to_mailbox, false, from, to);
}

int message_move(struct store *s, uint32_t from_mailbox,
    const struct uidset *uids, uint32_t to_mailbox, struct uidset *from,
    struct uidset *to)
{
	return transfer(s, from_mailbox, uids, to_mailbox, true, from, to);
}
