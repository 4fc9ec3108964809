#include "store/mailbox/retained.h"
#include "store/txn/rows.h"
#include <stdlib.h>

enum {
	SLICE = 500,
	ROOM_BYTES = 1 << 20,
};

/* The record under the cursor; MC_E_NOENT behind the last. */
static int retained_at(const struct kv_cursor *c, struct retained_message *out)
{
	struct retained r;
	if (c->key.p[0] != 'X')
		return MC_E_NOENT;
	int error = key_purge_split(c->key, &out->purge_s, &out->msgid);
	if (!error)
		error = retained_decode(c->value, &r);
	if (error)
		return error;
	out->mailbox = r.mailbox;
	out->uid = r.uid;
	out->flags = r.flags;
	out->size_bytes = r.size_bytes;
	out->expunged_s = r.expunged_s;
	if (!r.expunged_s && out->purge_s > STORE_RETENTION_S)
		out->expunged_s = out->purge_s - STORE_RETENTION_S;
	memcpy(out->keywords, r.keywords, sizeof out->keywords);
	return 0;
}

/* Without a description it is being purged. */
static int description(
    struct kv_txn *t, uint64_t msgid, struct envelope_record *out)
{
	struct key k = key_obj(msgid, 'E', 0);
	struct view v;
	int error = kv_get(t, TABLE_OBJ, key_view(&k), &v);
	return error ? error : envelope_decode_head(v, out);
}

/* From a key on; what fn returned, or an error, or 0. */
static int walk(struct kv_txn *t, const struct key *from,
    int (*fn)(void *ctx, const struct retained_message *m), void *ctx)
{
	struct kv_cursor c;
	struct retained_message m;
	struct envelope_record r;
	int stop = 0, error = kv_cursor_open(&c, t, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(from));
	while (!error && !stop) {
		error = retained_at(&c, &m);
		if (!error && description(t, m.msgid, &r) == 0)
			stop = fn(ctx, &m);
		if (!error && !stop)
			error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	if (stop)
		return stop;
	return error == MC_E_NOENT ? 0 : error;
}

int message_retained(struct store_txn *t,
    int (*fn)(void *ctx, const struct retained_message *m), void *ctx)
{
	struct key first = key_tag('X');
	return walk(&t->kv, &first, fn, ctx);
}

bool undelete_wants(const struct undelete *u, const struct retained_message *m)
{
	return (!u->msgid || u->msgid == m->msgid) &&
	       (!u->mailbox || u->mailbox == m->mailbox) &&
	       u->since_s <= m->expunged_s;
}

/* A slice: gathered, then written, as no cursor may stand in what changes. */
struct wanted {
	const struct undelete *what;
	struct retained_message all[SLICE];
	unsigned n;
};

static int gather(void *ctx, const struct retained_message *m)
{
	struct wanted *w = ctx;
	if (w->n == SLICE)
		return MC_E_AGAIN;
	if (undelete_wants(w->what, m))
		w->all[w->n++] = *m;
	return 0;
}

static int target(struct edit *e, const struct undelete *what,
    const struct retained_message *m, struct box **out)
{
	int error = edit_box_open(e, what->to ? what->to : m->mailbox, out);
	if (error == MC_E_NOENT && !what->to)
		error = edit_box_open(e, inbox_id, out);
	return error;
}

static int restore(struct edit *e, const struct undelete *what,
    const struct retained_message *m)
{
	struct box *b;
	struct envelope_record r;
	int error = target(e, what, m, &b);
	if (!error)
		error = description(&e->kv, m->msgid, &r);
	if (error)
		return error;
	const struct retained was = { .size_bytes = m->size_bytes };
	struct message row = {
		.flags = m->flags & (uint16_t)~MESSAGE_DELETED,
		.internal = r.bare_bytes ? MESSAGE_BARE_LF : 0,
		.msgid = m->msgid,
		.size_bytes = m->size_bytes,
		.internaldate = r.internaldate,
		.savedate_s = e->now_s,
	};
	memcpy(row.keywords, m->keywords, sizeof row.keywords);
	object_relink(e, b, m->purge_s, &was, &row);
	return e->kv.error;
}

/* *from is where the next slice begins. MC_E_AGAIN: there is one. */
static int slice(struct store *s, struct wanted *w, struct key *from)
{
	struct edit e;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	w->n = 0;
	int more = walk(&e.kv, from, gather, w);
	error = more == MC_E_AGAIN ? 0 : more;
	for (unsigned i = 0; i < w->n && !error; i++)
		error = restore(&e, w->what, &w->all[i]);
	if (error || w->n == 0) {
		edit_abort(&e);
		return error;
	}
	*from = key_purge(w->all[w->n - 1].purge_s, w->all[w->n - 1].msgid);
	error = edit_commit(&e);
	return error ? error : more;
}

int message_undelete(
    struct store *s, const struct undelete *what, uint64_t *restored)
{
	struct key from = key_tag('X');
	struct wanted *w = calloc(1, sizeof *w);
	*restored = 0;
	if (!w)
		return MC_E_TEMP;
	w->what = what;
	int error = MC_E_AGAIN;
	while (error == MC_E_AGAIN) {
		error = kv_check_room(s->kv, ROOM_BYTES);
		if (!error)
			error = slice(s, w, &from);
		if (!error || error == MC_E_AGAIN)
			*restored += w->n;
	}
	free(w);
	return error;
}

int mailbox_retention(struct store_txn *t, uint32_t mailbox, uint32_t *seconds)
{
	struct account a;
	struct box b;
	int error =
	    mailbox ? box_get(&t->kv, mailbox, &b) : account_get(&t->kv, &a);
	if (!error)
		*seconds = mailbox ? b.retention_s : a.retention_s;
	return error;
}

int mailbox_set_retention(struct store *s, uint32_t mailbox, uint32_t seconds)
{
	struct edit e;
	struct box *b;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	e.quiet = true;
	if (mailbox) {
		error = edit_box_get(&e, mailbox, &b);
		if (!error)
			b->retention_s = seconds;
		if (!error)
			edit_box_dirty(&e, b);
	} else {
		e.account.retention_s = seconds;
		e.account_dirty = true;
	}
	if (!error)
		return edit_commit(&e);
	edit_abort(&e);
	return error;
}
