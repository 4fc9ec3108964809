#include "store/check/check.h"
#include "store/housekeeping.h"
#include "store/mailbox/keyword.h"
#include "store/mailbox/retained.h"
#include "store_sample.h"

/* What is retained, in order. */
static struct retained_message kept[16];
static unsigned n_kept;

static int on_retained(void *ctx, const struct retained_message *m)
{
	(void)ctx;
	ck_assert_uint_lt(n_kept, 16);
	kept[n_kept++] = *m;
	return 0;
}

static void look(void)
{
	struct store_txn t;
	n_kept = 0;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_retained(&t, on_retained, NULL), 0);
	store_end(&t);
}

static uint64_t undelete(struct undelete what)
{
	uint64_t n;
	const struct check_options o = { .bodies = true };
	struct check_result r;
	ck_assert_int_eq(message_undelete(store, &what, &n), 0);
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 0);
	return n;
}

static int row_error(uint32_t mailbox, uint32_t uid, struct message *m)
{
	struct store_txn t;
	ck_assert_int_eq(store_read(store, &t), 0);
	int error = message_get(&t, mailbox, uid, m);
	store_end(&t);
	return error;
}

static struct store_totals totals(void)
{
	struct store_txn t;
	struct store_totals out;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(store_totals(&t, &out), 0);
	store_end(&t);
	return out;
}

START_TEST(what_was_expunged_comes_back)
{
	struct message was, m;
	struct store_totals before;
	sample_fill();
	sample_flag(inbox_id, 6, 6, MESSAGE_DELETED | MESSAGE_ANSWERED);
	before = totals();
	ck_assert_int_eq(row_error(inbox_id, 6, &was), 0);
	test_now_s += 60;
	sample_expunge(inbox_id, 6, 6);
	ck_assert_int_eq(row_error(inbox_id, 6, &m), MC_E_NOENT);
	look();
	ck_assert_uint_eq(n_kept, 3);
	ck_assert_uint_eq(kept[2].uid, 6);
	ck_assert_uint_eq(kept[2].mailbox, inbox_id);
	ck_assert_int_eq(kept[2].expunged_s, test_now_s);
	ck_assert_int_eq(kept[2].purge_s, test_now_s + STORE_RETENTION_S);
	test_now_s += 60;
	const struct undelete what = { .since_s = kept[2].expunged_s };
	ck_assert_uint_eq(undelete(what), 1);
	/* RFC 3501 2.3.1.1: a UID is never used again. */
	ck_assert_int_eq(row_error(inbox_id, 7, &m), 0);
	ck_assert_uint_eq(m.msgid, was.msgid);
	ck_assert_uint_eq(m.flags, MESSAGE_ANSWERED);
	ck_assert_int_eq(memcmp(m.keywords, was.keywords, 16), 0);
	ck_assert_int_eq(m.internaldate.unix_s, was.internaldate.unix_s);
	ck_assert_int_eq(m.internaldate.zone_min, was.internaldate.zone_min);
	ck_assert_int_eq(m.savedate_s, test_now_s);
	ck_assert_uint_gt(m.modseq, was.modseq);
	ck_assert_uint_eq(totals().bytes, before.bytes);
	ck_assert_uint_eq(totals().messages, before.messages);
	ck_assert_uint_eq(undelete(what), 0);
}

END_TEST

START_TEST(a_mailbox_that_is_gone_is_inbox)
{
	struct message m;
	sample_fill();
	ck_assert_int_eq(mailbox_delete(store, V("Work/2026")), 0);
	look();
	/* Two were copies. */
	ck_assert_uint_eq(n_kept, 3);
	const struct undelete what = { .mailbox = sample_work };
	ck_assert_uint_eq(undelete(what), 1);
	ck_assert_int_eq(row_error(inbox_id, 7, &m), 0);
	look();
	ck_assert_uint_eq(n_kept, 2);
}

END_TEST

START_TEST(they_can_go_elsewhere)
{
	struct message m;
	sample_fill();
	look();
	struct undelete what = { .msgid = kept[1].msgid, .to = sample_work };
	ck_assert_uint_eq(undelete(what), 1);
	ck_assert_int_eq(row_error(sample_work, 4, &m), 0);
	ck_assert_uint_eq(m.msgid, what.msgid);
	uint64_t n;
	what = (struct undelete){ .to = 77 };
	ck_assert_int_eq(message_undelete(store, &what, &n), MC_E_NOENT);
	ck_assert_uint_eq(n, 0);
	look();
	ck_assert_uint_eq(n_kept, 1);
}

END_TEST

START_TEST(many_come_back_in_slices)
{
	enum {
		MANY = 1100
	};
	static struct append items[MANY];
	static struct append_result results[MANY];
	for (unsigned i = 0; i < MANY; i++)
		items[i] = (struct append){ .mailbox = inbox_id,
			.source = {
			    .mem = V("Subject: x\r\n\r\n"), .fd = -1 } };
	ck_assert_int_eq(message_append(store, items, MANY, results), 0);
	sample_expunge(inbox_id, 1, MANY);
	const struct undelete what = { .mailbox = inbox_id };
	ck_assert_uint_eq(undelete(what), MANY);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, MANY);
}

END_TEST

static void expect_retention(uint32_t mailbox, uint32_t uid, uint32_t seconds)
{
	sample_expunge(mailbox, uid, uid);
	look();
	for (unsigned i = 0; i < n_kept; i++)
		if (kept[i].mailbox == mailbox && kept[i].uid == uid)
			ck_assert_int_eq(kept[i].purge_s, test_now_s + seconds);
}

START_TEST(retention_is_the_mailboxes_the_accounts_or_the_option)
{
	const struct store_options o = { .now_s = test_clock,
		.retention_s = 86400 };
	uint32_t seconds;
	struct store_txn t;
	sample_fill();
	expect_retention(inbox_id, 5, STORE_RETENTION_S);
	store_close(&store);
	ck_assert_int_eq(store_open(dir.path, &o, &store), 0);
	expect_retention(inbox_id, 6, 86400);
	ck_assert_int_eq(mailbox_set_retention(store, 0, 1000), 0);
	sample_add(inbox_id, V("a"), V(""), V(""));
	expect_retention(inbox_id, 7, 1000);
	ck_assert_int_eq(mailbox_set_retention(store, sample_work, 5000), 0);
	expect_retention(sample_work, 3, 5000);
	ck_assert_int_eq(mailbox_set_retention(store, 77, 1), MC_E_NOENT);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_retention(&t, sample_work, &seconds), 0);
	store_end(&t);
	ck_assert_uint_eq(seconds, 5000);
	/* The last two go, the first has another day. */
	test_now_s += 5000;
	ck_assert_int_eq(housekeeping(store), 0);
	look();
	ck_assert_uint_eq(n_kept, 1);
	ck_assert_uint_eq(kept[0].uid, 6);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/retained");
	TCase *t = tcase_create("retained");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_was_expunged_comes_back);
	tcase_add_test(t, a_mailbox_that_is_gone_is_inbox);
	tcase_add_test(t, they_can_go_elsewhere);
	tcase_add_test(t, many_come_back_in_slices);
	tcase_add_test(
	    t, retention_is_the_mailboxes_the_accounts_or_the_option);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
