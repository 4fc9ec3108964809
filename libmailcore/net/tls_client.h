#ifndef NET_TLS_CLIENT_H
#define NET_TLS_CLIENT_H
/* TLS as a client (1.2 and 1.3), and what the server's certificate is worth. */
#include "base/err.h"
#include "base/view.h"
#include "wire/msg.h"

struct tls_client;

enum tls_verify {
	/* Any certificate will do; whether it would have passed as by
	 * TLS_VERIFY_NAME is known afterwards. */
	TLS_VERIFY_NONE,
	/* By an authority that we trust, for server_name (RFC 6125; wildcards
	 * only as a whole left-most label). */
	TLS_VERIFY_NAME,
	/* By the TLSA records (RFC 7672): those of usage 2 and 3 count, a
	 * record that is malformed or unknown does not. When none counts, any
	 * certificate will do, and is not verified (2.2 there). */
	TLS_VERIFY_DANE,
};

/* RFC 6698 2.1 */
struct tls_tlsa {
	uint8_t usage, selector, matching;
	struct view data;
};

struct tls_client_params {
	struct tls_client *client;
	enum tls_verify verify;
	/* A host name, also said to the server (SNI), or an address in
	 * brackets, not said. With DANE the base domain of the records. Empty:
	 * none, nothing is verified then. */
	struct view server_name;
	/* DANE: a certificate under a trust anchor (usage 2) may be for this
	 * name as well: the domain of the mail (RFC 7672 3.2.2). Or empty. */
	struct view other_name;
	const struct tls_tlsa *tlsa;
	size_t n_tlsa;
};

/* authorities_pem: certificates one after the other; what is none is left out.
 */
struct tls_client *tls_client_new(struct view authorities_pem);
/* Connections that use it stay as they are. */
void tls_client_free(struct tls_client **c);
size_t tls_client_authorities(const struct tls_client *c); /* how many */
#endif
