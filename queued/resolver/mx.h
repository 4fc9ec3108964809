#ifndef QUEUED_RESOLVER_MX_H
#define QUEUED_RESOLVER_MX_H
/* Which mail exchangers of a domain are tried, in which order: RFC 5321 5.1.
 * Pure. */
#include "queued/resolver/packet.h"
#include "queued/route.h"
#include "wire/msg.h"

enum {
	MX_MAX = 64 /* of one domain; more are not looked at */
};

struct mx {
	uint16_t preference;
	char name[PACKET_NAME_MAX]; /* lower case, no last dot */
};

/* Sorts all by preference, equal ones in a random order; takes off those that
 * are not nearer than own, this host's name, the ones of RFC 7505, and those
 * past ROUTE_HOSTS_MAX. ROUTE_OK: *n is above 0. Else ROUTE_NULL_MX, when there
 * are only those; ROUTE_LOOP. *n must be above 0. */
enum route_status mx_select(struct mx *all, size_t *n, struct view own,
    uint32_t (*random_below)(uint32_t n));
#endif
