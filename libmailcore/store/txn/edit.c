#include "store/txn/edit.h"
#include "base/rand.h"
#include "store/txn/quota_edit.h"
#include "store/txn/runs.h"

int account_get(struct kv_txn *t, struct account *out)
{
	struct key k = key_box(0);
	struct view v;
	int error = kv_get(t, TABLE_MBX, key_view(&k), &v);
	return error ? error : account_decode(v, out);
}

int box_get(struct kv_txn *t, uint32_t id, struct box *out)
{
	struct key k = key_box(id);
	struct view v;
	if (id == 0)
		return MC_E_NOENT;
	int error = kv_get(t, TABLE_MBX, key_view(&k), &v);
	return error ? error : box_decode(id, v, out);
}

void edit_fail(struct edit *e, int error)
{
	if (!e->kv.error)
		e->kv.error = error;
}

int edit_begin(struct store *s, struct edit *e)
{
	*e = (struct edit){ .store = s };
	int error = kv_write(s->kv, &e->kv);
	if (error)
		return error;
	e->now_s = (uint32_t)s->now_s();
	error = account_get(&e->kv, &e->account);
	if (error)
		kv_abort(&e->kv);
	return error == MC_E_NOENT ? MC_E_CORRUPT : error;
}

static void write_back(struct edit *e, struct edit_box *slot)
{
	char value[BOX_OCTETS + COMPONENT_MAX];
	struct key k = key_box(slot->b.m.id);
	if (slot->b.m.id && slot->dirty)
		kv_put(&e->kv, TABLE_MBX, key_view(&k),
		    (struct view){ value, box_encode(&slot->b, value) });
	slot->dirty = false;
}

int edit_commit(struct edit *e)
{
	char value[ACCOUNT_OCTETS];
	struct key k = key_box(0);
	runs_leave_end(e);
	runs_join_end(e);
	for (unsigned i = 0; i < EDIT_BOXES; i++)
		write_back(e, &e->boxes[i]);
	if (e->account_dirty) {
		quota_settle(e);
		account_encode(&e->account, value);
		kv_put(&e->kv, TABLE_MBX, key_view(&k),
		    (struct view){ value, sizeof value });
	}
	int error = kv_commit(&e->kv);
	if (!error && !e->quiet)
		wake_others(&e->store->wake);
	return error;
}

void edit_abort(struct edit *e)
{
	kv_abort(&e->kv);
}

static struct edit_box *slot_of(struct edit *e, uint32_t id)
{
	for (unsigned i = 0; i < EDIT_BOXES; i++)
		if (e->boxes[i].b.m.id == id)
			return &e->boxes[i];
	return NULL;
}

static struct edit_box *slot_take(struct edit *e)
{
	struct edit_box *slot = &e->boxes[e->next];
	e->next = (e->next + 1) % EDIT_BOXES;
	write_back(e, slot);
	*slot = (struct edit_box){ 0 };
	return slot;
}

int edit_box_get(struct edit *e, uint32_t id, struct box **out)
{
	if (id == 0)
		return MC_E_NOENT;
	struct edit_box *slot = slot_of(e, id);
	if (!slot) {
		struct box b;
		int error = box_get(&e->kv, id, &b);
		if (error)
			return error;
		slot = slot_take(e);
		slot->b = b;
	}
	*out = &slot->b;
	return e->kv.error;
}

int edit_box_open(struct edit *e, uint32_t id, struct box **out)
{
	int error = edit_box_get(e, id, out);
	if (!error && ((*out)->m.flags & (MAILBOX_NOSELECT | BOX_DELETING)))
		error = MC_E_NOENT;
	return error;
}

void edit_box_renew(struct edit *e, struct box *b)
{
	struct account *a = &e->account;
	/* Not below the clock: a restored account must not use one again. */
	if (a->next_uidvalidity < e->now_s)
		a->next_uidvalidity = e->now_s;
	b->m.uidvalidity = a->next_uidvalidity++;
	e->account_dirty = true;
	if (b->m.uidvalidity == 0 || b->m.uidvalidity == UINT32_MAX)
		edit_fail(e, MC_E_LIMIT);
	b->m.uidnext = b->m.recent_uid = 1;
	b->m.createmodseq = edit_modseq(e);
	b->m.vanish_floor = 0;
	b->vanished_runs = 0;
	memset(b->keywords_used, 0, sizeof b->keywords_used);
	rand_bytes(b->m.guid, sizeof b->m.guid);
	edit_box_changed(e, b);
}

struct box *edit_box_new(struct edit *e)
{
	if (e->account.next_mailbox == 0) {
		edit_fail(e, MC_E_LIMIT);
		return NULL;
	}
	struct box *b = &slot_take(e)->b;
	b->m.id = e->account.next_mailbox--;
	e->account.mailboxes++;
	e->account_dirty = true;
	edit_box_renew(e, b);
	return b;
}

void edit_box_forget(struct edit *e, uint32_t id)
{
	struct edit_box *slot = slot_of(e, id);
	if (slot)
		*slot = (struct edit_box){ 0 };
}

void edit_box_dirty(struct edit *e, struct box *b)
{
	struct edit_box *slot = slot_of(e, b->m.id);
	if (slot)
		slot->dirty = true;
}

void edit_box_changed(struct edit *e, struct box *b)
{
	b->m.highestmodseq = edit_modseq(e);
	edit_box_dirty(e, b);
}

uint64_t edit_modseq(struct edit *e)
{
	if (!e->modseq) {
		e->modseq = ++e->account.modseq;
		e->account_dirty = true;
	}
	return e->modseq;
}
