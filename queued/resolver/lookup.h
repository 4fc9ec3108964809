#ifndef QUEUED_RESOLVER_LOOKUP_H
#define QUEUED_RESOLVER_LOOKUP_H
/* All questions about one domain, host or name, up to the answer that ROUTE_IS
 * or TXT_IS carries: mail exchangers (RFC 5321 5.1, RFC 7505), their addresses,
 * TLSA records (RFC 7672 2.2), and the id of an MTA-STS policy (RFC 8461 3.1).
 */
#include "queued/resolver/dns.h"
#include "wire/msg.h"

struct lookup;

enum lookup_kind {
	LOOKUP_MX,   /* a domain's mail exchangers */
	LOOKUP_HOST, /* a host's own addresses */
	LOOKUP_TXT,
};

struct lookup_question {
	enum lookup_kind kind;
	struct view name; /* as in an address; also an address literal */
	uint16_t port;    /* of TLSA records */
};

enum {
	LOOKUP_TXT_MAX = 4000
};

struct lookup_options {
	struct loop *loop;
	struct dns *dns;
	struct view hostname; /* our own; outlives the lookup */
	uint64_t timeout_ms;
};

struct lookup_result {
	enum route_status status;
	uint32_t ttl_s;
	/* During the call. text: why it is not ROUTE_OK, or what was left out;
	 * of LOOKUP_TXT that is ROUTE_OK: the records, one a line. */
	struct view group, sts_id, text, hosts;
};

/* fn is called once, from the loop, unless it was freed before. */
struct lookup *lookup_start(const struct lookup_options *options,
    const struct lookup_question *question,
    void (*fn)(void *ctx, const struct lookup_result *result), void *ctx);
void lookup_free(struct lookup **l); /* also from inside fn */
#endif
