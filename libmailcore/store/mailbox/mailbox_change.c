/* CREATE, DELETE and RENAME of mailboxes. */
#include "log/log.h"
#include "store/housekeeping.h"
#include "store/mailbox/annotations.h"
#include "store/mailbox/mailbox_name.h"
#include "store/txn/quota_edit.h"
#include "store/txn/rows.h"

enum {
	MAILBOXES_MAX = 10000
};

static struct box *make_box(
    struct edit *e, uint32_t parent, struct view component)
{
	char id[4];
	if (e->account.mailboxes >= MAILBOXES_MAX) {
		edit_fail(e, MC_E_LIMIT);
		return NULL;
	}
	struct box *b = edit_box_new(e);
	if (!b)
		return NULL;
	b->m.parent = parent;
	b->n_name = (uint8_t)component.n;
	memcpy(b->name, component.p, component.n);
	struct key k = key_name(parent, component);
	kv_put(&e->kv, TABLE_NAM, key_view(&k), mailbox_id_encode(b->m.id, id));
	return b;
}

static unsigned levels_of(struct view name)
{
	unsigned n = 1;
	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '/';
	return n;
}

/* Makes the levels of rest below parent; *last is the deepest. When it says
 * MC_E_OVERQUOTA it has made none. */
static int make_path(
    struct edit *e, uint32_t parent, struct view rest, struct box **last)
{
	struct view level;
	if (rest.n && !quota_has_mailboxes(e, levels_of(rest)))
		return MC_E_OVERQUOTA;
	while (rest.n) {
		view_cut(&rest, '/', &level);
		*last = make_box(e, parent, level);
		if (!*last)
			return e->kv.error;
		parent = (*last)->m.id;
	}
	return e->kv.error;
}

/* A name that only was a level becomes a mailbox. */
static int make_selectable(struct edit *e, uint32_t id, struct box **out)
{
	int error = edit_box_get(e, id, out);
	if (error)
		return error;
	if (!((*out)->m.flags & MAILBOX_NOSELECT))
		return MC_E_EXISTS;
	if ((*out)->m.messages || (*out)->vanished_runs)
		return MC_E_BUSY;
	(*out)->m.flags &= (uint16_t)~MAILBOX_NOSELECT;
	edit_box_renew(e, *out);
	return 0;
}

static int create(
    struct edit *e, struct view name, uint16_t special_use, struct box **out)
{
	uint32_t id;
	struct view rest;
	int error = mailbox_lookup(&e->kv, name, &id, &rest);
	if (!error)
		error = make_selectable(e, id, out);
	else if (error == MC_E_NOENT)
		error = make_path(e, id, rest, out);
	if (error || !special_use)
		return error;
	id = (*out)->m.id;
	error = mailbox_take_uses(e, id, special_use);
	return error ? error : edit_box_get(e, id, out);
}

static int create_once(struct store *s, struct view name, uint16_t special_use,
    struct mailbox *out)
{
	struct edit e;
	struct box *b;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	error = create(&e, name, special_use, &b);
	if (error) {
		edit_abort(&e);
		return error;
	}
	struct mailbox made = b->m;
	error = edit_commit(&e);
	if (!error)
		*out = made;
	return error;
}

int mailbox_create(struct store *s, struct view name, uint16_t special_use,
    struct mailbox *out)
{
	struct mailbox_name normal;
	int error = mailbox_name_normalize(name, &normal);
	if (!error)
		error = kv_check_room(s->kv, 0);
	if (error)
		return error;
	struct view v = mailbox_name_view(&normal);
	error = create_once(s, v, special_use, out);
	/* Messages of its former life are still being removed. */
	if (error == MC_E_BUSY) {
		error = housekeeping_drain(s);
		if (!error)
			error = create_once(s, v, special_use, out);
	}
	return error;
}

static int provide(struct edit *e, const struct mailbox_wish *wish)
{
	struct mailbox_name normal;
	struct box *b;
	int error = mailbox_name_normalize(wish->name, &normal);
	if (error)
		return error;
	error = create(e, mailbox_name_view(&normal), wish->special_use, &b);
	if (error == MC_E_OVERQUOTA)
		return 0;
	if (error && error != MC_E_EXISTS)
		return error;
	(void)mailbox_subscribe_in(e, mailbox_name_view(&normal), true);
	return e->kv.error;
}

int mailbox_provide(
    struct store *s, const struct mailbox_wish *wishes, size_t n)
{
	struct edit e;
	int error = kv_check_room(s->kv, 0);
	if (!error)
		error = edit_begin(s, &e);
	if (error)
		return error;
	for (size_t i = 0; i < n && !error; i++)
		error = provide(&e, &wishes[i]);
	if (!error)
		return edit_commit(&e);
	edit_abort(&e);
	return error;
}

static struct view box_name(const struct box *b)
{
	return (struct view){ b->name, b->n_name };
}

static int delete (struct edit *e, struct view name)
{
	uint32_t id;
	struct view rest;
	struct box *b;
	bool has_children;
	int error = mailbox_lookup(&e->kv, name, &id, &rest);
	if (!error)
		error = mailbox_has_children(&e->kv, id, &has_children);
	if (!error)
		error = edit_box_get(e, id, &b);
	if (error)
		return error;
	if (has_children && b->m.flags & MAILBOX_NOSELECT)
		return MC_E_BUSY;
	annotations_drop(e, id);
	edit_box_changed(e, b);
	if (has_children) {
		b->m.flags |= MAILBOX_NOSELECT;
		b->m.special_use = 0;
		return 0;
	}
	struct key k = key_name(b->m.parent, box_name(b));
	b->m.flags |= BOX_DELETING;
	e->account.mailboxes--;
	e->account_dirty = true;
	error = kv_delete(&e->kv, TABLE_NAM, key_view(&k));
	return error == MC_E_NOENT ? MC_E_CORRUPT : error;
}

int mailbox_delete(struct store *s, struct view name)
{
	struct mailbox_name normal;
	struct edit e;
	int error = mailbox_name_normalize(name, &normal);
	if (!error && view_eq(mailbox_name_view(&normal), V("INBOX")))
		error = MC_E_DENIED;
	if (!error)
		error = edit_begin(s, &e);
	if (error)
		return error;
	error = delete (&e, mailbox_name_view(&normal));
	if (error) {
		edit_abort(&e);
		return error;
	}
	error = edit_commit(&e);
	if (error)
		return error;
	/* The name is gone; what fails now is left to the housekeeping. */
	error = housekeeping_drain(s);
	if (error)
		LOG(NULL, WARN, "store.drain", KV_ERR("error", error));
	return 0;
}

/* How deep and how long the names below a mailbox get. */
static int extent(struct kv_txn *t, uint32_t id, unsigned *levels,
    size_t *octets, unsigned depth)
{
	struct kv_cursor c;
	struct key k = key_box(id);
	struct view component;
	uint32_t parent, child;
	*levels = 0;
	*octets = 0;
	if (depth > MAILBOX_LEVELS_MAX)
		return MC_E_CORRUPT;
	int error = kv_cursor_open(&c, t, TABLE_NAM);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error && view_starts(c.key, key_view(&k))) {
		unsigned below;
		size_t n;
		error = key_name_split(c.key, &parent, &component);
		if (!error)
			error = mailbox_id_decode(c.value, &child);
		if (!error)
			error = extent(t, child, &below, &n, depth + 1);
		if (error)
			break;
		if (*levels < below + 1)
			*levels = below + 1;
		if (*octets < n + 1 + component.n)
			*octets = n + 1 + component.n;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int check_fit(struct edit *e, uint32_t id, struct view to)
{
	unsigned levels;
	size_t octets;
	int error = extent(&e->kv, id, &levels, &octets, 0);
	if (!error && (levels_of(to) + levels > MAILBOX_LEVELS_MAX ||
			  to.n + octets > MAILBOX_NAME_MAX))
		error = MC_E_LIMIT;
	return error;
}

/* The record moves to another parent and component; children name their
 * parent by id and follow. */
static int reattach(
    struct edit *e, uint32_t id, uint32_t parent, struct view component)
{
	char value[4];
	struct box *b;
	int error = edit_box_get(e, id, &b);
	if (error)
		return error;
	struct key old = key_name(b->m.parent, box_name(b));
	struct key new = key_name(parent, component);
	error = kv_delete(&e->kv, TABLE_NAM, key_view(&old));
	kv_put(&e->kv, TABLE_NAM, key_view(&new), mailbox_id_encode(id, value));
	b->m.parent = parent;
	b->n_name = (uint8_t)component.n;
	memcpy(b->name, component.p, component.n);
	b->attrmodseq = edit_modseq(e);
	edit_box_dirty(e, b);
	return error == MC_E_NOENT ? MC_E_CORRUPT : error;
}

static int rename_tree(struct edit *e, uint32_t id, struct view to)
{
	struct view rest, upper = V_NONE;
	uint32_t parent;
	struct box *made;
	size_t slash = view_rfind_byte(to, '/');
	bool nested = slash < to.n;
	if (nested)
		upper = view_head(to, slash);
	int error = check_fit(e, id, to);
	if (error)
		return error;
	error = mailbox_lookup(&e->kv, upper, &parent, &rest);
	if (error == MC_E_NOENT)
		error = make_path(e, parent, rest, &made);
	if (!error && nested)
		error = mailbox_lookup(&e->kv, upper, &parent, &rest);
	if (error)
		return error;
	return reattach(e, id, parent, nested ? view_skip(to, slash + 1) : to);
}

/* RFC 3501 6.3.5: the messages go, INBOX stays. */
static int rename_inbox(struct edit *e, struct view to)
{
	struct box *b;
	int error = create(e, to, 0, &b);
	if (error)
		return error;
	return rows_transfer(e, inbox_id, NULL, b->m.id, true, NULL, NULL);
}

static bool is_below(struct view name, struct view upper)
{
	return view_starts(name, upper) && name.n > upper.n &&
	       name.p[upper.n] == '/';
}

static int rename_in(struct edit *e, struct view from, struct view to)
{
	struct view rest;
	uint32_t id, existing;
	int error = mailbox_lookup(&e->kv, from, &id, &rest);
	if (error)
		return error;
	error = mailbox_lookup(&e->kv, to, &existing, &rest);
	if (error != MC_E_NOENT)
		return error ? error : MC_E_EXISTS;
	if (id == inbox_id)
		return rename_inbox(e, to);
	return is_below(to, from) ? MC_E_DENIED : rename_tree(e, id, to);
}

int mailbox_rename(struct store *s, struct view from, struct view to)
{
	struct mailbox_name old, new;
	struct edit e;
	int error = mailbox_name_normalize(from, &old);
	if (!error)
		error = mailbox_name_normalize(to, &new);
	if (!error)
		error = edit_begin(s, &e);
	if (error)
		return error;
	error = rename_in(&e, mailbox_name_view(&old), mailbox_name_view(&new));
	if (error) {
		edit_abort(&e);
		return error;
	}
	return edit_commit(&e);
}
