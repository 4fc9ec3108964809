/* Records what the program that it is linked into does to files: its functions
 * come before those of the C library. They do the system call themselves, then
 * note what it did. */
#include "tests/crash/trace.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int trace_fd = -1;
static dev_t root_dev;

static void give_up(const char *what)
{
	dprintf(STDERR_FILENO, "record: %s: %s\n", what, strerror(errno));
	abort();
}

static void put_bytes(const void *p, size_t n)
{
	const char *at = p;
	while (n > 0) {
		long did = syscall(SYS_write, trace_fd, at, n);
		if (did <= 0)
			give_up("trace");
		at += did;
		n -= (size_t)did;
	}
}

static void put_event(struct trace_event e, const char *name, const void *data)
{
	int saved = errno;
	if (trace_fd >= 0) {
		put_bytes(&e, sizeof e);
		put_bytes(name, e.n_name);
		put_bytes(data, e.n);
	}
	errno = saved;
}

void trace_start(const char *path, const char *root)
{
	struct stat st;
	trace_fd = (int)syscall(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (trace_fd < 0 || stat(root, &st) != 0)
		give_up(path);
	root_dev = st.st_dev;
	put_event(
	    (struct trace_event){ .kind = TRACE_ROOT, .a = st.st_ino }, "", "");
}

void trace_ack(const char *op, uint64_t digest, uint64_t objects)
{
	put_event((struct trace_event){ .kind = TRACE_ACK,
		      .n_name = (uint32_t)strlen(op),
		      .b = digest,
		      .c = objects },
	    op, "");
}

/* Regular files and directories on the disk of the root; others are 0. */
static uint64_t inode_of(int fd)
{
	struct stat st;
	if (trace_fd < 0 || fstat(fd, &st) != 0 || st.st_dev != root_dev)
		return 0;
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? st.st_ino : 0;
}

/* The directory in which path lies, and its last component. */
static uint64_t parent_of(int at, const char *path, const char **name)
{
	char upper[PATH_MAX];
	struct stat st;
	const char *slash = strrchr(path, '/');
	*name = slash ? slash + 1 : path;
	if (slash)
		snprintf(
		    upper, sizeof upper, "%.*s/", (int)(slash - path), path);
	else
		snprintf(upper, sizeof upper, ".");
	if (fstatat(at, upper, &st, 0) != 0)
		return 0;
	return st.st_ino;
}

static void note_name(
    enum trace_kind kind, int at, const char *path, uint64_t inode)
{
	const char *name;
	uint64_t dir = parent_of(at, path, &name);
	put_event((struct trace_event){ .kind = kind,
		      .n_name = (uint32_t)strlen(name),
		      .a = dir,
		      .b = inode },
	    name, "");
}

static int do_open(int at, const char *path, int flags, mode_t mode)
{
	struct stat st;
	int saved = errno;
	bool is_new = (flags & O_CREAT) && trace_fd >= 0 &&
		      fstatat(at, path, &st, 0) != 0;
	errno = saved;
	int fd = (int)syscall(SYS_openat, at, path, flags, mode);
	if (fd >= 0 && is_new && inode_of(fd))
		note_name(TRACE_CREATE, at, path, inode_of(fd));
	else if (fd >= 0 && (flags & O_TRUNC) && inode_of(fd))
		put_event((struct trace_event){ .kind = TRACE_TRUNCATE,
			      .a = inode_of(fd) },
		    "", "");
	return fd;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return do_open(AT_FDCWD, path, flags, mode);
}

int openat(int at, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return do_open(at, path, flags, mode);
}

static void note_write(int fd, const void *p, ssize_t n, off_t offset)
{
	uint64_t inode = n > 0 ? inode_of(fd) : 0;
	bool durable = inode && (fcntl(fd, F_GETFL) & O_DSYNC) != 0;
	if (inode)
		put_event(
		    (struct trace_event){
			.kind = durable ? TRACE_WRITE_DURABLE : TRACE_WRITE,
			.a = inode,
			.offset = (uint64_t)offset,
			.n = (uint64_t)n },
		    "", p);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t offset)
{
	ssize_t did = syscall(SYS_pwrite64, fd, p, n, offset);
	note_write(fd, p, did, offset);
	return did;
}

static off_t place_of(int fd)
{
	int saved = errno;
	off_t at = trace_fd >= 0 && inode_of(fd) ? lseek(fd, 0, SEEK_CUR) : 0;
	errno = saved;
	return at < 0 ? 0 : at;
}

ssize_t write(int fd, const void *p, size_t n)
{
	off_t at = place_of(fd);
	ssize_t did = syscall(SYS_write, fd, p, n);
	note_write(fd, p, did, at);
	return did;
}

static void note_vector(
    int fd, const struct iovec *v, int n, ssize_t did, off_t at)
{
	for (int i = 0; i < n && did > 0; i++) {
		ssize_t part = (ssize_t)v[i].iov_len;
		if (part > did)
			part = did;
		note_write(fd, v[i].iov_base, part, at);
		at += part;
		did -= part;
	}
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	off_t at = place_of(fd);
	ssize_t did = syscall(SYS_writev, fd, v, n);
	note_vector(fd, v, n, did, at);
	return did;
}

static int note_sync(int fd, long result)
{
	uint64_t inode = result == 0 ? inode_of(fd) : 0;
	if (inode)
		put_event(
		    (struct trace_event){ .kind = TRACE_SYNC, .a = inode }, "",
		    "");
	return (int)result;
}

int fsync(int fd)
{
	return note_sync(fd, syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
	return note_sync(fd, syscall(SYS_fdatasync, fd));
}

int ftruncate(int fd, off_t size)
{
	long result = syscall(SYS_ftruncate, fd, size);
	uint64_t inode = result == 0 ? inode_of(fd) : 0;
	if (inode)
		put_event((struct trace_event){ .kind = TRACE_TRUNCATE,
			      .a = inode,
			      .offset = (uint64_t)size },
		    "", "");
	return (int)result;
}

/* Writes through a map cannot be seen: nothing of ours may rely on them. */
int msync(void *p, size_t n, int flags)
{
	(void)p;
	(void)n;
	(void)flags;
	give_up("msync");
	return -1;
}

int mkdirat(int at, const char *path, mode_t mode)
{
	struct stat st;
	long result = syscall(SYS_mkdirat, at, path, mode);
	if (result == 0 && trace_fd >= 0 && fstatat(at, path, &st, 0) == 0)
		note_name(TRACE_MKDIR, at, path, st.st_ino);
	return (int)result;
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int linkat(int from_at, const char *from, int to_at, const char *to, int flags)
{
	struct stat st;
	long result = syscall(SYS_linkat, from_at, from, to_at, to, flags);
	if (result == 0 && trace_fd >= 0 && fstatat(to_at, to, &st, 0) == 0)
		note_name(TRACE_LINK, to_at, to, st.st_ino);
	return (int)result;
}

int link(const char *from, const char *to)
{
	return linkat(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int at, const char *path, int flags)
{
	long result = syscall(SYS_unlinkat, at, path, flags);
	if (result == 0 && trace_fd >= 0)
		note_name(TRACE_UNLINK, at, path, 0);
	return (int)result;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

static void note_rename(
    int from_at, const char *from, int to_at, const char *to, uint64_t inode)
{
	const char *old, *new;
	char names[2 * NAME_MAX + 2];
	uint64_t a = parent_of(from_at, from, &old);
	uint64_t b = parent_of(to_at, to, &new);
	int n = snprintf(names, sizeof names, "%s%c%s", old, 0, new);
	put_event((struct trace_event){ .kind = TRACE_RENAME,
		      .n_name = (uint32_t)n,
		      .a = a,
		      .b = b,
		      .c = inode },
	    names, "");
}

int renameat2(
    int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	struct stat st;
	int saved = errno;
	bool known = trace_fd >= 0 && fstatat(from_at, from, &st, 0) == 0;
	errno = saved;
	long result = syscall(SYS_renameat2, from_at, from, to_at, to, flags);
	if (result == 0 && known)
		note_rename(from_at, from, to_at, to, st.st_ino);
	return (int)result;
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return renameat2(from_at, from, to_at, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat(AT_FDCWD, from, AT_FDCWD, to);
}
