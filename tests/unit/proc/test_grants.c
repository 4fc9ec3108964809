/* A session goes to an account only by auth's word, once, and soon. */
#include "proc/monitor/grants.h"
#include "suite.h"
#include <fcntl.h>
#include <unistd.h>

static struct grants g;

static void setup(void)
{
	grants_init(&g);
}

static void teardown(void)
{
	grants_deinit(&g);
}

static void grant(uint64_t session, const char *account, uint64_t now)
{
	struct grant one = { .session = session };
	snprintf(one.account, sizeof one.account, "%s", account);
	grants_add(&g, &one, now);
}

START_TEST(a_grant_is_used_once)
{
	struct grant out;
	grant(7, "anna", 0);
	ck_assert(grants_take(&g, 7, 1, &out));
	ck_assert_str_eq(out.account, "anna");
	ck_assert(!grants_take(&g, 7, 1, &out));
}

END_TEST

START_TEST(a_session_without_grant_gets_none)
{
	struct grant out;
	grant(7, "anna", 0);
	ck_assert(!grants_take(&g, 8, 1, &out));
}

END_TEST

struct age_case {
	uint64_t age_ms;
	bool want;
};

static const struct age_case ages[] = {
	{ 0, true },
	{ GRANT_LIFE_MS - 1, true },
	{ GRANT_LIFE_MS, false },
	{ GRANT_LIFE_MS + 1, false },
};

START_TEST(a_grant_lives_ten_seconds)
{
	struct grant out;
	grant(7, "anna", 1000);
	ck_assert_int_eq(
	    grants_take(&g, 7, 1000 + ages[_i].age_ms, &out), ages[_i].want);
}

END_TEST

START_TEST(the_table_is_bounded)
{
	struct grant out;
	for (uint64_t i = 1; i <= GRANTS_MAX + 10; i++)
		grant(i, "anna", 0);
	ck_assert_uint_eq(g.n_grants, GRANTS_MAX);
	ck_assert(!grants_take(&g, 10, 1, &out));
	ck_assert(grants_take(&g, 11, 1, &out));
	ck_assert(grants_take(&g, GRANTS_MAX + 10, 1, &out));
}

END_TEST

START_TEST(a_second_grant_replaces_the_first)
{
	struct grant out;
	grant(7, "anna", 0);
	grant(7, "bert", 0);
	ck_assert(grants_take(&g, 7, 1, &out));
	ck_assert_str_eq(out.account, "bert");
	ck_assert(!grants_take(&g, 7, 1, &out));
}

END_TEST

static struct handoff handoff(uint64_t session)
{
	return (struct handoff){ .session = session,
		.fd = open("/dev/null", O_RDONLY | O_CLOEXEC) };
}

START_TEST(a_session_may_come_before_its_grant)
{
	struct handoff h = handoff(7), out;
	ck_assert(grants_wait(&g, &h, 0));
	ck_assert(!grants_take_waiting(&g, 8, &out));
	ck_assert(grants_take_waiting(&g, 7, &out));
	ck_assert_int_eq(out.fd, h.fd);
	ck_assert(!grants_take_waiting(&g, 7, &out));
	handoff_deinit(&out);
}

END_TEST

START_TEST(one_session_waits_once)
{
	struct handoff h = handoff(7), again = handoff(7);
	ck_assert(grants_wait(&g, &h, 0));
	ck_assert(!grants_wait(&g, &again, 0));
	handoff_deinit(&again);
}

END_TEST

START_TEST(waiting_ends_after_two_seconds)
{
	struct handoff h = handoff(7), out;
	ck_assert(grants_wait(&g, &h, 0));
	ck_assert(!grants_expire(&g, HANDOFF_LIFE_MS - 1, &out));
	ck_assert(grants_expire(&g, HANDOFF_LIFE_MS, &out));
	ck_assert_uint_eq(out.session, 7);
	handoff_deinit(&out);
	ck_assert(!grants_expire(&g, HANDOFF_LIFE_MS, &out));
}

END_TEST

START_TEST(few_sessions_wait)
{
	struct handoff h = { .fd = -1 };
	for (uint64_t i = 1; i <= HANDOFFS_MAX; i++) {
		h.session = i;
		h.from_pid = (int)((i - 1) / HANDOFFS_MAX_OF_ONE);
		ck_assert(grants_wait(&g, &h, 0));
	}
	h.session = 0;
	h.from_pid = -1;
	ck_assert(!grants_wait(&g, &h, 0));
}

END_TEST

/* A captured front cannot take all places. */
START_TEST(few_sessions_of_one_process_wait)
{
	struct handoff h = { .fd = -1, .from_pid = 1 };
	for (uint64_t i = 1; i <= HANDOFFS_MAX_OF_ONE; i++) {
		h.session = i;
		ck_assert(grants_wait(&g, &h, 0));
	}
	h.session = 0;
	ck_assert(!grants_wait(&g, &h, 0));
	h.from_pid = 2;
	ck_assert(grants_wait(&g, &h, 0));
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/grants");
	TCase *t = tcase_create("grants");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_grant_is_used_once);
	tcase_add_test(t, a_session_without_grant_gets_none);
	tcase_add_loop_test(t, a_grant_lives_ten_seconds, 0,
	    (int)(sizeof ages / sizeof ages[0]));
	tcase_add_test(t, the_table_is_bounded);
	tcase_add_test(t, a_second_grant_replaces_the_first);
	tcase_add_test(t, a_session_may_come_before_its_grant);
	tcase_add_test(t, one_session_waits_once);
	tcase_add_test(t, waiting_ends_after_two_seconds);
	tcase_add_test(t, few_sessions_wait);
	tcase_add_test(t, few_sessions_of_one_process_wait);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
