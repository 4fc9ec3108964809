/* Mail that cannot leave now: sites that are down, what is parked there, and a
 * backlog on disk. */
#include "remote_suite.h"

/* One message tries the site; the other waits on disk until another probe, and
 * no attempt is counted for it. Returns its id. */
static uint64_t bring_down(void)
{
	struct queue_rcpt r = { 0 };
	uint64_t first = submit_remote(1, to_one);
	answer_route("b.example", ROUTE_OK);
	uint64_t session = expect_open();
	uint64_t second = submit_remote(2, to_one);
	ck_assert_ptr_null(fake_next());
	say_down(session, RELAY_STAGE_CONNECT, 0, "4.4.1 no answer");
	ck_assert_int_eq(stored(first, &r), 0);
	ck_assert_uint_eq(r.attempts, 1);
	ck_assert_uint_eq(r.site.n, 0);
	ck_assert_int_eq(stored(second, &r), 0);
	ck_assert_uint_eq(r.attempts, 0);
	ck_assert_view_eq(
	    r.site, V("mx.b.example#461326526c07c80d7d3eb80ac07d4c56"));
	ck_assert_view_eq(r.reply, V("4.4.1 no answer"));
	ck_assert_ptr_null(fake_next());
	return second;
}

static void deliver_parked(uint64_t id)
{
	struct queue_rcpt r;
	answer_address(ADDRESS_REMOTE, "");
	const struct sent *next = fake_next();
	if (next && next->m.type == MSG_ROUTE_ASK) {
		fake.n_seen--;
		answer_route("b.example", ROUTE_OK);
	} else {
		fake.n_seen--;
	}
	uint64_t session = expect_open();
	say_up(session);
	expect_mail(session, id, 1);
	say_result(session, 0, RELAY_OK, "250 2.0.0 taken");
	say_done(session);
	ck_assert_int_eq(stored(id, &r), MC_E_NOENT);
}

START_TEST(one_message_probes_a_site)
{
	struct queue_rcpt r;
	uint64_t id = bring_down();
	ck_assert_int_eq(stored(id, &r), 0);
	ck_assert_uint_gt(r.next_s, (uint64_t)fake.wall_s + 12000);
	fake_pass(58000);
	ck_assert_ptr_null(fake_next());
	fake_pass(3000);
	deliver_parked(id);
}

END_TEST

/* Each probe waits twice as long as the one before, up to the longest. */
START_TEST(relay_probe_min_and_max_bound_the_wait)
{
	static const uint64_t waits_s[] = { 20, 40, 50, 50 };
	fake.conf.relay_probe_min = 20;
	fake.conf.relay_probe_max = 50;
	restart();
	bring_down();
	for (unsigned i = 0; i < 4; i++) {
		fake_pass(waits_s[i] * 1000 - 1500);
		ck_assert_ptr_null(fake_next());
		submit_remote(10 + i, to_one);
		fake_pass(2000);
		answer_address(ADDRESS_REMOTE, "");
		fake_pass(100);
		say_down(expect_open(), RELAY_STAGE_CONNECT, 0, "4.4.1 no");
		ck_assert_ptr_null(fake_next());
	}
}

END_TEST

static uint64_t wait_of(uint64_t id)
{
	struct queue_rcpt r = { 0 };
	ck_assert_int_eq(stored(id, &r), 0);
	return r.next_s - (uint64_t)fake.wall_s;
}

/* Their rows are written together; those of another second wait for another
 * time. */
START_TEST(what_is_parked_in_one_second_is_due_in_one)
{
	bring_down();
	uint64_t ids[3], wait;
	for (unsigned i = 0; i < 3; i++) {
		if (i == 2)
			fake_pass(5000);
		ids[i] = submit_remote(3 + i, to_one);
	}
	wait = wait_of(ids[0]);
	ck_assert_uint_eq(wait_of(ids[1]), wait);
	ck_assert_uint_ne(wait_of(ids[2]), wait);
	ck_assert_uint_ne(wait_of(ids[2]), wait + 5);
}

END_TEST

/* Nobody knows then what was down, so that it is tried again. */
START_TEST(finds_what_is_parked_after_a_restart)
{
	uint64_t id = bring_down();
	die();
	start();
	deliver_parked(id);
}

END_TEST

START_TEST(the_administrator_has_a_site_tried_at_once)
{
	char items[QUEUE_ITEM_OCTETS];
	struct wr w = wr_into(items, sizeof items);
	uint64_t id = bring_down();
	wr_u64(&w, id);
	wr_u32(&w, 0);
	say(&fake.monitor,
	    (struct msg){ .type = MSG_QUEUE_CHANGE,
		.queue_change = { 1, QUEUE_ACTION_RETRY, wr_view(&w) } });
	fake_round();
	fake_expect(MSG_QUEUE_CHANGED);
	fake_pass(1100);
	deliver_parked(id);
}

END_TEST

static void copy_file(const char *from, const char *to)
{
	char bytes[4096];
	size_t n;
	FILE *in = fopen(from, "r"), *out = fopen(to, "w");
	ck_assert(in && out);
	while ((n = fread(bytes, 1, sizeof bytes, in)) > 0)
		ck_assert_uint_eq(fwrite(bytes, 1, n, out), n);
	fclose(in);
	ck_assert_int_eq(fclose(out), 0);
}

START_TEST(goes_on_in_a_copy_of_the_spool)
{
	uint64_t id = bring_down();
	die();
	ck_assert_int_eq(mkdir("copy", 0700), 0);
	copy_file("queue.mdb", "copy/queue.mdb");
	ck_assert_int_eq(chdir("copy"), 0);
	start();
	deliver_parked(id);
}

END_TEST

/* A site that stays down gives its mail up when its time is over, and tells
 * what the matter was. */
START_TEST(a_dead_site_does_not_keep_mail_for_ever)
{
	struct queue_rcpt r = { 0 };
	fake.conf.queue_lifetime = 3600;
	die();
	start();
	uint64_t id = bring_down();
	for (unsigned i = 0; i < 300 && r.state != RCPT_FAILED; i++) {
		fake_pass(30000);
		const struct sent *s;
		while ((s = fake_next())) {
			fake.n_seen--;
			if (s->m.type == MSG_ADDRESS_ASK)
				answer_address(ADDRESS_REMOTE, "");
			else if (s->m.type == MSG_ROUTE_ASK)
				answer_route("b.example", ROUTE_OK);
			else
				say_down(expect_open(), RELAY_STAGE_CONNECT, 0,
				    "4.4.1 no answer");
		}
		ck_assert_int_eq(stored(id, &r), 0);
	}
	ck_assert_int_eq(r.state, RCPT_FAILED);
	ck_assert_view_eq(r.reply, V("4.4.1 no answer"));
}

END_TEST

START_TEST(a_greeting_that_refuses_returns_one_message)
{
	struct queue_rcpt r = { 0 };
	uint64_t first = submit_remote(1, to_one);
	answer_route("b.example", ROUTE_OK);
	uint64_t session = expect_open();
	uint64_t second = submit_remote(2, to_one);
	say_down(session, RELAY_STAGE_GREETING, 554, "554 5.7.1 go away");
	ck_assert_int_eq(stored(first, &r), 0);
	ck_assert_int_eq(r.state, RCPT_FAILED);
	ck_assert_int_eq(stored(second, &r), 0);
	ck_assert_int_eq(r.state, RCPT_WAITING);
}

END_TEST

/* A relay, and an auth, that say yes to all that they are asked. */
static void serve(void)
{
	const struct sent *s;
	uint64_t id;
	while ((s = fake_next())) {
		id = s->m.relay_body.id;
		if (s->m.type == MSG_RELAY_OPEN) {
			say_up(s->m.relay_open.id);
		} else if (s->m.type == MSG_RELAY_BODY) {
			say_result(id, 0, RELAY_OK, "250 2.0.0 taken");
			say_done(id);
		} else if (s->m.type == MSG_ADDRESS_ASK) {
			fake.n_seen--;
			answer_address(ADDRESS_REMOTE, "");
		}
		fake_pass(fake.n_seen == fake.n_sent ? 100 : 0);
	}
}

/* Far more than a site may have in memory; all arrive, each once. */
START_TEST(a_site_with_a_backlog_is_filled_from_disk)
{
	enum {
		N = 330
	};

	unsigned n_parked = 0;
	struct queue_rcpt r = { 0 };
	uint64_t ids[N];
	for (unsigned i = 0; i < N; i++) {
		ids[i] = submit_remote(i + 1, to_one);
		if (i == 0)
			answer_route("b.example", ROUTE_OK);
		if (i == 0)
			fake_expect(MSG_RELAY_OPEN);
	}
	for (unsigned i = 0; i < N; i++) {
		ck_assert_int_eq(stored(ids[i], &r), 0);
		n_parked += r.site.n > 0;
	}
	ck_assert_uint_eq(n_parked, N - 300);
	fake.n_seen = 0;
	serve();
	for (unsigned i = 0; i < N; i++)
		ck_assert_int_eq(stored(ids[i], &r), MC_E_NOENT);
}

END_TEST

START_TEST(tells_how_a_site_is)
{
	bring_down();
	say(&fake.monitor, (struct msg){ .type = MSG_SITE_ASK,
			       .site_ask = { 5, V(""), V("q@B.example") } });
	const struct msg *m = fake_expect(MSG_SITE_IS);
	ck_assert_uint_eq(m->site_is.id, 5);
	ck_assert_view_eq(m->site_is.site,
	    V("mx.b.example#461326526c07c80d7d3eb80ac07d4c56"));
	ck_assert_int_eq(m->site_is.state, SITE_DOWN);
	ck_assert_uint_ge(m->site_is.wait_s, 58);
	ck_assert_view_eq(m->site_is.text, V("4.4.1 no answer"));
	say(&fake.monitor,
	    (struct msg){ .type = MSG_SITE_ASK,
		.site_ask = { 6, V("other.example"), V("q@b.example") } });
	ck_assert_int_eq(
	    fake_expect(MSG_SITE_IS)->site_is.state, SITE_STATE_COUNT);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/remote_parked");
	TCase *t = tcase_create("remote_parked");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, relay_probe_min_and_max_bound_the_wait);
	tcase_add_test(t, one_message_probes_a_site);
	tcase_add_test(t, what_is_parked_in_one_second_is_due_in_one);
	tcase_add_test(t, finds_what_is_parked_after_a_restart);
	tcase_add_test(t, goes_on_in_a_copy_of_the_spool);
	tcase_add_test(t, the_administrator_has_a_site_tried_at_once);
	tcase_add_test(t, a_dead_site_does_not_keep_mail_for_ever);
	tcase_add_test(t, a_greeting_that_refuses_returns_one_message);
	tcase_add_test(t, a_site_with_a_backlog_is_filled_from_disk);
	tcase_add_test(t, tells_how_a_site_is);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
