#ifndef STORE_KV_KV_COMPACT_H
#define STORE_KV_KV_COMPACT_H
/* Compaction: a new file without free pages takes the place of one that is in
 * use, by whatever processes (kv_options.replaceable). Readers and writers go
 * on meanwhile, here as elsewhere:
 *
 * 1. All records of a snapshot are put into a new file, in slices.
 * 2. What was changed since is found by walking the old snapshot and a newer
 *    one side by side (what LMDB has not copied lies at the same address in
 *    both), and put in; again, until it is little.
 * 3. The same once more with the old file's write lock held, which is the only
 *    time that writers wait; then the new file gets the name
 *    (store/kv/kv_swap.h).
 *
 * The slices of 1 are synced as they go, so that 3 has little to sync. While
 * the snapshot is held, the old file cannot use what is freed in it again; when
 * it grows too much by that, or too much is changed all the time, the
 * compaction is given up. It can be killed at any point: nothing acknowledged
 * is lost, and the next to open the file tidies up. */
#include "store/kv/kv.h"

struct kv_compact;

/* MC_E_BUSY: somebody does it. MC_E_FULL: no room for both files. MC_E_VERSION:
 * there are tables that kv does not know. With careful, MC_E_AGAIN when one
 * that began within the last day was ended by a kill or a crash. */
int kv_compact_begin(
    struct kv *kv, bool careful, struct kv_compact **out) MUST_CHECK;
/* Works for about budget_ms, and at most 4 MiB; not between kv_read or kv_write
 * and the end of that transaction. *done: the new file is in use. After an
 * error (MC_E_AGAIN: too much goes on now) only kv_compact_end may follow. */
int kv_compact_step(
    struct kv_compact *c, unsigned budget_ms, bool *done) MUST_CHECK;
/* What was written so far, and about what it will be at last. */
void kv_compact_progress(
    const struct kv_compact *c, uint64_t *bytes, uint64_t *total);
/* Before the end it is given up. Before kv_close. */
void kv_compact_end(struct kv_compact **c);
#endif
