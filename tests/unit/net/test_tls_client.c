/* TLS as a client against OpenSSL's server in a thread: what passes as the
 * server's certificate, by an authority and by DANE. */
#include "net_suite.h"
#include "pem.h"
#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>

enum certificate {
	GOOD,  /* of our authority, for names below */
	OLD,   /* the same, expired */
	SELF,  /* of none */
	BY_CN, /* of our authority, its name only in the subject */
	BARE,  /* of none, for no name, expired */
	N_CERTIFICATES
};

#define NAMES                                                                  \
	"DNS:mx.example.org,DNS:*.wild.example,DNS:w*.part.example,"           \
	"DNS:example.org,IP:192.0.2.1"

struct made {
	EVP_PKEY *key;
	X509 *x;
};

struct server {
	pthread_t thread;
	int fd, version;
	enum certificate certificate;
	bool up, has_sni;
	char sni[256], heard[64];
	int n_heard;
};

static struct made authority, made[N_CERTIFICATES];
static char authority_pem[8192];
static struct tls_client *client;
static struct owner o;
static struct server k;

static void extend(X509 *x, int id, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, id, value);
	ck_assert_ptr_nonnull(e);
	ck_assert_int_eq(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void issue(struct made *m, const char *cn, const char *names,
    const struct made *by, long ends_s)
{
	m->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	m->x = pem_certify(m->key, cn);
	X509_gmtime_adj(X509_getm_notBefore(m->x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(m->x), ends_s);
	if (names)
		extend(m->x, NID_subject_alt_name, names);
	if (by == m)
		extend(m->x, NID_basic_constraints, "critical,CA:TRUE");
	if (by)
		X509_set_issuer_name(m->x, X509_get_subject_name(by->x));
	ck_assert_int_gt(
	    X509_sign(m->x, by ? by->key : m->key, EVP_sha256()), 0);
}

static void setup(void)
{
	net_setup();
	signal(SIGPIPE, SIG_IGN); /* of the server's thread */
	issue(&authority, "authority", NULL, &authority, 3600);
	issue(&made[GOOD], "mx.example.org", NAMES, &authority, 3600);
	issue(&made[OLD], "mx.example.org", NAMES, &authority, -60);
	issue(&made[SELF], "mx.example.org", NAMES, NULL, 3600);
	issue(&made[BY_CN], "mx.example.org", NULL, &authority, 3600);
	issue(&made[BARE], "nobody", NULL, NULL, -60);
	BIO *b = BIO_new(BIO_s_mem());
	ck_assert(PEM_write_bio_X509(b, authority.x));
	pem_text(b, authority_pem, sizeof authority_pem);
	client = tls_client_new(view_of(authority_pem));
	ck_assert_uint_eq(tls_client_authorities(client), 1);
}

static void drop(struct made *m)
{
	EVP_PKEY_free(m->key);
	X509_free(m->x);
}

static void teardown(void)
{
	tls_client_free(&client);
	drop(&authority);
	for (int i = 0; i < N_CERTIFICATES; i++)
		drop(&made[i]);
	net_teardown();
}

/* Says hello, then waits for an answer. */
static void *server_run(void *ctx)
{
	(void)ctx;
	const struct made *m = &made[k.certificate];
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());
	if (k.version)
		SSL_CTX_set_max_proto_version(c, k.version);
	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_use_cert_and_key(c, m->x, m->key, NULL, 1);
	if (k.certificate != SELF && k.certificate != BARE) {
		X509_up_ref(authority.x);
		SSL_CTX_add_extra_chain_cert(c, authority.x);
	}
	SSL *ssl = SSL_new(c);
	SSL_set_fd(ssl, k.fd);
	k.up = SSL_accept(ssl) == 1;
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	k.has_sni = sni != NULL;
	snprintf(k.sni, sizeof k.sni, "%s", sni ? sni : "");
	if (k.up) {
		SSL_write(ssl, "220 x\r\n", 7);
		k.n_heard = SSL_read(ssl, k.heard, sizeof k.heard);
	}
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(c);
	close(k.fd);
	return NULL;
}

/* What is known in on_tls, before the connection goes. */
static enum tls_result result;
static bool is_verified;
static char why[128];

static void note_tls(void *ctx, int error)
{
	struct owner *w = ctx;
	owner_tls(ctx, error);
	result = conn_tls_result(w->conn);
	is_verified = conn_tls_is_verified(w->conn);
	ck_assert_int_eq(
	    view_to_cstr(conn_tls_why(w->conn), why, sizeof why), 0);
}

static void pair_up(void)
{
	static struct conn_events events;
	int pair[2];
	events = owner_events;
	events.on_tls = note_tls;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	o = (struct owner){ .consume_max = SIZE_MAX };
	buf_init(&o.got, 65536);
	o.conn = conn_new(loop, pair[0], &owner_options, &events, &o);
	k.fd = pair[1];
}

static void shake_hands(struct tls_client_params *p)
{
	p->client = client;
	pair_up();
	conn_start_tls_client(o.conn, p);
	ck_assert_int_eq(pthread_create(&k.thread, NULL, server_run, NULL), 0);
	run_until(&o.n_tls);
}

static void end(void)
{
	if (o.conn)
		conn_finish(o.conn);
	run_until(&o.n_closed);
	pthread_join(k.thread, NULL);
	buf_deinit(&o.got);
}

START_TEST(talks)
{
	const int versions[] = { TLS1_3_VERSION, TLS1_2_VERSION };
	struct tls_client_params p = { .server_name = V("mx.example.org") };
	k.version = versions[_i];
	shake_hands(&p);
	ck_assert_int_eq(o.tls_error, 0);
	ck_assert_view_eq(
	    conn_tls_version(o.conn), _i ? V("TLSv1.2") : V("TLSv1.3"));
	run_until(&o.n_input);
	ck_assert_view_eq(buf_view(&o.got), V("220 x\r\n"));
	buf_put(conn_out(o.conn), V("EHLO y\r\n"));
	end();
	ck_assert_view_eq(
	    ((struct view){ k.heard, (size_t)k.n_heard }), V("EHLO y\r\n"));
	ck_assert(k.has_sni);
	ck_assert_str_eq(k.sni, "mx.example.org");
}

END_TEST

START_TEST(nothing_older_than_tls12)
{
	struct tls_client_params p = { .server_name = V("mx.example.org") };
	k.version = TLS1_1_VERSION;
	shake_hands(&p);
	ck_assert_int_ne(o.tls_error, 0);
	ck_assert_int_eq(result, TLS_RESULT_VALIDATION_FAILURE);
	ck_assert_uint_gt(strlen(why), 0);
	end();
	ck_assert(!k.up);
}

END_TEST

struct name_case {
	enum certificate certificate;
	const char *name;
	bool passes;
	enum tls_result result; /* when it must pass */
};

static const struct name_case name_cases[] = {
	{ GOOD, "mx.example.org", true, TLS_RESULT_OK },
	{ GOOD, "MX.Example.ORG", true, TLS_RESULT_OK },
	{ GOOD, "a.wild.example", true, TLS_RESULT_OK },
	{ GOOD, "a.b.wild.example", false,
	    TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
	{ GOOD, "wild.example", false, TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
	{ GOOD, "wa.part.example", false,
	    TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
	{ GOOD, "mx.example.net", false, TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
	{ GOOD, "[192.0.2.1]", true, TLS_RESULT_OK },
	{ GOOD, "[192.0.2.2]", false, TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
	{ GOOD, "[IPv6:2001:db8::1]", false,
	    TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
	{ OLD, "mx.example.org", false, TLS_RESULT_CERTIFICATE_EXPIRED },
	{ SELF, "mx.example.org", false, TLS_RESULT_CERTIFICATE_NOT_TRUSTED },
	{ BY_CN, "mx.example.org", false,
	    TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
};

enum {
	N_NAME_CASES = sizeof name_cases / sizeof *name_cases
};

START_TEST(passes_by_name)
{
	const struct name_case *c = &name_cases[_i];
	struct tls_client_params p = { .verify = TLS_VERIFY_NAME,
		.server_name = view_of(c->name) };
	k.certificate = c->certificate;
	shake_hands(&p);
	ck_assert_int_eq(o.tls_error == 0, c->passes);
	ck_assert_int_eq(is_verified, c->passes);
	ck_assert_int_eq(result, c->result);
	ck_assert_int_eq(strlen(why) > 0, !c->passes);
	end();
}

END_TEST

/* The same is known when it does not have to pass. */
START_TEST(any_certificate_will_do)
{
	const struct name_case *c = &name_cases[_i];
	struct tls_client_params p = { .server_name = view_of(c->name) };
	k.certificate = c->certificate;
	shake_hands(&p);
	ck_assert_int_eq(o.tls_error, 0);
	ck_assert_int_eq(is_verified, c->passes);
	ck_assert_int_eq(result, TLS_RESULT_OK);
	end();
	ck_assert(k.up);
	ck_assert_int_eq(k.has_sni, c->name[0] != '[');
}

END_TEST

START_TEST(without_a_name)
{
	struct tls_client_params p = { .verify = TLS_VERIFY_NONE };
	shake_hands(&p);
	ck_assert_int_eq(o.tls_error, 0);
	ck_assert(!is_verified);
	end();
	k = (struct server){ 0 };
	p.verify = TLS_VERIFY_NAME;
	shake_hands(&p);
	ck_assert_int_eq(o.tls_error, MC_E_TEMP);
	ck_assert_int_eq(result, TLS_RESULT_VALIDATION_FAILURE);
	end();
	ck_assert(!k.up);
}

END_TEST

/* TLSA data of certificates; W: with one bit changed. */
enum data {
	KEY,  /* SHA-256 of the server's public key */
	CERT, /* of its certificate */
	FULL, /* its certificate */
	FULL_KEY,
	CA, /* SHA-256 of the authority's certificate */
	KEY_512,
	WRONG,
	SHORT,
	NOISE,
};

struct dane_case {
	enum certificate certificate;
	const char *name, *other;

	struct {
		uint8_t usage, selector, matching;
		enum data data;
	} records[3];

	int n;
	bool passes, is_verified;
	enum tls_result result;
};

#define MX "mx.example.org"
#define NONE TLS_RESULT_OK
static const struct dane_case dane_cases[] = {
	/* RFC 7672 3.1.1: neither name nor date nor authority count. */
	{ GOOD, MX, "", { { 3, 1, 1, KEY } }, 1, true, true, NONE },
	{ BARE, MX, "", { { 3, 1, 1, KEY } }, 1, true, true, NONE },
	{ SELF, "a.example", "", { { 3, 0, 1, CERT } }, 1, true, true, NONE },
	{ BARE, MX, "", { { 3, 0, 0, FULL } }, 1, true, true, NONE },
	{ BARE, MX, "", { { 3, 1, 0, FULL_KEY } }, 1, true, true, NONE },
	{ BARE, MX, "", { { 3, 1, 2, KEY_512 } }, 1, true, true, NONE },
	{ GOOD, MX, "", { { 3, 1, 1, WRONG } }, 1, false, false,
	    TLS_RESULT_TLSA_INVALID },
	/* One of several is enough. */
	{ BARE, MX, "", { { 3, 1, 1, WRONG }, { 3, 1, 1, KEY } }, 2, true, true,
	    NONE },
	/* 3.1.2: under a trust anchor name and date count. */
	{ GOOD, MX, "", { { 2, 0, 1, CA } }, 1, true, true, NONE },
	{ OLD, MX, "", { { 2, 0, 1, CA } }, 1, false, false,
	    TLS_RESULT_CERTIFICATE_EXPIRED },
	{ GOOD, "mx.example.net", "", { { 2, 0, 1, CA } }, 1, false, false,
	    TLS_RESULT_CERTIFICATE_HOST_MISMATCH },
	{ GOOD, "mx.example.net", "example.org", { { 2, 0, 1, CA } }, 1, true,
	    true, NONE },
	{ SELF, MX, "", { { 2, 0, 1, CA } }, 1, false, false,
	    TLS_RESULT_TLSA_INVALID },
	/* 3.1.3, 2.2: none that counts: encrypted, not verified. */
	{ SELF, MX, "", { { 1, 1, 1, KEY } }, 1, true, false, NONE },
	{ SELF, MX, "", { { 0, 0, 1, CA } }, 1, true, false, NONE },
	{ SELF, MX, "", { { 3, 1, 9, KEY } }, 1, true, false, NONE },
	{ SELF, MX, "", { { 3, 7, 1, KEY } }, 1, true, false, NONE },
	{ SELF, MX, "", { { 3, 1, 1, SHORT } }, 1, true, false, NONE },
	{ SELF, MX, "", { { 3, 0, 0, NOISE } }, 1, true, false, NONE },
	/* One that does not count beside one that does, and does not fit. */
	{ GOOD, MX, "", { { 1, 1, 1, KEY }, { 3, 1, 1, WRONG } }, 2, false,
	    false, TLS_RESULT_TLSA_INVALID },
};

static struct view tlsa_data(
    enum data kind, const struct made *m, unsigned char *out)
{
	unsigned char *der = NULL;
	int n = kind == CA ? i2d_X509(authority.x, &der)
		: kind == CERT || kind == FULL
		    ? i2d_X509(m->x, &der)
		    : i2d_X509_PUBKEY(X509_get_X509_PUBKEY(m->x), &der);
	size_t size = kind == KEY_512 ? 64 : kind == SHORT ? 31 : 32;
	ck_assert_int_gt(n, 0);
	if (kind == FULL || kind == FULL_KEY || kind == NOISE) {
		size = (size_t)n;
		memcpy(out, der, size);
	} else if (kind == KEY_512) {
		SHA512(der, (size_t)n, out);
	} else {
		SHA256(der, (size_t)n, out);
	}
	if (kind == WRONG)
		out[7] ^= 1;
	if (kind == NOISE)
		out[0] ^= 1;
	OPENSSL_free(der);
	return (struct view){ (const char *)out, size };
}

START_TEST(passes_by_dane)
{
	const struct dane_case *c = &dane_cases[_i];
	static unsigned char bytes[3][2048];
	struct tls_tlsa tlsa[3];
	for (int i = 0; i < c->n; i++)
		tlsa[i] = (struct tls_tlsa){ c->records[i].usage,
			c->records[i].selector, c->records[i].matching,
			tlsa_data(c->records[i].data, &made[c->certificate],
			    bytes[i]) };
	struct tls_client_params p = { .verify = TLS_VERIFY_DANE,
		.server_name = view_of(c->name),
		.other_name = view_of(c->other),
		.tlsa = tlsa,
		.n_tlsa = (size_t)c->n };
	k.certificate = c->certificate;
	shake_hands(&p);
	ck_assert_msg((o.tls_error == 0) == c->passes, "%s", why);
	ck_assert_int_eq(is_verified, c->is_verified);
	ck_assert_msg(result == c->result, "%d: %s", result, why);
	end();
	ck_assert_str_eq(k.sni, c->name);
}

END_TEST

/* RFC 3207 4.2 and 6: what came behind the reply in plaintext is dropped. */
START_TEST(injected_plaintext_is_dropped)
{
	struct tls_client_params p = { .client = client,
		.server_name = V("mx.example.org") };
	pair_up();
	o.consume_max = 0;
	ck_assert_int_eq(send(k.fd, "250 evil\r\n", 10, 0), 10);
	run_until(&o.n_input);
	o.consume_max = SIZE_MAX;
	o.n_input = 0;
	conn_start_tls_client(o.conn, &p);
	ck_assert_int_eq(pthread_create(&k.thread, NULL, server_run, NULL), 0);
	run_until(&o.n_tls);
	ck_assert_int_eq(o.tls_error, 0);
	run_until(&o.n_input);
	ck_assert_view_eq(buf_view(&o.got), V("220 x\r\n"));
	end();
}

END_TEST

START_TEST(noise_instead_of_a_handshake)
{
	struct tls_client_params p = { .client = client,
		.server_name = V("mx.example.org") };
	pair_up();
	conn_start_tls_client(o.conn, &p);
	if (_i)
		ck_assert_int_eq(send(k.fd, "220 plaintext\r\n", 15, 0), 15);
	else
		shutdown(k.fd, SHUT_WR);
	run_until(&o.n_closed);
	ck_assert_uint_eq(o.n_tls, 1);
	ck_assert_int_eq(o.tls_error, _i ? MC_E_PROTO : MC_E_CLOSED);
	close(k.fd);
	buf_deinit(&o.got);
}

END_TEST

/* A file of the administrator's may hold anything. */
START_TEST(authorities_from_any_text)
{
	static char text[20000];
	int n = snprintf(text, sizeof text,
	    "# comment\n%s-----BEGIN CERTIFICATE-----\nAAAA\n"
	    "-----END CERTIFICATE-----\n%snoise\n-----BEGIN",
	    authority_pem, authority_pem);
	ck_assert_int_lt(n, (int)sizeof text);
	struct tls_client *c = tls_client_new(view_of(text));
	ck_assert_uint_ge(tls_client_authorities(c), 1);
	tls_client_free(&c);
	c = tls_client_new(V_NONE);
	ck_assert_uint_eq(tls_client_authorities(c), 0);
	tls_client_free(&c);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("tls_client");
	TCase *t = tcase_create("tls_client");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, talks, 0, 2);
	tcase_add_test(t, nothing_older_than_tls12);
	tcase_add_loop_test(t, passes_by_name, 0, N_NAME_CASES);
	tcase_add_loop_test(t, any_certificate_will_do, 0, N_NAME_CASES);
	tcase_add_test(t, without_a_name);
	tcase_add_loop_test(t, passes_by_dane, 0,
	    (int)(sizeof dane_cases / sizeof *dane_cases));
	tcase_add_test(t, injected_plaintext_is_dropped);
	tcase_add_loop_test(t, noise_instead_of_a_handshake, 0, 2);
	tcase_add_test(t, authorities_from_any_text);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
