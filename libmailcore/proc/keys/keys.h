#ifndef PROC_KEYS_KEYS_H
#define PROC_KEYS_KEYS_H
/* Private keys and what may be done with them: signatures for TLS handshakes
 * over a digest that somebody else made. Nothing is decrypted. */
#include "base/err.h"
#include "base/view.h"
#include "proc/role.h"

enum {
	KEYS_MAX = 256,
	KEYS_SIGNATURE_MAX = 1024, /* RSA of 8192 bits */
	KEYS_PEM_MAX = 64 * 1024,
};

struct keys;

struct keys *keys_new(void); /* all that OpenSSL loads lazily is loaded */
void keys_free(struct keys **k);

/* Takes a private key in PEM (RSA, EC on P-256 or P-384) as number, replacing
 * what was there. MC_E_BAD: not a key, encrypted, or another kind (*why =
 * static text); MC_E_LIMIT. */
int keys_load(struct keys *k, uint32_t number, struct view pem,
    const char **why) MUST_CHECK;

/* Signs digest for a TLS SignatureScheme (RFC 8446 4.2.3) into signature
 * (KEYS_SIGNATURE_MAX octets). MC_E_NOENT: no such key; MC_E_UNSUPPORTED: a
 * scheme that is unknown or not for this key; MC_E_BAD: a digest of another
 * length than the scheme's. */
int keys_sign(struct keys *k, uint32_t number, uint16_t scheme,
    struct view digest, char *signature, size_t *n) MUST_CHECK;

/* The body of the role in all daemons: keys_role.c. */
extern const struct role_ops keys_ops;
#endif
