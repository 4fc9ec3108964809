#ifndef STORE_SEARCH_EXTRACT_ROWS_H
#define STORE_SEARCH_EXTRACT_ROWS_H
/* From objects that a search found to the rows of one mailbox, by the store's
 * index of links. */
#include "store/mailbox/message.h"

struct extract_rows {
	uint32_t mailbox;
	uint64_t max; /* UIDs */
	struct uidset *out;
	struct kv_cursor links;
};

/* What is found goes into out. Close in any case. */
int extract_rows_open(struct extract_rows *r, struct store_txn *t,
    uint32_t mailbox, uint64_t max, struct uidset *out) MUST_CHECK;
void extract_rows_close(struct extract_rows *r);
/* The rows that show an object. MC_E_LIMIT: out has more than max. */
int extract_rows_add(struct extract_rows *r, uint64_t msgid) MUST_CHECK;
/* Those of all that came after done_msgid. MC_E_LIMIT: there are too many, in
 * all mailboxes. */
int extract_rows_add_unknown(
    struct extract_rows *r, uint64_t done_msgid) MUST_CHECK;
#endif
