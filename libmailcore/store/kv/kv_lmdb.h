#ifndef STORE_KV_KV_LMDB_H
#define STORE_KV_KV_LMDB_H
/* Inside of kv: an open environment, for the files kv*.c and no others. */
#include "store/kv/kv.h"
#include <lmdb.h>
#include <stdatomic.h>
#include <sys/types.h>

/* An open file. Closed by the last who lets it go: the struct kv whose file it
 * is now, each live transaction, a compaction. */
struct kv_env {
	MDB_env *mdb; /* NULL: kv_revive has to try again */
	MDB_dbi dbis[KV_TABLES_MAX];
	unsigned page_bytes;
	dev_t dev;
	ino_t ino;
	atomic_uint refs;
	atomic_uint readers; /* live read transactions of this process */
	const char *map_low; /* NULL: not known */
};

enum {
	KV_DBI_FREE, /* LMDB's own tables */
	KV_DBI_MAIN
};

struct kv {
	struct kv_env *env; /* where transactions begin */
	char *path;
	struct kv_options options;
	uint64_t changes_before; /* of the files that were replaced */
	pid_t pid;
	unsigned refs;
	struct kv *next;
};

/* LMDB's code, or an errno, as one of ours; env may be NULL. */
int kv_error(struct kv_env *env, int code);

int kv_env_open(const char *path, const struct kv_options *o,
    struct kv_env **out) MUST_CHECK;
void kv_env_unref(struct kv_env *env);
/* Opens the file again in place, for the only one who holds env. */
int kv_env_revive(struct kv_env *env, const char *path,
    const struct kv_options *o) MUST_CHECK;
uint64_t kv_env_used_bytes(const struct kv_env *env);

/* A transaction of LMDB in env, counted; after READERS_FULL and MAP_RESIZED
 * tried again. 0 or one of ours. */
int kv_env_begin(struct kv_env *env, bool writable, MDB_txn **txn) MUST_CHECK;
void kv_env_end(struct kv_env *env, bool writable); /* the txn has ended */

/* After LMDB gave the environment up: it does when a meta page could not be
 * written. -EIO while this process still reads there. */
int kv_revive(struct kv *kv) MUST_CHECK;

/* A record in LMDB's main table, beside the names of tables: the file may be
 * replaced at any time. */
int kv_mark(struct kv_env *env, bool on) MUST_CHECK;
bool kv_has_mark(const struct kv *kv, const MDB_stat *main_table);
/* Whether the path still names the open file. */
bool kv_is_current(const struct kv *kv);
/* Opens what the path names now: 0, or kv stays as it was. */
int kv_follow(struct kv *kv) MUST_CHECK;
/* env, whose file the path names now, takes the place of the open one. */
void kv_adopt(struct kv *kv, struct kv_env *env);

/* What this process does with LMDB; not on the heap, which damage may have
 * written over. */
enum {
	KV_MAPS_MAX = 8
};

struct kv_work {
	volatile bool writing; /* a transaction */
	volatile bool inside;  /* a call */
	volatile uint64_t calls;
	volatile pid_t writer; /* there was one, in this process */

	struct kv_map {
		const char *low, *high; /* it lies between */
	} maps[KV_MAPS_MAX];
};

extern struct kv_work kv_work;

/* The map of env, as far as a value in it tells; no_map: when it is closed. */
void kv_work_map(struct kv_env *env, const char *value, size_t map_bytes);
void kv_work_no_map(struct kv_env *env);
/* What kv_on_assert was given; returns when that was nothing. */
void kv_assert_failed(void);
#endif
