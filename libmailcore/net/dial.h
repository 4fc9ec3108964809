#ifndef NET_DIAL_H
#define NET_DIAL_H
/* Connecting to a host that has several addresses (RFC 8305): one attempt after
 * the other, the next when one failed or has not answered for a moment, until
 * one is up. Which address of a host worked is remembered, and tried first. */
#include "base/view.h"
#include "net/loop.h"

enum {
	DIAL_ADDRESSES_MAX = 32, /* of more, the first */
	DIAL_STAGGER_MS = 250,   /* RFC 8305 5 */
};

/* Families take turns; the first one is that of the address that worked, else
 * as said. */
enum dial_family {
	DIAL_ANY, /* IPv6 first */
	DIAL_IPV6,
	DIAL_IPV4, /* only */
	DIAL_IPV4_FIRST,
	DIAL_FAMILY_COUNT
};

struct dial_address {
	unsigned char bytes[16];
	bool is_v6; /* else the first 4 bytes */
};

/* MC_E_BAD: neither "192.0.2.1" nor "2001:db8::1". */
int dial_parse(struct view text, struct dial_address *out) MUST_CHECK;

struct dialer_options {
	enum dial_family family;
	uint64_t stagger_ms;
	uint64_t timeout_ms; /* for all addresses of a host */
	/* Where connections come from; NULL: the system chooses. */
	const struct dial_address *source_ipv4, *source_ipv6;
};

struct dialer;
struct dialer *dialer_new(struct loop *l, const struct dialer_options *options);
void dialer_free(struct dialer **d); /* no dial is on its way */

struct dial;
/* fn is called once, from the loop, with a connected socket that is the
 * callee's (non-blocking, TCP_NODELAY) or an error: -errno of the last address
 * that failed, -ETIMEDOUT, MC_E_NOENT when no address has the right family. The
 * dial is gone then. index: the address that is meant. addresses are copied. */
struct dial *dial_start(struct dialer *d, struct view host,
    const struct dial_address *addresses, size_t n, uint16_t port,
    void (*fn)(void *ctx, int fd, size_t index), void *ctx);
void dial_cancel(struct dial **d); /* fn is not called */

/* The order in which addresses are tried: their indices in order, how many is
 * returned. first: the one that worked, or NULL. */
size_t dial_order(enum dial_family family, const struct dial_address *addresses,
    size_t n, const struct dial_address *first,
    size_t order[DIAL_ADDRESSES_MAX]);
#endif
