/* One connection: the promises of conn.h. */
#include "net_suite.h"

static struct owner o;
static int client, server; /* the other end is o's */

static void setup(void)
{
	int pair[2];
	net_setup();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	client = pair[1];
	server = pair[0];
	nonblocking(client);
	owner_init(&o, pair[0]);
}

static void teardown(void)
{
	if (client >= 0)
		close(client);
	net_teardown();
}

static void say(const char *text)
{
	size_t n = strlen(text);
	ck_assert_int_eq(send(client, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

/* All that the client can read now; *ended: then comes the end. */
static size_t hear(char *out, size_t cap, bool *ended)
{
	size_t n = 0;
	ssize_t got;
	while ((got = recv(client, out + n, cap - n, 0)) > 0)
		n += (size_t)got;
	if (ended)
		*ended = got == 0;
	return n;
}

static void hears(const char *want)
{
	char got[256];
	size_t n = hear(got, sizeof got, NULL);
	ck_assert_view_eq(((struct view){ got, n }), view_of(want));
}

START_TEST(echoes)
{
	o.echo = true;
	say("hello");
	run_ms(5);
	hears("hello");
	ck_assert_view_eq(conn_remote(o.conn), V("local"));
	ck_assert(conn_is_loopback(o.conn));
	ck_assert_view_eq(conn_tls_version(o.conn), V(""));
	owner_deinit(&o);
}

END_TEST

/* Who handed the socket over may have a copy, and change its mode. */
START_TEST(a_blocking_socket_is_not_waited_for)
{
	static const char bytes[50000];
	o.echo = true;
	ck_assert_int_eq(fcntl(server, F_SETFL, 0), 0);
	say("hello");
	run_ms(5);
	hears("hello");
	for (int i = 0; i < 100 && !buf_len(conn_out(o.conn)); i++) {
		buf_put(conn_out(o.conn), (struct view){ bytes, sizeof bytes });
		conn_flush(o.conn);
		run_ms(2);
	}
	ck_assert_uint_gt(buf_len(conn_out(o.conn)), 0);
	owner_deinit(&o);
}

END_TEST

START_TEST(shows_the_rest_again)
{
	o.consume_max = 2;
	say("abcde");
	run_ms(5);
	ck_assert_view_eq(buf_view(&o.got), V("ab"));
	conn_resume(o.conn);
	run_ms(5);
	ck_assert_view_eq(buf_view(&o.got), V("abcd"));
	say("fg");
	o.consume_max = SIZE_MAX;
	run_ms(5);
	ck_assert_view_eq(buf_view(&o.got), V("abcdefg"));
	owner_deinit(&o);
}

END_TEST

/* Input that nobody consumes is kept up to in_max, the rest in the kernel. */
START_TEST(input_has_back_pressure)
{
	static char block[4096];
	size_t said = 0, heard;
	ssize_t n;
	o.consume_max = 0;
	for (int i = 0; i < 1000; i++) {
		n = send(client, block, sizeof block, MSG_NOSIGNAL);
		said += n > 0 ? (size_t)n : 0;
		run_ms(n > 0 ? 0 : 1);
		if (n < 0 && i > 900)
			break;
	}
	ck_assert_uint_lt(said, 1024 * 1024);
	unsigned shown = o.n_input;
	run_ms(10);
	ck_assert_uint_eq(o.n_input, shown);
	o.consume_max = SIZE_MAX;
	conn_resume(o.conn);
	run_ms(50);
	heard = buf_len(&o.got);
	ck_assert_uint_eq(heard, said);
	owner_deinit(&o);
}

END_TEST

START_TEST(generator_goes_on)
{
	static char out[4 * 1024 * 1024];
	size_t heard = 0;
	o.generate = 3 * 1024 * 1024;
	buf_put(conn_out(o.conn), V("go"));
	conn_flush(o.conn);
	for (int i = 0; i < 1000 && heard < 3 * 1024 * 1024 + 2; i++) {
		run_ms(1);
		heard += hear(out + heard, sizeof out - heard, NULL);
	}
	ck_assert_uint_eq(heard, 3 * 1024 * 1024 + 2);
	owner_deinit(&o);
}

END_TEST

/* A client that sends commands and reads no replies is not served on and on. */
START_TEST(unread_replies_stop_the_input)
{
	static char block[4096], out[1024 * 1024];
	size_t said = 0, heard = 0;
	o.echo = true;
	for (int i = 0; i < 2000; i++) {
		ssize_t n = send(client, block, sizeof block, MSG_NOSIGNAL);
		said += n > 0 ? (size_t)n : 0;
		run_ms(n > 0 ? 0 : 1);
		if (n < 0 && i > 1500)
			break;
	}
	ck_assert_uint_eq(o.n_closed, 0);
	for (int i = 0; i < 2000 && heard < said; i++) {
		run_ms(1);
		heard += hear(out, sizeof out, NULL);
	}
	ck_assert_uint_eq(heard, said);
	owner_deinit(&o);
}

END_TEST

START_TEST(too_much_output_closes)
{
	static char large[65537];
	buf_put(conn_out(o.conn), (struct view){ large, sizeof large });
	conn_flush(o.conn);
	run_ms(5);
	ck_assert_uint_eq(o.n_closed, 1);
	ck_assert_int_eq(o.why, MC_E_LIMIT);
}

END_TEST

START_TEST(half_close_gets_its_replies)
{
	bool ended;
	char got[16];
	o.echo = true;
	o.on_eof = ACT_FINISH;
	say("quit");
	shutdown(client, SHUT_WR);
	run_ms(5);
	ck_assert_uint_eq(o.n_eof, 1);
	ck_assert_uint_eq(hear(got, sizeof got, &ended), 4);
	ck_assert(ended);
	ck_assert_uint_eq(o.n_closed, 1);
	ck_assert_int_eq(o.why, 0);
}

END_TEST

START_TEST(eof_comes_again_after_resume)
{
	o.consume_max = 0;
	say("quit");
	shutdown(client, SHUT_WR);
	run_ms(5);
	ck_assert_uint_eq(o.n_eof, 1);
	o.consume_max = SIZE_MAX;
	o.on_eof = ACT_FINISH;
	conn_resume(o.conn);
	run_ms(5);
	ck_assert_view_eq(buf_view(&o.got), V("quit"));
	ck_assert_uint_eq(o.n_eof, 2);
	ck_assert_uint_eq(o.n_closed, 1);
}

END_TEST

/* The last reply arrives although the client still sends. */
START_TEST(finish_lingers_for_the_client)
{
	bool ended;
	char got[16];
	buf_put(conn_out(o.conn), V("bye"));
	conn_finish(o.conn);
	say("more");
	run_ms(5);
	say("and more");
	run_ms(5);
	ck_assert_uint_eq(o.n_input, 0);
	ck_assert_uint_eq(o.n_closed, 0);
	ck_assert_uint_eq(hear(got, sizeof got, &ended), 3);
	ck_assert(ended);
	close(client);
	client = -1;
	run_ms(5);
	ck_assert_uint_eq(o.n_closed, 1);
}

END_TEST

START_TEST(timeout_closes)
{
	conn_set_timeout(o.conn, 300);
	o.again = true;
	run_ms(20);
	say("x");
	run_until(&o.n_timeout);
	ck_assert_uint_eq(o.n_input, 1);
	ck_assert_uint_ge(o.timeout_ms, o.input_ms + 300);
	run_until(&o.n_closed); /* the owner set another one, once */
	ck_assert_uint_eq(o.n_timeout, 2);
	ck_assert_int_eq(o.why, -ETIMEDOUT);
}

END_TEST

START_TEST(timeout_says_goodbye)
{
	bool ended;
	char got[16];
	o.on_timeout = ACT_FINISH;
	buf_put(conn_out(o.conn), V("bye"));
	conn_set_timeout(o.conn, 5);
	run_ms(20);
	ck_assert_uint_eq(hear(got, sizeof got, &ended), 3);
	ck_assert(ended);
	owner_deinit(&o);
}

END_TEST

START_TEST(close_in_each_event)
{
	enum act *acts[] = { &o.on_input, &o.on_eof, &o.on_timeout,
		&o.on_writable };

	*acts[_i] = ACT_CLOSE;
	o.echo = true;
	say("x");
	if (_i == 1)
		shutdown(client, SHUT_WR);
	conn_set_timeout(o.conn, 10);
	run_ms(20);
	ck_assert_uint_eq(o.n_closed, 1);
	ck_assert_int_eq(o.why, 0);
}

END_TEST

START_TEST(close_twice_is_once)
{
	conn_close(o.conn);
	conn_close(o.conn);
	conn_finish(o.conn);
	ck_assert_uint_eq(o.n_closed, 0);
	run_ms(5);
	ck_assert_uint_eq(o.n_closed, 1);
}

END_TEST

START_TEST(detach_gives_the_rest)
{
	struct buf pending;
	buf_init(&pending, 64);
	o.consume_max = 2;
	say("abcde");
	run_ms(5);
	int fd = conn_detach(o.conn, &pending);
	ck_assert_int_ge(fd, 0);
	run_ms(5);
	ck_assert_uint_eq(o.n_closed, 0);
	ck_assert_view_eq(buf_view(&pending), V("cde"));
	say("f");
	char c;
	ck_assert_int_eq(read(fd, &c, 1), 1);
	ck_assert_int_eq(c, 'f');
	close(fd);
	buf_deinit(&pending);
	buf_deinit(&o.got);
}

END_TEST

START_TEST(detach_sends_the_output_first)
{
	static char large[65536];
	struct buf pending;
	int fd, size = 4096;
	buf_init(&pending, 64);
	setsockopt(client, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	for (int i = 0; i < 100; i++) {
		size_t room = buf_room(conn_out(o.conn));
		buf_put(conn_out(o.conn), (struct view){ large, room });
		conn_flush(o.conn);
		run_ms(1);
	}
	ck_assert_int_eq(conn_detach(o.conn, &pending), -EAGAIN);
	for (int i = 0; i < 100; i++) {
		hear(large, sizeof large, NULL);
		run_ms(1);
	}
	fd = conn_detach(o.conn, &pending);
	ck_assert_int_ge(fd, 0);
	close(fd);
	run_ms(1);
	buf_deinit(&o.got);
}

END_TEST

static int inside, spliced;

static void begin_splice(void)
{
	int pair[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	inside = pair[1];
	spliced = pair[0];
	nonblocking(inside);
	conn_splice(o.conn, spliced);
}

START_TEST(splice_moves_both_ways)
{
	char got[16];
	o.consume_max = 1;
	say("a1 ");
	run_ms(5);
	begin_splice();
	say("noop");
	run_ms(5);
	ck_assert_int_eq(recv(inside, got, sizeof got, 0), 6);
	ck_assert_mem_eq(got, "1 noop", 6);
	ck_assert_int_eq(send(inside, "ok", 2, 0), 2);
	run_ms(5);
	hears("ok");
	ck_assert_int_eq(send(inside, "bye", 3, 0), 3);
	close(inside);
	run_ms(5);
	hears("bye");
	owner_deinit(&o);
}

END_TEST

START_TEST(splice_passes_half_close)
{
	char got[16];
	begin_splice();
	say("quit");
	shutdown(client, SHUT_WR);
	run_ms(5);
	ck_assert_int_eq(recv(inside, got, sizeof got, 0), 4);
	ck_assert_int_eq(recv(inside, got, sizeof got, 0), 0);
	ck_assert_int_eq(send(inside, "bye", 3, 0), 3);
	run_ms(5);
	hears("bye");
	ck_assert_uint_eq(o.n_closed, 0);
	close(inside);
	run_ms(5);
	ck_assert_uint_eq(o.n_closed, 1);
}

END_TEST

/* A side that reads nothing stops the other; then all arrives. */
START_TEST(splice_is_bounded)
{
	static char block[8192], sink[65536];
	size_t said = 0, heard = 0;
	ssize_t n;
	int from, to;
	begin_splice();
	from = _i ? inside : client;
	to = _i ? client : inside;
	for (int i = 0; i < 3000; i++) {
		n = send(from, block, sizeof block, MSG_NOSIGNAL);
		said += n > 0 ? (size_t)n : 0;
		run_ms(n > 0 ? 0 : 1);
		if (n < 0 && i > 1500)
			break;
	}
	ck_assert_uint_lt(said, 4 * 1024 * 1024);
	for (int i = 0; i < 3000 && heard < said; i++) {
		while ((n = recv(to, sink, sizeof sink, 0)) > 0)
			heard += (size_t)n;
		run_ms(0);
	}
	ck_assert_uint_eq(heard, said);
	close(inside);
	owner_deinit(&o);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("conn");
	TCase *t = tcase_create("conn");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, echoes);
	tcase_add_test(t, a_blocking_socket_is_not_waited_for);
	tcase_add_test(t, shows_the_rest_again);
	tcase_add_test(t, input_has_back_pressure);
	tcase_add_test(t, generator_goes_on);
	tcase_add_test(t, unread_replies_stop_the_input);
	tcase_add_test(t, too_much_output_closes);
	tcase_add_test(t, half_close_gets_its_replies);
	tcase_add_test(t, eof_comes_again_after_resume);
	tcase_add_test(t, finish_lingers_for_the_client);
	tcase_add_test(t, timeout_closes);
	tcase_add_test(t, timeout_says_goodbye);
	tcase_add_loop_test(t, close_in_each_event, 0, 4);
	tcase_add_test(t, close_twice_is_once);
	tcase_add_test(t, detach_gives_the_rest);
	tcase_add_test(t, detach_sends_the_output_first);
	tcase_add_test(t, splice_moves_both_ways);
	tcase_add_test(t, splice_passes_half_close);
	tcase_add_loop_test(t, splice_is_bounded, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
