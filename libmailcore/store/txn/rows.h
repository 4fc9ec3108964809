#ifndef STORE_TXN_ROWS_H
#define STORE_TXN_ROWS_H
/* Rows of mailboxes inside a write transaction: msg, chg, idx, the counters
 * and the object's life are changed together here and nowhere else. */
#include "store/txn/edit.h"

/* m becomes the last row of b: uid and modseqs are set here, the rest is the
 * caller's. Counts the row; the object must exist or be on its way. */
void row_insert(struct edit *e, struct box *b, struct message *m);

/* Rows that vanish together become one run. */
struct vanish {
	struct uidset *uids;  /* gets what went; may be NULL */
	bool silent;          /* the mailbox itself goes: no history */
	uint32_t first, last; /* the run so far */
};

/* The row under the cursor goes; move on with kv_cursor_next. */
void row_remove(struct edit *e, struct box *b, struct kv_cursor *c,
    const struct message *m, struct vanish *v);
/* To be called where a row stays: it ends the run. */
void vanish_flush(struct edit *e, struct box *b, struct vanish *v);
/* The last run, too; and the oldest ones are forgotten when there are more
 * than anybody will ask for: vanish_floor rises. */
void vanish_end(struct edit *e, struct box *b, struct vanish *v);

/* A row's flags and keywords before and after: the counters and the place in
 * chg follow, m->modseq is set. Rows of one mailbox, in order. */
void row_changed(struct edit *e, struct box *b, const struct message *before,
    struct message *m);
/* To be called where a row stays as it was. */
void row_stays(struct edit *e);

/* Without a row the object waits for its purge. */
void object_unlink(
    struct edit *e, const struct message *m, const struct box *b);
/* It has one again: m, which becomes the last of b. */
void object_relink(struct edit *e, struct box *b, uint32_t purge_s,
    const struct retained *r, struct message *m);

/* The row under the cursor, MC_E_NOENT when it is behind uid last or the
 * mailbox. */
int row_at(const struct kv_cursor *c, uint32_t mailbox, uint32_t last,
    struct message *out) MUST_CHECK;
/* Moves to the first row with a UID from first on that is in uids (NULL: any).
 * Same results as row_at. */
int row_seek(struct kv_cursor *c, uint32_t mailbox, uint32_t first,
    const struct uidset *uids, struct message *out) MUST_CHECK;
/* *skipped: there are rows between that are not in uids. */
int row_next(struct kv_cursor *c, uint32_t mailbox, const struct uidset *uids,
    struct message *m, bool *skipped) MUST_CHECK;

/* COPY and MOVE of rows (uids NULL: all). from and to may be NULL. */
int rows_transfer(struct edit *e, uint32_t from_mailbox,
    const struct uidset *uids, uint32_t to_mailbox, bool move,
    struct uidset *from, struct uidset *to) MUST_CHECK;
#endif
