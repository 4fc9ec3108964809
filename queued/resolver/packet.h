#ifndef QUEUED_RESOLVER_PACKET_H
#define QUEUED_RESOLVER_PACKET_H
/* The records of an answer as libunbound gives it: a message of RFC 1035 4.1,
 * checked and put together by libunbound itself. Read with the C library's
 * parser (arpa/nameser.h). Pure. */
#include "base/err.h"
#include "base/view.h"
#include <arpa/nameser.h>

enum {
	PACKET_NAME_MAX = 256, /* as text, with its NUL */
};

struct packet {
	ns_msg msg;
	int next, count;
	uint16_t type;
};

struct packet_record {
	const char *owner; /* valid until the next one is taken */
	struct view data;  /* borrows from the packet's bytes */
	ns_rr rr;
};

/* Over the records of that type in the answer; others, as CNAME, are passed
 * over. MC_E_BAD. */
int packet_open(
    struct view bytes, uint16_t type, struct packet *out) MUST_CHECK;
/* False: there are no more, or what follows is malformed. */
bool packet_next(struct packet *p, struct packet_record *out);
/* How long the answer may be kept: the smallest of its records' times, and of
 * the SOA's beside an answer that is none (RFC 2308 5); fallback without. */
uint32_t packet_ttl(struct view bytes, uint32_t fallback);

/* RFC 1035 3.3.9. "" is the root: RFC 7505. MC_E_BAD. */
int packet_mx(const struct packet *p, const struct packet_record *r,
    uint16_t *preference, char name[PACKET_NAME_MAX]) MUST_CHECK;
/* The strings of a TXT record, joined: RFC 1035 3.3.14. Bytes appended to out,
 * at most cap; what does not fit is left out. Returns how many. */
size_t packet_txt(struct view data, char *out, size_t cap);
#endif
