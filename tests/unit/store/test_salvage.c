/* Damage inside of the file: found without LMDB, and what is whole is saved. */
#include "store/check/check.h"
#include "store/check/repair.h"
#include "store/kv/kv_pages.h"
#include "store_sample.h"
#include <errno.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

enum {
	PAGE = 4096,
	BATCH = 60,
	MESSAGES = 5 * BATCH,
};

static char *good;
static size_t n_good;
static char saved_dir[128], saved[160];

static void read_file(void)
{
	struct stat st;
	FILE *f = fopen(dir.file, "r");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fstat(fileno(f), &st), 0);
	n_good = (size_t)st.st_size;
	good = malloc(n_good);
	ck_assert_uint_eq(fread(good, 1, n_good, f), n_good);
	fclose(f);
}

static void write_file(const char *p, size_t n)
{
	FILE *f = fopen(dir.file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(p, 1, n, f), n);
	fclose(f);
}

static struct kv_pages_result look(void)
{
	struct kv_pages_result r;
	const struct kv_pages_options o = { .tables = store_tables,
		.n_tables = STORE_TABLES };
	ck_assert_int_eq(kv_pages_walk(dir.file, &o, &r), 0);
	return r;
}

static void add_many(void)
{
	static char text[600] = "Subject: x\r\n\r\n";
	struct append items[BATCH];
	struct append_result results[BATCH];
	for (unsigned i = 0; i < BATCH; i++)
		items[i] = (struct append){ .mailbox = inbox_id,
			.source = { .mem = { text, 100 + i }, .fd = -1 },
			.internaldate = { 1600000000, 0 } };
	for (unsigned i = 0; i < MESSAGES; i += BATCH)
		ck_assert_int_eq(
		    message_append(store, items, BATCH, results), 0);
}

/* Two levels in most tables, and pages that were used before. */
static void fill(void)
{
	sample_fill();
	add_many();
	sample_flag(inbox_id, 10, 200, MESSAGE_SEEN);
	sample_expunge(inbox_id, 280, 300);
	store_close(&store);
	read_file();
	snprintf(saved_dir, sizeof saved_dir, "%s/saved", dir.path);
	snprintf(saved, sizeof saved, "%s/data.mdb", saved_dir);
	ck_assert_int_eq(mkdir(saved_dir, 0700), 0);
}

/* The store that comes out of it; violations that are left. */
static uint64_t save(struct repair_result *repaired)
{
	struct kv_pages_result pages;
	struct check_result r;
	const struct check_options check = { .bodies = true };
	ck_assert_int_eq(store_salvage(dir.file, saved, &pages), 0);
	const struct repair_options o = { .lost_tables = pages.lost };
	const struct store_options open = { .damaged = true,
		.now_s = test_clock };
	ck_assert_int_eq(store_open(saved_dir, &open, &store), 0);
	ck_assert_int_eq(store_repair(store, &o, repaired), 0);
	ck_assert_int_eq(store_check(store, &check, &r), 0);
	return r.violations;
}

static void forget(void)
{
	char lock[200];
	store_close(&store);
	snprintf(lock, sizeof lock, "%s-lock", saved);
	unlink(saved);
	unlink(lock);
}

static void end(void)
{
	store_close(&store);
	free(good);
	write_file("", 0);
	store = test_open(false);
}

START_TEST(a_whole_file_has_nothing_bad)
{
	fill();
	struct kv_pages_result r = look();
	ck_assert_msg(r.bad == 0, "%s", r.first_bad);
	ck_assert_uint_gt(r.items, 3 * MESSAGES);
	end();
}

END_TEST

START_TEST(a_whole_file_is_saved_whole)
{
	struct repair_result repaired;
	fill();
	ck_assert_uint_eq(save(&repaired), 0);
	ck_assert_uint_eq(repaired.repaired + repaired.lost, 0);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 4 + MESSAGES - 21);
	end();
}

END_TEST

static uint16_t u16(const char *p)
{
	uint16_t n;
	memcpy(&n, p, 2);
	return n;
}

/* Every page of a tree, one after the other: mail that is in other pages is
 * still there. */
START_TEST(one_page_costs_what_is_in_it)
{
	char *bad;
	unsigned pages = 0;
	fill();
	bad = malloc(n_good);
	for (size_t at = 2 * PAGE; at < n_good; at += PAGE) {
		struct repair_result repaired;
		uint16_t flags = u16(good + at + 10);
		if (flags != 1 && flags != 2)
			continue;
		memcpy(bad, good, n_good);
		memset(bad + at, 0, PAGE);
		write_file(bad, n_good);
		if (look().bad == 0)
			continue; /* not in use */
		uint64_t left = save(&repaired);
		struct store_txn t;
		struct store_totals totals;
		ck_assert_int_eq(store_read(store, &t), 0);
		ck_assert_int_eq(store_totals(&t, &totals), 0);
		store_end(&t);
		ck_assert_msg(totals.messages >= MESSAGES / 2,
		    "page %zu (%u): %u messages, %u violations", at / PAGE,
		    flags, (unsigned)totals.messages, (unsigned)left);
		/* Nothing is above these. */
		if (flags == 1)
			ck_assert_msg(
			    totals.messages >= 4 + MESSAGES - 21 && left == 0,
			    "page %zu: %u messages, %u violations", at / PAGE,
			    (unsigned)totals.messages, (unsigned)left);
		pages++;
		forget();
	}
	ck_assert_uint_gt(pages, 20);
	free(bad);
	end();
}

END_TEST

START_TEST(without_meta_pages_all_is_found)
{
	struct repair_result repaired;
	char *bad;
	fill();
	bad = malloc(n_good);
	memcpy(bad, good, n_good);
	memset(bad, 0x55, 2 * PAGE);
	write_file(bad, n_good);
	ck_assert_uint_gt(look().bad, 0);
	ck_assert_uint_eq(save(&repaired), 0);
	ck_assert_uint_ge(box_named(V("INBOX")).messages, 4 + MESSAGES - 21);
	free(bad);
	end();
}

END_TEST

START_TEST(nothing_is_left_of_an_empty_file)
{
	struct repair_result repaired;
	fill();
	write_file("", 0);
	ck_assert_uint_eq(save(&repaired), 0);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 0);
	end();
}

END_TEST

/* What stands in a page is believed nowhere: no crash, no hang, and afterwards
 * nothing is wrong but bytes that are lost. */
START_TEST(random_damage_is_repaired)
{
	char *bad;
	unsigned rounds = getenv("MAILCORE_LONG") ? 1000 : 40;
	const char *given = getenv("SALVAGE_SEED");
	uint32_t seed = (uint32_t)time(NULL);
	if (given)
		ck_assert(view_u32(view_of(given), &seed));
	fill();
	bad = malloc(n_good);
	srand(seed);
	for (unsigned i = 0; i < rounds; i++) {
		struct repair_result repaired;
		size_t n = n_good;
		memcpy(bad, good, n_good);
		size_t at = (size_t)rand() % n_good;
		switch (rand() % 4) {
		case 0:
			for (int k = rand() % 300; k >= 0; k--)
				bad[at / PAGE * PAGE + (size_t)rand() % PAGE] =
				    (char)rand();
			break;
		case 1:
			memset(bad + at / PAGE * PAGE, rand(), PAGE);
			break;
		case 2:
			memmove(bad + at / PAGE * PAGE,
			    good + (size_t)rand() % (n_good / PAGE) * PAGE,
			    PAGE);
			break;
		default:
			n = at;
		}
		write_file(bad, n);
		save(&repaired);
		const struct repair_options o = { 0 };
		ck_assert_int_eq(store_repair(store, &o, &repaired), 0);
		ck_assert_msg(repaired.repaired == 0, "seed %u, round %u: %u",
		    seed, i, (unsigned)repaired.repaired);
		forget();
	}
	free(bad);
	end();
}

END_TEST

START_TEST(who_repairs_is_alone)
{
	int fd;
	ck_assert_int_eq(kv_keep_out("/nowhere/data.mdb", &fd), -ENOENT);
	pid_t pid = fork();
	if (pid == 0)
		_exit(kv_keep_out(dir.file, &fd) == MC_E_BUSY ? 0 : 1);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	store_close(&store);
	ck_assert_int_eq(kv_keep_out(dir.file, &fd), 0);
	close(fd);
	store = test_open(false);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/salvage");
	TCase *t = tcase_create("salvage");
	tcase_set_timeout(t, 600);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_whole_file_has_nothing_bad);
	tcase_add_test(t, a_whole_file_is_saved_whole);
	tcase_add_test(t, one_page_costs_what_is_in_it);
	tcase_add_test(t, without_meta_pages_all_is_found);
	tcase_add_test(t, nothing_is_left_of_an_empty_file);
	tcase_add_test(t, random_damage_is_repaired);
	tcase_add_test(t, who_repairs_is_alone);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
