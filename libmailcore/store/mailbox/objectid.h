#ifndef STORE_MAILBOX_OBJECTID_H
#define STORE_MAILBOX_OBJECTID_H
/* EMAILID, THREADID and MAILBOXID (RFC 8474) as text: a letter, then 26 of a-z
 * and 2-7. Those of messages and threads come from the account's identity
 * (store_totals) and the number of the object, which COPY, MOVE, RENAME, a
 * dump and its load all keep. */
#include "base/err.h"
#include "base/view.h"
#include <stdint.h>

enum {
	OBJECTID_OCTETS = 27
};

enum objectid_kind {
	OBJECTID_EMAIL = 'm',
	OBJECTID_THREAD = 't',
	OBJECTID_MAILBOX = 'f',
};

/* account: its guid; id: message.msgid, or message_info.threadid. */
struct view objectid_encode(enum objectid_kind kind, const uint8_t account[16],
    uint64_t id, char out[OBJECTID_OCTETS]);
/* guid: that of the mailbox. */
struct view objectid_encode_mailbox(
    const uint8_t guid[16], char out[OBJECTID_OCTETS]);
/* What a client asks for. MC_E_NOENT: no id of this kind and account. */
int objectid_decode(enum objectid_kind kind, const uint8_t account[16],
    struct view text, uint64_t *id) MUST_CHECK;
#endif
