#include "store/kv/kv_compact.h"
#include "base/clock.h"
#include "base/panic.h"
#include "store/kv/kv_fs.h"
#include "store/kv/kv_lmdb.h"
#include "store/kv/kv_swap.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	SLICE_BYTES = 4 << 20,
	CLOCK_EVERY = 256,      /* records */
	LITTLE_BYTES = 1 << 20, /* may be put in with the write lock held */
	PASSES_MAX = 8,
	PASS_MS_MAX = 500,        /* of one that is to be made with the lock */
	RESERVE_BYTES = 32 << 20, /* mail needs it more */
	GROWTH_BYTES = 64 << 20,  /* and a quarter of the old file */
};

/* A table in one of the two snapshots. */
struct side {
	MDB_cursor *cursor; /* NULL: nothing, or it has ended */
	MDB_val key, value;
};

struct kv_compact {
	struct kv *kv;
	struct kv_env *old, *new;
	int lock_fd;
	/* Of old. What new holds, NULL: nothing; what it is to hold. */
	MDB_txn *held, *wanted;
	struct side from, to;
	unsigned table; /* of both sides, when is_walking */
	bool is_walking;
	unsigned pass;
	uint64_t pass_bytes, pass_ms;
	uint64_t old_bytes, live_bytes; /* at the beginning */
};

/* Where a slice ends. */
struct budget {
	uint64_t deadline_ms, bytes;
	unsigned n;
};

static int side_move(struct side *s, MDB_cursor_op op)
{
	int error = mdb_cursor_get(s->cursor, &s->key, &s->value, op);
	if (!error)
		return 0;
	mdb_cursor_close(s->cursor);
	s->cursor = NULL;
	return error == MDB_NOTFOUND ? 0 : error;
}

static int side_open(struct side *s, MDB_txn *txn, MDB_dbi dbi)
{
	s->cursor = NULL;
	if (!txn)
		return 0;
	int error = mdb_cursor_open(txn, dbi, &s->cursor);
	return error ? error : side_move(s, MDB_FIRST);
}

static void side_close(struct side *s)
{
	if (s->cursor)
		mdb_cursor_close(s->cursor);
	s->cursor = NULL;
}

/* As LMDB orders keys. */
static int compare(const MDB_val *a, const MDB_val *b)
{
	size_t n = a->mv_size < b->mv_size ? a->mv_size : b->mv_size;
	int order = memcmp(a->mv_data, b->mv_data, n);
	if (order)
		return order;
	return (a->mv_size > b->mv_size) - (a->mv_size < b->mv_size);
}

/* Both snapshots are alive: a page that both have is one that nobody wrote to
 * since. */
static bool is_same(const MDB_val *a, const MDB_val *b)
{
	return a->mv_size == b->mv_size &&
	       (a->mv_data == b->mv_data ||
		   memcmp(a->mv_data, b->mv_data, a->mv_size) == 0);
}

static int put(struct kv_compact *c, MDB_txn *txn, struct budget *b)
{
	uint64_t bytes = c->to.key.mv_size + c->to.value.mv_size;
	c->pass_bytes += bytes;
	b->bytes -= bytes < b->bytes ? bytes : b->bytes;
	return mdb_put(txn, c->new->dbis[c->table], &c->to.key, &c->to.value,
	    c->held ? 0 : MDB_APPEND);
}

static int take(struct kv_compact *c, MDB_txn *txn)
{
	c->pass_bytes += c->from.key.mv_size;
	return mdb_del(txn, c->new->dbis[c->table], &c->from.key, NULL);
}

static int one_record(struct kv_compact *c, MDB_txn *txn, struct budget *b)
{
	int error = 0;
	int order = !c->from.cursor ? 1
		    : !c->to.cursor ? -1
				    : compare(&c->from.key, &c->to.key);
	if (order < 0)
		error = take(c, txn);
	else if (order > 0 || !is_same(&c->from.value, &c->to.value))
		error = put(c, txn, b);
	if (!error && order <= 0)
		error = side_move(&c->from, MDB_NEXT);
	if (!error && order >= 0)
		error = side_move(&c->to, MDB_NEXT);
	return error;
}

static bool is_spent(struct budget *b)
{
	return b->bytes == 0 ||
	       (++b->n % CLOCK_EVERY == 0 && clock_mono_ms() >= b->deadline_ms);
}

/* The next table, if there is one. */
static int open_sides(struct kv_compact *c, unsigned table, MDB_txn *wanted)
{
	c->table = table;
	c->is_walking = table < c->kv->options.n_tables;
	if (!c->is_walking)
		return 0;
	int error = side_open(&c->from, c->held, c->old->dbis[table]);
	return error ? error : side_open(&c->to, wanted, c->old->dbis[table]);
}

static int walk(
    struct kv_compact *c, MDB_txn *wanted, MDB_txn *txn, struct budget *b)
{
	int error = 0;
	while (!error && c->is_walking && !is_spent(b)) {
		if (c->from.cursor || c->to.cursor)
			error = one_record(c, txn, b);
		else
			error = open_sides(c, c->table + 1, wanted);
	}
	return error;
}

/* What a corrupt page says is of the old file, what the disk says of the new.
 */
static int walk_into_new(
    struct kv_compact *c, MDB_txn *wanted, struct budget *b)
{
	MDB_txn *txn;
	uint64_t start_ms = clock_mono_ms();
	int error = mdb_txn_begin(c->new->mdb, NULL, 0, &txn);
	if (error)
		return kv_error(c->new, error);
	error = walk(c, wanted, txn, b);
	if (error)
		mdb_txn_abort(txn);
	else
		error = mdb_txn_commit(txn);
	c->pass_ms += clock_mono_ms() - start_ms;
	return kv_error(c->new, error);
}

static void drop(struct kv_compact *c, MDB_txn **txn)
{
	if (!*txn)
		return;
	mdb_txn_abort(*txn);
	*txn = NULL;
	kv_env_end(c->old, false);
}

static int begin_pass(struct kv_compact *c)
{
	drop(c, &c->held);
	c->held = c->wanted;
	c->wanted = NULL;
	c->pass_bytes = c->pass_ms = 0;
	int error = kv_env_begin(c->old, false, &c->wanted);
	return error ? error : kv_error(c->old, open_sides(c, 0, c->wanted));
}

/* With the write lock: w is a write transaction. */
static int catch_up(struct kv_compact *c, MDB_txn *w)
{
	struct budget all = { UINT64_MAX, UINT64_MAX, 0 };
	if (mdb_txn_id(w) == mdb_txn_id(c->wanted) + 1)
		return 0;
	drop(c, &c->held);
	c->held = c->wanted;
	c->wanted = NULL;
	int error = kv_error(c->old, open_sides(c, 0, w));
	if (!error)
		error = walk_into_new(c, w, &all);
	side_close(&c->from);
	side_close(&c->to);
	return error;
}

static int swap(struct kv_compact *c)
{
	MDB_txn *w;
	int error = kv_env_begin(c->old, true, &w);
	if (error)
		return error;
	if (c->kv->env != c->old || !kv_is_current(c->kv))
		error = MC_E_AGAIN;
	if (!error)
		error = catch_up(c, w);
	if (!error)
		error = kv_swap(c->kv->path, c->new->ino);
	mdb_txn_abort(w);
	kv_env_end(c->old, true);
	if (error)
		return error;
	kv_adopt(c->kv, c->new);
	c->new = NULL;
	return 0;
}

static bool is_close(const struct kv_compact *c)
{
	MDB_envinfo info;
	if (mdb_env_info(c->old->mdb, &info) == 0 &&
	    info.me_last_txnid == mdb_txn_id(c->wanted))
		return true;
	return c->pass > 0 && c->pass_bytes <= LITTLE_BYTES &&
	       c->pass_ms <= PASS_MS_MAX;
}

static int check_disk(const struct kv_compact *c, uint64_t bytes)
{
	int fd;
	uint64_t unused;
	if (mdb_env_get_fd(c->old->mdb, &fd) != 0 ||
	    fs_free_bytes(fd, &unused) != 0)
		return 0;
	return unused < RESERVE_BYTES + bytes ? MC_E_FULL : 0;
}

static int check_growth(const struct kv_compact *c)
{
	uint64_t max = c->old_bytes + c->old_bytes / 4 + GROWTH_BYTES;
	return kv_env_used_bytes(c->old) > max ? MC_E_AGAIN : 0;
}

int kv_compact_step(struct kv_compact *c, unsigned budget_ms, bool *done)
{
	struct budget b = { clock_mono_ms() + budget_ms, SLICE_BYTES, 0 };
	*done = false;
	int error = check_disk(c, 0);
	if (!error)
		error = check_growth(c);
	if (!error)
		error = walk_into_new(c, c->wanted, &b);
	if (error || c->is_walking)
		return error;
	if (is_close(c)) {
		error = swap(c);
		*done = !error;
		return error;
	}
	if (++c->pass == PASSES_MAX)
		return MC_E_AGAIN;
	return begin_pass(c);
}

/* Each record of LMDB's main table is one of ours, or the mark. */
static int check_tables(const struct kv_compact *c)
{
	MDB_stat st;
	int error = mdb_stat(c->wanted, KV_DBI_MAIN, &st);
	if (error)
		return kv_error(c->old, error);
	return st.ms_entries == c->kv->options.n_tables + 1 ? 0 : MC_E_VERSION;
}

static int open_new(struct kv_compact *c)
{
	char path[PATH_MAX];
	int error = kv_swap_path(c->kv->path, path, sizeof path);
	return error ? error : kv_env_open(path, &c->kv->options, &c->new);
}

/* Which is the file of now, since nobody else replaces it from here on. */
static int hold_old(struct kv_compact *c)
{
	uint64_t unused;
	int error = kv_size(c->kv, &c->old_bytes, &unused);
	if (error)
		return error;
	c->old = c->kv->env;
	atomic_fetch_add(&c->old->refs, 1);
	c->live_bytes = c->old_bytes > unused ? c->old_bytes - unused : 0;
	return check_disk(c, c->live_bytes + c->live_bytes / 16);
}

int kv_compact_begin(struct kv *kv, bool careful, struct kv_compact **out)
{
	*out = NULL;
	if (kv->options.readonly || !kv->options.replaceable)
		return -EROFS;
	struct kv_compact *c = MUST_NEW(struct kv_compact);
	*c = (struct kv_compact){ .kv = kv, .lock_fd = -1 };
	int error = kv_swap_begin(kv->path, careful, &c->lock_fd);
	if (!error)
		error = hold_old(c);
	if (!error)
		error = kv_mark(c->old, true);
	if (!error)
		error = open_new(c);
	if (!error)
		error = begin_pass(c);
	if (!error)
		error = check_tables(c);
	if (error)
		kv_compact_end(&c);
	*out = c;
	return error;
}

void kv_compact_progress(
    const struct kv_compact *c, uint64_t *bytes, uint64_t *total)
{
	*bytes = c->new ? kv_env_used_bytes(c->new) : c->live_bytes;
	*total = c->live_bytes > *bytes ? c->live_bytes : *bytes;
}

/* The mark must stay when the file was replaced, and may always. */
static void release_old(struct kv_compact *c)
{
	bool is_in_use = c->kv->env == c->old && kv_is_current(c->kv);
	int error = is_in_use ? kv_mark(c->old, false) : 0;
	(void)error;
	kv_env_unref(c->old);
}

void kv_compact_end(struct kv_compact **handle)
{
	struct kv_compact *c = *handle;
	*handle = NULL;
	if (!c)
		return;
	side_close(&c->from);
	side_close(&c->to);
	drop(c, &c->held);
	drop(c, &c->wanted);
	if (c->new)
		kv_env_unref(c->new);
	if (c->old)
		release_old(c);
	if (c->lock_fd >= 0)
		kv_swap_end(c->kv->path, c->lock_fd);
	free(c);
}
