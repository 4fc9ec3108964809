#include "net/tls_session.h"
#include "base/panic.h"
#include "net/tls_server.h"
#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
	WIRE_MAX_BYTES = 256 * 1024
};

struct tls_session {
	struct tls_server *server; /* one of these is NULL */
	struct tls_client *client;
	SSL *ssl;
	struct view in; /* records not used up */
	struct buf wire;
	const char *why;
	bool can_verify, failed;
};

/* The BIO: OpenSSL reads from in and writes to wire, without a copy kept. */

static int bio_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

static int bio_read(BIO *b, char *out, int n)
{
	struct tls_session *t = BIO_get_data(b);
	BIO_clear_retry_flags(b);
	struct view v = view_head(t->in, n > 0 ? (size_t)n : 0);
	if (v.n == 0) {
		BIO_set_retry_read(b);
		return -1;
	}
	memcpy(out, v.p, v.n);
	t->in = view_skip(t->in, v.n);
	return (int)v.n;
}

static int bio_write(BIO *b, const char *p, int n)
{
	struct tls_session *t = BIO_get_data(b);
	BIO_clear_retry_flags(b);
	if (n <= 0)
		return 0;
	buf_put(&t->wire, (struct view){ p, (size_t)n });
	return buf_error(&t->wire) ? -1 : n;
}

static long bio_ctrl(BIO *b, int command, long number, void *pointer)
{
	(void)b;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

BIO_METHOD *tls_session_bio(void)
{
	BIO_METHOD *m = BIO_meth_new(
	    BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "mailcore");
	if (!m || !BIO_meth_set_create(m, bio_create) ||
	    !BIO_meth_set_read(m, bio_read) ||
	    !BIO_meth_set_write(m, bio_write) ||
	    !BIO_meth_set_ctrl(m, bio_ctrl))
		fatal("cannot set up TLS");
	return m;
}

static bool attach_bio(struct tls_session *t, const BIO_METHOD *method)
{
	BIO *bio = BIO_new(method);
	if (!bio)
		return false;
	BIO_set_data(bio, t);
	SSL_set_bio(t->ssl, bio, bio);
	return true;
}

struct tls_session *tls_session_new(struct tls_server *server)
{
	struct tls_session *t = MUST_NEW(struct tls_session);
	ERR_clear_error();
	*t = (struct tls_session){ .server = server, .why = "" };
	tls_server_ref(server);
	buf_init(&t->wire, WIRE_MAX_BYTES);
	t->ssl = tls_server_ssl(server);
	if (t->ssl && attach_bio(t, tls_server_bio(server)))
		SSL_set_accept_state(t->ssl);
	else
		tls_session_free(&t);
	return t;
}

struct tls_session *tls_session_new_client(const struct tls_client_params *p)
{
	struct tls_session *t = MUST_NEW(struct tls_session);
	ERR_clear_error();
	*t = (struct tls_session){ .client = p->client, .why = "" };
	tls_client_ref(p->client);
	buf_init(&t->wire, WIRE_MAX_BYTES);
	t->ssl = tls_client_ssl(p, &t->can_verify);
	if (t->ssl && attach_bio(t, tls_client_bio(p->client)))
		SSL_set_connect_state(t->ssl);
	else
		tls_session_free(&t);
	return t;
}

void tls_session_free(struct tls_session **t)
{
	struct tls_session *dead = *t;
	*t = NULL;
	if (!dead)
		return;
	SSL_free(dead->ssl);
	tls_server_free(&dead->server);
	tls_client_free(&dead->client);
	buf_deinit(&dead->wire);
	free(dead);
}

void tls_session_feed(struct tls_session *t, struct view records)
{
	t->in = records;
}

/* The handshake failed because of the server's certificate. */
static bool is_refused(const struct tls_session *t)
{
	return SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE &&
	       SSL_get_verify_result(t->ssl) != X509_V_OK;
}

static const char *refusal(long code)
{
	if (code == X509_V_ERR_HOSTNAME_MISMATCH ||
	    code == X509_V_ERR_IP_ADDRESS_MISMATCH)
		return "the certificate is for another name";
	return X509_verify_cert_error_string(code);
}

/* Why an SSL call gave r. */
static int failure(struct tls_session *t, int r)
{
	int code = SSL_get_error(t->ssl, r);
	if (code == SSL_ERROR_WANT_READ)
		return -EAGAIN;
	if (code == SSL_ERROR_ZERO_RETURN)
		return MC_E_CLOSED;
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());
	t->why = reason ? reason : "connection broken";
	if (t->client && is_refused(t))
		t->why = refusal(SSL_get_verify_result(t->ssl));
	t->failed = true;
	t->in = V("");
	ERR_clear_error();
	return MC_E_PROTO;
}

int tls_session_handshake(struct tls_session *t)
{
	ERR_clear_error();
	int r = SSL_do_handshake(t->ssl);
	return r == 1 ? 0 : failure(t, r);
}

int tls_session_read(struct tls_session *t, char *out, size_t cap, size_t *n)
{
	ERR_clear_error();
	int r = SSL_read_ex(t->ssl, out, cap, n);
	return r == 1 ? 0 : failure(t, r);
}

int tls_session_write(struct tls_session *t, struct view plain, size_t *n)
{
	ERR_clear_error();
	int r = SSL_write_ex(t->ssl, plain.p, plain.n, n);
	if (r == 1)
		return 0;
	int error = failure(t, r);
	/* wire takes everything: there is nothing to wait for. */
	return error == -EAGAIN ? MC_E_INTERNAL : error;
}

void tls_session_shutdown(struct tls_session *t)
{
	ERR_clear_error();
	SSL_shutdown(t->ssl);
	ERR_clear_error();
}

struct buf *tls_session_wire(struct tls_session *t)
{
	return &t->wire;
}

const char *tls_session_version(const struct tls_session *t)
{
	return SSL_get_version(t->ssl);
}

const char *tls_session_cipher(const struct tls_session *t)
{
	return SSL_get_cipher_name(t->ssl);
}

/* With TLS 1.2 only when it has the extended master secret (RFC 9266 4.2). */
size_t tls_session_binding(struct tls_session *t, char out[64])
{
	static const char label[] = "EXPORTER-Channel-Binding";

	enum {
		BINDING_BYTES = 32
	};

	if (SSL_version(t->ssl) < TLS1_3_VERSION &&
	    SSL_get_extms_support(t->ssl) != 1)
		return 0;
	int r = SSL_export_keying_material(t->ssl, (unsigned char *)out,
	    BINDING_BYTES, label, sizeof label - 1, NULL, 0, 0);
	return r == 1 ? BINDING_BYTES : 0;
}

const char *tls_session_why(const struct tls_session *t)
{
	return t->why;
}

bool tls_session_is_verified(const struct tls_session *t)
{
	return t->can_verify && !t->failed && SSL_is_init_finished(t->ssl) &&
	       SSL_get0_peer_certificate(t->ssl) &&
	       SSL_get_verify_result(t->ssl) == X509_V_OK;
}

/* RFC 8460 4.3.1 and 4.3.2.1 */
enum tls_result tls_session_result(const struct tls_session *t)
{
	if (!t->failed)
		return TLS_RESULT_OK;
	if (!is_refused(t))
		return TLS_RESULT_VALIDATION_FAILURE;
	switch (SSL_get_verify_result(t->ssl)) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return TLS_RESULT_CERTIFICATE_HOST_MISMATCH;
	case X509_V_ERR_CERT_HAS_EXPIRED:
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return TLS_RESULT_CERTIFICATE_EXPIRED;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_UNTRUSTED:
	case X509_V_ERR_INVALID_CA:
		return TLS_RESULT_CERTIFICATE_NOT_TRUSTED;
	case X509_V_ERR_DANE_NO_MATCH:
		return TLS_RESULT_TLSA_INVALID;
	default:
		return TLS_RESULT_VALIDATION_FAILURE;
	}
}
