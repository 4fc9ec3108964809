#ifndef TESTS_QUEUE_FIXTURE_H
#define TESTS_QUEUE_FIXTURE_H
/* The queue role among fakes: fronts that submit, AUTH that knows addresses,
 * agents that take mail. */
#include "fake_proc.h"
#include "queued/queue_role.h"
#include "queued/roles.h"
#include "queued/spool/queue_db.h"
#include <ftw.h>
#include <sys/stat.h>

static char dir[64];
/* A role's memory goes with its process: here it stays within reach. */
static void *lives[64];
static unsigned n_lives;
static char hostname[] = "mx.example", no_reports[] = "none";
/* Of what is submitted; a test may change it. */
static struct msg_submit_open envelope;
static uint32_t submit_flags;
static uint8_t notify;

static inline void start(void)
{
	fake_reset();
	ck_assert_int_eq(queue_ops.start(&fake), 0);
	lives[n_lives++] = fake.state;
	fake_round();
}

/* Dies at once, as by a signal: nothing is written any more. */
static inline void die(void)
{
	struct queue *q = fake.state;
	queue_db_close(&q->db);
}

static inline void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-queue-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	fake.wall_s = 1700000000;
	fake.now_ms = 5000;
	fake.conf = (struct conf){ .hostname = hostname,
		.tls_reports = no_reports,
		.queue_notice_lifetime = 172800,
		.queue_delay_warning = 14400,
		.queue_retry_min = 300,
		.queue_retry_max = 14400,
		.queue_lifetime = 432000,
		.queue_deliveries_max = 4,
		.forwards_max = 5,
		.resolver_timeout = 30,
		.command_timeout = 300,
		.relay_connections_max = 10,
		.relay_sessions_max = 500,
		.relay_mails_max = 100,
		.relay_recipients_max = 100,
		.relay_session_lifetime = 300,
		.relay_idle_timeout = 10,
		.relay_trouble_wait = 10,
		.relay_probe_min = 60,
		.relay_probe_max = 3600,
		.spool_dir = dir };
	envelope = (struct msg_submit_open){ .session = 77,
		.sender = V("s@a.example"),
		.account = V(""),
		.remote = V("192.0.2.1"),
		.helo = V("a.example"),
		.envid = V("") };
	notify = NOTIFY_NEVER;
	submit_flags = 0;
	start();
}

static inline int remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void teardown(void)
{
	die();
	ck_assert_int_eq(chdir("/"), 0);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void say(struct peer *from, struct msg m)
{
	queue_ops.on[m.type](&fake, from, &m, -1);
}

static inline void open_mail(uint64_t id, const char *const *to)
{
	envelope.id = id;
	say(&fake.front,
	    (struct msg){ .type = MSG_SUBMIT_OPEN, .submit_open = envelope });
	for (; *to; to++)
		say(&fake.front,
		    (struct msg){ .type = MSG_SUBMIT_RCPT,
			.submit_rcpt = { id, view_of(*to), V(""), notify } });
}

static inline void send_body(uint64_t id, struct view body)
{
	say(&fake.front, (struct msg){ .type = MSG_SUBMIT_BODY,
			     .submit_body = { id, body } });
}

static inline void commit(uint64_t id, size_t size, bool spooled)
{
	say(&fake.front,
	    (struct msg){ .type = MSG_SUBMIT_COMMIT,
		.submit_commit = { id, spooled, size, submit_flags } });
}

static inline void submit(uint64_t id, const char *const *to)
{
	open_mail(id, to);
	send_body(id, V("Subject: x\r\n\r\nbody\r\n"));
	commit(id, 20, false);
}

static const char *const to_one[] = { "one@b.example", NULL };
static const char *const to_two[] = { "one@b.example", "two@b.example", NULL };

static inline uint64_t expect_result(uint64_t id, enum submit_status status)
{
	const struct msg *m = fake_expect(MSG_SUBMIT_RESULT);
	ck_assert_uint_eq(m->submit_result.id, id);
	ck_assert_int_eq(m->submit_result.status, (int)status);
	return m->submit_result.queue_id;
}

static inline void answer_address(enum address_kind kind, const char *account)
{
	const struct msg *m = fake_expect(MSG_ADDRESS_ASK);
	say(&fake.auth, (struct msg){ .type = MSG_ADDRESS_IS,
			    .address_is = { .id = m->address_ask.id,
				.kind = (uint8_t)kind,
				.account = view_of(account) } });
	fake_round();
}

/* The account is granted; its agent's channel is up. */
static inline struct peer *grant(const char *account)
{
	const struct msg *m = fake_expect(MSG_DELIVERY_ASK);
	ck_assert_view_eq(m->delivery_ask.account, view_of(account));
	uint64_t session = m->delivery_ask.session;
	say(&fake.auth,
	    (struct msg){ .type = MSG_DELIVERY_GRANTED,
		.delivery_granted = { m->delivery_ask.id, AUTH_STATUS_OK } });
	fake_round();
	m = fake_expect(MSG_HANDOFF);
	ck_assert_uint_eq(m->handoff.session, session);
	return &fake.agents[fake.n_agents - 1];
}

static inline void report(
    struct peer *agent, uint64_t id, enum deliver_status status)
{
	struct msg m = { .type = MSG_DELIVERED,
		.delivered = { .id = id,
		    .status = (uint8_t)status,
		    .text = V("4.2.2 so it is") } };
	agent->events->on_message(agent->ctx, agent, &m, -1);
	fake_round();
}

static inline int take_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct queue_rcpt *out = ctx;
	*out = *r;
	return 0;
}

/* The only recipient of a message, as the queue has it; MC_E_NOENT. */
static inline int stored(uint64_t id, struct queue_rcpt *r)
{
	struct queue *q = fake.state;
	struct queue_txn t;
	struct queue_envelope e;
	fake_pass(100);
	ck_assert_int_eq(queue_begin_read(q->db, &t), 0);
	int error = queue_get(&t, id, &e);
	if (!error)
		error = queue_each_rcpt(&t, id, take_rcpt, r);
	queue_abort(&t);
	return error;
}

/* Its body is a file. */
static inline void submit_large(const char *const *to)
{
	open_mail(1, to);
	say(&fake.front,
	    (struct msg){ .type = MSG_SPOOL_ASK, .spool_ask = { 1 } });
	const struct sent *s = fake_expect_sent(MSG_SPOOL_IS);
	ck_assert_int_eq(write(s->fd, "large", 5), 5);
	commit(1, 5, true);
	fake_round();
}

static inline void lose_file(uint64_t id)
{
	char path[64];
	snprintf(path, sizeof path, "messages/%02x/%016llx",
	    (unsigned)(id >> QUEUE_DIRECTORY_SHIFT) & 0xff,
	    (unsigned long long)id);
	ck_assert_int_eq(unlink(path), 0);
}
#endif
