#ifndef STORE_DUMP_RESTORE_H
#define STORE_DUMP_RESTORE_H
/* Messages of a dump into a store that is in use: they are appended at UIDNEXT
 * with their flags, keywords, dates and UIDLs. What is still there, octet for
 * octet in the mailbox where it would go, is left out. Without a store the
 * messages are only told. */
#include "store/dump/dump_stream.h"
#include "store/store.h"

struct restore_item {
	struct view mailbox; /* its name in the dump */
	uint32_t uid;        /* there */
	uint16_t flags;
	uint64_t size_bytes;
	int64_t date_s;
	struct view message_id, subject; /* as they are in the header */
	bool present;                    /* it is still there */
	uint32_t new_uid;                /* 0: it was not appended */
};

struct restore_options {
	struct view mailbox;    /* empty: all */
	uint32_t uid;           /* 0: all */
	struct view message_id; /* with its angle brackets; empty: all */
	struct view into; /* a mailbox for all of them; empty: their own */
	bool force_copy;  /* also what is still there */
	bool dry_run;
	void (*on_item)(void *ctx, const struct restore_item *item);
	void *ctx;
};

struct restore_result {
	uint64_t found, present, restored;
	uint64_t mailboxes; /* that were made */
	char why[200];
};

/* store NULL: as dry_run, and nothing is present. MC_E_NOENT: there is no such
 * mailbox in the dump; MC_E_CORRUPT, MC_E_BAD: of the dump; errors of the
 * store. What was appended before an error stays. */
int store_restore(struct store *store, struct dump_reader *reader,
    const struct restore_options *options,
    struct restore_result *out) MUST_CHECK;
#endif
