#include "store/maildrop.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

int maildrop_lock(const char *dir, int *fd)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0)
		return -errno;
	int lock = openat(
	    at, "pop3.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int error = lock < 0 ? -errno : 0;
	close(at);
	if (error)
		return error;
	if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
		error = errno == EWOULDBLOCK ? MC_E_BUSY : -errno;
		close(lock);
		return error;
	}
	*fd = lock;
	return 0;
}
