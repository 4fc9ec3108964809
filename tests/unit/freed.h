#ifndef TESTS_FREED_H
#define TESTS_FREED_H
/* What stands in memory that was given back: looked at through the system, for
 * no program may. Where there is no such way, nothing is found. */
#include "base/view.h"
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

static inline bool freed_has(uintptr_t at, size_t n, struct view what)
{
	char bytes[8192];
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	if (n > sizeof bytes)
		n = sizeof bytes;
	ssize_t got = fd < 0 ? -1 : pread(fd, bytes, n, (off_t)at);
	if (fd >= 0)
		close(fd);
	struct view found = { bytes, got > 0 ? (size_t)got : 0 };
	return view_find(found, what) < found.n;
}
#endif
