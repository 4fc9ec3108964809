#include "store/kv_pages.h"
#include "store/repair.h"
#include "store_pokes.h"

enum {
	NOTES_MAX = 64
};

static struct repair_result repaired;

static struct {
	char invariant[32];
	bool is_loss;
	uint32_t mailbox, uid;
} notes[NOTES_MAX];

static unsigned n_notes;

static void on_note(void *ctx, const struct repair_note *n)
{
	(void)ctx;
	if (n_notes == NOTES_MAX)
		return;
	snprintf(notes[n_notes].invariant, sizeof notes[0].invariant, "%s",
	    n->invariant);
	notes[n_notes].is_loss = n->is_loss;
	notes[n_notes].mailbox = n->mailbox;
	notes[n_notes++].uid = n->uid;
}

static void repair_with(bool dry_run, uint32_t lost_tables)
{
	const struct repair_options o = { .dry_run = dry_run,
		.lost_tables = lost_tables,
		.on_note = on_note };
	n_notes = 0;
	ck_assert_int_eq(store_repair(store, &o, &repaired), 0);
}

static void repair(void)
{
	repair_with(false, 0);
}

static bool told(const char *invariant)
{
	for (unsigned i = 0; i < n_notes; i++)
		if (strcmp(notes[i].invariant, invariant) == 0)
			return true;
	return false;
}

static struct violation first;

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	if (!first.invariant)
		first = *v;
}

static uint64_t violations(void)
{
	const struct check_options o = { .bodies = true,
		.on_violation = on_violation };
	struct check_result r;
	first = (struct violation){ 0 };
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	return r.violations;
}

static void expect_clean(void)
{
	uint64_t n = violations();
	ck_assert_msg(n == 0, "%s: %s (UID %u)", first.invariant, first.detail,
	    first.uid);
}

static uint64_t last_change(void)
{
	return store_last_change(store);
}

START_TEST(nothing_happens_to_a_clean_store)
{
	sample_fill();
	repair();
	ck_assert_uint_eq(repaired.repaired + repaired.lost, 0);
	uint64_t before = last_change();
	repair();
	ck_assert_uint_eq(last_change(), before);
}

END_TEST

static void break_with(void (*fn)(void))
{
	ck_assert_int_eq(kv_write(store->kv, &poke), 0);
	fn();
	ck_assert_int_eq(kv_commit(&poke), 0);
}

/* Bytes of a message are all that cannot be made again. */
static bool stays_broken(const char *invariant)
{
	return strcmp(invariant, "body-complete") == 0 ||
	       strcmp(invariant, "body-checksum") == 0;
}

START_TEST(each_invariant_is_made_to_hold)
{
	sample_fill();
	break_with(pokes[_i].poke);
	uint64_t before = last_change();
	repair_with(true, 0);
	ck_assert_uint_gt(repaired.repaired + repaired.lost, 0);
	ck_assert_uint_eq(last_change(), before);
	repair();
	ck_assert_uint_gt(repaired.repaired + repaired.lost, 0);
	if (stays_broken(pokes[_i].invariant)) {
		ck_assert_uint_eq(repaired.lost, 1);
		ck_assert(told("body-checksum"));
		ck_assert_uint_eq(notes[0].uid, 6);
		return;
	}
	expect_clean();
	repair();
	ck_assert_uint_eq(repaired.repaired + repaired.lost, 0);
}

END_TEST

static struct message row_of(uint32_t mailbox, uint32_t uid)
{
	struct store_txn t;
	struct message m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_get(&t, mailbox, uid, &m), 0);
	store_end(&t);
	return m;
}

static void drop_all(enum store_table table)
{
	struct kv_cursor c;
	ck_assert_int_eq(kv_cursor_open(&c, &poke, table), 0);
	int error = kv_cursor_seek(&c, V("\0"));
	while (!error) {
		kv_cursor_delete(&c);
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
}

static void drop_derived(void)
{
	drop_all(TABLE_OBJ);
	drop_all(TABLE_CHG);
	drop_all(TABLE_NAM);
}

/* Descriptions come from bodies, the rest from rows and records. */
START_TEST(what_derives_is_built_again)
{
	struct store_txn t;
	struct message_info info;
	char envelope[600], rows[2][MESSAGE_OCTETS];
	sample_fill();
	struct message before = row_of(inbox_id, 1);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, before.msgid, &info), 0);
	size_t n = info.envelope.n;
	ck_assert_uint_le(n, sizeof envelope);
	memcpy(envelope, info.envelope.p, n);
	store_end(&t);
	uint32_t uidvalidity = box_named(V("Work/2026")).uidvalidity;
	break_with(drop_derived);
	repair();
	ck_assert_uint_eq(repaired.lost, 0);
	ck_assert_uint_eq(repaired.recovered, 0);
	expect_clean();
	struct message after = row_of(inbox_id, 1);
	message_encode(&before, rows[0]);
	message_encode(&after, rows[1]);
	ck_assert_mem_eq(rows[0], rows[1], MESSAGE_OCTETS);
	ck_assert_uint_eq(box_named(V("Work/2026")).uidvalidity, uidvalidity);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, after.msgid, &info), 0);
	ck_assert_view_eq(info.envelope, ((struct view){ envelope, n }));
	store_end(&t);
}

END_TEST

static void drop_rows(void)
{
	drop_all(TABLE_MSG);
}

/* The reverse map knows where they were. */
START_TEST(rows_come_back_where_they_were)
{
	sample_fill();
	break_with(drop_rows);
	repair();
	ck_assert_uint_eq(repaired.recovered, 0);
	expect_clean();
	struct message m = row_of(inbox_id, 6);
	ck_assert_uint_eq(m.size_bytes, SAMPLE_LARGE);
	ck_assert_uint_eq(m.flags, 0);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 4);
	ck_assert_uint_eq(box_named(V("Work/2026")).messages, 3);
}

END_TEST

static void link_with_value(void)
{
	put(TABLE_IDX, key_link(row_now(inbox_id, 1).msgid, inbox_id, 1),
	    V("?"));
}

START_TEST(an_entry_of_the_reverse_map_keeps_its_row)
{
	sample_fill();
	break_with(link_with_value);
	repair();
	ck_assert_uint_eq(repaired.recovered + repaired.lost, 0);
	expect_clean();
}

END_TEST

static void drop_rows_and_links(void)
{
	drop_all(TABLE_MSG);
	drop_all(TABLE_IDX);
}

START_TEST(messages_without_a_mailbox_are_brought_back)
{
	sample_fill();
	break_with(drop_rows_and_links);
	repair();
	/* Those that waited for their purge, too: nothing tells any more. */
	ck_assert_uint_eq(repaired.recovered, 7);
	expect_clean();
	ck_assert_uint_eq(box_named(V("Recovered")).messages, 7);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 0);
}

END_TEST

static void drop_boxes(void)
{
	drop_all(TABLE_MBX);
}

START_TEST(mailboxes_without_records_get_a_new_uidvalidity)
{
	sample_fill();
	struct mailbox before = box_named(V("Work/2026"));
	break_with(drop_boxes);
	repair();
	ck_assert_uint_gt(repaired.lost, 0);
	expect_clean();
	struct mailbox after = box_named(V("Work/2026"));
	ck_assert_uint_eq(after.messages, before.messages);
	ck_assert_uint_gt(after.uidvalidity, before.uidvalidity);
	ck_assert_uint_eq(after.uidnext, before.uidnext);
	ck_assert_uint_ge(after.highestmodseq, before.highestmodseq);
}

END_TEST

static void drop_message(void)
{
	struct message m = row_now(inbox_id, 6);
	struct key e = key_obj(m.msgid, 0, 0), end = key_obj(m.msgid + 1, 0, 0);
	struct key b = key_blb(m.msgid, 0), last = key_blb(m.msgid + 1, 0);
	unsigned n;
	kv_drop_range(&poke, TABLE_OBJ, key_view(&e), key_view(&end), 99, &n);
	kv_drop_range(&poke, TABLE_BLB, key_view(&b), key_view(&last), 99, &n);
}

START_TEST(what_is_lost_stays_listed)
{
	char byte;
	struct store_txn t;
	sample_fill();
	break_with(drop_message);
	repair();
	ck_assert_uint_gt(repaired.lost, 0);
	ck_assert_uint_eq(notes[0].uid, 6);
	ck_assert_uint_eq(violations(), 1);
	ck_assert_str_eq(first.invariant, "body-complete");
	struct message m = row_of(inbox_id, 6);
	ck_assert_uint_eq(m.size_bytes, SAMPLE_LARGE);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_read(&t, m.msgid, 0, &byte, 1), MC_E_CORRUPT);
	store_end(&t);
}

END_TEST

START_TEST(clients_are_told_that_parts_were_lost)
{
	sample_fill();
	struct mailbox before = box_named(V("INBOX"));
	repair_with(false, 1u << TABLE_MSG);
	expect_clean();
	struct mailbox after = box_named(V("INBOX"));
	ck_assert_uint_eq(after.uidvalidity, before.uidvalidity);
	ck_assert_uint_gt(after.highestmodseq, before.highestmodseq);
	ck_assert_uint_eq(after.vanish_floor, after.highestmodseq);
	repair_with(false, 1u << TABLE_MBX);
	expect_clean();
	ck_assert_uint_gt(
	    box_named(V("INBOX")).uidvalidity, before.uidvalidity);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/repair");
	TCase *t = tcase_create("repair");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_happens_to_a_clean_store);
	tcase_add_loop_test(t, each_invariant_is_made_to_hold, 0, N_POKES);
	tcase_add_test(t, what_derives_is_built_again);
	tcase_add_test(t, rows_come_back_where_they_were);
	tcase_add_test(t, an_entry_of_the_reverse_map_keeps_its_row);
	tcase_add_test(t, messages_without_a_mailbox_are_brought_back);
	tcase_add_test(t, mailboxes_without_records_get_a_new_uidvalidity);
	tcase_add_test(t, what_is_lost_stays_listed);
	tcase_add_test(t, clients_are_told_that_parts_were_lost);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
