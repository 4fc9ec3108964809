#include "store/nameless.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int nameless_file(const char *dir, int *fd)
{
	char name[PATH_MAX];
#ifdef O_TMPFILE
	*fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return 0;
#endif
	int n = snprintf(name, sizeof name, "%s/nameless-XXXXXX", dir);
	if (n < 0 || (size_t)n >= sizeof name)
		return -ENAMETOOLONG;
	*fd = mkostemp(name, O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	return unlink(name) == 0 ? 0 : -errno;
}

int nameless_write(int fd, struct view v)
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
