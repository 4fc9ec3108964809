#include "store/mailbox/mailbox.h"
#include "store/mailbox/mailbox_name.h"
#include "store/txn/edit.h"

/* What the outside may see of a mailbox. */
static int box_show(const struct box *b, struct mailbox *out)
{
	if (b->m.flags & BOX_DELETING)
		return MC_E_NOENT;
	*out = b->m;
	return 0;
}

int mailbox_get(struct store_txn *t, uint32_t id, struct mailbox *out)
{
	struct box b;
	int error = box_get(&t->kv, id, &b);
	return error ? error : box_show(&b, out);
}

int mailbox_find(struct store_txn *t, struct view name, struct mailbox *out)
{
	struct mailbox_name normal;
	struct view rest;
	uint32_t id;
	int error = mailbox_name_normalize(name, &normal);
	if (!error)
		error = mailbox_lookup(
		    &t->kv, mailbox_name_view(&normal), &id, &rest);
	if (!error) {
		error = mailbox_get(t, id, out);
		if (error == MC_E_NOENT)
			error = MC_E_CORRUPT;
	}
	return error;
}

struct walk {
	struct kv_txn *t;
	int (*fn)(void *ctx, struct view name, const struct mailbox *m,
	    bool has_children);
	void *ctx;
	struct mailbox_name name;
};

static int visit_level(struct walk *w, uint32_t parent, unsigned depth);

static int visit(
    struct walk *w, uint32_t id, struct view component, unsigned depth)
{
	struct box b;
	bool has_children;
	size_t n = w->name.n;
	if (depth >= MAILBOX_LEVELS_MAX ||
	    n + 1 + component.n > sizeof w->name.p)
		return MC_E_CORRUPT;
	if (depth)
		w->name.p[w->name.n++] = '/';
	memcpy(w->name.p + w->name.n, component.p, component.n);
	w->name.n += component.n;
	int error = box_get(w->t, id, &b);
	if (!error)
		error = mailbox_has_children(w->t, id, &has_children);
	if (!error)
		error = w->fn(
		    w->ctx, mailbox_name_view(&w->name), &b.m, has_children);
	if (!error && has_children)
		error = visit_level(w, id, depth + 1);
	w->name.n = n;
	return error == MC_E_NOENT ? MC_E_CORRUPT : error;
}

static int visit_level(struct walk *w, uint32_t parent, unsigned depth)
{
	struct kv_cursor c;
	struct key k = key_box(parent);
	uint32_t owner, id;
	struct view component;
	int error = kv_cursor_open(&c, w->t, TABLE_NAM);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error && view_starts(c.key, key_view(&k))) {
		error = key_name_split(c.key, &owner, &component);
		if (!error)
			error = mailbox_id_decode(c.value, &id);
		if (!error)
			error = visit(w, id, component, depth);
		if (error)
			break;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

int mailbox_each(struct store_txn *t,
    int (*fn)(void *ctx, struct view name, const struct mailbox *m,
	bool has_children),
    void *ctx)
{
	struct walk w = { .t = &t->kv, .fn = fn, .ctx = ctx };
	return visit_level(&w, 0, 0);
}

/* The name may be that of no mailbox. */
static void note_subscription(struct edit *e, struct view name)
{
	uint32_t id;
	struct view rest;
	struct box *b;
	uint64_t modseq = edit_modseq(e);
	if (mailbox_lookup(&e->kv, name, &id, &rest) != 0 ||
	    edit_box_get(e, id, &b) != 0)
		return;
	b->attrmodseq = modseq;
	edit_box_dirty(e, b);
}

bool mailbox_subscribe_in(struct edit *e, struct view name, bool on)
{
	struct key k = key_subscription(name);
	struct view v;
	if (!on && kv_delete(&e->kv, TABLE_ATT, key_view(&k)) != 0)
		return false;
	if (on && kv_get(&e->kv, TABLE_ATT, key_view(&k), &v) == 0 &&
	    view_eq(v, name))
		return false;
	if (on)
		kv_put(&e->kv, TABLE_ATT, key_view(&k), name);
	note_subscription(e, name);
	return true;
}

int mailbox_subscribe(struct store *s, struct view name, bool on)
{
	struct mailbox_name normal;
	struct edit e;
	int error = mailbox_name_normalize(name, &normal);
	if (!error)
		error = edit_begin(s, &e);
	if (error)
		return error;
	if (mailbox_subscribe_in(&e, mailbox_name_view(&normal), on) ||
	    e.kv.error)
		return edit_commit(&e);
	edit_abort(&e);
	return 0;
}

int mailbox_subscriptions(
    struct store_txn *t, int (*fn)(void *ctx, struct view name), void *ctx)
{
	struct kv_cursor c;
	struct key k = key_tag('S');
	int error = kv_cursor_open(&c, &t->kv, TABLE_ATT);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error && view_starts(c.key, key_view(&k))) {
		int stop = fn(ctx, c.value);
		if (stop) {
			kv_cursor_close(&c);
			return stop;
		}
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

bool mailbox_is_subscribed(struct store_txn *t, struct view name)
{
	struct mailbox_name normal;
	struct view v;
	if (mailbox_name_normalize(name, &normal) != 0)
		return false;
	struct key k = key_subscription(mailbox_name_view(&normal));
	return kv_get(&t->kv, TABLE_ATT, key_view(&k), &v) == 0 &&
	       view_eq(v, mailbox_name_view(&normal));
}

static int peek_recent(struct store *s, uint32_t id, uint32_t *first, bool *any)
{
	struct store_txn t;
	struct mailbox m;
	int error = store_read(s, &t);
	if (error)
		return error;
	error = mailbox_get(&t, id, &m);
	store_end(&t);
	if (error)
		return error;
	*first = m.recent_uid;
	*any = m.recent_uid < m.uidnext;
	return 0;
}

int mailbox_claim_recent(struct store *s, uint32_t id, uint32_t *first)
{
	struct edit e;
	struct box *b;
	bool any;
	uint32_t from;
	int error = peek_recent(s, id, &from, &any);
	if (!error && !any) {
		*first = from;
		return 0;
	}
	if (!error)
		error = edit_begin(s, &e);
	if (error)
		return error;
	error = edit_box_open(&e, id, &b);
	if (error) {
		edit_abort(&e);
		return error;
	}
	from = b->m.recent_uid;
	b->m.recent_uid = b->m.uidnext;
	edit_box_dirty(&e, b);
	error = edit_commit(&e);
	if (!error)
		*first = from;
	return error;
}
