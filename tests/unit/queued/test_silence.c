/* Processes of ours that live, and answer nothing: each question of the queue
 * has its time, and late answers find nothing. */
#include "queue_fixture.h"

enum {
	ANSWER_MS_MAX = 310 * 1000 /* of auth */
};

static const char *const to_local[] = { "one@a.example", NULL };

static void local_setup(void)
{
	static char aliases[] = "/etc/aliases";
	setup();
	fake.conf.aliases = aliases;
	fake.conf.commands_max = 2;
	fake.has_run = fake.has_fetch = true;
}

static uint64_t submit_one(const char *const *to)
{
	static uint64_t n;
	submit(++n, to);
	fake_round();
	return expect_result(n, SUBMIT_STATUS_OK);
}

/* It failed for now, with that status. */
static void expect_deferred(uint64_t id, const char *status)
{
	struct queue_rcpt r = { 0 };
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_WAITING);
	ck_assert_uint_eq(r.attempts, 1);
	ck_assert_view_eq(r.reply, view_of(status));
}

static void expect_nothing_yet(uint64_t id)
{
	struct queue_rcpt r = { 0 };
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_uint_eq(r.attempts, 0);
	ck_assert_ptr_null(fake_next());
}

START_TEST(resolver)
{
	fake.conf.resolver_timeout = 40;
	uint64_t id = submit_one(to_one);
	answer_address(ADDRESS_REMOTE, "");
	uint64_t ask = fake_expect(MSG_ROUTE_ASK)->route_ask.id;
	fake_pass(65 * 1000);
	expect_nothing_yet(id);
	fake_pass(12 * 1000);
	expect_deferred(id,
	    "4.4.3 its mail exchangers cannot be looked up: the resolver "
	    "process does not answer");
	say(&fake.resolver,
	    (struct msg){ .type = MSG_ROUTE_IS,
		.route_is = { ask, ROUTE_OK, 300, V("mx.b.example"), V(""),
		    V(""), V("hosts") } });
	fake_round();
	ck_assert_ptr_null(fake_next());
}

END_TEST

/* What else is to be known of a domain is done without. */
START_TEST(fetch)
{
	fake.conf.resolver_timeout = 40;
	fake.conf.mta_sts_port = 443;
	uint64_t id = submit_one(to_one);
	answer_address(ADDRESS_REMOTE, "");
	const struct msg *m = fake_expect(MSG_ROUTE_ASK);
	say(&fake.resolver,
	    (struct msg){ .type = MSG_ROUTE_IS,
		.route_is = { m->route_ask.id, ROUTE_OK, 3000,
		    V("mx.b.example"), V("20260101"), V(""), V("hosts") } });
	m = fake_expect(MSG_ROUTE_ASK); /* of mta-sts.b.example */
	if (_i) { /* then fetch is silent, and not resolver */
		say(&fake.resolver,
		    (struct msg){ .type = MSG_ROUTE_IS,
			.route_is = { m->route_ask.id, ROUTE_OK, 300, V(""),
			    V(""), V(""), V("hosts") } });
		fake_expect(MSG_FETCH_ASK);
	}
	fake_pass(65 * 1000);
	expect_nothing_yet(id);
	fake_pass(_i ? 30 * 1000 : 12 * 1000);
	fake_expect(MSG_RELAY_OPEN);
}

END_TEST

START_TEST(auth_about_an_address)
{
	uint64_t id = submit_one(to_local);
	uint64_t ask = fake_expect(MSG_ADDRESS_ASK)->address_ask.id;
	fake_pass(290 * 1000);
	expect_nothing_yet(id);
	fake_pass(20 * 1000);
	expect_deferred(id, "4.3.0 the address cannot be looked up now");
	say(&fake.auth,
	    (struct msg){ .type = MSG_ADDRESS_IS,
		.address_is = {
		    .id = ask, .kind = ADDRESS_LOCAL, .account = V("one") } });
	fake_round();
	ck_assert_ptr_null(fake_next());
}

END_TEST

/* As long as leaves come the list is only long. */
START_TEST(auth_about_an_alias)
{
	uint64_t id = submit_one(to_local);
	answer_address(ADDRESS_ALIAS, "");
	uint64_t ask = fake_expect(MSG_EXPAND_ASK)->expand_ask.id;
	uint64_t other = submit_one(to_local);
	answer_address(ADDRESS_ALIAS, "");
	for (int i = 0; i < 3; i++) {
		fake_pass(290 * 1000);
		say(&fake.auth,
		    (struct msg){ .type = MSG_LEAF_IS,
			.leaf_is = { ask, LEAF_ACCOUNT, V("anna@a.example"),
			    V(""), V(""), V("") } });
	}
	expect_nothing_yet(id);
	fake_pass(ANSWER_MS_MAX);
	expect_deferred(id, "4.3.0 the alias cannot be expanded now");
	expect_deferred(other, "4.3.0 the alias cannot be expanded now");
	say(&fake.auth, (struct msg){ .type = MSG_EXPANDED,
			    .expanded = { ask, ADDRESS_ALIAS } });
	fake_round();
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(auth_about_a_grant)
{
	uint64_t id = submit_one(to_local);
	answer_address(ADDRESS_LOCAL, "one");
	fake_expect(MSG_DELIVERY_ASK);
	fake_pass(290 * 1000);
	expect_nothing_yet(id);
	for (int i = 0; i < 4; i++) /* it is asked three times */
		fake_pass(ANSWER_MS_MAX);
	expect_deferred(id, "4.3.0 the delivery agent failed");
}

END_TEST

/* It may have a large store to compact first. */
START_TEST(agent)
{
	uint64_t id = submit_one(to_local);
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *a = grant("one");
	fake_expect(MSG_DELIVER);
	fake_pass(590 * 1000);
	expect_nothing_yet(id);
	ck_assert(!a->is_freed);
	fake_pass(20 * 1000);
	ck_assert(a->is_freed);
	fake_expect(MSG_DELIVERY_ASK); /* another one may do better */
}

END_TEST

static uint64_t send_to_command(void)
{
	uint64_t id = submit_one(to_local);
	answer_address(ADDRESS_ALIAS, "");
	uint64_t ask = fake_expect(MSG_EXPAND_ASK)->expand_ask.id;
	say(&fake.auth, (struct msg){ .type = MSG_LEAF_IS,
			    .leaf_is = { ask, LEAF_COMMAND, V("one@a.example"),
				V("/bin/x"), V(""), V("") } });
	say(&fake.auth, (struct msg){ .type = MSG_EXPANDED,
			    .expanded = { ask, ADDRESS_ALIAS } });
	fake_pass(100);
	return id;
}

START_TEST(run)
{
	fake.conf.command_timeout = 100;
	uint64_t id = send_to_command();
	uint64_t ask = fake_expect(MSG_RUN_MAIL)->run_mail.id;
	fake_pass(150 * 1000);
	expect_nothing_yet(id);
	fake_pass(20 * 1000);
	expect_deferred(
	    id, "4.3.0 the process that runs commands does not answer");
	say(&fake.run, (struct msg){ .type = MSG_RAN,
			   .ran = { ask, DELIVER_STATUS_OK, V("2.0.0") } });
	fake_pass(100);
	expect_deferred(
	    id, "4.3.0 the process that runs commands does not answer");
}

END_TEST

static uint64_t submit_to_user(void)
{
	uint64_t id = submit_one(to_local);
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	say(&fake.auth, (struct msg){ .type = MSG_ADDRESS_IS,
			    .address_is = { .id = m->address_ask.id,
				.kind = ADDRESS_LOCAL,
				.forwards = 1,
				.account = V("one@a.example") } });
	fake_round();
	return id;
}

/* A process of a Unix user: others may do better, for a while. */
START_TEST(forward)
{
	fake.conf.command_timeout = 100;
	uint64_t id = submit_to_user();
	struct peer *user = grant("one@a.example");
	uint64_t ask = fake_expect(MSG_FORWARD_ASK)->forward_ask.id;
	const struct msg target = { .type = MSG_FORWARD_TARGET,
		.forward_target = { ask, LEAF_ADDRESS, 0, V("x") } };
	fake_pass(220 * 1000);
	expect_nothing_yet(id);
	user->events->on_message(user->ctx, user, &target, -1);
	ck_assert(!user->is_freed);
	fake_pass(20 * 1000); /* targets without an end are no answer */
	ck_assert(user->is_freed);
	for (int i = 0; i < 4; i++) {
		grant("one@a.example");
		fake_expect(MSG_FORWARD_ASK);
		fake_pass(250 * 1000);
		if (fake.n_seen == fake.n_sent)
			break;
	}
	expect_deferred(
	    id, "4.3.0 the process of the account's Unix user ended");
}

END_TEST

START_TEST(auth_about_a_member)
{
	uint64_t id = submit_to_user();
	struct peer *user = grant("one@a.example");
	uint64_t ask = fake_expect(MSG_FORWARD_ASK)->forward_ask.id;
	const struct msg target = { .type = MSG_FORWARD_TARGET,
		.forward_target = { ask, LEAF_ADDRESS, 0, V("x") } };
	const struct msg read = { .type = MSG_FORWARD_READ,
		.forward_read = { ask, FORWARD_OK, V("") } };
	user->events->on_message(user->ctx, user, &target, -1);
	user->events->on_message(user->ctx, user, &read, -1);
	fake_round();
	fake_expect(MSG_EXPAND_ASK);
	uint64_t other = submit_one(to_local);
	answer_address(ADDRESS_ALIAS, "");
	fake_pass(290 * 1000);
	expect_nothing_yet(id);
	fake_pass(20 * 1000);
	expect_deferred(id, "4.3.0 the forward file's addresses cannot be "
			    "looked up now");
	expect_deferred(other, "4.3.0 the alias cannot be expanded now");
	ck_assert_uint_eq(((struct queue *)fake.state)->walks.n, 0);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/silence");
	TCase *t = tcase_create("silence");
	tcase_add_checked_fixture(t, local_setup, teardown);
	tcase_add_test(t, resolver);
	tcase_add_loop_test(t, fetch, 0, 2);
	tcase_add_test(t, auth_about_an_address);
	tcase_add_test(t, auth_about_an_alias);
	tcase_add_test(t, auth_about_a_grant);
	tcase_add_test(t, agent);
	tcase_add_test(t, run);
	tcase_add_test(t, forward);
	tcase_add_test(t, auth_about_a_member);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
