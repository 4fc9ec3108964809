#include "mailctl/backup/area.h"
#include "base/chars.h"
#include "sasl/hash.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char stamp_name[] = "mailcore-backup";
static const char pending_name[] = "pending.tmp";
static const struct view stamp = V_INIT("Mailcore backup 1\n");

bool area_name_ok(const char *name)
{
	size_t n = 0;
	for (; name[n]; n++)
		if (!char_is(name[n], CHAR_LDH) && name[n] != '.')
			return false;
	return n && n < AREA_NAME_MAX && name[0] != '.';
}

int area_write(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = write(fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == ENOSPC ? MC_E_FULL : -errno;
		v = view_skip(v, (size_t)n);
	}
	return 0;
}

static bool is_empty(int fd)
{
	struct dirent *e;
	bool empty = true;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	while (d && (e = readdir(d)))
		empty &=
		    strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	if (d)
		closedir(d);
	return empty;
}

static int check_stamp(const struct area *a, bool write)
{
	char text[64];
	int fd;
	int error = area_file_open(a->fd, stamp_name, &fd);
	if (error == -ENOENT && write && is_empty(a->fd)) {
		error = area_file_new(a->fd, &fd);
		if (!error)
			error = area_write(fd, stamp);
		return error ? error : area_file_keep(a->fd, fd, stamp_name);
	}
	if (error)
		return error == -ENOENT ? MC_E_BAD : error;
	ssize_t n = read(fd, text, sizeof text);
	close(fd);
	struct view v = { text, n > 0 ? (size_t)n : 0 };
	return view_eq(v, stamp) ? 0 : MC_E_VERSION;
}

static int lock(struct area *a)
{
	a->lock = openat(a->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (a->lock < 0)
		return -errno;
	if (flock(a->lock, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? MC_E_BUSY : -errno;
}

int area_open(const char *path, bool write, struct area *out)
{
	*out = (struct area){ .path = path, .fd = -1, .lock = -1 };
	int error = 0;
	if (write && mkdir(path, 0700) != 0 && errno != EEXIST)
		error = -errno;
	if (!error)
		out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!error && out->fd < 0)
		error = -errno;
	if (!error && write)
		error = lock(out);
	if (!error)
		error = check_stamp(out, write);
	if (!error)
		return 0;
	area_close(out);
	if (error == MC_E_BAD)
		return complain(EX_DATAERR, "%s: not a backup", path);
	if (error == MC_E_BUSY)
		return complain(
		    EX_TEMPFAIL, "%s: another backup is at work", path);
	return complain(error == -ENOENT ? EX_NOINPUT : exit_code_of(error),
	    "%s: %s", path, err_text(error));
}

void area_close(struct area *a)
{
	if (a->fd >= 0)
		close(a->fd);
	if (a->lock >= 0)
		close(a->lock);
	a->fd = a->lock = -1;
}

/* A new directory is as durable as what will be in it. */
static int enter(int parent, const char *name, bool create, int *fd)
{
	bool made = create && mkdirat(parent, name, 0700) == 0;
	if (create && !made && errno != EEXIST)
		return -errno;
	if (made && fsync(parent) != 0)
		return -errno;
	*fd = openat(
	    parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

int area_enter(struct area *a, const char *first, const char *second,
    const char *third, bool create, int *fd)
{
	const char *const names[] = { first, second, third };
	int parent = a->fd, error = 0;
	for (unsigned i = 0; i < 3 && names[i] && !error; i++) {
		int next = -1;
		error = enter(parent, names[i], create, &next);
		if (parent != a->fd)
			close(parent);
		parent = next;
	}
	*fd = error ? -1 : parent;
	return error;
}

int area_file_new(int dir, int *fd)
{
	area_file_drop(dir);
	*fd = openat(dir, pending_name,
	    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *fd < 0 ? -errno : 0;
}

void area_file_drop(int dir)
{
	(void)unlinkat(dir, pending_name, 0);
}

int area_file_keep(int dir, int fd, const char *name)
{
	int error = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	if (!error && renameat(dir, pending_name, dir, name) != 0)
		error = -errno;
	if (!error && fsync(dir) != 0)
		error = -errno;
	return error;
}

int area_file_open(int dir, const char *name, int *fd)
{
	struct stat st;
	*fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode))
		return 0;
	close(*fd);
	*fd = -1;
	return MC_E_BAD;
}

void area_sweep(int dir, bool (*keep)(void *ctx, const char *name), void *ctx)
{
	struct dirent *e;
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	while (d && (e = readdir(d)))
		if (e->d_name[0] != '.' && !keep(ctx, e->d_name))
			(void)unlinkat(dir, e->d_name, 0);
	if (d)
		closedir(d);
}

int area_hash(int fd, uint64_t n, char out[AREA_HASH_MAX])
{
	unsigned char hash[HASH_SHA256_BYTES];
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	int error = hash_file(fd, n ? n : (uint64_t)st.st_size, hash);
	for (unsigned i = 0; i < sizeof hash && !error; i++)
		snprintf(out + 2 * i, 3, "%02x", hash[i]);
	return error;
}
