#include "store/txn/edit.h"
#include "store_fixture.h"

static const uint32_t inbox = 0xFFFFFFFE;

static struct append_result add(
    uint32_t mailbox, uint32_t uid, struct view uidl)
{
	struct append_result r;
	const struct append a = { .mailbox = mailbox,
		.source = { .mem = V("Subject: x\r\n\r\nx\r\n"), .fd = -1 },
		.internaldate = { 1600000000, 0 },
		.uid = uid,
		.uidl = uidl };
	int error = message_append(store, &a, 1, &r);
	ck_assert(error == 0 || error == r.error);
	return r;
}

static void expect_uidl(uint32_t mailbox, uint32_t uid, struct view want)
{
	struct store_txn t;
	struct message m;
	struct view got = V_NONE;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_get(&t, mailbox, uid, &m), 0);
	int error = message_uidl(&t, mailbox, &m, &got);
	ck_assert_int_eq(error, want.n ? 0 : MC_E_NOENT);
	ck_assert_view_eq(got, want);
	store_end(&t);
}

static int adopt(uint32_t id, uint32_t uidvalidity, uint32_t uidnext)
{
	const struct mailbox_origin o = { uidvalidity, uidnext, 0 };
	return mailbox_adopt(store, id, &o);
}

START_TEST(uids_are_kept_when_they_only_grow)
{
	ck_assert_uint_eq(add(inbox, 0, V_NONE).uid, 1);
	ck_assert_uint_eq(add(inbox, 40, V_NONE).uid, 40);
	ck_assert_uint_eq(add(inbox, 41, V_NONE).uid, 41);
	ck_assert_uint_eq(add(inbox, 7, V_NONE).uid, 42);
	ck_assert_uint_eq(add(inbox, 0, V_NONE).uid, 43);
	ck_assert_uint_eq(box_named(V("INBOX")).uidnext, 44);
	ck_assert_int_eq(add(inbox, UINT32_MAX, V_NONE).error, MC_E_LIMIT);
	ck_assert_uint_eq(box_named(V("INBOX")).uidnext, 44);
}

END_TEST

START_TEST(uidls_live_as_long_as_their_row)
{
	struct uidset uids, from, to;
	struct kv_txn t;
	struct view v;
	uint32_t other = box_create(V("Other"));
	add(inbox, 5, V("00000005abcdef01"));
	expect_uidl(inbox, 5, V("00000005abcdef01"));
	ck_assert_int_eq(add(inbox, 6, V("a b")).error, MC_E_BAD);
	ck_assert_int_eq(add(inbox, 6, view_of((char[72]){ 'x' })).error, 0);
	expect_uidl(inbox, 6, V("x"));
	uidset_init(&uids);
	uidset_init(&from);
	uidset_init(&to);
	ck_assert_int_eq(uidset_add(&uids, 5, 5), 0);
	ck_assert_int_eq(
	    message_move(store, inbox, &uids, other, &from, &to), 0);
	expect_uidl(other, uidset_at(&to, 1), V_NONE);
	struct key k = key_uidl(inbox, 5);
	ck_assert_int_eq(kv_read(store->kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, TABLE_IDX, key_view(&k), &v), MC_E_NOENT);
	kv_abort(&t);
	uidset_deinit(&uids);
	uidset_deinit(&from);
	uidset_deinit(&to);
}

END_TEST

START_TEST(an_empty_mailbox_goes_on_where_another_server_ended)
{
	uint32_t before = box_named(V("INBOX")).uidvalidity;
	struct uidset gone;
	uidset_init(&gone);
	add(inbox, 0, V_NONE);
	ck_assert_int_eq(adopt(inbox, before + 77, 100), MC_E_EXISTS);
	ck_assert_int_eq(adopt(inbox, before, 3), 0);
	ck_assert_int_eq(message_expunge(store, inbox, NULL, false, &gone), 0);
	ck_assert_int_eq(adopt(inbox, UINT32_MAX, 1), MC_E_LIMIT);
	ck_assert_int_eq(adopt(inbox, 0, UINT32_MAX), MC_E_LIMIT);
	ck_assert_int_eq(adopt(inbox, before + 77, 100), 0);
	struct mailbox m = box_named(V("INBOX"));
	ck_assert_uint_eq(m.uidvalidity, before + 77);
	ck_assert_uint_eq(m.uidnext, 100);
	ck_assert_int_eq(adopt(inbox, before + 77, 50), 0);
	ck_assert_uint_eq(box_named(V("INBOX")).uidnext, 100);
	/* RFC 3501 2.3.1.1: a later mailbox of that name gets a higher one. */
	box_create(V("Later"));
	ck_assert_uint_gt(box_named(V("Later")).uidvalidity, before + 77);
	ck_assert_int_eq(adopt(12345, 1, 1), MC_E_NOENT);
	uidset_deinit(&gone);
}

END_TEST

START_TEST(delivery_ids_tell_where_the_message_is)
{
	struct append_result r;
	struct store_txn t;
	uint32_t mailbox, uid;
	const struct append a = { .mailbox = inbox,
		.source = { .mem = V("x\r\n"), .fd = -1 },
		.uid = 9,
		.delivery_id = V("0123456789abcdef") };
	ck_assert_int_eq(message_append(store, &a, 1, &r), 0);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(
	    message_find_delivery(&t, a.delivery_id, &mailbox, &uid), 0);
	ck_assert_uint_eq(mailbox, inbox);
	ck_assert_uint_eq(uid, 9);
	ck_assert_int_eq(
	    message_find_delivery(&t, V("0123456789abcdeX"), &mailbox, &uid),
	    MC_E_NOENT);
	ck_assert_int_eq(
	    message_find_delivery(&t, V("short"), &mailbox, &uid), MC_E_BAD);
	store_end(&t);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("import");
	TCase *c = tcase_create("import");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, uids_are_kept_when_they_only_grow);
	tcase_add_test(c, uidls_live_as_long_as_their_row);
	tcase_add_test(c, an_empty_mailbox_goes_on_where_another_server_ended);
	tcase_add_test(c, delivery_ids_tell_where_the_message_is);
	suite_add_tcase(s, c);
	return s;
}

SUITE_MAIN(build)
