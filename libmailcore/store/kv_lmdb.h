#ifndef STORE_KV_LMDB_H
#define STORE_KV_LMDB_H
/* Inside of kv: an open environment, for the files kv*.c and no others. */
#include "store/kv.h"
#include <lmdb.h>
#include <stdatomic.h>
#include <sys/types.h>

struct kv {
	MDB_env *env;
	MDB_dbi dbis[KV_TABLES_MAX];
	unsigned n_tables;
	bool readonly;
	unsigned page_bytes;
	dev_t dev;
	ino_t ino;
	pid_t pid;
	unsigned refs;
	atomic_uint readers; /* live read transactions of this process */
	struct kv *next;
};

/* LMDB's code, or an errno, as one of ours; kv may be NULL. */
int kv_error(struct kv *kv, int code);
#endif
