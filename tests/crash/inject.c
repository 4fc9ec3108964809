/* The functions here come before those of the C library, also for LMDB. */
#include "tests/crash/inject.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
	SHORT = 0, /* a write that does only a part */
	CALLED_OCTETS = 64,
};

static unsigned armed_nth, armed_choice;
static bool has_fired;
static char called[CALLED_OCTETS];

void inject_arm(unsigned nth, unsigned choice)
{
	armed_nth = nth;
	armed_choice = choice;
	has_fired = false;
}

bool inject_disarm(const char **what)
{
	armed_nth = 0;
	*what = called;
	return has_fired;
}

/* Whether this call is the one; with which error. */
static bool fails(
    const char *name, const int errors[INJECT_CHOICES], int *error)
{
	if (armed_nth == 0 || --armed_nth > 0)
		return false;
	has_fired = true;
	*error = errors[armed_choice % INJECT_CHOICES];
	snprintf(called, sizeof called, "%s: %s", name,
	    *error == SHORT ? "short" : strerror(*error));
	return true;
}

static bool fails_plainly(const char *name, const int errors[INJECT_CHOICES])
{
	int error;
	if (!fails(name, errors, &error))
		return false;
	errno = error;
	return true;
}

static const int for_open[] = { EMFILE, EIO, ENOSPC };
static const int for_write[] = { EIO, ENOSPC, SHORT };
static const int for_sync[] = { EIO, ENOSPC, EDQUOT };
static const int for_memory[] = { ENOMEM, EAGAIN, ENOMEM };
static const int for_look[] = { EIO, ENOMEM, EIO };
static const int for_lock[] = { ENOLCK, EINTR, ENOLCK };
static const int for_name[] = { EIO, ENOSPC, EROFS };

int openat(int at, const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (fails_plainly("open", for_open))
		return -1;
	return (int)syscall(SYS_openat, at, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return openat(AT_FDCWD, path, flags, mode);
}

/* n is what shall be written; false: the call fails. */
static bool may_write(const char *name, size_t *n)
{
	int error;
	if (!fails(name, for_write, &error))
		return true;
	if (error == SHORT) {
		*n /= 2;
		return true;
	}
	errno = error;
	return false;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t offset)
{
	return may_write("pwrite", &n) ? syscall(SYS_pwrite64, fd, p, n, offset)
				       : -1;
}

ssize_t write(int fd, const void *p, size_t n)
{
	return may_write("write", &n) ? syscall(SYS_write, fd, p, n) : -1;
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
	size_t n = (size_t)count;
	if (!may_write("writev", &n))
		return -1;
	if (n == 0)
		return syscall(SYS_write, fd, v[0].iov_base, v[0].iov_len / 2);
	return syscall(SYS_writev, fd, v, n);
}

int fsync(int fd)
{
	return fails_plainly("fsync", for_sync) ? -1
						: (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return fails_plainly("fdatasync", for_sync)
		   ? -1
		   : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate(int fd, off_t size)
{
	return fails_plainly("ftruncate", for_name)
		   ? -1
		   : (int)syscall(SYS_ftruncate, fd, size);
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
	if (fails_plainly("mmap", for_memory))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

int stat(const char *restrict path, struct stat *restrict out)
{
	return fails_plainly("stat", for_look)
		   ? -1
		   : fstatat(AT_FDCWD, path, out, 0);
}

int fstat(int fd, struct stat *out)
{
	return fails_plainly("fstat", for_look)
		   ? -1
		   : fstatat(fd, "", out, AT_EMPTY_PATH);
}

int mkdirat(int at, const char *path, mode_t mode)
{
	return fails_plainly("mkdir", for_name)
		   ? -1
		   : (int)syscall(SYS_mkdirat, at, path, mode);
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

int renameat2(
    int from_at, const char *from, int to_at, const char *to, unsigned flags)
{
	return fails_plainly("rename", for_name)
		   ? -1
		   : (int)syscall(
			 SYS_renameat2, from_at, from, to_at, to, flags);
}

int renameat(int from_at, const char *from, int to_at, const char *to)
{
	return renameat2(from_at, from, to_at, to, 0);
}

int unlinkat(int at, const char *path, int flags)
{
	return fails_plainly("unlink", for_name)
		   ? -1
		   : (int)syscall(SYS_unlinkat, at, path, flags);
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	void *argument = va_arg(args, void *);
	va_end(args);
	if (fails_plainly("fcntl", for_lock))
		return -1;
	return (int)syscall(SYS_fcntl, fd, command, argument);
}

static unsigned long map_limit;
static unsigned readers_limit;

void inject_limits(unsigned long map_bytes, unsigned max_readers)
{
	map_limit = map_bytes;
	readers_limit = max_readers;
}

int mdb_env_set_mapsize(MDB_env *env, size_t size)
{
	int (*real)(MDB_env *, size_t);
	*(void **)&real = dlsym(RTLD_NEXT, "mdb_env_set_mapsize");
	return real(env, map_limit ? map_limit : size);
}

int mdb_env_set_maxreaders(MDB_env *env, unsigned readers)
{
	int (*real)(MDB_env *, unsigned);
	*(void **)&real = dlsym(RTLD_NEXT, "mdb_env_set_maxreaders");
	return real(env, readers_limit ? readers_limit : readers);
}
