#ifndef IMAPD_IMAP_RESP_H
#define IMAPD_IMAP_RESP_H
/* Pieces of responses: RFC 3501 7. */
#include "store/mailbox/message.h"

/* Names of keywords by slot, looked up once in a read transaction: the views
 * end with it. */
struct imap_keywords {
	struct store_txn *t;
	struct view names[KEYWORDS_MAX];
};

enum {
	/* What one row's items need at most, without keywords. */
	IMAP_ROW_OCTETS = 256,
	IMAP_KEYWORDS_OCTETS = KEYWORDS_MAX * (KEYWORD_OCTETS_MAX + 1)
};

enum imap_row_item {
	IMAP_ROW_UID = 1 << 0,
	IMAP_ROW_FLAGS = 1 << 1,
	IMAP_ROW_SIZE = 1 << 2,
	IMAP_ROW_DATE = 1 << 3
};

/* Puts "* SEQ FETCH (" and the row's items, separated by spaces, without the
 * end. items must not be empty unless more follows. False: no room. */
bool imap_put_row(struct buf *out, uint32_t seq, const struct message *m,
    unsigned items, bool is_recent, struct imap_keywords *k);

/* FLAGS and PERMANENTFLAGS, with all keywords of the account. */
void imap_put_flags(struct buf *out, struct store_txn *t, bool readonly);
unsigned imap_count_keywords(struct store_txn *t);

/* Mailbox name as astring in modified UTF-7. */
void imap_put_mailbox(struct buf *out, struct view name);

/* Decimal digits to p; the end is returned. At most 10 octets. */
char *imap_write_u32(char *p, uint32_t n);
#endif
