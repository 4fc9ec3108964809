/* What only an import needs: see mailbox.h and message.h. */
#include "store/txn/rows.h"

enum {
	HISTORY_SLICE = 1000,
};

/* Later mailboxes need higher ones, later messages, too. */
static const uint32_t uidvalidity_max = 0xF0000000;
static const uint32_t uidnext_max = 0xF0000000;

/* No row is left, so all of it is about messages of the former life. */
static void drop_history(struct edit *e, const struct box *b)
{
	struct key first = key_chg(b->m.id, 0, 0);
	struct key last = key_chg(b->m.id, UINT64_MAX, UINT32_MAX);
	unsigned n;
	do
		kv_drop_range(&e->kv, TABLE_CHG, key_view(&first),
		    key_view(&last), HISTORY_SLICE, &n);
	while (n == HISTORY_SLICE && !e->kv.error);
}

static int take_uidvalidity(struct edit *e, struct box *b, uint32_t uidvalidity)
{
	if (uidvalidity == 0 || uidvalidity == b->m.uidvalidity)
		return 0;
	if (b->m.messages)
		return MC_E_EXISTS;
	if (uidvalidity > uidvalidity_max)
		return MC_E_LIMIT;
	drop_history(e, b);
	edit_box_renew(e, b);
	b->m.uidvalidity = uidvalidity;
	if (e->account.next_uidvalidity <= uidvalidity)
		e->account.next_uidvalidity = uidvalidity + 1;
	return e->kv.error;
}

static int adopt(
    struct edit *e, uint32_t id, const struct mailbox_origin *origin)
{
	struct box *b;
	int error = edit_box_open(e, id, &b);
	if (!error && origin->uidnext > uidnext_max)
		error = MC_E_LIMIT;
	if (!error)
		error = take_uidvalidity(e, b, origin->uidvalidity);
	if (error)
		return error;
	if (origin->uidnext > b->m.uidnext)
		b->m.uidnext = origin->uidnext;
	if (origin->recent_uid > b->m.recent_uid)
		b->m.recent_uid = origin->recent_uid;
	if (b->m.recent_uid > b->m.uidnext)
		b->m.recent_uid = b->m.uidnext;
	edit_box_dirty(e, b);
	return e->kv.error;
}

int mailbox_adopt(
    struct store *s, uint32_t id, const struct mailbox_origin *origin)
{
	struct edit e;
	int error = edit_begin(s, &e);
	if (error)
		return error;
	error = adopt(&e, id, origin);
	if (error) {
		edit_abort(&e);
		return error;
	}
	return edit_commit(&e);
}

int message_find_delivery(struct store_txn *t, struct view delivery_id,
    uint32_t *mailbox, uint32_t *uid)
{
	struct delivery d;
	struct view v;
	if (delivery_id.n != DELIVERY_ID_OCTETS)
		return MC_E_BAD;
	struct key k = key_delivery(delivery_id);
	int error = kv_get(&t->kv, TABLE_IDX, key_view(&k), &v);
	if (!error)
		error = delivery_decode(v, &d);
	if (error)
		return error;
	*mailbox = d.mailbox;
	*uid = d.uid;
	return 0;
}

int message_uidl(struct store_txn *t, uint32_t mailbox, const struct message *m,
    struct view *out)
{
	struct key k = key_uidl(mailbox, m->uid);
	if (!(m->internal & MESSAGE_HAS_UIDL))
		return MC_E_NOENT;
	return kv_get(&t->kv, TABLE_IDX, key_view(&k), out);
}
