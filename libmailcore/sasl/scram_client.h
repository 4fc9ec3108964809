#ifndef SASL_SCRAM_CLIENT_H
#define SASL_SCRAM_CLIENT_H
/* The client's side of SCRAM-SHA-256 and -PLUS (RFC 5802, 7677), without I/O:
 * the server never sees the password, and proves that it knows it, too.
 * Messages are raw octets: base64 is the protocol's business. */
#include "base/buf.h"
#include "sasl/hash.h"

enum {
	/* RFC 7677 4: a server that wants less work makes its keys cheap to
	 * guess from. */
	SCRAM_CLIENT_ITERATIONS_MIN = 4096,
	SCRAM_CLIENT_BINDING_MAX = 64,
};

enum scram_client_bind {
	SCRAM_BIND_NONE,        /* cannot */
	SCRAM_BIND_NOT_OFFERED, /* could, but the server has no -PLUS */
	SCRAM_BIND_EXPORTER,    /* -PLUS, by tls-exporter (RFC 9266) */
};

/* All zero at first. */
struct scram_client {
	struct buf header; /* gs2-header, and the binding behind it */
	struct buf bare;   /* client-first-message-bare */
	unsigned char signature[HASH_SHA256_BYTES]; /* what the server's is */
	const char *test_nonce;                     /* NULL but in tests */
};

/* The three steps. Each of the first two appends a message to out, for the
 * server; all: MC_E_LIMIT, MC_E_INTERNAL. binding: of SCRAM_BIND_EXPORTER. */
int scram_client_first(struct scram_client *c, enum scram_client_bind bind,
    struct view binding, struct view user, struct buf *out) MUST_CHECK;
/* MC_E_BAD: the server's message is malformed, or asks for too little work, or
 * for too much. Slow by design: milliseconds. */
int scram_client_final(struct scram_client *c, struct view password,
    struct view message, struct buf *out) MUST_CHECK;
/* MC_E_AUTH: it does not know the password, or says that we do not. */
int scram_client_verify(
    const struct scram_client *c, struct view message) MUST_CHECK;
void scram_client_deinit(struct scram_client *c); /* wipes; all zero again */
#endif
