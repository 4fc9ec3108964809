#ifndef TEXT_MESSAGE_ADDR_H
#define TEXT_MESSAGE_ADDR_H
/* Address lists of header fields: RFC 5322 3.4 with 4.4 (obsolete forms).
 * Lenient: broken lists give what can be read of them. */
#include "base/buf.h"

struct addr {
	struct view name;   /* display name or trailing comment, undecoded,
			       quotes and quoted-pairs removed */
	struct view local;  /* plain; for a group start: the group's name */
	struct view domain; /* empty when missing */
	struct view route;  /* obsolete source route */

	enum addr_kind {
		ADDR_MAILBOX,
		ADDR_GROUP_START,
		ADDR_GROUP_END
	} kind;
};

/* Calls fn for each address, group start and group end, in order, until fn
 * returns false; at most max. Views are valid during the call only. */
void addr_each(struct view value, size_t max,
    bool (*fn)(void *ctx, const struct addr *a), void *ctx);
#endif
