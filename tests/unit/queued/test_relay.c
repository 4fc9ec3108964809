/* The relay role against servers on loopback: which host gets the mail, under
 * what TLS, and what the queue is told. */
#include "relay_fixture.h"
#include <openssl/sha.h>

static struct server one, two;
static EVP_PKEY *ca_key;
static X509 *ca;
static char ca_pem[8192], hosts[32000];
static size_t n_hosts;

static void make_authority(void)
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

static void start_role(const char *more)
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

static void setup(void)
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
static void add_host(const char *name, const char *const *addresses, size_t n,
    enum route_dane dane, struct view tlsa)
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

static void host(const char *name, const char *address)
{
	add_host(name, &address, 1, DANE_NONE, V_NONE);
}

static void open_as(enum relay_tls tls, const char *policy, uint32_t route)
{
	say((struct msg){ .type = MSG_RELAY_OPEN,
		.relay_open = { 7, V("example.net"), route, (uint8_t)tls,
		    one.port, view_of(policy), { hosts, n_hosts } } },
	    -1);
	n_hosts = 0;
}

static void open_session(void)
{
	open_as(RELAY_TLS_OPPORTUNISTIC, "", 0);
}

static void expect_tls(
    enum tls_policy policy, enum tls_result result, const char *at)
{
	const struct msg_relay_tls *m = &expect(MSG_RELAY_TLS)->relay_tls;
	ck_assert_uint_eq(m->id, 7);
	ck_assert_uint_eq(m->policy, policy);
	ck_assert_msg(m->result == result, "%d: %.*s", m->result,
	    (int)m->text.n, m->text.p);
	ck_assert_view_eq(m->host, view_of(at));
}

static const struct msg_relay_up *expect_up(const char *at)
{
	const struct msg_relay_up *m = &expect(MSG_RELAY_UP)->relay_up;
	ck_assert_uint_eq(m->id, 7);
	ck_assert_view_eq(m->host, view_of(at));
	return m;
}

static const struct msg_relay_down *expect_down(enum relay_stage stage)
{
	const struct msg_relay_down *m = &expect(MSG_RELAY_DOWN)->relay_down;
	ck_assert_uint_eq(m->id, 7);
	ck_assert_msg(m->stage == stage, "stage %d: %.*s", m->stage,
	    (int)m->text.n, m->text.p);
	return m;
}

static void close_session(void)
{
	say((struct msg){ .type = MSG_RELAY_CLOSE, .relay_close = { 7 } }, -1);
	expect_down(RELAY_STAGE_CLOSED);
}

/* Nothing is left of it, and nothing else was said. */
static void teardown(void)
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

static void mail(uint64_t size, uint32_t flags)
{
	say((struct msg){ .type = MSG_RELAY_MAIL,
		.relay_mail = { 7, 0x123, V("from@example.org"), flags,
		    V("ENV1"), size } },
	    -1);
}

static void rcpt(uint32_t index, const char *address)
{
	say((struct msg){ .type = MSG_RELAY_RCPT,
		.relay_rcpt = { 7, index, view_of(address),
		    V("rfc822;orig@example.net"), NOTIFY_SUCCESS } },
	    -1);
}

static void body(const char *text)
{
	say((struct msg){ .type = MSG_RELAY_BODY,
		.relay_body = { 7, view_of(text) } },
	    -1);
}

#define BODY "Subject: x\r\n\r\n.dot\r\nend\r\n"

static void send_one(void)
{
	mail(sizeof BODY - 1, 0);
	rcpt(40, "to@example.net");
	body(BODY);
}

static const struct msg_relay_result *expect_result(
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

static void expect_sent(void)
{
	const struct msg_relay_result *r = expect_result(40, RELAY_OK);
	ck_assert(view_starts(r->text, V("250 ")));
	expect(MSG_RELAY_DONE);
}

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
	server_start(&one, "127.0.0.1", 0);
	start_role("relay_helo = \"out.example.org\"\n");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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

/* TLS */

static void serve_tls(enum server_tls tls, const char *name)
{
	one.tls = tls;
	server_certify(&one, name, ca, ca_key);
	server_start(&one, "127.0.0.1", 0);
	start_role("");
}

START_TEST(tls_when_offered)
{
	serve_tls(OFFERS_TLS, _i ? "other.example" : "mx.example.net");
	host("mx.example.net", "127.0.0.1");
	open_session();
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_OK, "mx.example.net");
	struct view tls = expect_up("mx.example.net")->tls;
	ck_assert(view_starts(tls, V("TLSv1.3 TLS_")));
	ck_assert_int_eq(view_find(tls, V(" verified")) < tls.n, !_i);
	send_one();
	expect_sent();
	close_session();
}

END_TEST

/* A handshake that fails is followed by another connection without. */
START_TEST(without_tls_when_it_breaks)
{
	serve_tls(_i ? BREAKS_TLS : DROPS_TLS, "mx");
	host("mx", "127.0.0.1");
	open_session();
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_VALIDATION_FAILURE, "mx");
	ck_assert_view_eq(expect_up("mx")->tls, V(""));
	ck_assert_uint_eq(one.n_connections, 2);
	send_one();
	expect_sent();
	close_session();
}

END_TEST

/* The next host has TLS to itself again. */
START_TEST(gone_when_tls_broke)
{
	one.only_one = true;
	serve_tls(DROPS_TLS, "mx");
	two.tls = OFFERS_TLS;
	server_certify(&two, "second", ca, ca_key);
	server_start(&two, "127.0.0.2", one.port);
	host("mx", "127.0.0.1");
	host("second", "127.0.0.2");
	open_session();
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_VALIDATION_FAILURE, "mx");
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_OK, "second");
	expect_up("second");
	close_session();
}

END_TEST

/* But not when it is required: the next host. */
START_TEST(required_tls_that_breaks)
{
	serve_tls(BREAKS_TLS, "mx");
	two.tls = OFFERS_TLS;
	server_certify(&two, "second", ca, ca_key);
	server_start(&two, "127.0.0.2", one.port);
	host("mx", "127.0.0.1");
	host("second", "127.0.0.2");
	open_as(RELAY_TLS_REQUIRED, "", 0);
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_VALIDATION_FAILURE, "mx");
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_OK, "second");
	expect_up("second");
	ck_assert_uint_eq(one.n_connections, 1);
	ck_assert_uint_eq(one.n_mails, 0);
	close_session();
}

END_TEST

START_TEST(required_tls_that_is_not_offered)
{
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_REQUIRED, "", 0);
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_STARTTLS_NOT_SUPPORTED, "mx");
	expect_down(RELAY_STAGE_TLS);
}

END_TEST

/* MTA-STS: the certificate, and the name in the policy. */
START_TEST(policy)
{
	serve_tls(OFFERS_TLS, _i == 1 ? "evil.example" : "mx.example.net");
	host("mx.example.net", "127.0.0.1");
	open_as(RELAY_TLS_VERIFIED,
	    _i == 2 ? "mx.example.com" : "*.example.net", 0);
	if (_i == 0) {
		expect_tls(TLS_POLICY_STS, TLS_RESULT_OK, "mx.example.net");
		expect_up("mx.example.net");
		close_session();
		return;
	}
	expect_tls(TLS_POLICY_STS,
	    _i == 1 ? TLS_RESULT_CERTIFICATE_HOST_MISMATCH
		    : TLS_RESULT_VALIDATION_FAILURE,
	    "mx.example.net");
	expect_down(RELAY_STAGE_TLS);
	ck_assert_uint_eq(one.n_connections, _i == 1);
}

END_TEST

static struct view digest_of(const struct server *s, unsigned char out[32])
{
	unsigned char *der = NULL;
	int n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(s->certificate), &der);
	SHA256(der, (size_t)n, out);
	OPENSSL_free(der);
	return (struct view){ (const char *)out, 32 };
}

/* 0: fits; 1: does not; 2: cannot be known, the host is left alone. */
START_TEST(dane)
{
	unsigned char digest[32];
	const char *address = "127.0.0.1";
	serve_tls(OFFERS_TLS, "another.name");
	struct view tlsa = digest_of(&one, digest);
	digest[3] ^= _i == 1;
	add_host("mx", &address, 1, _i == 2 ? DANE_TEMP : DANE_OK, tlsa);
	open_session();
	if (_i == 0) {
		expect_tls(TLS_POLICY_TLSA, TLS_RESULT_OK, "mx");
		struct view tls = expect_up("mx")->tls;
		ck_assert_uint_lt(view_find(tls, V(" dane")), tls.n);
		close_session();
		return;
	}
	expect_tls(TLS_POLICY_TLSA,
	    _i == 1 ? TLS_RESULT_TLSA_INVALID : TLS_RESULT_DNSSEC_INVALID,
	    "mx");
	ck_assert_uint_eq(expect_down(RELAY_STAGE_TLS)->code, 0);
	ck_assert_uint_eq(one.n_mails, 0);
	ck_assert_uint_eq(one.n_connections, _i == 1);
}

END_TEST

/* RFC 8689 4.2.1 */
struct requiretls_case {
	bool is_offered, fits, is_secure, has_dane, passes;
};

static const struct requiretls_case requiretls_cases[] = {
	{ true, false, true, true, true },
	{ false, false, true, true, false },
	{ true, true, true, false, true },
	{ true, false, true, false, false },
	/* Whose certificate it is to be, anybody could have said. */
	{ true, true, false, false, false },
};

START_TEST(mail_that_requires_tls)
{
	const struct requiretls_case *c = &requiretls_cases[_i];
	unsigned char digest[32];
	struct route_host h = { .name = V("mx"),
		.is_secure = c->is_secure,
		.n_addresses = 1,
		.addresses = { { { 127, 0, 0, 1 }, false } } };
	one.offers = c->is_offered ? "250-REQUIRETLS\r\n" : NULL;
	serve_tls(OFFERS_TLS, c->fits ? "mx" : "elsewhere");
	if (c->has_dane) {
		h.dane = DANE_OK;
		h.n_tlsa = 1;
		h.tlsa[0] =
		    (struct route_tlsa){ 3, 1, 1, digest_of(&one, digest) };
	}
	ck_assert_int_eq(route_put_host(&h, hosts, sizeof hosts, &n_hosts), 0);
	open_session();
	expect_tls(c->has_dane ? TLS_POLICY_TLSA : TLS_POLICY_NONE,
	    TLS_RESULT_OK, "mx");
	expect_up("mx");
	mail(sizeof BODY - 1, SUBMIT_FLAG_REQUIRETLS);
	rcpt(40, "to@example.net");
	body(BODY);
	if (c->passes) {
		expect_sent();
		ck_assert_ptr_nonnull(strstr(one.log, " REQUIRETLS"));
	} else {
		struct view text = expect_result(40, RELAY_PERMANENT)->text;
		ck_assert_uint_lt(view_find(text, V("5.7.30")), text.n);
		expect(MSG_RELAY_DONE);
		ck_assert_uint_eq(one.n_mails, 0);
	}
	close_session();
}

END_TEST

/* Routes */

START_TEST(route_with_a_password)
{
	one.tls = _i == 1 ? OFFERS_TLS : IMPLICIT_TLS;
	one.offers = "250-AUTH PLAIN\r\n";
	one.auth = _i == 2 ? "535 5.7.8 wrong\r\n" : NULL;
	fake.secret = _i == 3 ? "\n" : "secret\r\nsecond line\n";
	server_certify(&one, "smart.example", ca, ca_key);
	server_start(&one, "127.0.0.1", 0);
	start_role(_i == 1
		       ? "route \"*\" { host = \"smart.example\" port = 587 "
			 "tls = verified user = \"u\" "
			 "password_file = \"/x\" }\n"
		       : "route \"*\" { host = \"smart.example\" port = 465 "
			 "tls = implicit user = \"u\" "
			 "password_file = \"/x\" }\n");
	host("smart.example", "127.0.0.1");
	open_as(RELAY_TLS_VERIFIED, "", 1);
	if (_i == 3) {
		expect_down(RELAY_STAGE_AUTH);
		ck_assert_uint_eq(one.n_connections, 0);
		return;
	}
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_OK, "smart.example");
	if (_i == 2) {
		ck_assert_uint_eq(expect_down(RELAY_STAGE_AUTH)->code, 535);
		return;
	}
	expect_up("smart.example");
	/* base64 of NUL u NUL secret */
	ck_assert_ptr_nonnull(strstr(one.log, "AUTH PLAIN AHUAc2VjcmV0\n"));
	send_one();
	expect_sent();
	close_session();
}

END_TEST

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
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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

/* Shorter than the queue said: what the peer got so far is no message. */
START_TEST(file_that_ends_early)
{
	one.offers = _i ? "250-PIPELINING\r\n250-CHUNKING\r\n" : NULL;
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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
	server_start(&one, "127.0.0.1", 0);
	start_role("relay_sessions_max = 1\n");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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
	server_start(&one, "127.0.0.1", 0);
	start_role("");
	host("mx", "127.0.0.1");
	open_as(RELAY_TLS_NONE, "", 0);
	expect_up("mx");
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

static Suite *build(void)
{
	Suite *s = suite_create("relay");
	TCase *t = tcase_create("relay");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, delivers, 0, 4);
	tcase_add_test(t, each_recipient_has_its_result);
	tcase_add_loop_test(t, next_host, 0,
	    (int)(sizeof fallback_cases / sizeof *fallback_cases));
	tcase_add_test(t, next_address_of_a_host);
	tcase_add_test(t, refused_everywhere);
	tcase_add_test(t, family_is_kept);
	tcase_add_loop_test(t, tls_when_offered, 0, 2);
	tcase_add_loop_test(t, without_tls_when_it_breaks, 0, 2);
	tcase_add_test(t, gone_when_tls_broke);
	tcase_add_test(t, required_tls_that_breaks);
	tcase_add_test(t, required_tls_that_is_not_offered);
	tcase_add_loop_test(t, policy, 0, 3);
	tcase_add_loop_test(t, dane, 0, 3);
	tcase_add_loop_test(t, mail_that_requires_tls, 0,
	    (int)(sizeof requiretls_cases / sizeof *requiretls_cases));
	tcase_add_loop_test(t, route_with_a_password, 0, 4);
	tcase_add_loop_test(t, socket_of_a_route, 0, 2);
	tcase_add_loop_test(t, body_from_a_file, 0, 2);
	tcase_add_loop_test(t, file_that_ends_early, 0, 2);
	tcase_add_loop_test(t, connection_drops, 0, 4);
	tcase_add_test(t, host_that_takes_two);
	tcase_add_loop_test(t, closed_at_any_time, 0, 5);
	tcase_add_loop_test(t, queue_is_gone, 0, 2);
	tcase_add_test(t, stop_finishes_messages);
	tcase_add_test(t, too_many_sessions);
	tcase_add_test(t, hosts_of_any_bytes);
	tcase_add_loop_test(t, messages_out_of_turn, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
