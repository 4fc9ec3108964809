/* MTA-STS policies: fetched, kept and followed (RFC 8461 3.3 and 5.1), with
 * fakes in the place of resolver and fetch. */
#include "queue_fixture.h"
#include "queued/policy/policy.h"
#include "queued/policy/tls_stats.h"

#define POLICY                                                                 \
	"version: STSv1\nmode: enforce\nmx: mx.b.example\nmax_age: 90000\n"

static unsigned n_known;
static char known[64];

static void on_known(struct queue *q, struct view domain)
{
	(void)q;
	n_known++;
	ck_assert_int_eq(view_to_cstr(domain, known, sizeof known), 0);
}

static struct queue *queue(void)
{
	return fake.state;
}

/* In the place of remote.c. */
static void listen_to_it(void)
{
	lives[n_lives++] = queue()->policies;
	queue()->policies = policies_new(on_known);
}

static void begin(void)
{
	setup();
	fake.conf.mta_sts_port = 443;
	fake.has_resolver = fake.has_fetch = true;
	listen_to_it();
}

/* The process starts again: only what is on disk is left. */
static void restart(void)
{
	die();
	start();
	fake.has_resolver = fake.has_fetch = true;
	listen_to_it();
}

static enum policy_found find(const char *id)
{
	enum sts_mode mode;
	struct view names;
	enum policy_found found =
	    policy_find(queue(), V("b.example"), view_of(id), &mode, &names);
	if (found == POLICY_FOUND) {
		ck_assert_int_eq(mode, STS_ENFORCE);
		ck_assert_view_eq(names, V("mx.b.example"));
	}
	return found;
}

static void answer_hosts(enum route_status status)
{
	const struct msg *m = fake_expect(MSG_ROUTE_ASK);
	ck_assert_view_eq(m->route_ask.domain, V("mta-sts.b.example"));
	ck_assert(m->route_ask.is_host);
	ck_assert(m->route_ask.id & POLICY_ASK_BIT);
	struct msg_route_is is = { .id = m->route_ask.id,
		.status = (uint8_t)status,
		.text = V("4.4.3 no answer"),
		.hosts = V("hosts") };
	policy_on_route(queue(), &is);
}

static uint64_t expect_fetch(void)
{
	const struct msg *m = fake_expect(MSG_FETCH_ASK);
	ck_assert_view_eq(m->fetch_ask.url,
	    V("https://mta-sts.b.example:443/.well-known/mta-sts.txt"));
	ck_assert_view_eq(m->fetch_ask.hosts, V("hosts"));
	ck_assert_view_eq(m->fetch_ask.post, V(""));
	return m->fetch_ask.id;
}

static void answer_fetch(
    enum fetch_status status, unsigned code, const char *body)
{
	struct msg_fetch_is is = { .id = expect_fetch(),
		.status = (uint8_t)status,
		.code = (uint16_t)code,
		.text = V("so it is"),
		.body = view_of(body) };
	policy_on_fetched(queue(), &is);
}

static void fetch_it(const char *id)
{
	n_known = 0;
	ck_assert_int_eq(find(id), POLICY_PENDING);
	answer_hosts(ROUTE_OK);
	ck_assert_uint_eq(n_known, 0);
	answer_fetch(FETCH_OK, 200, POLICY);
	ck_assert_uint_eq(n_known, 1);
	ck_assert_str_eq(known, "b.example");
}

static void nothing_is_asked(void)
{
	ck_assert_ptr_null(fake_next());
}

START_TEST(none_without_a_record)
{
	ck_assert_int_eq(find(""), POLICY_FOUND_NONE);
	nothing_is_asked();
}

END_TEST

START_TEST(fetches_once_for_all_that_wait)
{
	ck_assert_int_eq(find("1"), POLICY_PENDING);
	ck_assert_int_eq(find("1"), POLICY_PENDING);
	answer_hosts(ROUTE_OK);
	ck_assert_int_eq(find("1"), POLICY_PENDING);
	answer_fetch(FETCH_OK, 200, POLICY);
	ck_assert_uint_eq(n_known, 1);
	ck_assert_int_eq(find("1"), POLICY_FOUND);
	nothing_is_asked();
}

END_TEST

START_TEST(is_followed_after_a_restart_and_without_its_record)
{
	fetch_it("1");
	restart();
	ck_assert_int_eq(find("1"), POLICY_FOUND);
	/* RFC 8461 5.1: an attacker could have taken the record away. */
	ck_assert_int_eq(find(""), POLICY_FOUND);
	nothing_is_asked();
}

END_TEST

START_TEST(expires)
{
	fetch_it("1");
	fake.wall_s += 89999;
	ck_assert_int_eq(find(""), POLICY_FOUND);
	fake.wall_s += 1;
	ck_assert_int_eq(find(""), POLICY_FOUND_NONE);
	fetch_it("1");
}

END_TEST

START_TEST(is_refreshed_behind_the_mail)
{
	fetch_it("1");
	fake.wall_s += 86401;
	n_known = 0;
	ck_assert_int_eq(find("1"), POLICY_FOUND);
	answer_hosts(ROUTE_OK);
	answer_fetch(FETCH_OK, 200, POLICY);
	ck_assert_uint_eq(n_known, 0);
	fake.wall_s += 80000; /* the first one would have expired */
	ck_assert_int_eq(find("1"), POLICY_FOUND);
	nothing_is_asked();
}

END_TEST

START_TEST(another_id_is_another_policy)
{
	fetch_it("1");
	fetch_it("2");
	ck_assert_int_eq(find("2"), POLICY_FOUND);
	nothing_is_asked();
}

END_TEST

START_TEST(the_old_one_counts_while_the_new_one_cannot_be_had)
{
	fetch_it("1");
	ck_assert_int_eq(find("2"), POLICY_PENDING);
	answer_hosts(ROUTE_OK);
	answer_fetch(FETCH_BAD_CERTIFICATE, 0, "");
	ck_assert_int_eq(find("2"), POLICY_FOUND);
	nothing_is_asked();
}

END_TEST

static const struct {
	enum fetch_status status;
	unsigned code;
	const char *body;
	enum tls_result result; /* that its domain is told in reports */
} misses[] = {
	{ FETCH_UNREACHABLE, 0, "", TLS_RESULT_STS_POLICY_FETCH_ERROR },
	{ FETCH_BAD_CERTIFICATE, 0, "", TLS_RESULT_STS_WEBPKI_INVALID },
	{ FETCH_BAD_TYPE, 200, "", TLS_RESULT_STS_POLICY_INVALID },
	{ FETCH_TOO_LARGE, 200, "", TLS_RESULT_STS_POLICY_INVALID },
	{ FETCH_OK, 404, POLICY, TLS_RESULT_STS_POLICY_FETCH_ERROR },
	{ FETCH_OK, 301, "", TLS_RESULT_STS_POLICY_FETCH_ERROR },
	{ FETCH_OK, 200, "<html>", TLS_RESULT_STS_POLICY_INVALID },
	/* How a domain takes its policy back: no failure. */
	{ FETCH_OK, 200, "version: STSv1\nmode: none\nmax_age: 0\n",
	    TLS_RESULT_OK },
};

/* What is counted of b.example, for its report. */
static void expect_counted(enum tls_result result)
{
	struct queue_txn t;
	struct tls_row rows[2];
	size_t n;
	uint32_t day = (uint32_t)(fake.wall_s / 86400);
	ck_assert_int_eq(tls_stats_flush(queue()->tls_stats, queue()->db), 0);
	ck_assert_int_eq(queue_begin_read(queue()->db, &t), 0);
	ck_assert_int_eq(
	    tls_stats_rows(&t, day, V("b.example"), rows, 2, &n), 0);
	queue_abort(&t);
	ck_assert_uint_eq(n, result != TLS_RESULT_OK);
	if (!n)
		return;
	ck_assert_int_eq(rows[0].policy, TLS_POLICY_STS);
	ck_assert_int_eq(rows[0].result, result);
	ck_assert_uint_eq(rows[0].n_sessions, 1);
}

START_TEST(does_without_what_cannot_be_had)
{
	ck_assert_int_eq(find("1"), POLICY_PENDING);
	answer_hosts(ROUTE_OK);
	answer_fetch(misses[_i].status, misses[_i].code, misses[_i].body);
	ck_assert_uint_eq(n_known, 1);
	ck_assert_int_eq(find("1"), POLICY_FOUND_NONE);
	expect_counted(misses[_i].result);
	fake.wall_s += 299;
	ck_assert_int_eq(find("1"), POLICY_FOUND_NONE);
	nothing_is_asked();
	fake.wall_s += 1;
	fetch_it("1");
}

END_TEST

START_TEST(does_without_a_web_server)
{
	ck_assert_int_eq(find("1"), POLICY_PENDING);
	answer_hosts(ROUTE_NO_DOMAIN);
	ck_assert_uint_eq(n_known, 1);
	ck_assert_int_eq(find("1"), POLICY_FOUND_NONE);
	nothing_is_asked();
}

END_TEST

START_TEST(waits_for_no_process_that_is_gone)
{
	ck_assert_int_eq(find("1"), POLICY_PENDING);
	answer_hosts(ROUTE_OK);
	uint64_t id = expect_fetch();
	fake.has_fetch = false;
	policy_role_down(queue(), ROLE_FETCH);
	ck_assert_uint_eq(n_known, 1);
	ck_assert_int_eq(find("1"), POLICY_FOUND_NONE);
	/* Its late answer is about nothing any more. */
	struct msg_fetch_is is = { .id = id, .code = 200, .body = V(POLICY) };
	policy_on_fetched(queue(), &is);
	ck_assert_int_eq(find("1"), POLICY_FOUND_NONE);
}

END_TEST

START_TEST(has_a_limit)
{
	char name[32];
	enum sts_mode mode;
	struct view names;
	unsigned n_pending = 0;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(name, sizeof name, "d%u.example", i);
		n_pending += policy_find(queue(), view_of(name), V("1"), &mode,
				 &names) == POLICY_PENDING;
	}
	ck_assert_uint_eq(n_pending, 30);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/policy");
	TCase *t = tcase_create("policy");
	tcase_add_checked_fixture(t, begin, teardown);
	tcase_add_test(t, none_without_a_record);
	tcase_add_test(t, fetches_once_for_all_that_wait);
	tcase_add_test(t, is_followed_after_a_restart_and_without_its_record);
	tcase_add_test(t, expires);
	tcase_add_test(t, is_refreshed_behind_the_mail);
	tcase_add_test(t, another_id_is_another_policy);
	tcase_add_test(t, the_old_one_counts_while_the_new_one_cannot_be_had);
	tcase_add_loop_test(t, does_without_what_cannot_be_had, 0,
	    sizeof misses / sizeof misses[0]);
	tcase_add_test(t, does_without_a_web_server);
	tcase_add_test(t, waits_for_no_process_that_is_gone);
	tcase_add_test(t, has_a_limit);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
