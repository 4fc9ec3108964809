#ifndef TESTS_PEM_H
#define TESTS_PEM_H
/* Keys and self-signed certificates for tests, in PEM. */
#include "suite.h"
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

struct pem {
	EVP_PKEY *key;
	char private_key[8192], certificate[8192];
};

static inline void pem_text(BIO *b, char *out, size_t cap)
{
	int n = BIO_read(b, out, (int)cap - 1);
	ck_assert_int_gt(n, 0);
	out[n] = '\0';
	BIO_free(b);
}

static inline X509 *pem_certify(EVP_PKEY *key, const char *name)
{
	X509 *x = X509_new();
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -60);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
	    (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(x));
	ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
	return x;
}

/* kind: "RSA", "P-256", "P-384", "P-521", "ED25519". */
static inline void pem_make(struct pem *p, const char *kind, const char *name)
{
	if (strcmp(kind, "RSA") == 0)
		p->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else if (kind[0] == 'P')
		p->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", kind);
	else
		p->key = EVP_PKEY_Q_keygen(NULL, NULL, kind);
	ck_assert_ptr_nonnull(p->key);
	BIO *b = BIO_new(BIO_s_mem());
	ck_assert(
	    PEM_write_bio_PrivateKey(b, p->key, NULL, NULL, 0, NULL, NULL));
	pem_text(b, p->private_key, sizeof p->private_key);
	if (kind[0] == 'E')
		return;
	X509 *x = pem_certify(p->key, name);
	b = BIO_new(BIO_s_mem());
	ck_assert(PEM_write_bio_X509(b, x));
	pem_text(b, p->certificate, sizeof p->certificate);
	X509_free(x);
}

static inline void pem_deinit(struct pem *p)
{
	EVP_PKEY_free(p->key);
}
#endif
