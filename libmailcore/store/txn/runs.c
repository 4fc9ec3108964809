#include "store/txn/runs.h"

int runs_at(const struct kv_cursor *c, uint32_t mailbox, uint64_t modseq,
    struct change_run *out)
{
	uint32_t owner, first;
	uint64_t at;
	int error = key_chg_split(c->key, &owner, &at, &first);
	if (!error && (owner != mailbox || at != modseq))
		return MC_E_NOENT;
	if (!error)
		error = change_decode(first, c->value, out);
	return !error && out->vanished ? MC_E_NOENT : error;
}

int runs_find(struct kv_cursor *c, uint32_t mailbox, uint64_t modseq,
    uint32_t uid, struct change_run *out)
{
	struct key k = key_chg(mailbox, modseq, uid);
	int error = kv_cursor_seek(c, key_view(&k));
	if (error == MC_E_NOENT)
		error = kv_cursor_seek_before(c, key_view(&k));
	else if (!error && !view_eq(c->key, key_view(&k)))
		error = kv_cursor_prev(c);
	if (!error)
		error = runs_at(c, mailbox, modseq, out);
	return !error && out->last < uid ? MC_E_NOENT : error;
}

static void put(
    struct edit *e, const struct run *r, uint32_t first, uint32_t last)
{
	char value[CHANGE_OCTETS];
	const struct change_run run = { .first = first, .last = last };
	struct view v = V("L");
	if (first < last) {
		v = change_encode(&run, value);
		e->account.features |= STORE_HAS_RUNS;
		e->account_dirty = true;
	}
	struct key k = key_chg(r->mailbox, r->modseq, first);
	/* INBOX is the tail of the table. */
	if (r->mailbox == inbox_id && r == &e->joined)
		kv_append(&e->kv, TABLE_CHG, key_view(&k), v);
	else
		kv_put(&e->kv, TABLE_CHG, key_view(&k), v);
}

void runs_join_end(struct edit *e)
{
	if (e->joined.first)
		put(e, &e->joined, e->joined.first, e->joined.last);
	e->joined.first = 0;
}

void runs_join(struct edit *e, uint32_t mailbox, const struct message *m)
{
	struct run *r = &e->joined;
	if (r->mailbox != mailbox || r->modseq != m->modseq)
		runs_join_end(e);
	if (!r->first)
		*r = (struct run){
			.mailbox = mailbox, .modseq = m->modseq, .first = m->uid
		};
	r->last = m->uid;
}

/* What of a run lies behind r, begins with its first row there. */
static void put_rest(struct edit *e, const struct run *r, uint32_t last)
{
	struct kv_cursor c;
	uint32_t owner, uid;
	struct key k = key_msg(r->mailbox, r->last + 1);
	int error = kv_cursor_open(&c, &e->kv, TABLE_MSG);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	if (!error)
		error = key_msg_split(c.key, &owner, &uid);
	kv_cursor_close(&c);
	if (!error && owner == r->mailbox && uid <= last)
		put(e, r, uid, last);
}

/* Takes r out of the run under the cursor. */
static void cut(
    struct edit *e, const struct run *r, const struct change_run *run)
{
	char value[CHANGE_OCTETS];
	const struct change_run head = { .first = run->first,
		.last = r->first - 1 };
	if (run->first >= r->first)
		kv_cursor_delete(&e->changes);
	else if (r->gone)
		return; /* UIDs without a row may stay inside */
	else
		kv_cursor_replace(&e->changes, change_encode(&head, value));
	if (run->last > r->last)
		put_rest(e, r, run->last);
}

/* Neighbours may have been runs of their own. */
void runs_leave_end(struct edit *e)
{
	struct run *r = &e->left;
	struct kv_cursor *c = &e->changes;
	struct change_run run;
	int error = 0;
	if (!r->first)
		return;
	if (!c->cursor)
		error = kv_cursor_open(c, &e->kv, TABLE_CHG);
	if (!error)
		error = runs_find(c, r->mailbox, r->modseq, r->first, &run);
	while (!error && run.first <= r->last) {
		cut(e, r, &run);
		if (run.last >= r->last)
			break;
		error = kv_cursor_next(c);
		if (!error)
			error = runs_at(c, r->mailbox, r->modseq, &run);
	}
	if (error && error != MC_E_NOENT)
		edit_fail(e, error);
	r->first = 0;
}

void runs_leave(
    struct edit *e, uint32_t mailbox, const struct message *m, bool gone)
{
	struct run *r = &e->left;
	if (r->mailbox != mailbox || r->modseq != m->modseq || r->gone != gone)
		runs_leave_end(e);
	if (!r->first)
		*r = (struct run){ .mailbox = mailbox,
			.modseq = m->modseq,
			.first = m->uid,
			.gone = gone };
	r->last = m->uid;
}
