#ifndef TESTS_RELAY_SUITE_H
#define TESTS_RELAY_SUITE_H
/* What tests of the relay role share: two servers, an authority, and a session
 * (its id is 7) that the queue opens and gives mail. */
#include "relay_fixture.h"

static struct server one, two;
static EVP_PKEY *ca_key;
static X509 *ca;
static char ca_pem[8192], hosts[32000];
static size_t n_hosts;

static inline void make_authority(void)
{
	ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	ca = pem_certify(ca_key, "authority");
	X509_EXTENSION *e = X509V3_EXT_conf_nid(
	    NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
	X509_add_ext(ca, e, -1);
	X509_EXTENSION_free(e);
	ck_assert_int_gt(X509_sign(ca, ca_key, EVP_sha256()), 0);
	BIO *b = BIO_new(BIO_s_mem());
	ck_assert(PEM_write_bio_X509(b, ca));
	pem_text(b, ca_pem, sizeof ca_pem);
}

static inline void start_role(const char *more)
{
	char path[] = "/tmp/mailcore-relay-XXXXXX", errors_text[400];
	struct buf errors;
	int fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	dprintf(fd,
	    "config_version = 1\nhostname = \"mx.example.org\"\n"
	    "relay_connect_timeout = 2s\n%s",
	    more);
	close(fd);
	buf_init(&errors, 4096);
	int error = conf_read(path, NULL, &fake.conf, &errors);
	unlink(path);
	if (error)
		view_to_cstr(buf_view(&errors), errors_text, 400);
	ck_assert_msg(!error, "%s", error ? errors_text : "");
	buf_deinit(&errors);
	ck_assert_int_eq(relay_ops.start(&fake), 0);
}

static inline void setup(void)
{
	signal(SIGPIPE, SIG_IGN);
	log_init("test", STDERR_FILENO, LOG_LEVEL_WARN);
	make_authority();
	fake.loop = loop_new();
	fake.monitor.role = ROLE_MONITOR;
	fake.queue.role = ROLE_QUEUE;
	fake.has_queue = true;
	fake.ca = ca_pem;
}

/* tlsa: of one record, 3 1 1; may be empty. */
static inline void add_host(const char *name, const char *const *addresses,
    size_t n, enum route_dane dane, struct view tlsa)
{
	struct route_host h = { .name = view_of(name),
		.is_secure = dane == DANE_OK,
		.dane = dane,
		.n_addresses = n,
		.n_tlsa = tlsa.n ? 1 : 0,
		.tlsa = { { 3, 1, 1, tlsa } } };
	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(
		    inet_pton(AF_INET, addresses[i], h.addresses[i].bytes), 1);
	ck_assert_int_eq(route_put_host(&h, hosts, sizeof hosts, &n_hosts), 0);
}

static inline void host(const char *name, const char *address)
{
	add_host(name, &address, 1, DANE_NONE, V_NONE);
}

static inline void open_as(
    enum relay_tls tls, const char *policy, uint32_t route)
{
	say((struct msg){ .type = MSG_RELAY_OPEN,
		.relay_open = { 7, V("example.net"), route, (uint8_t)tls,
		    one.port, view_of(policy), { hosts, n_hosts } } },
	    -1);
	n_hosts = 0;
}

static inline void open_session(void)
{
	open_as(RELAY_TLS_OPPORTUNISTIC, "", 0);
}

static inline void expect_tls(
    enum tls_policy policy, enum tls_result result, const char *at)
{
	const struct msg_relay_tls *m = &expect(MSG_RELAY_TLS)->relay_tls;
	ck_assert_uint_eq(m->id, 7);
	ck_assert_uint_eq(m->policy, policy);
	ck_assert_msg(m->result == result, "%d: %.*s", m->result,
	    (int)m->text.n, m->text.p);
	ck_assert_view_eq(m->host, view_of(at));
}

static inline const struct msg_relay_up *expect_up(const char *at)
{
	const struct msg_relay_up *m = &expect(MSG_RELAY_UP)->relay_up;
	ck_assert_uint_eq(m->id, 7);
	ck_assert_view_eq(m->host, view_of(at));
	return m;
}

static inline const struct msg_relay_down *expect_down(enum relay_stage stage)
{
	const struct msg_relay_down *m = &expect(MSG_RELAY_DOWN)->relay_down;
	ck_assert_uint_eq(m->id, 7);
	ck_assert_msg(m->stage == stage, "stage %d: %.*s", m->stage,
	    (int)m->text.n, m->text.p);
	return m;
}

static inline void close_session(void)
{
	say((struct msg){ .type = MSG_RELAY_CLOSE, .relay_close = { 7 } }, -1);
	expect_down(RELAY_STAGE_CLOSED);
}

/* Nothing is left of it, and nothing else was said. */
static inline void teardown(void)
{
	ck_assert_uint_eq(fake.n_seen, fake.n_sent);
	fake.has_exited = false;
	fake.has_queue = false;
	relay_ops.stop(&fake, 0);
	for (int i = 0; i < 300 && !fake.has_exited; i++)
		run_ms(10);
	ck_assert(fake.has_exited);
	server_stop(&one);
	server_stop(&two);
	conf_free(&fake.conf);
}

/* Of mail; a test may change it. */
static const char *delivered_to = "";

static inline void mail(uint64_t size, uint32_t flags)
{
	say((struct msg){ .type = MSG_RELAY_MAIL,
		.relay_mail = { 7, 0x123, V("from@example.org"), flags,
		    V("ENV1"), size, view_of(delivered_to) } },
	    -1);
}

static inline void rcpt(uint32_t index, const char *address)
{
	say((struct msg){ .type = MSG_RELAY_RCPT,
		.relay_rcpt = { 7, index, view_of(address),
		    V("rfc822;orig@example.net"), NOTIFY_SUCCESS } },
	    -1);
}

static inline void body(const char *text)
{
	say((struct msg){ .type = MSG_RELAY_BODY,
		.relay_body = { 7, view_of(text) } },
	    -1);
}

#define BODY "Subject: x\r\n\r\n.dot\r\nend\r\n"

static inline void send_one(void)
{
	mail(sizeof BODY - 1, 0);
	rcpt(40, "to@example.net");
	body(BODY);
}

static inline const struct msg_relay_result *expect_result(
    uint32_t index, enum relay_status status)
{
	const struct msg_relay_result *m =
	    &expect(MSG_RELAY_RESULT)->relay_result;
	ck_assert_uint_eq(m->id, 7);
	ck_assert_uint_eq(m->index, index);
	ck_assert_msg(m->status == status, "%d: %.*s", m->status,
	    (int)m->text.n, m->text.p);
	return m;
}

static inline void expect_sent(void)
{
	const struct msg_relay_result *r = expect_result(40, RELAY_OK);
	ck_assert(view_starts(r->text, V("250 ")));
	expect(MSG_RELAY_DONE);
}

/* A session that is up, with the first server and without TLS. */
static inline void session_is_up(const char *more)
{
	server_start(&one, "127.0.0.1", 0);
	start_role(more);
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
}
#endif
