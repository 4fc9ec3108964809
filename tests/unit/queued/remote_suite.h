#ifndef TESTS_REMOTE_SUITE_H
#define TESTS_REMOTE_SUITE_H
/* What tests of mail that leaves the host share: the queue among a resolver and
 * a relay that are the test, and a session to b.example. */
#include "queue_fixture.h"
#include "queued/route.h"

/* A message whose recipients are all at other hosts. */
static inline uint64_t submit_remote(uint64_t n, const char *const *to)
{
	submit(n, to);
	fake_round();
	uint64_t id = expect_result(n, SUBMIT_STATUS_OK);
	for (; *to; to++)
		answer_address(ADDRESS_REMOTE, "");
	return id;
}

static inline void answer_route(const char *domain, enum route_status status)
{
	const struct msg *m = fake_expect(MSG_ROUTE_ASK);
	ck_assert_view_eq(m->route_ask.domain, view_of(domain));
	ck_assert_uint_eq(m->route_ask.port, 25);
	say(&fake.resolver,
	    (struct msg){ .type = MSG_ROUTE_IS,
		.route_is = { m->route_ask.id, (uint8_t)status, 300,
		    V("mx.b.example"), V(""), V("so it is"), V("hosts") } });
	fake_round();
}

static inline uint64_t expect_open(void)
{
	const struct msg *m = fake_expect(MSG_RELAY_OPEN);
	ck_assert_view_eq(m->relay_open.domain, V("b.example"));
	ck_assert_view_eq(m->relay_open.hosts, V("hosts"));
	ck_assert_int_eq(m->relay_open.tls, RELAY_TLS_OPPORTUNISTIC);
	return m->relay_open.id;
}

static inline void say_up(uint64_t session)
{
	say(&fake.relay, (struct msg){ .type = MSG_RELAY_UP,
			     .relay_up = { session, V("mx1.b.example"),
				 V("192.0.2.9"), V("TLSv1.3"), 0, 0 } });
	fake_round();
}

static inline void say_down(
    uint64_t session, enum relay_stage stage, uint16_t code, const char *text)
{
	say(&fake.relay, (struct msg){ .type = MSG_RELAY_DOWN,
			     .relay_down = { session, (uint8_t)stage, code,
				 V("mx1.b.example"), view_of(text) } });
	fake_round();
}

/* The transaction of a message with n recipients, and its body. */
static inline void expect_mail(uint64_t session, uint64_t id, uint32_t n)
{
	const struct msg *m = fake_expect(MSG_RELAY_MAIL);
	ck_assert_uint_eq(m->relay_mail.id, session);
	ck_assert_uint_eq(m->relay_mail.queue_id, id);
	ck_assert_view_eq(m->relay_mail.sender, envelope.sender);
	for (uint32_t i = 0; i < n; i++) {
		m = fake_expect(MSG_RELAY_RCPT);
		ck_assert_uint_eq(m->relay_rcpt.index, i);
	}
	m = fake_expect(MSG_RELAY_BODY);
	ck_assert_view_eq(m->relay_body.body, V("Subject: x\r\n\r\nbody\r\n"));
}

static inline void say_result(uint64_t session, uint32_t index,
    enum relay_status status, const char *text)
{
	say(&fake.relay, (struct msg){ .type = MSG_RELAY_RESULT,
			     .relay_result = { session, index, (uint8_t)status,
				 false, view_of(text) } });
}

static inline void say_done(uint64_t session)
{
	say(&fake.relay,
	    (struct msg){ .type = MSG_RELAY_DONE, .relay_done = { session } });
	fake_round();
}

static inline uint64_t to_up(uint64_t n, const char *const *to, uint64_t *id)
{
	*id = submit_remote(n, to);
	answer_route("b.example", ROUTE_OK);
	uint64_t session = expect_open();
	say_up(session);
	return session;
}

static inline void restart(void)
{
	die();
	start();
}
#endif
