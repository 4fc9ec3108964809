/* Other processes that have the store open, and stop or die there. */
#include "store/check/check.h"
#include "store/housekeeping.h"
#include "store/txn/edit.h"
#include "store_fixture.h"
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What a process does before it stands still. */
static void begin_reading(struct store *s)
{
	static struct store_txn t;
	ck_assert_int_eq(store_read(s, &t), 0);
}

static void begin_writing(struct store *s)
{
	static struct edit e;
	ck_assert_int_eq(edit_begin(s, &e), 0);
	(void)edit_modseq(&e);
	kv_put(&e.kv, TABLE_ATT, V("half"), V("done"));
}

/* A process that stopped (SIGSTOP) after fn. */
static pid_t stopped_after(void (*fn)(struct store *s))
{
	int status;
	store_close(&store); /* never open over a fork */
	pid_t pid = fork();
	if (pid == 0) {
		fn(test_open(false));
		raise(SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, WUNTRACED), pid);
	ck_assert(WIFSTOPPED(status));
	store = test_open(false);
	return pid;
}

static void kill_child(pid_t pid)
{
	int status;
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

static int append_one(void)
{
	struct append_result r;
	static char text[20000];
	memset(text, 'x', sizeof text);
	const struct append a = { .mailbox = inbox_id,
		.source = { .mem = { text, sizeof text }, .fd = -1 },
		.internaldate = { 1600000000, 0 } };
	return message_append(store, &a, 1, &r);
}

/* A full turnover: as much comes as goes. */
static void turn_over(unsigned times)
{
	struct uidset gone;
	uidset_init(&gone);
	for (unsigned i = 0; i < times; i++) {
		ck_assert_int_eq(append_one(), 0);
		ck_assert_int_eq(
		    message_expunge(store, inbox_id, NULL, false, &gone), 0);
		test_now_s += 3600;
		ck_assert_int_eq(housekeeping(store), 0);
	}
	uidset_deinit(&gone);
}

static off_t file_size(void)
{
	struct stat st;
	ck_assert_int_eq(stat(dir.file, &st), 0);
	return st.st_size;
}

static void expect_clean(void)
{
	const struct check_options o = { .bodies = true };
	struct check_result r;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 0);
}

/* Nobody waits for a reader. While it stands, no page that it may see is used
 * again; when it was killed, all are. */
START_TEST(readers_hold_up_nobody)
{
	turn_over(5);
	pid_t pid = stopped_after(begin_reading);
	turn_over(20);
	kill_child(pid);
	store_housekeeping(store);
	turn_over(5);
	off_t size = file_size();
	turn_over(100);
	ck_assert_int_le(file_size(), size + size / 4);
	expect_clean();
}

END_TEST

START_TEST(killed_writers_leave_nothing)
{
	struct kv_txn t;
	struct view v;
	ck_assert_int_eq(append_one(), 0);
	kill_child(stopped_after(begin_writing));
	ck_assert_int_eq(append_one(), 0);
	ck_assert_int_eq(kv_read(store->kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, TABLE_ATT, V("half"), &v), MC_E_NOENT);
	kv_abort(&t);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 2);
	expect_clean();
}

END_TEST

/* Readers go on beside a writer that stopped. Writers wait for it, and go on
 * as soon as somebody ends it. */
START_TEST(stopped_writers_hold_up_writers_only)
{
	int status;
	ck_assert_int_eq(append_one(), 0);
	pid_t stopped = stopped_after(begin_writing);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 1);
	store_close(&store);
	pid_t writer = fork();
	if (writer == 0) {
		store = test_open(false);
		_exit(append_one() != 0);
	}
	store = test_open(false);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 1);
	ck_assert_int_eq(waitpid(writer, &status, WNOHANG), 0);
	kill_child(stopped);
	ck_assert_int_eq(waitpid(writer, &status, 0), writer);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 2);
	expect_clean();
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/processes");
	TCase *tc = tcase_create("processes");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, readers_hold_up_nobody);
	tcase_add_test(tc, killed_writers_leave_nothing);
	tcase_add_test(tc, stopped_writers_hold_up_writers_only);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
