/* The queue role against a front, an auth and agents that are this test. */
#include "queue_fixture.h"

START_TEST(answers_after_the_commit_and_delivers_from_memory)
{
	struct queue_rcpt r;
	submit(1, to_one);
	submit(2, to_one);
	ck_assert_ptr_null(fake_next());
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	ck_assert_uint_ne(id, 0);
	ck_assert_uint_gt(expect_result(2, SUBMIT_STATUS_OK), id);
	const struct msg *ask = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(ask->address_ask.address, V("one@b.example"));
	fake.n_seen--;
	answer_address(ADDRESS_LOCAL, "one");
	fake.n_seen =
	    fake.n_sent - 1; /* the second question is answered late */
	struct peer *agent = grant("one");
	const struct msg *m = fake_expect(MSG_DELIVER);
	ck_assert_view_eq(m->deliver.sender, V("s@a.example"));
	ck_assert_view_eq(m->deliver.recipient, V("one@b.example"));
	ck_assert_view_eq(m->deliver.body, V("Subject: x\r\n\r\nbody\r\n"));
	report(agent, m->deliver.id, DELIVER_STATUS_OK);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

/* A captured agent cannot lose the mail of others by a guessed id. */
START_TEST(an_agent_speaks_for_its_own_account)
{
	struct queue_rcpt r;
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *one = grant("one");
	uint64_t delivery = fake_expect(MSG_DELIVER)->deliver.id;
	submit(2, to_one);
	fake_round();
	expect_result(2, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_LOCAL, "two");
	struct peer *two = grant("two");
	fake_expect(MSG_DELIVER);
	report(two, delivery, DELIVER_STATUS_OK);
	ck_assert_int_eq(stored(id, &r), 0);
	report(one, delivery, DELIVER_STATUS_OK);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

/* What an agent had not reported is sent again, under the same id. */
START_TEST(delivers_again_after_a_crash)
{
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_LOCAL, "one");
	grant("one");
	struct view first = fake_expect(MSG_DELIVER)->deliver.delivery_id;
	char bytes[16];
	memcpy(bytes, first.p, sizeof bytes);
	die();
	start();
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *agent = grant("one");
	const struct msg *m = fake_expect(MSG_DELIVER);
	ck_assert_int_eq(memcmp(m->deliver.delivery_id.p, bytes, 16), 0);
	ck_assert_view_eq(m->deliver.body, V("Subject: x\r\n\r\nbody\r\n"));
	report(agent, m->deliver.id, DELIVER_STATUS_DUPLICATE);
	struct queue_rcpt r;
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

START_TEST(tries_again_later)
{
	struct queue_rcpt r = { 0 };
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *agent = grant("one");
	report(agent, fake_expect(MSG_DELIVER)->deliver.id,
	    DELIVER_STATUS_OVERQUOTA);
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_WAITING);
	ck_assert_uint_eq(r.attempts, 1);
	ck_assert_uint_ge(r.next_s, (uint64_t)fake.wall_s + 268);
	fake_pass(200 * 1000);
	ck_assert_ptr_null(fake_next());
	fake_pass(150 * 1000);
	answer_address(ADDRESS_LOCAL, "one");
	agent = grant("one");
	report(agent, fake_expect(MSG_DELIVER)->deliver.id, DELIVER_STATUS_OK);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

struct fate_case {
	enum address_kind kind;
	enum rcpt_state state;
	bool is_due;
};

static const struct fate_case fate_cases[] = {
	{ ADDRESS_UNKNOWN, RCPT_FAILED, true },
	{ ADDRESS_TEMP, RCPT_WAITING, true },
};

START_TEST(keeps_what_cannot_be_delivered)
{
	const struct fate_case *c = &fate_cases[_i];
	struct queue_rcpt r = { 0 };
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(c->kind, "");
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, c->state);
	ck_assert_int_eq(r.next_s != 0, c->is_due);
	die();
	start();
	ck_assert_ptr_null(fake_next());
	fake_pass(433000 * UINT64_C(1000));
	if (c->state != RCPT_WAITING)
		ck_assert_int_eq(
		    stored(id, &r), c->state == RCPT_FAILED ? MC_E_NOENT : 0);
}

END_TEST

START_TEST(an_account_that_is_gone_fails_at_once)
{
	struct queue_rcpt r = { 0 };
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_LOCAL, "one");
	const struct msg *m = fake_expect(MSG_DELIVERY_ASK);
	say(&fake.auth, (struct msg){ .type = MSG_DELIVERY_GRANTED,
			    .delivery_granted = {
				m->delivery_ask.id, AUTH_STATUS_FAILED } });
	fake_round();
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_FAILED);
}

END_TEST

START_TEST(a_dead_agent_costs_a_second)
{
	submit(1, to_one);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *agent = grant("one");
	fake_expect(MSG_DELIVER);
	agent->events->on_closed(agent->ctx, agent, MC_E_CLOSED);
	fake_round();
	ck_assert_ptr_null(fake_next());
	fake_pass(1100);
	agent = grant("one");
	report(agent, fake_expect(MSG_DELIVER)->deliver.id, DELIVER_STATUS_OK);
}

END_TEST

START_TEST(auth_may_die)
{
	submit(1, to_one);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	fake_expect(MSG_ADDRESS_ASK);
	fake.has_auth = false;
	queue_ops.peer_down(&fake, &fake.auth);
	fake_round();
	ck_assert_ptr_null(fake_next());
	fake.has_auth = true;
	queue_ops.peer_up(&fake, &fake.auth);
	fake_round();
	answer_address(ADDRESS_LOCAL, "one");
	fake_expect(MSG_DELIVERY_ASK);
	fake.has_auth = false;
	queue_ops.peer_down(&fake, &fake.auth);
	fake_round();
	fake.has_auth = true;
	fake_pass(1100);
	grant("one");
	fake_expect(MSG_DELIVER);
}

END_TEST

START_TEST(takes_large_messages_as_files)
{
	char bytes[32] = { 0 };
	open_mail(1, to_two);
	say(&fake.front,
	    (struct msg){ .type = MSG_SPOOL_ASK, .spool_ask = { 1 } });
	const struct sent *s = fake_expect_sent(MSG_SPOOL_IS);
	ck_assert_int_eq(write(s->fd, "large", 5), 5);
	commit(1, 5, true);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	die();
	start();
	answer_address(ADDRESS_LOCAL, "one");
	fake_expect(MSG_ADDRESS_ASK); /* about the other, not answered */
	grant("one");
	s = fake_expect_sent(MSG_DELIVER_FILE);
	ck_assert_uint_eq(s->m.deliver_file.size, 5);
	ck_assert_int_eq(read(s->fd, bytes, sizeof bytes), 5);
	ck_assert_str_eq(bytes, "large");
}

END_TEST

/* There is nothing to try again with. */
START_TEST(a_message_whose_file_is_lost_fails)
{
	struct queue_rcpt r = { 0 };
	submit_large(to_one);
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	lose_file(id);
	die();
	start();
	answer_address(ADDRESS_LOCAL, "one");
	grant("one");
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_FAILED);
	ck_assert(view_starts(r.reply, V("5.3.0 ")));
}

END_TEST

START_TEST(refuses_a_file_of_another_size)
{
	open_mail(1, to_one);
	say(&fake.front,
	    (struct msg){ .type = MSG_SPOOL_ASK, .spool_ask = { 1 } });
	fake_expect(MSG_SPOOL_IS);
	commit(1, 5, true);
	fake_round();
	expect_result(1, SUBMIT_STATUS_TEMP);
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(refuses_without_space)
{
	fake.conf.queue_free_min = INT64_MAX;
	submit(1, to_one);
	say(&fake.front,
	    (struct msg){ .type = MSG_SPOOL_ASK, .spool_ask = { 2 } });
	fake_round();
	expect_result(1, SUBMIT_STATUS_FULL);
	const struct msg *m = fake_expect(MSG_SPOOL_NONE);
	ck_assert_int_eq(m->spool_none.status, SUBMIT_STATUS_FULL);
}

END_TEST

START_TEST(refuses_what_is_incomplete)
{
	static const char *const none[] = { NULL };
	submit(1, none);
	expect_result(1, SUBMIT_STATUS_TEMP);
	open_mail(2, to_one);
	send_body(2, V("body"));
	commit(2, 5, false);
	expect_result(2, SUBMIT_STATUS_TEMP);
	open_mail(3, to_one);
	commit(3, 0, true);
	expect_result(3, SUBMIT_STATUS_TEMP);
	commit(4, 0, false);
	expect_result(4, SUBMIT_STATUS_LIMIT);
	fake_round();
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(bounds_bodies_and_recipients)
{
	static char body[QUEUE_BODY_MAX];
	open_mail(1, to_one);
	send_body(1, (struct view){ body, sizeof body });
	send_body(1, V("x"));
	commit(1, sizeof body, false);
	expect_result(1, SUBMIT_STATUS_LIMIT);
	open_mail(2, to_one);
	for (int i = 0; i < QUEUE_RECIPIENTS_MAX; i++)
		say(&fake.front,
		    (struct msg){ .type = MSG_SUBMIT_RCPT,
			.submit_rcpt = { 2, V("x@b.example"), V(""), 0 } });
	commit(2, 0, false);
	expect_result(2, SUBMIT_STATUS_LIMIT);
}

END_TEST

START_TEST(forgets_what_a_dead_front_began)
{
	open_mail(1, to_one);
	say(&fake.front,
	    (struct msg){ .type = MSG_SPOOL_ASK, .spool_ask = { 1 } });
	fake_expect(MSG_SPOOL_IS);
	submit(2, to_one);
	queue_ops.peer_down(&fake, &fake.front);
	fake_round();
	ck_assert_ptr_null(fake_next());
	die();
	start();
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(lives_with_a_spool_that_cannot_be_used)
{
	die();
	ck_assert_int_eq(rename("queue.mdb", "away"), 0);
	ck_assert_int_eq(mkdir("queue.mdb", 0700), 0);
	start();
	submit(1, to_one);
	fake_round();
	expect_result(1, SUBMIT_STATUS_TEMP);
	ck_assert_int_eq(rmdir("queue.mdb"), 0);
	ck_assert_int_eq(rename("away", "queue.mdb"), 0);
	fake_pass(6000);
	submit(2, to_one);
	fake_round();
	expect_result(2, SUBMIT_STATUS_OK);
}

END_TEST

START_TEST(writes_what_it_knows_before_it_stops)
{
	struct queue_rcpt r;
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *agent = grant("one");
	report(agent, fake_expect(MSG_DELIVER)->deliver.id, DELIVER_STATUS_OK);
	submit(2, to_one);
	queue_ops.stop(&fake, 5);
	expect_result(2, SUBMIT_STATUS_OK);
	ck_assert(fake.has_exited);
	submit(3, to_one);
	expect_result(3, SUBMIT_STATUS_TEMP);
	fake_round();
	ck_assert_ptr_null(fake_next());
	start();
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/queue");
	TCase *t = tcase_create("queue");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, answers_after_the_commit_and_delivers_from_memory);
	tcase_add_test(t, an_agent_speaks_for_its_own_account);
	tcase_add_test(t, delivers_again_after_a_crash);
	tcase_add_test(t, tries_again_later);
	tcase_add_loop_test(t, keeps_what_cannot_be_delivered, 0,
	    (int)(sizeof fate_cases / sizeof fate_cases[0]));
	tcase_add_test(t, an_account_that_is_gone_fails_at_once);
	tcase_add_test(t, a_dead_agent_costs_a_second);
	tcase_add_test(t, auth_may_die);
	tcase_add_test(t, takes_large_messages_as_files);
	tcase_add_test(t, a_message_whose_file_is_lost_fails);
	tcase_add_test(t, refuses_a_file_of_another_size);
	tcase_add_test(t, refuses_without_space);
	tcase_add_test(t, refuses_what_is_incomplete);
	tcase_add_test(t, bounds_bodies_and_recipients);
	tcase_add_test(t, forgets_what_a_dead_front_began);
	tcase_add_test(t, lives_with_a_spool_that_cannot_be_used);
	tcase_add_test(t, writes_what_it_knows_before_it_stops);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
