#ifndef NET_TLS_H
#define NET_TLS_H
/* TLS as a server, with keys that live in another process. */
#include "base/err.h"
#include "base/view.h"

struct tls_server;

/* Signs a digest with key number key for a TLS 1.2 or 1.3 handshake; blocks
 * for at most seconds. Returns 0 and fills signature (1024 octets), or an
 * error: the handshake fails. */
struct tls_signer {
	int (*sign)(void *ctx, uint32_t key, uint16_t scheme,
	    struct view digest, char *signature, size_t *n);
	void *ctx;
};

struct tls_options {
	bool allow_tls12; /* 1.3 only otherwise */
};

/* signer must outlive it. */
struct tls_server *tls_server_new(
    const struct tls_options *options, const struct tls_signer *signer);
void tls_server_free(struct tls_server **s);
/* Adds (or replaces) a certificate chain in PEM, chosen by SNI when server_name
 * is not empty, else the default. RSA and ECDSA keys. MC_E_BAD. */
int tls_server_add(struct tls_server *s, struct view server_name,
    struct view chain_pem, uint32_t key) MUST_CHECK;
bool tls_server_ready(const struct tls_server *s); /* has a default */
#endif
