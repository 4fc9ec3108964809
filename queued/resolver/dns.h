#ifndef QUEUED_RESOLVER_DNS_H
#define QUEUED_RESOLVER_DNS_H
/* Questions to DNS, by libunbound on this process's loop: it starts no thread
 * and no process, and opens no file. The only file that knows libunbound. */
#include "conf/servers.h"
#include "net/loop.h"

struct dns;

struct dns_options {
	const struct conf_servers *servers;
	/* DS or DNSKEY records, one a line; empty: the root's. */
	struct view anchor;
	bool validate;
	int64_t cache_bytes;
	uint32_t questions_max; /* at the same time */
};

/* Types of RFC 1035 3.2.2, 3596, 6698. */
enum dns_type {
	DNS_A = 1,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_TLSA = 52,
};

enum dns_status {
	DNS_FOUND,   /* and there may be records of the type, or none */
	DNS_NO_NAME, /* NXDOMAIN */
	DNS_FAILED,  /* no answer, SERVFAIL, or bogus */
};

struct dns_answer {
	enum dns_status status;
	bool is_secure;     /* by DNSSEC, also that there is nothing */
	struct view packet; /* if not DNS_FAILED; during the call */
	const char *why;    /* if DNS_FAILED; during the call */
};

/* The owner's, from dns_ask until fn is called or dns_cancel. */
struct dns_query {
	struct dns *dns; /* NULL: none runs */
	int id;
	void *ctx; /* the owner's */
	void (*fn)(struct dns_query *q, const struct dns_answer *a);
};

/* MC_E_BAD: anchor, or a server, is not understood; it is logged. */
int dns_open(struct loop *l, const struct dns_options *options,
    struct dns **out) MUST_CHECK;
/* All queries have ended or were cancelled. Not from inside fn. */
void dns_close(struct dns **d);
/* fn is called once, and may be called before this returns. q->ctx stays. */
void dns_ask(struct dns *d, struct dns_query *q, const char *name,
    enum dns_type type,
    void (*fn)(struct dns_query *q, const struct dns_answer *a));
/* fn is not called any more; idempotent. */
void dns_cancel(struct dns_query *q);
#endif
