#ifndef STORE_TXN_EDIT_H
#define STORE_TXN_EDIT_H
/* Inside of the store: one write transaction with the records that it changes.
 * The account and the mailboxes are read once, changed in memory, and written
 * back at the commit, so that a batch writes each of them once. */
#include "store/compact.h"
#include "store/quota.h"
#include "store/record/keys.h"
#include "store/record/pack.h"
#include "store/wake.h"

struct extracts;
struct kv_compact;

struct store {
	struct kv *kv;
	char *dir;
	bool readonly;
	bool compress; /* what is added */
	struct unpacker unpacker;
	uint32_t retention_s; /* of mailboxes that have none of their own */
	int64_t (*now_s)(void);
	struct wake wake;
	struct store_limits limits;
	struct key sweep; /* where the search for old delivery ids goes on */
	struct extracts *extracts;   /* NULL: not used so far */
	uint64_t compact_free_bytes; /* see struct store_options */
	struct kv_compact *compact;  /* NULL: none is under way */
	struct store_compaction compaction;
	uint64_t compact_after_ms;
};

void compact_close(struct store *s);

enum {
	EDIT_BOXES = 8
};

struct edit_box {
	struct box b;
	bool dirty;
};

/* Rows of a mailbox and a modseq that follow each other: store/txn/runs.h. */
struct run {
	uint32_t mailbox;
	uint32_t first, last; /* first 0: there is none */
	uint64_t modseq;
	bool gone; /* they are no rows any more */
};

struct edit {
	struct store *store;
	struct kv_txn kv;
	struct account account;
	bool account_dirty;
	bool quiet;      /* nothing that a session can see: wake nobody */
	uint64_t modseq; /* of this transaction; 0: none needed so far */
	uint32_t now_s;
	struct edit_box boxes[EDIT_BOXES]; /* id 0: free */
	struct run left, joined;           /* not written yet */
	struct kv_cursor changes; /* in chg, for rows that change in order */
	unsigned next;
};

/* After 0, end with edit_commit or edit_abort. */
int edit_begin(struct store *s, struct edit *e) MUST_CHECK;
/* Writes everything back; when 0 the others are woken. */
int edit_commit(struct edit *e) MUST_CHECK;
void edit_abort(struct edit *e);
/* The transaction fails with this error, unless it has failed before. */
void edit_fail(struct edit *e, int error);

/* A mailbox that exists, deleted ones too (BOX_DELETING): valid until seven
 * others were asked for. MC_E_NOENT or a sticky error. */
int edit_box_get(struct edit *e, uint32_t id, struct box **out) MUST_CHECK;
/* One that has messages: MC_E_NOENT for NOSELECT and deleted ones too. */
int edit_box_open(struct edit *e, uint32_t id, struct box **out) MUST_CHECK;
/* A new one, zeroed, with an id and identifiers; NULL when failed. */
struct box *edit_box_new(struct edit *e);
/* New UIDVALIDITY, UIDs from 1, no history. */
void edit_box_renew(struct edit *e, struct box *b);
void edit_box_forget(struct edit *e, uint32_t id); /* its record is gone */
/* b will be written; edit_box_changed also gives it this modseq. */
void edit_box_dirty(struct edit *e, struct box *b);
void edit_box_changed(struct edit *e, struct box *b);
uint64_t edit_modseq(struct edit *e);

int account_get(struct kv_txn *t, struct account *out) MUST_CHECK;
int box_get(struct kv_txn *t, uint32_t id, struct box *out) MUST_CHECK;
#endif
