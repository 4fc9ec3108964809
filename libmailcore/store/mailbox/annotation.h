#ifndef STORE_MAILBOX_ANNOTATION_H
#define STORE_MAILBOX_ANNOTATION_H
/* METADATA (RFC 5464): values by name, of mailboxes and of the server (here:
 * of the account). Names begin with /private/ or /shared/ and are kept in
 * lower case, as they are case-insensitive. They stay with the mailbox when
 * it is renamed and go when it is deleted. */
#include "store/mailbox/mailbox.h"

enum {
	ANNOTATION_ENTRY_MAX = 255,
	ANNOTATION_VALUE_MAX = 64 * 1024,
	ANNOTATIONS_MAX = 100, /* of a mailbox */
};

struct annotation {
	struct view entry;
	struct view value; /* NULL (V_NONE) is NIL: none, or remove it */
};

/* All or nothing. mailbox 0: the server. MC_E_NOENT: no such mailbox; MC_E_BAD:
 * no name that an entry can have; -EMSGSIZE: a value is too large ([METADATA
 * MAXSIZE]); MC_E_LIMIT: too many ([METADATA TOOMANY]); MC_E_FULL. */
int annotation_set(struct store *s, uint32_t mailbox,
    const struct annotation *items, size_t n) MUST_CHECK;

/* NIL when there is none. Valid until the transaction ends. */
int annotation_get(struct store_txn *t, uint32_t mailbox, struct view entry,
    struct view *value) MUST_CHECK;
/* In order of their names; stops when fn returns nonzero and returns that.
 * The views are valid until fn returns. */
int annotation_each(struct store_txn *t, uint32_t mailbox,
    int (*fn)(void *ctx, const struct annotation *a), void *ctx) MUST_CHECK;
#endif
