#ifndef IMAPD_IMAP_MAILBOX_H
#define IMAPD_IMAP_MAILBOX_H
/* What several commands need of mailboxes. */
#include "imapd/imap_session.h"

/* A mailbox that can be selected: MC_E_NOENT for all others. */
int imap_find_mailbox(
    struct imap_session *s, struct view name, struct mailbox *out) MUST_CHECK;
/* " \Drafts" for each (RFC 6154 2). */
void imap_put_special_uses(struct buf *out, uint16_t uses);
#endif
