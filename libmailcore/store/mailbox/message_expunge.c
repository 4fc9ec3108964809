#include "store/txn/rows.h"

enum {
	SLICE = 1000
};

struct expunge {
	struct store *store;
	uint32_t mailbox;
	const struct uidset *uids;
	bool deleted_only;
	uint32_t first; /* where the next slice begins; 0: done */
};

static int remove_rows(struct expunge *x, struct edit *e, struct box *b,
    struct vanish *v, unsigned *removed)
{
	struct kv_cursor c;
	struct message m;
	bool skipped;
	int error = kv_cursor_open(&c, &e->kv, TABLE_MSG);
	if (!error)
		error = row_seek(&c, x->mailbox, x->first, x->uids, &m);
	x->first = 0;
	while (!error) {
		if (*removed == SLICE) {
			x->first = m.uid;
			break;
		}
		if (x->deleted_only && !(m.flags & MESSAGE_DELETED)) {
			vanish_flush(e, b, v);
		} else {
			row_remove(e, b, &c, &m, v);
			++*removed;
		}
		error = e->kv.error;
		if (!error)
			error = row_next(&c, x->mailbox, x->uids, &m, &skipped);
		if (!error && skipped)
			vanish_flush(e, b, v);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int slice(struct expunge *x, struct uidset *gone)
{
	struct edit e;
	struct box *b;
	struct vanish v = { .uids = gone };
	unsigned removed = 0;
	int error = edit_begin(x->store, &e);
	if (error)
		return error;
	error = edit_box_open(&e, x->mailbox, &b);
	if (!error)
		error = remove_rows(x, &e, b, &v, &removed);
	if (error || removed == 0) {
		edit_abort(&e);
		return error;
	}
	vanish_end(&e, b, &v);
	return edit_commit(&e);
}

static int add_all(struct uidset *to, const struct uidset *from)
{
	int error = 0;
	for (size_t i = 0; i < from->n_ranges && !error; i++)
		error =
		    uidset_add(to, from->ranges[i].first, from->ranges[i].last);
	return error;
}

/* CLOSE comes here each time: it must not write for nothing. */
static int peek(const struct expunge *x, bool *any)
{
	struct store_txn t;
	struct mailbox m;
	int error = store_read(x->store, &t);
	if (error)
		return error;
	error = mailbox_get(&t, x->mailbox, &m);
	store_end(&t);
	*any = !error && (x->deleted_only ? m.deleted : m.messages);
	return error;
}

int message_expunge(struct store *s, uint32_t mailbox,
    const struct uidset *uids, bool deleted_only, struct uidset *expunged)
{
	struct expunge x = { .store = s,
		.mailbox = mailbox,
		.uids = uids,
		.deleted_only = deleted_only,
		.first = 1 };
	struct uidset gone;
	bool any;
	uidset_clear(expunged);
	int error = peek(&x, &any);
	if (error || !any)
		return error;
	uidset_init(&gone);
	while (!error && x.first) {
		uidset_clear(&gone);
		error = slice(&x, &gone);
		if (!error)
			error = add_all(expunged, &gone);
	}
	uidset_deinit(&gone);
	return error;
}
