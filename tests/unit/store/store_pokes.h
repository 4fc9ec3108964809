#ifndef TESTS_STORE_POKES_H
#define TESTS_STORE_POKES_H
/* What breaks each invariant of a store that store_sample.h filled. */
#include "store_sample.h"

static struct kv_txn poke;

static struct account account_now(void)
{
	struct account a;
	ck_assert_int_eq(account_get(&poke, &a), 0);
	return a;
}

static void put_account(struct account a)
{
	char value[ACCOUNT_OCTETS];
	struct key k = key_box(0);
	account_encode(&a, value);
	kv_put(&poke, TABLE_MBX, key_view(&k),
	    (struct view){ value, sizeof value });
}

static struct box box_now(uint32_t id)
{
	struct box b;
	ck_assert_int_eq(box_get(&poke, id, &b), 0);
	return b;
}

static void put_box(struct box b)
{
	char value[BOX_OCTETS + COMPONENT_MAX];
	struct key k = key_box(b.m.id);
	kv_put(&poke, TABLE_MBX, key_view(&k),
	    (struct view){ value, box_encode(&b, value) });
}

static struct message row_now(uint32_t mailbox, uint32_t uid)
{
	struct message m;
	struct view v;
	struct key k = key_msg(mailbox, uid);
	ck_assert_int_eq(kv_get(&poke, TABLE_MSG, key_view(&k), &v), 0);
	ck_assert_int_eq(message_decode(uid, v, &m), 0);
	return m;
}

static void put_row(uint32_t mailbox, struct message m)
{
	char value[MESSAGE_OCTETS];
	struct key k = key_msg(mailbox, m.uid);
	message_encode(&m, value);
	kv_put(&poke, TABLE_MSG, key_view(&k),
	    (struct view){ value, sizeof value });
}

static void put(enum store_table table, struct key k, struct view v)
{
	kv_put(&poke, table, key_view(&k), v);
}

static void drop(enum store_table table, struct key k)
{
	ck_assert_int_eq(kv_delete(&poke, table, key_view(&k)), 0);
}

/* The only ones of the sample. */
static struct key first_retained(struct retained *r)
{
	struct kv_cursor c;
	struct key k = key_tag('X');
	uint32_t purge_s;
	uint64_t msgid;
	ck_assert_int_eq(kv_cursor_open(&c, &poke, TABLE_IDX), 0);
	ck_assert_int_eq(kv_cursor_seek(&c, key_view(&k)), 0);
	ck_assert_int_eq(key_purge_split(c.key, &purge_s, &msgid), 0);
	ck_assert_int_eq(retained_decode(c.value, r), 0);
	kv_cursor_close(&c);
	return key_purge(purge_s, msgid);
}

static void put_id(uint32_t parent, struct view name, uint32_t id)
{
	char value[4];
	put(TABLE_NAM, key_name(parent, name), mailbox_id_encode(id, value));
}

static void account_record(void)
{
	struct account a = account_now();
	memset(a.guid, 0, sizeof a.guid);
	put_account(a);
}

static void mailbox_record(void)
{
	put(TABLE_MBX, key_box(sample_work), V("short"));
}

static void mailbox_allocated(void)
{
	struct account a = account_now();
	a.next_mailbox = inbox_id - 1;
	put_account(a);
}

static void mailbox_modseq(void)
{
	struct box b = box_now(inbox_id);
	b.m.highestmodseq = 1000000;
	put_box(b);
}

static void mailbox_uidvalidity(void)
{
	struct account a = account_now();
	a.next_uidvalidity = 1;
	put_account(a);
}

static void mailbox_identity(void)
{
	struct box b = box_now(inbox_id), w = box_now(sample_work);
	memcpy(w.m.guid, b.m.guid, sizeof w.m.guid);
	put_box(w);
}

static void mailbox_recent(void)
{
	struct box b = box_now(inbox_id);
	b.m.recent_uid = b.m.uidnext + 1;
	put_box(b);
}

static void name_key(void)
{
	put(TABLE_NAM, key_box(7), V("abcd"));
}

static void name_mailbox(void)
{
	put_id(0, V("Ghost"), sample_work);
}

static void mailbox_name(void)
{
	drop(TABLE_NAM, key_name(0, V("INBOX")));
}

static void mailbox_parent(void)
{
	struct box b = box_now(sample_work);
	drop(TABLE_NAM, key_name(b.m.parent, V("2026")));
	b.m.parent = 77;
	put_box(b);
	put_id(77, V("2026"), sample_work);
}

static void mailbox_cycle(void)
{
	struct box b = box_now(sample_work), up = box_now(b.m.parent);
	drop(TABLE_NAM, key_name(0, V("Work")));
	up.m.parent = sample_work;
	put_box(up);
	put_id(sample_work, V("Work"), up.m.id);
}

static void mailbox_name_valid(void)
{
	struct box b = box_now(sample_work);
	drop(TABLE_NAM, key_name(b.m.parent, V("2026")));
	b.name[0] = '\n';
	put_box(b);
	put_id(b.m.parent, (struct view){ b.name, b.n_name }, sample_work);
}

static void inbox(void)
{
	struct box b = box_now(inbox_id);
	drop(TABLE_NAM, key_name(0, V("INBOX")));
	memcpy(b.name, "OTHER", 5);
	put_box(b);
	put_id(0, V("OTHER"), inbox_id);
}

static void attribute_key(void)
{
	put(TABLE_ATT, key_tag('Z'), V("x"));
}

static void keyword_name_(void)
{
	put(TABLE_ATT, key_keyword(9), V("$wORK"));
}

static void subscription(void)
{
	put(TABLE_ATT, key_subscription(V("Work/2026")), V("Work/2025"));
}

static void annotation(void)
{
	put(TABLE_ATT, key_annotation(inbox_id, V("/private/x"), 1), V("x"));
}

static void annotation_mailbox(void)
{
	put(TABLE_ATT, key_annotation(77, V("/private/x"), 0), V("x"));
}

static void index_key(void)
{
	put(TABLE_IDX, key_tag('z'), V(""));
}

static void link_row(void)
{
	put(TABLE_IDX, key_link(row_now(inbox_id, 1).msgid, inbox_id, 99),
	    V(""));
}

static void delivery(void)
{
	put(TABLE_IDX, key_delivery(V("0123456789abcdef")), V("?"));
}

static void retained_record(void)
{
	struct retained r;
	put(TABLE_IDX, first_retained(&r), V("?"));
}

static void retained_rows(void)
{
	char value[RETAINED_OCTETS];
	struct retained r = { .mailbox = inbox_id, .uid = 9, .size_bytes = 1 };
	put(TABLE_IDX, key_purge(2000000000, row_now(inbox_id, 1).msgid),
	    retained_encode(&r, value));
}

static void retained_object(void)
{
	char value[RETAINED_OCTETS];
	struct retained r;
	struct key k = first_retained(&r);
	r.size_bytes++;
	put(TABLE_IDX, k, retained_encode(&r, value));
}

static void row_record(void)
{
	put(TABLE_MSG, key_msg(inbox_id, 1), V("?"));
}

static void row_mailbox(void)
{
	put_row(88, row_now(inbox_id, 1));
}

static void row_uid(void)
{
	struct message m = row_now(inbox_id, 1);
	m.uid = 1000;
	put_row(inbox_id, m);
}

static void row_modseq(void)
{
	struct message m = row_now(inbox_id, 1);
	m.createmodseq = m.modseq + 1;
	put_row(inbox_id, m);
}

static void row_flags(void)
{
	struct message m = row_now(inbox_id, 1);
	m.flags |= 1 << 9;
	put_row(inbox_id, m);
}

static void row_keywords(void)
{
	drop(TABLE_ATT, key_keyword(0));
}

static void row_keywords_used(void)
{
	struct box b = box_now(inbox_id);
	memset(b.keywords_used, 0, sizeof b.keywords_used);
	put_box(b);
}

static void row_object(void)
{
	drop(TABLE_OBJ, key_obj(row_now(inbox_id, 1).msgid, 'E', 0));
}

static void row_size(void)
{
	struct message m = row_now(inbox_id, 1);
	m.size_bytes++;
	put_row(inbox_id, m);
}

static void row_link(void)
{
	drop(TABLE_IDX, key_link(row_now(inbox_id, 1).msgid, inbox_id, 1));
}

static void row_change(void)
{
	drop(TABLE_CHG, key_chg(inbox_id, row_now(inbox_id, 1).modseq, 1));
}

static void row_uidl(void)
{
	struct message m = row_now(inbox_id, 2);
	m.internal |= MESSAGE_HAS_UIDL;
	put_row(inbox_id, m);
}

static void uidl_row(void)
{
	put(TABLE_IDX, key_uidl(inbox_id, 2), V("old"));
}

static void change_key(void)
{
	put(TABLE_CHG, key_chg(inbox_id, 1, 1), V("?"));
}

static void change_mailbox(void)
{
	put(TABLE_CHG, key_chg(77, 1, 1), V("L"));
}

static void change_modseq(void)
{
	put(TABLE_CHG, key_chg(inbox_id, 1000000, 1), V("L"));
}

static void change_row(void)
{
	struct message m = row_now(inbox_id, 1);
	put(TABLE_CHG, key_chg(inbox_id, m.modseq - 1, 1), V("L"));
}

static void put_live(uint32_t first, uint32_t last)
{
	char value[CHANGE_OCTETS];
	const struct change_run run = { .first = first, .last = last };
	put(TABLE_CHG,
	    key_chg(inbox_id, row_now(inbox_id, first).modseq, first),
	    change_encode(&run, value));
}

static void row_change_short(void)
{
	put_live(1, 1);
}

static void change_key_order(void)
{
	put_live(5, 4);
}

static void change_row_within(void)
{
	put_live(1, 5);
}

static void change_row_twice(void)
{
	put_live(2, 2);
}

static void put_run(uint32_t first, uint32_t last)
{
	char value[CHANGE_OCTETS];
	const struct change_run run = { first, last, true };
	uint64_t modseq = box_now(inbox_id).m.highestmodseq;
	put(TABLE_CHG, key_chg(inbox_id, modseq, first),
	    change_encode(&run, value));
}

static void vanished_range(void)
{
	put_run(4, 3);
}

static void vanished_rows(void)
{
	put_run(2, 4);
}

static void object_key(void)
{
	struct key k = key_obj(1, 'E', 0);
	put(TABLE_OBJ, (struct key){ .n = 3, .p = { 'x', 'y', 'z' } },
	    key_view(&k));
}

static void object_allocated(void)
{
	struct account a = account_now();
	a.next_msgid = 3;
	put_account(a);
}

static void object_envelope(void)
{
	put(TABLE_OBJ, key_obj(row_now(inbox_id, 1).msgid, 'E', 0), V("?"));
}

static void object_structure(void)
{
	drop(TABLE_OBJ, key_obj(row_now(inbox_id, 1).msgid, 'M', 0));
}

static void object_owner(void)
{
	struct retained r;
	drop(TABLE_IDX, first_retained(&r));
}

static void object_thread(void)
{
	struct view v;
	char copy[PIECE_OCTETS];
	struct key k = key_obj(row_now(inbox_id, 1).msgid, 'E', 0);
	ck_assert_int_eq(kv_get(&poke, TABLE_OBJ, key_view(&k), &v), 0);
	memcpy(copy, v.p, v.n);
	envelope_thread(copy, 5);
	put(TABLE_OBJ, k, (struct view){ copy, v.n });
}

static void thread_member(void)
{
	put(TABLE_IDX, key_thread_member(5, row_now(inbox_id, 1).msgid), V(""));
}

static void thread_id(void)
{
	char value[8];
	uint64_t msgid = row_now(inbox_id, 1).msgid;
	put(TABLE_IDX, key_thread_id(77, msgid), threadid_encode(msgid, value));
}

static void mailbox_counters(void)
{
	struct box b = box_now(inbox_id);
	b.m.unseen++;
	put_box(b);
}

static void mailbox_vanished(void)
{
	struct box b = box_now(inbox_id);
	b.vanished_runs++;
	put_box(b);
}

static void account_totals(void)
{
	struct account a = account_now();
	a.bytes++;
	put_account(a);
}

static void account_retained(void)
{
	struct account a = account_now();
	a.retained_bytes--;
	put_account(a);
}

static void account_mailboxes(void)
{
	struct account a = account_now();
	a.mailboxes++;
	put_account(a);
}

static void body_complete(void)
{
	drop(TABLE_BLB, key_blb(row_now(inbox_id, 6).msgid, 4));
}

/* Two chunks remain, which are said to be a frame. */
static void body_frames(void)
{
	static const char frames[] = "\xd8\x1f\0"; /* 2 * CHUNK_OCTETS */
	uint64_t msgid = row_now(inbox_id, 6).msgid;
	struct key k = key_obj(msgid, 'E', 0);
	struct envelope_record e;
	struct view v;
	struct buf out;
	buf_init(&out, 10000);
	ck_assert_int_eq(kv_get(&poke, TABLE_OBJ, key_view(&k), &v), 0);
	ck_assert_int_eq(envelope_decode(v, &e), 0);
	e.frames = (struct view){ frames, sizeof frames };
	envelope_encode(&e, &out);
	put(TABLE_OBJ, k, buf_view(&out));
	for (uint32_t i = 2; i < 5; i++)
		drop(TABLE_BLB, key_blb(msgid, i));
	buf_deinit(&out);
}

static void body_owner(void)
{
	put(TABLE_BLB, key_blb(1000, 0), V("?"));
}

static void body_checksum(void)
{
	struct view v;
	char copy[CHUNK_OCTETS + 4];
	struct key k = key_blb(row_now(inbox_id, 6).msgid, 1);
	ck_assert_int_eq(kv_get(&poke, TABLE_BLB, key_view(&k), &v), 0);
	ck_assert_uint_le(v.n, sizeof copy);
	memcpy(copy, v.p, v.n);
	copy[100] ^= 1;
	put(TABLE_BLB, k, (struct view){ copy, v.n });
}

static const struct {
	const char *invariant;
	void (*poke)(void);
	uint32_t uid; /* that is named; 0: not compared */
} pokes[] = {
	{ "account-record", account_record, 0 },
	{ "mailbox-record", mailbox_record, 0 },
	{ "mailbox-allocated", mailbox_allocated, 0 },
	{ "mailbox-modseq", mailbox_modseq, 0 },
	{ "mailbox-uidvalidity", mailbox_uidvalidity, 0 },
	{ "mailbox-identity", mailbox_identity, 0 },
	{ "mailbox-recent", mailbox_recent, 0 },
	{ "name-key", name_key, 0 },
	{ "name-mailbox", name_mailbox, 0 },
	{ "mailbox-name", mailbox_name, 0 },
	{ "mailbox-parent", mailbox_parent, 0 },
	{ "mailbox-cycle", mailbox_cycle, 0 },
	{ "mailbox-name-valid", mailbox_name_valid, 0 },
	{ "inbox", inbox, 0 },
	{ "attribute-key", attribute_key, 0 },
	{ "keyword-name", keyword_name_, 0 },
	{ "subscription", subscription, 0 },
	{ "annotation", annotation, 0 },
	{ "annotation-mailbox", annotation_mailbox, 0 },
	{ "index-key", index_key, 0 },
	{ "link-row", link_row, 99 },
	{ "delivery", delivery, 0 },
	{ "retained-record", retained_record, 0 },
	{ "retained-rows", retained_rows, 9 },
	{ "retained-object", retained_object, 0 },
	{ "thread-member", thread_member, 0 },
	{ "thread-id", thread_id, 0 },
	{ "row-record", row_record, 1 },
	{ "row-mailbox", row_mailbox, 1 },
	{ "row-uid", row_uid, 1000 },
	{ "row-modseq", row_modseq, 1 },
	{ "row-flags", row_flags, 1 },
	{ "row-keywords", row_keywords, 1 },
	{ "row-keywords-used", row_keywords_used, 1 },
	{ "row-object", row_object, 1 },
	{ "row-size", row_size, 1 },
	{ "row-link", row_link, 1 },
	{ "row-change", row_change, 1 },
	{ "row-change", row_change_short, 2 },
	{ "row-uidl", row_uidl, 2 },
	{ "uidl-row", uidl_row, 2 },
	{ "change-key", change_key, 1 },
	{ "change-key", change_key_order, 5 },
	{ "change-mailbox", change_mailbox, 1 },
	{ "change-modseq", change_modseq, 1 },
	{ "change-row", change_row, 1 },
	{ "change-row", change_row_within, 1 },
	{ "change-row", change_row_twice, 2 },
	{ "vanished-range", vanished_range, 4 },
	{ "vanished-rows", vanished_rows, 2 },
	{ "object-key", object_key, 0 },
	{ "object-allocated", object_allocated, 0 },
	{ "object-envelope", object_envelope, 0 },
	{ "object-structure", object_structure, 0 },
	{ "object-owner", object_owner, 0 },
	{ "object-thread", object_thread, 0 },
	{ "mailbox-counters", mailbox_counters, 0 },
	{ "mailbox-vanished", mailbox_vanished, 0 },
	{ "account-totals", account_totals, 0 },
	{ "account-retained", account_retained, 0 },
	{ "account-mailboxes", account_mailboxes, 0 },
	{ "body-complete", body_complete, 0 },
	{ "body-frames", body_frames, 0 },
	{ "body-owner", body_owner, 0 },
	{ "body-checksum", body_checksum, 0 },
};

enum {
	N_POKES = sizeof pokes / sizeof pokes[0]
};
#endif
