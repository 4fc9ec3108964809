/* The front against an auth, a queue and clients that are this test. */
#include "fake_world.h"
#include "smtpd/front.h"
#include <errno.h>
#include <sys/mman.h>

#define ENVELOPE                                                               \
	"EHLO c.example\r\nMAIL FROM:<s@a.example>\r\n"                        \
	"RCPT TO:<r@b.example>\r\nDATA\r\n"

static void setup(void)
{
	fake_reset();
	log_init("test", 2, LOG_LEVEL_ERROR);
	fake.conf = (struct conf){ .hostname = "mx.b.example",
		.message_size_limit = 1000000,
		.header_bytes_max = 65536,
		.recipients_max = 100,
		.hops_max = 100,
		.smtp_errors_max = 20,
		.login_failures_max = 3,
		.login_failure_delay = 2,
		.smtp_timeout = 300,
		.smtp_sessions_max = 2000,
		.smtp_sessions_per_client = 1500,
		.submission_insecure_auth = "loopback" };
	ck_assert_int_eq(front_ops.start(&fake), 0);
}

static void teardown(void)
{
	struct front *f = fake.state;
	idtab_deinit(&f->asked);
	per_client_deinit(&f->per_client);
	timer_free(&f->grace);
	timer_free(&f->sweep);
	free(f);
	fake_reset();
}

static struct conn *connect_as(const char *remote, enum service service)
{
	fake.remote = remote;
	front_ops.accept(&fake, -1, service, CONF_TLS_STARTTLS);
	return fake.last_conn;
}

static struct conn *connect_one(void)
{
	struct conn *c = connect_as("192.0.2.1", SERVICE_SMTP);
	fake_hears(c, "220 mx.b.example ESMTP Mailcore\r\n");
	return c;
}

static void told(struct msg m, int fd)
{
	bool is_queue = m.type == MSG_SUBMIT_RESULT || m.type == MSG_SPOOL_IS ||
			m.type == MSG_SPOOL_NONE;
	front_ops.on[m.type](
	    &fake, is_queue ? &fake.queue : &fake.auth, &m, fd);
	fake_round();
}

static void address_is(uint64_t id, enum address_kind kind)
{
	told((struct msg){ .type = MSG_ADDRESS_IS,
		 .address_is = { .id = id,
		     .kind = (uint8_t)kind,
		     .account = V("") } },
	    -1);
}

static void result(uint64_t id, enum submit_status status)
{
	told((struct msg){ .type = MSG_SUBMIT_RESULT,
		 .submit_result = { id, (uint8_t)status, 0xabc } },
	    -1);
}

/* Up to the 354. */
static void begin_mail(struct conn *c)
{
	fake_say(c, V(ENVELOPE));
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	ck_assert_view_eq(m->address_ask.address, V("r@b.example"));
	address_is(m->address_ask.id, ADDRESS_LOCAL);
	fake_hears(c, "354 End data with <CRLF>.<CRLF>\r\n");
}

static uint64_t expect_envelope(void)
{
	const struct msg *m = fake_expect(MSG_SUBMIT_OPEN);
	uint64_t id = m->submit_open.id;
	ck_assert_view_eq(m->submit_open.sender, V("s@a.example"));
	ck_assert_view_eq(m->submit_open.remote, V("192.0.2.1"));
	ck_assert_view_eq(m->submit_open.helo, V("c.example"));
	m = fake_expect(MSG_SUBMIT_RCPT);
	ck_assert_uint_eq(m->submit_rcpt.id, id);
	ck_assert_view_eq(m->submit_rcpt.address, V("r@b.example"));
	return id;
}

static uint64_t expect_commit(void)
{
	uint64_t id = expect_envelope();
	const struct msg *m = fake_expect(MSG_SUBMIT_BODY);
	size_t size = m->submit_body.body.n;
	ck_assert(view_starts(m->submit_body.body, V("Received: ")));
	m = fake_expect(MSG_SUBMIT_COMMIT);
	ck_assert_uint_eq(m->submit_commit.id, id);
	ck_assert_uint_eq(m->submit_commit.spooled, 0);
	ck_assert_uint_eq(m->submit_commit.size, size);
	return id;
}

static uint64_t send_mail(struct conn *c)
{
	begin_mail(c);
	fake_say(c, V("Subject: x\r\n\r\nbody\r\n.\r\n"));
	return expect_commit();
}

START_TEST(durable_before_250)
{
	struct conn *c = connect_one();
	uint64_t id = send_mail(c);
	fake_say(c, V("NOOP\r\n"));
	fake_hears(c, "");
	ck_assert_uint_eq(buf_len(&c->out), 0);
	result(id, SUBMIT_STATUS_OK);
	fake_hears(c, "250 2.0.0 Queued as abc\r\n250 2.0.0 Ok\r\n");
	fake_hang_up(c);
}

END_TEST

static const struct {
	enum submit_status status;
	const char *reply;
} refusals[] = {
	{ SUBMIT_STATUS_TEMP,
	    "451 4.3.0 Temporary failure, try again later\r\n" },
	{ SUBMIT_STATUS_FULL, "452 4.3.1 Insufficient system storage\r\n" },
	{ SUBMIT_STATUS_LIMIT,
	    "452 4.3.2 Too much at once, try again later\r\n" },
};

START_TEST(refused_by_queue)
{
	struct conn *c = connect_one();
	uint64_t id = send_mail(c);
	result(id, refusals[_i].status);
	fake_hears(c, refusals[_i].reply);
	fake_hang_up(c);
}

END_TEST

START_TEST(queue_is_away)
{
	struct conn *c = connect_one();
	begin_mail(c);
	fake.has_queue = false;
	fake_say(c, V("x\r\n.\r\n"));
	fake_hears(c, "451 4.3.0 Temporary failure, try again later\r\n");
	fake_expect_nothing();
	fake.has_queue = true;
	fake_say(c, V("RSET\r\n"));
	result(send_mail(c), SUBMIT_STATUS_OK);
	fake_hears(c, "250 2.0.0 Queued as abc\r\n");
	fake_hang_up(c);
}

END_TEST

START_TEST(queue_dies_before_it_answers)
{
	struct conn *c = connect_one();
	uint64_t id = send_mail(c);
	fake.has_queue = false;
	front_ops.peer_down(&fake, &fake.queue);
	fake_round();
	fake_hears(c, "451 4.3.0 Temporary failure, try again later\r\n");
	fake.has_queue = true;
	result(id, SUBMIT_STATUS_OK);
	fake_hears(c, "");
	ck_assert_uint_eq(buf_len(&c->out), 0);
	fake_hang_up(c);
}

END_TEST

START_TEST(client_leaves_before_the_answer)
{
	struct conn *c = connect_one();
	uint64_t id = send_mail(c);
	fake_hang_up(c);
	result(id, SUBMIT_STATUS_OK);
	c = connect_one();
	fake_say(c, V(ENVELOPE));
	id = fake_expect(MSG_ADDRESS_ASK)->address_ask.id;
	fake_hang_up(c);
	address_is(id, ADDRESS_LOCAL);
}

END_TEST

START_TEST(answer_of_another_kind)
{
	struct conn *c = connect_one();
	uint64_t id = send_mail(c);
	address_is(id, ADDRESS_LOCAL);
	told((struct msg){ .type = MSG_AUTH_RESULT,
		 .auth_result = { id, AUTH_STATUS_OK, V("root") } },
	    -1);
	ck_assert_uint_eq(buf_len(&c->out), 0);
	result(id, SUBMIT_STATUS_OK);
	fake_hears(c, "250 2.0.0 Queued as abc\r\n");
	fake_hang_up(c);
}

END_TEST

START_TEST(queue_that_does_not_read)
{
	struct conn *a = connect_one(), *b = connect_one();
	uint64_t id = send_mail(a);
	fake.backlog = 9 << 20;
	begin_mail(b);
	fake_say(b, V("x\r\n.\r\n"));
	fake_expect_nothing();
	fake.backlog = 0;
	result(id, SUBMIT_STATUS_OK);
	fake_hears(a, "250 2.0.0 Queued as abc\r\n");
	result(expect_commit(), SUBMIT_STATUS_OK);
	fake_hears(b, "250 2.0.0 Queued as abc\r\n");
	fake_hang_up(a);
	fake_hang_up(b);
}

END_TEST

START_TEST(window_of_commits)
{
	enum {
		N = 1010
	};

	static struct conn *c[N];
	uint64_t first = 0;
	for (int i = 0; i < N; i++) {
		c[i] = connect_one();
		begin_mail(c[i]);
		fake_say(c[i], V("x\r\n.\r\n"));
		if (i < 1000) {
			uint64_t id = expect_commit();
			first = first ? first : id;
		}
	}
	fake_expect_nothing();
	/* One that waits leaves, one takes the place of the first. */
	fake_hang_up(c[1000]);
	result(first, SUBMIT_STATUS_OK);
	expect_commit();
	fake_expect_nothing();
	fake.has_queue = false;
	front_ops.peer_down(&fake, &fake.queue);
	fake_round();
	for (int i = 1; i < N; i++) {
		if (i == 1000)
			continue;
		fake_hears(
		    c[i], "451 4.3.0 Temporary failure, try again later\r\n");
		fake_hang_up(c[i]);
	}
	fake_hang_up(c[0]);
}

END_TEST

static void say_large(struct conn *c)
{
	char line[1002];
	memset(line, 'x', 1000);
	memcpy(line + 1000, "\r\n", 2);
	fake_say(c, V("Subject: large\r\n\r\n"));
	for (int i = 0; i < 100; i++)
		fake_say(c, (struct view){ line, sizeof line });
}

static uint64_t ask_spool(struct conn *c)
{
	begin_mail(c);
	say_large(c);
	uint64_t id = expect_envelope();
	ck_assert_uint_eq(fake_expect(MSG_SPOOL_ASK)->spool_ask.id, id);
	fake_expect_nothing();
	return id;
}

static int give_spool(uint64_t id)
{
	int fd = memfd_create("spool", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	int ours = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	told((struct msg){ .type = MSG_SPOOL_IS, .spool_is = { id } }, fd);
	return ours;
}

START_TEST(large_message)
{
	struct conn *c = connect_one();
	uint64_t id = ask_spool(c);
	int fd = give_spool(id);
	fake_say(c, V("end\r\n.\r\n"));
	const struct msg *m = fake_expect(MSG_SUBMIT_COMMIT);
	ck_assert_uint_eq(m->submit_commit.id, id);
	ck_assert_uint_eq(m->submit_commit.spooled, 1);
	off_t size = lseek(fd, 0, SEEK_END);
	ck_assert_int_gt(size, 100 * 1002);
	ck_assert_uint_eq(m->submit_commit.size, (uint64_t)size);
	char end[6];
	ck_assert_int_eq(pread(fd, end, 5, size - 5), 5);
	ck_assert_view_eq(((struct view){ end, 5 }), V("end\r\n"));
	result(id, SUBMIT_STATUS_OK);
	fake_hears(c, "250 2.0.0 Queued as abc\r\n");
	fake_hang_up(c);
	close(fd);
}

END_TEST

START_TEST(no_spool_file)
{
	struct conn *c = connect_one();
	uint64_t id = ask_spool(c);
	told((struct msg){ .type = MSG_SPOOL_NONE,
		 .spool_none = { id, SUBMIT_STATUS_FULL } },
	    -1);
	ck_assert_uint_eq(fake_expect(MSG_SUBMIT_ABORT)->submit_abort.id, id);
	fake_say(c, V("end\r\n.\r\nNOOP\r\n"));
	fake_hears(c, "452 4.3.1 Insufficient system storage\r\n"
		      "250 2.0.0 Ok\r\n");
	fake_expect_nothing();
	fake_hang_up(c);
}

END_TEST

START_TEST(spool_client_leaves)
{
	struct conn *c = connect_one();
	uint64_t id = ask_spool(c);
	if (_i)
		close(give_spool(id));
	fake_hang_up(c);
	ck_assert_uint_eq(fake_expect(MSG_SUBMIT_ABORT)->submit_abort.id, id);
	if (!_i)
		close(give_spool(id)); /* too late: it is closed */
}

END_TEST

START_TEST(spool_outlives_queue)
{
	struct conn *c = connect_one();
	uint64_t id = ask_spool(c);
	if (_i)
		close(give_spool(id));
	front_ops.peer_down(&fake, &fake.queue); /* and is up again */
	fake_round();
	fake_say(c, V("end\r\n.\r\n"));
	fake_hears(c, "451 4.3.0 Temporary failure, try again later\r\n");
	fake_expect_nothing();
	fake_hang_up(c);
}

END_TEST

START_TEST(login)
{
	struct conn *c = connect_as("127.0.0.1", SERVICE_SUBMISSION);
	fake_say(c, V("EHLO c.example\r\nAUTH LOGIN\r\n"));
	const struct msg *m = fake_expect(MSG_AUTH_START);
	uint64_t id = m->auth_start.id;
	ck_assert_view_eq(m->auth_start.mechanism, V("LOGIN"));
	ck_assert_uint_eq(m->auth_start.has_initial, 0);
	ck_assert_uint_eq(m->auth_start.flags, SESSION_FLAG_LOOPBACK);
	ck_assert_uint_eq(m->auth_start.service, SERVICE_SUBMISSION);
	told((struct msg){ .type = MSG_AUTH_CHALLENGE,
		 .auth_challenge = { id, V("Username:") } },
	    -1);
	fake_hears(c, "334 VXNlcm5hbWU6\r\n");
	fake_say(c, V("dXNlcg==\r\n"));
	m = fake_expect(MSG_AUTH_NEXT);
	ck_assert_uint_eq(m->auth_next.id, id);
	ck_assert_view_eq(m->auth_next.response, V("user"));
	told((struct msg){ .type = MSG_AUTH_RESULT,
		 .auth_result = { id, AUTH_STATUS_OK, V("user@b.example") } },
	    -1);
	fake_hears(c, "235 2.7.0 Authentication succeeded\r\n");
	fake_hang_up(c);
	fake_expect_nothing();
}

END_TEST

START_TEST(login_fails_late)
{
	struct conn *c = connect_as("127.0.0.1", SERVICE_SUBMISSION);
	fake_say(c, V("EHLO c.example\r\nAUTH PLAIN AHUAcA==\r\nNOOP\r\n"));
	const struct msg *m = fake_expect(MSG_AUTH_START);
	ck_assert_view_eq(m->auth_start.initial, V("\0u\0p"));
	buf_reset(&c->out);
	told((struct msg){ .type = MSG_AUTH_RESULT,
		 .auth_result = { m->auth_start.id, AUTH_STATUS_FAILED,
		     V("") } },
	    -1);
	ck_assert_uint_eq(buf_len(&c->out), 0);
	ck_assert(fake.last_timer->is_on);
	fake.last_timer->fn(fake.last_timer->ctx);
	fake_hears(c, "535 5.7.8 Authentication failed\r\n250 2.0.0 Ok\r\n");
	fake_hang_up(c);
}

END_TEST

START_TEST(auth_dies)
{
	struct conn *c = connect_as("127.0.0.1", SERVICE_SUBMISSION);
	fake_say(c, V("EHLO c.example\r\nAUTH LOGIN\r\n"));
	uint64_t id = fake_expect(MSG_AUTH_START)->auth_start.id;
	told((struct msg){ .type = MSG_AUTH_CHALLENGE,
		 .auth_challenge = { id, V("Username:") } },
	    -1);
	/* Between two rounds: the new process knows nothing of it. */
	front_ops.peer_down(&fake, &fake.auth);
	fake_round();
	fake_say(c, V("dXNlcg==\r\n"));
	fake_hears(c, "454 4.7.0 Temporary authentication failure\r\n");
	fake_expect_nothing();
	fake_say(c, V("AUTH PLAIN AHUAcA==\r\n"));
	fake_expect(MSG_AUTH_START);
	fake.has_auth = false;
	front_ops.peer_down(&fake, &fake.auth);
	fake_hears(c, "454 4.7.0 Temporary authentication failure\r\n");
	fake_say(c, V("AUTH PLAIN AHUAcA==\r\n"));
	fake_hears(c, "454 4.7.0 Temporary authentication failure\r\n");
	fake_hang_up(c);
}

END_TEST

START_TEST(login_cancelled)
{
	struct conn *c = connect_as("127.0.0.1", SERVICE_SUBMISSION);
	fake_say(c, V("EHLO c.example\r\nAUTH LOGIN\r\n"));
	uint64_t id = fake_expect(MSG_AUTH_START)->auth_start.id;
	if (_i) {
		told((struct msg){ .type = MSG_AUTH_CHALLENGE,
			 .auth_challenge = { id, V("Username:") } },
		    -1);
		fake_say(c, V("*\r\n"));
		fake_hears(c, "501 5.7.0 Authentication cancelled\r\n");
		ck_assert_uint_eq(
		    fake_expect(MSG_AUTH_CANCEL)->auth_cancel.id, id);
		fake_hang_up(c);
	} else {
		fake_hang_up(c);
		ck_assert_uint_eq(
		    fake_expect(MSG_AUTH_CANCEL)->auth_cancel.id, id);
	}
	fake_expect_nothing();
}

END_TEST

START_TEST(addresses_unknown)
{
	struct conn *c = connect_one();
	fake.has_auth = false;
	fake_say(c, V("EHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<r@b.example>\r\n"));
	fake_hears(c, "451 4.3.0 Recipient cannot be checked now\r\n");
	fake_hang_up(c);
}

END_TEST

START_TEST(one_address_too_often)
{
	struct conn *a, *b, *c, *d, *e;
	fake.conf.smtp_sessions_per_client = 2;
	a = connect_as("192.0.2.1", SERVICE_SMTP);
	b = connect_as("192.0.2.1", SERVICE_SMTP);
	c = connect_as("192.0.2.1", SERVICE_SMTP);
	fake_hears(c, "421 4.7.0 Too many connections of yours\r\n");
	ck_assert(c->is_finished && !b->is_finished);
	d = connect_as("192.0.2.2", SERVICE_SMTP);
	ck_assert(!d->is_finished);
	fake_hang_up(c);
	fake_hang_up(a);
	e = connect_as("192.0.2.1", SERVICE_SMTP);
	ck_assert(!e->is_finished);
	fake_hang_up(b);
	fake_hang_up(d);
	fake_hang_up(e);
}

END_TEST

START_TEST(too_many)
{
	fake.conf.smtp_sessions_max = 1;
	struct conn *a = connect_as("192.0.2.1", SERVICE_SMTP);
	struct conn *b = connect_as("192.0.2.2", SERVICE_SMTP);
	fake_hears(b, "421 4.7.0 Too many connections, try again later\r\n");
	ck_assert(b->is_finished && !a->is_finished);
	fake_hang_up(b);
	fake_hang_up(a);
}

END_TEST

START_TEST(half_close)
{
	struct conn *c = connect_one();
	fake_say(c, V(ENVELOPE));
	c->events->on_eof(c->ctx);
	ck_assert(!c->is_finished);
	address_is(fake_expect(MSG_ADDRESS_ASK)->address_ask.id, ADDRESS_LOCAL);
	c->events->on_eof(c->ctx);
	ck_assert(c->is_finished);
	fake_hang_up(c);
}

END_TEST

START_TEST(half_close_within_a_line)
{
	struct conn *c = connect_one();
	fake_say(c, V("NOOP\r\nNO"));
	c->events->on_eof(c->ctx);
	ck_assert(c->is_finished);
	fake_hang_up(c);
}

END_TEST

/* Replies of one group go out together; more of them than fit into memory wait
 * for the client to read. */
START_TEST(replies_in_groups)
{
	struct conn *c = connect_one();
	fake_say(c, V("HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<r@b.example>\r\n"));
	ck_assert_uint_eq(buf_len(&c->out), 0);
	address_is(fake_expect(MSG_ADDRESS_ASK)->address_ask.id, ADDRESS_LOCAL);
	fake_hears(c, "250 mx.b.example\r\n250 2.1.0 Sender ok\r\n"
		      "250 2.1.5 Recipient ok\r\n");
	for (int i = 0; i < 10000; i++)
		buf_put(&c->in, V("NOOP\r\n"));
	size_t replies = 0;
	fake_say(c, V("RSET\r\n"));
	while (buf_len(&c->out)) {
		ck_assert_uint_le(buf_len(&c->out), 65536);
		replies += buf_len(&c->out);
		buf_reset(&c->out);
		c->events->on_writable(c->ctx);
	}
	ck_assert_uint_eq(replies, 10001 * strlen("250 2.0.0 Ok\r\n"));
	fake_hang_up(c);
}

END_TEST

START_TEST(slow_queue_is_no_time_out)
{
	struct conn *c = connect_one();
	uint64_t id = send_mail(c);
	c->timeout_ms = 0;
	c->events->on_timeout(c->ctx);
	ck_assert_uint_eq(c->timeout_ms, 300000);
	result(id, SUBMIT_STATUS_OK);
	fake_hears(c, "250 2.0.0 Queued as abc\r\n");
	c->events->on_timeout(c->ctx);
	fake_hears(c, "421 4.4.2 Timeout\r\n");
	ck_assert(c->is_finished);
	fake_hang_up(c);
}

END_TEST

START_TEST(stop_waits_for_messages)
{
	struct conn *idle = connect_one(), *busy = connect_one();
	uint64_t id = send_mail(busy);
	front_ops.stop(&fake, 10);
	fake_hears(idle, "421 4.3.2 Service is shutting down\r\n");
	ck_assert(idle->is_finished && !busy->is_finished);
	fake_hang_up(idle);
	ck_assert(!fake.has_exited);
	result(id, SUBMIT_STATUS_OK);
	fake_hears(busy, "250 2.0.0 Queued as abc\r\n"
			 "421 4.3.2 Service is shutting down\r\n");
	fake_hang_up(busy);
	ck_assert(fake.has_exited);
}

END_TEST

START_TEST(reload_keeps_sessions)
{
	struct conn *c = connect_one();
	front_ops.stop(&fake, 86400);
	ck_assert(!c->is_finished);
	result(send_mail(c), SUBMIT_STATUS_OK);
	fake_hears(c, "250 2.0.0 Queued as abc\r\n");
	front_ops.stop(&fake, 5);
	fake_hears(c, "421 4.3.2 Service is shutting down\r\n");
	fake_hang_up(c);
	ck_assert(fake.has_exited);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("smtpd front");
	TCase *t = tcase_create("front");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, durable_before_250);
	tcase_add_loop_test(t, refused_by_queue, 0, 3);
	tcase_add_test(t, queue_is_away);
	tcase_add_test(t, queue_dies_before_it_answers);
	tcase_add_test(t, client_leaves_before_the_answer);
	tcase_add_test(t, answer_of_another_kind);
	tcase_add_test(t, queue_that_does_not_read);
	tcase_add_test(t, window_of_commits);
	tcase_add_test(t, large_message);
	tcase_add_test(t, no_spool_file);
	tcase_add_loop_test(t, spool_client_leaves, 0, 2);
	tcase_add_loop_test(t, spool_outlives_queue, 0, 2);
	tcase_add_test(t, login);
	tcase_add_test(t, login_fails_late);
	tcase_add_test(t, auth_dies);
	tcase_add_loop_test(t, login_cancelled, 0, 2);
	tcase_add_test(t, addresses_unknown);
	tcase_add_test(t, one_address_too_often);
	tcase_add_test(t, too_many);
	tcase_add_test(t, half_close);
	tcase_add_test(t, half_close_within_a_line);
	tcase_add_test(t, replies_in_groups);
	tcase_add_test(t, slow_queue_is_no_time_out);
	tcase_add_test(t, stop_waits_for_messages);
	tcase_add_test(t, reload_keeps_sessions);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
