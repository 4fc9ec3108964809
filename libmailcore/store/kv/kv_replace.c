/* One environment in the place of another. */
#include "store/kv/kv_swap.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int lock_path(const char *path, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s-lock", path);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Whoever has an environment open holds a lock for reading on the first octet
 * of its lock file; who is opening one holds the directory's (kv_swap.h). */
static int lock(const char *path, int *fd)
{
	const struct flock all = {
		.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1
	};
	struct stat held, named;
	*fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (*fd < 0)
		return -errno;
	int error = 0;
	if (fcntl(*fd, F_SETLK, &all) != 0)
		error = errno == EAGAIN || errno == EACCES ? MC_E_BUSY : -errno;
	else if (fstat(*fd, &held) != 0 || stat(path, &named) != 0)
		error = -errno;
	else if (held.st_ino != named.st_ino)
		error = MC_E_BUSY;
	if (error)
		close(*fd);
	return error;
}

/* Any write sets the time of a file to the present: this one is long ago. */
enum {
	WATCH_S = 1
};

int kv_watch(const char *path)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = WATCH_S } };
	if (utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return errno == ENOENT ? 0 : -errno;
}

static int check_unwritten(const char *path)
{
	struct stat st;
	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : -errno;
	return st.st_mtim.tv_sec == WATCH_S ? 0 : MC_E_EXISTS;
}

static int replace(const struct kv_guard *g, const char *from, const char *path,
    bool unwritten)
{
	char lock_file[PATH_MAX];
	int fd;
	int error = lock_path(path, lock_file);
	if (!error)
		error = lock(lock_file, &fd);
	if (error)
		return error;
	error = unwritten ? check_unwritten(path) : 0;
	/* What is in the lock file belongs to the old data: the next one to
	 * open it is the first one, and makes it anew. */
	if (!error && (ftruncate(fd, 0) != 0 || rename(from, path) != 0))
		error = -errno;
	if (!error && fsync(g->dir) != 0 && errno != EINVAL)
		error = -errno;
	close(fd);
	return error;
}

int kv_replace(const char *from, const char *path, bool unwritten)
{
	struct kv_guard g;
	int error = kv_guard_enter(&g, path);
	if (error)
		return error;
	kv_swap_clean(&g);
	if (flock(g.dir, LOCK_EX | LOCK_NB) != 0)
		error = errno == EWOULDBLOCK ? MC_E_BUSY : -errno;
	if (!error)
		error = replace(&g, from, path, unwritten);
	kv_guard_leave(&g);
	return error;
}
