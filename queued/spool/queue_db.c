#include "queued/spool/queue_db.h"
#include "base/chars.h"
#include "base/panic.h"
#include "base/rand.h"
#include "queued/spool/queue_record.h"
#include "queued/spool/queue_spool.h"
#include "wire/rd.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct queue_db {
	struct kv *kv;
	int dir, lock;
	uint32_t schema; /* of the file */
	bool has_ready;
	uint32_t instance; /* of this queue: a new one starts a new number */
	uint64_t last_id, ceiling_id;
	uint64_t *gone; /* spooled messages that this transaction removes */
	size_t n_gone, cap_gone;
};

static const char *const tables[QUEUE_TABLE_COUNT] = {
#define X(NAME, name) [QUEUE_TABLE_##NAME] = name,
	QUEUE_TABLES(X)
#undef X
};

static const struct view key_stamp = V_INIT("stamp");
static const struct view key_ids = V_INIT("ids");

/* Ids are reserved this far ahead, so that most commits need not write it. */
static const uint64_t reserve_ids = UINT64_C(60) << QUEUE_ID_SHIFT;

const char *rcpt_state_name(enum rcpt_state s)
{
	static const char *const names[RCPT_STATE_COUNT] = {
		[RCPT_WAITING] = "waiting",
		[RCPT_HELD] = "held",
		[RCPT_FAILED] = "failed",
	};
	return s < RCPT_STATE_COUNT ? names[s] : "unknown";
}

const char *leaf_kind_name(enum leaf_kind k)
{
	static const char *const names[LEAF_KIND_COUNT] = {
		[LEAF_ADDRESS] = "address",
		[LEAF_ACCOUNT] = "mailbox",
		[LEAF_REMOTE] = "remote",
		[LEAF_COMMAND] = "command",
		[LEAF_FILE] = "file",
		[LEAF_FAILED] = "failed",
		[LEAF_FORWARD] = "forward",
		[LEAF_USER_COMMAND] = "user-command",
		[LEAF_USER_FILE] = "user-file",
	};
	return k < LEAF_KIND_COUNT ? names[k] : "unknown";
}

void queue_id_format(uint64_t id, char out[QUEUE_ID_DIGITS + 1])
{
	for (int i = QUEUE_ID_DIGITS; i-- > 0; id >>= 4)
		out[i] = "0123456789abcdef"[id & 15];
	out[QUEUE_ID_DIGITS] = '\0';
}

bool queue_id_parse(struct view v, uint64_t *out)
{
	uint64_t id = 0;
	if (v.n != QUEUE_ID_DIGITS)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		int digit = char_hex(v.p[i]);
		if (digit < 0)
			return false;
		id = id << 4 | (unsigned)digit;
	}
	*out = id;
	return true;
}

static void put_stamp(struct kv_txn *t, uint32_t instance)
{
	char bytes[8];
	struct wr w = wr_into(bytes, sizeof bytes);
	wr_u32(&w, QUEUE_SCHEMA);
	wr_u32(&w, instance);
	kv_put(t, QUEUE_TABLE_META, key_stamp, wr_view(&w));
}

static void put_ceiling(struct kv_txn *t, uint64_t ceiling)
{
	char bytes[8];
	struct wr w = wr_into(bytes, sizeof bytes);
	wr_u64(&w, ceiling);
	kv_put(t, QUEUE_TABLE_META, key_ids, wr_view(&w));
}

/* A queue of an older program: all that it has is valid in this one, too. */
static int stamp_up(struct queue_db *db)
{
	struct kv_txn t;
	int error = kv_write(db->kv, &t);
	if (error)
		return error;
	put_stamp(&t, db->instance);
	return kv_commit(&t);
}

/* A queue that is made anew gets its stamp, when its name is on disk: later
 * nobody looks after that. */
static int stamp_new(struct queue_db *db)
{
	struct kv_txn t;
	int error = fsync(db->dir) == 0 ? 0 : -errno;
	if (!error)
		error = kv_write(db->kv, &t);
	if (error)
		return error;
	db->instance = (uint32_t)rand_u64();
	put_stamp(&t, db->instance);
	put_ceiling(&t, 0);
	return kv_commit(&t);
}

static int read_stamp(struct queue_db *db, struct kv_txn *t)
{
	struct view v, ids;
	int error = kv_get(t, QUEUE_TABLE_META, key_stamp, &v);
	if (error)
		return error;
	struct rd r = rd_of(v);
	db->schema = rd_u32(&r);
	db->instance = rd_u32(&r);
	if (!rd_end(&r))
		return MC_E_CORRUPT;
	if (db->schema < QUEUE_SCHEMA_OLDEST || db->schema > QUEUE_SCHEMA)
		return MC_E_VERSION;
	error = kv_get(t, QUEUE_TABLE_META, key_ids, &ids);
	if (error)
		return error == MC_E_NOENT ? MC_E_CORRUPT : error;
	r = rd_of(ids);
	db->ceiling_id = db->last_id = rd_u64(&r);
	return rd_end(&r) ? 0 : MC_E_CORRUPT;
}

static int load_stamp(struct queue_db *db)
{
	struct kv_txn t;
	int error = kv_read(db->kv, &t);
	if (error)
		return error;
	error = read_stamp(db, &t);
	kv_abort(&t);
	return error;
}

/* One process changes the queue: during a reload the old one may still commit
 * when the new one comes, and what looks like a stray file to one is a message
 * that the other is just accepting. */
static int lock_spool(struct queue_db *db)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	db->lock = openat(
	    db->dir, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (db->lock < 0)
		return -errno;
	if (fcntl(db->lock, F_SETLK, &whole) == 0)
		return 0;
	return errno == EAGAIN || errno == EACCES ? MC_E_BUSY : -errno;
}

static int prepare(struct queue_db *db)
{
	int error = lock_spool(db);
	return error ? error : queue_spool_prepare(db->dir);
}

static int open_tables(struct queue_db *db, const char *path, bool readonly)
{
	struct kv_options options = { .tables = tables,
		.n_tables = QUEUE_TABLE_COUNT,
		.n_new_tables = QUEUE_TABLE_COUNT - QUEUE_TABLES_OF_SCHEMA_1,
		.readonly = readonly };
	int error = kv_open(path, &options, &db->kv);
	db->has_ready = !error;
	if (error != MC_E_NOENT || !readonly)
		return error;
	options.n_tables = QUEUE_TABLES_OF_SCHEMA_1;
	options.n_new_tables = 0;
	return kv_open(path, &options, &db->kv);
}

static int open_files(struct queue_db *db, const char *dir, bool readonly)
{
	char path[PATH_MAX];
	if (snprintf(path, sizeof path, "%s/queue.mdb", dir) >=
	    (int)sizeof path)
		return -ENAMETOOLONG;
	db->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (db->dir < 0)
		return readonly && errno == ENOENT ? MC_E_NOENT : -errno;
	if (readonly && faccessat(db->dir, "queue.mdb", F_OK, 0) != 0)
		return errno == ENOENT ? MC_E_NOENT : -errno;
	int error = readonly ? 0 : prepare(db);
	if (error)
		return error;
	return open_tables(db, path, readonly);
}

int queue_db_open(const char *dir, bool readonly, struct queue_db **out)
{
	struct queue_db *db = MUST_NEW(struct queue_db);
	db->dir = db->lock = -1;
	int error = open_files(db, dir, readonly);
	if (!error)
		error = load_stamp(db);
	if (error == MC_E_NOENT && db->kv && !readonly)
		error = stamp_new(db);
	else if (!error && !readonly && db->schema < QUEUE_SCHEMA)
		error = stamp_up(db);
	if (error)
		queue_db_close(&db);
	else
		*out = db;
	return error;
}

void queue_db_close(struct queue_db **db)
{
	struct queue_db *q = *db;
	if (!q)
		return;
	if (q->kv)
		kv_close(&q->kv);
	if (q->dir >= 0)
		close(q->dir);
	if (q->lock >= 0)
		close(q->lock);
	free(q->gone);
	free(q);
	*db = NULL;
}

void queue_db_housekeeping(struct queue_db *db)
{
	kv_clear_stale_readers(db->kv);
}

void queue_db_forget_pages(struct queue_db *db)
{
	kv_forget_pages(db->kv);
}

bool queue_db_has_ready(const struct queue_db *db)
{
	return db->has_ready;
}

int queue_db_dir(const struct queue_db *db)
{
	return db->dir;
}

uint64_t queue_db_new_id(struct queue_db *db, uint64_t now_s)
{
	uint64_t id = now_s << QUEUE_ID_SHIFT;
	db->last_id = id > db->last_id ? id : db->last_id + 1;
	return db->last_id;
}

void queue_db_delivery_id(const struct queue_db *db, uint64_t id,
    uint32_t index, char out[QUEUE_DELIVERY_ID_OCTETS])
{
	struct wr w = wr_into(out, QUEUE_DELIVERY_ID_OCTETS);
	wr_u64(&w, id);
	wr_u32(&w, db->instance);
	wr_u32(&w, index);
}

int queue_db_free_bytes(const struct queue_db *db, uint64_t *out)
{
	struct statvfs fs;
	if (fstatvfs(db->dir, &fs) != 0)
		return -errno;
	*out = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

int queue_db_check_room(struct queue_db *db, uint64_t bytes)
{
	return kv_check_room(db->kv, bytes);
}

int queue_begin_write(struct queue_db *db, struct queue_txn *t)
{
	t->db = db;
	db->n_gone = 0;
	return kv_write(db->kv, &t->kv);
}

int queue_begin_read(struct queue_db *db, struct queue_txn *t)
{
	t->db = db;
	return kv_read(db->kv, &t->kv);
}

int queue_commit(struct queue_txn *t)
{
	struct queue_db *db = t->db;
	uint64_t ceiling = db->ceiling_id;
	if (db->last_id >= ceiling) {
		ceiling = db->last_id + reserve_ids;
		put_ceiling(&t->kv, ceiling);
	}
	int error = kv_commit(&t->kv);
	if (error)
		return error;
	db->ceiling_id = ceiling;
	for (size_t i = 0; i < db->n_gone; i++)
		queue_spool_remove(db->dir, db->gone[i]);
	db->n_gone = 0;
	return 0;
}

void queue_abort(struct queue_txn *t)
{
	kv_abort(&t->kv);
}

static void fail(struct queue_txn *t, int error)
{
	if (!t->kv.error)
		t->kv.error = error;
}

/* One page each; see research on one-page values in store/record/keys.h: they
 * never need contiguous free pages. */
static void add_body(struct queue_txn *t, uint64_t id, struct view body)
{
	for (uint32_t chunk = 0; body.n; chunk++) {
		struct view part = view_head(body, QUEUE_CHUNK_OCTETS);
		struct queue_key key = queue_key_part(id, chunk);
		void *to = kv_reserve(&t->kv, QUEUE_TABLE_BODIES,
		    queue_key_view(&key), part.n, true);
		if (!to)
			return;
		memcpy(to, part.p, part.n);
		body = view_skip(body, part.n);
	}
}

static void put_envelope(
    struct queue_txn *t, const struct queue_envelope *e, bool is_new)
{
	char bytes[QUEUE_RECORD_MAX];
	size_t n;
	int error = queue_record_put_envelope(e, bytes, &n);
	if (error) {
		fail(t, error);
		return;
	}
	struct queue_key key = queue_key_id(e->id);
	(is_new ? kv_append : kv_put)(&t->kv, QUEUE_TABLE_MESSAGES,
	    queue_key_view(&key), (struct view){ bytes, n });
}

void queue_add(
    struct queue_txn *t, const struct queue_envelope *e, struct view body)
{
	put_envelope(t, e, true);
	add_body(t, e->id, body);
}

void queue_update(struct queue_txn *t, const struct queue_envelope *e)
{
	put_envelope(t, e, false);
}

static void put_due(
    struct queue_txn *t, uint64_t time_s, uint64_t id, uint32_t index)
{
	if (!time_s)
		return;
	struct queue_key key = queue_key_due(time_s, id, index);
	kv_put(&t->kv, QUEUE_TABLE_DUE, queue_key_view(&key), V(""));
}

static void put_ready(
    struct queue_txn *t, uint64_t id, const struct queue_rcpt *r)
{
	struct queue_ready_key key;
	if (!r->site.n)
		return;
	queue_key_ready(&key, r->site, r->sender, id, r->index);
	kv_put(&t->kv, QUEUE_TABLE_READY, (struct view){ key.bytes, key.n },
	    V(""));
}

static void put_rcpt(
    struct queue_txn *t, uint64_t id, const struct queue_rcpt *r, bool is_new)
{
	char bytes[QUEUE_RECORD_MAX];
	size_t n;
	int error = queue_record_put_rcpt(r, bytes, &n);
	if (error) {
		fail(t, error);
		return;
	}
	struct queue_key key = queue_key_part(id, r->index);
	(is_new ? kv_append : kv_put)(&t->kv, QUEUE_TABLE_RECIPIENTS,
	    queue_key_view(&key), (struct view){ bytes, n });
	put_due(t, r->next_s, id, r->index);
	put_ready(t, id, r);
}

void queue_add_rcpt(
    struct queue_txn *t, uint64_t id, const struct queue_rcpt *r)
{
	put_rcpt(t, id, r, true);
}

void queue_insert_rcpt(
    struct queue_txn *t, uint64_t id, const struct queue_rcpt *r)
{
	put_rcpt(t, id, r, false);
}

static void delete_due(
    struct queue_txn *t, uint64_t time_s, uint64_t id, uint32_t index)
{
	struct queue_key key = queue_key_due(time_s, id, index);
	if (time_s)
		kv_delete(&t->kv, QUEUE_TABLE_DUE, queue_key_view(&key));
}

void queue_remove_ready(
    struct queue_txn *t, struct view site, const struct queue_ready *r)
{
	struct queue_ready_key key;
	queue_key_ready(&key, site, r->sender, r->id, r->index);
	kv_delete(&t->kv, QUEUE_TABLE_READY, (struct view){ key.bytes, key.n });
}

/* What the record that is there says. Of one that is damaged the row stays, and
 * is found to be wrong when it is taken. */
static void unpark(struct queue_txn *t, uint64_t id, uint32_t index)
{
	struct queue_rcpt r;
	if (t->kv.error || queue_get_rcpt(t, id, index, &r) || !r.site.n)
		return;
	struct queue_ready row = { r.sender, index, id };
	queue_remove_ready(t, r.site, &row);
}

void queue_update_rcpt(struct queue_txn *t, uint64_t id,
    const struct queue_rcpt *r, uint64_t due_s)
{
	unpark(t, id, r->index);
	if (due_s != r->next_s)
		delete_due(t, due_s, id, r->index);
	put_rcpt(t, id, r, false);
}

static bool has_rcpt(struct queue_txn *t, uint64_t id)
{
	struct kv_cursor c;
	struct queue_key first = queue_key_part(id, 0);
	if (kv_cursor_open(&c, &t->kv, QUEUE_TABLE_RECIPIENTS))
		return true;
	struct queue_key start = queue_key_id(id);
	bool found = kv_cursor_seek(&c, queue_key_view(&first)) == 0 &&
		     view_starts(c.key, queue_key_view(&start));
	kv_cursor_close(&c);
	return found;
}

static void note_gone(struct queue_db *db, uint64_t id)
{
	if (db->n_gone == db->cap_gone) {
		size_t cap = db->cap_gone ? db->cap_gone * 2 : 64;
		uint64_t *gone = realloc(db->gone, cap * sizeof *gone);
		if (!gone)
			return; /* the next start removes the file */
		db->gone = gone;
		db->cap_gone = cap;
	}
	db->gone[db->n_gone++] = id;
}

static void remove_message(struct queue_txn *t, uint64_t id)
{
	struct queue_envelope e;
	struct queue_key key = queue_key_id(id);
	if (queue_get(t, id, &e) == 0 && e.is_spooled)
		note_gone(t->db, id);
	kv_delete(&t->kv, QUEUE_TABLE_MESSAGES, queue_key_view(&key));
	for (uint32_t chunk = 0;; chunk++) {
		key = queue_key_part(id, chunk);
		if (kv_delete(&t->kv, QUEUE_TABLE_BODIES, queue_key_view(&key)))
			return;
	}
}

void queue_remove_rcpt(
    struct queue_txn *t, uint64_t id, uint32_t index, uint64_t due_s)
{
	struct queue_key key = queue_key_part(id, index);
	unpark(t, id, index);
	delete_due(t, due_s, id, index);
	kv_delete(&t->kv, QUEUE_TABLE_RECIPIENTS, queue_key_view(&key));
	if (!t->kv.error && !has_rcpt(t, id))
		remove_message(t, id);
}
