/* Opening and closing a file, its errors, its size. */
#include "base/panic.h"
#include "log/log.h"
#include "store/kv/kv_fs.h"
#include "store/kv/kv_lmdb.h"
#include "store/kv/kv_swap.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READERS_DEFAULT = 512,
	MODE_DEFAULT = 0600,
	RESERVE_BYTES = 16 << 20, /* kept for deletes */
	REUSE_SLACK_BYTES = 1 << 20,
};

static const size_t map_bytes_default = (size_t)64 << 30;

/* A full disk shows as EIO at commit (short write), so ask the disk. */
static int disk_error(struct kv_env *env, int code)
{
	int fd;
	uint64_t free_bytes;
	if (code != EIO)
		return MC_E_FULL;
	if (!env || mdb_env_get_fd(env->mdb, &fd) != 0 ||
	    fs_free_bytes(fd, &free_bytes) != 0)
		return MC_E_TEMP;
	return free_bytes < RESERVE_BYTES ? MC_E_FULL : MC_E_TEMP;
}

static const struct {
	int lmdb, ours;
} codes[] = {
	{ MDB_NOTFOUND, MC_E_NOENT },
	{ MDB_KEYEXIST, MC_E_EXISTS },
	{ MDB_MAP_FULL, MC_E_FULL },
	{ MDB_MAP_RESIZED, MC_E_TEMP },
	{ MDB_READERS_FULL, MC_E_TEMP },
	{ ENOMEM, MC_E_TEMP },
	{ MDB_TXN_FULL, MC_E_LIMIT },
	{ MDB_CORRUPTED, MC_E_CORRUPT },
	{ MDB_PAGE_NOTFOUND, MC_E_CORRUPT },
	{ MDB_CURSOR_FULL, MC_E_CORRUPT }, /* branches in a circle */
	{ MDB_PAGE_FULL, MC_E_CORRUPT },
	{ MDB_INVALID, MC_E_CORRUPT },
	{ MDB_INCOMPATIBLE, MC_E_CORRUPT },
	{ MDB_VERSION_MISMATCH, MC_E_VERSION },
	{ MDB_BAD_VALSIZE, MC_E_BAD },
	{ MDB_PANIC, -EIO },
};

int kv_error(struct kv_env *env, int code)
{
	if (code == 0)
		return 0;
	if (code == EIO || code == ENOSPC || code == EDQUOT || code == EFBIG)
		return disk_error(env, code);
	for (unsigned i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].lmdb == code)
			return codes[i].ours;
	if (code > 0 && code < 4096)
		return -code;
	LOG(NULL, ERROR, "kv.error", KV_STR("text", mdb_strerror(code)));
	return MC_E_INTERNAL;
}

uint64_t kv_env_used_bytes(const struct kv_env *env)
{
	MDB_envinfo info;
	if (mdb_env_info(env->mdb, &info) != 0)
		return 0;
	return ((uint64_t)info.me_last_pgno + 1) * env->page_bytes;
}

/* Whether the file ends before the last page of the tree, and where it should
 * end. */
static bool is_short(struct kv_env *env, int fd, off_t *want)
{
	struct stat st;
	*want = (off_t)kv_env_used_bytes(env);
	return fstat(fd, &st) == 0 && st.st_size < *want;
}

/* A truncated file would raise SIGBUS where its pages are missing. Filled up
 * with zeros, LMDB finds pages without a type there and says so. Only under
 * the write lock: somebody else may be growing the file. */
static int restore_length(
    struct kv_env *env, int fd, bool readonly, size_t map_bytes)
{
	MDB_txn *txn;
	off_t want;
	if (!is_short(env, fd, &want))
		return 0;
	if (readonly || (size_t)want > map_bytes)
		return MC_E_CORRUPT;
	int error = mdb_txn_begin(env->mdb, NULL, 0, &txn);
	if (error)
		return kv_error(env, error);
	if (is_short(env, fd, &want) && ftruncate(fd, want) != 0)
		error = errno;
	mdb_txn_abort(txn);
	return kv_error(env, error);
}

static void on_assert(MDB_env *env, const char *text)
{
	(void)env;
	(void)text;
	kv_assert_failed();
}

/* LMDB does not tell where its map is: a value in it does, about. Also, no
 * table of ours has flags: other ones make LMDB compare keys in other ways. */
static int look_at_tables(
    struct kv_env *env, const struct kv_options *o, size_t map_bytes)
{
	MDB_txn *txn;
	unsigned flags = 0;
	const char *place = NULL;
	int error = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
	if (error)
		return kv_error(env, error);
	for (unsigned i = 0; i < o->n_tables && !error; i++) {
		MDB_val k = { strlen(o->tables[i]),
			(void *)(uintptr_t)o->tables[i] };
		MDB_val v = { 0, NULL };
		error = mdb_dbi_flags(txn, env->dbis[i], &flags);
		if (!error && flags)
			error = MDB_CORRUPTED;
		if (!error)
			error = mdb_get(txn, KV_DBI_MAIN, &k, &v);
		place = v.mv_data;
	}
	mdb_txn_abort(txn);
	if (!error && place)
		kv_work_map(env, place, map_bytes);
	return kv_error(env, error);
}

static int open_tables_once(
    struct kv_env *env, const struct kv_options *o, unsigned txn_flags)
{
	MDB_txn *txn;
	unsigned flags = txn_flags ? 0 : MDB_CREATE;
	int error = mdb_txn_begin(env->mdb, NULL, txn_flags, &txn);
	if (error)
		return error;
	for (unsigned i = 0; i < o->n_tables && !error; i++)
		error = mdb_dbi_open(txn, o->tables[i], flags, &env->dbis[i]);
	if (error) {
		mdb_txn_abort(txn);
		return error;
	}
	/* Handles of an aborted transaction are closed again. */
	return mdb_txn_commit(txn);
}

static bool lacks_only_new(struct kv_env *env, const struct kv_options *o)
{
	struct kv_options old = *o;
	old.n_tables -= o->n_new_tables;
	return o->n_new_tables && open_tables_once(env, &old, MDB_RDONLY) == 0;
}

static int open_tables(struct kv_env *env, const struct kv_options *o)
{
	if (o->n_tables > KV_TABLES_MAX)
		return MC_E_LIMIT;
	MDB_stat main;
	int error = open_tables_once(env, o, MDB_RDONLY);
	/* In a file that has some, the others are lost. */
	if (error == MDB_NOTFOUND && mdb_env_stat(env->mdb, &main) == 0 &&
	    main.ms_entries && !lacks_only_new(env, o))
		return MC_E_CORRUPT;
	if (error == MDB_NOTFOUND && !o->readonly)
		error = open_tables_once(env, o, 0);
	return kv_error(env, error);
}

static int open_file(struct kv_env *env, const char *path,
    const struct kv_options *o, size_t map_bytes)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS |
			 (o->readonly ? MDB_RDONLY : 0) |
			 (o->unsynced ? MDB_NOSYNC : 0);
	int error = mdb_env_create(&env->mdb);
	if (!error)
		error = mdb_env_set_maxdbs(env->mdb, KV_TABLES_MAX);
	if (!error)
		error = mdb_env_set_maxreaders(env->mdb,
		    o->max_readers ? o->max_readers : READERS_DEFAULT);
	if (!error)
		error = mdb_env_set_assert(env->mdb, on_assert);
	if (!error)
		error = mdb_env_set_mapsize(env->mdb, map_bytes);
	if (!error)
		error = mdb_env_open(
		    env->mdb, path, flags, o->mode ? o->mode : MODE_DEFAULT);
	return kv_error(NULL, error);
}

static int adopt_file(struct kv_env *env, bool readonly, size_t map_bytes)
{
	int fd, dead;
	struct stat st;
	MDB_stat stat;
	int error = mdb_env_get_fd(env->mdb, &fd);
	if (!error)
		error = mdb_env_stat(env->mdb, &stat);
	if (error)
		return kv_error(env, error);
	/* LMDB 0.9 sets this for its other descriptors only. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fstat(fd, &st) != 0)
		return -errno;
	if (fs_is_remote(fd))
		return MC_E_UNSUPPORTED;
	env->dev = st.st_dev;
	env->ino = st.st_ino;
	env->page_bytes = stat.ms_psize;
	error = mdb_reader_check(env->mdb, &dead);
	if (error)
		return kv_error(env, error);
	return restore_length(env, fd, readonly, map_bytes);
}

static void close_file(struct kv_env *env)
{
	if (env->mdb)
		mdb_env_close(env->mdb);
	env->mdb = NULL;
	kv_work_no_map(env);
}

static int open_all(
    struct kv_env *env, const char *path, const struct kv_options *o)
{
	size_t map_bytes = o->map_bytes ? o->map_bytes : map_bytes_default;
	kv_work.inside = true;
	int error = open_file(env, path, o, map_bytes);
	if (!error)
		error = adopt_file(env, o->readonly, map_bytes);
	if (!error)
		error = open_tables(env, o);
	if (!error)
		error = look_at_tables(env, o, map_bytes);
	kv_work.inside = false;
	return error;
}

/* LMDB has put the meta page back to what it was, but only in memory: the disk
 * may have the one of the failed commit, whose pages the next one uses. */
int kv_env_revive(
    struct kv_env *env, const char *path, const struct kv_options *o)
{
	close_file(env);
	int error = open_all(env, path, o);
	if (!error)
		error = kv_error(env, mdb_env_sync(env->mdb, 1));
	if (error)
		close_file(env);
	return error;
}

int kv_env_open(
    const char *path, const struct kv_options *o, struct kv_env **out)
{
	struct kv_env *env = MUST_NEW(struct kv_env);
	atomic_store(&env->refs, 1);
	int error = open_all(env, path, o);
	if (error) {
		kv_env_unref(env);
		return error;
	}
	*out = env;
	return 0;
}

void kv_env_unref(struct kv_env *env)
{
	if (atomic_fetch_sub(&env->refs, 1) != 1)
		return;
	close_file(env);
	free(env);
}

/* LMDB has a lock on the first octet as long as the environment is open: a
 * shared one, or an exclusive one when nobody else has it and what is in the
 * lock file is of no use any more. */
static int lock_alone(const char *path, int *fd)
{
	char name[PATH_MAX];
	struct flock lock = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1
	};
	int n = snprintf(name, sizeof name, "%s-lock", path);
	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	*fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, MODE_DEFAULT);
	if (*fd < 0)
		return -errno;
	if (fcntl(*fd, F_SETLK, &lock) == 0)
		return 0;
	int error = errno == EACCES || errno == EAGAIN ? MC_E_BUSY : -errno;
	close(*fd);
	return error;
}

int kv_keep_out(const char *path, int *fd)
{
	struct kv_guard g;
	/* The lock file gets its name back, if a compaction was killed. */
	int error = kv_guard_enter(&g, path);
	if (error)
		return error;
	error = lock_alone(path, fd);
	kv_guard_leave(&g);
	return error;
}

uint16_t kv_engine_version(void)
{
	int major, minor;
	mdb_version(&major, &minor, NULL);
	return (uint16_t)(major << 8 | minor);
}

uint64_t kv_last_change(struct kv *kv)
{
	MDB_envinfo info;
	MDB_stat st;
	if (kv->options.replaceable && mdb_env_stat(kv->env->mdb, &st) == 0 &&
	    kv_has_mark(kv, &st) && !kv_is_current(kv) && kv_follow(kv) != 0)
		return kv->changes_before;
	return mdb_env_info(kv->env->mdb, &info) == 0
		   ? kv->changes_before + info.me_last_txnid
		   : 0;
}

void kv_clear_stale_readers(struct kv *kv)
{
	int dead;
	mdb_reader_check(kv->env->mdb, &dead);
}

/* Without a map the environment is no good: kv_revive opens it again. */
void kv_forget_pages(struct kv *kv)
{
	struct kv_env *env = kv->env;
	MDB_envinfo info;
	if (!env->mdb || atomic_load(&env->refs) != 1 ||
	    mdb_env_info(env->mdb, &info) != 0)
		return;
	kv_work_no_map(env);
	if (mdb_env_set_mapsize(env->mdb, info.me_mapsize) != 0 ||
	    look_at_tables(env, &kv->options, info.me_mapsize) != 0)
		close_file(env);
}

/* LMDB's list of free pages: each value starts with a count. */
static int count_free(
    const struct kv_env *env, MDB_txn *txn, uint64_t *free_bytes)
{
	MDB_cursor *cursor;
	MDB_val key, value;
	size_t n;
	uint64_t pages = 0;
	int error = mdb_cursor_open(txn, KV_DBI_FREE, &cursor);
	if (error)
		return error;
	while ((error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
		if (value.mv_size < sizeof n)
			continue;
		memcpy(&n, value.mv_data, sizeof n);
		pages += n;
	}
	mdb_cursor_close(cursor);
	*free_bytes = pages * env->page_bytes;
	return error == MDB_NOTFOUND ? 0 : error;
}

int kv_size(struct kv *kv, uint64_t *file_bytes, uint64_t *free_bytes)
{
	struct kv_txn t;
	int error = kv_read(kv, &t);
	if (error)
		return error;
	error = kv_error(t.env, count_free(t.env, t.txn, free_bytes));
	*file_bytes = kv_env_used_bytes(t.env);
	kv_abort(&t);
	return error;
}

int kv_check_room(struct kv *kv, uint64_t bytes)
{
	MDB_envinfo info;
	int fd;
	uint64_t disk = UINT64_MAX, used, unused;
	int error = kv->env->mdb ? 0 : kv_revive(kv);
	if (!error)
		error = kv_error(kv->env, mdb_env_info(kv->env->mdb, &info));
	if (error)
		return error;
	used = kv_env_used_bytes(kv->env);
	/* A small map, as tests have, keeps a part of itself. */
	uint64_t reserve = info.me_mapsize / 8 < RESERVE_BYTES
			       ? info.me_mapsize / 8
			       : RESERVE_BYTES;
	if (mdb_env_get_fd(kv->env->mdb, &fd) == 0 &&
	    fs_free_bytes(fd, &disk) != 0)
		disk = UINT64_MAX;
	if (disk >= bytes + RESERVE_BYTES &&
	    info.me_mapsize - used >= bytes + reserve)
		return 0;
	/* Pages that are free inside the file need neither. */
	error = kv_size(kv, &used, &unused);
	if (error)
		return error;
	return unused >= 2 * bytes + REUSE_SLACK_BYTES ? 0 : MC_E_FULL;
}
