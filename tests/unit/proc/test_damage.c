/* What an agent does with a store whose pages are damaged in any way: right
 * data, an error, or its orderly end; never a crash, and never for ever. */
#include "proc/agent/damage.h"
#include "store/housekeeping.h"
#include "store/mailbox/message.h"
#include "store/mark.h"
#include "store/txn/edit.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "store/store_sample.h"

enum {
#ifdef MAILCORE_SANITIZED
	SANITIZED = 1,
#else
	SANITIZED = 0,
#endif
	PAGE = 4096,
	BATCH = 60,
	MESSAGES = 5 * BATCH,
	WRONG = 3, /* exit codes of the child; 0: all right, 1: an error */
	HANG_S = 30,
};

static char *good;
static size_t n_good;
static char body[600] = "Subject: x\r\n\r\n";

static void fill(void)
{
	struct append items[BATCH];
	struct append_result results[BATCH];
	sample_fill();
	memset(body + 14, 'b', sizeof body - 14);
	for (unsigned i = 0; i < BATCH; i++)
		items[i] = (struct append){ .mailbox = sample_work,
			.source = { .mem = { body, 100 + i }, .fd = -1 },
			.internaldate = { 1600000000, 0 } };
	for (unsigned i = 0; i < MESSAGES; i += BATCH)
		ck_assert_int_eq(
		    message_append(store, items, BATCH, results), 0);
	sample_flag(sample_work, 10, 200, MESSAGE_SEEN);
	sample_expunge(sample_work, 100, 120);
	store_close(&store);
	FILE *f = fopen(dir.file, "r");
	struct stat st;
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fstat(fileno(f), &st), 0);
	n_good = (size_t)st.st_size;
	good = malloc(n_good);
	ck_assert_uint_eq(fread(good, 1, n_good, f), n_good);
	fclose(f);
}

/* In the child. */

struct reader {
	struct store_txn t;
	int error;
};

static int read_message(void *ctx, const struct message *m)
{
	struct reader *r = ctx;
	char text[SAMPLE_LARGE];
	struct message_info info;
	int error = message_info(&r->t, m->msgid, &info);
	/* Sizes have no checksum; bytes do. */
	if (!error && m->size_bytes <= sizeof body)
		error = message_read(
		    &r->t, m->msgid, 0, text, (size_t)m->size_bytes);
	if (!error && m->size_bytes >= 100 && m->size_bytes <= sizeof body &&
	    memcmp(text, "From: ", 6) != 0 &&
	    memcmp(text, body, (size_t)m->size_bytes) != 0)
		_exit(WRONG);
	r->error = r->error ? r->error : error;
	return 0;
}

static int see_mailbox(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	struct reader *r = ctx;
	(void)name;
	(void)has_children;
	int error = message_each(&r->t, m->id, 1, UINT32_MAX, read_message, r);
	r->error = r->error ? r->error : error;
	return 0;
}

static int on_message(void *ctx, const struct message *m)
{
	(void)ctx;
	(void)m;
	return 0;
}

static int on_vanished(void *ctx, uint32_t first, uint32_t last)
{
	(void)ctx;
	(void)first;
	(void)last;
	return 0;
}

static int read_all(struct store *s)
{
	struct reader r = { .error = 0 };
	struct uidset uids;
	const struct changes_sink sink = { on_message, on_vanished, NULL };
	int error = store_read(s, &r.t);
	if (error)
		return error;
	uidset_init(&uids);
	error = mailbox_each(&r.t, see_mailbox, &r);
	int other = message_uids(&r.t, sample_work, &uids);
	error = error ? error : other;
	other = message_changes(&r.t, sample_work, 1, &sink);
	uidset_deinit(&uids);
	store_end(&r.t);
	return error ? error : other ? other : r.error;
}

static int write_some(struct store *s)
{
	struct append_result result;
	struct uidset uids, gone;
	const struct append item = { .mailbox = sample_work,
		.source = { .mem = { body, sizeof body }, .fd = -1 } };
	const struct flag_change change = { .op = FLAGS_ADD,
		.flags = MESSAGE_FLAGGED };
	uidset_init(&uids);
	uidset_init(&gone);
	int error = uidset_add(&uids, 5, 150), other;
	if (!error)
		error = message_append(s, &item, 1, &result);
	other = message_store_flags(
	    s, sample_work, &uids, &change, UINT64_MAX, NULL, NULL, NULL);
	error = error ? error : other;
	other = message_expunge(s, sample_work, &uids, false, &gone);
	error = error ? error : other;
	test_now_s += 100000;
	other = housekeeping(s);
	uidset_deinit(&uids);
	uidset_deinit(&gone);
	return error ? error : other;
}

static _Noreturn void be_an_agent(void)
{
	struct store *s;
	const struct store_options o = { .create = true, .now_s = test_clock };
	const struct rlimit cpu = { HANG_S, HANG_S };
	setrlimit(RLIMIT_CPU, &cpu);
	if (chdir(dir.path) != 0)
		_exit(WRONG);
	damage_guard(NULL, NULL);
	int error = store_open(".", &o, &s);
	if (error)
		_exit(1);
	error = read_all(s);
	/* What LMDB does to its own copies of pages, a sanitizer stops. */
	int other = SANITIZED ? 0 : write_some(s);
	error = error ? error : other;
	store_close(&s);
	_exit(error ? 1 : 0);
}

/* How it ended: its exit code, or minus the signal. */
static int run(void)
{
	int status;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		be_an_agent();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void write_file(const char *p, size_t n)
{
	FILE *f = fopen(dir.file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	fclose(f);
}

static void end(void)
{
	free(good);
	write_file("", 0);
	store = test_open(false);
}

START_TEST(a_whole_store_is_read)
{
	fill();
	ck_assert_int_eq(run(), 0);
	end();
}

END_TEST

/* Pages that are in use more often than not. */
static size_t damage(char *bad)
{
	size_t at = (size_t)rand() % (n_good / PAGE) * PAGE;
	memcpy(bad, good, n_good);
	switch (rand() % 5) {
	case 0: /* bytes */
		for (int k = rand() % 300; k >= 0; k--)
			bad[at + (size_t)rand() % PAGE] = (char)rand();
		return n_good;
	case 1: /* what a page says of itself */
		for (int k = rand() % 20; k >= 0; k--)
			bad[at + (size_t)rand() % 64] = (char)rand();
		return n_good;
	case 2: /* a page */
		memset(bad + at, rand() % 2 ? 0 : rand(), PAGE);
		return n_good;
	case 3: /* another page */
		memcpy(bad + at, good + (size_t)rand() % (n_good / PAGE) * PAGE,
		    PAGE);
		return n_good;
	default:
		return (size_t)rand() % n_good;
	}
}

START_TEST(no_damage_crashes_it)
{
	unsigned rounds = getenv("MAILCORE_LONG") ? 2000 : 100;
	unsigned ended = 0, errors = 0, suspect = 0;
	uint32_t seed = (uint32_t)time(NULL);
	fill();
	char *bad = malloc(n_good);
	if (getenv("MAILCORE_SEED") &&
	    !view_u32(view_of(getenv("MAILCORE_SEED")), &seed))
		ck_abort_msg("MAILCORE_SEED is a number");
	srand(seed);
	for (unsigned i = 0; i < rounds; i++) {
		write_file(bad, damage(bad));
		int code = run();
		ck_assert_msg(code == 0 || code == 1 ||
				  code == PROC_EXIT_DAMAGED ||
				  code == PROC_EXIT_SUSPECT,
		    "seed %u, round %u: ended by %d", seed, i, code);
		ck_assert_msg(
		    mark_is_set(dir.path) == (code == PROC_EXIT_DAMAGED),
		    "seed %u, round %u: code %d and mark", seed, i, code);
		ended += code == PROC_EXIT_DAMAGED;
		suspect += code == PROC_EXIT_SUSPECT;
		errors += code == 1;
		if (code == PROC_EXIT_DAMAGED)
			ck_assert_int_eq(run(), 1); /* the mark keeps it away */
		ck_assert_int_eq(mark_clear(dir.path), 0);
	}
	if (getenv("MAILCORE_LONG"))
		printf("%u rounds: %u errors, %u ends, %u suspicions\n", rounds,
		    errors, ended, suspect);
	ck_assert_uint_gt(errors, 0);
	free(bad);
	end();
}

END_TEST

enum moment {
	BEFORE_WRITING,
	WHILE_WRITING,
	AFTER_WRITING,
	MOMENTS
};

static void fault(volatile char *address, enum moment moment)
{
	struct kv_txn t;
	const struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	store = test_open(false);
	if (chdir(dir.path) != 0)
		_exit(WRONG);
	damage_guard(NULL, NULL);
	if (moment != BEFORE_WRITING && kv_write(store->kv, &t) != 0)
		_exit(WRONG);
	if (moment == AFTER_WRITING)
		kv_abort(&t);
	*address = 1;
	_exit(WRONG);
}

/* Bugs of ours look like what they are, as long as that can be told. */
START_TEST(other_faults_take_their_course)
{
	static const int codes[MOMENTS] = { 0, PROC_EXIT_DAMAGED,
		PROC_EXIT_SUSPECT };
	int status;
	void *page =
	    mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	store_close(&store);
	/* A sanitizer's own handler comes after ours. */
	for (unsigned i = SANITIZED; i < MOMENTS; i++) {
		pid_t pid = fork();
		if (pid == 0)
			fault(page, (enum moment)i);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		ck_assert_int_eq(WIFSIGNALED(status), i == BEFORE_WRITING);
		ck_assert_int_eq(WEXITSTATUS(status), codes[i]);
		ck_assert_int_eq(mark_is_set(dir.path), i == WHILE_WRITING);
		ck_assert_int_eq(mark_clear(dir.path), 0);
	}
	store = test_open(false);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/damage");
	TCase *t = tcase_create("damage");
	tcase_set_timeout(t, 3600);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_whole_store_is_read);
	tcase_add_test(t, no_damage_crashes_it);
	tcase_add_test(t, other_faults_take_their_course);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
