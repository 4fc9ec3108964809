#include "store/mark.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

const char mark_name[] = "damaged";

static int path_of(const char *dir, char out[PATH_MAX])
{
	int n = snprintf(out, PATH_MAX, "%s/%s", dir, mark_name);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int mark_set(const char *dir)
{
	char path[PATH_MAX];
	int error = path_of(dir, path);
	if (error)
		return error;
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return fd < 0 ? -errno : close(fd);
}

int mark_clear(const char *dir)
{
	char path[PATH_MAX];
	int error = path_of(dir, path);
	if (error)
		return error;
	return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}

bool mark_is_set(const char *dir)
{
	char path[PATH_MAX];
	return path_of(dir, path) == 0 && access(path, F_OK) == 0;
}
