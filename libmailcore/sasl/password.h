#ifndef SASL_PASSWORD_H
#define SASL_PASSWORD_H
/* Stored credentials. Ours is "{SCRAM-SHA-256}iterations,salt,StoredKey,
 * ServerKey" (base64, RFC 5802 3; as Dovecot writes it). For files of other
 * systems: {PLAIN}, {CLEARTEXT}, {SHA256}, {SSHA256}, {SHA512}, {SSHA512} and
 * the crypt(3) family {CRYPT}, {BLF-CRYPT}, {SHA256-CRYPT}, {SHA512-CRYPT};
 * without a scheme it is a crypt(3) hash. */
#include "base/buf.h"
#include "sasl/hash.h"

enum {
	PASSWORD_STORED_MAX = 512,
	PASSWORD_ITERATIONS = 10000, /* of new credentials */
	PASSWORD_ITERATIONS_MAX = 1000000,
	PASSWORD_SALT_MAX = 64,
};

struct scram_keys {
	uint32_t iterations;
	unsigned char salt[PASSWORD_SALT_MAX];
	size_t n_salt;
	unsigned char stored_key[HASH_SHA256_BYTES];
	unsigned char server_key[HASH_SHA256_BYTES];
	bool is_real; /* false: made up, nothing proves them */
};

/* 0, MC_E_AUTH (wrong), MC_E_BAD (stored is not usable), MC_E_INTERNAL. Slow
 * by design: milliseconds. */
int password_check(struct view stored, struct view password) MUST_CHECK;

/* A new credential with a random salt. MC_E_BAD for a password that is empty,
 * not UTF-8 or holds a control character; MC_E_LIMIT. */
int password_store(
    struct view password, uint32_t iterations, struct buf *out) MUST_CHECK;

/* MC_E_UNSUPPORTED when stored is of another scheme, MC_E_BAD. */
int password_scram_keys(struct view stored, struct scram_keys *out) MUST_CHECK;
/* For who has the password, RFC 5802 3: k has the salt and the iterations, and
 * gets its keys; client: ClientKey. */
int password_client_key(struct view password, struct scram_keys *k,
    unsigned char client[HASH_SHA256_BYTES]) MUST_CHECK;
/* Of base64; MC_E_BAD. */
int password_set_salt(struct scram_keys *k, struct view text) MUST_CHECK;
/* Keys for a name that has none: always the same for one secret and name, and
 * not to be told from real ones. */
int password_decoy_keys(
    struct view secret, struct view name, struct scram_keys *out) MUST_CHECK;
/* A credential with decoy keys: checking it takes what a real one takes and
 * fails for every password. */
int password_decoy(
    struct view secret, struct view name, struct buf *out) MUST_CHECK;
#endif
