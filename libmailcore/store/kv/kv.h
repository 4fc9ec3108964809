#ifndef STORE_KV_KV_H
#define STORE_KV_KV_H
/* LMDB, which only kv*.c know. Ordered tables of bytes in one
 * environment; readers never block the writer. Rules kept here, once:
 * MDB_NOTLS; a large map reserved at open; one environment opened once a
 * process (a registry by device and inode hands out the same struct kv);
 * descriptors close-on-exec; stale readers cleared at open and on
 * READERS_FULL; MAP_FULL, MAP_RESIZED, READERS_FULL, ENOSPC and EIO become
 * MC_E_FULL or MC_E_TEMP with the old state intact. Network file systems are
 * refused (MC_E_UNSUPPORTED). Never open an environment before fork.
 *
 * Errors of all functions: MC_E_FULL, MC_E_TEMP, MC_E_CORRUPT, MC_E_VERSION,
 * -errno. After a commit that failed in its very last write the next
 * transaction opens the file again; -EIO says that this was impossible because
 * this process still reads there. (Then path must mean what it did in kv_open,
 * and the names of the tables must still be there.) -ESTALE: somebody removed
 * the file (when replaceable). */
#include "base/err.h"
#include "base/view.h"

enum {
	KV_TABLES_MAX = 16,
	KV_KEY_MAX = 511
};

struct kv_options {
	const char *const *tables; /* names; a table is named by its index */
	unsigned n_tables;
	/* So many of the last ones are newer than some files. They are made
	 * where they are missing; readonly: MC_E_NOENT. */
	unsigned n_new_tables;
	size_t map_bytes;     /* 0: 64 GiB */
	unsigned max_readers; /* 0: 512 */
	bool readonly;
	bool unsynced; /* a cache: nothing is flushed, and after a power cut the
			  file may be damaged in any way */
	/* Another file may take the place of this one while it is in use: see
	 * kv_compact.h. Transactions and kv_last_change go on with the new one
	 * then. For one thread; the working directory stays, and the names of
	 * tables do, until kv_close. */
	bool replaceable;
	unsigned mode; /* of new files; 0: 0600 */
};

struct kv;
struct kv_env;

/* path is the data file; the lock file is path + "-lock". Relative paths are
 * fine: roles run inside their directory. */
int kv_open(const char *path, const struct kv_options *options,
    struct kv **out) MUST_CHECK;
void kv_close(struct kv **kv);

/* Puts the closed environment at from in the place of the one at path, which
 * nobody may have open: MC_E_BUSY when somebody has, and nobody can open it
 * before this is done. Durable when 0, and either the old one or the new one
 * at any moment. Both are of one file system. With unwritten: MC_E_EXISTS when
 * anybody has written to path, or made it, since kv_watch. */
int kv_watch(const char *path) MUST_CHECK; /* 0 also without a file */
int kv_replace(const char *from, const char *path, bool unwritten) MUST_CHECK;

/* Keeps all others out until the descriptor is closed or this process ends:
 * who opens the environment meanwhile waits. MC_E_BUSY: somebody has it open.
 * Not while this process has it open; once it opened and closed it, the others
 * are let in. */
int kv_keep_out(const char *path, int *fd) MUST_CHECK;

/* LMDB believes its pages: what is damaged can make it read far away from
 * them, behind the end of the file, or abort. Pages are not verified on the way
 * (it would cost more than all else that a FETCH does); instead the process
 * ends, and tells why. For signal handlers: whether a fault at this address is
 * damage, as it lies in the map of an environment, or (address NULL, too) LMDB
 * is at work, or a writer, which copies pages to the heap. Async-signal-safe.
 */
bool kv_is_damage(const void *address);
/* This process wrote before: its heap may have been written over then. */
bool kv_may_be_damage(void);
/* Another number for each call of LMDB, 0 outside of any: pages in a circle
 * keep one at work for ever. Async-signal-safe. */
uint64_t kv_call_at_work(void);
/* fn is called where LMDB would abort, and when a writer meets damage: pages
 * that lie may have made it write over the heap. It does not return. */
void kv_on_assert(void (*fn)(void));

/* Which LMDB wrote or will write the files: major << 8 | minor. */
uint16_t kv_engine_version(void);

/* MC_E_FULL when writing this many bytes could leave the disk or the map
 * without what deletes need. For whatever adds; before kv_write. */
int kv_check_room(struct kv *kv, uint64_t bytes) MUST_CHECK;

/* Moves whenever anybody committed; no transaction needed. Says something only
 * beside another answer within this process: copies begin at 1 again. */
uint64_t kv_last_change(struct kv *kv);
int kv_size(
    struct kv *kv, uint64_t *file_bytes, uint64_t *free_bytes) MUST_CHECK;

struct kv_table_stats {
	uint64_t entries, pages;
};

/* Writes what is committed now to fd, which may be a pipe, from where it
 * stands: a data file without free pages, its transactions counted from 1.
 * Others go on meanwhile, but what they free stays until the end, so that the
 * file grows by what they write. The caller syncs fd; after an error, what was
 * written is good for nothing. Needs a second thread: not in sandboxed roles.
 * MC_E_CORRUPT also when pages were lost, which harms nobody else. */
int kv_copy(struct kv *kv, int fd) MUST_CHECK;

/* Clears slots of dead readers; to be called about once a minute. */
void kv_clear_stale_readers(struct kv *kv);
/* Pages of the file that were looked at stay in this process's map of it until
 * the system wants their room. This lets them go, unless a transaction of this
 * process is open: where they are in the system's cache, to come back costs
 * little. */
void kv_forget_pages(struct kv *kv);

/* A local variable of the function that begins it; never outlives it. The
 * first failing step makes the transaction fail as a whole: kv_commit returns
 * that error. A missing key is not a failure. Views point into the map and are
 * valid until the next write or the end. */
struct kv_txn {
	struct kv *kv;
	struct kv_env *env; /* private: the file that it is in */
	void *txn;          /* NULL: ended */
	int error;
	bool writable;
};

int kv_read(struct kv *kv, struct kv_txn *t) MUST_CHECK;
/* Waits for other writers: without end for one that was stopped (SIGSTOP, a
 * debugger, a frozen container), until it goes on or is killed. LMDB knows no
 * time limit here. Readers never wait. */
int kv_write(struct kv *kv, struct kv_txn *t) MUST_CHECK;
int kv_commit(struct kv_txn *t) MUST_CHECK; /* durable when 0 */
void kv_abort(struct kv_txn *t);            /* also ends a reader; idempotent */
int kv_table_stats(
    struct kv_txn *t, unsigned table, struct kv_table_stats *out) MUST_CHECK;

/* 0, MC_E_NOENT, or a sticky error. */
int kv_get(struct kv_txn *t, unsigned table, struct view key,
    struct view *value) MUST_CHECK;
void kv_put(
    struct kv_txn *t, unsigned table, struct view key, struct view value);
/* Key is probably behind all others: then pages are filled to the brim. */
void kv_append(
    struct kv_txn *t, unsigned table, struct view key, struct view value);
/* n writable bytes as the value, NULL when the transaction has failed. */
void *kv_reserve(
    struct kv_txn *t, unsigned table, struct view key, size_t n, bool append);
/* 0 or MC_E_NOENT; other errors are sticky. */
int kv_delete(struct kv_txn *t, unsigned table, struct view key);
void kv_drop_range(struct kv_txn *t, unsigned table, struct view first,
    struct view behind, unsigned max, unsigned *dropped);

struct kv_cursor {
	struct kv_txn *t;
	void *cursor;
	struct view key, value;
};

/* Each positions and fills key and value: 0, MC_E_NOENT, or a sticky error.
 * MC_E_CORRUPT, too, when pages lie about the order of keys, so that no walk
 * goes on for ever. */
int kv_cursor_open(
    struct kv_cursor *c, struct kv_txn *t, unsigned table) MUST_CHECK;
int kv_cursor_seek(struct kv_cursor *c, struct view key); /* first >= key */
int kv_cursor_seek_before(struct kv_cursor *c, struct view key); /* last < */
int kv_cursor_next(struct kv_cursor *c);
int kv_cursor_prev(struct kv_cursor *c);
/* Same size: in place. */
void kv_cursor_replace(struct kv_cursor *c, struct view value);
void kv_cursor_delete(struct kv_cursor *c); /* then _next gives the following */
void kv_cursor_close(struct kv_cursor *c);
#endif
