#ifndef SASL_HASH_H
#define SASL_HASH_H
/* Hashes for passwords, by OpenSSL and crypt(3); the only file of this layer
 * that knows either. What fails inside of them is MC_E_INTERNAL. */
#include "base/err.h"
#include "base/view.h"

enum {
	HASH_SHA256_BYTES = 32,
	HASH_SHA512_BYTES = 64,
	HASH_CRYPT_MAX = 384, /* of a crypt(3) setting or hash */
};

/* SHA-256 (32 bytes) or SHA-512 (64) of a and then b. */
int hash_sha2(
    size_t bytes, struct view a, struct view b, unsigned char *out) MUST_CHECK;
/* SHA-256 of the first n bytes of a file, whatever its offset is. MC_E_BAD when
 * it is shorter; -errno. */
int hash_file(
    int fd, uint64_t n, unsigned char out[HASH_SHA256_BYTES]) MUST_CHECK;
/* HMAC-SHA-256, RFC 2104. */
int hash_hmac(struct view key, struct view data,
    unsigned char out[HASH_SHA256_BYTES]) MUST_CHECK;
/* PBKDF2 with HMAC-SHA-256 (RFC 8018 5.2), which is Hi() of RFC 5802. */
int hash_pbkdf2(struct view password, struct view salt, uint32_t iterations,
    unsigned char out[HASH_SHA256_BYTES]) MUST_CHECK;
/* 0 when password has the crypt(3) hash, MC_E_AUTH when not, MC_E_BAD when
 * this system's crypt(3) does not know such hashes. */
int hash_crypt_check(struct view hash, struct view password) MUST_CHECK;

static inline struct view hash_view(
    const unsigned char bytes[HASH_SHA256_BYTES])
{
	return (struct view){ (const char *)bytes, HASH_SHA256_BYTES };
}
#endif
