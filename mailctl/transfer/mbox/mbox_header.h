#ifndef MAILCTL_TRANSFER_MBOX_MBOX_HEADER_H
#define MAILCTL_TRANSFER_MBOX_MBOX_HEADER_H
/* Header fields by which mbox software keeps flags and UIDs in a message. They
 * are not part of it: they are read, and left out. */
#include "base/arena.h"
#include "store/mailbox/message.h"

struct mbox_meta {
	uint16_t flags;
	bool old; /* Status: O */
	uint32_t uid;
	struct view keywords[KEYWORDS_MAX]; /* in the arena */
	size_t n_keywords;
	/* X-IMAPbase and X-IMAP, in the first message of a file. */
	uint32_t uidvalidity, last_uid;
	bool is_internal; /* X-IMAP: no message, but c-client's notes */
};

/* Whether a header line begins a field that is left out; then it is read. */
bool mbox_meta_take(struct mbox_meta *m, struct arena *arena, struct view line);
#endif
