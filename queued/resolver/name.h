#ifndef QUEUED_RESOLVER_NAME_H
#define QUEUED_RESOLVER_NAME_H
/* Names of domains as DNS wants them. Pure. */
#include "queued/route.h"

enum {
	NAME_CAP = 254 /* RFC 1035 2.3.4, as text, and a NUL */
};

/* A domain of an address in lower case, with A-labels instead of U-labels (RFC
 * 5890), without a last dot. MC_E_BAD: it cannot be in DNS. */
int name_normalise(struct view domain, char out[NAME_CAP]) MUST_CHECK;
/* "[192.0.2.1]", "[IPv6:2001:db8::1]" (RFC 5321 4.1.3), and the latter without
 * "IPv6:". MC_E_NOENT: no literal; MC_E_BAD: a bad one. */
int name_literal(struct view domain, struct route_address *out) MUST_CHECK;
/* The part of a host's name that its owner has registered: hosts of one
 * provider have one. The name itself when nothing of it can be told. */
struct view name_group(const char *host);
#endif
