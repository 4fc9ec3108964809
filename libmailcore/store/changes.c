#include "store/rows.h"

static int give_message(struct store_txn *t, uint32_t mailbox, uint32_t uid,
    const struct changes_sink *sink)
{
	struct message m;
	int error = message_get(t, mailbox, uid, &m);
	if (error)
		return error == MC_E_NOENT ? MC_E_CORRUPT : error;
	return sink->on_message(sink->ctx, &m);
}

/* MC_E_NOENT: the key belongs to another mailbox. */
static int give(struct store_txn *t, const struct kv_cursor *c,
    uint32_t mailbox, const struct changes_sink *sink)
{
	uint32_t owner, uid, last;
	uint64_t modseq;
	int error = key_chg_split(c->key, &owner, &modseq, &uid);
	if (error)
		return error;
	if (owner != mailbox)
		return MC_E_NOENT;
	error = change_decode(c->value, &last);
	if (error)
		return error;
	return last ? sink->on_vanished(sink->ctx, uid, last)
		    : give_message(t, mailbox, uid, sink);
}

int message_changes(struct store_txn *t, uint32_t mailbox, uint64_t since,
    const struct changes_sink *sink)
{
	struct mailbox m;
	struct kv_cursor c;
	int error = mailbox_get(t, mailbox, &m);
	if (error || since >= m.highestmodseq)
		return error;
	if (since < m.vanish_floor)
		return MC_E_AGAIN;
	struct key k = key_chg(mailbox, since + 1, 0);
	error = kv_cursor_open(&c, &t->kv, TABLE_CHG);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (!error) {
		error = give(t, &c, mailbox, sink);
		if (!error)
			error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}
