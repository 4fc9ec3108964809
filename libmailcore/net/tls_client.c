#include "net/tls_client.h"
#include "base/panic.h"
#include "net/tls_server.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum {
	AUTHORITIES_MAX = 2000,
	NAME_BYTES = 256,
	/* What is not verified may be weak: without TLS it were weaker. */
	SECURITY_ANY = 1,
	SECURITY_VERIFIED = 2,
	DANE_TA = 2, /* RFC 7671 2.1 */
	DANE_EE = 3,
};

struct tls_client {
	unsigned refs;
	size_t n_authorities;
	SSL_CTX *ssl;
	BIO_METHOD *bio;
};

/* A certificate is not encrypted; never ask the terminal. */
static int no_password(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static size_t add_authorities(SSL_CTX *c, struct view pem)
{
	size_t added = 0;
	X509_STORE *store = SSL_CTX_get_cert_store(c);
	BIO *b = BIO_new_mem_buf(pem.n ? pem.p : "", (int)pem.n);
	for (size_t i = 0; b && i < AUTHORITIES_MAX && BIO_pending(b); i++) {
		X509 *x = PEM_read_bio_X509(b, NULL, no_password, NULL);
		if (x && X509_STORE_add_cert(store, x))
			added++;
		X509_free(x);
	}
	BIO_free(b);
	ERR_clear_error();
	return added;
}

/* No tickets: connections are kept for the next message instead. */
static bool set_up(SSL_CTX *c)
{
	SSL_CTX_set_options(c,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS |
				SSL_MODE_ENABLE_PARTIAL_WRITE |
				SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(c, SSL_VERIFY_NONE, NULL);
	SSL_CTX_set_security_level(c, SECURITY_ANY);
	bool ok = SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION) &&
		  SSL_CTX_set_cipher_list(c, "HIGH:!aNULL:!PSK:!SRP") &&
		  SSL_CTX_dane_enable(c) > 0;
	/* RFC 7672 3.1.1: the record alone says who it is. */
	SSL_CTX_dane_set_flags(c, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
	return ok;
}

/* Whatever OpenSSL sets up when it is first needed, it does now: later this
 * process may open no files. */
static bool warm_up(SSL_CTX *c)
{
	unsigned char some[16];
	SSL *ssl = SSL_new(c);
	bool ok = ssl && RAND_bytes(some, sizeof some) == 1 &&
		  RAND_priv_bytes(some, sizeof some) == 1;
	SSL_free(ssl);
	return ok;
}

struct tls_client *tls_client_new(struct view authorities_pem)
{
	struct tls_client *c = MUST_NEW(struct tls_client);
	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG |
				  OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
				  OPENSSL_INIT_LOAD_SSL_STRINGS,
		NULL))
		fatal("cannot set up TLS");
	c->refs = 1;
	c->ssl = SSL_CTX_new(TLS_client_method());
	c->bio = tls_session_bio();
	if (!c->ssl || !set_up(c->ssl) || !warm_up(c->ssl))
		fatal("cannot set up TLS: %s",
		    ERR_reason_error_string(ERR_peek_last_error()));
	if (authorities_pem.n < INT32_MAX)
		c->n_authorities = add_authorities(c->ssl, authorities_pem);
	return c;
}

void tls_client_ref(struct tls_client *c)
{
	c->refs++;
}

void tls_client_free(struct tls_client **c)
{
	struct tls_client *dead = *c;
	*c = NULL;
	if (!dead || --dead->refs)
		return;
	SSL_CTX_free(dead->ssl);
	BIO_meth_free(dead->bio);
	free(dead);
}

size_t tls_client_authorities(const struct tls_client *c)
{
	return c->n_authorities;
}

const BIO_METHOD *tls_client_bio(const struct tls_client *c)
{
	return c->bio;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 4.1.3) */
static bool set_address(SSL *ssl, struct view name)
{
	char text[NAME_BYTES];
	struct view address = view_slice(name, 1, name.n - 1);
	if (view_istarts(address, V("IPv6:")))
		address = view_skip(address, 5);
	return view_to_cstr(address, text, sizeof text) == 0 &&
	       X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), text) == 1;
}

/* False: there is nothing to compare a certificate with. */
static bool set_name(SSL *ssl, struct view name)
{
	char text[NAME_BYTES];
	if (name.n > 2 && name.p[0] == '[')
		return set_address(ssl, name);
	if (name.n == 0 || view_to_cstr(name, text, sizeof text) != 0)
		return false;
	return SSL_set_tlsext_host_name(ssl, text) == 1 &&
	       SSL_set1_host(ssl, text) == 1;
}

/* How many of the records count. */
static int add_tlsa(SSL *ssl, const struct tls_client_params *p)
{
	int n = 0;
	for (size_t i = 0; i < p->n_tlsa; i++) {
		const struct tls_tlsa *t = &p->tlsa[i];
		if (t->usage != DANE_TA && t->usage != DANE_EE)
			continue;
		n += SSL_dane_tlsa_add(ssl, t->usage, t->selector, t->matching,
			 (const unsigned char *)t->data.p, t->data.n) > 0;
	}
	ERR_clear_error();
	return n;
}

static bool set_dane(SSL *ssl, const struct tls_client_params *p)
{
	char base[NAME_BYTES], other[NAME_BYTES];
	if (view_to_cstr(p->server_name, base, sizeof base) != 0 ||
	    SSL_dane_enable(ssl, base) <= 0)
		return false;
	if (p->other_name.n == 0)
		return true;
	return view_to_cstr(p->other_name, other, sizeof other) == 0 &&
	       SSL_add1_host(ssl, other) == 1;
}

static void require(SSL *ssl)
{
	SSL_set_security_level(ssl, SECURITY_VERIFIED);
	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
}

/* False: this cannot be verified as it must be. */
static bool set_verify(SSL *ssl, const struct tls_client_params *p, bool *can)
{
	unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
	/* RFC 8461 4.1: the name is a subject alternative name. */
	if (p->verify != TLS_VERIFY_DANE)
		flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
	SSL_set_hostflags(ssl, flags);
	*can = set_name(ssl, p->server_name);
	if (p->verify == TLS_VERIFY_NONE)
		return true;
	if (!*can || (p->verify == TLS_VERIFY_DANE && !set_dane(ssl, p)))
		return false;
	*can = p->verify == TLS_VERIFY_NAME || add_tlsa(ssl, p) > 0;
	if (*can)
		require(ssl);
	return true;
}

SSL *tls_client_ssl(const struct tls_client_params *p, bool *can_verify)
{
	SSL *ssl = SSL_new(p->client->ssl);
	if (!ssl || set_verify(ssl, p, can_verify))
		return ssl;
	SSL_free(ssl);
	return NULL;
}
