#ifndef QUEUED_FETCH_HTTPS_H
#define QUEUED_FETCH_HTTPS_H
/* HTTPS requests by libcurl: one answer each, no redirects, no cookies, no
 * proxy, certificates always checked (RFC 8461 3.3). */
#include "net/loop.h"
#include "queued/route.h"
#include "wire/msg.h"

enum {
	HTTPS_REQUESTS_MAX = 64, /* at a time */
	HTTPS_BODY_MAX = 64 * 1024,
	HTTPS_ADDRESSES_MAX = 8, /* of one host, that are tried */
	HTTPS_TIMEOUT_S = 60,    /* for all of it (RFC 8461 3.3) */
};

struct https;

/* All views are copied. */
struct https_ask {
	uint64_t id;
	struct view url; /* "https://host[:port]/path" */
	/* Addresses of url's host; more than HTTPS_ADDRESSES_MAX are left out.
	 */
	const struct route_address *addresses;
	size_t n_addresses;
	struct view type, post; /* as FETCH_ASK */
};

struct https_answer {
	uint64_t id;
	enum fetch_status status;
	unsigned code;    /* HTTP's, of FETCH_OK */
	struct view text; /* what went wrong */
	struct view body;
};

/* NULL: libcurl cannot be used. done is never called from https_start. */
struct https *https_new(struct loop *l,
    void (*done)(void *ctx, const struct https_answer *a), void *ctx);
void https_free(struct https **h); /* without answers */
/* PEM of the certificates that are trusted; copied. Empty: none is. */
void https_set_ca(struct https *h, struct view pem);
/* MC_E_LIMIT: too many; MC_E_BAD: not such an url, or no address. */
int https_start(struct https *h, const struct https_ask *ask) MUST_CHECK;
#endif
