#include "proc/monitor/notify.h"
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

void notify_manager(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	if (n < 2 || n >= sizeof to.sun_path)
		return;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@') /* Linux: the abstract name space */
		to.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	ssize_t sent = sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	(void)sent; /* a manager that does not listen is its own affair */
	close(fd);
}

static long read_pid(int fd)
{
	char text[16];
	uint32_t pid = 0;
	ssize_t n = pread(fd, text, sizeof text, 0);
	struct view v = { text, n > 0 ? (size_t)n : 0 }, line;
	view_cut(&v, '\n', &line);
	return view_u32(line, &pid) ? (long)pid : 0;
}

int notify_pid_lock(const char *path, int *out, long *owner)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	int error = flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
	if (error == -EWOULDBLOCK) {
		*owner = read_pid(fd);
		error = MC_E_BUSY;
	}
	if (!error && ftruncate(fd, 0) != 0)
		error = -errno;
	if (error)
		close(fd);
	else
		*out = fd;
	return error;
}

void notify_pid_ready(int fd)
{
	char text[16];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
	ssize_t wrote = pwrite(fd, text, (size_t)n, 0);
	(void)wrote; /* a full /run must not stop the mail */
}

/* The caller's process: exits as the daemon says. */
static _Noreturn void wait_for_daemon(int fd)
{
	unsigned char code = 1;
	ssize_t n;
	do
		n = read(fd, &code, 1);
	while (n < 0 && errno == EINTR);
	_exit(n == 1 ? code : 1);
}

int notify_daemonize(int *ready)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	pid_t pid = fork();
	if (pid < 0) {
		int error = -errno;
		close(ends[0]);
		close(ends[1]);
		return error;
	}
	if (pid > 0) {
		close(ends[1]);
		wait_for_daemon(ends[0]);
	}
	close(ends[0]);
	setsid();
	*ready = ends[1];
	return 0;
}

void notify_daemon_ready(int *ready)
{
	if (*ready < 0)
		return;
	ssize_t wrote = write(*ready, "", 1); /* exit code 0 */
	(void)wrote;
	close(*ready);
	*ready = -1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		return;
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	close(null);
}

static uint32_t number_of(const char *variable)
{
	uint32_t n = 0;
	return view_u32(view_of(getenv(variable)), &n) ? n : 0;
}

size_t notify_sockets(struct notify_socket *out, size_t max)
{
	enum {
		FIRST = 3 /* sd_listen_fds(3) */
	};

	size_t n = number_of("LISTEN_FDS");
	struct view names = view_of(getenv("LISTEN_FDNAMES")), name;
	if (number_of("LISTEN_PID") != (uint32_t)getpid())
		n = 0;
	if (n > max)
		n = max;
	for (size_t i = 0; i < n; i++) {
		out[i].fd = FIRST + (int)i;
		fcntl(out[i].fd, F_SETFD, FD_CLOEXEC);
		view_cut(&names, ':', &name);
		if (view_to_cstr(name, out[i].name, sizeof out[i].name))
			out[i].name[0] = '\0';
	}
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDNAMES");
	return n;
}
