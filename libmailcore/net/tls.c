#include "net/tls.h"
#include "base/panic.h"
#include "log/log.h"
#include "net/tls_server.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHAIN_MAX = 10,
	NAME_MAX_BYTES = 255
};

struct tls_name {
	struct tls_name *next;
	SSL_CTX *ssl;
	size_t n;
	char name[NAME_MAX_BYTES]; /* empty: the default */
};

struct tls_server {
	unsigned refs;
	struct tls_options options;
	struct tls_signer signer;
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *base, *keys;
	BIO_METHOD *bio;
	struct tls_name *names;
};

static struct view name_of(const struct tls_name *n)
{
	return (struct view){ n->name, n->n };
}

static struct tls_name *find(const struct tls_server *s, struct view name)
{
	struct tls_name *n = s->names;
	while (n && !view_ieq(name_of(n), name))
		n = n->next;
	return n;
}

/* RFC 6066 3. An unknown name gets the default certificate: the client judges
 * whether it will do. */
static int on_server_name(SSL *ssl, int *alert, void *ctx)
{
	const struct tls_server *s = ctx;
	(void)alert;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	if (!name || !*name)
		return SSL_TLSEXT_ERR_NOACK;
	const struct tls_name *n = find(s, view_of(name));
	if (!n)
		return SSL_TLSEXT_ERR_NOACK;
	return SSL_set_SSL_CTX(ssl, n->ssl) ? SSL_TLSEXT_ERR_OK
					    : SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* Only ephemeral key exchange: nothing needs a decryption by the key. Only
 * schemes that the keys role signs. */
static bool set_algorithms(SSL_CTX *c)
{
	/* Not literals: OpenSSL's macros cast their const away. */
	char groups[] = "X25519:P-256";
	char schemes[] =
	    "ECDSA+SHA256:ECDSA+SHA384:RSA-PSS+SHA256:RSA-PSS+SHA384:"
	    "RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";
	return SSL_CTX_set_cipher_list(c, "ECDHE+AESGCM:ECDHE+CHACHA20") &&
	       SSL_CTX_set_ciphersuites(c,
		   "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
		   "TLS_CHACHA20_POLY1305_SHA256") &&
	       SSL_CTX_set1_groups_list(c, groups) &&
	       SSL_CTX_set1_sigalgs_list(c, schemes);
}

/* No tickets: mail clients keep their connections, and a full handshake is
 * cheaper without them. */
static void set_modes(SSL_CTX *c)
{
	SSL_CTX_set_options(c,
	    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
		SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_num_tickets(c, 0);
	SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(c, SSL_MODE_RELEASE_BUFFERS |
				SSL_MODE_ENABLE_PARTIAL_WRITE |
				SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify(c, SSL_VERIFY_NONE, NULL);
}

static SSL_CTX *make_context(struct tls_server *s)
{
	SSL_CTX *c = SSL_CTX_new_ex(s->lib, NULL, TLS_server_method());
	int least = s->options.allow_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
	if (!c || !SSL_CTX_set_min_proto_version(c, least) ||
	    !set_algorithms(c)) {
		SSL_CTX_free(c);
		return NULL;
	}
	set_modes(c);
	SSL_CTX_set_tlsext_servername_callback(c, on_server_name);
	SSL_CTX_set_tlsext_servername_arg(c, s);
	return c;
}

/* Whatever OpenSSL sets up when it is first needed, it does now: later this
 * process may open no files. */
static bool warm_up(struct tls_server *s)
{
	unsigned char some[16];
	SSL_CTX *c = make_context(s);
	SSL *ssl = c ? SSL_new(c) : NULL;
	bool ok = ssl && RAND_bytes_ex(s->lib, some, sizeof some, 0) == 1 &&
		  RAND_priv_bytes_ex(s->lib, some, sizeof some, 0) == 1;
	SSL_free(ssl);
	SSL_CTX_free(c);
	return ok;
}

struct tls_server *tls_server_new(
    const struct tls_options *options, const struct tls_signer *signer)
{
	struct tls_server *s = MUST_NEW(struct tls_server);
	*s = (struct tls_server){
		.refs = 1, .options = *options, .signer = *signer
	};
	if (!OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG |
				  OPENSSL_INIT_LOAD_CRYPTO_STRINGS |
				  OPENSSL_INIT_LOAD_SSL_STRINGS,
		NULL))
		fatal("cannot set up TLS");
	s->lib = OSSL_LIB_CTX_new();
	s->base = s->lib ? OSSL_PROVIDER_load(s->lib, "default") : NULL;
	s->keys = s->base ? tls_key_load(s->lib) : NULL;
	s->bio = tls_session_bio();
	/* Ours does for remote keys only what is asked of it by name. */
	if (!s->keys ||
	    !EVP_set_default_properties(s->lib, "?provider=default") ||
	    !warm_up(s))
		fatal("cannot set up TLS: %s",
		    ERR_reason_error_string(ERR_peek_last_error()));
	return s;
}

void tls_server_ref(struct tls_server *s)
{
	s->refs++;
}

void tls_server_free(struct tls_server **s)
{
	struct tls_server *dead = *s;
	*s = NULL;
	if (!dead || --dead->refs)
		return;
	while (dead->names) {
		struct tls_name *n = dead->names;
		dead->names = n->next;
		SSL_CTX_free(n->ssl);
		free(n);
	}
	BIO_meth_free(dead->bio);
	OSSL_PROVIDER_unload(dead->keys);
	OSSL_PROVIDER_unload(dead->base);
	OSSL_LIB_CTX_free(dead->lib);
	free(dead);
}

/* A certificate is not encrypted; never ask the terminal. */
static int no_password(char *out, int size, int writing, void *ctx)
{
	(void)out;
	(void)size;
	(void)writing;
	(void)ctx;
	return -1;
}

static X509 *read_certificate(struct tls_server *s, BIO *pem)
{
	X509 *x = X509_new_ex(s->lib, NULL);
	if (x && !PEM_read_bio_X509(pem, &x, no_password, NULL)) {
		X509_free(x);
		x = NULL;
	}
	return x;
}

/* The first certificate is the server's own. */
static STACK_OF(X509) * read_chain(struct tls_server *s, struct view chain_pem)
{
	X509 *x;
	STACK_OF(X509) *chain = sk_X509_new_null();
	BIO *pem = chain_pem.n < 1024 * 1024
		       ? BIO_new_mem_buf(chain_pem.p, (int)chain_pem.n)
		       : NULL;
	while (pem && chain && sk_X509_num(chain) < CHAIN_MAX &&
	       (x = read_certificate(s, pem))) {
		if (!sk_X509_push(chain, x))
			X509_free(x);
	}
	BIO_free(pem);
	return chain;
}

static bool use_chain(
    struct tls_server *s, SSL_CTX *c, STACK_OF(X509) * chain, uint32_t key)
{
	X509 *own = sk_X509_shift(chain);
	EVP_PKEY *private_key = NULL;
	if (own)
		private_key =
		    tls_key_new(s->lib, X509_get0_pubkey(own), key, &s->signer);
	bool ok = private_key &&
		  SSL_CTX_use_cert_and_key(c, own, private_key, chain, 1) == 1;
	EVP_PKEY_free(private_key);
	X509_free(own);
	return ok;
}

static struct tls_name *name_new(struct tls_server *s, struct view name)
{
	struct tls_name *n = MUST_NEW(struct tls_name);
	n->ssl = make_context(s);
	if (!n->ssl || name.n > sizeof n->name) {
		SSL_CTX_free(n->ssl);
		free(n);
		return NULL;
	}
	n->n = name.n;
	if (name.n)
		memcpy(n->name, name.p, name.n);
	return n;
}

static void log_refused(struct view server_name)
{
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	LOG(NULL, ERROR, "tls.certificate", KV_VIEW("name", server_name),
	    KV_STR("reason", why ? why : "no RSA or EC certificate in it"));
}

int tls_server_add(struct tls_server *s, struct view server_name,
    struct view chain_pem, uint32_t key)
{
	ERR_clear_error();
	struct tls_name *n = find(s, server_name), *added = NULL;
	if (!n)
		n = added = name_new(s, server_name);
	STACK_OF(X509) *chain = read_chain(s, chain_pem);
	bool ok = n && chain && use_chain(s, n->ssl, chain, key);
	sk_X509_pop_free(chain, X509_free);
	if (ok && added) {
		added->next = s->names;
		s->names = added;
	}
	if (ok)
		return 0;
	log_refused(server_name);
	ERR_clear_error();
	if (added) {
		SSL_CTX_free(added->ssl);
		free(added);
	}
	return MC_E_BAD;
}

bool tls_server_ready(const struct tls_server *s)
{
	return find(s, V("")) != NULL;
}

SSL *tls_server_ssl(struct tls_server *s)
{
	const struct tls_name *n = find(s, V(""));
	return n ? SSL_new(n->ssl) : NULL;
}

const BIO_METHOD *tls_server_bio(const struct tls_server *s)
{
	return s->bio;
}
