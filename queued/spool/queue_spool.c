#include "queued/spool/queue_spool.h"
#include "base/panic.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SPOOL_PATH_MAX = 48
};

static void incoming_path(uint64_t name, char out[SPOOL_PATH_MAX])
{
	char id[QUEUE_ID_DIGITS + 1];
	queue_id_format(name, id);
	snprintf(out, SPOOL_PATH_MAX, "incoming/%s", id);
}

static unsigned directory_of(uint64_t id)
{
	return (unsigned)(id >> QUEUE_DIRECTORY_SHIFT) & 0xff;
}

static void message_path(uint64_t id, char out[SPOOL_PATH_MAX])
{
	char digits[QUEUE_ID_DIGITS + 1];
	queue_id_format(id, digits);
	snprintf(
	    out, SPOOL_PATH_MAX, "messages/%02x/%s", directory_of(id), digits);
}

static int sync_path(int dir, const char *path)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return error;
}

/* *made when it was not there before: its name is not yet on disk then. Who is
 * killed before that is so leaves it to the next start. */
static int make_directory(int dir, const char *path, bool *made)
{
	if (mkdirat(dir, path, 0700) == 0) {
		*made = true;
		return 0;
	}
	return errno == EEXIST ? 0 : -errno;
}

int queue_spool_prepare(int dir)
{
	bool made;
	int error = make_directory(dir, "incoming", &made);
	if (!error)
		error = make_directory(dir, "messages", &made);
	if (!error)
		error = sync_path(dir, ".");
	return error ? error : sync_path(dir, "messages");
}

/* Not O_TMPFILE and linkat, which would clean up by itself: to give an unnamed
 * file a name takes /proc (or a capability), and in our root directory there is
 * no /proc. */
int queue_spool_create(int dir, uint64_t name, int *fd)
{
	char path[SPOOL_PATH_MAX];
	incoming_path(name, path);
	*fd = openat(dir, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *fd < 0 ? -errno : 0;
}

void queue_spool_discard(int dir, uint64_t name)
{
	char path[SPOOL_PATH_MAX];
	incoming_path(name, path);
	unlinkat(dir, path, 0);
}

static int rename_to(int dir, const char *from, uint64_t id)
{
	char to[SPOOL_PATH_MAX], parent[SPOOL_PATH_MAX];
	bool made = false;
	message_path(id, to);
	if (renameat(dir, from, dir, to) == 0)
		return 0;
	if (errno != ENOENT)
		return -errno;
	snprintf(parent, sizeof parent, "messages/%02x", directory_of(id));
	int error = make_directory(dir, parent, &made);
	if (!error && made)
		error = sync_path(dir, "messages");
	if (!error && renameat(dir, from, dir, to) != 0)
		error = -errno;
	return error;
}

static int put_on_disk(int fd, uint64_t size_bytes)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	if ((uint64_t)st.st_size != size_bytes)
		return MC_E_BAD;
	return fdatasync(fd) == 0 ? 0 : -errno;
}

/* Opened again by its name, so that a thousand messages on their way take no
 * descriptor here. */
int queue_spool_keep(int dir, uint64_t name, uint64_t size_bytes, uint64_t id)
{
	char from[SPOOL_PATH_MAX];
	incoming_path(name, from);
	int fd = openat(dir, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = put_on_disk(fd, size_bytes);
	close(fd);
	return error ? error : rename_to(dir, from, id);
}

int queue_spool_sync(int dir, const uint64_t *ids, size_t n)
{
	bool seen[256] = { false };
	for (size_t i = 0; i < n; i++) {
		unsigned number = directory_of(ids[i]);
		char path[SPOOL_PATH_MAX];
		if (seen[number])
			continue;
		seen[number] = true;
		snprintf(path, sizeof path, "messages/%02x", number);
		int error = sync_path(dir, path);
		if (error)
			return error;
	}
	return 0;
}

int queue_spool_open(int dir, uint64_t id, int *fd)
{
	char path[SPOOL_PATH_MAX];
	message_path(id, path);
	*fd = openat(dir, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

void queue_spool_remove(int dir, uint64_t id)
{
	char path[SPOOL_PATH_MAX];
	message_path(id, path);
	unlinkat(dir, path, 0);
}

/* Calls fn for every name in a directory; a missing one is empty. */
static int each_name(int dir, const char *path,
    int (*fn)(void *ctx, int at, const char *name), void *ctx)
{
	int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	DIR *d = fdopendir(fd);
	if (!d) {
		int error = -errno;
		close(fd);
		return error;
	}
	int error = 0;
	for (struct dirent *e; !error && (e = readdir(d));)
		if (e->d_name[0] != '.')
			error = fn(ctx, fd, e->d_name);
	closedir(d);
	return error;
}

static int remove_name(void *ctx, int at, const char *name)
{
	(void)ctx;
	return unlinkat(at, name, 0) == 0 || errno == ENOENT ? 0 : -errno;
}

/* A file of messages/XX without a record: the process died between the rename
 * and the commit, or between the commit of a removal and the unlink. */
static int remove_orphan(void *ctx, int at, const char *name)
{
	struct queue_txn *t = ctx;
	struct queue_envelope e;
	uint64_t id;
	int error = MC_E_NOENT;
	if (queue_id_parse(view_of(name), &id))
		error = queue_get(t, id, &e);
	/* The file of a damaged record stays: somebody may want to read it. */
	if (error == MC_E_NOENT || (!error && !e.is_spooled))
		return remove_name(NULL, at, name);
	return 0;
}

struct lost {
	int dir;
	uint64_t *ids;
	size_t n;
	void (*tell)(void *ctx, const struct queue_envelope *lost);
	void *ctx;
};

enum {
	LOST_MAX = 100000 /* the next start finds the others */
};

static int note_lost(void *ctx, const struct queue_envelope *e)
{
	struct lost *l = ctx;
	char path[SPOOL_PATH_MAX];
	if (!e->is_spooled)
		return 0;
	message_path(e->id, path);
	if (faccessat(l->dir, path, F_OK, 0) == 0 || errno != ENOENT)
		return 0;
	if (!l->ids)
		l->ids = must_alloc(LOST_MAX * sizeof *l->ids);
	if (l->n == LOST_MAX)
		return 0;
	l->ids[l->n++] = e->id;
	l->tell(l->ctx, e);
	return 0;
}

static int compare(struct queue_db *db, struct lost *l)
{
	struct queue_txn t;
	int error = queue_begin_read(db, &t);
	if (error)
		return error;
	error = each_name(l->dir, "incoming", remove_name, NULL);
	for (unsigned i = 0; i < 256 && !error; i++) {
		char path[SPOOL_PATH_MAX];
		snprintf(path, sizeof path, "messages/%02x", i);
		error = each_name(l->dir, path, remove_orphan, &t);
	}
	if (!error)
		error = queue_each(&t, 0, note_lost, l);
	queue_abort(&t);
	return error;
}

struct give_up {
	struct queue_txn *t;
	uint64_t id, forget_s;
	struct queue_rcpt rcpts[64];
	char addresses[64][320], orcpts[64][500];
	unsigned n;
	uint32_t next;
};

static struct view keep_view(char *to, size_t cap, struct view v)
{
	v = view_head(v, cap);
	memcpy(to, v.p ? v.p : "", v.n);
	return (struct view){ to, v.n };
}

/* Copied, because what is read is gone after the first write. */
static int gather_rcpt(void *ctx, const struct queue_rcpt *r)
{
	struct give_up *g = ctx;
	if (r->index < g->next || r->state == RCPT_FAILED)
		return 0;
	if (g->n == 64)
		return 1;
	unsigned i = g->n++;
	g->rcpts[i] = *r;
	g->rcpts[i].address = keep_view(g->addresses[i], 320, r->address);
	g->rcpts[i].orcpt = keep_view(g->orcpts[i], 500, r->orcpt);
	g->rcpts[i].host = g->rcpts[i].site = V("");
	return 0;
}

static int fail_some(struct give_up *g)
{
	g->n = 0;
	int error = queue_each_rcpt(g->t, g->id, gather_rcpt, g);
	if (error < 0)
		return error;
	for (unsigned i = 0; i < g->n; i++) {
		struct queue_rcpt *r = &g->rcpts[i];
		uint64_t due_s = r->next_s;
		r->state = RCPT_FAILED;
		r->next_s = g->forget_s;
		r->reply = V("5.3.0 the spool file of the message was lost");
		queue_update_rcpt(g->t, g->id, r, due_s);
		g->next = r->index + 1;
	}
	return 0;
}

static int fail_recipients(struct queue_db *db, uint64_t id, uint64_t forget_s)
{
	struct queue_txn t;
	int error = queue_begin_write(db, &t);
	if (error)
		return error;
	struct give_up *g = MUST_NEW(struct give_up);
	g->t = &t;
	g->id = id;
	g->forget_s = forget_s;
	do
		error = fail_some(g);
	while (!error && g->n);
	free(g);
	if (!error)
		return queue_commit(&t);
	queue_abort(&t);
	return error;
}

int queue_spool_recover(struct queue_db *db, uint64_t forget_s,
    void (*tell)(void *ctx, const struct queue_envelope *lost), void *ctx)
{
	struct lost l = { queue_db_dir(db), NULL, 0, tell, ctx };
	int error = compare(db, &l);
	for (size_t i = 0; i < l.n && !error; i++)
		error = fail_recipients(db, l.ids[i], forget_s);
	free(l.ids);
	return error;
}
