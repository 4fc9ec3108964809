#ifndef QUEUED_NOTICE_EXPLAIN_H
#define QUEUED_NOTICE_EXPLAIN_H
/* What an enhanced status code (RFC 3463) at the start of a reply means, in
 * words for whoever sent the message: in notifications and for mailctl. */
#include "base/view.h"

struct explanation {
	struct view what; /* "the mailbox is full": goes on a sentence */
	struct view todo; /* a sentence; may be empty */
};

/* "5.2.2 some text", "552 5.2.2 some text" or any other text: never fails. */
struct explanation explain_reply(struct view reply);
/* The code itself, "5.2.2"; empty when the reply has none. */
struct view explain_code(struct view reply);
#endif
