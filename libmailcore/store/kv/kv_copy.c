/* A copy of an environment. */
#include "store/kv/kv_lmdb.h"

/* LMDB 0.9.24 writes nothing before its read transaction has begun, and looks
 * for slots of dead readers only when told to. */
int kv_copy(struct kv *kv, int fd)
{
	struct kv_txn t;
	kv_clear_stale_readers(kv);
	/* Meanwhile the map must not move, nor the file be closed. */
	int error = kv_read(kv, &t);
	if (error)
		return error;
	error =
	    kv_error(t.env, mdb_env_copyfd2(t.env->mdb, fd, MDB_CP_COMPACT));
	kv_abort(&t);
	return error;
}
