#include "queued/spool/queue_spool.h"
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

int queue_spool_recover(struct queue_db *db)
{
	struct queue_txn t;
	int dir = queue_db_dir(db);
	int error = queue_begin_read(db, &t);
	if (error)
		return error;
	error = each_name(dir, "incoming", remove_name, NULL);
	for (unsigned i = 0; i < 256 && !error; i++) {
		char path[SPOOL_PATH_MAX];
		snprintf(path, sizeof path, "messages/%02x", i);
		error = each_name(dir, path, remove_orphan, &t);
	}
	queue_abort(&t);
	return error;
}
