#include "store/check/check.h"
#include "store/check/repair.h"
#include "store/dump/dump.h"
#include "store/dump/load.h"
#include "version_sample.h"
#include <signal.h>
#include <sys/wait.h>

/* The stores of earlier versions, and what is written in them. */

static const char *const vectors[] = { "vectors/store-1", "vectors/store-2",
	"vectors/store-2-runs" };

enum {
	N_VECTORS = sizeof vectors / sizeof vectors[0],
	LISTING_MAX = 1 << 16,
};

/* gzip with files as its input and output. */
static void run_gzip(const char *option, const char *in, const char *out)
{
	int status;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (!freopen(in, "r", stdin) || !freopen(out, "w", stdout))
			_exit(126);
		execlp("gzip", "gzip", option, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

static void unpack(const char *vector)
{
	char path[256];
	snprintf(path, sizeof path, "%s/data.mdb.gz", vector);
	tmp_dir_init(&dir);
	run_gzip("-dc", path, dir.file);
}

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	ck_abort_msg("%s: %s", v->invariant, v->detail);
}

static void expect_clean(void)
{
	const struct check_options o = { .bodies = true,
		.on_violation = on_violation };
	struct check_result r;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_gt(r.chunks, 10);
}

static void expect_listing(const char *vector)
{
	static char want[LISTING_MAX];
	char path[256];
	snprintf(path, sizeof path, "%s/listing.txt", vector);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(want, 1, sizeof want - 1, f);
	fclose(f);
	want[n] = '\0';
	char *have = version_describe();
	ck_assert_str_eq(have, want);
	free(have);
}

START_TEST(an_old_store_is_read_as_it_is)
{
	unpack(vectors[_i]);
	store = test_open(true);
	expect_clean();
	expect_listing(vectors[_i]);
	teardown();
}

END_TEST

/* Of some that are in INBOX. */
static void drop_descriptions(void)
{
	struct kv_txn t;
	unsigned n;
	struct key first = key_obj(4, 0, 0), end = key_obj(8, 0, 0);
	ck_assert_int_eq(kv_write(store->kv, &t), 0);
	kv_drop_range(&t, TABLE_OBJ, key_view(&first), key_view(&end), 99, &n);
	ck_assert_uint_eq(n, 8);
	ck_assert_int_eq(kv_commit(&t), 0);
}

/* As it is: it is migrated by who opens it next. */
START_TEST(an_old_store_is_repaired)
{
	const struct store_options open = { .damaged = true,
		.now_s = test_clock };
	const struct repair_options o = { .dry_run = false };
	struct repair_result r;
	unpack(vectors[_i]);
	ck_assert_int_eq(store_open(dir.path, &open, &store), 0);
	ck_assert_int_eq(store_repair(store, &o, &r), 0);
	ck_assert_uint_eq(r.repaired + r.lost, 0);
	drop_descriptions();
	ck_assert_int_eq(store_repair(store, &o, &r), 0);
	ck_assert_uint_eq(r.lost, 0);
	expect_clean();
	reopen();
	expect_clean();
	expect_listing(vectors[_i]);
	teardown();
}

END_TEST

static int put(void *ctx, enum dump_part part, struct view v)
{
	(void)part;
	buf_put(ctx, v);
	return buf_error(ctx);
}

static int get(void *ctx, char *p, size_t n, size_t *got)
{
	struct buf *b = ctx;
	struct view v = view_head(buf_view(b), n);
	if (v.n)
		memcpy(p, v.p, v.n);
	buf_consume(b, v.n);
	*got = v.n;
	return 0;
}

/* Read as it is, and loaded as it is: what a later schema adds is added then.
 */
START_TEST(an_old_store_comes_back_from_its_dump)
{
	struct buf stream;
	struct dump_reader reader;
	struct dump_result dumped;
	struct load_result loaded;
	const struct dump_options how = { .write = put, .ctx = &stream };
	const struct load_options none = { .now_s = test_clock };
	buf_init(&stream, 1 << 20);
	unpack(vectors[_i]);
	store = test_open(true);
	ck_assert_int_eq(store_dump(store, &how, &dumped), 0);
	teardown();
	tmp_dir_init(&dir);
	dump_reader_init(&reader, get, &stream);
	ck_assert_msg(store_load(dir.path, &reader, &none, &loaded) == 0, "%s",
	    loaded.why);
	dump_reader_deinit(&reader);
	buf_deinit(&stream);
	store = test_open(false);
	expect_clean();
	expect_listing(vectors[_i]);
	teardown();
}

END_TEST

START_TEST(an_old_store_goes_on)
{
	unpack(vectors[_i]);
	store = test_open(false);
	expect_clean();
	expect_listing(vectors[_i]);
	reopen();
	expect_listing(vectors[_i]);
	sample_add(inbox_id, V("Subject: new\r\n\r\n"), V("$New"), V(""));
	expect_clean();
	teardown();
}

END_TEST

static uint64_t thread_of(uint64_t msgid)
{
	struct store_txn t;
	struct message_info info;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, msgid, &info), 0);
	store_end(&t);
	return info.threadid;
}

static struct account account_now(void)
{
	struct account a;
	struct kv_txn t;
	ck_assert_int_eq(kv_read(store->kv, &t), 0);
	ck_assert_int_eq(account_get(&t, &a), 0);
	kv_abort(&t);
	return a;
}

START_TEST(the_first_schema_gets_threads)
{
	unpack("vectors/store-1");
	store = test_open(true);
	ck_assert_uint_eq(account_now().schema, 1);
	ck_assert_uint_eq(thread_of(2), 0);
	reopen();
	struct account a = account_now();
	ck_assert_uint_eq(a.schema, STORE_SCHEMA);
	ck_assert_uint_eq(a.migrating_from, 0);
	ck_assert_uint_eq(thread_of(1), 1);
	ck_assert_uint_eq(thread_of(2), 1);
	ck_assert_uint_eq(thread_of(3), 3);
	ck_assert_uint_eq(thread_of(4), 1);
	ck_assert_uint_eq(thread_of(11), 11);
	teardown();
}

END_TEST

/* Those who do not know runs keep out as soon as there is one. */
START_TEST(an_old_store_gets_runs_when_rows_change)
{
	unpack("vectors/store-2-runs");
	store = test_open(true);
	ck_assert_uint_eq(account_now().features, STORE_HAS_RUNS);
	teardown();
	unpack("vectors/store-2");
	store = test_open(false);
	ck_assert_uint_eq(account_now().features, 0);
	sample_flag(inbox_id, 4, 4, MESSAGE_DRAFT);
	ck_assert_uint_eq(account_now().features, 0); /* one is no run */
	sample_flag(inbox_id, 1, 41, MESSAGE_DRAFT);
	ck_assert_uint_eq(account_now().features, STORE_HAS_RUNS);
	expect_clean();
	teardown();
}

END_TEST

/* A migration that was killed: some objects have threads, others do not. */
static void half_migrate(uint64_t from)
{
	struct edit e;
	ck_assert_int_eq(edit_begin(store, &e), 0);
	e.account.schema = SCHEMA_THREADS;
	e.account.migrating_from = 1;
	e.account.migrated_msgid = from;
	e.account_dirty = true;
	ck_assert_int_eq(edit_commit(&e), 0);
}

START_TEST(a_migration_goes_on_where_it_was_killed)
{
	unpack("vectors/store-1");
	store = test_open(false);
	store_close(&store);
	store = test_open(false);
	half_migrate(5);
	expect_clean();
	/* What comes meanwhile waits for its thread, too. */
	sample_add(inbox_id, V("Message-ID: <n@x>\r\n\r\n"), V(""), V(""));
	ck_assert_uint_eq(thread_of(13), 0);
	expect_clean();
	reopen();
	ck_assert_uint_eq(account_now().migrating_from, 0);
	ck_assert_uint_eq(thread_of(13), 13);
	expect_clean();
	ck_assert_uint_eq(thread_of(4), 1);
	teardown();
}

END_TEST

/* As the first schema left them: no thread is known. */
static void forget_threads(void)
{
	struct edit e;
	unsigned n;
	struct key first = key_tag('H'), behind = key_tag('J');
	ck_assert_int_eq(edit_begin(store, &e), 0);
	kv_drop_range(
	    &e.kv, TABLE_IDX, key_view(&first), key_view(&behind), 100000, &n);
	ck_assert_uint_gt(n, 0);
	e.account.schema = 1;
	e.account_dirty = true;
	ck_assert_int_eq(edit_commit(&e), 0);
}

enum {
	MANY = 600
};

/* In one transaction. */
static void add_many(const char *more)
{
	static char texts[MANY][512];
	static struct append items[MANY];
	static struct append_result results[MANY];
	for (unsigned n = 0; n < MANY; n++) {
		struct view v = version_mail(n, n ? more : "");
		ck_assert_uint_le(v.n, sizeof texts[n]);
		memcpy(texts[n], v.p, v.n);
		items[n] = (struct append){ .mailbox = inbox_id,
			.source = { .mem = { texts[n], v.n }, .fd = -1 } };
	}
	ck_assert_int_eq(message_append(store, items, MANY, results), 0);
}

START_TEST(many_objects_are_migrated_in_slices)
{
	setup();
	add_many("In-Reply-To: <0@example.org>\r\n");
	sample_expunge(inbox_id, 100, 150);
	forget_threads();
	reopen();
	ck_assert_uint_eq(account_now().migrating_from, 0);
	ck_assert_uint_eq(thread_of(MANY), 1);
	expect_clean();
	teardown();
}

END_TEST

static pid_t open_in_child(void)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid)
		return pid;
	const struct store_options o = { .now_s = test_clock };
	struct store *s;
	_exit(store_open(dir.path, &o, &s) == 0 ? 0 : 1);
}

/* Several processes migrate at once, and some of them are killed. */
START_TEST(migrations_survive_kills_and_each_other)
{
	enum {
		ROUNDS = 12
	};

	int status;

	setup();
	add_many("");
	for (unsigned i = 0; i < ROUNDS; i++) {
		forget_threads();
		store_close(&store);
		pid_t killed = open_in_child(), other = open_in_child();
		usleep(1500 * i);
		kill(killed, SIGKILL);
		ck_assert_int_eq(waitpid(killed, &status, 0), killed);
		ck_assert_int_eq(waitpid(other, &status, 0), other);
		ck_assert_int_eq(status, 0);
		store = test_open(false);
		ck_assert_uint_eq(account_now().migrating_from, 0);
		expect_clean();
		ck_assert_uint_eq(thread_of(MANY), MANY);
	}
	teardown();
}

END_TEST

static void write_vector(const char *vector)
{
	char path[256];
	char *text = version_describe();
	snprintf(path, sizeof path, "%s/listing.txt", vector);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
	free(text);
	store_close(&store);
	snprintf(path, sizeof path, "%s/data.mdb.gz", vector);
	run_gzip("-9n", dir.file, path);
	store = test_open(false);
}

/* Also how a vector is made: MAKE_STORE_VECTOR names its directory. */
START_TEST(what_is_written_today_reads_the_same)
{
	const char *out = getenv("MAKE_STORE_VECTOR");
	setup();
	version_fill();
	expect_clean();
	if (out)
		write_vector(out);
	expect_listing(out ? out : vectors[N_VECTORS - 1]);
	teardown();
}

END_TEST

/* A file of LMDB 0.9 belongs to one kind of machine. */
static bool can_read_vectors(void)
{
	const uint16_t one = 1;
	return kv_engine_version() == 9 && sizeof(size_t) == 8 &&
	       *(const unsigned char *)&one == 1;
}

static Suite *build(void)
{
	Suite *s = suite_create("store/versions");
	TCase *t = tcase_create("versions");
	if (can_read_vectors()) {
		tcase_add_loop_test(
		    t, an_old_store_is_read_as_it_is, 0, N_VECTORS);
		tcase_add_loop_test(t, an_old_store_is_repaired, 0, N_VECTORS);
		tcase_add_loop_test(
		    t, an_old_store_comes_back_from_its_dump, 0, N_VECTORS);
		tcase_add_loop_test(t, an_old_store_goes_on, 0, N_VECTORS);
		tcase_add_test(t, the_first_schema_gets_threads);
		tcase_add_test(t, a_migration_goes_on_where_it_was_killed);
		tcase_add_test(t, an_old_store_gets_runs_when_rows_change);
	}
	tcase_add_test(t, many_objects_are_migrated_in_slices);
	tcase_add_test(t, migrations_survive_kills_and_each_other);
	tcase_add_test(t, what_is_written_today_reads_the_same);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
