#ifndef QUEUED_ROUTE_H
#define QUEUED_ROUTE_H
/* The hosts that take a domain's mail, as the resolver found them: the field
 * hosts of ROUTE_IS, RELAY_OPEN and FETCH_ASK. In the order in which they are
 * tried: by preference, equal ones shuffled (RFC 5321 5.1). Pure. */
#include "base/err.h"
#include "base/view.h"

enum {
	ROUTE_HOSTS_MAX = 16, /* of more, the best */
	ROUTE_NAME_MAX = 255,
	ROUTE_ADDRESSES_MAX = 16,
	ROUTE_TLSA_MAX = 12,
	ROUTE_TLSA_DATA_MAX = 2048,
};

struct route_address {
	unsigned char bytes[16];
	bool is_v6; /* else the first 4 bytes */
};

/* RFC 6698 2.1; data borrows. */
struct route_tlsa {
	uint8_t usage, selector, matching;
	struct view data;
};

/* What DNS says of TLSA records at _port._tcp.host. */
enum route_dane {
	DANE_NONE, /* there are none, or the zone is not signed */
	DANE_OK,   /* secure records, usable or not */
	DANE_TEMP, /* bogus, or no answer: the host must not be used
		      (RFC 7672 2.1.3) */
	DANE_COUNT
};

struct route_host {
	/* Without the last dot; "[192.0.2.1]", "[2001:db8::1]" when there is
	 * only an address; borrows. */
	struct view name;
	uint16_t preference;
	bool is_secure; /* name and addresses come from signed zones */
	enum route_dane dane;
	size_t n_addresses, n_tlsa;
	struct route_address addresses[ROUTE_ADDRESSES_MAX];
	struct route_tlsa tlsa[ROUTE_TLSA_MAX];
};

/* Appends a host to what is in out. MC_E_LIMIT: it does not fit cap any more,
 * *n is unchanged. */
int route_put_host(
    const struct route_host *h, char *out, size_t cap, size_t *n) MUST_CHECK;

/* Takes the first host off *hosts. MC_E_NOENT: there are no more; MC_E_PROTO.
 */
int route_take_host(struct view *hosts, struct route_host *out) MUST_CHECK;

/* "192.0.2.1", "2001:db8::1". */
enum {
	ROUTE_ADDRESS_TEXT = 46
};

void route_address_format(
    const struct route_address *a, char out[ROUTE_ADDRESS_TEXT]);
#endif
