#include "proc/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *spawn_self(const char *argv0, char *out, size_t cap)
{
	static const char link[] = "/proc/self/exe";
	ssize_t n = readlink(link, out, cap - 1);
	if (n < 0) {
		snprintf(out, cap, "%s", argv0);
		return out;
	}
	out[n] = '\0';
	/* Replaced by an upgrade: the link still leads to what we are. */
	if (access(out, X_OK) != 0)
		snprintf(out, cap, "%s", link);
	return out;
}

/* Between fork and exec: only what is safe there. */
static _Noreturn void become_role(
    const char *self, char *const argv[], int channel, int null)
{
	sigset_t none;
	sigemptyset(&none);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (channel == SPAWN_CHANNEL_FD)
		fcntl(channel, F_SETFD, 0);
	else
		dup2(channel, SPAWN_CHANNEL_FD);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(self, argv);
	_exit(127);
}

static int fork_role(
    const char *self, char *const argv[], int channel, int null, pid_t *pid)
{
	sigset_t all, before;
	sigfillset(&all);
	/* No handler of the loop may run in the child. */
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t child = fork();
	int error = child < 0 ? -errno : 0;
	if (child == 0)
		become_role(self, argv, channel, null);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!error)
		*pid = child;
	return error;
}

int spawn_role(const char *self, const char *daemon, const char *role,
    int channel, pid_t *pid)
{
	char name[32], role_text[32], option[] = "-R";
	snprintf(name, sizeof name, "%s", daemon);
	snprintf(role_text, sizeof role_text, "%s", role);
	char *argv[] = { name, option, role_text, NULL };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return -errno;
	int error = fork_role(self, argv, channel, null, pid);
	close(null);
	return error;
}

static int write_all(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = write(fd, v.p, v.n);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			v = view_skip(v, (size_t)n);
	}
	return 0;
}

int memfile_new(struct view bytes, int *out)
{
	int fd = memfd_create("mailcore", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -errno;
	int error = write_all(fd, bytes);
	if (!error &&
	    fcntl(fd, F_ADD_SEALS,
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) != 0)
		error = -errno;
	if (error)
		close(fd);
	else
		*out = fd;
	return error;
}

int memfile_read(int fd, struct buf *out)
{
	enum {
		PIECE = 16384
	};

	off_t at = 0;
	for (;;) {
		size_t want = buf_room(out) < PIECE ? buf_room(out) : PIECE;
		char *to = buf_reserve(out, want);
		if (!to || want == 0)
			return MC_E_LIMIT;
		ssize_t n = pread(fd, to, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		buf_commit(out, (size_t)n);
		at += n;
	}
}
