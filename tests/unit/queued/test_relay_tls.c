/* The relay role against servers on loopback: under what TLS a host gets the
 * mail. */
#include "queued/relay/relay.h"
#include "relay_suite.h"
#include <openssl/sha.h>

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

/* RFC 8689 4.2.2: whatever the domain demands; no report speaks of it. */
START_TEST(optional_tls)
{
	unsigned char digest[32];
	const char *address = "127.0.0.1";
	serve_tls(_i ? BREAKS_TLS : OFFERS_TLS, "another.name");
	struct view tlsa = digest_of(&one, digest);
	digest[3] ^= 1;
	add_host("mx", &address, 1, DANE_OK, tlsa);
	open_as(RELAY_TLS_OPTIONAL, "", 0);
	ck_assert_int_eq(expect_up("mx")->tls.n == 0, _i);
	close_session();
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

/* What goes to the network passes through memory that is wiped. */
static bool keeps_secrets(void)
{
	struct relay *r = fake.state;
	struct hash_node *n = hash_find(&r->sessions, hash_mix(7));
	ck_assert_ptr_nonnull(n);
	return conn_out(CONTAINER(n, struct relay_session, node)->conn)
	    ->is_secret;
}

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
	ck_assert(keeps_secrets());
	/* base64 of NUL u NUL secret */
	ck_assert_ptr_nonnull(strstr(one.log, "AUTH PLAIN AHUAc2VjcmV0\n"));
	send_one();
	expect_sent();
	close_session();
}

END_TEST

/* Both sides of the connection have the same binding. */
START_TEST(login_is_bound_to_the_connection)
{
	one.tls = IMPLICIT_TLS;
	one.offers = "250-AUTH PLAIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS\r\n";
	one.password = _i ? "another" : "secret";
	fake.secret = "secret\n";
	server_certify(&one, "smart.example", ca, ca_key);
	server_start(&one, "127.0.0.1", 0);
	start_role("route \"*\" { host = \"smart.example\" port = 465 "
		   "tls = implicit user = \"u\" password_file = \"/x\" }\n");
	host("smart.example", "127.0.0.1");
	open_as(RELAY_TLS_VERIFIED, "", 1);
	expect_tls(TLS_POLICY_NONE, TLS_RESULT_OK, "smart.example");
	if (_i) {
		ck_assert_uint_eq(expect_down(RELAY_STAGE_AUTH)->code, 535);
		return;
	}
	expect_up("smart.example");
	send_one();
	expect_sent();
	close_session();
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/relay_tls");
	TCase *t = tcase_create("relay_tls");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, tls_when_offered, 0, 2);
	tcase_add_loop_test(t, without_tls_when_it_breaks, 0, 2);
	tcase_add_test(t, gone_when_tls_broke);
	tcase_add_test(t, required_tls_that_breaks);
	tcase_add_test(t, required_tls_that_is_not_offered);
	tcase_add_loop_test(t, policy, 0, 3);
	tcase_add_loop_test(t, optional_tls, 0, 2);
	tcase_add_loop_test(t, dane, 0, 3);
	tcase_add_loop_test(t, mail_that_requires_tls, 0,
	    (int)(sizeof requiretls_cases / sizeof *requiretls_cases));
	tcase_add_loop_test(t, route_with_a_password, 0, 4);
	tcase_add_loop_test(t, login_is_bound_to_the_connection, 0, 2);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
