/* Mail that leaves the host: which way, over which sessions, and its fate. */
#include "remote_suite.h"

START_TEST(relays)
{
	struct queue_rcpt r;
	uint64_t id;
	uint64_t session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
	/* The next one goes over the same session, without a question. */
	id = submit_remote(2, to_one);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
	fake_pass(11000);
	ck_assert_uint_eq(
	    fake_expect(MSG_RELAY_CLOSE)->relay_close.id, session);
}

END_TEST

static const struct result_case {
	enum relay_status status;
	const char *text;
	int error; /* of reading the recipient then */
	enum rcpt_state state;
} result_cases[] = {
	{ RELAY_OK, "250 2.0.0 taken", MC_E_NOENT, 0 },
	{ RELAY_TEMPORARY, "450 4.2.0 later", 0, RCPT_WAITING },
	{ RELAY_PERMANENT, "550 5.1.1 nobody", 0, RCPT_FAILED },
};

START_TEST(each_recipient_has_its_fate)
{
	const struct result_case *c = &result_cases[_i];
	struct queue_rcpt r = { 0 };
	uint64_t id, session = to_up(1, to_two, &id);
	expect_mail(session, id, 2);
	say_result(session, 1, RELAY_OK, "250 2.0.0 taken");
	say_result(session, 0, c->status, c->text);
	say_done(session);
	ck_assert_int_eq(stored(id, &r), c->error);
	if (c->error)
		return;
	ck_assert_uint_eq(r.index, 0);
	ck_assert_int_eq(r.state, c->state);
	ck_assert_uint_eq(r.attempts, 1);
	ck_assert_view_eq(r.reply, view_of(c->text));
	ck_assert_view_eq(r.host, V("mx1.b.example"));
}

END_TEST

START_TEST(what_was_not_tried_goes_again_at_once)
{
	struct queue_rcpt r;
	uint64_t id, session = to_up(1, to_two, &id);
	expect_mail(session, id, 2);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_result(session, 1, RELAY_NOT_TRIED, "452 4.5.3 too many");
	say_done(session);
	ck_assert_uint_eq(fake_expect(MSG_RELAY_MAIL)->relay_mail.queue_id, id);
	ck_assert_uint_eq(fake_expect(MSG_RELAY_RCPT)->relay_rcpt.index, 1);
	fake_expect(MSG_RELAY_BODY);
	say_result(session, 1, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

/* A host that takes so many messages on each connection has no trouble. */
START_TEST(a_connection_that_had_enough_is_followed_by_another)
{
	struct queue_rcpt r;
	uint64_t id, session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
	id = submit_remote(2, to_one);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_TEMPORARY, "421 4.7.0 that is enough");
	say_done(session);
	uint64_t next = expect_open();
	ck_assert_uint_eq(
	    fake_expect(MSG_RELAY_CLOSE)->relay_close.id, session);
	session = next;
	say_up(session);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

static void deliver_one(uint64_t session, uint64_t id)
{
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
}

static void expect_close(uint64_t session)
{
	ck_assert_uint_eq(
	    fake_expect(MSG_RELAY_CLOSE)->relay_close.id, session);
}

/* The host sees no more connections than it shall, also while one ends. */
START_TEST(a_session_counts_until_relay_says_that_it_is_gone)
{
	fake.conf.relay_connections_max = 1;
	fake.conf.relay_mails_max = 1;
	restart();
	uint64_t id, session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	uint64_t next = submit_remote(2, to_one);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	expect_close(session);
	fake_pass(20 * 1000);
	ck_assert_ptr_null(fake_next());
	if (_i == 0)
		say_down(session, RELAY_STAGE_CLOSED, 0, "");
	else if (_i == 1) /* it never does */
		fake_pass(50 * 1000);
	else
		queue_ops.peer_down(&fake, &fake.relay);
	fake_round();
	session = expect_open();
	say_down(session - 1, RELAY_STAGE_CLOSED, 0, "");
	say_up(session);
	deliver_one(session, next);
}

END_TEST

START_TEST(relay_mails_max_ends_a_session)
{
	fake.conf.relay_mails_max = 2;
	restart();
	uint64_t id, session = to_up(1, to_one, &id);
	deliver_one(session, id);
	deliver_one(session, submit_remote(2, to_one));
	expect_close(session);
}

END_TEST

START_TEST(relay_session_lifetime_ends_a_session)
{
	fake.conf.relay_session_lifetime = 20;
	restart();
	uint64_t id, session = to_up(1, to_one, &id);
	deliver_one(session, id);
	fake_pass(9000);
	deliver_one(session, submit_remote(2, to_one));
	fake_pass(9000);
	deliver_one(session, submit_remote(3, to_one));
	ck_assert_ptr_null(fake_next());
	fake_pass(3000);
	deliver_one(session, submit_remote(4, to_one));
	expect_close(session);
}

END_TEST

START_TEST(relay_idle_timeout_ends_a_session)
{
	fake.conf.relay_idle_timeout = 3;
	restart();
	uint64_t id, session = to_up(1, to_one, &id);
	deliver_one(session, id);
	fake_pass(2900);
	ck_assert_ptr_null(fake_next());
	fake_pass(200);
	expect_close(session);
}

END_TEST

START_TEST(relay_recipients_max_splits_a_message)
{
	fake.conf.relay_recipients_max = 1;
	restart();
	uint64_t id, session = to_up(1, to_two, &id);
	expect_mail(session, id, 1);
	uint64_t other = expect_open(); /* for the second one */
	say_up(other);
	ck_assert_uint_eq(fake_expect(MSG_RELAY_MAIL)->relay_mail.id, other);
	ck_assert_uint_eq(fake_expect(MSG_RELAY_RCPT)->relay_rcpt.index, 1);
	fake_expect(MSG_RELAY_BODY);
}

END_TEST

START_TEST(relay_trouble_wait_keeps_connections_back)
{
	fake.conf.relay_trouble_wait = 30;
	restart();
	uint64_t id, session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_TEMPORARY, "450 4.7.0 slowly");
	say_done(session);
	deliver_one(session, submit_remote(2, to_one));
	id = submit_remote(3, to_one);
	expect_mail(session, id, 1);
	submit_remote(4, to_one);
	fake_pass(29000);
	ck_assert_ptr_null(fake_next());
	fake_pass(2000);
	expect_open();
}

END_TEST

static void answer_hosts(const char *domain, const char *const *names)
{
	static char bytes[32000];
	size_t n = 0;
	const struct msg *m = fake_expect(MSG_ROUTE_ASK);
	ck_assert_view_eq(m->route_ask.domain, view_of(domain));
	for (; *names; names++) {
		struct route_host h = { .name = view_of(*names),
			.n_addresses = 1 };
		ck_assert_int_eq(
		    route_put_host(&h, bytes, sizeof bytes, &n), 0);
	}
	say(&fake.resolver,
	    (struct msg){ .type = MSG_ROUTE_IS,
		.route_is = { m->route_ask.id, ROUTE_OK, 300, V("b.example"),
		    V(""), V(""), { bytes, n } } });
	fake_round();
}

static const char *const to_other[] = { "one@c.example", NULL };

/* Who shares a session with whom. The names of the second row were chosen for
 * their equal hashes (view_hash): whoever wants the mail of others can choose
 * the names of his mail exchangers. */
static const struct share_case {
	const char *one[3], *other[3];
	bool is_shared;
} share_cases[] = {
	{ { "m1.b.example", "m2.b.example", NULL },
	    { "m2.b.example", "m1.b.example", NULL }, true },
	{ { "m4544.b.example", NULL }, { "m23005.b.example", NULL }, false },
	{ { "m1.b.example", NULL }, { "m1.b.example", "m2.c.example", NULL },
	    false },
	{ { "m1.b.example", "m2.b.example", NULL },
	    { "m1.b.examplem2.b.example", NULL }, false },
};

START_TEST(domains_with_the_same_hosts_share_a_session)
{
	const struct share_case *c = &share_cases[_i];
	submit_remote(1, to_one);
	answer_hosts("b.example", c->one);
	uint64_t session = fake_expect(MSG_RELAY_OPEN)->relay_open.id;
	say_up(session);
	fake_expect(MSG_RELAY_MAIL);
	fake_expect(MSG_RELAY_RCPT);
	fake_expect(MSG_RELAY_BODY);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	submit_remote(2, to_other);
	answer_hosts("c.example", c->other);
	if (c->is_shared)
		ck_assert_uint_eq(
		    fake_expect(MSG_RELAY_MAIL)->relay_mail.id, session);
	else
		ck_assert_view_eq(
		    fake_expect(MSG_RELAY_OPEN)->relay_open.domain,
		    V("c.example"));
}

END_TEST

static const struct route_case {
	enum route_status status;
	enum rcpt_state state;
	const char *code;
} route_cases[] = {
	{ ROUTE_NO_DOMAIN, RCPT_FAILED, "5.1.2 " },
	{ ROUTE_NULL_MX, RCPT_FAILED, "5.1.10 " },
	{ ROUTE_LOOP, RCPT_FAILED, "5.4.6 " },
	{ ROUTE_TEMP, RCPT_WAITING, "4.4.3 " },
};

START_TEST(without_a_route)
{
	const struct route_case *c = &route_cases[_i];
	struct queue_rcpt r = { 0 };
	uint64_t id = submit_remote(1, to_one);
	answer_route("b.example", c->status);
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, c->state);
	ck_assert(view_starts(r.reply, view_of(c->code)));
}

END_TEST

/* What it had not told may have been done: it is sent once more, no more. */
START_TEST(a_relay_that_dies_gets_its_mail_again)
{
	struct queue_rcpt r;
	uint64_t id, session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	fake.has_relay = false;
	queue_ops.peer_down(&fake, &fake.relay);
	fake_round();
	ck_assert_ptr_null(fake_next());
	fake.has_relay = true;
	queue_ops.peer_up(&fake, &fake.relay);
	fake_round();
	uint64_t again = expect_open();
	ck_assert_uint_ne(again, session);
	say_up(again);
	expect_mail(again, id, 1);
	say_result(session, 0, RELAY_PERMANENT, "550 too late");
	say_result(again, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(again);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

START_TEST(a_resolver_that_dies_is_asked_again)
{
	submit_remote(1, to_one);
	fake_expect(MSG_ROUTE_ASK);
	fake.has_resolver = false;
	queue_ops.peer_down(&fake, &fake.resolver);
	fake_round();
	ck_assert_ptr_null(fake_next());
	fake.has_resolver = true;
	queue_ops.peer_up(&fake, &fake.resolver);
	fake_round();
	answer_route("b.example", ROUTE_OK);
	expect_open();
}

END_TEST

/* RFC 3461 5.2.2. */
START_TEST(the_sender_hears_that_it_was_passed_on)
{
	envelope.account = V("anna");
	notify = NOTIFY_SUCCESS;
	uint64_t id, session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	fake_pass(100);
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(m->address_ask.address, envelope.sender);
	fake.n_seen--;
	answer_address(ADDRESS_LOCAL, "anna");
	grant("anna");
	struct view body = fake_expect(MSG_DELIVER)->deliver.body;
	ck_assert_uint_lt(view_find(body, V("Action: relayed\r\n")), body.n);
	ck_assert_uint_lt(
	    view_find(body, V("Remote-MTA: dns;mx1.b.example\r\n")), body.n);
}

END_TEST

START_TEST(goes_where_the_configuration_says)
{
	static struct conf_route routes[] = {
		{ .name = "*",
		    .host = "[192.0.2.1]",
		    .port = 2525,
		    .user = "",
		    .password_file = "",
		    .tls = ROUTE_TLS_VERIFIED },
		{ .name = "b.example",
		    .host = "unix:/run/lmtp",
		    .user = "",
		    .password_file = "",
		    .is_lmtp = true,
		    .tls = ROUTE_TLS_NONE },
	};
	static const char *const to[] = { "x@else.example", NULL };
	fake.conf.routes = routes;
	fake.conf.n_routes = 2;
	submit_remote(1, to_one);
	const struct msg *m = fake_expect(MSG_RELAY_OPEN);
	ck_assert_uint_eq(m->relay_open.route, 2);
	ck_assert_int_eq(m->relay_open.tls, RELAY_TLS_NONE);
	ck_assert_uint_eq(m->relay_open.hosts.n, 0);
	submit_remote(2, to);
	m = fake_expect(MSG_ROUTE_ASK);
	ck_assert_view_eq(m->route_ask.domain, V("[192.0.2.1]"));
	ck_assert(m->route_ask.is_host);
	ck_assert_uint_eq(m->route_ask.port, 2525);
	say(&fake.resolver,
	    (struct msg){ .type = MSG_ROUTE_IS,
		.route_is = { m->route_ask.id, ROUTE_OK, 300, V("[192.0.2.1]"),
		    V(""), V(""), V("hosts") } });
	fake_round();
	m = fake_expect(MSG_RELAY_OPEN);
	ck_assert_view_eq(m->relay_open.domain, V("else.example"));
	ck_assert_uint_eq(m->relay_open.route, 1);
	ck_assert_uint_eq(m->relay_open.port, 2525);
	ck_assert_int_eq(m->relay_open.tls, RELAY_TLS_VERIFIED);
	fake.conf.routes = NULL;
	fake.conf.n_routes = 0;
}

END_TEST

/* RFC 8689 4.2.2: a message with TLS-Required: No goes over sessions of its
 * own, unless the configuration says what must be. */
START_TEST(a_message_says_that_tls_is_optional)
{
	static struct conf_route route = { .name = "b.example",
		.host = "",
		.user = "",
		.password_file = "",
		.tls = ROUTE_TLS_REQUIRED };
	fake.conf.routes = &route;
	fake.conf.n_routes = (size_t)_i;
	submit_remote(1, to_one);
	answer_route("b.example", ROUTE_OK);
	ck_assert_int_eq(fake_expect(MSG_RELAY_OPEN)->relay_open.tls,
	    _i ? RELAY_TLS_REQUIRED : RELAY_TLS_OPPORTUNISTIC);
	submit_flags = SUBMIT_FLAG_TLS_OPTIONAL;
	submit_remote(2, to_one);
	if (_i)
		ck_assert_ptr_null(fake_next());
	else
		ck_assert_int_eq(fake_expect(MSG_RELAY_OPEN)->relay_open.tls,
		    RELAY_TLS_OPTIONAL);
	fake.conf.routes = NULL;
	fake.conf.n_routes = 0;
}

END_TEST

START_TEST(waits_for_mail_on_its_way_before_it_stops)
{
	uint64_t id, session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	queue_ops.stop(&fake, 30);
	fake_round();
	ck_assert(!fake.has_exited);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	ck_assert(fake.has_exited);
	start();
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(waits_no_longer_than_it_may)
{
	uint64_t id, session = to_up(1, to_one, &id);
	expect_mail(session, id, 1);
	queue_ops.stop(&fake, 30);
	fake_pass(9000);
	ck_assert(!fake.has_exited);
	fake_pass(1000);
	ck_assert(fake.has_exited);
}

END_TEST

/* A captured relay can make nothing up. */
START_TEST(a_relay_that_lies_finds_nothing)
{
	struct queue_rcpt r = { 0 };
	uint64_t id, session = to_up(1, to_one, &id);
	say_up(session);
	say_done(session + 1000);
	expect_mail(session, id, 1);
	say_result(session, 7, RELAY_OK, "250 ok");
	say_result(session + 1000, 0, RELAY_OK, "250 ok");
	say_down(session + 1000, RELAY_STAGE_READY, 0, "x");
	say_result(session, 0, 200, "250 ok");
	say_done(session);
	say_done(session);
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_uint_eq(r.attempts, 1);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/remote");
	TCase *t = tcase_create("remote");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, relays);
	tcase_add_loop_test(t, each_recipient_has_its_fate, 0, 3);
	tcase_add_loop_test(t, domains_with_the_same_hosts_share_a_session, 0,
	    sizeof share_cases / sizeof share_cases[0]);
	tcase_add_test(t, what_was_not_tried_goes_again_at_once);
	tcase_add_test(t, a_connection_that_had_enough_is_followed_by_another);
	tcase_add_loop_test(
	    t, a_session_counts_until_relay_says_that_it_is_gone, 0, 3);
	tcase_add_test(t, relay_mails_max_ends_a_session);
	tcase_add_test(t, relay_session_lifetime_ends_a_session);
	tcase_add_test(t, relay_idle_timeout_ends_a_session);
	tcase_add_test(t, relay_recipients_max_splits_a_message);
	tcase_add_test(t, relay_trouble_wait_keeps_connections_back);
	tcase_add_loop_test(t, without_a_route, 0, 4);
	tcase_add_test(t, a_relay_that_dies_gets_its_mail_again);
	tcase_add_test(t, a_resolver_that_dies_is_asked_again);
	tcase_add_test(t, the_sender_hears_that_it_was_passed_on);
	tcase_add_test(t, goes_where_the_configuration_says);
	tcase_add_loop_test(t, a_message_says_that_tls_is_optional, 0, 2);
	tcase_add_test(t, waits_for_mail_on_its_way_before_it_stops);
	tcase_add_test(t, waits_no_longer_than_it_may);
	tcase_add_test(t, a_relay_that_lies_finds_nothing);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
