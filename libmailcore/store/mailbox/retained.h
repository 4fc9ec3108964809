#ifndef STORE_MAILBOX_RETAINED_H
#define STORE_MAILBOX_RETAINED_H
/* What was expunged stays for a while: for sessions that still show it, and to
 * be undone. How long: what the mailbox says, else the account, else
 * store_options.retention_s. A longer or shorter time counts for what is
 * expunged from then on. Retained messages are not in the account's totals. */
#include "store/mailbox/message.h"

struct retained_message {
	uint64_t msgid;
	uint32_t mailbox, uid; /* where it was last; the mailbox may be gone */
	uint16_t flags;
	uint64_t size_bytes;
	uint32_t expunged_s;
	uint32_t purge_s; /* may be gone from then on */
	uint8_t keywords[KEYWORDS_MAX / 8];
};

/* In the order of purge_s; stops when fn returns nonzero and returns that. */
int message_retained(struct store_txn *t,
    int (*fn)(void *ctx, const struct retained_message *m),
    void *ctx) MUST_CHECK;

struct undelete {
	uint64_t msgid;   /* only this one; 0: all that */
	uint32_t mailbox; /* were there; 0: anywhere */
	uint32_t since_s; /* were expunged then or later */
	uint32_t to;      /* their new mailbox; 0: where they were, or INBOX
			     when that is gone */
};

bool undelete_wants(const struct undelete *u, const struct retained_message *m);

/* Back into mailboxes: new UIDs, flags and keywords as they were, without
 * \Deleted. Sessions see them arrive. Transactions of at most 500; *restored
 * counts what is back, also when a later one fails. MC_E_NOENT: no mailbox to;
 * MC_E_FULL. */
int message_undelete(struct store *s, const struct undelete *what,
    uint64_t *restored) MUST_CHECK;

/* Seconds; 0: the account's, or the default. mailbox 0: the account.
 * MC_E_NOENT. */
int mailbox_retention(
    struct store_txn *t, uint32_t mailbox, uint32_t *seconds) MUST_CHECK;
int mailbox_set_retention(
    struct store *s, uint32_t mailbox, uint32_t seconds) MUST_CHECK;
#endif
