/* Questions for room against the queue role, with an auth and agents that are
 * this test. */
#include "fake_proc.h"
#include "queued/queue_role.h"
#include "queued/roles.h"
#include <ftw.h>

enum {
	MIB = 1 << 20
};

static char dir[64];
static void *life; /* a role's memory goes with its process */

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-room-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	fake.wall_s = 1700000000;
	fake.now_ms = 5000;
	static char no_reports[] = "none";
	fake.conf = (struct conf){ .tls_reports = no_reports,
		.queue_retry_min = 300,
		.queue_retry_max = 14400,
		.queue_lifetime = 432000,
		.queue_deliveries_max = 4,
		.spool_dir = dir };
	fake_reset();
	ck_assert_int_eq(queue_ops.start(&fake), 0);
	life = fake.state;
	fake_round();
}

static int remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	struct queue *q = fake.state;
	queue_db_close(&q->db);
	ck_assert_int_eq(chdir("/"), 0);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void say(struct peer *from, struct msg m)
{
	queue_ops.on[m.type](&fake, from, &m, -1);
	fake_round();
}

static void ask(uint64_t id, const char *account, uint64_t size)
{
	say(&fake.front, (struct msg){ .type = MSG_ROOM_ASK,
			     .room_ask = { id, view_of(account), size } });
}

static void expect_answer(uint64_t id, enum room_status status)
{
	const struct msg *m = fake_expect(MSG_ROOM_IS);
	ck_assert_uint_eq(m->room_is.id, id);
	ck_assert_int_eq(m->room_is.status, (int)status);
}

static void grant(enum auth_status status)
{
	const struct msg *m = fake_expect(MSG_DELIVERY_ASK);
	say(&fake.auth,
	    (struct msg){ .type = MSG_DELIVERY_GRANTED,
		.delivery_granted = { m->delivery_ask.id, (uint8_t)status } });
}

/* The agent is asked; returns its channel. */
static struct peer *expect_agent(void)
{
	grant(AUTH_STATUS_OK);
	fake_expect(MSG_HANDOFF);
	fake_expect(MSG_LEFT_ASK);
	return &fake.agents[fake.n_agents - 1];
}

static void say_left(struct peer *agent, uint64_t bytes, uint64_t messages)
{
	struct msg m = { .type = MSG_LEFT_IS,
		.left_is = { 0, bytes, messages } };
	agent->events->on_message(agent->ctx, agent, &m, -1);
	fake_round();
}

/* What a delivery to the account would report. */
static void note(const char *account, uint64_t bytes, uint64_t messages)
{
	room_note(fake.state, view_of(account), bytes, messages);
}

START_TEST(an_agent_says_whether_it_fits)
{
	ask(1, "one", 1000);
	struct peer *agent = expect_agent();
	say_left(agent, 2000, 5);
	expect_answer(1, ROOM_OK);
	ck_assert(agent->is_freed);
	ask(2, "one", 2000);
	say_left(expect_agent(), 2000, 5);
	expect_answer(2, ROOM_FULL);
	ask(3, "one", 0);
	say_left(expect_agent(), UINT64_MAX, 0);
	expect_answer(3, ROOM_FULL);
	ask(4, "one", 0);
	say_left(expect_agent(), 0, UINT64_MAX);
	expect_answer(4, ROOM_FULL);
}

END_TEST

/* Who has made room gets mail at once: only its agent says that one is full. */
START_TEST(a_no_is_never_remembered)
{
	note("one", 0, 0);
	ask(1, "one", 1000);
	say_left(expect_agent(), MIB, 5);
	expect_answer(1, ROOM_OK);
}

END_TEST

START_TEST(a_yes_is_remembered_while_much_is_left)
{
	note("one", 4 * MIB, 100);
	ask(1, "one", MIB);
	expect_answer(1, ROOM_OK);
	ask(2, "one", MIB);
	expect_answer(2, ROOM_OK);
	/* What was promised is no longer there: 2 MiB and a bit. */
	ask(3, "one", 2 * MIB);
	say_left(expect_agent(), 4 * MIB, 100);
	expect_answer(3, ROOM_OK);
	/* A minute on a user may have filled it. */
	note("one", 4 * MIB, 100);
	fake_pass(61000);
	ask(4, "one", 1000);
	expect_agent();
}

END_TEST

START_TEST(messages_are_promised_too)
{
	note("one", UINT64_MAX, 12);
	ask(1, "one", 0);
	expect_answer(1, ROOM_OK);
	ask(2, "one", 0);
	expect_answer(2, ROOM_OK);
	ask(3, "one", 0);
	expect_agent();
}

END_TEST

/* Several questions about one account are one for its agent, and what one of
 * them is promised the next one does not get. */
START_TEST(questions_wait_for_one_answer)
{
	ask(1, "one", 1000);
	ask(2, "one", 1000);
	struct peer *one = expect_agent();
	ask(3, "two", 1000);
	struct peer *two = expect_agent();
	ck_assert_ptr_null(fake_next());
	say_left(one, 2000, 5);
	expect_answer(1, ROOM_OK);
	expect_answer(2, ROOM_FULL);
	say_left(two, 100, 5);
	expect_answer(3, ROOM_FULL);
}

END_TEST

/* Never is mail refused because somebody did not answer. */
START_TEST(who_does_not_answer_has_room)
{
	ask(1, "one", 1000);
	struct peer *agent = expect_agent();
	fake_pass(2000);
	ask(2, "two", 1000);
	expect_agent();
	fake_pass(3000);
	expect_answer(1, ROOM_OK);
	ck_assert(agent->is_freed);
	ck_assert_ptr_null(fake_next());
	fake_pass(2000);
	expect_answer(2, ROOM_OK);
	ask(3, "one", 1000);
	agent = expect_agent();
	agent->events->on_closed(agent->ctx, agent, MC_E_CLOSED);
	expect_answer(3, ROOM_OK);
	ask(4, "one", 1000);
	grant(AUTH_STATUS_TEMP);
	expect_answer(4, ROOM_OK);
	ask(5, "one", 1000);
	grant(AUTH_STATUS_FAILED);
	expect_answer(5, ROOM_OK);
	ask(7, "one", 1000);
	grant(AUTH_STATUS_OK);
	const struct msg *m = fake_expect(MSG_HANDOFF);
	fake_expect(MSG_LEFT_ASK);
	say(&fake.monitor, (struct msg){ .type = MSG_HANDOFF_REFUSED,
			       .handoff_refused = { m->handoff.session, 0 } });
	expect_answer(7, ROOM_OK);
	fake.has_auth = false;
	ask(6, "one", 1000);
	expect_answer(6, ROOM_OK);
}

END_TEST

START_TEST(an_agent_that_says_something_else_is_dropped)
{
	struct msg m = { .type = MSG_DELIVERED,
		.delivered = { .text = V("") } };
	ask(1, "one", 1000);
	struct peer *agent = expect_agent();
	agent->events->on_message(agent->ctx, agent, &m, -1);
	expect_answer(1, ROOM_OK);
	ck_assert(agent->is_freed);
}

END_TEST

START_TEST(a_front_that_is_gone_gets_no_answer)
{
	ask(1, "one", 1000);
	struct peer *agent = expect_agent();
	queue_ops.peer_down(&fake, &fake.front);
	say_left(agent, 0, 0);
	ck_assert_ptr_null(fake_next());
}

END_TEST

/* A captured front can name any number of accounts. */
START_TEST(what_is_remembered_and_asked_is_bounded)
{
	struct queue *q = fake.state;
	char name[32];
	for (unsigned i = 0; i < 10100; i++) {
		snprintf(name, sizeof name, "user%u", i);
		note(name, 100 * MIB, 1000);
	}
	ck_assert_uint_eq(q->rooms.all.n, 10000);
	ask(1, "user10099", 1000);
	expect_answer(1, ROOM_OK);
	for (unsigned i = 0; i < 99; i++) {
		snprintf(name, sizeof name, "other%u", i);
		ask(i, name, 1000);
		fake_expect(MSG_DELIVERY_ASK);
	}
	ask(99, "last", 1000);
	unsigned last = fake.n_seen;
	fake_expect(MSG_DELIVERY_ASK);
	ask(200, "more", 1000);
	expect_answer(200, ROOM_OK);
	fake.n_seen = last;
	grant(AUTH_STATUS_FAILED);
	fake.n_seen++; /* the answer before */
	expect_answer(99, ROOM_OK);
	ask(201, "more", 1000);
	fake_expect(MSG_DELIVERY_ASK);
	ck_assert_uint_eq(q->rooms.all.n, 10000);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("queued/room");
	TCase *tc = tcase_create("room");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_agent_says_whether_it_fits);
	tcase_add_test(tc, a_no_is_never_remembered);
	tcase_add_test(tc, a_yes_is_remembered_while_much_is_left);
	tcase_add_test(tc, messages_are_promised_too);
	tcase_add_test(tc, questions_wait_for_one_answer);
	tcase_add_test(tc, who_does_not_answer_has_room);
	tcase_add_test(tc, an_agent_that_says_something_else_is_dropped);
	tcase_add_test(tc, a_front_that_is_gone_gets_no_answer);
	tcase_add_test(tc, what_is_remembered_and_asked_is_bounded);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
