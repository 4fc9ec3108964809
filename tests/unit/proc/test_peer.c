/* Channels between processes: what is promised in DESIGN 2. */
#include "proc/peer.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

struct end {
	struct peer *peer;
	unsigned n_messages, n_closed;
	uint64_t last_id;
	int why;
	bool got_fd;
	bool free_in_callback;
};

static struct loop *loop;
static struct end keys, front;

static void on_message(void *ctx, struct peer *p, const struct msg *m, int fd)
{
	struct end *e = ctx;
	e->n_messages++;
	if (m->type == MSG_SIGN)
		e->last_id = m->sign.id;
	if (fd >= 0) {
		e->got_fd = true;
		close(fd);
	}
	if (e->free_in_callback)
		peer_free(&p);
}

static void on_closed(void *ctx, struct peer *p, int why)
{
	struct end *e = ctx;
	(void)p;
	e->n_closed++;
	e->why = why;
	e->peer = NULL;
}

static const struct peer_events events = { on_message, on_closed };

static void stop(void *ctx)
{
	(void)ctx;
	loop_stop(loop);
}

static void run_ms(uint64_t ms)
{
	struct timer *t = timer_new(loop, stop, NULL);
	timer_start(t, ms, 0);
	loop_run(loop);
	timer_free(&t);
}

static void setup(void)
{
	struct rlimit files;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur = files.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	loop = loop_new();
	keys = front = (struct end){ 0 };
}

static void teardown(void)
{
	peer_free(&keys.peer);
	peer_free(&front.peer);
	loop_free(&loop);
}

static void connect_ends(void)
{
	int a, b;
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	keys.peer = peer_new(loop, a, ROLE_KEYS, ROLE_FRONT, 0, &events, &keys);
	front.peer =
	    peer_new(loop, b, ROLE_FRONT, ROLE_KEYS, 7, &events, &front);
	ck_assert_ptr_nonnull(keys.peer);
	ck_assert_ptr_nonnull(front.peer);
}

static struct msg sign_request(uint64_t id)
{
	return (struct msg){ .type = MSG_SIGN,
		.sign = {
		    id, 1, 0x0804, V("0123456789abcdef0123456789abcdef") } };
}

START_TEST(messages_arrive)
{
	connect_ends();
	struct msg m = sign_request(42);
	peer_send(front.peer, &m, -1);
	run_ms(20);
	ck_assert_uint_eq(keys.n_messages, 1);
	ck_assert_uint_eq(keys.last_id, 42);
	ck_assert_int_eq(peer_role(front.peer), ROLE_KEYS);
	ck_assert_uint_eq(peer_index(front.peer), 7);
}

END_TEST

START_TEST(descriptors_travel)
{
	int a, b;
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	keys.peer =
	    peer_new(loop, a, ROLE_KEYS, ROLE_MONITOR, 0, &events, &keys);
	front.peer =
	    peer_new(loop, b, ROLE_MONITOR, ROLE_KEYS, 0, &events, &front);
	struct msg m = { .type = MSG_PRIVATE_KEY, .private_key = { 1 } };
	peer_send(front.peer, &m, open("/dev/null", O_RDONLY | O_CLOEXEC));
	run_ms(20);
	ck_assert_uint_eq(keys.n_messages, 1);
	ck_assert(keys.got_fd);
}

END_TEST

/* More than the socket holds waits in order, and goes when the other reads. */
START_TEST(backlog_waits_and_drains)
{
	connect_ends();

	enum {
		N = 20000
	};

	for (uint64_t id = 1; id <= N; id++) {
		struct msg m = sign_request(id);
		peer_send(front.peer, &m, -1);
	}
	ck_assert_uint_gt(peer_backlog(front.peer), 0);
	run_ms(1000);
	ck_assert_uint_eq(peer_backlog(front.peer), 0);
	ck_assert_uint_eq(keys.n_messages, N);
	ck_assert_uint_eq(keys.last_id, N);
}

END_TEST

/* A reader that hangs costs 64 MiB, then its channel. */
START_TEST(backlog_has_a_cap)
{
	int a, b;
	static char body[65536];
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	front.peer =
	    peer_new(loop, b, ROLE_FRONT, ROLE_QUEUE, 0, &events, &front);
	struct msg m = { .type = MSG_SUBMIT_BODY,
		.submit_body = { 1, { body, sizeof body } } };
	for (int i = 0; i < 1200; i++)
		peer_send(front.peer, &m, -1);
	ck_assert_uint_eq(front.n_closed, 0);
	run_ms(20);
	ck_assert_uint_eq(front.n_closed, 1);
	ck_assert_int_eq(front.why, MC_E_LIMIT);
	close(a);
}

END_TEST

/* Descriptors that nobody takes must not use up ours. */
START_TEST(backlog_has_few_descriptors)
{
	int a, b;
	struct rlimit files;
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	if (files.rlim_cur < 4096)
		return; /* the system has a lower limit */
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	front.peer =
	    peer_new(loop, b, ROLE_QUEUE, ROLE_FRONT, 0, &events, &front);
	struct msg m = { .type = MSG_SPOOL_IS, .spool_is = { 1 } };
	int i = 0;
	while (i < 20000 && peer_backlog_fds(front.peer) < 2000) {
		int fd = dup(STDERR_FILENO);
		ck_assert_int_ge(fd, 0);
		peer_send(front.peer, &m, fd);
		i++;
	}
	ck_assert_int_lt(i, 20000);
	run_ms(20);
	ck_assert_uint_eq(front.n_closed, 0);
	peer_send(front.peer, &m, dup(STDERR_FILENO));
	run_ms(20);
	ck_assert_uint_eq(front.n_closed, 1);
	ck_assert_int_eq(front.why, MC_E_LIMIT);
	close(a);
}

END_TEST

/* Who holds a copy of the other end's socket can make it blocking. */
START_TEST(a_blocking_socket_is_not_waited_for)
{
	struct msg m = sign_request(1);
	int a, b;
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	keys.peer = peer_new(loop, a, ROLE_KEYS, ROLE_FRONT, 0, &events, &keys);
	front.peer =
	    peer_new(loop, b, ROLE_FRONT, ROLE_KEYS, 0, &events, &front);
	ck_assert_int_eq(fcntl(a, F_SETFL, 0), 0);
	ck_assert_int_eq(fcntl(b, F_SETFL, 0), 0);
	for (int i = 0; i < 20000; i++)
		peer_send(front.peer, &m, -1);
	run_ms(500);
	ck_assert_uint_eq(keys.n_messages, 20000);
}

END_TEST

START_TEST(overlong_field_is_dropped)
{
	connect_ends();
	static char large[65];
	struct msg m = sign_request(1);
	m.sign.digest = (struct view){ large, sizeof large };
	peer_send(front.peer, &m, -1);
	m = sign_request(2);
	peer_send(front.peer, &m, -1);
	run_ms(20);
	ck_assert_uint_eq(keys.n_messages, 1);
	ck_assert_uint_eq(keys.last_id, 2);
}

END_TEST

static int raw_hello(struct chan *c, enum role_id claims)
{
	int a, b;
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	keys.peer = peer_new(loop, a, ROLE_KEYS, ROLE_FRONT, 0, &events, &keys);
	ck_assert_int_eq(chan_open(c, b, claims, ROLE_KEYS), 0);
	return b;
}

static void expect_end(int want)
{
	run_ms(20);
	ck_assert_uint_eq(keys.n_closed, 1);
	ck_assert_int_eq(keys.why, want);
	ck_assert_uint_eq(keys.n_messages, 0);
}

START_TEST(noise_closes_the_peer)
{
	struct chan c;
	int fd = raw_hello(&c, ROLE_FRONT);
	ck_assert_int_eq(send(fd, "\xff\xff\xff", 3, 0), 3);
	expect_end(MC_E_PROTO);
	chan_close(&c);
}

END_TEST

START_TEST(another_role_closes_the_peer)
{
	struct chan c;
	raw_hello(&c, ROLE_AUTH);
	expect_end(MC_E_PROTO);
	chan_close(&c);
}

END_TEST

/* A front may not hand keys to the keys role: only a monitor may. */
START_TEST(wrong_sender_closes_the_peer)
{
	struct chan c;
	char bytes[256];
	size_t n;
	raw_hello(&c, ROLE_FRONT);
	struct msg m = { .type = MSG_PRIVATE_KEY, .private_key = { 1 } };
	ck_assert_int_eq(msg_encode(&m, bytes, sizeof bytes, &n), 0);
	ck_assert_int_eq(
	    chan_send_bytes(&c, (struct view){ bytes, n }, c.fd), 0);
	expect_end(MC_E_PROTO);
	chan_close(&c);
}

END_TEST

START_TEST(last_words_are_heard)
{
	struct chan c;
	raw_hello(&c, ROLE_FRONT);
	struct msg m = sign_request(9);
	ck_assert_int_eq(chan_send(&c, &m, -1), 0);
	chan_close(&c); /* with our HELLO unread: a reset */
	m = (struct msg){ .type = MSG_SIGNED, .signed_ = { .id = 1 } };
	peer_send(keys.peer, &m, -1);
	run_ms(20);
	ck_assert_uint_eq(keys.n_messages, 1);
	ck_assert_uint_eq(keys.last_id, 9);
	ck_assert_uint_eq(keys.n_closed, 1);
	ck_assert_int_eq(keys.why, MC_E_CLOSED);
}

END_TEST

START_TEST(free_in_callback)
{
	connect_ends();
	keys.free_in_callback = true;
	struct msg m = sign_request(1);
	peer_send(front.peer, &m, -1);
	peer_send(front.peer, &m, -1);
	run_ms(20);
	ck_assert_uint_eq(keys.n_messages, 1);
	ck_assert_uint_eq(keys.n_closed, 0);
	keys.peer = NULL;
	ck_assert_uint_eq(front.n_closed, 1);
}

END_TEST

/* The other process of a call: answers number 1 late, number 2 at once. */
static void *answer_calls(void *ctx)
{
	struct chan *c = ctx;
	static char buffer[MSG_BYTES_MAX];
	for (int i = 0; i < 2; i++) {
		struct msg m;
		int fd;
		if (chan_recv(c, buffer, &m, &fd))
			return NULL;
		if (i == 0)
			usleep(200 * 1000);
		struct msg answer = { .type = MSG_SIGNED,
			.signed_ = { m.sign.id, 1, V("signature") } };
		if (chan_send(c, &answer, -1))
			return NULL;
	}
	return NULL;
}

static bool is_answer(void *ctx, const struct msg *m)
{
	uint64_t *id = ctx;
	return m->signed_.id == *id;
}

START_TEST(calls_wait_for_their_answer)
{
	int a, b;
	struct chan c;
	pthread_t thread;
	ck_assert_int_eq(chan_pair(&a, &b), 0);
	front.peer =
	    peer_new(loop, a, ROLE_FRONT, ROLE_KEYS, 0, &events, &front);
	ck_assert_int_eq(chan_open(&c, b, ROLE_KEYS, ROLE_FRONT), 0);
	pthread_create(&thread, NULL, answer_calls, &c);
	uint64_t id = 1;
	struct msg m = sign_request(id);
	ck_assert_int_eq(
	    peer_call(front.peer, &m, MSG_SIGNED, is_answer, &id, 50),
	    -ETIMEDOUT);
	id = 2;
	m = sign_request(id);
	ck_assert_int_eq(
	    peer_call(front.peer, &m, MSG_SIGNED, is_answer, &id, 5000), 0);
	pthread_join(thread, NULL);
	struct msg late = { .type = MSG_SIGNED,
		.signed_ = { 1, 1, V("late") } };
	ck_assert_int_eq(chan_send(&c, &late, -1), 0);
	run_ms(20);
	ck_assert_uint_eq(front.n_messages, 0);
	ck_assert_uint_eq(front.n_closed, 0);
	chan_close(&c);
	id = 3;
	m = sign_request(id);
	ck_assert_int_eq(
	    peer_call(front.peer, &m, MSG_SIGNED, is_answer, &id, 5000),
	    MC_E_CLOSED);
	ck_assert_uint_eq(front.n_closed, 0);
	run_ms(20);
	ck_assert_uint_eq(front.n_closed, 1);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("peer");
	TCase *t = tcase_create("peer");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, messages_arrive);
	tcase_add_test(t, descriptors_travel);
	tcase_add_test(t, backlog_waits_and_drains);
	tcase_add_test(t, backlog_has_a_cap);
	tcase_add_test(t, backlog_has_few_descriptors);
	tcase_add_test(t, a_blocking_socket_is_not_waited_for);
	tcase_add_test(t, overlong_field_is_dropped);
	tcase_add_test(t, noise_closes_the_peer);
	tcase_add_test(t, another_role_closes_the_peer);
	tcase_add_test(t, wrong_sender_closes_the_peer);
	tcase_add_test(t, last_words_are_heard);
	tcase_add_test(t, free_in_callback);
	tcase_add_test(t, calls_wait_for_their_answer);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
