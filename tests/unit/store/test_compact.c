#include "store/check/check.h"
#include "store/compact.h"
#include "store/search/extract_files.h"
#include "store_sample.h"
#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Everything in the store, as text to compare. */
static void dump(struct buf *out)
{
	struct kv_txn t;
	struct kv_cursor c;
	buf_init(out, 64 << 20);
	ck_assert_int_eq(kv_read(store->kv, &t), 0);
	for (unsigned table = 0; table < STORE_TABLES; table++) {
		ck_assert_int_eq(kv_cursor_open(&c, &t, table), 0);
		int error = kv_cursor_seek(&c, V("\0"));
		for (; !error; error = kv_cursor_next(&c)) {
			buf_put(out, view_of(store_tables[table]));
			buf_put(out, c.key);
			buf_put(out, c.value);
		}
		ck_assert_int_eq(error, MC_E_NOENT);
		kv_cursor_close(&c);
	}
	kv_abort(&t);
}

enum {
	BATCH_MAX = 500
};

static void add_many(unsigned n, size_t size)
{
	static char text[4000] = "Subject: F\r\n\r\n";
	static struct append items[BATCH_MAX];
	static struct append_result results[BATCH_MAX];
	ck_assert_uint_le(n, BATCH_MAX);
	memset(text + 14, 'y', sizeof text - 14);
	for (unsigned i = 0; i < n; i++)
		items[i] = (struct append){
			.mailbox = inbox_id,
			.source = { .mem = { text, size }, .fd = -1 },
		};
	ck_assert_int_eq(message_append(store, items, n, results), 0);
}

static void fill_and_delete(unsigned n)
{
	struct mailbox before = box_named(V("INBOX"));
	add_many(n, 4000);
	sample_expunge(inbox_id, before.uidnext, before.uidnext + n - 1);
	test_now_s += 365 * 86400;
	for (unsigned i = 0; i < 10; i++)
		store_housekeeping(store);
}

static void expect_clean(void)
{
	struct check_options o = { .bodies = true };
	struct check_result r;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 0);
	ck_assert_uint_gt(r.chunks, 0);
}

START_TEST(keeps_every_record)
{
	struct buf before, after;
	struct store_compaction r;
	struct stat st;
	sample_fill();
	fill_and_delete(200);
	dump(&before);
	uint64_t change = store_last_change(store);
	ck_assert_int_eq(store_compact(store, NULL, NULL, &r), 0);
	ck_assert_uint_lt(r.after_bytes, r.before_bytes / 2);
	ck_assert_int_eq(stat(dir.file, &st), 0);
	ck_assert_uint_eq((uint64_t)st.st_size, r.after_bytes);
	ck_assert_uint_ne(store_last_change(store), change);
	dump(&after);
	ck_assert_view_eq(buf_view(&after), buf_view(&before));
	expect_clean();
	reopen();
	buf_deinit(&after);
	dump(&after);
	ck_assert_view_eq(buf_view(&after), buf_view(&before));
	ck_assert_uint_gt(
	    sample_add(inbox_id, V("Subject: n\r\n\r\n"), V(""), V("")), 200);
	expect_clean();
	buf_deinit(&before);
	buf_deinit(&after);
}

END_TEST

static enum store_compact_state idle(unsigned *calls)
{
	struct store_compaction r = { 0 };
	enum store_compact_state state;
	*calls = 0;
	do {
		state = store_compact_idle(store, &r);
		++*calls;
	} while (state == STORE_COMPACT_MORE);
	if (state == STORE_COMPACT_DONE)
		ck_assert_uint_lt(r.after_bytes, r.before_bytes);
	return state;
}

START_TEST(begins_when_it_pays)
{
	const struct store_options o = { .now_s = test_clock,
		.compact_free_bytes = 500000 };
	unsigned calls;
	sample_fill();
	fill_and_delete(200);
	/* Not for less than 100 MB. */
	ck_assert_int_eq(idle(&calls), STORE_COMPACT_NONE);
	store_close(&store);
	ck_assert_int_eq(store_open(dir.path, &o, &store), 0);
	ck_assert_int_eq(idle(&calls), STORE_COMPACT_DONE);
	ck_assert_uint_ge(calls, 2);
	ck_assert_int_eq(idle(&calls), STORE_COMPACT_NONE);
	ck_assert_uint_eq(calls, 1);
	/* Not for a small part: 0.6 of more than 2 MB. */
	add_many(400, 4000);
	fill_and_delete(150);
	ck_assert_int_eq(idle(&calls), STORE_COMPACT_NONE);
	expect_clean();
}

END_TEST

START_TEST(closing_gives_up)
{
	const struct store_options o = { .now_s = test_clock,
		.compact_free_bytes = 1 };
	struct store_compaction r;
	char path[128];
	struct stat st;
	fill_and_delete(200);
	store_close(&store);
	ck_assert_int_eq(store_open(dir.path, &o, &store), 0);
	ck_assert_int_eq(store_compact_idle(store, &r), STORE_COMPACT_MORE);
	snprintf(path, sizeof path, "%s-new", dir.file);
	ck_assert_int_eq(stat(path, &st), 0);
	reopen();
	ck_assert_int_eq(stat(path, &st), -1);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 0);
}

END_TEST

/* The texts that a search reads are a cache beside, which stays. */
START_TEST(extracts_stay)
{
	struct store_compaction r;
	struct extract_meta before, after;
	struct kv_txn t;
	bool more;
	sample_fill();
	do
		extract_build(store, 1000, &more);
	while (more);
	ck_assert_int_eq(kv_read(store->extracts->kv, &t), 0);
	ck_assert_int_eq(extract_meta_get(&t, &before), 0);
	kv_abort(&t);
	ck_assert_uint_gt(before.done_msgid, 0);
	ck_assert_int_eq(store_compact(store, NULL, NULL, &r), 0);
	reopen();
	ck_assert_uint_eq(extract_lag(store), 0);
	ck_assert_int_eq(kv_read(store->extracts->kv, &t), 0);
	ck_assert_int_eq(extract_meta_get(&t, &after), 0);
	kv_abort(&t);
	ck_assert_uint_eq(after.changes, before.changes);
}

END_TEST

static void compact_once(int go)
{
	struct store_compaction r;
	char byte;
	if (read(go, &byte, 1) != 1)
		_exit(1);
	store = test_open(false);
	int error = store_compact(store, NULL, NULL, &r);
	store_close(&store);
	_exit(error ? 2 : 0);
}

/* An agent that waits for changes gets the new file at once. */
START_TEST(those_who_wait_are_woken)
{
	int go[2], fd, status;
	store_close(&store);
	ck_assert_int_eq(pipe(go), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		compact_once(go[0]);
	store = test_open(false);
	sample_fill();
	ck_assert_int_eq(store_wake_open(store, &fd), 0);
	store_wake_drain(fd);
	uint64_t change = store_last_change(store);
	ck_assert_int_eq((int)write(go[1], "g", 1), 1);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ck_assert_int_eq(poll(&p, 1, 5000), 1);
	ck_assert_uint_ne(store_last_change(store), change);
	struct stat st;
	ck_assert_int_eq(stat(dir.file, &st), 0);
	sample_add(inbox_id, V("Subject: n\r\n\r\n"), V(""), V(""));
	expect_clean();
	reopen();
	ck_assert_uint_eq(box_named(V("INBOX")).uidnext, 8);
}

END_TEST

START_TEST(readonly_stores_are_left_alone)
{
	struct store_compaction r;
	sample_fill();
	store_close(&store);
	store = test_open(true);
	ck_assert_int_eq(store_compact(store, NULL, NULL, &r), -EROFS);
	ck_assert_int_eq(store_compact_idle(store, &r), STORE_COMPACT_NONE);
	expect_clean();
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/compact");
	TCase *tc = tcase_create("compact");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, keeps_every_record);
	tcase_add_test(tc, begins_when_it_pays);
	tcase_add_test(tc, closing_gives_up);
	tcase_add_test(tc, extracts_stay);
	tcase_add_test(tc, those_who_wait_are_woken);
	tcase_add_test(tc, readonly_stores_are_left_alone);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
