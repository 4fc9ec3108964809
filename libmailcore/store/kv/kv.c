/* Transactions and cursors. */
#include "base/panic.h"
#include "store/kv/kv_lmdb.h"
#include <errno.h>
#include <unistd.h>

static MDB_val kv_val(struct view v)
{
	/* MDB_val is not const; LMDB does not write through it. */
	return (MDB_val){ v.n, (void *)(uintptr_t)v.p };
}

static struct view val_view(MDB_val v)
{
	return (struct view){ v.mv_data, v.mv_size };
}

/* Another process made the map larger than ours: look again, which is only
 * possible while this process reads nothing. */
static int begin_again(
    struct kv_env *env, int error, unsigned flags, MDB_txn **txn)
{
	int dead;
	if (error == MDB_READERS_FULL)
		mdb_reader_check(env->mdb, &dead);
	else if (error != MDB_MAP_RESIZED || atomic_load(&env->readers) != 0 ||
		 mdb_env_set_mapsize(env->mdb, 0) != 0)
		return error;
	return mdb_txn_begin(env->mdb, NULL, flags, txn);
}

int kv_env_begin(struct kv_env *env, bool writable, MDB_txn **txn)
{
	unsigned flags = writable ? 0 : MDB_RDONLY;
	if (!env->mdb)
		return kv_error(env, MDB_PANIC);
	int error = mdb_txn_begin(env->mdb, NULL, flags, txn);
	if (error)
		error = begin_again(env, error, flags, txn);
	if (error)
		return kv_error(env, error);
	atomic_fetch_add(&env->refs, 1);
	if (!writable)
		atomic_fetch_add(&env->readers, 1);
	return 0;
}

void kv_env_end(struct kv_env *env, bool writable)
{
	if (!writable)
		atomic_fetch_sub(&env->readers, 1);
	kv_env_unref(env);
}

static int begin_now(struct kv *kv, bool writable, struct kv_txn *t)
{
	MDB_txn *txn = NULL;
	*t = (struct kv_txn){ .kv = kv, .env = kv->env, .writable = writable };
	t->error = kv_env_begin(t->env, writable, &txn);
	if (!t->error)
		t->txn = txn;
	return t->error;
}

/* Writers look always: what is a system call to them? */
static bool may_be_replaced(const struct kv *kv, const struct kv_txn *t)
{
	MDB_stat st;
	return kv->options.replaceable &&
	       (t->writable || mdb_stat(t->txn, KV_DBI_MAIN, &st) != 0 ||
		   kv_has_mark(kv, &st));
}

/* Only now, since a writer may have waited: see store/kv/kv_swap.h. */
static int begin(struct kv *kv, bool writable, struct kv_txn *t)
{
	int error = begin_now(kv, writable, t);
	if (error == -EIO) { /* see kv_error */
		error = t->error = kv_revive(kv);
		if (!error)
			error = begin_now(kv, writable, t);
	}
	while (!error && may_be_replaced(kv, t) && !kv_is_current(kv)) {
		kv_abort(t);
		error = t->error = kv_follow(kv);
		if (!error)
			error = begin_now(kv, writable, t);
	}
	return error;
}

/* A writer that met damage may have written over its heap already, where it
 * copies pages to. */
static int writer_error(struct kv_txn *t, int code)
{
	int error = kv_error(t->env, code);
	if (error == MC_E_CORRUPT)
		kv_assert_failed();
	return error;
}

int kv_read(struct kv *kv, struct kv_txn *t)
{
	return begin(kv, false, t);
}

int kv_write(struct kv *kv, struct kv_txn *t)
{
	mc_assert(kv->pid == getpid());
	if (kv->options.readonly) {
		*t = (struct kv_txn){ .kv = kv, .error = -EROFS };
		return -EROFS;
	}
	int error = begin(kv, true, t);
	kv_work.writing = !error;
	kv_work.writer = kv->pid;
	return error;
}

void kv_abort(struct kv_txn *t)
{
	if (!t->txn)
		return;
	mdb_txn_abort(t->txn);
	t->txn = NULL;
	if (t->writable)
		kv_work.writing = false;
	kv_env_end(t->env, t->writable);
}

int kv_commit(struct kv_txn *t)
{
	if (t->error || !t->writable) {
		kv_abort(t);
		return t->error;
	}
	if (!t->txn)
		return MC_E_INTERNAL;
	/* Frees the transaction, whatever it returns. */
	t->error = writer_error(t, mdb_txn_commit(t->txn));
	t->txn = NULL;
	kv_work.writing = false;
	kv_env_end(t->env, true);
	return t->error;
}

/* Around each call that goes through pages: enter, stick. */
static MDB_txn *enter(struct kv_txn *t)
{
	kv_work.inside = true;
	kv_work.calls++;
	return t->txn;
}

static int stick(struct kv_txn *t, int code)
{
	kv_work.inside = false;
	int error =
	    t->writable ? writer_error(t, code) : kv_error(t->env, code);
	if (error && error != MC_E_NOENT)
		t->error = error;
	return error;
}

static bool usable(struct kv_txn *t, unsigned table, struct view key)
{
	if (t->error)
		return false;
	if (!t->txn || table >= t->kv->options.n_tables)
		t->error = MC_E_INTERNAL;
	else if (key.n == 0 || key.n > KV_KEY_MAX)
		t->error = MC_E_BAD;
	return t->error == 0;
}

int kv_get(
    struct kv_txn *t, unsigned table, struct view key, struct view *value)
{
	MDB_val k = kv_val(key), v;
	if (!usable(t, table, key))
		return t->error;
	int error = stick(t, mdb_get(enter(t), t->env->dbis[table], &k, &v));
	if (!error)
		*value = val_view(v);
	return error;
}

int kv_table_stats(struct kv_txn *t, unsigned table, struct kv_table_stats *out)
{
	MDB_stat st;
	if (!usable(t, table, V("stats")))
		return t->error;
	int error = stick(t, mdb_stat(t->txn, t->env->dbis[table], &st));
	if (!error)
		*out = (struct kv_table_stats){ st.ms_entries,
			st.ms_branch_pages + st.ms_leaf_pages +
			    st.ms_overflow_pages };
	return error;
}

static int put(struct kv_txn *t, unsigned table, struct view key, MDB_val *v,
    unsigned flags, bool append)
{
	MDB_val k = kv_val(key);
	MDB_dbi dbi = t->env->dbis[table];
	MDB_txn *txn = enter(t);
	int code = append ? mdb_put(txn, dbi, &k, v, flags | MDB_APPEND)
			  : MDB_KEYEXIST;
	if (code == MDB_KEYEXIST)
		code = mdb_put(txn, dbi, &k, v, flags);
	return stick(t, code);
}

static void put_view(struct kv_txn *t, unsigned table, struct view key,
    struct view value, bool append)
{
	MDB_val v = kv_val(value);
	if (usable(t, table, key))
		(void)put(t, table, key, &v, 0, append);
}

void kv_put(
    struct kv_txn *t, unsigned table, struct view key, struct view value)
{
	put_view(t, table, key, value, false);
}

void kv_append(
    struct kv_txn *t, unsigned table, struct view key, struct view value)
{
	put_view(t, table, key, value, true);
}

void *kv_reserve(
    struct kv_txn *t, unsigned table, struct view key, size_t n, bool append)
{
	MDB_val v = { n, NULL };
	if (!usable(t, table, key) ||
	    put(t, table, key, &v, MDB_RESERVE, append) != 0)
		return NULL;
	return v.mv_data;
}

int kv_delete(struct kv_txn *t, unsigned table, struct view key)
{
	MDB_val k = kv_val(key);
	if (!usable(t, table, key))
		return t->error;
	return stick(t, mdb_del(enter(t), t->env->dbis[table], &k, NULL));
}

void kv_drop_range(struct kv_txn *t, unsigned table, struct view first,
    struct view behind, unsigned max, unsigned *dropped)
{
	struct kv_cursor c;
	*dropped = 0;
	if (kv_cursor_open(&c, t, table) != 0)
		return;
	int error = kv_cursor_seek(&c, first);
	while (!error && *dropped < max && view_cmp(c.key, behind) < 0) {
		kv_cursor_delete(&c);
		++*dropped;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
}

int kv_cursor_open(struct kv_cursor *c, struct kv_txn *t, unsigned table)
{
	MDB_cursor *cursor = NULL;
	*c = (struct kv_cursor){ .t = t };
	if (!usable(t, table, V("cursor")))
		return t->error;
	int error =
	    stick(t, mdb_cursor_open(t->txn, t->env->dbis[table], &cursor));
	c->cursor = cursor;
	return error;
}

static int move(struct kv_cursor *c, MDB_val key, MDB_cursor_op op)
{
	MDB_val value;
	if (c->t->error)
		return c->t->error;
	if (!c->cursor)
		return c->t->error = MC_E_INTERNAL;
	(void)enter(c->t);
	int error = stick(c->t, mdb_cursor_get(c->cursor, &key, &value, op));
	if (error)
		return error;
	c->key = val_view(key);
	c->value = val_view(value);
	return 0;
}

static int out_of_order(struct kv_cursor *c)
{
	return stick(c->t, MDB_CORRUPTED);
}

int kv_cursor_seek(struct kv_cursor *c, struct view key)
{
	int error = move(c, kv_val(key), MDB_SET_RANGE);
	return !error && view_cmp(c->key, key) < 0 ? out_of_order(c) : error;
}

int kv_cursor_seek_before(struct kv_cursor *c, struct view key)
{
	int error = move(c, kv_val(key), MDB_SET_RANGE);
	if (error && error != MC_E_NOENT)
		return error;
	return move(c, (MDB_val){ 0, NULL }, error ? MDB_LAST : MDB_PREV);
}

/* Where a writer stood may have been written over. */
static int step(struct kv_cursor *c, MDB_cursor_op op, int sign)
{
	struct view before = c->t->writable ? V_NONE : c->key;
	int error = move(c, (MDB_val){ 0, NULL }, op);
	if (error || !before.n)
		return error;
	int order = view_cmp(c->key, before);
	return (sign > 0 ? order > 0 : order < 0) ? 0 : out_of_order(c);
}

int kv_cursor_next(struct kv_cursor *c)
{
	return step(c, MDB_NEXT, 1);
}

int kv_cursor_prev(struct kv_cursor *c)
{
	return step(c, MDB_PREV, -1);
}

void kv_cursor_replace(struct kv_cursor *c, struct view value)
{
	MDB_val k = kv_val(c->key), v = kv_val(value);
	if (c->t->error)
		return;
	(void)enter(c->t);
	(void)stick(c->t, mdb_cursor_put(c->cursor, &k, &v, MDB_CURRENT));
}

void kv_cursor_delete(struct kv_cursor *c)
{
	if (c->t->error)
		return;
	(void)enter(c->t);
	(void)stick(c->t, mdb_cursor_del(c->cursor, 0));
}

void kv_cursor_close(struct kv_cursor *c)
{
	/* LMDB closes those of a writer itself when it ends. */
	if (c->cursor && (c->t->txn || !c->t->writable))
		mdb_cursor_close(c->cursor);
	c->cursor = NULL;
}
