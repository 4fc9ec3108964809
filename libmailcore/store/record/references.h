#ifndef STORE_RECORD_REFERENCES_H
#define STORE_RECORD_REFERENCES_H
/* What threads are made of: hashes of a message's base subject (RFC 5256 2.1),
 * its Message-ID, and the ids that References and In-Reply-To name. */
#include "base/err.h"
#include "base/view.h"

enum {
	REFERENCES_MAX = 50, /* the newest */
	REFERENCES_OCTETS_MAX = 8 * (2 + REFERENCES_MAX),
};

struct references {
	uint64_t subject;
	uint64_t id;                   /* 0: none */
	uint64_t refs[REFERENCES_MAX]; /* oldest first, each once, never id */
	unsigned n;
};

/* Of a header block, of whatever form. */
void references_of(struct view header, struct references *out);

/* Field 7 of E; empty when the message has no id and names none. */
struct view references_encode(
    const struct references *r, char out[REFERENCES_OCTETS_MAX]);
int references_decode(struct view v, struct references *out) MUST_CHECK;
#endif
