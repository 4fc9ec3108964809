/* The promises of loop.h. */
#include "net/loop.h"
#include "suite.h"
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static char trace[64];

static void note(char c)
{
	size_t n = strlen(trace);
	ck_assert_uint_lt(n, sizeof trace - 1);
	trace[n] = c;
}

static void setup(void)
{
	loop = loop_new();
	memset(trace, 0, sizeof trace);
}

static void teardown(void)
{
	loop_free(&loop);
}

static struct timer *timer;
static struct deferred *one, *two;
static struct poll_handle *readers[2];

static void on_timer(void *ctx)
{
	(void)ctx;
	note('t');
	timer_free(&timer);
}

START_TEST(timer_frees_itself)
{
	timer = timer_new(loop, on_timer, NULL);
	timer_start(timer, 1, 1);
	loop_run(loop);
	ck_assert_str_eq(trace, "t");
}

END_TEST

static void on_readable(void *ctx, bool readable, bool writable)
{
	(void)writable;
	ck_assert(readable);
	char c;
	int *fd = ctx;
	ck_assert_int_eq(read(*fd, &c, 1), 1);
	note('r');
	deferred_schedule(one);
	deferred_schedule(one);
}

static void on_one(void *ctx)
{
	(void)ctx;
	note('1');
	for (int i = 0; i < 2; i++)
		poll_free(&readers[i]);
	deferred_schedule(two);
}

static void on_two(void *ctx)
{
	(void)ctx;
	note('2');
	deferred_free(&one);
	deferred_free(&two);
}

/* All I/O of a round comes first; what is deferred runs once, and what it
 * defers runs in the next round without waiting. */
START_TEST(deferred_runs_after_the_io)
{
	int pairs[2][2];
	one = deferred_new(loop, on_one, NULL);
	two = deferred_new(loop, on_two, NULL);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
		    socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
		ck_assert_int_eq(write(pairs[i][1], "x", 1), 1);
		readers[i] =
		    poll_new(loop, pairs[i][0], on_readable, &pairs[i][0]);
		poll_want(readers[i], true, false);
	}
	loop_run(loop);
	ck_assert_str_eq(trace, "rr12");
}

END_TEST

static void free_two(void *ctx)
{
	(void)ctx;
	note('1');
	deferred_free(&two);
}

START_TEST(freed_deferred_does_not_run)
{
	one = deferred_new(loop, free_two, NULL);
	two = deferred_new(loop, on_two, NULL);
	deferred_schedule(one);
	deferred_schedule(two);
	loop_run(loop);
	ck_assert_str_eq(trace, "1");
	deferred_free(&one);
}

END_TEST

static struct signal_handle *handle;

static void on_signal(void *ctx, int signum)
{
	(void)ctx;
	ck_assert_int_eq(signum, SIGUSR1);
	note('s');
	signal_free(&handle);
}

START_TEST(signals_arrive)
{
	handle = signal_new(loop, SIGUSR1, on_signal, NULL);
	raise(SIGUSR1);
	loop_run(loop);
	ck_assert_str_eq(trace, "s");
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("loop");
	TCase *t = tcase_create("loop");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, timer_frees_itself);
	tcase_add_test(t, deferred_runs_after_the_io);
	tcase_add_test(t, freed_deferred_does_not_run);
	tcase_add_test(t, signals_arrive);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
