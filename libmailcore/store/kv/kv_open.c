/* The environments of this process, and which file each of them is now. */
#include "base/panic.h"
#include "log/log.h"
#include "store/kv/kv_lmdb.h"
#include "store/kv/kv_new.h"
#include "store/kv/kv_swap.h"
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* LMDB's locks belong to the process: opening a file twice and closing one
 * drops the locks of both. */
static struct kv *registry;
static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_file(const struct kv_env *env, const struct stat *st)
{
	return env->dev == st->st_dev && env->ino == st->st_ino;
}

int kv_mark(struct kv_env *env, bool on)
{
	static char name[] = "replaced";
	MDB_val key = { sizeof name - 1, name }, value = key;
	MDB_txn *txn;
	int error = mdb_txn_begin(env->mdb, NULL, 0, &txn);
	if (error)
		return kv_error(env, error);
	error = on ? mdb_put(txn, KV_DBI_MAIN, &key, &value, 0)
		   : mdb_del(txn, KV_DBI_MAIN, &key, NULL);
	if (error) {
		mdb_txn_abort(txn);
		return error == MDB_NOTFOUND ? 0 : kv_error(env, error);
	}
	return kv_error(env, mdb_txn_commit(txn));
}

bool kv_has_mark(const struct kv *kv, const MDB_stat *main_table)
{
	return main_table->ms_entries > kv->options.n_tables;
}

bool kv_is_current(const struct kv *kv)
{
	struct stat st;
	return stat(kv->path, &st) == 0 && is_file(kv->env, &st);
}

void kv_adopt(struct kv *kv, struct kv_env *env)
{
	MDB_envinfo info;
	if (mdb_env_info(kv->env->mdb, &info) == 0)
		kv->changes_before += info.me_last_txnid + 1;
	kv_env_unref(kv->env);
	kv->env = env;
}

/* Within the guard. */
static int follow(struct kv *kv)
{
	struct stat st;
	struct kv_env *env;
	if (stat(kv->path, &st) != 0)
		return errno == ENOENT ? -ESTALE : -errno;
	if (is_file(kv->env, &st))
		return 0;
	int error = kv_env_open(kv->path, &kv->options, &env);
	if (!error)
		kv_adopt(kv, env);
	return error;
}

int kv_follow(struct kv *kv)
{
	struct kv_guard g;
	int error = kv_guard_enter(&g, kv->path);
	if (error)
		return error;
	error = follow(kv);
	kv_guard_leave(&g);
	return error;
}

static int revive(struct kv *kv)
{
	struct kv_guard g;
	int error = 0;
	if (kv->options.replaceable)
		error = kv_guard_enter(&g, kv->path);
	if (error)
		return error;
	error = kv_env_revive(kv->env, kv->path, &kv->options);
	if (kv->options.replaceable)
		kv_guard_leave(&g);
	return error;
}

int kv_revive(struct kv *kv)
{
	if (atomic_load(&kv->env->refs) != 1)
		return -EIO;
	int error = revive(kv);
	if (error)
		LOG(NULL, ERROR, "kv.lost", KV_STR("file", kv->path),
		    KV_ERR("error", error));
	else
		LOG(NULL, WARN, "kv.open-again", KV_STR("file", kv->path));
	return error;
}

static int open_new(
    const char *path, const struct kv_options *o, struct kv **out)
{
	struct kv *kv = MUST_NEW(struct kv);
	kv->pid = getpid();
	kv->refs = 1;
	kv->options = *o;
	int error = kv_new(path, o);
	if (!error)
		error = kv_env_open(path, o, &kv->env);
	if (error) {
		free(kv);
		return error;
	}
	kv->path = must_alloc(strlen(path) + 1);
	memcpy(kv->path, path, strlen(path) + 1);
	kv->next = registry;
	registry = kv;
	*out = kv;
	return 0;
}

static int share(
    struct kv *kv, const struct kv_options *options, struct kv **out)
{
	if (kv->pid != getpid() || options->n_tables != kv->options.n_tables ||
	    options->replaceable != kv->options.replaceable ||
	    (kv->options.readonly && !options->readonly))
		return MC_E_BUSY;
	int error = kv->options.replaceable ? follow(kv) : 0;
	if (error)
		return error;
	kv->refs++;
	*out = kv;
	return 0;
}

/* What we have open may have got another file since. */
static bool names(const struct kv *kv, const struct stat *st)
{
	struct stat now;
	if (!kv->options.replaceable)
		return is_file(kv->env, st);
	return stat(kv->path, &now) == 0 && now.st_dev == st->st_dev &&
	       now.st_ino == st->st_ino;
}

static struct kv *find(const struct stat *st)
{
	struct kv *kv = registry;
	while (kv && !names(kv, st))
		kv = kv->next;
	return kv;
}

static int open_registered(
    const char *path, const struct kv_options *options, struct kv **out)
{
	struct stat st;
	struct kv *kv = stat(path, &st) == 0 ? find(&st) : NULL;
	return kv ? share(kv, options, out) : open_new(path, options, out);
}

static int open_guarded(
    const char *path, const struct kv_options *options, struct kv **out)
{
	struct kv_guard g;
	int error = kv_guard_enter(&g, path);
	if (error)
		return error;
	if (!options->readonly)
		kv_swap_clean(&g);
	error = open_registered(path, options, out);
	kv_guard_leave(&g);
	return error;
}

int kv_open(const char *path, const struct kv_options *options, struct kv **out)
{
	pthread_mutex_lock(&registry_lock);
	int error = options->replaceable ? open_guarded(path, options, out)
					 : open_registered(path, options, out);
	pthread_mutex_unlock(&registry_lock);
	return error;
}

void kv_close(struct kv **handle)
{
	struct kv *kv = *handle;
	*handle = NULL;
	if (!kv)
		return;
	pthread_mutex_lock(&registry_lock);
	if (--kv->refs == 0) {
		struct kv **at = &registry;
		while (*at != kv)
			at = &(*at)->next;
		*at = kv->next;
		mc_assert(kv->pid == getpid());
		kv_env_unref(kv->env);
		free(kv->path);
		free(kv);
	}
	pthread_mutex_unlock(&registry_lock);
}
