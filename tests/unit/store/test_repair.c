#include "store/check/repair.h"
#include "store/housekeeping.h"
#include "store/kv/kv_pages.h"
#include "store/record/pack.h"
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
	       strcmp(invariant, "body-checksum") == 0 ||
	       strcmp(invariant, "body-frames") == 0;
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
		ck_assert(told("body-checksum") || told("body-frames"));
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

/* Without the account's record no number is known to be too high; a mailbox
 * that is met later has seen more changes than the one that was mended. */
static void raise_inbox(void)
{
	struct box b = box_now(inbox_id);
	b.m.highestmodseq = b.m.createmodseq = 1000000;
	put_box(b);
	drop(TABLE_MBX, key_box(0));
	mailbox_record();
	drop(TABLE_MSG, key_msg(inbox_id, 6));
}

START_TEST(the_highest_modseq_never_falls)
{
	sample_fill();
	break_with(raise_inbox);
	repair();
	expect_clean();
	ck_assert_uint_gt(box_named(V("INBOX")).highestmodseq, 1000000);
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

/* Threads. */

static uint64_t thread_of(uint32_t uid)
{
	struct store_txn t;
	struct message_info info;
	uint64_t msgid = row_of(inbox_id, uid).msgid;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, msgid, &info), 0);
	store_end(&t);
	return info.threadid;
}

static void drop_objects(void)
{
	drop_all(TABLE_OBJ);
}

static void drop_index(void)
{
	drop_all(TABLE_IDX);
}

static void drop_objects_and_index(void)
{
	drop_all(TABLE_OBJ);
	drop_all(TABLE_IDX);
}

static void forget_threads(void)
{
	char copy[PIECE_OCTETS];
	drop_all(TABLE_IDX);
	for (uint64_t msgid = 1; msgid <= 5; msgid++) {
		struct view v;
		struct key k = key_obj(msgid, 'E', 0);
		ck_assert_int_eq(kv_get(&poke, TABLE_OBJ, key_view(&k), &v), 0);
		memcpy(copy, v.p, v.n);
		envelope_thread(copy, 0);
		put(TABLE_OBJ, k, (struct view){ copy, v.n });
	}
}

static void (*const thread_losses[])(void) = { drop_objects, drop_index,
	drop_objects_and_index, forget_threads };

/* As long as records or keys tell; else by their header fields. */
START_TEST(threads_are_what_they_were)
{
	static const char *const mails[] = {
		"Message-ID: <1@x>\r\nSubject: A\r\n\r\n1\r\n",
		"Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n"
		"Subject: Re: A\r\n\r\n2\r\n",
		"Message-ID: <3@x>\r\nSubject: B\r\n\r\n3\r\n",
		"Subject: C\r\n\r\n4\r\n",
		"Message-ID: <5@x>\r\nReferences: <1@x> <2@x>\r\n"
		"Subject: Re: A\r\n\r\n5\r\n",
	};
	static const uint64_t threads[] = { 1, 1, 3, 4, 1 };
	for (unsigned i = 0; i < 5; i++)
		sample_add(inbox_id, view_of(mails[i]), V(""), V(""));
	break_with(thread_losses[_i]);
	repair();
	expect_clean();
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(thread_of(i + 1), threads[i]);
	uint32_t uid = sample_add(inbox_id,
	    V("References: <5@x>\r\nSubject: Re: A\r\n\r\n6\r\n"), V(""),
	    V(""));
	ck_assert_uint_eq(thread_of(uid), 1);
}

END_TEST

/* Who joined now would not find that thread any more: the record tells, or
 * the keys do. */
START_TEST(a_thread_outlives_its_first_message)
{
	const char reply[] = "Message-ID: <2@x>\r\nIn-Reply-To: <1@x>\r\n"
			     "Subject: Re: A\r\n\r\n2\r\n";
	sample_add(inbox_id, V("Message-ID: <1@x>\r\nSubject: A\r\n\r\n1\r\n"),
	    V(""), V(""));
	sample_add(inbox_id, view_of(reply), V(""), V(""));
	sample_expunge(inbox_id, 1, 1);
	test_now_s += 100000;
	ck_assert_int_eq(housekeeping(store), 0);
	break_with(thread_losses[_i]);
	repair();
	expect_clean();
	ck_assert_uint_eq(thread_of(2), 1);
}

END_TEST

static void drop_structure_and_bytes(void)
{
	unsigned n;
	uint64_t msgid = row_now(inbox_id, 1).msgid;
	struct key b = key_blb(msgid, 0), last = key_blb(msgid + 1, 0);
	drop(TABLE_OBJ, key_obj(msgid, 'M', 0));
	kv_drop_range(&poke, TABLE_BLB, key_view(&b), key_view(&last), 99, &n);
}

START_TEST(an_envelope_outlives_the_bytes)
{
	struct store_txn t;
	struct message_info info;
	sample_fill();
	break_with(drop_structure_and_bytes);
	repair();
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, row_of(inbox_id, 1).msgid, &info), 0);
	ck_assert(view_find(info.envelope, V("ann")) < info.envelope.n);
	store_end(&t);
}

END_TEST

/* How bodies are stored. */

enum {
	NOISE_OCTETS = 300000, /* two frames, which do not become small */
};

static char noise[NOISE_OCTETS];

static void add_noise(void)
{
	uint32_t x = 1;
	for (size_t i = 0; i < sizeof noise; i++) {
		x = x * 1103515245 + 12345;
		noise[i] = i % 80 == 78   ? '\r'
			   : i % 80 == 79 ? '\n'
					  : (char)('a' + (x >> 16) % 16);
	}
	memcpy(noise, "Subject: N\r\n\r\n", 14);
	sample_add(
	    inbox_id, (struct view){ noise, sizeof noise }, V(""), V(""));
}

static void expect_octets(uint32_t uid, const char *want, size_t n)
{
	struct store_txn t;
	char *p = malloc(n);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(
	    message_read(&t, row_of(inbox_id, uid).msgid, 0, p, n), 0);
	ck_assert_mem_eq(p, want, n);
	store_end(&t);
	free(p);
}

static void drop_objects_and_account(void)
{
	drop_all(TABLE_OBJ);
	drop(TABLE_MBX, key_box(0));
}

START_TEST(packed_messages_are_described_again)
{
	if (!pack_is_built())
		return;
	test_compress = true;
	reopen();
	add_noise();
	break_with(_i ? drop_objects_and_account : drop_objects);
	repair();
	expect_clean();
	expect_octets(1, noise, sizeof noise);
	repair();
	ck_assert_uint_eq(repaired.repaired + repaired.lost, 0);
	reopen();
	expect_octets(1, noise, sizeof noise);
}

END_TEST

static void drop_objects_and_a_chunk(void)
{
	drop_all(TABLE_OBJ);
	drop(TABLE_BLB, key_blb(row_now(inbox_id, 1).msgid, 1));
}

/* The octets of a frame are not shown as the message. */
START_TEST(what_cannot_be_unpacked_is_lost)
{
	char byte;
	struct store_txn t;
	if (!pack_is_built())
		return;
	test_compress = true;
	reopen();
	add_noise();
	break_with(drop_objects_and_a_chunk);
	repair();
	ck_assert(told("body-checksum"));
	ck_assert_uint_eq(violations(), 1);
	ck_assert_str_eq(first.invariant, "body-complete");
	struct message m = row_of(inbox_id, 1);
	ck_assert_uint_eq(m.size_bytes, sizeof noise);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_read(&t, m.msgid, 0, &byte, 1), MC_E_CORRUPT);
	store_end(&t);
}

END_TEST

static void put_chunk(uint64_t msgid, uint32_t i, struct view octets)
{
	char value[CHUNK_OCTETS + 4];
	struct key k = key_blb(msgid, i);
	memcpy(value, octets.p, octets.n);
	chunk_seal(&k, octets, value + octets.n);
	put(TABLE_BLB, k, (struct view){ value, octets.n + 4 });
}

/* As before there were pieces. */
static void store_as_of_old(void)
{
	uint64_t msgid = row_now(inbox_id, 6).msgid;
	const size_t tail = 2 * CHUNK_OCTETS;
	for (uint32_t i = 3; i < 5; i++)
		drop(TABLE_BLB, key_blb(msgid, i));
	put_chunk(msgid, 2,
	    (struct view){ sample_large + tail, SAMPLE_LARGE - tail });
	drop_all(TABLE_OBJ);
}

START_TEST(an_older_layout_is_found)
{
	sample_fill();
	break_with(store_as_of_old);
	repair();
	expect_clean();
	expect_octets(6, sample_large, SAMPLE_LARGE);
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
	tcase_add_test(t, the_highest_modseq_never_falls);
	tcase_add_test(t, what_is_lost_stays_listed);
	tcase_add_test(t, clients_are_told_that_parts_were_lost);
	tcase_add_loop_test(t, threads_are_what_they_were, 0, 4);
	tcase_add_loop_test(t, a_thread_outlives_its_first_message, 0, 2);
	tcase_add_test(t, an_envelope_outlives_the_bytes);
	tcase_add_loop_test(t, packed_messages_are_described_again, 0, 2);
	tcase_add_test(t, what_cannot_be_unpacked_is_lost);
	tcase_add_test(t, an_older_layout_is_found);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
