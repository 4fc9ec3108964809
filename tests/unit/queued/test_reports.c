/* Reports of TLS on their way (RFC 8460), with fakes in the place of resolver
 * and fetch. */
#include "queue_fixture.h"
#include "queued/policy/reports.h"
#include "queued/policy/tls_stats.h"

enum {
	DAY_S = 86400,
	SESSIONS_ON = 19675, /* the day that reports are about */
};

static char wanted[8];

static struct queue *queue(void)
{
	return fake.state;
}

/* In the morning of the day behind: past the hours in which it begins. */
static void begin(void)
{
	setup();
	snprintf(wanted, sizeof wanted, "all");
	fake.conf.tls_reports = wanted;
	fake.has_fetch = true;
	fake.wall_s = (SESSIONS_ON + 1) * DAY_S + 6 * 3600;
}

static void note(const char *domain)
{
	struct tls_row row = { .day = SESSIONS_ON,
		.domain = view_of(domain),
		.policy = TLS_POLICY_NONE,
		.result = TLS_RESULT_OK,
		.host = V("mx.b.example") };
	tls_stats_note(queue()->tls_stats, &row);
	ck_assert_int_eq(tls_stats_flush(queue()->tls_stats, queue()->db), 0);
}

static size_t count_rows(const char *domain)
{
	struct queue_txn t;
	struct tls_row row;
	size_t n;
	ck_assert_int_eq(queue_begin_read(queue()->db, &t), 0);
	ck_assert_int_eq(
	    tls_stats_rows(&t, SESSIONS_ON, view_of(domain), &row, 1, &n), 0);
	queue_abort(&t);
	return n;
}

static void answer_txt(enum route_status status, const char *text)
{
	const struct msg *m = fake_expect(MSG_TXT_ASK);
	ck_assert_view_eq(m->txt_ask.name, V("_smtp._tls.b.example"));
	ck_assert(m->txt_ask.id & REPORTS_ASK_BIT);
	struct msg is = { .type = MSG_TXT_IS,
		.txt_is = { m->txt_ask.id, (uint8_t)status, view_of(text) } };
	say(&fake.resolver, is);
}

static void answer_hosts(const char *host, uint16_t port)
{
	const struct msg *m = fake_expect(MSG_ROUTE_ASK);
	ck_assert_view_eq(m->route_ask.domain, view_of(host));
	ck_assert_uint_eq(m->route_ask.port, port);
	ck_assert(m->route_ask.is_host);
	struct msg is = { .type = MSG_ROUTE_IS,
		.route_is = { .id = m->route_ask.id,
		    .status = ROUTE_OK,
		    .hosts = V("hosts") } };
	say(&fake.resolver, is);
}

static void answer_post(unsigned code)
{
	const struct msg *m = fake_expect(MSG_FETCH_ASK);
	ck_assert_view_eq(
	    m->fetch_ask.url, V("https://reports.b.example:8443/v1"));
	ck_assert_view_eq(m->fetch_ask.type, V("application/tlsrpt+gzip"));
	ck_assert_view_eq(view_head(m->fetch_ask.post, 2), V("\x1f\x8b"));
	struct msg is = { .type = MSG_FETCH_IS,
		.fetch_is = { .id = m->fetch_ask.id,
		    .status = FETCH_OK,
		    .code = (uint16_t)code,
		    .body = V("") } };
	say(&fake.fetch, is);
}

static void post(unsigned code)
{
	reports_tick(queue());
	answer_txt(
	    ROUTE_OK, "v=TLSRPTv1; rua=https://reports.b.example:8443/v1");
	answer_hosts("reports.b.example", 8443);
	answer_post(code);
}

static void nothing_is_sent(void)
{
	reports_tick(queue());
	ck_assert_ptr_null(fake_next());
}

START_TEST(an_end_in_order_loses_no_count)
{
	struct tls_row row = { .day = SESSIONS_ON, .domain = V("b.example") };
	tls_stats_note(queue()->tls_stats, &row);
	queue_ops.stop(&fake, 0);
	start();
	ck_assert_uint_eq(count_rows("b.example"), 1);
}

END_TEST

START_TEST(is_posted_once)
{
	note("b.example");
	post(201);
	ck_assert_uint_eq(count_rows("b.example"), 0);
	fake.wall_s += 7200;
	nothing_is_sent();
}

END_TEST

START_TEST(is_posted_again_when_it_was_not_taken)
{
	note("b.example");
	post(500);
	ck_assert_uint_eq(count_rows("b.example"), 1);
	nothing_is_sent();
	fake.wall_s += 3600;
	post(200);
	ck_assert_uint_eq(count_rows("b.example"), 0);
}

END_TEST

START_TEST(is_given_up_when_it_is_old)
{
	note("b.example");
	fake.wall_s += 2 * DAY_S;
	post(500);
	ck_assert_uint_eq(count_rows("b.example"), 0);
}

END_TEST

/* The message is in the queue when the rows are gone, and not before. */
START_TEST(goes_by_mail)
{
	note("b.example");
	reports_tick(queue());
	answer_txt(ROUTE_OK, "v=TLSRPTv1; rua=mailto:tls@b.example");
	ck_assert_uint_eq(count_rows("b.example"), 0);
	die();
	start();
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(m->address_ask.address, V("tls@b.example"));
}

END_TEST

START_TEST(goes_by_mail_only_when_that_is_wanted)
{
	note("b.example");
	snprintf(wanted, sizeof wanted, "https");
	reports_tick(queue());
	answer_txt(ROUTE_OK, "v=TLSRPTv1; rua=mailto:tls@b.example");
	ck_assert_ptr_null(fake_next());
	ck_assert_uint_eq(count_rows("b.example"), 0);
}

END_TEST

START_TEST(who_wants_none_gets_none)
{
	note("b.example");
	reports_tick(queue());
	answer_txt(ROUTE_NO_DOMAIN, "");
	ck_assert_ptr_null(fake_next());
	ck_assert_uint_eq(count_rows("b.example"), 0);
}

END_TEST

START_TEST(waits_for_the_day_to_end_and_for_dns)
{
	note("b.example");
	fake.wall_s -= DAY_S;
	nothing_is_sent();
	fake.wall_s += DAY_S;
	reports_tick(queue());
	answer_txt(ROUTE_TEMP, "");
	ck_assert_uint_eq(count_rows("b.example"), 1);
	nothing_is_sent();
}

END_TEST

/* One domain that does not answer delays the others, and loses nothing. */
START_TEST(an_answer_that_never_comes_is_not_waited_for)
{
	note("b.example");
	note("c.example");
	reports_tick(queue());
	uint64_t id = fake_expect(MSG_TXT_ASK)->txt_ask.id;
	fake.wall_s += 119;
	nothing_is_sent();
	fake.wall_s += 1;
	reports_tick(queue());
	ck_assert_view_eq(
	    fake_expect(MSG_TXT_ASK)->txt_ask.name, V("_smtp._tls.c.example"));
	struct msg late = { .type = MSG_TXT_IS,
		.txt_is = { id, ROUTE_NO_DOMAIN, V("") } };
	say(&fake.resolver, late);
	ck_assert_uint_eq(count_rows("b.example"), 1);
	ck_assert_uint_eq(count_rows("c.example"), 1);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/reports");
	TCase *t = tcase_create("reports");
	tcase_add_checked_fixture(t, begin, teardown);
	tcase_add_test(t, an_end_in_order_loses_no_count);
	tcase_add_test(t, is_posted_once);
	tcase_add_test(t, is_posted_again_when_it_was_not_taken);
	tcase_add_test(t, is_given_up_when_it_is_old);
	tcase_add_test(t, goes_by_mail);
	tcase_add_test(t, goes_by_mail_only_when_that_is_wanted);
	tcase_add_test(t, who_wants_none_gets_none);
	tcase_add_test(t, waits_for_the_day_to_end_and_for_dns);
	tcase_add_test(t, an_answer_that_never_comes_is_not_waited_for);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
