/* New files. They come into being all at once: made under another name, and
 * given theirs when all is on disk. A power cut within LMDB's first writes
 * would leave a file that is neither empty nor an environment, and no later
 * start could tell that from damage. */
#include "store/kv/kv_new.h"
#include "store/kv/kv_lmdb.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MODE_DEFAULT = 0600
};

static int make_tables(MDB_env *env, const struct kv_options *o)
{
	MDB_txn *txn;
	MDB_dbi dbi;
	int error = mdb_txn_begin(env, NULL, 0, &txn);
	if (error)
		return error;
	for (unsigned i = 0; i < o->n_tables && !error; i++)
		error = mdb_dbi_open(txn, o->tables[i], MDB_CREATE, &dbi);
	if (!error)
		return mdb_txn_commit(txn);
	mdb_txn_abort(txn);
	return error;
}

/* Nobody else knows this name: no reader, no lock. */
static int make_file(const char *path, const struct kv_options *o)
{
	MDB_env *env;
	int error = mdb_env_create(&env);
	if (error)
		return kv_error(NULL, error);
	error = mdb_env_set_maxdbs(env, KV_TABLES_MAX);
	if (!error)
		error = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK,
		    o->mode ? o->mode : MODE_DEFAULT);
	if (!error)
		error = make_tables(env, o);
	mdb_env_close(env);
	return kv_error(NULL, error);
}

/* Without a moment in which the file has two names, where the system can. 0
 * also when somebody else was faster, and on a disk without hard links, where
 * mdb_env_open makes the file. */
static int give_name(const char *made, const char *path)
{
#if defined(RENAME_NOREPLACE)
	if (renameat2(AT_FDCWD, made, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return errno == EEXIST ? 0 : -errno;
#endif
	return link(made, path) == 0 || errno == EEXIST || errno == EPERM ||
		       errno == EOPNOTSUPP
		   ? 0
		   : -errno;
}

int kv_new(const char *path, const struct kv_options *o)
{
	struct stat st;
	char made[PATH_MAX];
	if (o->readonly || o->unsynced || stat(path, &st) == 0)
		return 0;
	int n = snprintf(made, sizeof made, "%s-made.%d", path, (int)getpid());
	if (n < 0 || (size_t)n >= sizeof made)
		return -ENAMETOOLONG;
	unlink(made); /* of a process that was killed here */
	int error = make_file(made, o);
	if (!error)
		error = give_name(made, path);
	unlink(made);
	return error;
}
