#ifndef STORE_MAILBOX_MESSAGE_H
#define STORE_MAILBOX_MESSAGE_H
/* Messages: immutable objects stored once, and rows (mailbox, UID) with what
 * can change. COPY and MOVE touch rows only. */
#include "base/source.h"
#include "store/mailbox/mailbox.h"
#include "store/mailbox/uidset.h"
#include "text/date.h"
#include "text/message/mime.h"

enum message_flag {
	MESSAGE_SEEN = 1 << 0,
	MESSAGE_ANSWERED = 1 << 1,
	MESSAGE_FLAGGED = 1 << 2,
	MESSAGE_DELETED = 1 << 3,
	MESSAGE_DRAFT = 1 << 4,
};

enum message_internal {
	MESSAGE_HAS_UIDL = 1 << 0, /* message_uidl() knows it */
	MESSAGE_BARE_LF = 1 << 1,  /* message_info's crlf_bytes is larger */
};

enum {
	UIDL_OCTETS_MAX = 70,
	KEYWORDS_MAX = 128,
	KEYWORD_OCTETS_MAX = 100,
	DELIVERY_ID_OCTETS = 16
};

struct message {
	uint32_t uid;
	uint16_t flags;
	uint16_t internal; /* enum message_internal */
	uint64_t msgid;    /* the object */
	uint64_t modseq, createmodseq;
	uint64_t size_bytes;
	struct date internaldate;
	uint32_t savedate_s;
	uint8_t keywords[KEYWORDS_MAX / 8]; /* bit = slot of the account */
};

int message_get(struct store_txn *t, uint32_t mailbox, uint32_t uid,
    struct message *out) MUST_CHECK;
/* Rows with first <= UID <= last in order; stops when fn returns nonzero and
 * returns that. */
int message_each(struct store_txn *t, uint32_t mailbox, uint32_t first,
    uint32_t last, int (*fn)(void *ctx, const struct message *m),
    void *ctx) MUST_CHECK;
/* All UIDs of a mailbox. */
int message_uids(
    struct store_txn *t, uint32_t mailbox, struct uidset *out) MUST_CHECK;

/* Keywords: at most KEYWORDS_MAX per account, named by their slot in rows. The
 * view is valid until the transaction ends; MC_E_NOENT. */
int keyword_name(
    struct store_txn *t, unsigned slot, struct view *out) MUST_CHECK;
/* Slot of a name (case-insensitive), -1: none has it. */
int keyword_find(struct store_txn *t, struct view name);

/* What is known of a message object without reading it. Views are valid until
 * the transaction ends. */
struct message_info {
	struct view envelope;      /* wire text */
	struct view bodystructure; /* wire text, with extension data */
	struct view parts;         /* packed part table: message_part() */
	uint32_t n_parts;
	uint32_t header_size;
	uint64_t size_bytes, n_lines;
	uint64_t crlf_bytes; /* size with CRLF at the end of each line */
	int64_t sent_s;      /* the Date field; internal date when unusable */
	struct date internaldate;
	uint64_t threadid; /* 0: not assigned (yet) */
	bool has_nul;
	bool crlf_clean; /* every line ends in CRLF, no line starts with a dot:
			    may be sent over POP3 as it is */
};

int message_info(
    struct store_txn *t, uint64_t msgid, struct message_info *out) MUST_CHECK;
/* Decodes the part table (header views are empty). out has room for
 * info->n_parts parts. */
int message_parts(
    const struct message_info *info, struct mime_part *out) MUST_CHECK;
/* The messages of a thread, retained ones too, oldest first; stops when fn
 * returns nonzero and returns that. */
int message_thread(struct store_txn *t, uint64_t threadid,
    int (*fn)(void *ctx, uint64_t msgid), void *ctx) MUST_CHECK;
/* Exactly n bytes of the message. MC_E_NOENT: no such object; MC_E_BAD out of
 * range; MC_E_CORRUPT when a checksum is wrong. */
int message_read(struct store_txn *t, uint64_t msgid, uint64_t offset,
    void *out, size_t n) MUST_CHECK;

/* Adding: delivery, APPEND, import. All items in one transaction; what can be
 * computed before it (MIME structure, ENVELOPE) is. At most 64 items and some
 * MiB a call keep other writers waiting for less than 50 ms. */
struct append {
	uint32_t mailbox;
	struct source source;
	uint16_t flags;
	const struct view *keywords;
	size_t n_keywords;
	struct date internaldate;
	struct view delivery_id; /* DELIVERY_ID_OCTETS or empty; a known one is
				    not stored again: duplicate */
	/* Import only. The UID that it shall have: taken when it is UIDNEXT or
	 * higher, else (and for 0) it gets UIDNEXT. The POP3 UIDL that it was
	 * known by (RFC 1939 7, 1 to 70 of 0x21 to 0x7E); empty: ours. */
	uint32_t uid;
	struct view uidl;
};

struct append_result {
	int error; /* of this item; the others may be in */
	bool duplicate;
	uint32_t uid, uidvalidity;
};

/* Returns an error only when nothing at all was stored. MC_E_NOENT as item
 * error: no such mailbox; MC_E_LIMIT: too many keywords, or 4 GiB; MC_E_BAD: no
 * keyword, delivery id or UIDL; MC_E_OVERQUOTA: does not fit (quota.h), what
 * comes later may; MC_E_FULL; what the source gave. */
int message_append(struct store *s, const struct append *items, size_t n,
    struct append_result *results) MUST_CHECK;
/* Where the message of a delivery id was stored; it may have gone since.
 * MC_E_NOENT: not known (any more: ids are kept for 30 days). */
int message_find_delivery(struct store_txn *t, struct view delivery_id,
    uint32_t *mailbox, uint32_t *uid) MUST_CHECK;
/* The UIDL a row was imported with. MC_E_NOENT: none; the view is valid until
 * the transaction ends. */
int message_uidl(struct store_txn *t, uint32_t mailbox, const struct message *m,
    struct view *out) MUST_CHECK;

enum flag_op {
	FLAGS_SET,
	FLAGS_ADD,
	FLAGS_REMOVE
};

struct flag_change {
	enum flag_op op;
	uint16_t flags;
	const struct view *keywords;
	size_t n_keywords;
};

/* STORE: one transaction, one modseq for all whose flags really differ. fn (may
 * be NULL) gets every row of uids after the change, changed or not, in order,
 * before the commit: what it writes counts only when 0 is returned.
 * unchanged_since: rows with a later modseq are left alone and go to *modified
 * (RFC 7162 3.1.3); UINT64_MAX: none. MC_E_LIMIT: too many keywords. */
int message_store_flags(struct store *s, uint32_t mailbox,
    const struct uidset *uids, const struct flag_change *change,
    uint64_t unchanged_since, struct uidset *modified,
    void (*fn)(void *ctx, const struct message *m), void *ctx) MUST_CHECK;

/* Removes rows: all of uids (NULL: the whole mailbox), only those with
 * \Deleted when deleted_only. Slices of at most 1,000 a transaction; *expunged
 * gets what is gone, also when a later slice fails. */
int message_expunge(struct store *s, uint32_t mailbox,
    const struct uidset *uids, bool deleted_only,
    struct uidset *expunged) MUST_CHECK;

/* COPY and MOVE (RFC 4315 COPYUID): *from and *to get equally many UIDs in the
 * same order. All or nothing (RFC 3501 6.4.7). Adds nothing to the totals, so
 * that no quota stands against it. */
int message_copy(struct store *s, uint32_t from_mailbox,
    const struct uidset *uids, uint32_t to_mailbox, struct uidset *from,
    struct uidset *to) MUST_CHECK;
int message_move(struct store *s, uint32_t from_mailbox,
    const struct uidset *uids, uint32_t to_mailbox, struct uidset *from,
    struct uidset *to) MUST_CHECK;

/* What happened in a mailbox after modseq since: rows that are new or changed
 * (in modseq order), and UID runs that vanished. MC_E_AGAIN when since lies
 * below the mailbox's vanish_floor: compare all UIDs instead. */
struct changes_sink {
	int (*on_message)(void *ctx, const struct message *m);
	int (*on_vanished)(void *ctx, uint32_t first_uid, uint32_t last_uid);
	void *ctx;
};

int message_changes(struct store_txn *t, uint32_t mailbox, uint64_t since,
    const struct changes_sink *sink) MUST_CHECK;
#endif
