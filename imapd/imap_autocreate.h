#ifndef IMAPD_IMAP_AUTOCREATE_H
#define IMAPD_IMAP_AUTOCREATE_H
/* Drafts, Sent, Trash, Junk and Archive with their special uses (RFC 6154) for
 * a user who logs in for the first time, all subscribed, INBOX too. A user who
 * deletes them later does not get them again. */
#include "log/log.h"
#include "store/mailbox/mailbox.h"

/* What fails is logged: mail can be read without Trash. */
void imap_autocreate(struct store *s, const struct log_ctx *log);
#endif
