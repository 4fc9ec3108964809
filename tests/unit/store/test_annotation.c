#include "store/check/check.h"
#include "store/housekeeping.h"
#include "store/mailbox/annotation.h"
#include "store_sample.h"
#include <errno.h>

static int set(uint32_t mailbox, struct view entry, struct view value)
{
	const struct annotation item = { entry, value };
	return annotation_set(store, mailbox, &item, 1);
}

static void expect(uint32_t mailbox, struct view entry, struct view value)
{
	struct store_txn t;
	struct view v;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(annotation_get(&t, mailbox, entry, &v), 0);
	ck_assert(!v.p == !value.p);
	ck_assert_view_eq(v, value);
	store_end(&t);
}

static void expect_clean(void)
{
	const struct check_options o = { .bodies = false };
	struct check_result r;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 0);
}

static int on_entry(void *ctx, const struct annotation *a)
{
	struct buf *out = ctx;
	buf_put(out, a->entry);
	buf_put_char(out, '=');
	buf_put(out, view_head(a->value, 10));
	buf_put_char(out, ' ');
	return 0;
}

static void expect_all(uint32_t mailbox, struct view want)
{
	struct store_txn t;
	struct buf all;
	buf_init(&all, 4096);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(annotation_each(&t, mailbox, on_entry, &all), 0);
	store_end(&t);
	ck_assert_view_eq(buf_view(&all), want);
	buf_deinit(&all);
}

static uint64_t account_modseq(void)
{
	struct store_txn t;
	struct store_totals totals;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(store_totals(&t, &totals), 0);
	store_end(&t);
	return totals.modseq;
}

/* RFC 5464 3, 4.3. */
START_TEST(values_are_kept_by_name)
{
	struct view comment = V("/private/comment");
	expect(inbox_id, comment, V_NONE);
	ck_assert_int_eq(set(inbox_id, V("/Private/COMMENT"), V("one")), 0);
	expect(inbox_id, comment, V("one"));
	expect(0, comment, V_NONE);
	ck_assert_int_eq(set(0, V("/shared/admin"), V("a\0\xff")), 0);
	expect(0, V("/shared/admin"), V("a\0\xff"));
	ck_assert_int_eq(set(inbox_id, V("/private/b"), V("")), 0);
	expect(inbox_id, V("/private/b"), V(""));
	expect_all(inbox_id, V("/private/b= /private/comment=one "));
	expect_clean();
	ck_assert_int_eq(set(inbox_id, comment, V_NONE), 0);
	expect(inbox_id, comment, V_NONE);
	expect_all(inbox_id, V("/private/b= "));
	expect_all(0, V("/shared/admin=a\0\xff "));
}

END_TEST

START_TEST(names_are_checked)
{
	static const struct view bad[] = { V_INIT(""), V_INIT("/private"),
		V_INIT("/private/"), V_INIT("/shared//x"), V_INIT("/shared/x/"),
		V_INIT("/other/x"), V_INIT("shared/x"), V_INIT("/shared/*"),
		V_INIT("/shared/%"), V_INIT("/shared/\xe4"),
		V_INIT("/shared/\t"), V_INIT("/shared/\0") };
	struct store_txn t;
	struct view v;
	char name[ANNOTATION_ENTRY_MAX + 1];
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(
		    set(inbox_id, bad[i], V("x")) == MC_E_BAD, "%zu", i);
	memset(name, 'n', sizeof name);
	memcpy(name, "/shared/", 8);
	struct view longest = { name, ANNOTATION_ENTRY_MAX };
	ck_assert_int_eq(set(inbox_id, longest, V("x")), 0);
	expect(inbox_id, longest, V("x"));
	longest.n++;
	ck_assert_int_eq(set(inbox_id, longest, V("x")), MC_E_BAD);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(annotation_get(&t, inbox_id, V("x"), &v), MC_E_BAD);
	store_end(&t);
	ck_assert_int_eq(set(77, V("/shared/x"), V("x")), MC_E_NOENT);
	expect_clean();
}

END_TEST

static const size_t sizes[] = { 1, 4079, 4080, 4081, 8160, 65280,
	ANNOTATION_VALUE_MAX };

START_TEST(large_values_come_back)
{
	char *big = malloc(ANNOTATION_VALUE_MAX + 1);
	ck_assert_ptr_nonnull(big);
	for (size_t i = 0; i < ANNOTATION_VALUE_MAX; i++)
		big[i] = (char)(i * 7 + i / 251);
	const struct view entry = V("/shared/big");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct view v = { big, sizes[i] };
		ck_assert_int_eq(set(inbox_id, entry, v), 0);
		expect(inbox_id, entry, v);
		expect_clean();
	}
	ck_assert_int_eq(set(inbox_id, entry,
			     (struct view){ big, ANNOTATION_VALUE_MAX + 1 }),
	    -EMSGSIZE);
	/* Nothing of the long value is left behind a short one. */
	ck_assert_int_eq(set(inbox_id, entry, V("short")), 0);
	expect(inbox_id, entry, V("short"));
	expect_all(inbox_id, V("/shared/big=short "));
	expect_clean();
	free(big);
}

END_TEST

START_TEST(all_or_nothing)
{
	const struct annotation items[] = {
		{ V("/shared/a"), V("1") },
		{ V("/shared/b"), V("2") },
		{ V("/bad"), V("3") },
	};
	ck_assert_int_eq(annotation_set(store, inbox_id, items, 3), MC_E_BAD);
	expect_all(inbox_id, V(""));
	ck_assert_int_eq(annotation_set(store, inbox_id, items, 2), 0);
	expect_all(inbox_id, V("/shared/a=1 /shared/b=2 "));
}

END_TEST

START_TEST(their_number_is_limited)
{
	char name[32];
	for (unsigned i = 0; i <= ANNOTATIONS_MAX; i++) {
		snprintf(name, sizeof name, "/shared/%u", i);
		ck_assert_int_eq(set(inbox_id, view_of(name), V("x")),
		    i < ANNOTATIONS_MAX ? 0 : MC_E_LIMIT);
	}
	ck_assert_int_eq(set(inbox_id, V("/shared/0"), V("y")), 0);
	ck_assert_int_eq(set(inbox_id, V("/shared/0"), V_NONE), 0);
	ck_assert_int_eq(set(inbox_id, V("/shared/new"), V("y")), 0);
}

END_TEST

START_TEST(they_live_and_go_with_the_mailbox)
{
	const struct view entry = V("/private/comment");
	uint32_t a = box_create(V("A"));
	box_create(V("A/B"));
	ck_assert_int_eq(set(a, entry, V("x")), 0);
	ck_assert_int_eq(mailbox_rename(store, V("A"), V("C")), 0);
	expect(box_named(V("C")).id, entry, V("x"));
	/* It has a child, so its name stays: RFC 3501 6.3.4. */
	ck_assert_int_eq(mailbox_delete(store, V("C")), 0);
	expect(a, entry, V_NONE);
	box_create(V("C"));
	expect(a, entry, V_NONE);
	uint32_t b = box_named(V("C/B")).id;
	ck_assert_int_eq(set(b, entry, V("x")), 0);
	ck_assert_int_eq(mailbox_delete(store, V("C/B")), 0);
	ck_assert_int_eq(housekeeping(store), 0);
	expect(b, entry, V_NONE);
	expect_clean();
}

END_TEST

START_TEST(changes_have_a_modseq)
{
	uint64_t before = account_modseq();
	ck_assert_int_eq(set(inbox_id, V("/shared/a"), V("1")), 0);
	ck_assert_uint_gt(account_modseq(), before);
	before = account_modseq();
	ck_assert_int_eq(set(inbox_id, V("/shared/a"), V("1")), 0);
	ck_assert_int_eq(set(inbox_id, V("/shared/b"), V_NONE), 0);
	ck_assert_uint_eq(account_modseq(), before);
	ck_assert_int_eq(set(0, V("/shared/a"), V("1")), 0);
	ck_assert_uint_gt(account_modseq(), before);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/annotation");
	TCase *t = tcase_create("annotation");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, values_are_kept_by_name);
	tcase_add_test(t, names_are_checked);
	tcase_add_test(t, large_values_come_back);
	tcase_add_test(t, all_or_nothing);
	tcase_add_test(t, their_number_is_limited);
	tcase_add_test(t, they_live_and_go_with_the_mailbox);
	tcase_add_test(t, changes_have_a_modseq);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
