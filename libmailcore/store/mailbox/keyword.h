#ifndef STORE_MAILBOX_KEYWORD_H
#define STORE_MAILBOX_KEYWORD_H
/* Keywords inside a write transaction: names to the bits of a row. */
#include "store/mailbox/message.h"

struct edit;

struct keywords {
	uint8_t bits[KEYWORDS_MAX / 8];
	bool added; /* the account got a new one */
};

/* Names without a slot get one when add, otherwise they are left out.
 * MC_E_LIMIT: all slots are taken or a name is too long; MC_E_BAD: no atom. */
int keywords_resolve(struct edit *e, const struct view *names, size_t n,
    bool add, struct keywords *out) MUST_CHECK;
bool keyword_is_valid(struct view name);
#endif
