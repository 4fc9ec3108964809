#ifndef STORE_TXN_RUNS_H
#define STORE_TXN_RUNS_H
/* The live entries of chg. Rows of a mailbox that have one modseq, and no other
 * row between them, are one entry: a run. It is named by its first row. UIDs
 * that have no row may lie in it, too: they are never used again. So each row
 * is in one entry, each entry has a row, and a STORE of a whole mailbox leaves
 * one. Rows that had one modseq and became neighbours later stay apart.
 *
 * What joins and leaves is gathered as long as row follows row. Who goes
 * through rows names them in order, and calls _end where others lie between;
 * a commit does, too. */
#include "store/txn/edit.h"

/* The row m has this modseq now: one that changed, or the mailbox's last. */
void runs_join(struct edit *e, uint32_t mailbox, const struct message *m);
void runs_join_end(struct edit *e);
/* The row m had this modseq; gone: and is no row any more. */
void runs_leave(
    struct edit *e, uint32_t mailbox, const struct message *m, bool gone);
void runs_leave_end(struct edit *e);

/* The run that uid is in when it has this modseq. MC_E_NOENT: none;
 * MC_E_CORRUPT. */
int runs_find(struct kv_cursor *c, uint32_t mailbox, uint64_t modseq,
    uint32_t uid, struct change_run *out) MUST_CHECK;
/* The same of the entry under the cursor, whichever row it has. */
int runs_at(const struct kv_cursor *c, uint32_t mailbox, uint64_t modseq,
    struct change_run *out) MUST_CHECK;
#endif
