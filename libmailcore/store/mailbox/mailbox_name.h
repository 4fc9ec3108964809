#ifndef STORE_MAILBOX_MAILBOX_NAME_H
#define STORE_MAILBOX_MAILBOX_NAME_H
/* Names of mailboxes as they are stored: NFC, INBOX in capitals, checked. */
#include "store/mailbox/mailbox.h"

struct edit;

enum {
	MAILBOX_NAME_MAX = 1000,
	MAILBOX_LEVELS_MAX = 32
};

struct mailbox_name {
	size_t n;
	char p[MAILBOX_NAME_MAX];
};

/* 0 or MC_E_BAD. */
int mailbox_name_normalize(struct view in, struct mailbox_name *out) MUST_CHECK;

static inline struct view mailbox_name_view(const struct mailbox_name *name)
{
	return (struct view){ name->p, name->n };
}

/* Finds the id of a normalized name. MC_E_NOENT: *id is that of the deepest
 * level that exists (0: none) and *rest what is missing below it. */
int mailbox_lookup(struct kv_txn *t, struct view name, uint32_t *id,
    struct view *rest) MUST_CHECK;
int mailbox_has_children(struct kv_txn *t, uint32_t id, bool *out) MUST_CHECK;
/* Sets a mailbox's special uses; no other one has them then. */
int mailbox_take_uses(struct edit *e, uint32_t id, uint16_t uses) MUST_CHECK;
/* Of a normalized name; whether that changed anything. */
bool mailbox_subscribe_in(struct edit *e, struct view name, bool on);
#endif
