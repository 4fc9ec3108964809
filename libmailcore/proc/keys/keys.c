#include "proc/keys/keys.h"
#include "base/panic.h"
#include "base/secret.h"
#include "log/log.h"
#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <unistd.h>

struct slot {
	uint32_t number;
	EVP_PKEY *key;
};

struct keys {
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *provider;
	struct slot slots[KEYS_MAX];
	size_t n;
};

struct keys *keys_new(void)
{
	struct keys *k = MUST_NEW(struct keys);
	unsigned char some[16];
	OPENSSL_init_crypto(
	    OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS,
	    NULL);
	k->lib = OSSL_LIB_CTX_new();
	k->provider = k->lib ? OSSL_PROVIDER_load(k->lib, "default") : NULL;
	if (!k->provider || RAND_bytes_ex(k->lib, some, sizeof some, 0) != 1 ||
	    RAND_priv_bytes_ex(k->lib, some, sizeof some, 0) != 1)
		fatal("cannot set up OpenSSL");
	return k;
}

void keys_free(struct keys **k)
{
	struct keys *dead = *k;
	*k = NULL;
	if (!dead)
		return;
	for (size_t i = 0; i < dead->n; i++)
		EVP_PKEY_free(dead->slots[i].key);
	OSSL_PROVIDER_unload(dead->provider);
	OSSL_LIB_CTX_free(dead->lib);
	free(dead);
}

static struct slot *find(struct keys *k, uint32_t number)
{
	for (size_t i = 0; i < k->n; i++) {
		if (k->slots[i].number == number)
			return &k->slots[i];
	}
	return NULL;
}

/* There is nobody to ask. */
static int no_password(char *out, int size, int writing, void *ctx)
{
	bool *asked = ctx;
	(void)out;
	(void)size;
	(void)writing;
	*asked = true;
	return -1;
}

static bool is_known_kind(const EVP_PKEY *key)
{
	char group[64];
	size_t n;
	if (EVP_PKEY_is_a(key, "RSA"))
		return EVP_PKEY_get_size(key) <= KEYS_SIGNATURE_MAX;
	if (!EVP_PKEY_is_a(key, "EC") ||
	    !EVP_PKEY_get_group_name(key, group, sizeof group, &n))
		return false;
	struct view name = { group, n };
	return view_eq(name, V("prime256v1")) || view_eq(name, V("secp384r1"));
}

static EVP_PKEY *parse(struct keys *k, struct view pem, const char **why)
{
	bool asked = false;
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = NULL;
	if (bio)
		key = PEM_read_bio_PrivateKey_ex(
		    bio, NULL, no_password, &asked, k->lib, NULL);
	BIO_free(bio);
	ERR_clear_error();
	*why = asked ? "the key is encrypted" : "no private key in it";
	if (key && !is_known_kind(key)) {
		*why = "neither RSA nor EC on P-256 or P-384";
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

int keys_load(
    struct keys *k, uint32_t number, struct view pem, const char **why)
{
	struct slot *s = find(k, number);
	*why = "too large or too many";
	if (pem.n > KEYS_PEM_MAX || (!s && k->n == KEYS_MAX))
		return MC_E_LIMIT;
	EVP_PKEY *key = parse(k, pem, why);
	if (!key)
		return MC_E_BAD;
	if (!s)
		s = &k->slots[k->n++];
	EVP_PKEY_free(s->key);
	*s = (struct slot){ number, key };
	return 0;
}

/* RFC 8446 4.2.3 */
static const struct scheme {
	uint16_t id;
	const char *key, *digest;
	size_t digest_n;
	int padding; /* of RSA */
} schemes[] = {
	{ 0x0401, "RSA", "SHA256", 32, RSA_PKCS1_PADDING },
	{ 0x0501, "RSA", "SHA384", 48, RSA_PKCS1_PADDING },
	{ 0x0601, "RSA", "SHA512", 64, RSA_PKCS1_PADDING },
	{ 0x0804, "RSA", "SHA256", 32, RSA_PKCS1_PSS_PADDING },
	{ 0x0805, "RSA", "SHA384", 48, RSA_PKCS1_PSS_PADDING },
	{ 0x0806, "RSA", "SHA512", 64, RSA_PKCS1_PSS_PADDING },
	/* TLS 1.2 lets any curve go with any digest (RFC 5246 7.4.1.4.1). */
	{ 0x0403, "EC", "SHA256", 32, 0 },
	{ 0x0503, "EC", "SHA384", 48, 0 },
};

static const struct scheme *scheme_of(uint16_t id, const EVP_PKEY *key)
{
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (schemes[i].id == id)
			return EVP_PKEY_is_a(key, schemes[i].key) ? &schemes[i]
								  : NULL;
	}
	return NULL;
}

static bool set_up(EVP_PKEY_CTX *c, const struct scheme *s, const EVP_MD *md)
{
	if (!md || EVP_PKEY_sign_init(c) != 1 ||
	    EVP_PKEY_CTX_set_signature_md(c, md) != 1)
		return false;
	if (s->padding && EVP_PKEY_CTX_set_rsa_padding(c, s->padding) != 1)
		return false;
	return s->padding != RSA_PKCS1_PSS_PADDING ||
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static int sign(struct keys *k, EVP_PKEY *key, const struct scheme *s,
    struct view digest, char *signature, size_t *n)
{
	size_t made = KEYS_SIGNATURE_MAX;
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_pkey(k->lib, key, NULL);
	EVP_MD *md = EVP_MD_fetch(k->lib, s->digest, NULL);
	bool ok = c && set_up(c, s, md) &&
		  EVP_PKEY_sign(c, (unsigned char *)signature, &made,
		      (const unsigned char *)digest.p, digest.n) == 1;
	EVP_MD_free(md);
	EVP_PKEY_CTX_free(c);
	ERR_clear_error();
	if (!ok)
		return MC_E_INTERNAL;
	*n = made;
	return 0;
}

int keys_sign(struct keys *k, uint32_t number, uint16_t scheme,
    struct view digest, char *signature, size_t *n)
{
	const struct slot *slot = find(k, number);
	if (!slot)
		return MC_E_NOENT;
	const struct scheme *s = scheme_of(scheme, slot->key);
	if (!s)
		return MC_E_UNSUPPORTED;
	if (digest.n != s->digest_n)
		return MC_E_BAD;
	return sign(k, slot->key, s, digest, signature, n);
}
