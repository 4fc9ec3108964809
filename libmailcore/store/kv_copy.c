/* A copy of an environment. */
#include "store/kv_lmdb.h"

/* LMDB 0.9.24 writes nothing before its read transaction has begun, and looks
 * for slots of dead readers only when told to. */
int kv_copy(struct kv *kv, int fd)
{
	kv_clear_stale_readers(kv);
	/* As any reader: meanwhile the map must not move. */
	atomic_fetch_add(&kv->readers, 1);
	int error = kv_error(kv, mdb_env_copyfd2(kv->env, fd, MDB_CP_COMPACT));
	atomic_fetch_sub(&kv->readers, 1);
	return error;
}
