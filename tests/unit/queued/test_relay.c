/* The relay role against servers on loopback: which host gets the mail, and
 * what the queue is told. */
#include "queued/relay/relay.h"
#include "relay_suite.h"

/* One message after another on one connection. */
START_TEST(delivers)
{
	static const char *const offers[] = { NULL, "250-PIPELINING\r\n",
		"250-PIPELINING\r\n250-CHUNKING\r\n",
		"250-SIZE 1000000\r\n250-DSN\r\n250-8BITMIME\r\n" };
	one.offers = offers[_i];
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx.example.net", "127.0.0.1");
	open_session();
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_STARTTLS_NOT_SUPPORTED,
	    "mx.example.net");
	const struct msg_relay_up *up = expect_up("mx.example.net");
	ck_assert_view_eq(up->address, V("127.0.0.1"));
	ck_assert_view_eq(up->tls, V(""));
	ck_assert_uint_eq(up->rcpts_max, 1000);
	for (int i = 0; i < 3; i++) {
		send_one();
		ck_assert_uint_eq(
		    expect_result(40, RELAY_OK)->has_dsn, _i == 3);
		expect(MSG_RELAY_DONE);
		ck_assert_view_eq(
		    ((struct view){ one.body, one.body_n }), V(BODY));
	}
	close_session();
	ck_assert_uint_eq(one.n_connections, 1);
	ck_assert_uint_eq(one.n_mails, 3);
	ck_assert_uint_eq(one.n_quit, 1);
	ck_assert_ptr_nonnull(strstr(one.log, "EHLO mx.example.org\n"));
	ck_assert_ptr_nonnull(strstr(one.log, "MAIL FROM:<from@example.org>"));
	ck_assert_int_eq(strstr(one.log, "ENVID=ENV1") != NULL, _i == 3);
}

END_TEST

START_TEST(each_recipient_has_its_result)
{
	one.bad_second_rcpt = true;
	one.offers = "250-PIPELINING\r\n";
	session_is_up("relay_helo = \"out.example.org\"\n");
	mail(6, 0);
	rcpt(3, "a@example.net");
	rcpt(9, "b@example.net");
	rcpt(1, "c@example.net");
	body("a\r\nb\r\n");
	bool seen[10] = { false };
	for (int i = 0; i < 3; i++) {
		const struct msg_relay_result *r =
		    &expect(MSG_RELAY_RESULT)->relay_result;
		ck_assert_uint_lt(r->index, 10);
		ck_assert(!seen[r->index]);
		seen[r->index] = true;
		ck_assert_int_eq(
		    r->status, r->index == 9 ? RELAY_PERMANENT : RELAY_OK);
	}
	expect(MSG_RELAY_DONE);
	ck_assert_ptr_nonnull(strstr(one.log, "EHLO out.example.org\n"));
	close_session();
}

END_TEST

/* RFC 5321 5.1. What is told when none will do is what the most telling of them
 * said. */
struct fallback_case {
	const char *greeting, *ehlo, *helo;
	enum relay_stage stage;
	uint16_t code;
};

static const struct fallback_case fallback_cases[] = {
	{ "554 5.7.1 go away\r\n", NULL, NULL, RELAY_STAGE_GREETING, 554 },
	{ "421 4.3.2 busy\r\n", NULL, NULL, RELAY_STAGE_GREETING, 421 },
	{ "noise\r\n", NULL, NULL, RELAY_STAGE_GREETING, 0 },
	{ NULL, "550 no\r\n", "550 5.7.1 no\r\n", RELAY_STAGE_HELLO, 550 },
	{ NULL, "421 4.7.0 no\r\n", NULL, RELAY_STAGE_HELLO, 421 },
};

START_TEST(next_host)
{
	const struct fallback_case *c = &fallback_cases[_i];
	one.greeting = c->greeting;
	one.ehlo = c->ehlo;
	one.helo = c->helo;
	server_start(&one, "127.0.0.1", 0);
	server_start(&two, "127.0.0.2", one.port);
	start_role("");
	host("first", "127.0.0.1");
	host("second", "127.0.0.2");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("second");
	close_session();
	host("first", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	const struct msg_relay_down *d = expect_down(c->stage);
	ck_assert_uint_eq(d->code, c->code);
	ck_assert_view_eq(d->host, V("first"));
	ck_assert_uint_gt(d->text.n, 0);
	/* One that may come back counts more than one that never will. */
	host("first", "127.0.0.1");
	host("absent", "127.0.0.9");
	open_as(RELAY_TLS_NONE, "", 0);
	bool is_permanent = c->code / 100 == 5;
	d = expect_down(is_permanent ? RELAY_STAGE_CONNECT : c->stage);
	ck_assert_view_eq(d->host, is_permanent ? V("absent") : V("first"));
}

END_TEST

START_TEST(next_address_of_a_host)
{
	const char *const addresses[] = { "127.0.0.9", "127.0.0.1",
		"127.0.0.2" };
	one.greeting = "421 4.3.2 busy\r\n";
	server_start(&one, "127.0.0.1", 0);
	server_start(&two, "127.0.0.2", one.port);
	start_role("");
	add_host("mx", addresses, 3, DANE_NONE, V_NONE);
	open_as(RELAY_TLS_NONE, "", 0);
	ck_assert_view_eq(expect_up("mx")->address, V("127.0.0.2"));
	close_session();
}

END_TEST

START_TEST(refused_everywhere)
{
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("a", "127.0.0.8");
	host("b", "127.0.0.9");
	open_session();
	const struct msg_relay_down *d = expect_down(RELAY_STAGE_CONNECT);
	ck_assert_view_eq(d->host, V("a"));
	ck_assert_view_eq(d->text, V("4.4.1 127.0.0.8: Connection refused"));
	ck_assert_uint_eq(d->code, 0);
	open_session(); /* no host at all */
	expect_down(RELAY_STAGE_CONNECT);
}

END_TEST

/* A host without an address that may be used. */
START_TEST(family_is_kept)
{
	server_start(&one, "127.0.0.1", 0);
	start_role("relay_family = \"ipv6\"\n");
	host("a", "127.0.0.1");
	open_session();
	ck_assert_view_eq(expect_down(RELAY_STAGE_CONNECT)->text,
	    V("4.4.1 no address that relay_family allows"));
	ck_assert_uint_eq(one.n_connections, 0);
}

END_TEST

/* Routes */

#define SOCKET_ROUTE                                                           \
	"route \"local\" { host = \"unix:/run/lmtp\" protocol = lmtp }\n"

START_TEST(socket_of_a_route)
{
	int pair[2];
	one.is_lmtp = true;
	start_role(SOCKET_ROUTE);
	open_as(RELAY_TLS_OPPORTUNISTIC, "", 1);
	const struct msg_socket_ask *ask = &expect(MSG_SOCKET_ASK)->socket_ask;
	ck_assert_uint_eq(ask->id, 7);
	ck_assert_uint_eq(ask->route, 1);
	if (_i) {
		say((struct msg){ .type = MSG_SOCKET_NONE,
			.socket_none = { 7, V("no such file") } },
		    -1);
		ck_assert_view_eq(expect_down(RELAY_STAGE_CONNECT)->text,
		    V("4.4.1 no such file"));
		return;
	}
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
	say((struct msg){ .type = MSG_SOCKET_IS, .socket_is = { 7 } }, pair[0]);
	pthread_t thread;
	one.fd = pair[1];
	ck_assert_int_eq(pthread_create(&thread, NULL, server_once, &one), 0);
	ck_assert_view_eq(expect_up("unix:/run/lmtp")->address, V("local"));
	mail(3, 0);
	rcpt(1, "a@local");
	rcpt(2, "b@local");
	body("x\r\n");
	expect_result(1, RELAY_OK);
	expect_result(2, RELAY_OK);
	expect(MSG_RELAY_DONE);
	close_session();
	pthread_join(thread, NULL);
	ck_assert_ptr_nonnull(strstr(one.log, "LHLO "));
	free(one.body);
}

END_TEST

/* Bodies from files */

/* Lines of dots, which have to be stuffed. */
static void dots(char line[80])
{
	memset(line, '.', 78);
	memcpy(line + 78, "\r\n", 2);
}

static int make_file(size_t n_lines)
{
	char path[] = "/tmp/mailcore-body-XXXXXX", line[80];
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	unlink(path);
	dots(line);
	for (size_t i = 0; i < n_lines; i++)
		ck_assert_int_eq(write(fd, line, sizeof line), sizeof line);
	return fd;
}

static bool is_dots(const char *p, size_t n_lines)
{
	char line[80];
	dots(line);
	for (size_t i = 0; i < n_lines; i++)
		if (memcmp(p + i * sizeof line, line, sizeof line) != 0)
			return false;
	return true;
}

START_TEST(body_from_a_file)
{
	const size_t n_lines = 100000;
	one.offers = _i ? "250-PIPELINING\r\n250-CHUNKING\r\n" : NULL;
	session_is_up("");
	mail(80 * n_lines, 0);
	rcpt(40, "to@example.net");
	say((struct msg){ .type = MSG_RELAY_FILE, .relay_file = { 7 } },
	    make_file(n_lines));
	expect_sent();
	ck_assert_uint_eq(one.body_n, 80 * n_lines);
	ck_assert(is_dots(one.body, n_lines));
	close_session();
}

END_TEST

#define SAYS "Delivered-To: anna@b.example\r\n"

/* An account that forwards it is named in front. */
START_TEST(forwarded_mail_says_by_whom)
{
	const size_t n_lines = 100000, n = sizeof SAYS - 1;
	one.offers = _i ? "250-CHUNKING\r\n250-SIZE 99999999\r\n" : NULL;
	session_is_up("");
	delivered_to = "anna@b.example";
	send_one();
	expect_sent();
	ck_assert_view_eq(
	    ((struct view){ one.body, one.body_n }), V(SAYS BODY));
	mail(80 * n_lines, 0);
	rcpt(40, "to@example.net");
	say((struct msg){ .type = MSG_RELAY_FILE, .relay_file = { 7 } },
	    make_file(n_lines));
	expect_sent();
	ck_assert_uint_eq(one.body_n, n + 80 * n_lines);
	ck_assert(view_starts((struct view){ one.body, n }, V(SAYS)));
	ck_assert(is_dots(one.body + n, n_lines));
	if (_i)
		ck_assert_ptr_nonnull(strstr(one.log, "SIZE=8000030"));
	close_session();
}

END_TEST

/* In ASCII mail nobody has to take anything else. */
START_TEST(forwarded_mail_stays_ascii)
{
	one.offers = _i ? "250-8BITMIME\r\n250-SMTPUTF8\r\n" : NULL;
	session_is_up("");
	delivered_to = "\xc3\xa4@b.example";
	mail(sizeof BODY - 1, _i ? SUBMIT_FLAG_UTF8_HEADER : 0);
	rcpt(40, "to@example.net");
	body(BODY);
	expect_sent();
	ck_assert_view_eq(((struct view){ one.body, one.body_n }),
	    _i ? V("Delivered-To: \xc3\xa4@b.example\r\n" BODY) : V(BODY));
	close_session();
}

END_TEST

/* Shorter than the queue said: what the peer got so far is no message. */
START_TEST(file_that_ends_early)
{
	one.offers = _i ? "250-PIPELINING\r\n250-CHUNKING\r\n" : NULL;
	session_is_up("");
	mail(4000000, 0);
	rcpt(40, "to@example.net");
	say((struct msg){ .type = MSG_RELAY_FILE, .relay_file = { 7 } },
	    make_file(40000));
	expect_result(40, RELAY_TEMPORARY);
	expect(MSG_RELAY_DONE);
	expect_down(RELAY_STAGE_READY);
	ck_assert_uint_eq(one.n_mails, 0);
}

END_TEST

/* Ends */

static const char *const commands[] = { "MAIL", "RCPT", "DATA", "EHLO" };

START_TEST(connection_drops)
{
	one.drop_at = commands[_i];
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	if (_i == 3) {
		expect_down(RELAY_STAGE_HELLO);
		return;
	}
	expect_up("mx");
	send_one();
	expect_result(40, RELAY_TEMPORARY);
	expect(MSG_RELAY_DONE);
	expect_down(RELAY_STAGE_READY);
}

END_TEST

START_TEST(host_that_takes_two)
{
	one.mails_max = 2;
	session_is_up("");
	send_one();
	expect_sent();
	send_one();
	expect_sent();
	send_one();
	ck_assert(
	    view_starts(expect_result(40, RELAY_TEMPORARY)->text, V("421 ")));
	expect(MSG_RELAY_DONE);
	ck_assert_uint_eq(expect_down(RELAY_STAGE_READY)->code, 421);
	/* What is said to it now is for nobody. */
	send_one();
	run_ms(10);
}

END_TEST

/* Closed by the queue: before anything answered, and within a message. */
START_TEST(closed_at_any_time)
{
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	if (_i == 0) {
		close_session();
		return;
	}
	expect_up("mx");
	if (_i > 1)
		mail(3, 0);
	if (_i > 2)
		rcpt(1, "a@example.net");
	if (_i > 3)
		body("x\r\n");
	say((struct msg){ .type = MSG_RELAY_CLOSE, .relay_close = { 7 } }, -1);
	expect_down(RELAY_STAGE_CLOSED);
	ck_assert_uint_eq(one.n_mails, 0);
}

END_TEST

START_TEST(queue_is_gone)
{
	session_is_up("");
	if (_i) {
		mail(3, 0);
		rcpt(1, "a@example.net");
	}
	fake.has_queue = false;
	relay_ops.peer_down(&fake, &fake.queue);
	for (int i = 0; i < 300 && !one.n_quit && !_i; i++)
		run_ms(10);
	ck_assert_uint_eq(one.n_mails, 0);
}

END_TEST

START_TEST(stop_finishes_messages)
{
	session_is_up("");
	send_one();
	relay_ops.stop(&fake, 30);
	expect_sent();
	expect_down(RELAY_STAGE_CLOSED);
	ck_assert(fake.has_exited);
	ck_assert_uint_eq(one.n_mails, 1);
	ck_assert_uint_eq(one.n_quit, 1);
}

END_TEST

START_TEST(too_many_sessions)
{
	session_is_up("relay_sessions_max = 1\n");
	host("mx", "127.0.0.1");
	say((struct msg){ .type = MSG_RELAY_OPEN,
		.relay_open = { 8, V("example.net"), 0, RELAY_TLS_NONE,
		    one.port, V(""), { hosts, n_hosts } } },
	    -1);
	const struct msg_relay_down *d = &expect(MSG_RELAY_DOWN)->relay_down;
	ck_assert_uint_eq(d->id, 8);
	ck_assert_uint_eq(d->stage, RELAY_STAGE_CONNECT);
	close_session();
}

END_TEST

/* Hosts are bytes of another process. */
START_TEST(hosts_of_any_bytes)
{
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx.example.net", "127.0.0.9");
	size_t n = n_hosts;
	for (size_t cut = 0; cut < n; cut++) {
		n_hosts = cut;
		open_session();
		expect_down(RELAY_STAGE_CONNECT);
	}
}

END_TEST

/* Messages that do not fit to what the session does end it. */
START_TEST(messages_out_of_turn)
{
	session_is_up("");
	if (_i == 0)
		rcpt(1, "a@example.net");
	else if (_i == 1)
		body("x\r\n");
	else
		send_one();
	if (_i > 1)
		mail(3, 0);
	expect_down(RELAY_STAGE_CLOSED);
}

END_TEST

/* Time-outs */

static const struct timeout_case {
	const char *option;
	size_t place;
	uint32_t default_ms; /* RFC 5321 4.5.3.2, as far as it says something */
} timeout_cases[] = {

#define CASE(name, field, ms)                                                  \
	{                                                                      \
		"relay_" name "_timeout",                                      \
		    offsetof(struct smtp_client_timeouts, field), ms           \
	}
	CASE("greeting", banner_ms, 300000),
	CASE("hello", hello_ms, 300000),
	CASE("tls", tls_ms, 60000),
	CASE("auth", auth_ms, 300000),
	CASE("mail", mail_ms, 300000),
	CASE("rcpt", rcpt_ms, 300000),
	CASE("data", data_ms, 120000),
	CASE("block", block_ms, 180000),
	CASE("end", end_ms, 600000),
	CASE("rset", rset_ms, 20000),
#undef CASE
};

enum {
	N_TIMEOUTS = sizeof timeout_cases / sizeof timeout_cases[0]
};

START_TEST(each_timeout_is_an_option)
{
	char line[64];
	snprintf(line, sizeof line, "%s = 7s\n", timeout_cases[_i].option);
	start_role(line);
	struct smtp_client_timeouts all = relay_timeouts(fake.conf);
	for (int i = 0; i < N_TIMEOUTS; i++) {
		uint32_t ms;
		memcpy(&ms, (char *)&all + timeout_cases[i].place, sizeof ms);
		ck_assert_uint_eq(
		    ms, i == _i ? 7000 : timeout_cases[i].default_ms);
	}
}

END_TEST

/* The other time-outs are as they were: minutes. */
START_TEST(silent_host)
{
	one.ehlo = "";
	server_start(&one, "127.0.0.1", 0);
	start_role("relay_hello_timeout = 1s\n");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	const struct msg_relay_down *d = expect_down(RELAY_STAGE_HELLO);
	ck_assert_uint_eq(d->code, 0);
	ck_assert(view_eq(d->text,
	    V("421 4.4.2 timed out while waiting for the reply to EHLO")));
}

END_TEST

/* A host that does not offer 8BITMIME. */
START_TEST(eight_bits)
{
	one.offers = "250-PIPELINING\r\n";
	session_is_up(_i ? "relay_8bit = return\n" : "");
	mail(6, SUBMIT_FLAG_8BITMIME);
	rcpt(0, "a@example.net");
	body("Gr\xc3\xbc\xc3\x9f"
	     "e\r\n");
	const struct msg_relay_result *r =
	    &expect(MSG_RELAY_RESULT)->relay_result;
	ck_assert_int_eq(r->status, _i ? RELAY_PERMANENT : RELAY_OK);
	if (_i)
		ck_assert(view_starts(r->text, V("554 5.6.3 ")));
	expect(MSG_RELAY_DONE);
	close_session();
	ck_assert_uint_eq(one.n_mails, _i ? 0 : 1);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/relay");
	TCase *t = tcase_create("relay");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, delivers, 0, 4);
	tcase_add_test(t, each_recipient_has_its_result);
	tcase_add_loop_test(t, next_host, 0,
	    (int)(sizeof fallback_cases / sizeof *fallback_cases));
	tcase_add_test(t, next_address_of_a_host);
	tcase_add_test(t, refused_everywhere);
	tcase_add_test(t, family_is_kept);
	tcase_add_loop_test(t, socket_of_a_route, 0, 2);
	tcase_add_loop_test(t, body_from_a_file, 0, 2);
	tcase_add_loop_test(t, forwarded_mail_says_by_whom, 0, 2);
	tcase_add_loop_test(t, forwarded_mail_stays_ascii, 0, 2);
	tcase_add_loop_test(t, file_that_ends_early, 0, 2);
	tcase_add_loop_test(t, connection_drops, 0, 4);
	tcase_add_test(t, host_that_takes_two);
	tcase_add_loop_test(t, eight_bits, 0, 2);
	tcase_add_loop_test(t, closed_at_any_time, 0, 5);
	tcase_add_loop_test(t, queue_is_gone, 0, 2);
	tcase_add_test(t, stop_finishes_messages);
	tcase_add_test(t, too_many_sessions);
	tcase_add_test(t, hosts_of_any_bytes);
	tcase_add_loop_test(t, messages_out_of_turn, 0, 3);
	tcase_add_loop_test(t, each_timeout_is_an_option, 0, N_TIMEOUTS);
	tcase_add_test(t, silent_host);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
