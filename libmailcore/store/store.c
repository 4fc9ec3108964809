#include "store/store.h"
#include "base/clock.h"
#include "base/panic.h"
#include "base/rand.h"
#include "log/log.h"
#include "store/housekeeping.h"
#include "store/mark.h"
#include "store/migrate.h"
#include "store/search/extract_files.h"
#include "store/txn/edit.h"
#include "store/txn/spill.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int data_path(const char *dir, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/data.mdb", dir);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int file_check(const char *dir, const char *path, bool create)
{
	struct stat st;
	if (stat(path, &st) == 0)
		return st.st_size || create ? 0 : MC_E_NOENT;
	if (errno != ENOENT)
		return -errno;
	if (!create)
		return MC_E_NOENT;
	return mkdir(dir, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

static void make_account(struct edit *e)
{
	e->account = (struct account){
		.schema = STORE_SCHEMA,
		.engine = kv_engine_version(),
		.next_mailbox = inbox_id,
		.next_msgid = 1,
		.next_uidvalidity = 1,
	};
	rand_bytes(e->account.guid, sizeof e->account.guid);
}

static void make_inbox(struct edit *e)
{
	char id[4];
	struct box *b = edit_box_new(e);
	if (!b)
		return;
	b->n_name = 5;
	memcpy(b->name, "INBOX", 5);
	struct key k = key_name(0, V("INBOX"));
	kv_put(&e->kv, TABLE_NAM, key_view(&k), mailbox_id_encode(b->m.id, id));
}

/* The file's name must be as durable as what will be in it: the directory, and
 * the one above in case that we made this one. */
static int sync_names(const char *dir)
{
	static const char *const levels[] = { ".", ".." };
	char path[PATH_MAX];
	for (unsigned i = 0; i < 2; i++) {
		int n = snprintf(path, sizeof path, "%s/%s", dir, levels[i]);
		if (n < 0 || n >= PATH_MAX)
			return -ENAMETOOLONG;
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && errno == EACCES)
			continue;
		if (fd < 0)
			return -errno;
		int error = fsync(fd) == 0 || errno == EINVAL ? 0 : -errno;
		close(fd);
		if (error)
			return error;
	}
	return 0;
}

/* Somebody else may have made it since we looked. */
static int make_store(struct store *s)
{
	struct edit e = { .store = s };
	struct account a;
	int error = kv_write(s->kv, &e.kv);
	if (error)
		return error;
	error = account_get(&e.kv, &a);
	if (error != MC_E_NOENT) {
		kv_abort(&e.kv);
		return error;
	}
	e.now_s = (uint32_t)s->now_s();
	make_account(&e);
	make_inbox(&e);
	return edit_commit(&e);
}

/* What it is that we refuse. */
static void log_version(struct kv_txn *t)
{
	struct key k = key_box(0);
	struct view v;
	uint16_t schema, engine;
	if (kv_get(t, TABLE_MBX, key_view(&k), &v) == 0 &&
	    account_decode_stamp(v, &schema, &engine) == 0)
		LOG(NULL, ERROR, "store.version", KV_INT("schema", schema),
		    KV_INT("known", STORE_SCHEMA), KV_HEX("engine", engine),
		    KV_HEX("ours", kv_engine_version()));
}

static int check_stamp(struct store *s)
{
	struct kv_txn t;
	struct account a;
	int error = kv_read(s->kv, &t);
	if (error)
		return error;
	error = account_get(&t, &a);
	if (error == MC_E_VERSION)
		log_version(&t);
	kv_abort(&t);
	if (error == MC_E_UNSUPPORTED)
		LOG(NULL, ERROR, "store.unsupported", KV_STR("lacks", "zstd"));
	return error;
}

static int migrate(struct store *s)
{
	int error = store_migrate(s);
	if (error != MC_E_FULL)
		return error;
	LOG(NULL, WARN, "store.migrate", KV_ERR("error", error));
	return 0;
}

static int open_files(
    struct store *s, const char *dir, const struct store_options *o)
{
	char path[PATH_MAX];
	const struct kv_options kv = {
		.tables = store_tables,
		.n_tables = STORE_TABLES,
		.readonly = o->readonly,
		.replaceable = true,
	};
	int error = data_path(dir, path);
	if (!error && !o->readonly && !o->damaged && mark_is_set(dir))
		error = MC_E_CORRUPT;
	if (!error)
		error = file_check(dir, path, o->create && !o->readonly);
	if (!error)
		error = kv_open(path, &kv, &s->kv);
	if (!error)
		error = wake_init(&s->wake, dir, !o->readonly);
	if (!error)
		error = check_stamp(s);
	if (o->damaged && (error == MC_E_NOENT || error == MC_E_CORRUPT) &&
	    s->kv)
		error = 0;
	if (error == MC_E_NOENT && s->kv && o->create && !o->readonly) {
		error = sync_names(dir);
		if (!error)
			error = make_store(s);
	}
	/* A repair may find no account; whoever opens it next migrates it. */
	return error || o->readonly || o->damaged ? error : migrate(s);
}

int store_open(
    const char *dir, const struct store_options *options, struct store **out)
{
	struct store *s = MUST_NEW(struct store);
	s->wake.dir_fd = s->wake.fd = s->wake.send_fd = -1;
	s->readonly = options->readonly;
	s->compress = options->compress;
	s->retention_s =
	    options->retention_s ? options->retention_s : STORE_RETENTION_S;
	s->now_s = options->now_s ? options->now_s : clock_wall_s;
	s->sweep = key_tag('D');
	s->compact_free_bytes = options->compact_free_bytes;
	s->dir = must_alloc(strlen(dir) + 1);
	memcpy(s->dir, dir, strlen(dir));
	int error = open_files(s, dir, options);
	if (error) {
		store_close(&s);
		return error;
	}
	*out = s;
	return 0;
}

void store_close(struct store **handle)
{
	struct store *s = *handle;
	*handle = NULL;
	if (!s)
		return;
	wake_deinit(&s->wake);
	extract_close(s);
	compact_close(s);
	unpacker_clear(&s->unpacker);
	kv_close(&s->kv);
	free(s->extracts);
	free(s->dir);
	free(s);
}

int store_read(struct store *s, struct store_txn *t)
{
	*t = (struct store_txn){ .store = s };
	return kv_read(s->kv, &t->kv);
}

void store_end(struct store_txn *t)
{
	kv_abort(&t->kv);
	spill_free(&t->spill);
}

uint64_t store_last_change(struct store *s)
{
	return kv_last_change(s->kv);
}

int store_totals(struct store_txn *t, struct store_totals *out)
{
	struct account a;
	int error = account_get(&t->kv, &a);
	if (error)
		return error;
	*out = (struct store_totals){
		.bytes = a.bytes,
		.messages = a.messages,
		.mailboxes = a.mailboxes,
		.bytes_limit = t->store->limits.bytes,
		.messages_limit = t->store->limits.messages,
		.mailboxes_limit = t->store->limits.mailboxes,
		.modseq = a.modseq,
	};
	memcpy(out->guid, a.guid, sizeof out->guid);
	return 0;
}

int store_wake_open(struct store *s, int *fd)
{
	return wake_listen(&s->wake, fd);
}

void store_housekeeping(struct store *s)
{
	kv_clear_stale_readers(s->kv);
	unpacker_clear(&s->unpacker);
	if (s->readonly)
		return;
	int error = housekeeping(s);
	if (error)
		LOG(NULL, WARN, "store.housekeeping", KV_ERR("error", error));
}
