/* Who is told what of the fate of mail: RFC 3461, 3464, 5321 6.1. */
#include "queue_fixture.h"
#include "queued/route.h"
#include <signal.h>
#include <sys/resource.h>

static void submit_known(void)
{
	envelope.account = V("s@a.example");
	notify = 0;
	submit(1, to_one);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
}

/* The notice that is delivered next, to whom; its text. */
static struct view expect_notice(const char *to)
{
	fake_pass(100);
	const struct msg *ask = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(ask->address_ask.address, view_of(to));
	fake.n_seen--;
	answer_address(ADDRESS_LOCAL, "told");
	grant("told");
	const struct msg *m = fake_expect(MSG_DELIVER);
	ck_assert_view_eq(m->deliver.sender, V(""));
	ck_assert_view_eq(m->deliver.recipient, view_of(to));
	return m->deliver.body;
}

/* The next notice leaves the host; its flags. */
static uint32_t to_relay(void)
{
	fake_pass(100);
	answer_address(ADDRESS_REMOTE, "");
	uint64_t ask = fake_expect(MSG_ROUTE_ASK)->route_ask.id;
	say(&fake.resolver,
	    (struct msg){ .type = MSG_ROUTE_IS,
		.route_is = { ask, ROUTE_OK, 300, V("mx.a.example"), V(""),
		    V(""), V("hosts") } });
	fake_round();
	uint64_t session = fake_expect(MSG_RELAY_OPEN)->relay_open.id;
	say(&fake.relay, (struct msg){ .type = MSG_RELAY_UP,
			     .relay_up = { session, V("mx.a.example"),
				 V("192.0.2.9"), V("TLSv1.3"), 0, 0 } });
	fake_round();
	uint32_t flags = fake_expect(MSG_RELAY_MAIL)->relay_mail.flags;
	fake_expect(MSG_RELAY_RCPT);
	return flags;
}

static void expect_silence(void)
{
	fake_pass(100);
	ck_assert_ptr_null(fake_next());
}

static void ck_has(struct view text, const char *what)
{
	if (view_find(text, view_of(what)) == text.n)
		ck_abort_msg("no \"%s\" in:\n%.*s", what, (int)text.n, text.p);
}

static void ck_has_not(struct view text, const char *what)
{
	ck_assert_msg(
	    view_find(text, view_of(what)) == text.n, "there is %s", what);
}

START_TEST(a_failure_is_told_to_the_sender)
{
	submit_known();
	answer_address(ADDRESS_UNKNOWN, "");
	struct view text = expect_notice("s@a.example");
	ck_has(text, "Final-Recipient: rfc822;one@b.example\r\n"
		     "Action: failed\r\nStatus: 5.1.1\r\n");
	ck_has(text, "Subject: x\r\n\r\nbody\r\n");
}

END_TEST

/* RFC 8689 5: it is protected as the message was, and has its header only. */
START_TEST(a_notice_of_mail_that_requires_tls_does_so)
{
	submit_flags = SUBMIT_FLAG_REQUIRETLS | SUBMIT_FLAG_RET_FULL;
	submit_known();
	answer_address(ADDRESS_UNKNOWN, "");
	ck_assert(to_relay() & SUBMIT_FLAG_REQUIRETLS);
	struct view text = fake_expect(MSG_RELAY_BODY)->relay_body.body;
	ck_has(text, "text/rfc822-headers\r\n\r\nSubject: x\r\n");
	ck_has_not(text, "body\r\n");
}

END_TEST

/* RFC 6533: in UTF-8 when there is something to say in it, and the message came
 * with SMTPUTF8; the notice needs it when its own header does. */
static const struct {
	const char *sender, *rcpt;
	uint32_t flags, notice;
	bool is_global;
} scripts[] = {
	{ "s@a.example", "one@b.example", SUBMIT_FLAG_SMTPUTF8, 0, false },
	{ "s@a.example", "j\xc3\xb6@b.example", 0, 0, false },
	{ "s@a.example", "j\xc3\xb6@b.example", SUBMIT_FLAG_SMTPUTF8,
	    SUBMIT_FLAG_8BITMIME, true },
	{ "s@a.example", "one@b.example",
	    SUBMIT_FLAG_SMTPUTF8 | SUBMIT_FLAG_UTF8_HEADER, 0, true },
	{ "\xc3\xbc@a.example", "one@b.example", SUBMIT_FLAG_SMTPUTF8,
	    SUBMIT_FLAG_8BITMIME | SUBMIT_FLAG_SMTPUTF8 |
		SUBMIT_FLAG_UTF8_HEADER,
	    true },
};

START_TEST(notices_are_in_utf8_when_they_may_and_must)
{
	const char *const to[] = { scripts[_i].rcpt, NULL };
	envelope.sender = envelope.account = view_of(scripts[_i].sender);
	submit_flags = scripts[_i].flags;
	notify = 0;
	submit(1, to);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_UNKNOWN, "");
	uint32_t flags = to_relay();
	ck_assert_uint_eq(flags & SUBMIT_FLAGS_OF_FRONTS, scripts[_i].notice);
	ck_has(fake_expect(MSG_RELAY_BODY)->relay_body.body,
	    scripts[_i].is_global ? "message/global-delivery-status\r\n"
				  : "message/delivery-status\r\n");
}

END_TEST

/* Nobody vouches for it: the address may be a stranger's. */
START_TEST(an_unknown_sender_is_not_told)
{
	notify = NOTIFY_FAILURE | NOTIFY_SUCCESS | NOTIFY_DELAY;
	submit(1, to_one);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_UNKNOWN, "");
	struct view text = expect_notice("postmaster@mx.example");
	ck_has(text, "from <s@a.example>.\r\n");
}

END_TEST

START_TEST(a_message_without_sender_stays_as_failed)
{
	struct queue_rcpt r = { 0 };
	envelope.sender = V("");
	notify = 0;
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_UNKNOWN, "");
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_int_eq(r.state, RCPT_FAILED);
	expect_silence();
}

END_TEST

/* What a front says is no notice of ours. */
START_TEST(fronts_cannot_make_notices)
{
	envelope.account = V("s@a.example");
	submit_flags = SUBMIT_FLAG_NOTICE | SUBMIT_FLAG_LAST_NOTICE;
	notify = NOTIFY_FAILURE | NOTIFY_DELAY_TOLD;
	submit(1, to_one);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	answer_address(ADDRESS_UNKNOWN, "");
	expect_notice("s@a.example");
}

END_TEST

/* RFC 3461 4.1, 5.2. */
static const struct {
	uint8_t notify;
	bool failure, success;
} wishes[] = {
	{ 0, true, false },
	{ NOTIFY_NEVER, false, false },
	{ NOTIFY_SUCCESS, false, true },
	{ NOTIFY_FAILURE, true, false },
	{ NOTIFY_DELAY, false, false },
	{ NOTIFY_SUCCESS | NOTIFY_FAILURE, true, true },
};

START_TEST(tells_what_was_asked_for)
{
	envelope.account = V("s@a.example");
	notify = wishes[_i / 2].notify;
	submit(1, to_one);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	if (_i % 2) {
		answer_address(ADDRESS_UNKNOWN, "");
	} else {
		answer_address(ADDRESS_LOCAL, "one");
		struct peer *agent = grant("one");
		report(agent, fake_expect(MSG_DELIVER)->deliver.id,
		    DELIVER_STATUS_OK);
	}
	bool is_told = _i % 2 ? wishes[_i / 2].failure : wishes[_i / 2].success;
	if (!is_told)
		expect_silence();
	else
		ck_has(expect_notice("s@a.example"),
		    _i % 2 ? "Action: failed" : "Action: delivered");
}

END_TEST

START_TEST(recipients_that_fail_together_share_a_notice)
{
	envelope.account = V("s@a.example");
	notify = 0;
	submit(1, to_two);
	fake_round();
	expect_result(1, SUBMIT_STATUS_OK);
	fake.n_seen += 2;
	for (uint64_t id = 1; id <= 2; id++) {
		const struct msg *m = &fake.sent[fake.n_seen - 3 + id].m;
		say(&fake.auth, (struct msg){ .type = MSG_ADDRESS_IS,
				    .address_is = { .id = m->address_ask.id,
					.kind = ADDRESS_UNKNOWN,
					.account = V("") } });
	}
	fake_round();
	struct view text = expect_notice("s@a.example");
	ck_has(text, "2 of its recipients");
	ck_has(text, "Final-Recipient: rfc822;one@b.example\r\n");
	ck_has(text, "Final-Recipient: rfc822;two@b.example\r\n");
	expect_silence();
}

END_TEST

/* The notice and the end of the recipient are one transaction. */
START_TEST(a_crash_neither_loses_nor_doubles_a_notice)
{
	submit_known();
	answer_address(ADDRESS_UNKNOWN, ""); /* not written yet */
	die();
	start();
	answer_address(ADDRESS_UNKNOWN, "");
	fake_pass(100); /* written, not delivered */
	die();
	start();
	expect_notice("s@a.example");
	expect_silence();
}

END_TEST

static void let_files_grow(bool on)
{
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = on ? limit.rlim_max : 0;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The recipient does not go before the notice can be written. */
START_TEST(a_notice_waits_for_the_disk)
{
	struct queue_rcpt r = { 0 };
	envelope.account = V("s@a.example");
	notify = 0;
	submit(1, to_one);
	fake_round();
	uint64_t id = expect_result(1, SUBMIT_STATUS_OK);
	let_files_grow(false);
	answer_address(ADDRESS_UNKNOWN, "");
	fake_pass(5000);
	ck_assert_ptr_null(fake_next());
	ck_assert_int_eq(stored(id, &r), 0);
	let_files_grow(true);
	fake_pass(10000);
	expect_notice("s@a.example");
	expect_silence();
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

END_TEST

START_TEST(the_postmaster_hears_of_lost_notices_and_then_nobody)
{
	submit_known();
	answer_address(ADDRESS_UNKNOWN, "");
	fake_pass(100);
	answer_address(ADDRESS_UNKNOWN, ""); /* s@a.example */
	fake_pass(100);
	const struct msg *ask = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(ask->address_ask.address, V("postmaster@mx.example"));
	fake.n_seen--;
	answer_address(ADDRESS_UNKNOWN, "");
	expect_silence();
}

END_TEST

static void attempt_that_fails(void)
{
	answer_address(ADDRESS_LOCAL, "one");
	struct peer *agent = grant("one");
	report(agent, fake_expect(MSG_DELIVER)->deliver.id,
	    DELIVER_STATUS_OVERQUOTA);
}

static void take_notice(unsigned *n_delayed, unsigned *n_failed)
{
	struct view text = expect_notice("s@a.example");
	size_t delayed = view_find(text, V("Action: delayed"));
	size_t failed = view_find(text, V("Action: failed"));
	*n_delayed += delayed < text.n;
	*n_failed += failed < text.n;
	if (delayed < text.n)
		ck_has_not(text, "\r\nbody\r\n");
	report(&fake.agents[0], fake.sent[fake.n_seen - 1].m.deliver.id,
	    DELIVER_STATUS_OK);
}

/* After four hours, and no second time. */
START_TEST(a_delay_is_told_once)
{
	unsigned n_delayed = 0, n_failed = 0;
	const struct sent *s;
	submit_known();
	attempt_that_fails();
	for (int tick = 0; tick < 6 * 24 * 15; tick++) {
		fake.n_agents = 0; /* idle ones are gone by then */
		fake_pass(240 * 1000);
		while ((s = fake_next())) {
			if (s->m.type != MSG_ADDRESS_ASK)
				continue;
			fake.n_seen--;
			if (view_eq(
				s->m.address_ask.address, V("one@b.example")))
				attempt_that_fails();
			else
				take_notice(&n_delayed, &n_failed);
		}
	}
	ck_assert_uint_eq(n_delayed, 1);
	ck_assert_uint_eq(n_failed, 1);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/notice");
	TCase *t = tcase_create("notice");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_failure_is_told_to_the_sender);
	tcase_add_test(t, a_notice_of_mail_that_requires_tls_does_so);
	tcase_add_loop_test(t, notices_are_in_utf8_when_they_may_and_must, 0,
	    (int)(sizeof scripts / sizeof scripts[0]));
	tcase_add_test(t, an_unknown_sender_is_not_told);
	tcase_add_test(t, a_message_without_sender_stays_as_failed);
	tcase_add_test(t, fronts_cannot_make_notices);
	tcase_add_loop_test(t, tells_what_was_asked_for, 0,
	    2 * sizeof wishes / sizeof wishes[0]);
	tcase_add_test(t, recipients_that_fail_together_share_a_notice);
	tcase_add_test(t, a_crash_neither_loses_nor_doubles_a_notice);
	tcase_add_test(t, a_notice_waits_for_the_disk);
	tcase_add_test(t, the_postmaster_hears_of_lost_notices_and_then_nobody);
	tcase_add_test(t, a_delay_is_told_once);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
