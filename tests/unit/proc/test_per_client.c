/* One client must not take all places. */
#include "proc/front/per_client.h"
#include "suite.h"

static struct per_client t;

static void setup(void)
{
	per_client_init(&t);
}

static void teardown(void)
{
	per_client_deinit(&t);
}

struct pair {
	struct view one, other;
	bool same;
};

static const struct pair pairs[] = {
	{ V_INIT("192.0.2.1"), V_INIT("192.0.2.1"), true },
	{ V_INIT("192.0.2.1"), V_INIT("192.0.2.2"), false },
	{ V_INIT("2001:db8::1"), V_INIT("2001:db8::1"), true },
	{ V_INIT("2001:db8::1"), V_INIT("2001:db8::ffff:0:1:2"), true },
	{ V_INIT("2001:db8::1"), V_INIT("2001:db8:0:1::1"), false },
	{ V_INIT("local"), V_INIT("local"), true },
	{ V_INIT("local"), V_INIT("unknown"), false },
	{ V_INIT(""), V_INIT("::1"), false },
};

START_TEST(clients_are_told_apart)
{
	const struct pair *p = &pairs[_i];
	ck_assert(per_client_add(&t, p->one, 1));
	ck_assert_int_eq(per_client_add(&t, p->other, 1), !p->same);
	per_client_remove(&t, p->one);
	if (!p->same)
		per_client_remove(&t, p->other);
	ck_assert(per_client_add(&t, p->other, 1));
}

END_TEST

START_TEST(what_goes_makes_room)
{
	ck_assert(per_client_add(&t, V("2001:db8::1"), 2));
	ck_assert(per_client_add(&t, V("2001:db8::2"), 2));
	ck_assert(!per_client_add(&t, V("2001:db8::3"), 2));
	per_client_remove(&t, V("2001:db8::2"));
	ck_assert(per_client_add(&t, V("2001:db8::3"), 2));
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/per_client");
	TCase *c = tcase_create("per_client");
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, clients_are_told_apart, 0,
	    (int)(sizeof pairs / sizeof pairs[0]));
	tcase_add_test(c, what_goes_makes_room);
	suite_add_tcase(s, c);
	return s;
}

SUITE_MAIN(build)
