#include "store/check/check.h"
#include "store/housekeeping.h"
#include "store_pokes.h"

enum {
	FOUND_MAX = 64
};

static struct violation found[FOUND_MAX];
static unsigned n_found;

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	if (n_found < FOUND_MAX)
		found[n_found++] = *v;
}

static struct check_result check(bool bodies)
{
	const struct check_options o = { .bodies = bodies,
		.on_violation = on_violation };
	struct check_result r;
	n_found = 0;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	return r;
}

static void expect_clean(void)
{
	struct check_result r = check(true);
	ck_assert_msg(
	    r.violations == 0, "%s: %s", found[0].invariant, found[0].detail);
}

START_TEST(a_new_store_is_clean)
{
	expect_clean();
}

END_TEST

START_TEST(a_used_store_is_clean)
{
	sample_fill();
	struct check_result r = check(true);
	ck_assert_uint_eq(r.violations, 0);
	ck_assert_uint_eq(r.mailboxes, 3);
	ck_assert_uint_eq(r.rows, 7);
	ck_assert_uint_eq(r.objects, 7);
	ck_assert_uint_eq(r.retained, 2);
	ck_assert_uint_eq(r.chunks, 6 + 5);
	struct check_result quick = check(false);
	ck_assert_uint_eq(quick.chunks, 0);
}

END_TEST

START_TEST(what_users_do_leaves_it_clean)
{
	sample_fill();
	ck_assert_int_eq(mailbox_rename(store, V("Work"), V("W/x")), 0);
	expect_clean();
	ck_assert_int_eq(mailbox_rename(store, V("INBOX"), V("Old")), 0);
	expect_clean();
	ck_assert_int_eq(mailbox_delete(store, V("W/x/2026")), 0);
	expect_clean();
	ck_assert_int_eq(mailbox_delete(store, V("W")), 0);
	expect_clean();
	test_now_s += 100000;
	ck_assert_int_eq(housekeeping(store), 0);
	expect_clean();
	ck_assert_uint_eq(check(true).retained, 0);
}

END_TEST

START_TEST(each_invariant_is_verified)
{
	unsigned i = 0;
	sample_fill();
	expect_clean();
	ck_assert_int_eq(kv_write(store->kv, &poke), 0);
	pokes[_i].poke();
	ck_assert_int_eq(kv_commit(&poke), 0);
	struct check_result r = check(true);
	ck_assert_uint_gt(r.violations, 0);
	while (i < n_found && strcmp(found[i].invariant, pokes[_i].invariant))
		i++;
	ck_assert_msg(i < n_found, "not %s, but %s (%s)", pokes[_i].invariant,
	    found[0].invariant, found[0].detail);
	if (pokes[_i].uid)
		ck_assert_uint_eq(found[i].uid, pokes[_i].uid);
}

END_TEST

START_TEST(each_invariant_has_a_test)
{
	const char *text, *name;
	for (size_t i = 0; (name = check_invariant(i, &text)); i++) {
		size_t k = 0;
		while (k < N_POKES && strcmp(pokes[k].invariant, name) != 0)
			k++;
		ck_assert_msg(k < N_POKES || !strcmp(name, "table-readable"),
		    "%s has none", name);
	}
}

END_TEST

/* Whether the page is a leaf of LMDB 0.9 with keys of table obj. */
static bool is_object_leaf(const char *page)
{
	uint16_t flags, node, key_octets;
	memcpy(&flags, page + 10, 2);
	memcpy(&node, page + 16, 2);
	if (flags != 2 || node > 4096 - 32)
		return false;
	memcpy(&key_octets, page + node + 6, 2);
	char type = page[node + 8 + 8];
	return key_octets == 10 && (type == 'E' || type == 'M');
}

START_TEST(a_damaged_page_is_reported)
{
	char page[4096], zeros[4096] = { 0 };
	sample_fill();
	store_close(&store);
	FILE *f = fopen(dir.file, "r+");
	ck_assert_ptr_nonnull(f);
	for (long at = 0; fread(page, 1, sizeof page, f) == sizeof page;) {
		if (is_object_leaf(page)) {
			ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
			ck_assert_uint_eq(fwrite(zeros, sizeof zeros, 1, f), 1);
		}
		at += 4096;
		ck_assert_int_eq(fseek(f, at, SEEK_SET), 0);
	}
	fclose(f);
	store = test_open(false);
	struct check_result r = check(true);
	ck_assert_uint_gt(r.violations, 0);
	ck_assert_str_eq(found[0].invariant, "table-readable");
}

END_TEST

START_TEST(reports_are_limited_and_counted)
{
	enum {
		MANY = CHECK_REPORTS_MAX + 200
	};

	ck_assert_int_eq(kv_write(store->kv, &poke), 0);
	for (uint32_t i = 0; i < MANY; i++)
		put(TABLE_BLB, key_blb(1000 + i, 0), V("?"));
	ck_assert_int_eq(kv_commit(&poke), 0);
	ck_assert_uint_eq(check(true).violations, MANY);
	ck_assert_uint_eq(n_found, FOUND_MAX);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/check");
	TCase *t = tcase_create("check");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_new_store_is_clean);
	tcase_add_test(t, a_used_store_is_clean);
	tcase_add_test(t, what_users_do_leaves_it_clean);
	tcase_add_test(t, each_invariant_has_a_test);
	tcase_add_loop_test(t, each_invariant_is_verified, 0, N_POKES);
	tcase_add_test(t, a_damaged_page_is_reported);
	tcase_add_test(t, reports_are_limited_and_counted);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
