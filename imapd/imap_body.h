#ifndef IMAPD_IMAP_BODY_H
#define IMAPD_IMAP_BODY_H
/* BODY from a stored BODYSTRUCTURE: the same without extension data
 * (RFC 3501 7.4.2). */
#include "base/buf.h"

/* False when structure is not what we store; out then holds part of it. */
bool imap_body_put(struct view structure, struct buf *out);
#endif
