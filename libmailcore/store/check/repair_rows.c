/* Rows, and what derives from them: the reverse map, changes, counters. */
#include "base/rand.h"
#include "store/check/repair_state.h"
#include "store/txn/object.h"
#include "store/txn/rows.h"
#include <stdio.h>

enum {
	STUB_MAX = 256 << 20, /* a row that says more is wrong */
	SYSTEM_FLAGS = MESSAGE_SEEN | MESSAGE_ANSWERED | MESSAGE_FLAGGED |
		       MESSAGE_DELETED | MESSAGE_DRAFT,
};

static void put_row(struct repair *r, uint32_t mailbox, const struct message *m)
{
	char value[MESSAGE_OCTETS];
	struct key k = key_msg(mailbox, m->uid);
	message_encode(m, value);
	repair_put(r, TABLE_MSG, &k, (struct view){ value, sizeof value });
}

static bool mend_row(struct repair *r)
{
	put_row(r, r->c.mailbox, &r->c.row);
	return true;
}

static bool drop_row(struct repair *r)
{
	repair_drop(r, TABLE_MSG, r->c.key);
	if (r->c.box)
		repair_cut(r, r->c.box);
	return false;
}

/* Its flags are lost; where it was, the reverse map may still tell. */
static bool mend_row_record(struct repair *r)
{
	r->is_loss = true;
	return drop_row(r);
}

static bool mend_row_mailbox(struct repair *r)
{
	struct key k = key_obj(r->c.row.msgid, 'E', 0);
	r->is_loss = !check_has(&r->c, TABLE_OBJ, &k);
	return drop_row(r);
}

static bool mend_row_uid(struct repair *r)
{
	if (r->c.uid == UINT32_MAX)
		return drop_row(r);
	r->c.box->b.m.uidnext = r->c.uid + 1;
	return true;
}

static bool mend_row_modseq(struct repair *r)
{
	struct message *m = &r->c.row;
	if (m->modseq > r->c.box->b.m.highestmodseq)
		m->modseq = repair_modseq(r);
	if (m->createmodseq > m->modseq)
		m->createmodseq = m->modseq;
	repair_touch(r, r->c.box);
	return mend_row(r);
}

static bool mend_row_flags(struct repair *r)
{
	r->c.row.flags &= SYSTEM_FLAGS;
	return mend_row(r);
}

/* The messages that have it stay together. */
static bool mend_row_keywords(struct repair *r)
{
	struct check *c = &r->c;
	for (unsigned i = 0; i < KEYWORDS_MAX; i++) {
		char name[32];
		uint8_t bit = (uint8_t)(1u << i % 8);
		if (!(c->row.keywords[i / 8] & bit) ||
		    (c->keywords[i / 8] & bit))
			continue;
		int n = snprintf(name, sizeof name, "Recovered-%u", i);
		struct key k = key_keyword((uint8_t)i);
		repair_put(r, TABLE_ATT, &k, (struct view){ name, (size_t)n });
		c->keywords[i / 8] |= bit;
	}
	return true;
}

static bool mend_row_keywords_used(struct repair *r)
{
	for (size_t i = 0; i < sizeof r->c.row.keywords; i++)
		r->c.box->b.keywords_used[i] |= r->c.row.keywords[i];
	return true;
}

/* Neither description nor bytes. The row stays: a client that has the message
 * keeps it. */
static bool mend_row_object(struct repair *r)
{
	struct check *c = &r->c;
	r->is_loss = c->row.size_bytes != 0;
	if (c->row.size_bytes > STUB_MAX || c->msgid >= repair_id_max)
		return drop_row(r);
	const struct body b = { .msgid = c->msgid,
		.size_bytes = c->row.size_bytes,
		.stored_bytes = c->row.size_bytes,
		.has_pieces = true };
	repair_describe(r, &b, false, &c->row);
	if (c->msgid >= c->account.next_msgid)
		c->account.next_msgid = c->msgid + 1;
	return true;
}

static bool mend_row_size(struct repair *r)
{
	(void)check_object_size(&r->c, r->c.msgid, &r->c.row.size_bytes);
	return mend_row(r);
}

static bool mend_row_link(struct repair *r)
{
	struct key k = key_link(r->c.msgid, r->c.mailbox, r->c.uid);
	repair_put(r, TABLE_IDX, &k, V(""));
	return true;
}

static bool mend_row_change(struct repair *r)
{
	struct key k = key_chg(r->c.mailbox, r->c.row.modseq, r->c.uid);
	repair_put(r, TABLE_CHG, &k, V("L"));
	return true;
}

static bool mend_row_uidl(struct repair *r)
{
	r->c.row.internal &= (uint16_t)~MESSAGE_HAS_UIDL;
	r->is_loss = true;
	return mend_row(r);
}

/* The index. */

static bool drop_index(struct repair *r)
{
	repair_drop(r, TABLE_IDX, r->c.key);
	return false;
}

static bool lose_index(struct repair *r)
{
	r->is_loss = true;
	return drop_index(r);
}

/* An entry of the reverse map has no value. */
static bool mend_index_key(struct repair *r)
{
	struct check *c = &r->c;
	if (view_has_byte(V("HI"), c->key.p[0]))
		return drop_index(r);
	if (key_link_split(c->key, &c->msgid, &c->mailbox, &c->uid) != 0)
		return lose_index(r);
	struct key k = key_link(c->msgid, c->mailbox, c->uid);
	repair_put(r, TABLE_IDX, &k, V(""));
	return true;
}

static bool is_vanished(struct repair *r, uint32_t mailbox, uint32_t uid)
{
	struct kv_cursor k;
	struct change_run run;
	uint32_t owner, first;
	uint64_t modseq;
	bool gone = false;
	struct key from = key_chg(mailbox, 0, 0);
	int error = kv_cursor_open(&k, &r->c.t.kv, TABLE_CHG);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&from));
	while (!error && !gone &&
	       key_chg_split(k.key, &owner, &modseq, &first) == 0 &&
	       owner == mailbox) {
		gone = change_decode(first, k.value, &run) == 0 &&
		       run.vanished && uid >= first && uid <= run.last;
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	return gone;
}

static bool make_row(struct repair *r, struct check_box *x, uint32_t uid)
{
	struct check *c = &r->c;
	struct envelope_record e;
	struct view v;
	if (object_get(&c->t, c->msgid, 'E', &v) != 0 ||
	    envelope_decode(v, &e) != 0)
		return false;
	const struct message m = {
		.uid = uid,
		.msgid = c->msgid,
		.modseq = repair_modseq(r),
		.createmodseq = repair_modseq(r),
		.size_bytes = e.size_bytes,
		.internaldate = e.internaldate,
		.savedate_s = r->now_s,
		.internal = e.bare_bytes ? MESSAGE_BARE_LF : 0,
	};
	struct key link = key_link(m.msgid, x->b.m.id, uid);
	struct key chg = key_chg(x->b.m.id, m.modseq, uid);
	put_row(r, x->b.m.id, &m);
	repair_put(r, TABLE_IDX, &link, V(""));
	repair_put(r, TABLE_CHG, &chg, V("L"));
	repair_touch(r, x);
	return true;
}

/* A row that is lost comes back without its flags. */
static bool mend_link(struct repair *r)
{
	struct check *c = &r->c;
	struct message m;
	struct check_box *x = check_box_of(c, c->mailbox);
	if (x && !(x->b.m.flags & (BOX_DELETING | MAILBOX_NOSELECT)) &&
	    c->uid && c->uid < x->b.m.uidnext &&
	    message_get(&c->t, c->mailbox, c->uid, &m) == MC_E_NOENT &&
	    !is_vanished(r, c->mailbox, c->uid) && make_row(r, x, c->uid))
		return true;
	return drop_index(r);
}

static bool mend_retained(struct repair *r)
{
	struct check *c = &r->c;
	char value[RETAINED_OCTETS];
	uint32_t purge_s;
	struct view v;
	struct envelope_record e;
	if (key_purge_split(c->key, &purge_s, &c->msgid) != 0 ||
	    object_get(&c->t, c->msgid, 'E', &v) != 0 ||
	    envelope_decode(v, &e) != 0) {
		repair_unwait(r, c->msgid);
		return lose_index(r);
	}
	const struct retained now = {
		.mailbox = e.mailbox, .uid = e.uid, .size_bytes = e.size_bytes
	};
	struct key k = key_purge(purge_s, c->msgid);
	repair_put(r, TABLE_IDX, &k, retained_encode(&now, value));
	return false;
}

static bool drop_retained(struct repair *r)
{
	repair_unwait(r, r->c.msgid);
	return drop_index(r);
}

static bool mend_retained_object(struct repair *r)
{
	struct check *c = &r->c;
	const struct check_waiting *w = check_waiting_of(c, c->msgid);
	if (w && w + 1 < c->waiting + c->n_waiting && w[1].msgid == c->msgid)
		return drop_retained(r);
	return mend_retained(r);
}

/* Changes. */

static bool drop_change(struct repair *r)
{
	repair_drop(r, TABLE_CHG, r->c.key);
	return false;
}

static int put_change(void *ctx, const struct message *m)
{
	struct repair *r = ctx;
	struct check *c = &r->c;
	c->row = *m;
	c->uid = m->uid;
	if (m->modseq == c->modseq && !check_row_change(c))
		(void)mend_row_change(r);
	return c->t.kv.error;
}

/* What it said of several rows may be right for some of them. */
static bool mend_change_row(struct repair *r)
{
	struct check *c = &r->c;
	uint32_t first = c->uid;
	(void)drop_change(r);
	int error = message_each(
	    &c->t, c->mailbox, first, c->change.last, put_change, r);
	if (error)
		repair_fail(r, error);
	c->uid = first;
	return false;
}

static bool cut_change(struct repair *r)
{
	struct check *c = &r->c;
	c->box = check_box_of(c, c->mailbox);
	if (c->box)
		repair_cut(r, c->box);
	return drop_change(r);
}

static bool drop_attribute(struct repair *r)
{
	unsigned slot = (unsigned char)r->c.key.p[1];
	if (r->c.key.n == 2 && r->c.key.p[0] == 'K' && slot < KEYWORDS_MAX)
		r->c.keywords[slot / 8] &= (uint8_t) ~(1u << slot % 8);
	repair_drop(r, TABLE_ATT, r->c.key);
	r->is_loss = true;
	return false;
}

static bool drop_name(struct repair *r)
{
	repair_drop(r, TABLE_NAM, r->c.key);
	return false;
}

static const struct mender menders[] = {
	{ "name-key", drop_name },
	{ "name-mailbox", drop_name },
	{ "attribute-key", drop_attribute },
	{ "keyword-name", drop_attribute },
	{ "subscription", drop_attribute },
	{ "annotation", drop_attribute },
	{ "annotation-mailbox", drop_attribute },
	{ "index-key", mend_index_key },
	{ "link-row", mend_link },
	{ "uidl-row", drop_index },
	{ "delivery", lose_index },
	{ "retained-record", mend_retained },
	{ "retained-rows", drop_retained },
	{ "retained-object", mend_retained_object },
	{ "thread-member", drop_index },
	{ "thread-id", drop_index },
	{ "row-record", mend_row_record },
	{ "row-mailbox", mend_row_mailbox },
	{ "row-uid", mend_row_uid },
	{ "row-modseq", mend_row_modseq },
	{ "row-flags", mend_row_flags },
	{ "row-keywords", mend_row_keywords },
	{ "row-keywords-used", mend_row_keywords_used },
	{ "row-object", mend_row_object },
	{ "row-size", mend_row_size },
	{ "row-link", mend_row_link },
	{ "row-change", mend_row_change },
	{ "row-uidl", mend_row_uidl },
	{ "change-key", cut_change },
	{ "change-mailbox", drop_change },
	{ "change-modseq", cut_change },
	{ "change-row", mend_change_row },
	{ "vanished-range", cut_change },
	{ "vanished-rows", cut_change },
};

const struct mender_list repair_row_menders = { menders,
	sizeof menders / sizeof menders[0] };

/* Counters. */

static bool set_counts(struct repair *r)
{
	struct check_box *x = r->c.box;
	x->b.m.messages = (uint32_t)x->messages;
	x->b.m.unseen = (uint32_t)x->unseen;
	x->b.m.deleted = (uint32_t)x->deleted;
	x->b.m.size_bytes = x->bytes;
	x->b.deleted_bytes = x->deleted_bytes;
	return true;
}

static bool set_runs(struct repair *r)
{
	r->c.box->b.vanished_runs = (uint32_t)r->c.box->runs;
	return true;
}

static bool set_totals(struct repair *r)
{
	r->c.account.messages = r->c.live_messages;
	r->c.account.bytes = r->c.live_bytes;
	return true;
}

static bool set_retained(struct repair *r)
{
	r->c.account.retained_bytes = r->c.retained_bytes;
	return true;
}

static bool set_mailboxes(struct repair *r)
{
	r->c.account.mailboxes = (uint32_t)r->c.named;
	return true;
}

static const struct mender total_menders[] = {
	{ "mailbox-counters", set_counts },
	{ "mailbox-vanished", set_runs },
	{ "account-totals", set_totals },
	{ "account-retained", set_retained },
	{ "account-mailboxes", set_mailboxes },
};

const struct mender_list repair_total_menders = { total_menders,
	sizeof total_menders / sizeof total_menders[0] };

/* Walks. */

static void at_row(struct repair *r)
{
	struct check *c = &r->c;
	if (key_msg_split(c->key, &c->mailbox, &c->uid) != 0)
		c->mailbox = c->uid = 0;
	c->box = check_box_of(c, c->mailbox);
	(void)repair_rules(r, SCAN_ROW);
}

static void at_index(struct repair *r)
{
	(void)repair_rules(r, SCAN_INDEX);
}

static void at_change(struct repair *r)
{
	struct check *c = &r->c;
	if (repair_rules(r, SCAN_CHANGE) && c->change.first < c->change.last &&
	    !c->change.vanished)
		c->account.features |= STORE_HAS_RUNS;
}

/* An object in no mailbox. */
static void at_orphan(struct repair *r)
{
	struct check *c = &r->c;
	uint64_t size, before = c->modseq;
	if (key_obj_split(c->key, &c->msgid) != 0 || c->msgid == before)
		return;
	c->modseq = c->msgid;
	if (check_waiting_of(c, c->msgid) || check_object_owner(c))
		return;
	if (!check_object_size(c, c->msgid, &size) ||
	    (size && !repair_has_bytes(r, c->msgid))) {
		repair_thread_leave(r, c->msgid);
		repair_drop_object(r, c->msgid);
		repair_note(r, "object-owner", true, "nothing of it is left");
		return;
	}
	struct check_box *x = repair_box_recovered(r);
	if (!x || !make_row(r, x, x->b.m.uidnext))
		return;
	c->mailbox = x->b.m.id;
	c->uid = x->b.m.uidnext++;
	r->result.recovered++;
	repair_note(r, "object-owner", false, "it was in no mailbox");
}

/* All rows of what lacks bytes. */
static void tell_damaged(struct repair *r, const struct repair_damaged *d)
{
	struct kv_cursor k;
	struct check *c = &r->c;
	char detail[80];
	struct key first = key_link(d->msgid, 0, 0);
	uint64_t id;
	unsigned n = 0;
	const char *invariant = d->bad ? "body-checksum" : "body-frames";
	snprintf(detail, sizeof detail, "%u of %u pieces are lost",
	    (unsigned)d->bad, (unsigned)d->chunks);
	if (!d->bad)
		snprintf(detail, sizeof detail, "it cannot be unpacked");
	c->msgid = d->msgid;
	int error = kv_cursor_open(&k, &c->t.kv, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&k, key_view(&first));
	while (!error &&
	       key_link_split(k.key, &id, &c->mailbox, &c->uid) == 0 &&
	       id == d->msgid) {
		repair_note(r, invariant, true, detail);
		n++;
		error = kv_cursor_next(&k);
	}
	kv_cursor_close(&k);
	c->mailbox = c->uid = 0;
	if (n == 0)
		repair_note(r, invariant, true, detail);
}

void repair_rows(struct repair *r)
{
	repair_walk(r, TABLE_MSG, at_row);
	repair_threads(r);
	repair_walk(r, TABLE_IDX, at_index);
	r->c.modseq = 0;
	repair_walk(r, TABLE_OBJ, at_orphan);
	repair_walk(r, TABLE_CHG, at_change);
	for (size_t i = 0; i < r->n_damaged; i++)
		tell_damaged(r, &r->damaged[i]);
	r->c.live_bytes = r->c.live_messages = 0;
}
