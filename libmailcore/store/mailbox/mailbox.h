#ifndef STORE_MAILBOX_MAILBOX_H
#define STORE_MAILBOX_MAILBOX_H
/* Mailboxes: names are UTF-8 in NFC, '/' separates levels, INBOX (any case) is
 * "INBOX". A name has at most 32 levels of 255 octets each, 1,000 in all, no
 * control characters and no empty level. */
#include "store/store.h"

enum mailbox_flag {
	MAILBOX_NOSELECT = 1 << 0, /* only a level of the hierarchy */
};

/* RFC 6154; also what delivery and clients create by default. */
enum special_use {
	SPECIAL_ALL = 1 << 0,
	SPECIAL_ARCHIVE = 1 << 1,
	SPECIAL_DRAFTS = 1 << 2,
	SPECIAL_FLAGGED = 1 << 3,
	SPECIAL_JUNK = 1 << 4,
	SPECIAL_SENT = 1 << 5,
	SPECIAL_TRASH = 1 << 6,
};

struct mailbox {
	uint32_t id, parent; /* parent 0: top level */
	uint16_t flags, special_use;
	uint32_t uidvalidity, uidnext;
	uint64_t highestmodseq, createmodseq;
	uint64_t vanish_floor; /* changes at or below are no longer known */
	uint32_t messages, unseen, deleted;
	uint32_t recent_uid; /* UIDs from here on were shown to no session */
	uint64_t size_bytes;
	uint8_t guid[16];
};

int mailbox_find(struct store_txn *t, struct view name,
    struct mailbox *out) MUST_CHECK; /* MC_E_NOENT, MC_E_BAD */
int mailbox_get(
    struct store_txn *t, uint32_t id, struct mailbox *out) MUST_CHECK;
/* 0, or MC_E_BAD: not a name that a mailbox can have. */
int mailbox_name_check(struct view name) MUST_CHECK;

/* All mailboxes, parents before children, names in byte order among siblings;
 * fn returns 0 to go on. has_children: RFC 3348. */
int mailbox_each(struct store_txn *t,
    int (*fn)(void *ctx, struct view name, const struct mailbox *m,
	bool has_children),
    void *ctx) MUST_CHECK;

/* A special use is that of one mailbox: to give it to another takes it from
 * the first (RFC 6154 3: "the effect of moving the special use"). */

/* Missing parents are created too (RFC 3501 6.3.3); a NOSELECT one becomes a
 * mailbox. MC_E_EXISTS, MC_E_BAD, MC_E_LIMIT (10,000 mailboxes),
 * MC_E_OVERQUOTA; the last also of mailbox_rename, for parents it makes. */
int mailbox_create(struct store *s, struct view name, uint16_t special_use,
    struct mailbox *out) MUST_CHECK;

struct mailbox_wish {
	struct view name;
	uint16_t special_use;
};

/* Creates those of them that do not exist, as many as the quota lets, and
 * subscribes what is there then, in one transaction. MC_E_BAD, MC_E_LIMIT;
 * MC_E_BUSY: mailbox_create can wait. */
int mailbox_provide(
    struct store *s, const struct mailbox_wish *wishes, size_t n) MUST_CHECK;
/* With children it becomes NOSELECT (RFC 3501 6.3.4); MC_E_DENIED for INBOX;
 * MC_E_NOENT; MC_E_BUSY for a NOSELECT one with children. */
int mailbox_delete(struct store *s, struct view name) MUST_CHECK;
/* Children move along, one key. INBOX: its messages move into the new mailbox
 * and INBOX stays (RFC 3501 6.3.5). */
int mailbox_rename(
    struct store *s, struct view from, struct view to) MUST_CHECK;

/* uses replaces what it had. MC_E_NOENT: no such mailbox, or NOSELECT. */
int mailbox_set_special_use(
    struct store *s, uint32_t id, uint16_t uses) MUST_CHECK;

int mailbox_subscribe(struct store *s, struct view name, bool on) MUST_CHECK;
int mailbox_subscriptions(struct store_txn *t,
    int (*fn)(void *ctx, struct view name), void *ctx) MUST_CHECK;
bool mailbox_is_subscribed(struct store_txn *t, struct view name);

/* \Recent (RFC 3501 2.3.2): messages with a UID from *first on belong to the
 * calling session, and to no later one. Writes only when there are any. */
int mailbox_claim_recent(
    struct store *s, uint32_t id, uint32_t *first) MUST_CHECK;

/* Import: the mailbox goes on where another server's ended. A UIDVALIDITY that
 * differs is taken over only by a mailbox without messages, which then begins
 * at UID 1 again; MC_E_EXISTS when there are some, MC_E_LIMIT when it or
 * UIDNEXT leaves no room for later ones. UIDNEXT and recent_uid are only ever
 * raised; 0 leaves each as it is. */
struct mailbox_origin {
	uint32_t uidvalidity, uidnext, recent_uid;
};

int mailbox_adopt(struct store *s, uint32_t id,
    const struct mailbox_origin *origin) MUST_CHECK;
#endif
