#include "store/txn/rows.h"
#include "store/txn/runs.h"

struct reading {
	uint32_t mailbox;
	const struct changes_sink *sink;
	struct kv_cursor changes, rows;
};

static int give_rows(
    struct reading *r, const struct change_run *run, uint64_t modseq)
{
	struct message m;
	struct key k = key_msg(r->mailbox, run->first);
	int error = kv_cursor_seek(&r->rows, key_view(&k));
	if (!error)
		error = row_at(&r->rows, r->mailbox, run->first, &m);
	if (error)
		return error == MC_E_NOENT ? MC_E_CORRUPT : error;
	while (!error) {
		if (m.modseq != modseq)
			return MC_E_CORRUPT;
		error = r->sink->on_message(r->sink->ctx, &m);
		if (error || m.uid == run->last)
			return error;
		error = kv_cursor_next(&r->rows);
		if (!error)
			error = row_at(&r->rows, r->mailbox, run->last, &m);
	}
	return error == MC_E_NOENT ? 0 : error;
}

/* MC_E_NOENT: the key belongs to another mailbox. */
static int give(struct reading *r)
{
	struct change_run run;
	uint32_t owner, uid;
	uint64_t modseq;
	int error = key_chg_split(r->changes.key, &owner, &modseq, &uid);
	if (error)
		return error;
	if (owner != r->mailbox)
		return MC_E_NOENT;
	error = change_decode(uid, r->changes.value, &run);
	if (error)
		return error;
	return run.vanished
		   ? r->sink->on_vanished(r->sink->ctx, run.first, run.last)
		   : give_rows(r, &run, modseq);
}

static int read_from(struct reading *r, struct kv_txn *t, uint64_t modseq)
{
	struct key k = key_chg(r->mailbox, modseq, 0);
	int error = kv_cursor_open(&r->changes, t, TABLE_CHG);
	if (!error)
		error = kv_cursor_open(&r->rows, t, TABLE_MSG);
	if (!error)
		error = kv_cursor_seek(&r->changes, key_view(&k));
	while (!error) {
		error = give(r);
		if (!error)
			error = kv_cursor_next(&r->changes);
	}
	kv_cursor_close(&r->changes);
	kv_cursor_close(&r->rows);
	return error == MC_E_NOENT ? 0 : error;
}

int message_changes(struct store_txn *t, uint32_t mailbox, uint64_t since,
    const struct changes_sink *sink)
{
	struct reading r = { .mailbox = mailbox, .sink = sink };
	struct mailbox m;
	int error = mailbox_get(t, mailbox, &m);
	if (error || since >= m.highestmodseq)
		return error;
	if (since < m.vanish_floor)
		return MC_E_AGAIN;
	return read_from(&r, &t->kv, since + 1);
}
