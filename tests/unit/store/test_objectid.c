#include "store/mailbox/objectid.h"
#include "store_sample.h"

static const uint8_t account[16] = { 0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
	12, 13, 14, 0x80 };
static const uint64_t ids[] = { 1, 2, 255, 256, 0x0123456789ABCDEF,
	UINT64_MAX };

/* RFC 8474 7: objectid = 1*255(ALPHA / DIGIT / "_" / "-"). */
static void expect_form(struct view v)
{
	ck_assert_uint_ge(v.n, 1);
	ck_assert_uint_le(v.n, 255);
	for (size_t i = 0; i < v.n; i++)
		ck_assert((v.p[i] >= 'a' && v.p[i] <= 'z') ||
			  (v.p[i] >= '2' && v.p[i] <= '7'));
}

START_TEST(ids_come_back)
{
	char text[OBJECTID_OCTETS];
	uint64_t id;
	struct view v = objectid_encode(OBJECTID_EMAIL, account, ids[_i], text);
	expect_form(v);
	ck_assert_int_eq(objectid_decode(OBJECTID_EMAIL, account, v, &id), 0);
	ck_assert_uint_eq(id, ids[_i]);
	/* RFC 8474 5.2: EMAILIDs and THREADIDs never are the same. */
	ck_assert_int_eq(
	    objectid_decode(OBJECTID_THREAD, account, v, &id), MC_E_NOENT);
}

END_TEST

START_TEST(strange_ids_are_no_ids)
{
	char text[OBJECTID_OCTETS];
	uint8_t other[16] = { 1 };
	uint64_t id;
	struct view v = objectid_encode(OBJECTID_EMAIL, other, 7, text);
	ck_assert_int_eq(
	    objectid_decode(OBJECTID_EMAIL, account, v, &id), MC_E_NOENT);
	ck_assert_int_eq(
	    objectid_decode(OBJECTID_EMAIL, other, view_head(v, v.n - 1), &id),
	    MC_E_NOENT);
	text[26] = 'b'; /* one of the bits that are left over */
	ck_assert_int_eq(
	    objectid_decode(OBJECTID_EMAIL, other, v, &id), MC_E_NOENT);
	text[26] = 'A';
	ck_assert_int_eq(
	    objectid_decode(OBJECTID_EMAIL, other, v, &id), MC_E_NOENT);
	ck_assert_int_eq(
	    objectid_decode(OBJECTID_EMAIL, other, V(""), &id), MC_E_NOENT);
}

END_TEST

static struct message row_of(uint32_t mailbox, uint32_t uid)
{
	struct store_txn t;
	struct message m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_get(&t, mailbox, uid, &m), 0);
	store_end(&t);
	return m;
}

/* What the ids are made of: RFC 8474 4 and 5.1. */
START_TEST(copies_moves_and_renames_keep_ids)
{
	struct uidset one = sample_uids(1, 1), from, to;
	uint32_t a = box_create(V("A"));
	sample_add(inbox_id, V("Subject: x\r\n\r\n"), V(""), V(""));
	uint64_t msgid = row_of(inbox_id, 1).msgid;
	sample_copy(1, 1, a);
	ck_assert_uint_eq(row_of(a, 1).msgid, msgid);
	uidset_init(&from);
	uidset_init(&to);
	ck_assert_int_eq(message_move(store, a, &one, inbox_id, &from, &to), 0);
	ck_assert_uint_eq(row_of(inbox_id, 2).msgid, msgid);
	struct mailbox before = box_named(V("A"));
	ck_assert_int_eq(mailbox_rename(store, V("A"), V("B/C")), 0);
	struct mailbox after = box_named(V("B/C"));
	ck_assert_int_eq(memcmp(before.guid, after.guid, 16), 0);
	box_create(V("A"));
	after = box_named(V("A"));
	ck_assert_int_ne(memcmp(before.guid, after.guid, 16), 0);
	uidset_deinit(&one);
	uidset_deinit(&from);
	uidset_deinit(&to);
}

END_TEST

/* RFC 8514: the time at which a message came into its mailbox. */
START_TEST(copies_and_moves_set_savedate)
{
	struct uidset one = sample_uids(1, 1), from, to;
	uint32_t a = box_create(V("A"));
	sample_add(inbox_id, V("Subject: x\r\n\r\n"), V(""), V(""));
	int64_t first_s = test_now_s;
	test_now_s += 100;
	sample_copy(1, 1, a);
	ck_assert_int_eq(row_of(a, 1).savedate_s, first_s + 100);
	ck_assert_int_eq(row_of(inbox_id, 1).savedate_s, first_s);
	test_now_s += 100;
	uidset_init(&from);
	uidset_init(&to);
	ck_assert_int_eq(message_move(store, a, &one, inbox_id, &from, &to), 0);
	ck_assert_int_eq(row_of(inbox_id, 2).savedate_s, first_s + 200);
	test_now_s += 100;
	sample_flag(inbox_id, 2, 2, MESSAGE_SEEN);
	ck_assert_int_eq(row_of(inbox_id, 2).savedate_s, first_s + 200);
	uidset_deinit(&one);
	uidset_deinit(&from);
	uidset_deinit(&to);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/objectid");
	TCase *t = tcase_create("objectid");
	tcase_add_loop_test(t, ids_come_back, 0, sizeof ids / sizeof ids[0]);
	tcase_add_test(t, strange_ids_are_no_ids);
	TCase *u = tcase_create("store");
	tcase_add_checked_fixture(u, setup, teardown);
	tcase_add_test(u, copies_moves_and_renames_keep_ids);
	tcase_add_test(u, copies_and_moves_set_savedate);
	suite_add_tcase(s, t);
	suite_add_tcase(s, u);
	return s;
}

SUITE_MAIN(build)
