/* TLS with keys that are elsewhere, against OpenSSL's client in a thread. */
#include "net_suite.h"
#include "pem.h"
#include "proc/keys/keys.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>

struct variant {
	const char *kind;
	int version; /* of the client, at most */
	const char *version_text, *ciphers;
};

static const struct variant variants[] = {
	{ "RSA", TLS1_3_VERSION, "TLSv1.3", NULL },
	{ "RSA", TLS1_2_VERSION, "TLSv1.2", NULL },
	{ "P-256", TLS1_3_VERSION, "TLSv1.3", NULL },
	{ "P-256", TLS1_2_VERSION, "TLSv1.2", NULL },
	{ "P-384", TLS1_3_VERSION, "TLSv1.3", NULL },
	{ "P-384", TLS1_2_VERSION, "TLSv1.2", NULL },
};

/* What the client does, and what it saw. */
struct client {
	pthread_t thread;
	int fd, version;
	const char *server_name;
	const char *say;       /* then waits for as many octets back */
	const char *plaintext; /* before the handshake, in one write with it */
	const char *sigalgs;
	bool half_close;
	bool up, ended;
	char peer[64], heard[65536];
	size_t n_heard;
	char binding[32];
	uint64_t done;
};

static struct keys *keys;
static struct tls_server *server;
static struct pem pem, other;
static struct owner o;
static struct client c;
static unsigned n_signed;
static bool sign_wrongly, sign_fails;

static int sign(void *ctx, uint32_t key, uint16_t scheme, struct view digest,
    char *signature, size_t *n)
{
	(void)ctx;
	n_signed++;
	if (sign_fails)
		return MC_E_TEMP;
	int error = keys_sign(keys, key, scheme, digest, signature, n);
	if (sign_wrongly)
		signature[*n - 1] = (char)(signature[*n - 1] ^ 1);
	return error;
}

static const struct tls_signer signer = { sign, NULL };

static void converse(struct client *k, SSL *ssl)
{
	int n;
	X509 *x = SSL_get1_peer_certificate(ssl);
	X509_NAME_get_text_by_NID(
	    X509_get_subject_name(x), NID_commonName, k->peer, 64);
	X509_free(x);
	SSL_export_keying_material(ssl, (unsigned char *)k->binding, 32,
	    "EXPORTER-Channel-Binding", 24, NULL, 0, 0);
	if (k->say)
		SSL_write(ssl, k->say, (int)strlen(k->say));
	if (k->half_close)
		SSL_shutdown(ssl);
	while ((n = SSL_read(ssl, k->heard + k->n_heard,
		    (int)(sizeof k->heard - k->n_heard))) > 0) {
		k->n_heard += (size_t)n;
		if (k->say && !k->half_close && k->n_heard >= strlen(k->say))
			return;
	}
	k->ended = SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN;
}

static void *client_run(void *ctx)
{
	struct client *k = ctx;
	SSL_CTX *sc = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_max_proto_version(sc, k->version);
	SSL *ssl = SSL_new(sc);
	SSL_set_fd(ssl, k->fd);
	if (k->server_name)
		SSL_set_tlsext_host_name(ssl, (char *)(size_t)k->server_name);
	if (k->sigalgs)
		SSL_set1_sigalgs_list(ssl, (char *)(size_t)k->sigalgs);
	k->up = SSL_connect(ssl) == 1;
	if (k->up)
		converse(k, ssl);
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(sc);
	close(k->fd);
	return NULL;
}

static void add(struct pem *p, const char *kind, const char *cn,
    struct view server_name, uint32_t number)
{
	const char *why;
	pem_make(p, kind, cn);
	ck_assert_int_eq(
	    keys_load(keys, number, view_of(p->private_key), &why), 0);
	ck_assert_int_eq(tls_server_add(server, server_name,
			     view_of(p->certificate), number),
	    0);
}

static void setup(void)
{
	struct tls_options options = { .allow_tls12 = true };
	net_setup();
	signal(SIGPIPE, SIG_IGN); /* of the client's thread */
	keys = keys_new();
	server = tls_server_new(&options, &signer);
	ck_assert(!tls_server_ready(server));
}

/* A server connection and the client's socket. */
static void pair_up(void)
{
	int pair[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	owner_init(&o, pair[0]);
	c.fd = pair[1];
	o.echo = true;
	o.tls = server;
	if (!c.version)
		c.version = TLS1_3_VERSION;
}

static void start_client(void)
{
	ck_assert_int_eq(pthread_create(&c.thread, NULL, client_run, &c), 0);
}

static void end(void)
{
	if (o.conn)
		conn_finish(o.conn);
	run_until(&o.n_closed);
	pthread_join(c.thread, NULL);
	buf_deinit(&o.got);
}

static void teardown(void)
{
	tls_server_free(&server);
	keys_free(&keys);
	pem_deinit(&pem);
	pem_deinit(&other);
	net_teardown();
}

START_TEST(talks)
{
	const struct variant *v = &variants[_i];
	char binding[64];
	add(&pem, v->kind, "mx.example.org", V(""), 7);
	ck_assert(tls_server_ready(server));
	c.version = v->version;
	c.say = "EHLO a\r\n";
	pair_up();
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_tls);
	ck_assert_int_eq(o.tls_error, 0);
	run_until(&o.n_input);
	ck_assert(conn_has_tls(o.conn));
	ck_assert_view_eq(conn_tls_version(o.conn), view_of(v->version_text));
	ck_assert_uint_gt(conn_tls_cipher(o.conn).n, 0);
	ck_assert_uint_eq(conn_tls_binding(o.conn, binding), 32);
	run_until(&o.n_eof);
	end();
	ck_assert_mem_eq(binding, c.binding, 32);
	ck_assert_view_eq(
	    ((struct view){ c.heard, c.n_heard }), V("EHLO a\r\n"));
	ck_assert_uint_eq(n_signed, 1);
}

END_TEST

START_TEST(only_tls13_when_so_set)
{
	struct tls_options options = { .allow_tls12 = false };
	tls_server_free(&server);
	server = tls_server_new(&options, &signer);
	add(&pem, "P-256", "mx.example.org", V(""), 7);
	c.version = TLS1_2_VERSION;
	pair_up();
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_tls);
	ck_assert_int_eq(o.tls_error, MC_E_PROTO);
	run_until(&o.n_closed);
	end();
	ck_assert(!c.up);
}

END_TEST

struct sni_case {
	const char *asked, *got;
};

static const struct sni_case sni_cases[] = {
	{ NULL, "default.example" },
	{ "second.example", "second.example" },
	{ "SECOND.example", "second.example" },
	{ "unknown.example", "default.example" },
};

START_TEST(server_name_chooses)
{
	add(&pem, "P-256", "default.example", V(""), 1);
	add(&other, "RSA", "second.example", V("second.example"), 2);
	c.server_name = sni_cases[_i].asked;
	c.say = "x";
	pair_up();
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_eof);
	end();
	ck_assert_str_eq(c.peer, sni_cases[_i].got);
}

END_TEST

/* Two certificates under one name: the client's algorithms choose. */
START_TEST(rsa_beside_ec)
{
	add(&pem, "P-256", "ec", V(""), 1);
	add(&other, "RSA", "rsa", V(""), 2);
	c.sigalgs = _i ? "rsa_pss_rsae_sha256:rsa_pkcs1_sha256"
		       : "ecdsa_secp256r1_sha256";
	c.say = "x";
	pair_up();
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_eof);
	end();
	ck_assert_str_eq(c.peer, _i ? "rsa" : "ec");
}

END_TEST

/* STARTTLS: RFC 3207 6. What came with the command in plaintext is dropped. */
START_TEST(injected_plaintext_is_dropped)
{
	char reply[32];
	add(&pem, "P-256", "mx.example.org", V(""), 1);
	c.say = "EHLO b\r\n";
	pair_up();
	o.echo = false;
	o.consume_max = 10;
	o.on_input = ACT_START_TLS;
	static const char injected[] = "STARTTLS\r\nMAIL FROM:<evil@x>\r\n";
	ck_assert_int_eq(
	    send(c.fd, injected, sizeof injected - 1, 0), sizeof injected - 1);
	buf_put(conn_out(o.conn), V("220 go\r\n"));
	run_until(&o.n_input);
	ck_assert_int_eq(recv(c.fd, reply, sizeof reply, 0), 8);
	o.echo = true;
	o.consume_max = SIZE_MAX;
	start_client();
	run_until(&o.n_eof);
	end();
	ck_assert_view_eq(buf_view(&o.got), V(""));
	ck_assert_view_eq(
	    ((struct view){ c.heard, c.n_heard }), V("EHLO b\r\n"));
}

END_TEST

START_TEST(noise_instead_of_a_handshake)
{
	add(&pem, "P-256", "mx.example.org", V(""), 1);
	pair_up();
	conn_start_tls(o.conn, server);
	ck_assert_int_eq(send(c.fd, "EHLO plaintext\r\n", 16, 0), 16);
	run_until(&o.n_closed);
	ck_assert_uint_eq(o.n_tls, 1);
	ck_assert_int_eq(o.tls_error, MC_E_PROTO);
	ck_assert_uint_eq(o.n_input, 0);
	close(c.fd);
	buf_deinit(&o.got);
}

END_TEST

START_TEST(client_leaves_in_the_handshake)
{
	add(&pem, "P-256", "mx.example.org", V(""), 1);
	pair_up();
	conn_start_tls(o.conn, server);
	run_ms(5);
	close(c.fd);
	run_until(&o.n_closed);
	ck_assert_uint_eq(o.n_tls, 1);
	ck_assert_int_eq(o.tls_error, MC_E_CLOSED);
	buf_deinit(&o.got);
}

END_TEST

/* A signature that is wrong or does not come fails this handshake only. */
START_TEST(bad_signature_fails_one_handshake)
{
	bool *faults[] = { &sign_wrongly, &sign_fails };
	add(&pem, "RSA", "mx.example.org", V(""), 1);
	*faults[_i] = true;
	pair_up();
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_closed);
	end();
	ck_assert(!c.up);
	*faults[_i] = false;
	c = (struct client){ .say = "x" };
	pair_up();
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_eof);
	end();
	ck_assert(c.up);
}

END_TEST

START_TEST(close_when_up)
{
	add(&pem, "P-256", "mx.example.org", V(""), 1);
	c.say = "x";
	pair_up();
	o.on_tls = _i ? ACT_FINISH : ACT_CLOSE;
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_closed);
	end();
	ck_assert_uint_eq(o.n_input, 0);
	if (_i)
		ck_assert(c.ended);
}

END_TEST

/* A session outlives the server's certificates (a reload). */
START_TEST(session_outlives_the_server)
{
	add(&pem, "P-256", "mx.example.org", V(""), 1);
	c.say = "still here";
	pair_up();
	conn_start_tls(o.conn, server);
	run_ms(2);
	tls_server_free(&server);
	start_client();
	run_until(&o.n_eof);
	end();
	ck_assert_uint_eq(c.n_heard, 10);
}

END_TEST

static int inside;

static void *echo_inside(void *ctx)
{
	char bytes[4096];
	ssize_t n;
	(void)ctx;
	while ((n = recv(inside, bytes, sizeof bytes, 0)) > 0)
		send(inside, bytes, (size_t)n, MSG_NOSIGNAL);
	close(inside);
	return NULL;
}

/* Half-close of the client reaches the agent, whose rest reaches the client. */
START_TEST(splice_carries_plaintext)
{
	static char large[40001];
	int pair[2];
	pthread_t echo;
	memset(large, 'x', sizeof large - 1);
	add(&pem, "P-256", "mx.example.org", V(""), 1);
	c.say = large;
	c.half_close = true;
	c.version = _i ? TLS1_3_VERSION : TLS1_2_VERSION;
	pair_up();
	o.echo = false;
	o.consume_max = 0;
	conn_start_tls(o.conn, server);
	start_client();
	run_until(&o.n_tls);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	inside = pair[1];
	conn_splice(o.conn, pair[0]);
	pthread_create(&echo, NULL, echo_inside, NULL);
	run_until(&o.n_closed);
	pthread_join(c.thread, NULL);
	pthread_join(echo, NULL);
	ck_assert_uint_eq(c.n_heard, sizeof large - 1);
	ck_assert(c.ended);
	buf_deinit(&o.got);
}

END_TEST

START_TEST(refuses_what_is_no_certificate)
{
	pem_make(&pem, "P-256", "x");
	pem_make(&other, "P-521", "x");
	ck_assert_int_eq(tls_server_add(server, V(""), V(""), 1), MC_E_BAD);
	ck_assert_int_eq(
	    tls_server_add(server, V(""), V("\0noise"), 1), MC_E_BAD);
	ck_assert_int_eq(
	    tls_server_add(server, V(""), view_of(pem.private_key), 1),
	    MC_E_BAD);
	ck_assert(!tls_server_ready(server));
	pair_up();
	conn_start_tls(o.conn, server);
	run_until(&o.n_closed);
	ck_assert_int_eq(o.tls_error, MC_E_TEMP);
	close(c.fd);
	buf_deinit(&o.got);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("tls");
	TCase *t = tcase_create("tls");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, talks, 0, (int)(sizeof variants / sizeof *variants));
	tcase_add_test(t, only_tls13_when_so_set);
	tcase_add_loop_test(t, server_name_chooses, 0, 4);
	tcase_add_loop_test(t, rsa_beside_ec, 0, 2);
	tcase_add_test(t, injected_plaintext_is_dropped);
	tcase_add_test(t, noise_instead_of_a_handshake);
	tcase_add_test(t, client_leaves_in_the_handshake);
	tcase_add_loop_test(t, bad_signature_fails_one_handshake, 0, 2);
	tcase_add_loop_test(t, close_when_up, 0, 2);
	tcase_add_test(t, session_outlives_the_server);
	tcase_add_loop_test(t, splice_carries_plaintext, 0, 2);
	tcase_add_test(t, refuses_what_is_no_certificate);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
