#include "store/kv/kv.h"
#include "tmp_dir.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *const tables[] = { "one", "two" };
static const struct kv_options plain = { .tables = tables, .n_tables = 2 };
static struct tmp_dir dir;

static void setup(void)
{
	tmp_dir_init(&dir);
}

static void teardown(void)
{
	tmp_dir_deinit(&dir);
}

static struct kv *open_with(struct kv_options o)
{
	struct kv *kv;
	ck_assert_int_eq(kv_open(dir.file, &o, &kv), 0);
	return kv;
}

static void put_one(struct kv *kv, struct view key, struct view value)
{
	struct kv_txn t;
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_put(&t, 0, key, value);
	ck_assert_int_eq(kv_commit(&t), 0);
}

static void expect(struct kv *kv, struct view key, struct view want)
{
	struct kv_txn t;
	struct view got;
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, 0, key, &got), 0);
	ck_assert_view_eq(got, want);
	kv_abort(&t);
}

START_TEST(keeps_what_is_committed)
{
	struct kv *kv = open_with(plain);
	struct kv_txn t;
	struct view got;
	uint64_t before = kv_last_change(kv);
	put_one(kv, V("a"), V("1"));
	ck_assert_uint_ne(kv_last_change(kv), before);
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_put(&t, 0, V("b"), V("2"));
	kv_abort(&t);
	kv_close(&kv);
	ck_assert_ptr_null(kv);
	kv = open_with(plain);
	expect(kv, V("a"), V("1"));
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, 0, V("b"), &got), MC_E_NOENT);
	ck_assert_int_eq(kv_get(&t, 1, V("a"), &got), MC_E_NOENT);
	ck_assert_int_eq(t.error, 0);
	kv_abort(&t);
	kv_close(&kv);
}

END_TEST

START_TEST(first_failure_fails_the_whole)
{
	struct kv *kv = open_with(plain);
	struct kv_txn t;
	struct view got;
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_put(&t, 0, V("a"), V("1"));
	kv_put(&t, 0, V_NONE, V("no key"));
	kv_put(&t, 0, V("b"), V("2"));
	ck_assert_int_eq(kv_get(&t, 0, V("a"), &got), MC_E_BAD);
	ck_assert_int_eq(kv_commit(&t), MC_E_BAD);
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, 0, V("a"), &got), MC_E_NOENT);
	kv_abort(&t);
	kv_abort(&t);
	kv_close(&kv);
}

END_TEST

START_TEST(cursor_walks_and_changes)
{
	struct kv *kv = open_with(plain);
	struct kv_txn t;
	struct kv_cursor c;
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_append(&t, 0, V("b"), V("1"));
	kv_append(&t, 0, V("d"), V("2"));
	kv_append(&t, 0, V("a"), V("0")); /* not behind: still put */
	memcpy(kv_reserve(&t, 0, V("f"), 1, true), "3", 1);
	ck_assert_int_eq(kv_cursor_open(&c, &t, 0), 0);
	ck_assert_int_eq(kv_cursor_seek(&c, V("c")), 0);
	ck_assert_view_eq(c.key, V("d"));
	kv_cursor_replace(&c, V("9"));
	ck_assert_int_eq(kv_cursor_next(&c), 0);
	ck_assert_view_eq(c.value, V("3"));
	ck_assert_int_eq(kv_cursor_next(&c), MC_E_NOENT);
	ck_assert_int_eq(kv_cursor_seek_before(&c, V("z")), 0);
	ck_assert_view_eq(c.key, V("f"));
	ck_assert_int_eq(kv_cursor_seek_before(&c, V("d")), 0);
	ck_assert_view_eq(c.key, V("b"));
	kv_cursor_delete(&c);
	ck_assert_int_eq(kv_cursor_next(&c), 0);
	ck_assert_view_eq(c.key, V("d"));
	ck_assert_int_eq(kv_cursor_prev(&c), 0);
	ck_assert_view_eq(c.key, V("a"));
	ck_assert_int_eq(kv_cursor_seek_before(&c, V("a")), MC_E_NOENT);
	kv_cursor_close(&c);
	ck_assert_int_eq(kv_delete(&t, 0, V("zz")), MC_E_NOENT);
	ck_assert_int_eq(kv_commit(&t), 0);
	expect(kv, V("d"), V("9"));
	kv_close(&kv);
}

END_TEST

START_TEST(drops_ranges_in_slices)
{
	struct kv *kv = open_with(plain);
	struct kv_txn t;
	struct view got;
	unsigned n;
	ck_assert_int_eq(kv_write(kv, &t), 0);
	for (char c = 'a'; c <= 'z'; c++)
		kv_append(&t, 0, (struct view){ &c, 1 }, V("x"));
	kv_drop_range(&t, 0, V("b"), V("y"), 20, &n);
	ck_assert_uint_eq(n, 20);
	kv_drop_range(&t, 0, V("b"), V("y"), 20, &n);
	ck_assert_uint_eq(n, 3);
	ck_assert_int_eq(kv_get(&t, 0, V("a"), &got), 0);
	ck_assert_int_eq(kv_get(&t, 0, V("x"), &got), MC_E_NOENT);
	ck_assert_int_eq(kv_get(&t, 0, V("y"), &got), 0);
	ck_assert_int_eq(kv_commit(&t), 0);
	kv_close(&kv);
}

END_TEST

START_TEST(full_map_leaves_the_old_state)
{
	struct kv_options tiny = plain;
	tiny.map_bytes = 256 * 1024;
	struct kv *kv = open_with(tiny);
	struct kv_txn t;
	static char page[4080];
	uint64_t used, unused;
	put_one(kv, V("a"), V("1"));
	ck_assert_int_eq(kv_check_room(kv, 1000), 0);
	ck_assert_int_eq(kv_check_room(kv, 256 * 1024), MC_E_FULL);
	ck_assert_int_eq(kv_write(kv, &t), 0);
	for (uint8_t i = 0; i < 200; i++)
		kv_put(&t, 0, (struct view){ (char *)&i, 1 },
		    (struct view){ page, sizeof page });
	ck_assert_int_eq(kv_commit(&t), MC_E_FULL);
	expect(kv, V("a"), V("1"));
	put_one(kv, V("b"), V("2"));
	ck_assert_int_eq(kv_size(kv, &used, &unused), 0);
	ck_assert_uint_gt(used, 0);
	ck_assert_uint_le(used, 256 * 1024);
	kv_close(&kv);
}

END_TEST

/* As a disk without room: the file cannot grow. */
START_TEST(full_disk_leaves_the_old_state)
{
	struct kv *kv = open_with(plain);
	struct rlimit old, now;
	struct stat st;
	struct kv_txn t;
	static char page[4080];
	put_one(kv, V("a"), V("1"));
	ck_assert_int_eq(stat(dir.file, &st), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	now = (struct rlimit){ (rlim_t)st.st_size, old.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &now), 0);
	ck_assert_int_eq(kv_write(kv, &t), 0);
	for (uint8_t i = 0; i < 50; i++)
		kv_put(&t, 0, (struct view){ (char *)&i, 1 },
		    (struct view){ page, sizeof page });
	ck_assert_int_eq(kv_commit(&t), MC_E_FULL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	expect(kv, V("a"), V("1"));
	put_one(kv, V("b"), V("2"));
	expect(kv, V("b"), V("2"));
	kv_close(&kv);
}

END_TEST

START_TEST(readonly_refuses_writers)
{
	struct kv_options ro = plain;
	struct kv_txn t;
	struct kv *kv;
	ro.readonly = true;
	ck_assert_int_eq(kv_open(dir.file, &ro, &kv), -ENOENT);
	kv = open_with(plain);
	put_one(kv, V("a"), V("1"));
	kv_close(&kv);
	kv = open_with(ro);
	expect(kv, V("a"), V("1"));
	ck_assert_int_eq(kv_write(kv, &t), -EROFS);
	ck_assert_int_eq(kv_commit(&t), -EROFS);
	struct kv *writer;
	ck_assert_int_eq(kv_open(dir.file, &plain, &writer), MC_E_BUSY);
	kv_close(&kv);
}

END_TEST

START_TEST(one_process_opens_a_file_once)
{
	struct kv *one = open_with(plain), *two = open_with(plain);
	char other[128];
	struct kv *three;
	snprintf(other, sizeof other, "%s/./data.mdb", dir.path);
	ck_assert_int_eq(kv_open(other, &plain, &three), 0);
	ck_assert_ptr_eq(one, two);
	ck_assert_ptr_eq(one, three);
	kv_close(&one);
	kv_close(&two);
	put_one(three, V("a"), V("1"));
	kv_close(&three);
	kv_close(&three);
}

END_TEST

START_TEST(damaged_files_are_refused)
{
	static const struct {
		const char *head;
		size_t size;
	} files[] = { { "not a database", 14 }, { "not a database", 65536 },
		{ "", 8192 } };
	struct kv *kv;
	FILE *f = fopen(dir.file, "w");
	ck_assert_ptr_nonnull(f);
	fputs(files[_i].head, f);
	fclose(f);
	ck_assert_int_eq(truncate(dir.file, (off_t)files[_i].size), 0);
	ck_assert_int_eq(kv_open(dir.file, &plain, &kv), MC_E_CORRUPT);
}

END_TEST

static void fill(unsigned rows)
{
	struct kv *kv = open_with(plain);
	struct kv_txn t;
	static char value[1000];
	ck_assert_int_eq(kv_write(kv, &t), 0);
	for (unsigned i = 0; i < rows; i++) {
		char key[4] = { (char)(i >> 8), (char)i };
		kv_put(&t, 0, (struct view){ key, 2 },
		    (struct view){ value, sizeof value });
	}
	ck_assert_int_eq(kv_commit(&t), 0);
	kv_close(&kv);
}

/* A file cut short by a bad copy: an error, never a signal. */
START_TEST(truncated_files_do_not_kill)
{
	struct stat st;
	struct kv *kv;
	struct kv_cursor c;
	struct kv_txn t;
	fill(500);
	ck_assert_int_eq(stat(dir.file, &st), 0);
	ck_assert_int_eq(
	    truncate(dir.file, 8192 + (st.st_size - 8192) * _i / 10), 0);
	int error = kv_open(dir.file, &plain, &kv);
	if (error) {
		ck_assert_int_eq(error, MC_E_CORRUPT);
		return;
	}
	ck_assert_int_eq(kv_read(kv, &t), 0);
	error = kv_cursor_open(&c, &t, 0);
	if (!error)
		error = kv_cursor_seek(&c, V("\0"));
	while (!error)
		error = kv_cursor_next(&c);
	kv_cursor_close(&c);
	kv_abort(&t);
	ck_assert_int_eq(error, MC_E_CORRUPT);
	kv_close(&kv);
}

END_TEST

START_TEST(descriptors_are_closed_on_exec)
{
	struct kv *kv = open_with(plain);
	char link[64], target[256];
	int found = 0;
	for (int fd = 0; fd < 64; fd++) {
		snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
		ssize_t n = readlink(link, target, sizeof target - 1);
		if (n < 0)
			continue;
		target[n] = 0;
		if (strncmp(target, dir.path, strlen(dir.path)) != 0)
			continue;
		found++;
		ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	}
	ck_assert_int_ge(found, 2);
	kv_close(&kv);
}

END_TEST

enum {
	SLOTS = 4
};

static void hold_readers(int go, int ready)
{
	static struct kv_txn held[SLOTS];
	struct kv_options few = plain;
	struct kv *kv;
	char byte = 0;
	few.max_readers = SLOTS;
	if (read(go, &byte, 1) != 1 || kv_open(dir.file, &few, &kv) != 0)
		_exit(1);
	for (int i = 0; i < SLOTS; i++)
		if (kv_read(kv, &held[i]) != 0)
			_exit(2);
	if (write(ready, &byte, 1) != 1)
		_exit(3);
	pause();
	_exit(4);
}

START_TEST(slots_of_killed_readers_come_back)
{
	int go[2], ready[2], status;
	char byte = 0;
	struct kv_txn t;
	struct kv_options few = plain;
	few.max_readers = SLOTS;
	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(pipe(ready), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		hold_readers(go[0], ready[1]);
	struct kv *kv = open_with(few);
	put_one(kv, V("a"), V("1"));
	ck_assert_int_eq((int)write(go[1], &byte, 1), 1);
	ck_assert_int_eq((int)read(ready[0], &byte, 1), 1);
	ck_assert_int_eq(kv_read(kv, &t), MC_E_TEMP);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	expect(kv, V("a"), V("1"));
	kv_clear_stale_readers(kv);
	kv_close(&kv);
}

END_TEST

static void fill_larger_map(int go)
{
	struct kv_options large = plain;
	struct kv *kv;
	struct kv_txn t;
	char byte;
	large.map_bytes = 8 << 20;
	if (read(go, &byte, 1) != 1 || kv_open(dir.file, &large, &kv) != 0 ||
	    kv_write(kv, &t) != 0)
		_exit(1);
	void *p = kv_reserve(&t, 0, V("large"), 3 << 20, false);
	if (!p)
		_exit(2);
	memset(p, 'x', 3 << 20);
	if (kv_commit(&t) != 0)
		_exit(3);
	kv_close(&kv);
	_exit(0);
}

START_TEST(maps_grown_by_others_are_followed)
{
	int go[2], status;
	struct kv_txn t;
	struct view v;
	struct kv_options small = plain;
	small.map_bytes = 1 << 20;
	ck_assert_int_eq(pipe(go), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		fill_larger_map(go[0]);
	struct kv *kv = open_with(small);
	put_one(kv, V("a"), V("1"));
	/* An own reader forbids it, and keeps what it sees. */
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq((int)write(go[1], "g", 1), 1);
	waitpid(child, &status, 0);
	ck_assert_int_eq(status, 0);
	struct kv_txn second;
	ck_assert_int_eq(kv_read(kv, &second), MC_E_TEMP);
	ck_assert_int_eq(kv_get(&t, 0, V("a"), &v), 0);
	kv_abort(&t);
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, 0, V("large"), &v), 0);
	ck_assert_uint_eq(v.n, 3 << 20);
	kv_abort(&t);
	kv_close(&kv);
}

END_TEST

static void expect_rows(struct kv *kv, unsigned from, unsigned to)
{
	struct kv_txn t;
	struct kv_cursor c;
	unsigned n = from;
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq(kv_cursor_open(&c, &t, 0), 0);
	int error = kv_cursor_seek(&c, V("\0"));
	for (; !error; error = kv_cursor_next(&c), n++) {
		char key[] = { (char)(n >> 8), (char)n };
		ck_assert_view_eq(c.key, ((struct view){ key, 2 }));
		ck_assert_uint_eq(c.value.n, 1000);
	}
	ck_assert_int_eq(error, MC_E_NOENT);
	ck_assert_uint_eq(n, to);
	kv_cursor_close(&c);
	kv_abort(&t);
}

START_TEST(copies_hold_what_was_committed)
{
	char path[128];
	uint64_t before, after, unused;
	struct kv *kv, *copy;
	struct kv_txn t;
	unsigned n;
	fill(2000);
	kv = open_with(plain);
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_drop_range(&t, 0, V("\0"), V("\6"), 2000, &n);
	kv_put(&t, 1, V("other"), V("table"));
	ck_assert_int_eq(kv_commit(&t), 0);
	/* What is under way is not in it. */
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_put(&t, 0, V("\0"), V("uncommitted"));
	snprintf(path, sizeof path, "%s/copy.mdb", dir.path);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_eq(kv_copy(kv, fd), 0);
	kv_abort(&t);
	close(fd);
	ck_assert_int_eq(kv_open(path, &plain, &copy), 0);
	expect_rows(copy, 6 << 8, 2000);
	ck_assert_int_eq(kv_read(copy, &t), 0);
	ck_assert_int_eq(kv_get(&t, 1, V("other"), &(struct view){ 0 }), 0);
	kv_abort(&t);
	ck_assert_int_eq(kv_size(kv, &before, &unused), 0);
	ck_assert_int_eq(kv_size(copy, &after, &unused), 0);
	ck_assert_uint_lt(after, before / 2);
	ck_assert_uint_eq(unused, 0);
	kv_close(&copy);
	kv_close(&kv);
}

END_TEST

START_TEST(copies_without_room_fail)
{
	struct kv *kv;
	fill(500);
	kv = open_with(plain);
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(kv_copy(kv, fd), MC_E_FULL);
	close(fd);
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(kv_copy(kv, fd), -EBADF);
	close(fd);
	put_one(kv, V("a"), V("1"));
	kv_close(&kv);
}

END_TEST

/* Pages of files in this process's memory; 0 where that cannot be asked. */
static long pages_of_files(void)
{
	long all = 0, mine = 0, shared = 0;
	FILE *f = fopen("/proc/self/statm", "re");
	if (f && fscanf(f, "%ld %ld %ld", &all, &mine, &shared) != 3)
		shared = 0;
	if (f)
		fclose(f);
	return shared;
}

START_TEST(pages_are_let_go_and_come_back)
{
	fill(8000);
	struct kv *kv = open_with(plain);
	long before = pages_of_files();
	expect_rows(kv, 0, 8000);
	long after = pages_of_files();
	kv_forget_pages(kv);
	if (before) {
		ck_assert_int_gt(after - before, 2000);
		ck_assert_int_lt(pages_of_files() - before, 500);
	}
	expect_rows(kv, 0, 8000);
	put_one(kv, V("x"), V("y"));
	expect(kv, V("x"), V("y"));
	kv_close(&kv);
}

END_TEST

START_TEST(a_reader_keeps_its_pages)
{
	struct kv_txn t;
	struct view got;
	fill(8000);
	struct kv *kv = open_with(plain);
	long before = pages_of_files();
	expect_rows(kv, 0, 8000);
	put_one(kv, V("x"), V("1"));
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, 0, V("x"), &got), 0);
	kv_forget_pages(kv);
	if (before)
		ck_assert_int_gt(pages_of_files() - before, 2000);
	ck_assert_view_eq(got, V("1"));
	kv_abort(&t);
	kv_forget_pages(kv);
	ck_assert_int_eq(kv_read(kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, 0, V("x"), &got), 0);
	ck_assert(kv_is_damage(got.p)); /* a fault there would be */
	kv_abort(&t);
	kv_close(&kv);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/kv");
	TCase *tc = tcase_create("kv");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, keeps_what_is_committed);
	tcase_add_test(tc, first_failure_fails_the_whole);
	tcase_add_test(tc, cursor_walks_and_changes);
	tcase_add_test(tc, drops_ranges_in_slices);
	tcase_add_test(tc, full_map_leaves_the_old_state);
	tcase_add_test(tc, full_disk_leaves_the_old_state);
	tcase_add_test(tc, readonly_refuses_writers);
	tcase_add_test(tc, one_process_opens_a_file_once);
	tcase_add_loop_test(tc, damaged_files_are_refused, 0, 3);
	tcase_add_loop_test(tc, truncated_files_do_not_kill, 0, 10);
	tcase_add_test(tc, descriptors_are_closed_on_exec);
	tcase_add_test(tc, slots_of_killed_readers_come_back);
	tcase_add_test(tc, maps_grown_by_others_are_followed);
	tcase_add_test(tc, copies_hold_what_was_committed);
	tcase_add_test(tc, copies_without_room_fail);
	tcase_add_test(tc, pages_are_let_go_and_come_back);
	tcase_add_test(tc, a_reader_keeps_its_pages);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
