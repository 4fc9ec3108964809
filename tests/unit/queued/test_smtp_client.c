/* What transcripts cannot show of the SMTP client: bounds, back-pressure, and
 * that each recipient is told of once, whatever the peer says. */
#include "freed.h"
#include "queued/client/smtp_client.h"
#include "queued/client/smtp_client_state.h"
#include "suite.h"

enum {
	RCPTS = 1100
};

static struct smtp_client *client;
static struct smtp_client_rcpt rcpts[RCPTS];
static char addresses[RCPTS][24];
static unsigned n_told[RCPTS];
static struct smtp_client_mail mail;

static void set_up(void)
{
	struct smtp_client_options o = { .name = V("mx.example.org"),
		.timeouts = { .block_ms = 180000, .end_ms = 600000 } };
	client = smtp_client_new(&o);
	for (unsigned i = 0; i < RCPTS; i++) {
		snprintf(addresses[i], sizeof addresses[i], "r%u@b.example", i);
		rcpts[i].address = view_of(addresses[i]);
		n_told[i] = 0;
	}
	mail = (struct smtp_client_mail){ .sender = V("a@a.example"),
		.rcpts = rcpts,
		.n_rcpts = 1,
		.size = 10 };
}

static void tear_down(void)
{
	smtp_client_free(&client);
	ck_assert_ptr_null(client);
}

/* Everything leaves. */
static size_t flush(void)
{
	struct buf *out = smtp_client_out(client);
	size_t n = buf_len(out);
	buf_consume(out, n);
	return n;
}

static struct smtp_client_event event;

static unsigned take_events(void)
{
	unsigned kinds = 0;
	while (smtp_client_next(client, &event)) {
		kinds |= 1u << event.kind;
		if (event.kind == SMTP_EVENT_RCPT)
			n_told[event.index]++;
	}
	return kinds;
}

static unsigned say(struct view v)
{
	struct view block = exact_copy(v);
	ck_assert_uint_eq(smtp_client_input(client, block), v.n);
	exact_free(block);
	unsigned kinds = take_events();
	flush();
	return kinds;
}

static void come_up(struct view hello)
{
	flush();
	say(V("220 mx\r\n"));
	ck_assert_uint_eq(say(hello), 1u << SMTP_EVENT_UP);
}

static unsigned begin(void)
{
	smtp_client_mail(client, &mail);
	return take_events();
}

static void come_to_body(struct view hello)
{
	come_up(hello);
	ck_assert_uint_eq(begin(), 0);
	flush();
	say(V("250 Ok\r\n"));
	if (say(V("250 Ok\r\n")) & 1u << SMTP_EVENT_BODY)
		return;
	ck_assert_uint_eq(say(V("354 Ok\r\n")), 1u << SMTP_EVENT_BODY);
}

static void come_to_auth(const char *mechanism)
{
	char hello[64];
	struct smtp_client_options o = { .name = V("mx.example.org"),
		.auth_user = V("u"),
		.auth_secret = V("correct horse battery staple"),
		.auth_without_tls = true };
	smtp_client_free(&client);
	client = smtp_client_new(&o);
	snprintf(hello, sizeof hello, "250-mx\r\n250 AUTH %s\r\n", mechanism);
	struct view commands[] = { V("220 mx\r\n"), view_of(hello),
		V("334 VXNlcm5hbWU6\r\n"), V("334 UGFzc3dvcmQ6\r\n") };
	size_t n = view_eq(view_of(mechanism), V("LOGIN")) ? 4 : 2;
	for (size_t i = 0; i < n; i++) {
		flush();
		ck_assert_uint_eq(
		    smtp_client_input(client, commands[i]), commands[i].n);
	}
}

/* The password in base64 is not left behind. */
START_TEST(wipes_the_password)
{
	static const char *const mechanisms[] = { "PLAIN", "LOGIN" };
	struct view part = V("ZXJ5IHN0YXBsZQ=="); /* its end */
	come_to_auth(mechanisms[_i]);
	struct buf *out = smtp_client_out(client);
	uintptr_t at = (uintptr_t)out->p;
	size_t n = out->cap;
	ck_assert_uint_lt(view_find(buf_view(out), part), buf_len(out));
	flush();
	buf_trim(out);
	ck_assert(!freed_has(at, n, part));
}

END_TEST

START_TEST(pipelines_no_more_than_has_a_place)
{
	mail.n_rcpts = RCPTS;
	come_up(V("250-mx\r\n250 PIPELINING\r\n"));
	begin();
	unsigned answered = 0, kinds = 0;
	while (client->n_flight) {
		size_t n_flight = client->n_flight;
		ck_assert_uint_le(n_flight, SMTP_IN_FLIGHT_MAX);
		ck_assert_uint_le(
		    buf_len(smtp_client_out(client)), SMTP_OUT_COMMANDS + 4096);
		if (answered < 900)
			ck_assert_uint_eq(n_flight, SMTP_IN_FLIGHT_MAX);
		flush();
		bool is_data = client->flight[0].stage == SMTP_STAGE_DATA;
		kinds |= say(is_data ? V("354 Go\r\n") : V("250 Ok\r\n"));
		answered++;
	}
	/* MAIL, a thousand recipients, DATA. */
	ck_assert_uint_eq(answered, 1002);
	ck_assert_uint_eq(kinds, 1u << SMTP_EVENT_BODY);
	ck_assert_uint_eq(smtp_client_body(client, V("0123456789"), true), 10);
	flush();
	kinds = 0;
	ck_assert_uint_eq(smtp_client_input(client, V("250 Ok\r\n")), 8);
	for (unsigned i = 0; i < RCPTS; i++) {
		ck_assert(smtp_client_next(client, &event));
		ck_assert_uint_eq(event.index, i);
		ck_assert_int_eq(smtp_verdict_outcome(&event.result),
		    i < 1000 ? SMTP_OUTCOME_OK : SMTP_OUTCOME_NOT_TRIED);
	}
	ck_assert_uint_eq(take_events(), 1u << SMTP_EVENT_MAIL_DONE);
	ck_assert(event.may_go_on);
}

END_TEST

START_TEST(keeps_input_while_events_wait)
{
	struct view in = V("550 No\r\n250 Ok\r\n");
	come_up(V("250-mx\r\n250 PIPELINING\r\n"));
	mail.n_rcpts = 2;
	begin();
	flush();
	say(V("250 Ok\r\n"));
	ck_assert_uint_eq(smtp_client_input(client, in), 8);
	ck_assert_uint_eq(smtp_client_input(client, view_skip(in, 8)), 0);
	ck_assert_uint_eq(take_events(), 1u << SMTP_EVENT_RCPT);
	ck_assert_uint_eq(smtp_client_input(client, view_skip(in, 8)), 8);
}

END_TEST

START_TEST(keeps_addresses_within_their_lines)
{
	come_up(V("250-mx\r\n250-PIPELINING\r\n250 DSN\r\n"));
	mail.n_rcpts = 3;
	mail.envid = V("a\r\nRSET");
	rcpts[0].address = V("x\r\nDATA@b.example");
	rcpts[1].address = V("x\0y@b.example");
	rcpts[2].orcpt = V("rfc822;a b");
	begin();
	ck_assert_view_eq(buf_view(smtp_client_out(client)),
	    V("MAIL FROM:<a@a.example>\r\nRCPT TO:<r2@b.example>\r\nDATA\r\n"));
	flush();
	say(V("550 No\r\n"));
	rcpts[2].orcpt = V_NONE;
	say(V("503 No\r\n"));
	ck_assert_uint_eq(say(V("503 No\r\n")), 1u << SMTP_EVENT_MAIL_DONE);
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(n_told[i], 1);
	mail.sender = V("a@a.example>\r\nDATA");
	unsigned kinds = begin();
	ck_assert_uint_eq(
	    kinds, 1u << SMTP_EVENT_RCPT | 1u << SMTP_EVENT_MAIL_DONE);
	ck_assert_uint_eq(flush(), 0);
	ck_assert(event.may_go_on);
}

END_TEST

START_TEST(tells_why_an_address_is_not_sent)
{
	come_up(V("250 mx\r\n"));
	rcpts[0].address = V("x\n@b.example");
	smtp_client_mail(client, &mail);
	ck_assert_view_eq(buf_view(smtp_client_out(client)),
	    V("MAIL FROM:<a@a.example>\r\n"));
	flush();
	ck_assert_uint_eq(smtp_client_input(client, V("250 Ok\r\n")), 8);
	ck_assert(smtp_client_next(client, &event));
	ck_assert_int_eq(
	    smtp_verdict_outcome(&event.result), SMTP_OUTCOME_PERM);
	ck_assert_uint_eq(event.result.enhanced[1], 1);
	ck_assert_uint_eq(event.result.enhanced[2], 3);
	ck_assert_view_eq(buf_view(smtp_client_out(client)), V("RSET\r\n"));
}

END_TEST

/* A body without end: memory stays bounded, what is taken is sent. */
static void press(struct view hello, uint64_t size)
{
	char piece[12000];
	struct buf *out = smtp_client_out(client);
	uint64_t taken = 0, sent = 0;
	memset(piece, '\n', sizeof piece); /* doubles under DATA */
	mail.size = size;
	come_to_body(hello);
	while (taken < size) {
		struct view v = { piece, sizeof piece };
		v = view_head(v, (size_t)(size - taken));
		size_t n = smtp_client_body(client, v, v.n == size - taken);
		ck_assert_uint_le(buf_len(out), SMTP_OUT_MAX);
		taken += n;
		if (n == v.n)
			continue;
		ck_assert_uint_ge(buf_len(out), SMTP_OUT_BODY);
		ck_assert_uint_eq(smtp_client_timeout_ms(client), 180000);
		buf_consume(out, 10000);
		sent += 10000;
	}
	sent += flush();
	ck_assert_int_eq(buf_error(out), 0);
	ck_assert_uint_ge(sent, size);
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 600000);
}

START_TEST(takes_no_more_than_it_can_hold)
{
	press(V("250 mx\r\n"), 1000000);
	ck_assert_uint_eq(say(V("250 Ok\r\n")),
	    1u << SMTP_EVENT_RCPT | 1u << SMTP_EVENT_MAIL_DONE);
}

END_TEST

START_TEST(takes_no_more_than_it_can_hold_in_chunks)
{
	press(V("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n"), 5000000);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(say(V("250 Ok\r\n")), 0);
	ck_assert_uint_eq(say(V("250 Ok\r\n")),
	    1u << SMTP_EVENT_RCPT | 1u << SMTP_EVENT_MAIL_DONE);
}

END_TEST

static char zeros[1 << 16];

/* Sends octets of the message as they go, up to the place `to` or until nothing
 * more is taken; returns where that is. */
static uint64_t push(uint64_t from, uint64_t to)
{
	for (size_t n = 1; n > 0 && from < to; from += n) {
		struct view v = { zeros, sizeof zeros };
		v = view_head(v, (size_t)(to - from));
		n = smtp_client_body(client, v, from + v.n == mail.size);
		flush();
	}
	return from;
}

START_TEST(lets_chunks_wait_for_replies)
{
	mail.size = 20 << 20;
	come_to_body(V("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n"));
	ck_assert_uint_eq(push(0, mail.size), 8 << 20);
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 600000);
	say(V("250 Ok\r\n"));
	ck_assert_uint_eq(push(8 << 20, mail.size), 9 << 20);
	/* A chunk fails, those behind it do too; RSET when all are answered. */
	ck_assert_uint_eq(say(V("452 4.3.1 Full\r\n")), 1u << SMTP_EVENT_RCPT);
	ck_assert_uint_eq(push(9 << 20, mail.size), 9 << 20);
	for (int i = 0; i < 7; i++)
		ck_assert_uint_eq(say(V("503 5.5.1 No\r\n")), 0);
	ck_assert_uint_eq(say(V("250 Reset\r\n")), 1u << SMTP_EVENT_MAIL_DONE);
	ck_assert(event.may_go_on);
	ck_assert_uint_eq(n_told[0], 1);
}

END_TEST

START_TEST(cannot_take_a_chunk_back)
{
	mail.size = 3 << 20;
	come_to_body(V("250-mx\r\n250-PIPELINING\r\n250 CHUNKING\r\n"));
	ck_assert_uint_eq(push(0, (2 << 20) - 5), (2 << 20) - 5);
	ck_assert_uint_eq(say(V("552 5.3.4 No\r\n")),
	    1u << SMTP_EVENT_RCPT | 1u << SMTP_EVENT_MAIL_DONE |
		1u << SMTP_EVENT_CLOSE);
}

END_TEST

START_TEST(refuses_a_body_of_another_size)
{
	come_to_body(V("250 mx\r\n"));
	if (_i == 0)
		smtp_client_body(client, V("01234567890"), true);
	else if (_i == 1)
		smtp_client_body(client, V("012345678"), true);
	else
		smtp_client_body_lost(client, V("input/output error"));
	ck_assert_uint_eq(take_events(), 1u << SMTP_EVENT_RCPT |
					     1u << SMTP_EVENT_MAIL_DONE |
					     1u << SMTP_EVENT_CLOSE);
	ck_assert_uint_eq(flush(), 0);
}

END_TEST

START_TEST(answers_a_mail_after_the_end)
{
	come_up(V("250 mx\r\n"));
	smtp_client_closed(client, V("end of file"));
	smtp_client_closed(client, V("again"));
	ck_assert_uint_eq(
	    take_events(), 1u << SMTP_EVENT_FAILED | 1u << SMTP_EVENT_CLOSE);
	ck_assert_uint_eq(
	    begin(), 1u << SMTP_EVENT_RCPT | 1u << SMTP_EVENT_MAIL_DONE);
	ck_assert(!event.may_go_on);
	ck_assert_uint_eq(flush(), 0);
}

END_TEST

START_TEST(bounds_what_it_says_itself)
{
	char why[2000];
	memset(why, 'y', sizeof why);
	smtp_client_closed(client, (struct view){ why, sizeof why });
	ck_assert(smtp_client_next(client, &event));
	ck_assert_uint_le(event.result.text.n, SMTP_RESULT_TEXT_MAX);
	ck_assert_uint_gt(event.result.text.n, SMTP_RESULT_TEXT_MAX - 32);
}

END_TEST

static const struct view transaction[] = {
	V_INIT("250 Ok\r\n"),
	V_INIT("250 Ok\r\n"),
	V_INIT("354 Go\r\n"),
};

START_TEST(says_how_long_to_wait)
{
	static const uint32_t want[] = { 301, 302, 303 };
	client->options.timeouts = (struct smtp_client_timeouts){
		.banner_ms = 1,
		.hello_ms = 2,
		.mail_ms = 301,
		.rcpt_ms = 302,
		.data_ms = 303,
		.end_ms = 304,
		.block_ms = 305,
		.quit_ms = 306,
	};
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 1);
	say(V("220 mx\r\n"));
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 2);
	say(V("250 mx\r\n"));
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 0);
	begin();
	flush();
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_uint_eq(smtp_client_timeout_ms(client), want[i]);
		say(transaction[i]);
	}
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 0); /* our turn */
	smtp_client_body(client, V("0123"), false);
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 305);
	flush();
	smtp_client_body(client, V("456789"), true);
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 305);
	flush();
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 304);
	say(V("250 Ok\r\n"));
	smtp_client_quit(client);
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 306);
	smtp_client_timed_out(client);
	ck_assert_uint_eq(take_events(), 1u << SMTP_EVENT_CLOSE);
	ck_assert_uint_eq(smtp_client_timeout_ms(client), 0);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/smtp_client");
	TCase *t = tcase_create("client");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, wipes_the_password, 0, 2);
	tcase_add_test(t, pipelines_no_more_than_has_a_place);
	tcase_add_test(t, keeps_input_while_events_wait);
	tcase_add_test(t, keeps_addresses_within_their_lines);
	tcase_add_test(t, tells_why_an_address_is_not_sent);
	tcase_add_test(t, takes_no_more_than_it_can_hold);
	tcase_add_test(t, takes_no_more_than_it_can_hold_in_chunks);
	tcase_add_test(t, lets_chunks_wait_for_replies);
	tcase_add_test(t, cannot_take_a_chunk_back);
	tcase_add_loop_test(t, refuses_a_body_of_another_size, 0, 3);
	tcase_add_test(t, answers_a_mail_after_the_end);
	tcase_add_test(t, bounds_what_it_says_itself);
	tcase_add_test(t, says_how_long_to_wait);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
