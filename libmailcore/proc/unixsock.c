#include "proc/unixsock.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static int address(struct sockaddr_un *a, const char *path)
{
	size_t n = strlen(path);
	*a = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (n >= sizeof a->sun_path)
		return -ENAMETOOLONG;
	memcpy(a->sun_path, path, n);
	return 0;
}

static int bind_as(
    int fd, const struct sockaddr_un *a, mode_t mode, gid_t group)
{
	if (unlink(a->sun_path) != 0 && errno != ENOENT)
		return -errno;
	mode_t before = umask(0177); /* nobody else, from its first moment */
	int error =
	    bind(fd, (const struct sockaddr *)a, sizeof *a) ? -errno : 0;
	umask(before);
	if (error)
		return error;
	if (group != (gid_t)-1 && chown(a->sun_path, (uid_t)-1, group) != 0)
		return -errno;
	if (chmod(a->sun_path, mode) != 0)
		return -errno;
	return listen(fd, 128) ? -errno : 0;
}

int unixsock_listen(const char *path, mode_t mode, gid_t group, int *out)
{
	struct sockaddr_un a;
	int error = address(&a, path);
	if (error)
		return error;
	int fd =
	    socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = bind_as(fd, &a, mode, group);
	if (error)
		close(fd);
	else
		*out = fd;
	return error;
}

int unixsock_accept(int fd)
{
	int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return client < 0 ? -errno : client;
}

static int connect_to(const char *path, int type)
{
	struct sockaddr_un a;
	int error = address(&a, path);
	if (error)
		return error;
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

int unixsock_connect(const char *path)
{
	return connect_to(path, SOCK_SEQPACKET);
}

int unixsock_connect_stream(const char *path)
{
	return connect_to(path, SOCK_STREAM);
}

bool unixsock_is_admin(int fd)
{
	struct ucred who;
	socklen_t n = sizeof who;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0)
		return false;
	return who.uid == 0 || who.uid == geteuid();
}
