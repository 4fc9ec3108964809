/* What the administrator does to recipients: mailctl queue. */
#include "queue_fixture.h"
#include "wire/wr.h"

static void ask(enum queue_action action, uint64_t id, uint32_t n)
{
	char items[3 * QUEUE_ITEM_OCTETS];
	struct wr w = wr_into(items, sizeof items);
	for (uint32_t i = 0; i < n; i++) {
		wr_u64(&w, id);
		wr_u32(&w, i);
	}
	say(&fake.monitor,
	    (struct msg){ .type = MSG_QUEUE_CHANGE,
		.queue_change = { 9, (uint8_t)action, { items, w.n } } });
	fake_round();
}

static void expect_answer(enum queue_change status)
{
	const struct msg *m = fake_expect(MSG_QUEUE_CHANGED);
	ck_assert_uint_eq(m->queue_changed.id, 9);
	ck_assert_uint_eq(m->queue_changed.statuses.n, 1);
	ck_assert_int_eq(m->queue_changed.statuses.p[0], (int)status);
}

/* A message whose recipient waits for a retry; only the disk knows it. */
static uint64_t waiting(void)
{
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_TEMP, "");
	fake_pass(100);
	return id;
}

START_TEST(what_is_held_is_not_tried)
{
	struct queue_rcpt r = { 0 };
	uint64_t id = waiting();
	ask(QUEUE_ACTION_HOLD, id, 1);
	expect_answer(QUEUE_CHANGE_DONE);
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_HELD);
	fake_pass(7200 * 1000);
	ck_assert_ptr_null(fake_next());
	ask(QUEUE_ACTION_RETRY, id, 1);
	expect_answer(QUEUE_CHANGE_DONE);
	fake_pass(1100);
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *agent = grant("one");
	report(agent, fake_expect(MSG_DELIVER)->deliver.id, DELIVER_STATUS_OK);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

/* The answer says that it is on disk. */
START_TEST(a_change_outlives_a_crash)
{
	struct queue_rcpt r = { 0 };
	uint64_t id = waiting();
	ask(QUEUE_ACTION_HOLD, id, 1);
	expect_answer(QUEUE_CHANGE_DONE);
	die();
	start();
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_HELD);
}

END_TEST

START_TEST(what_is_deleted_is_gone_without_a_word)
{
	struct queue_rcpt r;
	envelope.account = V("s@a.example");
	notify = 0;
	uint64_t id = waiting();
	ask(QUEUE_ACTION_DELETE, id, 1);
	expect_answer(QUEUE_CHANGE_DONE);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(what_is_bounced_is_told_to_its_sender)
{
	struct queue_rcpt r;
	envelope.account = V("s@a.example");
	notify = 0;
	uint64_t id = waiting();
	ask(QUEUE_ACTION_BOUNCE, id, 1);
	expect_answer(QUEUE_CHANGE_DONE);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(m->address_ask.address, V("s@a.example"));
}

END_TEST

/* Wherever in memory it waits; what an agent has is too late. */
START_TEST(takes_it_out_of_what_goes_on)
{
	struct queue_rcpt r;
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	if (_i >= 1)
		answer_address(ADDRESS_LOCAL, "one");
	else
		fake_expect(MSG_ADDRESS_ASK);
	if (_i == 1)
		fake_expect(MSG_DELIVERY_ASK);
	if (_i == 2) {
		grant("one");
		fake_expect(MSG_DELIVER);
	}
	ask(QUEUE_ACTION_DELETE, id, 1);
	expect_answer(_i == 2 ? QUEUE_CHANGE_BUSY : QUEUE_CHANGE_DONE);
	ck_assert_int_eq(stored(id, &r), _i == 2 ? 0 : MC_E_NOENT);
}

END_TEST

START_TEST(says_what_is_not_there)
{
	uint64_t id = waiting();
	ask(QUEUE_ACTION_DELETE, id + 1, 1);
	expect_answer(QUEUE_CHANGE_GONE);
	ask(QUEUE_ACTION_COUNT, id, 1);
	expect_answer(QUEUE_CHANGE_TEMP);
	ask(QUEUE_ACTION_DELETE, id, 3);
	const struct msg *m = fake_expect(MSG_QUEUE_CHANGED);
	ck_assert_view_eq(m->queue_changed.statuses, V("\0\1\1"));
}

END_TEST

START_TEST(an_unusable_spool_is_said)
{
	uint64_t id = waiting();
	die();
	ask(QUEUE_ACTION_DELETE, id, 1);
	expect_answer(QUEUE_CHANGE_TEMP);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/change");
	TCase *t = tcase_create("change");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_held_is_not_tried);
	tcase_add_test(t, a_change_outlives_a_crash);
	tcase_add_test(t, what_is_deleted_is_gone_without_a_word);
	tcase_add_test(t, what_is_bounced_is_told_to_its_sender);
	tcase_add_loop_test(t, takes_it_out_of_what_goes_on, 0, 3);
	tcase_add_test(t, says_what_is_not_there);
	tcase_add_test(t, an_unusable_spool_is_said);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
