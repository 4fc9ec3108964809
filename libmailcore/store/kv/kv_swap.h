#ifndef STORE_KV_KV_SWAP_H
#define STORE_KV_KV_SWAP_H
/* How a new data file takes the place of one that is in use, for kv*.c.
 *
 * LMDB's lock file (data.mdb-lock) holds the readers and the mutexes of one
 * data file. Whoever uses the new data file with the old lock file, or the
 * reverse, destroys mail. So both are replaced, and nobody may ever open one of
 * each:
 *
 * 1. data.mdb gets a mark, which says to look whether it is data.mdb still. The
 *    new file is made as data.mdb-new, by LMDB, with data.mdb-new-lock, and
 *    synced. data.mdb-compact is locked (flock) meanwhile: one at a time.
 * 2. Whoever replaces holds LMDB's write lock of the old file, so that nobody
 *    commits to it any more, and the directory's lock (flock), exclusive. All
 *    others open the pair of files with that lock shared.
 * 3. data.mdb-new-lock becomes data.mdb-lock.N, N the inode of data.mdb-new.
 * 4. data.mdb-new becomes data.mdb: here it happens, or not.
 * 5. The directory is synced: nothing is committed to the new file before.
 * 6. data.mdb-lock.N becomes data.mdb-lock.
 *
 * Killed before 4: data.mdb-new says that the rest is to be removed, which is
 * done by whoever opens the file next and gets the lock of data.mdb-compact.
 * Killed after 4: data.mdb-lock.N for the inode of data.mdb says that 5 and 6
 * are to be done first of all. After a power cut nobody uses a lock file, and
 * any pair is right.
 *
 * Those who have the old pair open go on with it until they begin a
 * transaction that sees the mark: then they look whether the path still names
 * their file. A writer does that with the old write lock held, so that it
 * cannot miss the replacement; a reader that began before has its snapshot. A
 * mark that a killed process left costs those looks and nothing else. */
#include "store/kv/kv.h"
#include <sys/types.h>

struct kv_guard {
	int dir; /* locked */
	const char *name;
};

/* Takes the directory's lock, shared; ends what was begun in 4. */
int kv_guard_enter(struct kv_guard *g, const char *path) MUST_CHECK;
void kv_guard_leave(struct kv_guard *g);
/* Removes what a killed process left of a new file; not while one is made. */
void kv_swap_clean(const struct kv_guard *g);

/* MC_E_BUSY: one is being made by somebody else. Else *fd holds the lock, what
 * was left is gone, and data.mdb-new is an empty file. With careful, MC_E_AGAIN
 * when the last one who tried did not come to an end within the last day: it
 * may have been ended by damage in the old file. */
int kv_swap_begin(const char *path, bool careful, int *fd) MUST_CHECK;
/* Steps 2 to 6, with the write lock of the old file held; inode: of the new. */
int kv_swap(const char *path, ino_t inode) MUST_CHECK;
/* The new file is closed, or in place. */
void kv_swap_end(const char *path, int fd);
/* path with "-new". */
int kv_swap_path(const char *path, char *out, size_t cap) MUST_CHECK;
#endif
