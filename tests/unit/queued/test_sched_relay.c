/* Sites in small: turns, bounds, trouble. A simulated week is in
 * test_sched_relay_week.c. */
#include "queued/remote/sched_relay.h"
#include "suite.h"
#include <stdio.h>

static const struct sched_relay_options options = {
	.connections_start = 3,
	.connections_max = 5,
	.sessions_max = 6,
	.rcpts_max = 4,
	.mails_max = 10,
	.session_ms = 300000,
	.idle_ms = 10000,
	.probe_min_ms = 60000,
	.probe_max_ms = 3600000,
	.calm_ms = 10000,
	.sites_max = 4,
	.jobs_max = 30,
	.site_jobs_max = 20,
	.site_jobs_min = 2,
};

enum {
	JOBS = 200
};

static struct sched_relay s;
static struct site_job jobs[JOBS];
static unsigned n_jobs;
static struct sched_relay_step step;
static struct list lost_jobs, parked;

static void setup(void)
{
	sched_relay_init(&s, &options);
	n_jobs = 0;
	list_init(&lost_jobs);
	list_init(&parked);
}

static void teardown(void)
{
	sched_relay_deinit(&s);
}

static struct site *site(const char *name)
{
	return sched_relay_site(&s, view_of(name), 0);
}

static struct site_job *add(const char *where, uint64_t mail, uint32_t sender)
{
	struct site_job *j = &jobs[n_jobs++];
	*j = (struct site_job){ .mail = mail, .sender = sender };
	sched_relay_add(&s, site(where), j);
	return j;
}

static enum sched_relay_do next_at(uint64_t now_ms)
{
	return sched_relay_next(&s, now_ms, &step);
}

static void expect(enum sched_relay_do what, const char *where)
{
	ck_assert_int_eq(next_at(0), what);
	ck_assert_view_eq(((struct view){ step.site->name, step.site->name_n }),
	    view_of(where));
}

static struct site_session *open_up(const char *where)
{
	expect(SITE_OPEN, where);
	struct site_session *session = step.session;
	sched_relay_up(&s, session, 0, 0, 0);
	return session;
}

static const struct site_job *first_of(const struct site_session *session)
{
	return CONTAINER(session->jobs.next, struct site_job, link);
}

static unsigned length(const struct list *l)
{
	unsigned n = 0;
	for (const struct list *i = l->next; i != l; i = i->next)
		n++;
	return n;
}

/* All of the mail that a session is busy with is delivered. */
static void finish(struct site_session *session, bool is_trouble)
{
	while (!list_empty(&session->jobs))
		sched_relay_done(
		    &s, CONTAINER(session->jobs.next, struct site_job, link));
	sched_relay_finished(&s, session, is_trouble, 0, &lost_jobs);
}

static void lose(struct site_session *session, enum site_loss loss)
{
	sched_relay_lost(&s, session, loss, 0, &lost_jobs, &parked);
}

START_TEST(a_message_goes_in_one_transaction)
{
	for (unsigned i = 0; i < 6; i++)
		add("a", 1, 1);
	add("a", 2, 1);
	struct site_session *session = open_up("a");
	expect(SITE_SEND, "a");
	ck_assert_uint_eq(length(&session->jobs), 4);
	expect(SITE_OPEN, "a"); /* there is more, and it is up */
	finish(session, false);
	expect(SITE_SEND, "a");
	ck_assert_uint_eq(first_of(session)->mail, 2);
	finish(session, false);
	expect(SITE_SEND, "a");
	ck_assert_uint_eq(first_of(session)->mail, 1);
	ck_assert_uint_eq(length(&session->jobs), 2);
}

END_TEST

START_TEST(senders_take_turns)
{
	static const uint64_t order[] = { 1, 9, 2, 3, 4 };
	for (uint64_t i = 1; i < 5; i++)
		add("a", i, 7);
	add("a", 9, 8);
	struct site_session *session = open_up("a");
	for (unsigned i = 0; i < 5; i++) {
		do
			ck_assert_int_ne(next_at(0), SITE_NOTHING);
		while (step.session != session || list_empty(&session->jobs));
		ck_assert_uint_eq(first_of(session)->mail, order[i]);
		finish(session, false);
	}
}

END_TEST

START_TEST(a_site_is_tried_by_one_session)
{
	for (uint64_t i = 1; i < 5; i++)
		add("a", i, 1);
	expect(SITE_OPEN, "a");
	struct site_session *session = step.session;
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
	sched_relay_up(&s, session, 0, 0, 0);
	expect(SITE_SEND, "a");
	expect(SITE_OPEN, "a");
	expect(SITE_OPEN, "a");
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
}

END_TEST

/* Mail after mail over one session, each with or without trouble. */
static void send_mails(struct site_session *session, unsigned n, bool trouble)
{
	for (unsigned i = 0; i < n; i++) {
		while (list_empty(&session->jobs))
			if (next_at(0) == SITE_NOTHING)
				add("a", 1000 + n_jobs, 1);
		finish(session, trouble);
	}
}

/* One more after a full round of successes, up to the limit; one less, and none
 * for a while, after trouble; never less than one. */
START_TEST(sessions_follow_success)
{
	add("a", 1, 1);
	struct site_session *session = open_up("a");
	session->mails_max = 100;
	send_mails(session, 2, false);
	ck_assert_uint_eq(session->site->limit, 3);
	send_mails(session, 1, false);
	ck_assert_uint_eq(session->site->limit, 4);
	send_mails(session, 20, false);
	ck_assert_uint_eq(session->site->limit, 5);
	send_mails(session, 1, true);
	ck_assert_uint_eq(session->site->limit, 4);
	ck_assert(session->site->is_calm);
	send_mails(session, 9, true);
	ck_assert_uint_eq(session->site->limit, 1);
	next_at(10000);
	ck_assert(!session->site->is_calm);
}

END_TEST

/* Each failure counts for one message; the pauses grow to an hour. */
START_TEST(a_site_that_is_down_is_probed)
{
	static const uint64_t minutes[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
	struct site *a = site("a");
	uint64_t now = 0;
	for (uint64_t i = 1; i < 4; i++)
		add("a", i, 1);
	for (unsigned i = 0; i < 9; i++) {
		ck_assert_int_eq(next_at(now), SITE_OPEN);
		sched_relay_lost(
		    &s, step.session, LOSS_REFUSED, now, &lost_jobs, &parked);
		ck_assert_uint_eq(length(&lost_jobs), 1);
		ck_assert_uint_eq(length(&parked), i ? 0 : 2);
		ck_assert(!sched_relay_takes(&s, a));
		sched_relay_parked(&s, a);
		ck_assert_int_eq(next_at(now), SITE_NOTHING);
		ck_assert_uint_eq(
		    sched_relay_wait_ms(&s, now), minutes[i] * 60000);
		list_init(&lost_jobs);
		list_init(&parked);
		now += minutes[i] * 60000;
		ck_assert_int_eq(next_at(now - 1), SITE_NOTHING);
		ck_assert_int_eq(next_at(now), SITE_TAKE);
		ck_assert_uint_eq(step.n, 1);
		sched_relay_taken(&s, a, 1, false);
		sched_relay_arrived(&s, a);
		add("a", 10 + i, 1);
	}
}

END_TEST

/* With others alive, a connection that fails is no reason to give all up. */
START_TEST(one_refused_connection_is_not_the_end)
{
	for (uint64_t i = 1; i < 5; i++)
		add("a", i, 1);
	struct site_session *session = open_up("a");
	expect(SITE_SEND, "a");
	expect(SITE_OPEN, "a");
	lose(step.session, LOSS_REFUSED);
	ck_assert_int_eq(session->site->state, SITE_UP);
	ck_assert_uint_eq(session->site->limit, 2);
	ck_assert(list_empty(&lost_jobs) && list_empty(&parked));
	ck_assert_int_eq(next_at(9999), SITE_NOTHING);
	ck_assert_int_eq(next_at(10000), SITE_OPEN);
}

END_TEST

/* A session may end under a message once: then that may be the reason. */
START_TEST(what_kills_sessions_is_put_off)
{
	struct site_job *bad = add("a", 1, 1);
	lose((open_up("a"), expect(SITE_SEND, "a"), step.session), LOSS_ENDED);
	ck_assert(list_empty(&lost_jobs));
	lose((open_up("a"), expect(SITE_SEND, "a"), step.session), LOSS_ENDED);
	ck_assert_ptr_eq(list_first(&lost_jobs), &bad->link);
	ck_assert_ptr_null(bad->site);
}

END_TEST

/* What accepts connections and does nothing with them is down, too. */
START_TEST(sessions_that_do_nothing_bring_a_site_down)
{
	for (uint64_t i = 1; i < 5; i++)
		add("a", i, 1);
	for (unsigned i = 0; i < 3; i++) {
		struct site_session *session = open_up("a");
		ck_assert_int_eq(session->site->state, SITE_UP);
		lose(session, LOSS_ENDED);
	}
	ck_assert_int_eq(site("a")->state, SITE_DOWN);
	ck_assert_uint_eq(length(&lost_jobs), 1);
	ck_assert_uint_eq(length(&parked), 3);
}

END_TEST

START_TEST(what_was_not_tried_goes_again)
{
	for (unsigned i = 0; i < 4; i++)
		add("a", 1, 1);
	struct site_session *session = open_up("a");
	expect(SITE_SEND, "a");
	sched_relay_untried(&jobs[2]);
	sched_relay_untried(&jobs[3]);
	finish(session, false);
	ck_assert(list_empty(&lost_jobs));
	expect(SITE_SEND, "a");
	ck_assert_ptr_eq(first_of(session), &jobs[2]);
	ck_assert_uint_eq(length(&session->jobs), 2);
	/* Nothing at all: once more, then it is put off. */
	for (unsigned i = 0; i < 2; i++) {
		sched_relay_untried(&jobs[2]);
		sched_relay_untried(&jobs[3]);
		ck_assert(list_empty(&lost_jobs));
		finish(session, false);
		if (!i)
			expect(SITE_SEND, "a");
	}
	ck_assert_uint_eq(length(&lost_jobs), 2);
}

END_TEST

START_TEST(sites_share_the_sessions)
{
	static const char *const names[] = { "a", "b", "c" };
	for (uint64_t i = 0; i < 10; i++)
		add("a", i, 1);
	struct site_session *first = open_up("a");
	while (next_at(0) == SITE_OPEN || step.session == first)
		if (step.session->state == SESSION_CONNECTING)
			sched_relay_up(&s, step.session, 0, 0, 0);
	for (uint64_t i = 0; i < 30; i++)
		add(names[1 + i % 2], 100 + i, 1);
	unsigned n = s.n_sessions;
	while (next_at(0) == SITE_OPEN)
		n++;
	ck_assert_uint_le(n, options.sessions_max);
	ck_assert_uint_eq(n, s.n_sessions);
	ck_assert_uint_ge(site("b")->n_sessions, 1);
	ck_assert_uint_ge(site("c")->n_sessions, 1);
}

END_TEST

START_TEST(an_idle_session_makes_room)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	for (unsigned i = 0; i < 6; i++) {
		add(names[i], i, 1);
		struct site_session *session = open_up(names[i]);
		expect(SITE_SEND, names[i]);
		finish(session, false);
	}
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
	add("g", 9, 1);
	/* One, and until it is gone it takes its place. */
	expect(SITE_CLOSE, "a");
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
	lose(step.session, LOSS_ENDED);
	expect(SITE_FORGET, "a");
	sched_relay_forget(&s, step.site);
	expect(SITE_OPEN, "g");
}

END_TEST

START_TEST(each_site_that_wants_room_gets_it)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	struct site_session *closing[2];
	for (unsigned i = 0; i < 6; i++) {
		add(names[i], i, 1);
		struct site_session *session = open_up(names[i]);
		expect(SITE_SEND, names[i]);
		finish(session, false);
	}
	add("g", 9, 1);
	add("h", 10, 1);
	for (unsigned i = 0; i < 2; i++) {
		expect(SITE_CLOSE, names[i]);
		closing[i] = step.session;
	}
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
	for (unsigned i = 0; i < 2; i++) {
		lose(closing[i], LOSS_ENDED);
		expect(SITE_FORGET, names[i]);
		sched_relay_forget(&s, step.site);
		expect(SITE_OPEN, i ? "h" : "g");
	}
}

END_TEST

/* What the host sees of connections is the limit, also while one says QUIT. */
START_TEST(a_session_counts_until_it_is_gone)
{
	sched_relay_site(&s, V("a"), 1);
	add("a", 1, 1);
	struct site_session *session = open_up("a");
	for (uint64_t i = 0; i < options.mails_max; i++) {
		expect(SITE_SEND, "a");
		add("a", 10 + i, 1);
		finish(session, false);
	}
	expect(SITE_CLOSE, "a");
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
	lose(session, LOSS_ENDED);
	expect(SITE_OPEN, "a");
}

END_TEST

/* Trouble takes one of three away. */
START_TEST(one_that_ends_does_not_end_the_others)
{
	struct site_session *sessions[3];
	for (uint64_t i = 1; i < 10; i++)
		add("a", i, 1);
	for (unsigned i = 0; i < 3; i++) {
		sessions[i] = open_up("a");
		expect(SITE_SEND, "a");
	}
	finish(sessions[0], true);
	ck_assert_int_eq(sessions[0]->state, SESSION_ENDING);
	finish(sessions[1], false);
	ck_assert_int_eq(sessions[1]->state, SESSION_IDLE);
}

END_TEST

START_TEST(a_session_ends_in_time)
{
	add("a", 1, 1);
	struct site_session *session = open_up("a");
	for (uint64_t i = 0; i < options.mails_max; i++) {
		expect(SITE_SEND, "a");
		add("a", 10 + i, 1);
		finish(session, false);
	}
	ck_assert_int_eq(session->state, SESSION_ENDING);
	expect(SITE_OPEN, "a");
	expect(SITE_CLOSE, "a");
	lose(step.session, LOSS_ENDED);
}

END_TEST

START_TEST(an_idle_session_is_closed)
{
	add("a", 1, 1);
	struct site_session *session = open_up("a");
	expect(SITE_SEND, "a");
	finish(session, false);
	ck_assert_uint_eq(sched_relay_wait_ms(&s, 0), options.idle_ms);
	ck_assert_int_eq(next_at(options.idle_ms - 1), SITE_NOTHING);
	ck_assert_int_eq(next_at(options.idle_ms), SITE_CLOSE);
	lose(step.session, LOSS_ENDED);
}

END_TEST

/* However many sites are down, few are remembered. */
START_TEST(forgets_sites_that_are_down)
{
	char name[8];
	for (unsigned i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "x%u", i);
		add(name, i, 1);
		while (next_at(0) == SITE_FORGET)
			sched_relay_forget(&s, step.site);
		lose(step.session, LOSS_REFUSED);
	}
	ck_assert_uint_le(s.sites.n, options.sites_max);
}

END_TEST

START_TEST(memory_is_bounded)
{
	char name[8];
	unsigned n = 0;
	for (unsigned i = 0; n < JOBS && i < 40; i++) {
		snprintf(name, sizeof name, "x%u", i);
		for (unsigned k = 0; k < 25; k++)
			if (sched_relay_takes(&s, site(name)))
				add(name, n++, 1);
	}
	ck_assert_uint_eq(n, 2 * options.jobs_max);
	ck_assert_uint_eq(site("x0")->n_jobs, options.site_jobs_max);
	ck_assert_uint_eq(site("x9")->n_jobs, options.site_jobs_min);
}

END_TEST

START_TEST(stops_after_what_is_under_way)
{
	add("a", 1, 1);
	add("a", 2, 1);
	struct site_session *session = open_up("a");
	expect(SITE_SEND, "a");
	s.is_stopping = true;
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
	finish(session, false);
	expect(SITE_CLOSE, "a");
	lose(step.session, LOSS_ENDED);
	ck_assert_int_eq(next_at(0), SITE_NOTHING);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("queued/sched_relay");
	TCase *t = tcase_create("sched_relay");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_message_goes_in_one_transaction);
	tcase_add_test(t, senders_take_turns);
	tcase_add_test(t, a_site_is_tried_by_one_session);
	tcase_add_test(t, sessions_follow_success);
	tcase_add_test(t, a_site_that_is_down_is_probed);
	tcase_add_test(t, one_refused_connection_is_not_the_end);
	tcase_add_test(t, what_kills_sessions_is_put_off);
	tcase_add_test(t, sessions_that_do_nothing_bring_a_site_down);
	tcase_add_test(t, what_was_not_tried_goes_again);
	tcase_add_test(t, sites_share_the_sessions);
	tcase_add_test(t, an_idle_session_makes_room);
	tcase_add_test(t, each_site_that_wants_room_gets_it);
	tcase_add_test(t, a_session_counts_until_it_is_gone);
	tcase_add_test(t, one_that_ends_does_not_end_the_others);
	tcase_add_test(t, a_session_ends_in_time);
	tcase_add_test(t, an_idle_session_is_closed);
	tcase_add_test(t, forgets_sites_that_are_down);
	tcase_add_test(t, memory_is_bounded);
	tcase_add_test(t, stops_after_what_is_under_way);
	suite_add_tcase(suite, t);
	return suite;
}

SUITE_MAIN(build)
