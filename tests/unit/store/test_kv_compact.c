#include "store/kv/kv_compact.h"
#include "tmp_dir.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

static const char *const tables[] = { "one", "two" };
static const struct kv_options options = {
	.tables = tables, .n_tables = 2, .replaceable = true
};
static struct tmp_dir dir;

/* What changes files ends the process before and behind, when it is armed. */
static unsigned points_left, kill_point;

static void point(void)
{
	if (points_left && --points_left == 0)
		kill(getpid(), SIGKILL);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to);
int unlinkat(int at, const char *name, int flags);
int fsync(int fd);
int fdatasync(int fd);

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	point();
	int result = (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
	point();
	return result;
}

int unlinkat(int at, const char *name, int flags)
{
	point();
	int result = (int)syscall(SYS_unlinkat, at, name, flags);
	point();
	return result;
}

int fsync(int fd)
{
	point();
	int result = (int)syscall(SYS_fsync, fd);
	point();
	return result;
}

int fdatasync(int fd)
{
	point();
	int result = (int)syscall(SYS_fdatasync, fd);
	point();
	return result;
}

static bool disk_is_full;

int fstatvfs(int fd, struct statvfs *out)
{
	(void)fd;
	*out = (struct statvfs){ .f_frsize = 4096,
		.f_bavail = disk_is_full ? 1000 : 1 << 20 };
	return 0;
}

static void setup(void)
{
	tmp_dir_init(&dir);
	disk_is_full = false;
	points_left = 0;
}

static void teardown(void)
{
	tmp_dir_deinit(&dir);
}

static struct kv *open_kv(void)
{
	struct kv *kv;
	ck_assert_int_eq(kv_open(dir.file, &options, &kv), 0);
	return kv;
}

static int put_number(struct kv *kv, struct view key, uint64_t n)
{
	struct kv_txn t;
	int error = kv_write(kv, &t);
	if (error)
		return error;
	kv_put(&t, 1, key, (struct view){ (char *)&n, sizeof n });
	return kv_commit(&t);
}

static int get_number(struct kv *kv, struct view key, uint64_t *n)
{
	struct kv_txn t;
	struct view v;
	int error = kv_read(kv, &t);
	if (error)
		return error;
	error = kv_get(&t, 1, key, &v);
	if (!error && v.n != sizeof *n)
		error = MC_E_CORRUPT;
	if (!error)
		memcpy(n, v.p, sizeof *n);
	kv_abort(&t);
	return error;
}

static void expect_number(struct kv *kv, struct view key, uint64_t want)
{
	uint64_t got = 0;
	ck_assert_int_eq(get_number(kv, key, &got), 0);
	ck_assert_uint_eq(got, want);
}

static int compact(struct kv *kv)
{
	struct kv_compact *c;
	bool done = false;
	int error = kv_compact_begin(kv, false, &c);
	while (!error && !done)
		error = kv_compact_step(c, 10, &done);
	kv_compact_end(&c);
	return error;
}

/* Rows of a page each, of which the first half is deleted. */
static void fill(struct kv *kv, unsigned rows)
{
	static char page[4080];
	struct kv_txn t;
	unsigned dropped;
	ck_assert_int_eq(kv_write(kv, &t), 0);
	for (unsigned i = 0; i < rows; i++) {
		char key[] = { (char)(i >> 8), (char)i };
		kv_put(&t, 0, (struct view){ key, 2 },
		    (struct view){ page, sizeof page });
	}
	ck_assert_int_eq(kv_commit(&t), 0);
	char half[] = { (char)(rows >> 9), (char)(rows >> 1) };
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_drop_range(&t, 0, (struct view){ "\0", 1 }, (struct view){ half, 2 },
	    rows, &dropped);
	ck_assert_int_eq(kv_commit(&t), 0);
	ck_assert_uint_eq(dropped, rows / 2);
}

static unsigned count_files(void)
{
	unsigned n = 0;
	DIR *d = opendir(dir.path);
	struct dirent *e;
	while ((e = readdir(d)))
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

START_TEST(gives_back_what_is_free)
{
	uint64_t before, after, unused, bytes, total;
	struct kv *kv = open_kv(), *same;
	struct kv_compact *c;
	bool done = false;
	fill(kv, 2000);
	ck_assert_int_eq(put_number(kv, V("n"), 7), 0);
	uint64_t change = kv_last_change(kv);
	ck_assert_int_eq(kv_size(kv, &before, &unused), 0);
	ck_assert_int_eq(kv_compact_begin(kv, true, &c), 0);
	while (!done) {
		ck_assert_int_eq(kv_compact_step(c, 1, &done), 0);
		kv_compact_progress(c, &bytes, &total);
		ck_assert_uint_le(bytes, total);
	}
	kv_compact_end(&c);
	ck_assert_int_eq(kv_size(kv, &after, &unused), 0);
	ck_assert_uint_lt(after, before * 55 / 100);
	ck_assert_uint_gt(kv_last_change(kv), change);
	expect_number(kv, V("n"), 7);
	ck_assert_int_eq(put_number(kv, V("n"), 8), 0);
	same = open_kv();
	ck_assert_ptr_eq(kv, same);
	kv_close(&same);
	kv_close(&kv);
	kv = open_kv();
	expect_number(kv, V("n"), 8);
	kv_close(&kv);
	ck_assert_uint_eq(count_files(), 3);
}

END_TEST

START_TEST(one_at_a_time_and_only_when_all_is_known)
{
	struct kv_options few = options;
	struct kv *kv = open_kv();
	struct kv_compact *c, *second;
	fill(kv, 20);
	ck_assert_int_eq(kv_compact_begin(kv, false, &c), 0);
	ck_assert_int_eq(kv_compact_begin(kv, false, &second), MC_E_BUSY);
	ck_assert_ptr_null(second);
	kv_compact_end(&c);
	kv_close(&kv);
	ck_assert_uint_eq(count_files(), 3);
	few.n_tables = 1;
	ck_assert_int_eq(kv_open(dir.file, &few, &kv), 0);
	ck_assert_int_eq(kv_compact_begin(kv, false, &c), MC_E_VERSION);
	kv_close(&kv);
}

END_TEST

static void change_some(struct kv *kv, uint64_t n)
{
	struct kv_txn t;
	char key[] = { (char)(3 + n), 'a' };
	ck_assert_int_eq(put_number(kv, V("last"), n), 0);
	ck_assert_int_eq(kv_write(kv, &t), 0);
	kv_put(&t, 0, (struct view){ key, 2 }, V("shorter"));
	kv_put(&t, 0, (struct view){ key, 1 }, V("new"));
	key[1] = 'b';
	ck_assert_int_eq(kv_delete(&t, 0, (struct view){ key, 2 }), 0);
	ck_assert_int_eq(kv_commit(&t), 0);
}

static struct view look(struct kv_txn *t, struct view key)
{
	struct view v;
	int error = kv_get(t, 0, key, &v);
	ck_assert(error == 0 || error == MC_E_NOENT);
	return error ? V("none") : v;
}

static void expect_changes(struct kv *kv)
{
	struct kv_txn t;
	ck_assert_int_eq(kv_read(kv, &t), 0);
	for (char n = 1; n <= 3; n++) {
		char key[] = { (char)(3 + n), 'a' };
		ck_assert_view_eq(
		    look(&t, (struct view){ key, 2 }), V("shorter"));
		ck_assert_view_eq(look(&t, (struct view){ key, 1 }), V("new"));
		key[1] = 'b';
		ck_assert_view_eq(look(&t, (struct view){ key, 2 }), V("none"));
		key[1] = 'c';
		ck_assert_uint_eq(look(&t, (struct view){ key, 2 }).n, 4080);
	}
	kv_abort(&t);
}

/* Whatever is done to records while they are copied. */
START_TEST(changes_meanwhile_are_taken_along)
{
	struct kv *kv = open_kv();
	struct kv_compact *c;
	struct kv_txn old;
	bool done = false;
	fill(kv, 2000);
	ck_assert_int_eq(kv_read(kv, &old), 0);
	ck_assert_int_eq(kv_compact_begin(kv, false, &c), 0);
	for (uint64_t n = 1; !done; n++) {
		if (n <= 3)
			change_some(kv, n);
		ck_assert_int_eq(kv_compact_step(c, 1, &done), 0);
	}
	kv_compact_end(&c);
	/* A snapshot stays what it was, and is of the old file. */
	ck_assert_uint_eq(look(&old, V("\4a")).n, 4080);
	expect_number(kv, V("last"), 3);
	expect_changes(kv);
	kv_abort(&old);
	kv_close(&kv);
	kv = open_kv();
	expect_changes(kv);
	kv_close(&kv);
}

END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
	struct kv *kv = open_kv();
	struct kv_compact *c;
	bool done = false;
	fill(kv, 2400);
	disk_is_full = true;
	ck_assert_int_eq(kv_compact_begin(kv, true, &c), MC_E_FULL);
	disk_is_full = false;
	ck_assert_int_eq(kv_compact_begin(kv, true, &c), 0);
	ck_assert_int_eq(kv_compact_step(c, 1, &done), 0);
	disk_is_full = true;
	ck_assert_int_eq(kv_compact_step(c, 1, &done), MC_E_FULL);
	kv_compact_end(&c);
	ck_assert(!done);
	ck_assert_uint_eq(count_files(), 3);
	ck_assert_int_eq(put_number(kv, V("n"), 1), 0);
	disk_is_full = false;
	ck_assert_int_eq(compact(kv), 0);
	expect_number(kv, V("n"), 1);
	kv_close(&kv);
}

END_TEST

/* Somebody who opens the files holds the lock of their directory, and may wait
 * for the lock of writers, which the compaction has. */
START_TEST(those_who_open_the_files_are_not_waited_for)
{
	struct kv *kv = open_kv();
	fill(kv, 20);
	int fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(flock(fd, LOCK_SH), 0);
	ck_assert_int_eq(compact(kv), MC_E_AGAIN);
	ck_assert_uint_eq(count_files(), 3);
	close(fd);
	ck_assert_int_eq(compact(kv), 0);
	kv_close(&kv);
}

END_TEST

/* Processes beside: each waits for a byte before it opens anything. */

struct helper {
	pid_t pid;
	int go, out;
};

static struct helper helper_new(void (*run)(int out))
{
	int go[2], out[2];
	char byte;
	ck_assert_int_eq(pipe(go), 0);
	ck_assert_int_eq(pipe(out), 0);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		close(go[1]);
		close(out[0]);
		if (read(go[0], &byte, 1) != 1)
			_exit(9);
		run(out[1]);
		_exit(0);
	}
	close(go[0]);
	close(out[1]);
	return (struct helper){ pid, go[1], out[0] };
}

static void helper_go(const struct helper *h)
{
	ck_assert_int_eq((int)write(h->go, "g", 1), 1);
}

static int helper_wait(const struct helper *h)
{
	int status;
	ck_assert_int_eq(waitpid(h->pid, &status, 0), h->pid);
	close(h->go);
	close(h->out);
	return status;
}

static void compact_until_killed(int out)
{
	struct kv *kv = NULL;
	(void)out;
	if (kv_open(dir.file, &options, &kv) != 0)
		_exit(1);
	points_left = kill_point;
	if (compact(kv) != 0)
		_exit(2);
	points_left = 0;
	kv_close(&kv);
}

static void write_as_newcomer(int out)
{
	struct kv *kv;
	(void)out;
	if (kv_open(dir.file, &options, &kv) != 0 ||
	    put_number(kv, V("newcomer"), 2) != 0)
		_exit(1);
	kv_close(&kv);
}

/* One that has the old file open, and one that comes later. */
static bool survives_kill_at(unsigned n)
{
	kill_point = n;
	struct helper compactor = helper_new(compact_until_killed);
	struct helper newcomer = helper_new(write_as_newcomer);
	struct kv *kv = open_kv();
	fill(kv, 40);
	ck_assert_int_eq(put_number(kv, V("before"), 1), 0);
	helper_go(&compactor);
	int status = helper_wait(&compactor);
	ck_assert(status == 0 || WIFSIGNALED(status));
	helper_go(&newcomer);
	ck_assert_int_eq(helper_wait(&newcomer), 0);
	expect_number(kv, V("newcomer"), 2);
	ck_assert_int_eq(put_number(kv, V("behind"), 3), 0);
	kv_close(&kv);
	kv = open_kv();
	expect_number(kv, V("before"), 1);
	expect_number(kv, V("newcomer"), 2);
	expect_number(kv, V("behind"), 3);
	ck_assert_uint_eq(count_files(), 3);
	kv_close(&kv);
	teardown();
	setup();
	return status != 0;
}

START_TEST(kills_lose_nothing)
{
	unsigned n = 1;
	while (survives_kill_at(n))
		n++;
	/* Each move and each sync, before and behind. */
	ck_assert_uint_gt(n, 20);
}

END_TEST

/* A crash may come from damage that only a compaction reads. */
START_TEST(after_a_kill_the_careful_wait)
{
	struct kv_compact *c;
	kill_point = 5;
	struct helper compactor = helper_new(compact_until_killed);
	struct kv *kv = open_kv();
	fill(kv, 40);
	helper_go(&compactor);
	ck_assert(WIFSIGNALED(helper_wait(&compactor)));
	ck_assert_int_eq(kv_compact_begin(kv, true, &c), MC_E_AGAIN);
	char path[128];
	const struct timespec old[2] = { { 1000000, 0 }, { 1000000, 0 } };
	snprintf(path, sizeof path, "%s-compact", dir.file);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, old, 0), 0);
	ck_assert_int_eq(kv_compact_begin(kv, true, &c), 0);
	kv_compact_end(&c);
	ck_assert_int_eq(kv_compact_begin(kv, true, &c), 0);
	kv_compact_end(&c);
	kv_close(&kv);
}

END_TEST

/* Says each number when it is committed. */
static void write_on(int out)
{
	struct kv *kv;
	if (kv_open(dir.file, &options, &kv) != 0)
		_exit(1);
	for (uint64_t n = 1;; n++)
		if (put_number(kv, V("n"), n) != 0 ||
		    write(out, &n, sizeof n) != sizeof n)
			_exit(2);
}

static void read_on(int out)
{
	struct kv *kv;
	uint64_t n = 0, last = 0;
	if (kv_open(dir.file, &options, &kv) != 0)
		_exit(1);
	for (;;) {
		int error = get_number(kv, V("n"), &n);
		if ((error && error != MC_E_NOENT) || n < last)
			_exit(2);
		last = n;
		if (write(out, &n, sizeof n) != sizeof n)
			_exit(3);
	}
}

/* Reads all that was said so far; returns the last number. */
static uint64_t hear(const struct helper *h, uint64_t n)
{
	uint64_t numbers[512];
	ssize_t got;
	fcntl(h->out, F_SETFL, O_NONBLOCK);
	while ((got = read(h->out, numbers, sizeof numbers)) >= 8)
		n = numbers[got / 8 - 1];
	return n;
}

static void wait_alive(const struct helper *h)
{
	int status;
	ck_assert_int_eq(waitpid(h->pid, &status, WNOHANG), 0);
	usleep(100);
}

static unsigned compact_again(
    struct kv *kv, struct helper *writer, struct helper *reader, unsigned times)
{
	unsigned switches = 0;
	uint64_t said = 0, seen = 0, got;
	for (unsigned i = 0; i < times; i++) {
		int error = compact(kv);
		ck_assert(error == 0 || error == MC_E_AGAIN);
		switches += error == 0;
		/* Both go on, with the file of now. */
		uint64_t from = hear(writer, said);
		while ((said = hear(writer, said)) <= from + 2)
			wait_alive(writer);
		ck_assert_int_eq(get_number(kv, V("n"), &got), 0);
		ck_assert_uint_ge(got, said);
		while ((seen = hear(reader, seen)) < said)
			wait_alive(reader);
	}
	return switches;
}

START_TEST(nothing_is_lost_under_a_constant_writer)
{
	struct helper writer = helper_new(write_on),
		      reader = helper_new(read_on);
	struct kv *kv = open_kv();
	fill(kv, 1000);
	helper_go(&writer);
	helper_go(&reader);
	ck_assert_uint_ge(compact_again(kv, &writer, &reader, 8), 4);
	kill(writer.pid, SIGKILL);
	kill(reader.pid, SIGKILL);
	ck_assert(WIFSIGNALED(helper_wait(&reader)));
	ck_assert(WIFSIGNALED(helper_wait(&writer)));
	kv_close(&kv);
}

END_TEST

START_TEST(removed_files_take_nothing)
{
	struct kv *kv = open_kv();
	struct kv_txn t;
	ck_assert_int_eq(put_number(kv, V("n"), 1), 0);
	ck_assert_int_eq(unlink(dir.file), 0);
	ck_assert_int_eq(kv_write(kv, &t), -ESTALE);
	kv_close(&kv);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/kv_compact");
	TCase *tc = tcase_create("kv_compact");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, gives_back_what_is_free);
	tcase_add_test(tc, one_at_a_time_and_only_when_all_is_known);
	tcase_add_test(tc, changes_meanwhile_are_taken_along);
	tcase_add_test(tc, a_full_disk_leaves_the_old_file);
	tcase_add_test(tc, those_who_open_the_files_are_not_waited_for);
	tcase_add_test(tc, kills_lose_nothing);
	tcase_add_test(tc, after_a_kill_the_careful_wait);
	tcase_add_test(tc, nothing_is_lost_under_a_constant_writer);
	tcase_add_test(tc, removed_files_take_nothing);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
