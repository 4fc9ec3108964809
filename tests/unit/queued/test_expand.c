/* What aliases make of recipients in the queue. */
#include "queue_fixture.h"

static const char *const to_alias[] = { "list@b.example", NULL };

static void local_setup(void)
{
	static char aliases[] = "/etc/aliases";
	setup();
	fake.conf.aliases = aliases;
	fake.conf.commands_max = 2;
	fake.has_resolver = false;
}

static uint64_t submit_alias(void)
{
	submit(1, to_alias);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_ALIAS, "");
	return id;
}

static uint64_t expect_question(void)
{
	const struct msg *m = fake_expect(MSG_EXPAND_ASK);
	ck_assert_view_eq(m->expand_ask.address, V("list@b.example"));
	return m->expand_ask.id;
}

static void leaf(uint64_t id, enum leaf_kind kind, const char *address,
    const char *text, const char *owner)
{
	say(&fake.auth, (struct msg){ .type = MSG_LEAF_IS,
			    .leaf_is = { id, (uint8_t)kind, view_of(address),
				view_of(text), view_of(owner), V("") } });
}

static void end(uint64_t id, enum address_kind kind)
{
	say(&fake.auth, (struct msg){ .type = MSG_EXPANDED,
			    .expanded = { id, (uint8_t)kind } });
	fake_round();
}

static size_t count_stored(uint64_t id)
{
	struct queue *q = fake.state;
	struct queue_txn t;
	struct queue_rcpt r;
	size_t n = 0;
	ck_assert_int_eq(queue_begin_read(q->db, &t), 0);
	for (uint32_t i = 0; i < 20; i++)
		n += queue_get_rcpt(&t, id, i, &r) == 0;
	queue_abort(&t);
	return n;
}

START_TEST(leaves_take_the_place_of_an_alias)
{
	uint64_t id = submit_alias(), question = expect_question();
	leaf(question, LEAF_ACCOUNT, "anna@b.example", "", "");
	leaf(question, LEAF_REMOTE, "x@far.example", "", "");
	leaf(question + 1, LEAF_ACCOUNT, "nobody@b.example", "", "");
	end(question, ADDRESS_ALIAS);
	ck_assert_uint_eq(count_stored(id), 1);
	fake_pass(100);
	ck_assert_uint_eq(count_stored(id), 2);
	struct peer *agent = grant("anna@b.example");
	const struct msg *m = fake_expect(MSG_DELIVER);
	ck_assert_view_eq(m->deliver.recipient, V("anna@b.example"));
	ck_assert_view_eq(m->deliver.sender, V("s@a.example"));
	report(agent, m->deliver.id, DELIVER_STATUS_OK);
	fake_pass(100);
	ck_assert_uint_eq(count_stored(id), 1);
}

END_TEST

/* Also after a crash, the leaves are what they were. */
START_TEST(leaves_survive)
{
	uint64_t id = submit_alias(), question = expect_question();
	leaf(question, LEAF_COMMAND, "list@b.example", "/bin/x",
	    "owner-list@b.example");
	leaf(question, LEAF_COMMAND, "list@b.example", "/bin/y", "");
	end(question, ADDRESS_ALIAS);
	fake_pass(100);
	die();
	start();
	fake.conf.commands_max = 2;
	fake_pass(6000);
	struct queue_rcpt r;
	struct queue_txn t;
	struct queue *q = fake.state;
	ck_assert_int_eq(queue_begin_read(q->db, &t), 0);
	ck_assert_int_eq(queue_get_rcpt(&t, id, 0, &r), MC_E_NOENT);
	ck_assert_int_eq(queue_get_rcpt(&t, id, 1, &r), 0);
	ck_assert_int_eq(r.kind, LEAF_COMMAND);
	ck_assert_view_eq(r.text, V("/bin/x"));
	ck_assert_view_eq(r.from, V("owner-list@b.example"));
	ck_assert_view_eq(r.origin, V("list@b.example"));
	/* RFC 3461 5.2.7: the owner's own, and the sender's. */
	ck_assert_uint_eq(r.notify, 0);
	ck_assert_int_eq(queue_get_rcpt(&t, id, 2, &r), 0);
	ck_assert_uint_eq(r.notify, NOTIFY_NEVER);
	ck_assert_view_eq(r.from, V(""));
	queue_abort(&t);
	ck_assert_ptr_null(fake_next()); /* no question to auth */
}

END_TEST

START_TEST(nothing_is_lost_without_an_answer)
{
	uint64_t id = submit_alias(), question = expect_question();
	leaf(question, LEAF_ACCOUNT, "anna@b.example", "", "");
	queue_ops.peer_down(&fake, &fake.auth);
	queue_ops.peer_up(&fake, &fake.auth);
	fake_round();
	question = expect_question();
	end(question, ADDRESS_TEMP);
	fake_pass(100);
	ck_assert_uint_eq(count_stored(id), 1);
	struct queue_rcpt r;
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_WAITING);
	ck_assert_uint_gt(r.next_s, (uint64_t)fake.wall_s);
}

END_TEST

/* A captured auth fills no more memory than an alias may have members. */
START_TEST(too_many_leaves_fail)
{
	uint64_t id = submit_alias(), question = expect_question();
	struct queue *q = fake.state;
	struct queue_rcpt r;
	size_t n = 0;
	for (unsigned i = 0; i < 50010; i++)
		leaf(question, LEAF_ACCOUNT, "anna@b.example", "", "");
	struct list *all = &q->expanding.leaves;
	for (struct list *i = all->next; i != all; i = i->next)
		n++;
	ck_assert_uint_le(n, 50000);
	end(question, ADDRESS_ALIAS);
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_FAILED);
	ck_assert_view_eq(
	    r.reply, V("5.5.3 too many recipients, with aliases"));
}

END_TEST

START_TEST(an_alias_of_nobody_fails)
{
	uint64_t id = submit_alias();
	end(expect_question(), ADDRESS_ALIAS);
	struct queue_rcpt r;
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_FAILED);
	ck_assert_view_eq(r.reply, V("5.1.1 the alias has no recipients"));
}

END_TEST

/* A stranger's sender that was rewritten gets mail of his no more than his own
 * would: the postmaster does. */
START_TEST(a_rewritten_sender_is_not_told)
{
	notify = 0;
	submit_alias();
	uint64_t question = expect_question();
	say(&fake.auth, (struct msg){ .type = MSG_LEAF_IS,
			    .leaf_is = { question, LEAF_FAILED,
				V("x@far.example"), V("5.1.1 gone"), V(""),
				V("SRS0=aaaaaa=aa=a.example=s@b.example") } });
	end(question, ADDRESS_ALIAS);
	fake_pass(100);
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(m->address_ask.address, V("postmaster@mx.example"));
}

END_TEST

static struct view expect_notice_to(const char *to)
{
	fake_pass(100);
	const struct msg *ask = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(ask->address_ask.address, view_of(to));
	fake.n_seen--;
	answer_address(ADDRESS_LOCAL, "told");
	grant("told");
	return fake_expect(MSG_DELIVER)->deliver.body;
}

/* A stranger's mail to a list: its owner hears what fails, nobody else. */
START_TEST(a_list_s_failures_go_to_its_owner)
{
	notify = 0;
	submit_alias();
	uint64_t question = expect_question();
	leaf(question, LEAF_FAILED, "gone@b.example", "5.1.1 no such user here",
	    "owner-list@b.example");
	end(question, ADDRESS_ALIAS);
	fake_pass(100);
	struct view text = expect_notice_to("owner-list@b.example");
	ck_assert(
	    view_find(text, V("Final-Recipient: rfc822;gone@b.example\r\n")) <
	    text.n);
}

END_TEST

static void send_to_command(void)
{
	fake.has_run = true;
	submit_alias();
	uint64_t question = expect_question();
	leaf(question, LEAF_COMMAND, "list@b.example", "/bin/x a", "");
	end(question, ADDRESS_ALIAS);
	fake_pass(100);
}

static void ran(uint64_t id, enum deliver_status status, const char *text)
{
	say(&fake.run, (struct msg){ .type = MSG_RAN,
			   .ran = { id, (uint8_t)status, view_of(text) } });
	fake_round();
}

START_TEST(commands_get_their_mail)
{
	send_to_command();
	const struct msg *m = fake_expect(MSG_RUN_MAIL);
	ck_assert_view_eq(m->run_mail.target, V("/bin/x a"));
	ck_assert_view_eq(m->run_mail.recipient, V("list@b.example"));
	ck_assert_view_eq(m->run_mail.body, V("Subject: x\r\n\r\nbody\r\n"));
	ran(m->run_mail.id + 1, DELIVER_STATUS_OK, "2.0.0");
	ran(m->run_mail.id, DELIVER_STATUS_OK, "2.0.0");
	ran(m->run_mail.id, DELIVER_STATUS_OK, "2.0.0");
	fake_pass(100);
	ck_assert_ptr_null(fake_next());
	ck_assert_uint_eq(((struct queue *)fake.state)->mails.n, 0);
}

END_TEST

START_TEST(a_command_that_fails_for_now_comes_again)
{
	send_to_command();
	const struct msg *m = fake_expect(MSG_RUN_MAIL);
	ran(m->run_mail.id, DELIVER_STATUS_TEMP, "4.3.0 later");
	fake_pass(100);
	ck_assert_ptr_null(fake_next());
	fake_pass(400 * 1000);
	m = fake_expect(MSG_RUN_MAIL);
	queue_ops.peer_down(&fake, &fake.run);
	fake_pass(1200 * 1000);
	fake_expect(MSG_RUN_MAIL);
}

END_TEST

static void expect_transaction(
    uint64_t session, const char *sender, const char *const *to)
{
	const struct msg *m = fake_expect(MSG_RELAY_MAIL);
	ck_assert_view_eq(m->relay_mail.sender, view_of(sender));
	for (; *to; to++) {
		m = fake_expect(MSG_RELAY_RCPT);
		ck_assert_view_eq(m->relay_rcpt.address, view_of(*to));
		say(&fake.relay,
		    (struct msg){ .type = MSG_RELAY_RESULT,
			.relay_result = { session, m->relay_rcpt.index,
			    RELAY_OK, 0, V("250 2.0.0 taken") } });
	}
	fake_expect(MSG_RELAY_BODY);
	say(&fake.relay,
	    (struct msg){ .type = MSG_RELAY_DONE, .relay_done = { session } });
	fake_round();
}

/* Members of several lists, at one host: a transaction has one sender. */
START_TEST(senders_do_not_mix)
{
	static const char *const of_one[] = { "x@far.example", "z@far.example",
		NULL };
	static const char *const of_two[] = { "y@far.example", NULL };
	fake.has_resolver = true;
	submit_alias();
	uint64_t question = expect_question();
	leaf(question, LEAF_REMOTE, "x@far.example", "", "one@b.example");
	leaf(question, LEAF_REMOTE, "y@far.example", "", "two@b.example");
	leaf(question, LEAF_REMOTE, "z@far.example", "", "one@b.example");
	end(question, ADDRESS_ALIAS);
	fake_pass(100);
	const struct msg *m = fake_expect(MSG_ROUTE_ASK);
	say(&fake.resolver, (struct msg){ .type = MSG_ROUTE_IS,
				.route_is = { m->route_ask.id, ROUTE_OK, 300,
				    V("far.example"), V(""), V(""), V("") } });
	fake_round();
	uint64_t session = fake_expect(MSG_RELAY_OPEN)->relay_open.id;
	say(&fake.relay, (struct msg){ .type = MSG_RELAY_UP,
			     .relay_up = { session, V("mx"), V("192.0.2.9"),
				 V(""), 0, 1000 } });
	fake_round();
	expect_transaction(session, "one@b.example", of_one);
	/* More connections may be opened meanwhile. */
	while (fake.n_seen < fake.n_sent &&
	       fake.sent[fake.n_seen].m.type == MSG_RELAY_OPEN)
		fake.n_seen++;
	expect_transaction(session, "two@b.example", of_two);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/expand");
	TCase *t = tcase_create("expand");
	tcase_add_checked_fixture(t, local_setup, teardown);
	tcase_add_test(t, leaves_take_the_place_of_an_alias);
	tcase_add_test(t, leaves_survive);
	tcase_add_test(t, nothing_is_lost_without_an_answer);
	tcase_add_test(t, too_many_leaves_fail);
	tcase_add_test(t, an_alias_of_nobody_fails);
	tcase_add_test(t, a_list_s_failures_go_to_its_owner);
	tcase_add_test(t, a_rewritten_sender_is_not_told);
	tcase_add_test(t, senders_do_not_mix);
	tcase_add_test(t, commands_get_their_mail);
	tcase_add_test(t, a_command_that_fails_for_now_comes_again);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
