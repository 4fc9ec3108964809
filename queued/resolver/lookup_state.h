#ifndef QUEUED_RESOLVER_LOOKUP_STATE_H
#define QUEUED_RESOLVER_LOOKUP_STATE_H
/* Inside of a lookup: what its files share. */
#include "base/arena.h"
#include "queued/resolver/lookup.h"
#include "queued/resolver/name.h"
#include "queued/resolver/packet.h"
#include "queued/resolver/sts_record.h"
#include "queued/route.h"

enum {
	LOOKUP_TEXT_MAX = 200,
	LOOKUP_MEMORY_MAX = 1 << 20,
	LOOKUP_HOSTS_BYTES = 32000,
};

struct lookup_host {
	struct lookup *lookup;
	char name[PACKET_NAME_MAX];
	char canonical[PACKET_NAME_MAX]; /* at the end of its aliases */
	struct dns_query a, aaaa, tlsa;
	unsigned n_pending;    /* of a, aaaa */
	bool has_failed;       /* one of them */
	bool tlsa_at_own_name; /* the last one that is asked */
	struct route_host found;
};

struct lookup {
	struct lookup_options options;
	void (*fn)(void *ctx, const struct lookup_result *result);
	void *ctx;
	struct timer *timer;
	struct deferred *done;
	struct arena memory; /* TLSA data, and the answer */
	unsigned n_pending;
	enum lookup_kind kind;
	bool is_implicit, is_secure; /* of the MX records */
	uint16_t port;
	char domain[PACKET_NAME_MAX];
	struct dns_query first, sts; /* first: of the MX or TXT records */
	struct view txt;
	struct lookup_host hosts[ROUTE_HOSTS_MAX];
	size_t n_hosts;
	enum route_status status;
	uint32_t ttl_s;
	char sts_id[STS_ID_MAX + 1];
	char text[LOOKUP_TEXT_MAX + 1];
};

/* Every question is begun before, and ended behind its answer. */
void lookup_begin(struct lookup *l);
void lookup_end(struct lookup *l);
void lookup_note_ttl(struct lookup *l, const struct dns_answer *a);
/* What is said first stays. */
void lookup_say(struct lookup *l, const char *format, ...) PRINTF_LIKE(2, 3);

/* lookup_host.c: addresses, then TLSA records. */
void lookup_host_start(struct lookup *l, const char *name, uint16_t preference);
void lookup_host_cancel(struct lookup_host *h);
#endif
