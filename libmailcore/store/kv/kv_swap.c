#include "store/kv/kv_swap.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	RETRY_S = 86400,
	EXCLUSIVE_MS = 500
};

struct name {
	char text[NAME_MAX + 1];
};

/* data.mdb with something behind. */
static struct name with(const struct kv_guard *g, const char *suffix)
{
	struct name n;
	snprintf(n.text, sizeof n.text, "%s%s", g->name, suffix);
	return n;
}

static struct name lock_of_inode(const struct kv_guard *g, ino_t inode)
{
	char suffix[32];
	snprintf(suffix, sizeof suffix, "-lock.%" PRIx64, (uint64_t)inode);
	return with(g, suffix);
}

static bool find(const struct kv_guard *g, const char *name, ino_t *inode)
{
	struct stat st;
	if (fstatat(g->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	*inode = st.st_ino;
	return true;
}

static int move(const struct kv_guard *g, struct name from, struct name to)
{
	return renameat(g->dir, from.text, g->dir, to.text) == 0 ? 0 : -errno;
}

static int sync_dir(const struct kv_guard *g)
{
	return fsync(g->dir) == 0 || errno == EINVAL ? 0 : -errno;
}

static int lock(int fd, int how)
{
	while (flock(fd, how) != 0)
		if (errno != EINTR)
			return errno == EWOULDBLOCK ? MC_E_BUSY : -errno;
	return 0;
}

static int open_dir(struct kv_guard *g, const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	g->name = slash ? slash + 1 : path;
	int n = snprintf(dir, sizeof dir, "%.*s",
	    slash ? (int)(g->name - path) : 1, slash ? path : ".");
	if (n < 0 || n >= PATH_MAX || strlen(g->name) > NAME_MAX - 32)
		return -ENAMETOOLONG;
	g->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return g->dir < 0 ? -errno : 0;
}

/* The lock file of data.mdb, when it has not got its name yet. */
static bool find_unfinished(const struct kv_guard *g, struct name *lock_name)
{
	ino_t inode;
	if (!find(g, g->name, &inode))
		return false;
	*lock_name = lock_of_inode(g, inode);
	return find(g, lock_name->text, &inode);
}

static int finish(const struct kv_guard *g)
{
	struct name lock_name;
	if (!find_unfinished(g, &lock_name))
		return 0;
	int error = sync_dir(g);
	return error ? error : move(g, lock_name, with(g, "-lock"));
}

int kv_guard_enter(struct kv_guard *g, const char *path)
{
	struct name lock_name;
	int error = open_dir(g, path);
	if (error)
		return error;
	error = lock(g->dir, LOCK_SH);
	while (!error && find_unfinished(g, &lock_name)) {
		error = lock(g->dir, LOCK_EX);
		if (!error)
			error = finish(g);
		if (!error)
			error = lock(g->dir, LOCK_SH);
	}
	if (error)
		kv_guard_leave(g);
	return error;
}

void kv_guard_leave(struct kv_guard *g)
{
	close(g->dir);
	g->dir = -1;
}

/* data.mdb-new last: it says that there is something. */
static void remove_new(const struct kv_guard *g)
{
	ino_t inode;
	struct name new = with(g, "-new");
	if (find(g, new.text, &inode))
		(void)unlinkat(g->dir, lock_of_inode(g, inode).text, 0);
	(void)unlinkat(g->dir, with(g, "-new-lock").text, 0);
	(void)unlinkat(g->dir, new.text, 0);
}

void kv_swap_clean(const struct kv_guard *g)
{
	ino_t inode;
	if (!find(g, with(g, "-new").text, &inode))
		return;
	int fd = openat(g->dir, with(g, "-compact").text, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	if (lock(fd, LOCK_EX | LOCK_NB) == 0)
		remove_new(g);
	close(fd);
}

/* data.mdb-compact is not empty from the beginning to an orderly end. */
static bool has_failed_lately(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 && st.st_size &&
	       st.st_mtime > time(NULL) - RETRY_S;
}

static void unmark(int fd)
{
	/* When it fails, the next one comes some time later. */
	(void)!ftruncate(fd, 0);
}

static int make_new(const struct kv_guard *g, int fd)
{
	if (ftruncate(fd, 0) != 0)
		return -errno;
	ssize_t n = pwrite(fd, "\n", 1, 0);
	if (n != 1)
		return n < 0 ? -errno : -EIO;
	remove_new(g);
	int new = openat(g->dir, with(g, "-new").text,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (new < 0)
		return -errno;
	close(new);
	return 0;
}

static int begin_new(const struct kv_guard *g, bool careful, int fd)
{
	int error = lock(fd, LOCK_EX | LOCK_NB);
	if (!error && careful && has_failed_lately(fd))
		error = MC_E_AGAIN;
	if (error)
		return error;
	error = make_new(g, fd);
	if (error)
		unmark(fd);
	return error;
}

int kv_swap_begin(const char *path, bool careful, int *fd)
{
	struct kv_guard g;
	int error = kv_guard_enter(&g, path);
	if (error)
		return error;
	*fd = openat(g.dir, with(&g, "-compact").text,
	    O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	error = *fd < 0 ? -errno : begin_new(&g, careful, *fd);
	if (error && *fd >= 0)
		close(*fd);
	kv_guard_leave(&g);
	return error;
}

static int replace(const struct kv_guard *g, ino_t inode)
{
	ino_t found;
	struct name new = with(g, "-new"), own = lock_of_inode(g, inode);
	/* Somebody may have tidied up. */
	if (!find(g, new.text, &found) || found != inode)
		return MC_E_AGAIN;
	int error = move(g, with(g, "-new-lock"), own);
	if (!error)
		error = move(g, new, with(g, ""));
	return error ? error : finish(g);
}

/* Who opens the files may have to wait for the write lock that we hold. */
static int lock_exclusive(const struct kv_guard *g)
{
	int error = MC_E_BUSY;
	for (unsigned i = 0; error == MC_E_BUSY && i < EXCLUSIVE_MS; i++) {
		if (i)
			nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
		error = lock(g->dir, LOCK_EX | LOCK_NB);
	}
	return error == MC_E_BUSY ? MC_E_AGAIN : error;
}

int kv_swap(const char *path, ino_t inode)
{
	struct kv_guard g;
	int error = kv_guard_enter(&g, path);
	if (error)
		return error;
	error = lock_exclusive(&g);
	if (!error)
		error = replace(&g, inode);
	kv_guard_leave(&g);
	return error;
}

void kv_swap_end(const char *path, int fd)
{
	struct kv_guard g;
	if (open_dir(&g, path) == 0) {
		remove_new(&g);
		kv_guard_leave(&g);
	}
	unmark(fd);
	close(fd);
}

int kv_swap_path(const char *path, char *out, size_t cap)
{
	int n = snprintf(out, cap, "%s-new", path);
	return n < 0 || (size_t)n >= cap ? -ENAMETOOLONG : 0;
}
