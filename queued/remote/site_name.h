#ifndef QUEUED_REMOTE_SITE_NAME_H
#define QUEUED_REMOTE_SITE_NAME_H
/* What sites are called. Mail of one site goes over the same sessions, so that
 * the name must tell apart whatever decides where they lead: all hosts, since
 * one that takes a domain's mail knows nothing of what its neighbour takes, and
 * what TLS they must have. Who owns a domain chooses the names of its hosts:
 * they are in it by a hash that nobody can find a second text for. */
#include "queued/queue_role.h"
#include "sasl/hash.h"

/* Of the names of hosts (queued/route.h), in whatever order. */
void site_hosts_digest(struct view hosts, unsigned char out[HASH_SHA256_BYTES]);

struct site_parts {
	struct view group; /* of the hosts, for who reads it */
	const unsigned char *hosts_digest;
	enum relay_tls tls;
	struct view route;     /* a section of the configuration; or empty */
	struct view sts_names; /* of an MTA-STS policy; or empty */
};

/* "example.net#0123456789abcdef0123456789abcdef/verified". */
struct view site_name_put(
    const struct site_parts *p, char out[QUEUE_SITE_MAX + 1]);
#endif
