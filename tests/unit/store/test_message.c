#include "store/txn/edit.h"
#include "store_fixture.h"
#include <signal.h>
#include <sys/wait.h>

static const char plain_text[] =
    "From: Ann <ann@example.org>\r\nTo: bob@example.org\r\n"
    "Subject: Lunch\r\nDate: Tue, 3 Nov 2026 10:00:00 +0100\r\n\r\n"
    "At noon?\r\n";

static struct append item_of(struct view text)
{
	return (struct append){
		.mailbox = 0xFFFFFFFE,
		.source = { .mem = text, .fd = -1 },
		.internaldate = { 1600000000, -300 },
	};
}

static uint32_t add(struct append item)
{
	struct append_result r;
	ck_assert_int_eq(message_append(store, &item, 1, &r), 0);
	ck_assert_int_eq(r.error, 0);
	return r.uid;
}

static void add_many(unsigned n)
{
	enum {
		BATCH = 50
	};
	struct append items[BATCH];
	struct append_result results[BATCH];
	for (unsigned i = 0; i < BATCH; i++)
		items[i] = item_of(view_of(plain_text));
	for (; n > 0; n -= n < BATCH ? n : BATCH)
		ck_assert_int_eq(message_append(store, items,
				     n < BATCH ? n : BATCH, results),
		    0);
}

static uint64_t msgid_of(uint32_t uid)
{
	struct store_txn t;
	struct message m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_get(&t, 0xFFFFFFFE, uid, &m), 0);
	store_end(&t);
	return m.msgid;
}

static int info_error(uint64_t msgid, struct message_info *out)
{
	struct store_txn t;
	ck_assert_int_eq(store_read(store, &t), 0);
	int error = message_info(&t, msgid, out);
	store_end(&t);
	return error;
}

static struct uidset uids_of(uint32_t first, uint32_t last)
{
	struct uidset s;
	uidset_init(&s);
	ck_assert_int_eq(uidset_add(&s, first, last), 0);
	return s;
}

START_TEST(knows_a_message_without_reading_it)
{
	struct store_txn t;
	struct message_info info;
	struct mime_part part;
	char text[sizeof plain_text - 1];
	uint64_t msgid = msgid_of(add(item_of(view_of(plain_text))));
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, msgid, &info), 0);
	ck_assert(view_find(info.envelope, V("\"Lunch\"")) < info.envelope.n);
	ck_assert(view_istarts(info.bodystructure, V("(\"TEXT\" \"PLAIN\"")));
	ck_assert_uint_eq(info.n_parts, 1);
	ck_assert_int_eq(info.sent_s, 1793696400);
	ck_assert(info.crlf_clean);
	ck_assert(!info.has_nul);
	ck_assert_uint_eq(info.n_lines, 6);
	ck_assert_int_eq(message_parts(&info, &part), 0);
	ck_assert_uint_eq(part.header_size, info.header_size);
	ck_assert_uint_eq(part.body_offset + part.body_size, info.size_bytes);
	ck_assert_int_eq(
	    message_read(&t, msgid, part.body_offset, text, 10), 0);
	ck_assert_mem_eq(text, "At noon?\r\n", 10);
	ck_assert_int_eq(
	    message_read(&t, msgid, 1, text, sizeof text), MC_E_BAD);
	ck_assert_int_eq(
	    message_read(&t, msgid, UINT64_MAX, text, 2), MC_E_BAD);
	ck_assert_int_eq(message_read(&t, 77, 0, text, 1), MC_E_NOENT);
	store_end(&t);
}

END_TEST

static const struct clean_case {
	struct view text;
	bool clean;
} clean_cases[] = {
	{ V_INIT("a: b\r\n\r\nx\r\n"), true },
	{ V_INIT("a: b\r\n\r\n.x\r\n"), false },
	{ V_INIT(".a: b\r\n"), false },
	{ V_INIT("a: b\n\nx\n"), false },
	{ V_INIT("a: b\r\n\r\nx"), false },
	{ V_INIT("a: b\r\n\r\nx\r"), false },
	{ V_INIT("\n"), false },
	{ V_INIT(""), true },
	{ V_INIT("\r\n"), true },
	{ V_INIT("x"), false },
};

/* POP3 may send clean ones as they are; the pieces split anywhere. */
START_TEST(tells_clean_lines)
{
	struct view text = clean_cases[_i].text;
	for (size_t cut = 0; cut <= text.n; cut++) {
		struct message_info info;
		struct append item = item_of(view_skip(text, cut));
		item.source.prefix = view_head(text, cut);
		ck_assert_int_eq(info_error(msgid_of(add(item)), &info), 0);
		ck_assert_int_eq(info.crlf_clean, clean_cases[_i].clean);
		ck_assert_uint_eq(info.size_bytes, text.n);
	}
}

END_TEST

/* Descriptions longer than a page come back whole. */
START_TEST(large_descriptions_are_whole)
{
	static char text[200000];
	struct store_txn t;
	struct message_info info;
	size_t n = 0;
	n += (size_t)snprintf(text, sizeof text, "Subject: many\r\nTo: ");
	for (int i = 0; i < 500; i++)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, "user%d@example.org,\r\n ", i);
	n += (size_t)snprintf(text + n, sizeof text - n,
	    "z@example.org\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(
		    text + n, sizeof text - n, "--b\r\n\r\npart\r\n");
	n += (size_t)snprintf(text + n, sizeof text - n, "--b--\r\n");
	uint64_t msgid = msgid_of(add(item_of((struct view){ text, n })));
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, msgid, &info), 0);
	ck_assert_uint_gt(info.envelope.n, 3 * 4080);
	ck_assert(view_find(info.envelope, V("\"user499\"")) < info.envelope.n);
	ck_assert_uint_eq(info.n_parts, 201);
	struct mime_part *parts = calloc(info.n_parts, sizeof *parts);
	ck_assert_int_eq(message_parts(&info, parts), 0);
	ck_assert_uint_eq(parts[200].parent, 0);
	free(parts);
	store_end(&t);
}

END_TEST

START_TEST(delivers_once)
{
	struct append_result r[3];
	struct append items[3];
	for (int i = 0; i < 3; i++) {
		items[i] = item_of(view_of(plain_text));
		items[i].delivery_id = V("0123456789abcdef");
	}
	items[1].delivery_id = V("0123456789abcdeX");
	ck_assert_int_eq(message_append(store, items, 3, r), 0);
	ck_assert(!r[0].duplicate && !r[1].duplicate && r[2].duplicate);
	ck_assert_uint_eq(r[2].uid, r[0].uid);
	reopen();
	ck_assert_int_eq(message_append(store, items, 1, r), 0);
	ck_assert(r[0].duplicate);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 2);
	items[0].delivery_id = V("short");
	ck_assert_int_eq(message_append(store, items, 1, r), 0);
	ck_assert_int_eq(r[0].error, MC_E_BAD);
	/* Forgotten long after any queue has given up. */
	items[0].delivery_id = V("0123456789abcdef");
	test_now_s += 31 * 86400;
	store_housekeeping(store);
	ck_assert_int_eq(message_append(store, items, 1, r), 0);
	ck_assert(!r[0].duplicate);
}

END_TEST

START_TEST(one_bad_item_keeps_nobody_out)
{
	struct append_result r[4];
	struct append items[4];
	struct view too_long = view_of(plain_text);
	for (int i = 0; i < 4; i++)
		items[i] = item_of(view_of(plain_text));
	items[0].mailbox = 5;
	items[1].keywords = &too_long;
	items[1].n_keywords = 1;
	items[2].source = (struct source){ .fd = 1000, .fd_size = 10 };
	ck_assert_int_eq(message_append(store, items, 4, r), 0);
	ck_assert_int_eq(r[0].error, MC_E_NOENT);
	ck_assert_int_eq(r[1].error, MC_E_LIMIT);
	ck_assert_int_ne(r[2].error, 0);
	ck_assert_int_eq(r[3].error, 0);
	ck_assert_uint_eq(r[3].uid, 1);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 1);
}

END_TEST

START_TEST(keywords_have_slots)
{
	struct store_txn t;
	struct view name, names[2] = { V("$Forwarded"), V("todo") };
	struct append item = item_of(view_of(plain_text));
	struct append_result r;
	char text[16];
	item.keywords = names;
	item.n_keywords = 2;
	add(item);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(keyword_find(&t, V("TODO")), 1);
	ck_assert_int_eq(keyword_find(&t, V("none")), -1);
	ck_assert_int_eq(keyword_name(&t, 0, &name), 0);
	ck_assert_view_eq(name, V("$Forwarded"));
	ck_assert_int_eq(keyword_name(&t, 2, &name), MC_E_NOENT);
	ck_assert_int_eq(keyword_name(&t, 128, &name), MC_E_NOENT);
	store_end(&t);
	item.n_keywords = 1;
	for (int i = 0; i < 130; i++) {
		snprintf(text, sizeof text, "k%d", i);
		names[0] = view_of(text);
		ck_assert_int_eq(message_append(store, &item, 1, &r), 0);
		ck_assert_int_eq(r.error, i < 126 ? 0 : MC_E_LIMIT);
	}
	names[0] = V("no atom");
	ck_assert_int_eq(message_append(store, &item, 1, &r), 0);
	ck_assert_int_eq(r.error, MC_E_BAD);
}

END_TEST

/* RFC 7162 3.1.3: UNCHANGEDSINCE. */
START_TEST(later_changes_are_left_alone)
{
	struct flag_change seen = { .op = FLAGS_ADD, .flags = MESSAGE_SEEN };
	struct flag_change flagged = { .op = FLAGS_ADD,
		.flags = MESSAGE_FLAGGED };
	struct uidset modified, two = uids_of(2, 2), all = uids_of(1, 9);
	uidset_init(&modified);
	add_many(3);
	uint64_t before = box_named(V("INBOX")).highestmodseq;
	ck_assert_int_eq(message_store_flags(store, 0xFFFFFFFE, &two, &seen,
			     UINT64_MAX, &modified, NULL, NULL),
	    0);
	uint64_t after = box_named(V("INBOX")).highestmodseq;
	ck_assert_uint_gt(after, before);
	/* What is set already is no change. */
	ck_assert_int_eq(message_store_flags(store, 0xFFFFFFFE, &two, &seen,
			     UINT64_MAX, &modified, NULL, NULL),
	    0);
	ck_assert_uint_eq(box_named(V("INBOX")).highestmodseq, after);
	ck_assert_int_eq(message_store_flags(store, 0xFFFFFFFE, &all, &flagged,
			     before, &modified, NULL, NULL),
	    0);
	ck_assert_uint_eq(modified.count, 1);
	ck_assert(uidset_has(&modified, 2));
	uidset_deinit(&modified);
	uidset_deinit(&two);
	uidset_deinit(&all);
}

END_TEST

static uint64_t retained(void)
{
	struct kv_txn t;
	struct account a;
	ck_assert_int_eq(kv_read(store->kv, &t), 0);
	ck_assert_int_eq(account_get(&t, &a), 0);
	kv_abort(&t);
	return a.retained_bytes;
}

START_TEST(expunged_objects_wait_for_open_sessions)
{
	struct message_info info;
	struct uidset gone, one = uids_of(1, 1);
	static char large[3000000];
	uidset_init(&gone);
	add(item_of((struct view){ large, sizeof large }));
	add(item_of(view_of(plain_text)));
	uint64_t msgid = msgid_of(1);
	ck_assert_int_eq(
	    message_expunge(store, 0xFFFFFFFE, &one, false, &gone), 0);
	ck_assert_int_eq(info_error(msgid, &info), 0);
	ck_assert_uint_eq(retained(), sizeof large);
	test_now_s += 599;
	store_housekeeping(store);
	ck_assert_int_eq(info_error(msgid, &info), 0);
	test_now_s += 2;
	for (int i = 0; i < 50 && retained(); i++)
		store_housekeeping(store);
	ck_assert_int_eq(info_error(msgid, &info), MC_E_NOENT);
	ck_assert_uint_eq(retained(), 0);
	ck_assert_int_eq(info_error(msgid_of(2), &info), 0);
	uidset_deinit(&gone);
	uidset_deinit(&one);
}

END_TEST

/* A sweep looks at 1,000 and goes on at the key behind them, which a damaged
 * file may have made longer than any of ours. */
START_TEST(long_delivery_keys_are_no_end)
{
	struct kv_txn t;
	const struct delivery d = { (uint32_t)test_now_s, 1, 1 };
	char value[12], key[KV_KEY_MAX];
	struct view v = delivery_encode(&d, value);
	ck_assert_int_eq(kv_write(store->kv, &t), 0);
	for (unsigned i = 0; i < 1000; i++) {
		char id[DELIVERY_ID_OCTETS] = { (char)(i >> 8 & 3), (char)i };
		struct key k = key_delivery((struct view){ id, sizeof id });
		kv_put(&t, TABLE_IDX, key_view(&k), v);
	}
	memset(key, 'D', sizeof key);
	kv_put(&t, TABLE_IDX, (struct view){ key, sizeof key }, v);
	ck_assert_int_eq(kv_commit(&t), 0);
	store_housekeeping(store);
	store_housekeeping(store);
	add(item_of(view_of(plain_text)));
}

END_TEST

static int count_vanished(void *ctx, uint32_t first, uint32_t last)
{
	uint32_t *n = ctx;
	n[0]++;
	n[1] += last - first + 1;
	return 0;
}

static int no_message(void *ctx, const struct message *m)
{
	(void)ctx;
	(void)m;
	return MC_E_INTERNAL;
}

/* 3,000 rows go in three transactions, as three runs. */
START_TEST(mass_expunge_is_run_lengths)
{
	struct store_txn t;
	struct uidset gone;
	uint32_t n[2] = { 0, 0 };
	const struct changes_sink sink = { no_message, count_vanished, n };
	uidset_init(&gone);
	add_many(3000);
	uint64_t since = box_named(V("INBOX")).highestmodseq;
	ck_assert_int_eq(
	    message_expunge(store, 0xFFFFFFFE, NULL, true, &gone), 0);
	ck_assert_uint_eq(gone.count, 0);
	ck_assert_int_eq(
	    message_expunge(store, 0xFFFFFFFE, NULL, false, &gone), 0);
	ck_assert_uint_eq(gone.count, 3000);
	ck_assert_uint_eq(gone.n_ranges, 1);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_changes(&t, 0xFFFFFFFE, since, &sink), 0);
	ck_assert_uint_eq(n[0], 3);
	ck_assert_uint_eq(n[1], 3000);
	store_end(&t);
	uidset_deinit(&gone);
}

END_TEST

/* Every other of 24,000: more runs than are kept. The floor is honest. */
START_TEST(old_history_is_forgotten_openly)
{
	struct store_txn t;
	struct uidset odd, gone;
	uint32_t n[2] = { 0, 0 };
	const struct changes_sink sink = { no_message, count_vanished, n };
	uidset_init(&odd);
	uidset_init(&gone);
	add_many(24000);
	for (uint32_t u = 1; u < 24000; u += 2)
		ck_assert_int_eq(uidset_add(&odd, u, u), 0);
	uint64_t since = box_named(V("INBOX")).highestmodseq;
	ck_assert_int_eq(
	    message_expunge(store, 0xFFFFFFFE, &odd, false, &gone), 0);
	ck_assert_int_eq(
	    message_expunge(store, 0xFFFFFFFE, NULL, false, &gone), 0);
	struct mailbox m = box_named(V("INBOX"));
	ck_assert_uint_gt(m.vanish_floor, since);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(
	    message_changes(&t, 0xFFFFFFFE, since, &sink), MC_E_AGAIN);
	ck_assert_int_eq(
	    message_changes(&t, 0xFFFFFFFE, m.vanish_floor, &sink), 0);
	ck_assert_uint_gt(n[0], 0);
	store_end(&t);
	uidset_deinit(&odd);
	uidset_deinit(&gone);
}

END_TEST

/* Overwrites a value behind the store's back. */
static void damage(enum store_table table, struct key k, size_t at, char byte)
{
	struct kv_txn t;
	struct view v;
	static char copy[8192];
	ck_assert_int_eq(kv_write(store->kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, table, key_view(&k), &v), 0);
	memcpy(copy, v.p, v.n);
	if (at < v.n)
		copy[at] = byte;
	kv_put(&t, table, key_view(&k),
	    (struct view){ copy, at < v.n ? v.n : v.n - 1 });
	ck_assert_int_eq(kv_commit(&t), 0);
}

START_TEST(damage_is_an_error)
{
	struct store_txn t;
	struct message_info info;
	struct message m;
	struct mailbox box;
	char text[20];
	uint64_t msgid = msgid_of(add(item_of(view_of(plain_text))));
	add(item_of(view_of(plain_text)));
	damage(TABLE_BLB, key_blb(msgid, 0), 30, '!');
	damage(TABLE_MSG, key_msg(0xFFFFFFFE, 2), 99, 0);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_read(&t, msgid, 0, text, 20), MC_E_CORRUPT);
	ck_assert_int_eq(message_get(&t, 0xFFFFFFFE, 2, &m), MC_E_CORRUPT);
	store_end(&t);
	damage(TABLE_OBJ, key_obj(msgid, 'M', 0), 9, 0x7F);
	ck_assert_int_eq(info_error(msgid, &info), MC_E_CORRUPT);
	damage(TABLE_OBJ, key_obj(msgid, 'E', 0), 0, 9);
	ck_assert_int_eq(info_error(msgid, &info), MC_E_CORRUPT);
	damage(TABLE_MBX, key_box(0xFFFFFFFE), 0, 9);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, V("INBOX"), &box), MC_E_CORRUPT);
	store_end(&t);
	ck_assert_int_eq(
	    mailbox_claim_recent(store, 0xFFFFFFFE, &m.uid), MC_E_CORRUPT);
}

END_TEST

START_TEST(later_schemas_are_refused)
{
	const struct store_options o = { .create = true };
	struct store *s;
	damage(TABLE_MBX, key_box(0), 0, STORE_SCHEMA + 1);
	store_close(&store);
	ck_assert_int_eq(store_open(dir.path, &o, &s), MC_E_VERSION);
}

END_TEST

START_TEST(recent_belongs_to_one_session)
{
	uint32_t first;
	uint64_t before;
	add_many(3);
	ck_assert_int_eq(mailbox_claim_recent(store, 0xFFFFFFFE, &first), 0);
	ck_assert_uint_eq(first, 1);
	before = store_last_change(store);
	ck_assert_int_eq(mailbox_claim_recent(store, 0xFFFFFFFE, &first), 0);
	ck_assert_uint_eq(first, 4);
	ck_assert_uint_eq(store_last_change(store), before);
	ck_assert_int_eq(mailbox_claim_recent(store, 9, &first), MC_E_NOENT);
}

END_TEST

static void append_as_child(unsigned n)
{
	store = test_open(false);
	for (unsigned i = 0; i < n; i++)
		add(item_of(view_of(plain_text)));
	store_close(&store);
	_exit(0);
}

/* Two agents of one user; a third is killed at its work. */
START_TEST(processes_share_a_store)
{
	enum {
		EACH = 60
	};
	struct store_txn t;
	struct uidset uids;
	int status;
	pid_t child[3];
	store_close(&store);
	for (int i = 0; i < 3; i++) {
		child[i] = fork();
		ck_assert_int_ge(child[i], 0);
		if (child[i] == 0)
			append_as_child(i ? EACH : 100000);
	}
	for (int i = 1; i < 3; i++) {
		ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
		ck_assert_int_eq(status, 0);
	}
	kill(child[0], SIGKILL);
	waitpid(child[0], &status, 0);
	store = test_open(false);
	struct mailbox m = box_named(V("INBOX"));
	ck_assert_uint_ge(m.messages, 2 * EACH);
	ck_assert_uint_eq(m.uidnext, m.messages + 1);
	ck_assert_int_eq(store_read(store, &t), 0);
	uidset_init(&uids);
	ck_assert_int_eq(message_uids(&t, m.id, &uids), 0);
	ck_assert_uint_eq(uids.count, m.messages);
	store_end(&t);
	uidset_deinit(&uids);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/message");
	TCase *tc = tcase_create("message");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, knows_a_message_without_reading_it);
	tcase_add_loop_test(tc, tells_clean_lines, 0,
	    sizeof clean_cases / sizeof clean_cases[0]);
	tcase_add_test(tc, large_descriptions_are_whole);
	tcase_add_test(tc, delivers_once);
	tcase_add_test(tc, one_bad_item_keeps_nobody_out);
	tcase_add_test(tc, keywords_have_slots);
	tcase_add_test(tc, later_changes_are_left_alone);
	tcase_add_test(tc, expunged_objects_wait_for_open_sessions);
	tcase_add_test(tc, mass_expunge_is_run_lengths);
	tcase_add_test(tc, old_history_is_forgotten_openly);
	tcase_add_test(tc, damage_is_an_error);
	tcase_add_test(tc, long_delivery_keys_are_no_end);
	tcase_add_test(tc, later_schemas_are_refused);
	tcase_add_test(tc, recent_belongs_to_one_session);
	tcase_add_test(tc, processes_share_a_store);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
