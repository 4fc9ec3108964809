/* The way of a dump into the place of data.mdb. */
#include "store/dump/load.h"
#include "base/clock.h"
#include "base/panic.h"
#include "base/rand.h"
#include "store/check/check.h"
#include "store/dump/dump_record.h"
#include "store/dump/load_state.h"
#include "store/mark.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between the ids of messages before and after a restore: those that were
 * given out in between are never given out again. */
static const uint64_t msgid_gap = (uint64_t)1 << 32;

static int path_of(const char *dir, const char *name, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/%s", dir, name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Where it is built. */

static void remove_files(const char *path)
{
	struct dirent *e;
	DIR *d = opendir(path);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.')
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d)
		closedir(d);
}

static void remove_work(const char *work)
{
	char wake[PATH_MAX];
	if (path_of(work, "wake", wake) == 0) {
		remove_files(wake);
		rmdir(wake);
	}
	remove_files(work);
	rmdir(work);
}

/* Not the directory's own lock, which is for those who open a store in it. The
 * file is removed by who holds it. */
static int lock_work(int dir, int *lock)
{
	struct stat st;
	int error = 0;
	*lock = openat(
	    dir, "load.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*lock < 0)
		return -errno;
	if (flock(*lock, LOCK_EX | LOCK_NB) != 0)
		error = errno == EWOULDBLOCK ? MC_E_BUSY : -errno;
	else if (fstat(*lock, &st) != 0 || st.st_nlink == 0)
		error = MC_E_BUSY;
	if (error)
		close(*lock);
	return error;
}

/* What was left behind when one was ended is made anew. */
static int make_work(const char *work, int *lock)
{
	if (mkdir(work, 0700) != 0 && errno != EEXIST)
		return -errno;
	int dir = open(work, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	int error = lock_work(dir, lock);
	if (!error && unlinkat(dir, "data.mdb", 0) != 0 && errno != ENOENT)
		error = -errno;
	close(dir);
	return error;
}

/* Messages that were purged while the dump was made. */

static int find_row(
    struct load *l, uint64_t msgid, uint32_t *mailbox, uint32_t *uid)
{
	struct kv_txn t;
	struct kv_cursor c;
	struct key first = key_link(msgid, 0, 0);
	int error = kv_read(l->store->kv, &t);
	if (error)
		return error;
	error = kv_cursor_open(&c, &t, TABLE_IDX);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&first));
	/* 'L' and msgid. */
	if (!error && !view_starts(c.key, view_head(key_view(&first), 9)))
		error = MC_E_NOENT;
	if (!error)
		error = key_link_split(c.key, &msgid, mailbox, uid);
	kv_cursor_close(&c);
	kv_abort(&t);
	return error;
}

static int expunge(struct load *l, uint32_t mailbox, uint32_t uid)
{
	struct uidset uids, gone;
	uidset_init(&uids);
	uidset_init(&gone);
	int error = uidset_add(&uids, uid, uid);
	if (!error)
		error = message_expunge(l->store, mailbox, &uids, false, &gone);
	if (!error && gone.count != 1)
		error = MC_E_BAD;
	uidset_deinit(&uids);
	uidset_deinit(&gone);
	l->result->gone++;
	return error;
}

static int expunge_gone(struct load *l)
{
	for (size_t i = 0; i < l->n_objects; i++) {
		uint32_t mailbox, uid;
		int error = 0;
		if (l->objects[i].state != LOAD_GONE)
			continue;
		while (!error) {
			error =
			    find_row(l, l->objects[i].msgid, &mailbox, &uid);
			if (!error)
				error = expunge(l, mailbox, uid);
		}
		if (error != MC_E_NOENT)
			return error;
	}
	return 0;
}

/* The last transaction. */

static int renew(struct load *l)
{
	int64_t now_s =
	    (l->options->now_s ? l->options->now_s : clock_wall_s)();
	uint32_t next = l->account.next_uidvalidity;
	if (next < now_s)
		next = (uint32_t)now_s;
	if (next < l->options->uidvalidity)
		next = l->options->uidvalidity;
	if (next >= UINT32_MAX - l->n_boxes)
		return MC_E_LIMIT;
	for (size_t i = 0; i < l->n_boxes; i++)
		l->boxes[i].m.uidvalidity = next++;
	l->account.next_uidvalidity = next;
	l->account.next_msgid += msgid_gap;
	rand_bytes(l->account.guid, sizeof l->account.guid);
	return 0;
}

static void put_box(struct load *l, const struct box *b)
{
	char value[BOX_OCTETS + COMPONENT_MAX], id[4];
	struct key k = key_box(b->m.id);
	kv_put(&l->edit.kv, TABLE_MBX, key_view(&k),
	    (struct view){ value, box_encode(b, value) });
	if (b->m.flags & BOX_DELETING)
		return;
	k = key_name(b->m.parent, (struct view){ b->name, b->n_name });
	kv_put(&l->edit.kv, TABLE_NAM, key_view(&k),
	    mailbox_id_encode(b->m.id, id));
	l->account.mailboxes++;
	l->result->mailboxes++;
}

static int put_account(struct load *l)
{
	int error = load_edit(l);
	if (error)
		return error;
	for (size_t i = 0; i < l->n_boxes; i++)
		put_box(l, &l->boxes[i]);
	l->account.engine = l->edit.account.engine;
	l->account.features = l->edit.account.features;
	l->edit.account = l->account;
	l->edit.account_dirty = true;
	return load_commit(l);
}

/* The totals are those before these rows are expunged. */
static int count_gone(struct load *l)
{
	uint32_t mailbox, uid;
	int error = load_commit(l);
	for (size_t i = 0; i < l->n_objects && !error; i++) {
		const struct load_object *o = &l->objects[i];
		if (o->state != LOAD_GONE)
			continue;
		error = find_row(l, o->msgid, &mailbox, &uid);
		l->account.messages += !error;
		l->account.bytes += error ? 0 : o->size_bytes;
		error = error == MC_E_NOENT ? 0 : error;
	}
	return error;
}

static int check_complete(struct load *l)
{
	if (!l->has_account || !load_box(l, inbox_id))
		return load_complain(l, MC_E_BAD, "there is no INBOX in it");
	for (size_t i = 0; i < l->n_objects; i++)
		if (l->objects[i].state == LOAD_MISSING)
			return load_complain(l, MC_E_BAD,
			    "message %llu is not in it",
			    (unsigned long long)l->objects[i].msgid);
	return 0;
}

static void on_violation(void *ctx, const struct violation *v)
{
	struct load *l = ctx;
	if (l->result->why[0])
		return;
	(void)load_complain(l, 0,
	    "%s: %s: mailbox %u, UID %u, message %llu%s%s", v->invariant,
	    v->text, v->mailbox, v->uid, (unsigned long long)v->msgid,
	    v->detail[0] ? ": " : "", v->detail);
}

/* A stream that was made up may say anything. */
static int verify(struct load *l)
{
	const struct check_options options = { .on_violation = on_violation,
		.ctx = l };
	struct check_result r;
	int error = store_check(l->store, &options, &r);
	return !error && r.violations ? MC_E_BAD : error;
}

static int take_records(struct load *l, struct dump_reader *reader)
{
	struct dump_record *r = MUST_NEW(struct dump_record);
	int error = 0;
	while (!error) {
		error = dump_read(reader, r);
		if (!error)
			error = load_record(l, r);
	}
	if (error != MC_E_NOENT && !l->result->why[0])
		(void)load_complain(l, 0, "record %llu, of type %c",
		    (unsigned long long)reader->n,
		    reader->type > ' ' && reader->type <= '~' ? reader->type
							      : '?');
	free(r);
	if (error == MC_E_NOENT && l->body.active)
		return load_complain(l, MC_E_BAD, "a message that is cut off");
	return error == MC_E_NOENT ? 0 : error;
}

static int build(struct load *l, struct dump_reader *reader)
{
	const struct store_options options = { .create = true,
		.now_s = l->options->now_s };
	int error = store_open(l->dir, &options, &l->store);
	if (error)
		return error;
	load_init(l);
	error = take_records(l, reader);
	if (!error)
		error = check_complete(l);
	if (!error)
		error = count_gone(l);
	if (!error && l->options->renew)
		error = renew(l);
	if (!error)
		error = put_account(l);
	if (!error)
		error = expunge_gone(l);
	if (!error)
		error = verify(l);
	load_deinit(l);
	store_close(&l->store);
	return error;
}

/* The place. */

/* 0: there is none, or one in which no message ever was; and who writes to it
 * from now on is noticed. */
static int check_empty(const char *dir, const char *data)
{
	const struct store_options options = { .readonly = true };
	struct store *s;
	struct store_txn t;
	struct account a;
	int error = kv_watch(data);
	if (error)
		return error;
	error = store_open(dir, &options, &s);
	if (error)
		return error == MC_E_NOENT ? 0 : MC_E_EXISTS;
	error = store_read(s, &t);
	if (!error) {
		error = account_get(&t.kv, &a);
		store_end(&t);
	}
	if (!error && a.next_msgid != 1)
		error = MC_E_EXISTS;
	store_close(&s);
	return error;
}

/* A cache of what was there before: see extract.h. */
static void remove_search(const char *dir)
{
	static const char *const names[] = { "search.mdb", "search.mdb-lock",
		"search.state" };
	char path[PATH_MAX];
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (path_of(dir, names[i], path) == 0)
			(void)unlink(path);
}

/* A session may have a file open that a compaction has replaced since: it would
 * go on in ours with what it knows of the UIDs there. */
static int check_sessions(const char *dir)
{
	struct wake *w = MUST_NEW(struct wake);
	int error = wake_init(w, dir, false);
	if (!error && wake_any(w))
		error = MC_E_BUSY;
	wake_deinit(w);
	free(w);
	return error;
}

static int take_place(
    const char *work, const char *dir, const char *data, bool unwritten)
{
	char from[PATH_MAX];
	int error = path_of(work, "data.mdb", from);
	if (!error)
		error = check_sessions(dir);
	if (error)
		return error;
	remove_search(dir);
	error = kv_replace(from, data, unwritten);
	if (error)
		return error;
	remove_search(dir);
	/* What it stood for is gone. */
	return mark_clear(dir);
}

int store_load(const char *dir, struct dump_reader *reader,
    const struct load_options *options, struct load_result *out)
{
	char work[PATH_MAX], data[PATH_MAX];
	int lock = -1;
	*out = (struct load_result){ .rows = 0 };
	int error = path_of(dir, "load.tmp", work);
	if (!error)
		error = path_of(dir, "data.mdb", data);
	if (!error && !options->replace)
		error = check_empty(dir, data);
	if (!error)
		error = make_work(work, &lock);
	if (error)
		return error;
	struct load *l = MUST_NEW(struct load);
	l->options = options;
	l->dir = work;
	l->result = out;
	error = build(l, reader);
	free(l);
	if (!error)
		error = take_place(work, dir, data, !options->replace);
	remove_work(work);
	close(lock);
	return error;
}
