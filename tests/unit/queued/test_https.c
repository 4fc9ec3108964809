/* HTTPS requests, against a server of OpenSSL's in a thread. */
#include "pem.h"
#include "queued/fetch/https.h"
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"

static struct loop *loop;
static struct https *https;
static struct pem ours, other;
static int listener = -1;
static uint16_t port;

static struct {
	const struct pem *pem;
	const char *reply;
	size_t more; /* octets behind it */
	char asked[4096];
} server;

static struct {
	unsigned n;
	uint64_t id;
	enum fetch_status status;
	unsigned code;
	char body[256];
	size_t body_n;
} got;

static void on_done(void *ctx, const struct https_answer *a)
{
	(void)ctx;
	got.n++;
	got.id = a->id;
	got.status = a->status;
	got.code = a->code;
	got.body_n = a->body.n;
	if (a->body.n)
		memcpy(got.body, a->body.p,
		    a->body.n < sizeof got.body ? a->body.n : sizeof got.body);
	loop_stop(loop);
}

static SSL_CTX *server_context(void)
{
	SSL_CTX *sc = SSL_CTX_new(TLS_server_method());
	BIO *b = BIO_new_mem_buf(server.pem->certificate, -1);
	X509 *x = PEM_read_bio_X509(b, NULL, NULL, NULL);
	SSL_CTX_use_certificate(sc, x);
	SSL_CTX_use_PrivateKey(sc, server.pem->key);
	X509_free(x);
	BIO_free(b);
	return sc;
}

static void serve(SSL *ssl)
{
	static const char filler[4096] = { 'x' };
	int n = SSL_read(ssl, server.asked, (int)sizeof server.asked - 1);
	server.asked[n > 0 ? n : 0] = '\0';
	if (n <= 0)
		return;
	SSL_write(ssl, server.reply, (int)strlen(server.reply));
	for (size_t i = 0; i < server.more; i += sizeof filler)
		if (SSL_write(ssl, filler, sizeof filler) <= 0)
			return;
	SSL_shutdown(ssl);
}

static void *server_run(void *ctx)
{
	(void)ctx;
	int fd = accept(listener, NULL, NULL);
	SSL_CTX *sc = server_context();
	SSL *ssl = SSL_new(sc);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1)
		serve(ssl);
	SSL_free(ssl);
	SSL_CTX_free(sc);
	close(fd);
	return NULL;
}

static void setup(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	signal(SIGPIPE, SIG_IGN);
	pem_make(&ours, "P-256", "mta-sts.example");
	pem_make(&other, "P-256", "mta-sts.example");
	loop = loop_new();
	https = https_new(loop, on_done, NULL);
	ck_assert_ptr_nonnull(https);
	https_set_ca(https, view_of(ours.certificate));
	listener = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&a, n), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&a, &n), 0);
	port = ntohs(a.sin_port);
}

static void teardown(void)
{
	https_free(&https);
	loop_run(loop);
	loop_free(&loop);
	close(listener);
	EVP_PKEY_free(ours.key);
	EVP_PKEY_free(other.key);
}

static void ask(const char *host, struct view type, struct view post)
{
	char url[300];
	struct route_address a = { .bytes = { 127, 0, 0, 1 } };
	snprintf(url, sizeof url, "https://%s:%u/.well-known/mta-sts.txt", host,
	    port);
	struct https_ask q = { 7, view_of(url), &a, 1, type, post };
	ck_assert_int_eq(https_start(https, &q), 0);
	ck_assert_uint_eq(got.n, 0);
	loop_run(loop);
	ck_assert_uint_eq(got.n, 1);
	ck_assert_uint_eq(got.id, 7);
}

static void ask_server(const char *host, struct view type, struct view post)
{
	pthread_t thread;
	ck_assert_int_eq(pthread_create(&thread, NULL, server_run, NULL), 0);
	ask(host, type, post);
	pthread_join(thread, NULL);
}

static const struct {
	const char *reply;
	size_t more;
	enum fetch_status status;
	unsigned code;
	struct view body;
} replies[] = {
	{ HEAD "Content-Length: 5\r\n\r\nhello", 0, FETCH_OK, 200,
	    V_INIT("hello") },
	{ HEAD "Connection: close\r\n\r\nhello", 0, FETCH_OK, 200,
	    V_INIT("hello") },
	{ "HTTP/1.1 200 OK\r\nContent-Type: Text/Plain; charset=utf-8\r\n"
	  "Content-Length: 1\r\n\r\nx",
	    0, FETCH_OK, 200, V_INIT("x") },
	{ "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	  "Content-Length: 1\r\n\r\nx",
	    0, FETCH_BAD_TYPE, 200, V_INIT("") },
	{ "HTTP/1.1 404 Not here\r\nContent-Length: 0\r\n\r\n", 0, FETCH_OK,
	    404, V_INIT("") },
	/* Not followed (RFC 8461 3.3). */
	{ "HTTP/1.1 301 There\r\nLocation: https://127.0.0.1/\r\n"
	  "Content-Length: 0\r\n\r\n",
	    0, FETCH_OK, 301, V_INIT("") },
	{ HEAD "Content-Length: 1000000\r\n\r\n", 1000000, FETCH_TOO_LARGE, 200,
	    V_INIT("") },
	{ HEAD "Connection: close\r\n\r\n", 100000, FETCH_TOO_LARGE, 200,
	    V_INIT("") },
	{ HEAD "Content-Length: 100\r\n\r\nhalf of", 0, FETCH_UNREACHABLE, 200,
	    V_INIT("") },
	{ "no HTTP at all\r\n", 0, FETCH_UNREACHABLE, 0, V_INIT("") },
};

START_TEST(tells_what_came)
{
	server.pem = &ours;
	server.reply = replies[_i].reply;
	server.more = replies[_i].more;
	ask_server("mta-sts.example", V("text/plain"), V(""));
	ck_assert_int_eq(got.status, replies[_i].status);
	ck_assert_uint_eq(got.code, replies[_i].code);
	ck_assert_view_eq(
	    ((struct view){ got.body, got.body_n }), replies[_i].body);
	ck_assert_ptr_nonnull(
	    strstr(server.asked, "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"));
}

END_TEST

START_TEST(trusts_no_certificate_of_another)
{
	server.pem = &other;
	ask_server("mta-sts.example", V("text/plain"), V(""));
	ck_assert_int_eq(got.status, FETCH_BAD_CERTIFICATE);
}

END_TEST

START_TEST(trusts_no_certificate_for_another)
{
	server.pem = &ours;
	ask_server("mta-sts.example.net", V("text/plain"), V(""));
	ck_assert_int_eq(got.status, FETCH_BAD_CERTIFICATE);
}

END_TEST

START_TEST(trusts_nobody_without_authorities)
{
	server.pem = &ours;
	https_set_ca(https, V(""));
	ask_server("mta-sts.example", V("text/plain"), V(""));
	ck_assert_int_eq(got.status, FETCH_BAD_CERTIFICATE);
}

END_TEST

START_TEST(posts)
{
	server.pem = &ours;
	server.reply = "HTTP/1.1 201 Taken\r\nContent-Length: 0\r\n\r\n";
	ask_server("mta-sts.example", V("application/tlsrpt+gzip"), V("data"));
	ck_assert_int_eq(got.status, FETCH_OK);
	ck_assert_uint_eq(got.code, 201);
	ck_assert_ptr_nonnull(strstr(server.asked, "POST /"));
	ck_assert_ptr_nonnull(
	    strstr(server.asked, "Content-Type: application/tlsrpt+gzip\r\n"));
	ck_assert_str_eq(strstr(server.asked, "\r\n\r\n"), "\r\n\r\ndata");
}

END_TEST

START_TEST(tells_of_a_host_that_is_down)
{
	close(listener);
	listener = -1;
	ask("mta-sts.example", V("text/plain"), V(""));
	ck_assert_int_eq(got.status, FETCH_UNREACHABLE);
}

END_TEST

static const struct view bad_urls[] = {
	V_INIT("http://mta-sts.example/"),
	V_INIT("file:///etc/passwd"),
	V_INIT("https://"),
	V_INIT("https://user@mta-sts.example/"),
	V_INIT("https://[::1]/"),
};

START_TEST(takes_https_only)
{
	struct route_address a = { .bytes = { 127, 0, 0, 1 } };
	struct https_ask q = {
		.url = bad_urls[_i], .addresses = &a, .n_addresses = 1
	};
	ck_assert_int_eq(https_start(https, &q), MC_E_BAD);
	q.url = V("https://mta-sts.example/");
	q.n_addresses = 0; /* it asks no DNS */
	ck_assert_int_eq(https_start(https, &q), MC_E_BAD);
}

END_TEST

START_TEST(has_a_limit)
{
	struct route_address a = { .bytes = { 127, 0, 0, 1 } };
	struct https_ask q = { .url = V("https://mta-sts.example/"),
		.addresses = &a,
		.n_addresses = 1 };
	for (unsigned i = 0; i < HTTPS_REQUESTS_MAX; i++)
		ck_assert_int_eq(https_start(https, &q), 0);
	ck_assert_int_eq(https_start(https, &q), MC_E_LIMIT);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/https");
	TCase *t = tcase_create("https");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, tells_what_came, 0, sizeof replies / sizeof replies[0]);
	tcase_add_test(t, trusts_no_certificate_of_another);
	tcase_add_test(t, trusts_no_certificate_for_another);
	tcase_add_test(t, trusts_nobody_without_authorities);
	tcase_add_test(t, posts);
	tcase_add_test(t, tells_of_a_host_that_is_down);
	tcase_add_loop_test(
	    t, takes_https_only, 0, sizeof bad_urls / sizeof bad_urls[0]);
	tcase_add_test(t, has_a_limit);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
