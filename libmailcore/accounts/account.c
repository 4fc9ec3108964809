#include "accounts/account.h"
#include "base/panic.h"
#include "base/rand.h"
#include "store/kv/kv.h"
#include "wire/rd.h"
#include "wire/wr.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	RECORD_VERSION = 1,
	/* 1: without quota_mailboxes; 2: without unix_user */
	ACCOUNT_RECORD_VERSION = 3,
	RECORD_MAX = 2048,
	PATH_CAP = 4096,
	EACH_AT_ONCE = 64, /* records per read transaction */
};

enum table {
	TABLE_ACCOUNTS, /* domain NUL local -> account */
	TABLE_DOMAINS,  /* name -> domain */
	/* "secret", "version"; "alias" NUL domain NUL local -> alias */
	TABLE_META,
	TABLE_COUNT
};

static const char *const tables[TABLE_COUNT] = { "accounts", "domains",
	"meta" };

struct account_db {
	struct kv *kv;
};

struct key {
	char bytes[KV_KEY_MAX];
	size_t n;
};

static struct view key_view(const struct key *k)
{
	return (struct view){ k->bytes, k->n };
}

static int key_of_address(struct view address, struct key *k)
{
	size_t at = view_rfind_byte(address, '@');
	struct wr w = wr_into(k->bytes, sizeof k->bytes);
	wr_raw(&w, view_skip(address, at + 1));
	wr_u8(&w, 0);
	wr_raw(&w, view_head(address, at));
	k->n = w.n;
	return w.failed || at == address.n ? MC_E_BAD : 0;
}

static int key_of_domain(struct view name, struct key *k)
{
	struct wr w = wr_into(k->bytes, sizeof k->bytes);
	wr_raw(&w, name);
	k->n = w.n;
	return w.failed || !name.n ? MC_E_BAD : 0;
}

/* Groups: readers need the lock file to write, not the data. */
static int share(const char *data, const char *lock, int64_t gid)
{
	if (gid >= 0 && (chown(data, (uid_t)-1, (gid_t)gid) != 0 ||
			    chown(lock, (uid_t)-1, (gid_t)gid) != 0))
		return -errno;
	if (chmod(data, 0640) != 0 || chmod(lock, 0660) != 0)
		return -errno;
	return 0;
}

static int start_meta(struct kv *kv)
{
	struct kv_txn t;
	struct view found;
	unsigned char secret[ACCOUNT_SECRET_BYTES];
	int error = kv_write(kv, &t);
	if (error)
		return error;
	error = kv_get(&t, TABLE_META, V("secret"), &found);
	if (error != MC_E_NOENT) {
		kv_abort(&t);
		return error;
	}
	rand_bytes(secret, sizeof secret);
	kv_put(&t, TABLE_META, V("secret"),
	    (struct view){ (const char *)secret, sizeof secret });
	kv_put(&t, TABLE_META, V("version"), V("1"));
	return kv_commit(&t);
}

static int check_version(struct kv *kv)
{
	struct kv_txn t;
	struct view version;
	int error = kv_read(kv, &t);
	if (error)
		return error;
	error = kv_get(&t, TABLE_META, V("version"), &version);
	if (!error && !view_eq(version, V("1")))
		error = MC_E_VERSION;
	kv_abort(&t);
	return error;
}

static int open_files(
    const char *data, const char *lock, bool write, int64_t gid, struct kv **kv)
{
	const struct kv_options options = { .tables = tables,
		.n_tables = TABLE_COUNT,
		.map_bytes = (size_t)4 << 30,
		.readonly = !write,
		.mode = 0640 };
	struct stat st;
	bool is_new = stat(data, &st) != 0;
	if (is_new && !write)
		return MC_E_NOENT;
	int error = kv_open(data, &options, kv);
	if (error)
		return error == -ENOENT ? MC_E_NOENT : error;
	if (write && is_new)
		error = share(data, lock, gid);
	if (!error && write)
		error = start_meta(*kv);
	if (!error)
		error = check_version(*kv);
	if (error)
		kv_close(kv);
	return error;
}

/* A new file's name shall be as durable as what is put into it. */
static int sync_name(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fsync(fd) == 0 || errno == EINVAL ? 0 : -errno;
	close(fd);
	return error;
}

int account_db_open(
    const char *dir, bool write, int64_t gid, struct account_db **out)
{
	char data[PATH_CAP], lock[PATH_CAP];
	struct kv *kv = NULL;
	int n = snprintf(data, sizeof data, "%s/%s", dir, ACCOUNT_DB_FILE);
	int m = snprintf(lock, sizeof lock, "%s/%s-lock", dir, ACCOUNT_DB_FILE);
	if (n < 0 || m < 0 || m >= PATH_CAP)
		return MC_E_LIMIT;
	int error = open_files(data, lock, write, gid, &kv);
	if (!error && write)
		error = sync_name(dir);
	if (error) {
		kv_close(&kv);
		return error;
	}
	*out = MUST_NEW(struct account_db);
	(*out)->kv = kv;
	return 0;
}

void account_db_close(struct account_db **db)
{
	if (!*db)
		return;
	kv_close(&(*db)->kv);
	free(*db);
	*db = NULL;
}

void account_db_clean(struct account_db *db)
{
	kv_clear_stale_readers(db->kv);
}

int account_db_secret(
    struct account_db *db, unsigned char out[ACCOUNT_SECRET_BYTES])
{
	struct kv_txn t;
	struct view v;
	int error = kv_read(db->kv, &t);
	if (error)
		return error;
	error = kv_get(&t, TABLE_META, V("secret"), &v);
	if (!error && v.n != ACCOUNT_SECRET_BYTES)
		error = MC_E_CORRUPT;
	if (!error)
		memcpy(out, v.p, ACCOUNT_SECRET_BYTES);
	kv_abort(&t);
	return error;
}

static void put_account(struct wr *w, const struct account *a)
{
	wr_u8(w, ACCOUNT_RECORD_VERSION);
	wr_bytes(w, view_of(a->address), ACCOUNT_ADDRESS_MAX);
	wr_bytes(w, view_of(a->credential), ACCOUNT_CREDENTIAL_MAX);
	wr_u32(w, a->flags);
	wr_u32(w, a->services_off);
	wr_u64(w, a->quota_bytes);
	wr_u64(w, a->quota_messages);
	wr_u64(w, a->created_s);
	wr_u64(w, a->changed_s);
	wr_u64(w, a->quota_mailboxes);
	wr_bytes(w, view_of(a->unix_user), ACCOUNT_UNIX_USER_MAX);
}

static void get_text(struct rd *r, char *out, size_t cap)
{
	struct view v = rd_bytes(r, cap - 1);
	if (view_to_cstr(v, out, cap) != 0)
		r->failed = true;
}

static int get_account(struct view v, struct account *a)
{
	struct rd r = rd_of(v);
	uint8_t version = rd_u8(&r);
	if (version == 0 || version > ACCOUNT_RECORD_VERSION)
		return MC_E_VERSION;
	get_text(&r, a->address, sizeof a->address);
	get_text(&r, a->credential, sizeof a->credential);
	a->flags = rd_u32(&r);
	a->services_off = rd_u32(&r);
	a->quota_bytes = rd_u64(&r);
	a->quota_messages = rd_u64(&r);
	a->created_s = rd_u64(&r);
	a->changed_s = rd_u64(&r);
	a->quota_mailboxes = version > 1 ? rd_u64(&r) : 0;
	a->unix_user[0] = '\0';
	if (version > 2)
		get_text(&r, a->unix_user, sizeof a->unix_user);
	return rd_end(&r) ? 0 : MC_E_CORRUPT;
}

static void put_domain(struct wr *w, const struct account_domain *d)
{
	wr_u8(w, RECORD_VERSION);
	wr_bytes(w, view_of(d->name), ACCOUNT_DOMAIN_MAX);
	wr_bytes(w, view_of(d->alias_of), ACCOUNT_DOMAIN_MAX);
	wr_bytes(w, view_of(d->catch_all), ACCOUNT_ADDRESS_MAX);
	wr_u64(w, d->created_s);
}

static int get_domain(struct view v, struct account_domain *d)
{
	struct rd r = rd_of(v);
	if (rd_u8(&r) != RECORD_VERSION)
		return MC_E_VERSION;
	get_text(&r, d->name, sizeof d->name);
	get_text(&r, d->alias_of, sizeof d->alias_of);
	get_text(&r, d->catch_all, sizeof d->catch_all);
	d->created_s = rd_u64(&r);
	return rd_end(&r) ? 0 : MC_E_CORRUPT;
}

int account_db_get(
    struct account_db *db, struct view address, struct account *out)
{
	struct key k;
	struct kv_txn t;
	struct view v;
	int error = key_of_address(address, &k);
	if (error)
		return MC_E_NOENT;
	error = kv_read(db->kv, &t);
	if (error)
		return error;
	error = kv_get(&t, TABLE_ACCOUNTS, key_view(&k), &v);
	if (!error)
		error = get_account(v, out);
	kv_abort(&t);
	return error;
}

static int put_record(struct account_db *db, enum table table,
    const struct key *k, const struct wr *w, bool is_new)
{
	struct kv_txn t;
	struct view old;
	if (w->failed)
		return MC_E_LIMIT;
	int error = kv_write(db->kv, &t);
	if (error)
		return error;
	error = kv_get(&t, table, key_view(k), &old);
	if (error && error != MC_E_NOENT) {
		kv_abort(&t);
		return error;
	}
	if (is_new == !error) {
		kv_abort(&t);
		return is_new ? MC_E_EXISTS : MC_E_NOENT;
	}
	kv_put(&t, table, key_view(k), wr_view(w));
	return kv_commit(&t);
}

int account_db_put(struct account_db *db, const struct account *a, bool is_new)
{
	struct key k;
	char record[RECORD_MAX];
	struct wr w = wr_into(record, sizeof record);
	int error = key_of_address(view_of(a->address), &k);
	if (error)
		return error;
	put_account(&w, a);
	return put_record(db, TABLE_ACCOUNTS, &k, &w, is_new);
}

static int delete_record(
    struct account_db *db, enum table table, const struct key *k)
{
	struct kv_txn t;
	int error = kv_write(db->kv, &t);
	if (error)
		return error;
	error = kv_delete(&t, table, key_view(k));
	if (error) {
		kv_abort(&t);
		return error;
	}
	return kv_commit(&t);
}

int account_db_delete(struct account_db *db, struct view address)
{
	struct key k;
	if (key_of_address(address, &k) != 0)
		return MC_E_NOENT;
	return delete_record(db, TABLE_ACCOUNTS, &k);
}

/* What a walk does with one record. */
struct walk {
	enum table table;
	struct view prefix;
	int (*on_record)(struct walk *w, struct view value);
	int (*on_account)(void *ctx, const struct account *a);
	int (*on_domain)(void *ctx, const struct account_domain *d);
	int (*on_alias)(void *ctx, struct view address, struct view targets);
	void *ctx;
};

static int copy_key(struct view key, struct key *k)
{
	if (key.n >= sizeof k->bytes)
		return MC_E_CORRUPT;
	memcpy(k->bytes, key.p, key.n);
	k->n = key.n;
	return 0;
}

/* Some records from *at on; *at becomes the last one's key and a NUL, which is
 * where to go on. MC_E_NOENT at the end. */
static int walk_some(struct account_db *db, struct walk *w, struct key *at)
{
	struct kv_txn t;
	struct kv_cursor c;
	int error = kv_read(db->kv, &t);
	if (error)
		return error;
	error = kv_cursor_open(&c, &t, w->table);
	if (error) {
		kv_abort(&t);
		return error;
	}
	error = kv_cursor_seek(&c, key_view(at));
	for (int i = 0; i < EACH_AT_ONCE && !error; i++) {
		if (!view_starts(c.key, w->prefix)) {
			error = MC_E_NOENT;
			break;
		}
		error = copy_key(c.key, at);
		if (!error) {
			at->bytes[at->n++] = '\0';
			error = w->on_record(w, c.value);
		}
		if (!error)
			error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	kv_abort(&t);
	return error;
}

static int walk(struct account_db *db, struct walk *w)
{
	struct key at;
	int error = w->prefix.n ? copy_key(w->prefix, &at) : 0;
	if (!w->prefix.n)
		at = (struct key){ .n = 1 };
	while (!error)
		error = walk_some(db, w, &at);
	return error == MC_E_NOENT ? 0 : error;
}

static int account_record(struct walk *w, struct view value)
{
	struct account a;
	int error = get_account(value, &a);
	return error ? error : w->on_account(w->ctx, &a);
}

int account_db_each(struct account_db *db, struct view domain,
    int (*fn)(void *ctx, const struct account *a), void *ctx)
{
	struct key prefix = { .n = 0 };
	if (domain.n && (key_of_domain(domain, &prefix) != 0 ||
			    prefix.n + 1 >= sizeof prefix.bytes))
		return MC_E_BAD;
	if (domain.n)
		prefix.bytes[prefix.n++] = '\0';
	struct walk w = { .table = TABLE_ACCOUNTS,
		.prefix = key_view(&prefix),
		.on_record = account_record,
		.on_account = fn,
		.ctx = ctx };
	return walk(db, &w);
}

static int domain_record(struct walk *w, struct view value)
{
	struct account_domain d;
	int error = get_domain(value, &d);
	return error ? error : w->on_domain(w->ctx, &d);
}

int account_domain_each(struct account_db *db,
    int (*fn)(void *ctx, const struct account_domain *d), void *ctx)
{
	struct walk w = { .table = TABLE_DOMAINS,
		.on_record = domain_record,
		.on_domain = fn,
		.ctx = ctx };
	return walk(db, &w);
}

int account_domain_get(
    struct account_db *db, struct view name, struct account_domain *out)
{
	struct key k;
	struct kv_txn t;
	struct view v;
	if (key_of_domain(name, &k) != 0)
		return MC_E_NOENT;
	int error = kv_read(db->kv, &t);
	if (error)
		return error;
	error = kv_get(&t, TABLE_DOMAINS, key_view(&k), &v);
	if (!error)
		error = get_domain(v, out);
	kv_abort(&t);
	return error;
}

int account_domain_put(
    struct account_db *db, const struct account_domain *d, bool is_new)
{
	struct key k;
	char record[RECORD_MAX];
	struct wr w = wr_into(record, sizeof record);
	int error = key_of_domain(view_of(d->name), &k);
	if (error)
		return error;
	put_domain(&w, d);
	return put_record(db, TABLE_DOMAINS, &k, &w, is_new);
}

int account_domain_delete(struct account_db *db, struct view name)
{
	struct key k;
	if (key_of_domain(name, &k) != 0)
		return MC_E_NOENT;
	return delete_record(db, TABLE_DOMAINS, &k);
}

static const struct view alias_prefix = V_INIT("alias\0");

static int key_of_alias(struct view address, struct key *k)
{
	struct key account;
	struct wr w = wr_into(k->bytes, sizeof k->bytes);
	int error = key_of_address(address, &account);
	wr_raw(&w, alias_prefix);
	wr_raw(&w, key_view(&account));
	k->n = w.n;
	return error || w.failed ? MC_E_BAD : 0;
}

struct alias_record {
	struct view address, targets;
};

static int get_alias(struct view v, struct alias_record *out)
{
	struct rd r = rd_of(v);
	if (rd_u8(&r) != RECORD_VERSION)
		return MC_E_VERSION;
	out->address = rd_bytes(&r, ACCOUNT_ADDRESS_MAX);
	out->targets = rd_bytes(&r, ACCOUNT_ALIAS_TEXT_MAX);
	return rd_end(&r) ? 0 : MC_E_CORRUPT;
}

int account_alias_get(
    struct account_db *db, struct view address, struct buf *targets)
{
	struct key k;
	struct kv_txn t;
	struct view v;
	struct alias_record a;
	if (key_of_alias(address, &k) != 0)
		return MC_E_NOENT;
	int error = kv_read(db->kv, &t);
	if (error)
		return error;
	error = kv_get(&t, TABLE_META, key_view(&k), &v);
	if (!error)
		error = get_alias(v, &a);
	if (!error && targets) {
		buf_put(targets, a.targets);
		error = buf_error(targets);
	}
	kv_abort(&t);
	return error;
}

static int write_alias(
    struct account_db *db, const struct key *k, const struct wr *w)
{
	struct kv_txn t;
	int error = kv_write(db->kv, &t);
	if (error)
		return error;
	kv_put(&t, TABLE_META, key_view(k), wr_view(w));
	return kv_commit(&t);
}

int account_alias_put(
    struct account_db *db, struct view address, struct view targets)
{
	struct key k;
	size_t cap = targets.n + ACCOUNT_ADDRESS_MAX + 16;
	int error = key_of_alias(address, &k);
	if (error || targets.n > ACCOUNT_ALIAS_TEXT_MAX)
		return error ? error : MC_E_LIMIT;
	if (!targets.n)
		return delete_record(db, TABLE_META, &k);
	char *record = must_alloc(cap);
	struct wr w = wr_into(record, cap);
	wr_u8(&w, RECORD_VERSION);
	wr_bytes(&w, address, ACCOUNT_ADDRESS_MAX);
	wr_bytes(&w, targets, ACCOUNT_ALIAS_TEXT_MAX);
	error = w.failed ? MC_E_LIMIT : write_alias(db, &k, &w);
	free(record);
	return error;
}

static int one_alias(struct walk *w, struct view value)
{
	struct alias_record a;
	int error = get_alias(value, &a);
	return error ? error : w->on_alias(w->ctx, a.address, a.targets);
}

int account_alias_each(struct account_db *db, struct view domain,
    int (*fn)(void *ctx, struct view address, struct view targets), void *ctx)
{
	struct key prefix;
	struct wr w = wr_into(prefix.bytes, sizeof prefix.bytes - 1);
	wr_raw(&w, alias_prefix);
	wr_raw(&w, domain);
	if (domain.n)
		wr_u8(&w, 0);
	prefix.n = w.n;
	struct walk walking = { .table = TABLE_META,
		.prefix = key_view(&prefix),
		.on_record = one_alias,
		.on_alias = fn,
		.ctx = ctx };
	return w.failed ? MC_E_BAD : walk(db, &walking);
}
