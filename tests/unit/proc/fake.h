#ifndef TESTS_PROC_FAKE_H
#define TESTS_PROC_FAKE_H
/* A small daemon in a directory of its own; the test program is its binary
 * too, by FAKE_MAIN. It listens on the socket "it" there, as imap. */
#include "proc/monitor/monitor.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64], file[96];
static pid_t daemon_pid;

static inline void pause_ms(int ms)
{
	poll(NULL, 0, ms);
}

static inline void write_conf(const char *more)
{
	FILE *f = fopen(file, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
	    "config_version = 1\nhostname = \"mx.example.org\"\n"
	    "isolation = none\nstate_dir = \"state\"\nrun_dir = \"run\"\n"
	    "spool_dir = \"spool\"\nlog = \"file:log\"\nlog_level = debug\n"
	    "agent_linger = 1s\n"
	    "listen \"it\" { service = \"imap\" address = \"unix:%s/it\"\n"
	    "tls = none }\n%s\n",
	    dir, more);
	fclose(f);
}

static inline pid_t run_daemon(const char *option)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl("/proc/self/exe", "faked", "-c", file, "-p", dir, option,
		    NULL);
		_exit(99);
	}
	return pid;
}

static inline int exit_code(pid_t pid)
{
	int status;
	for (int i = 0; i < 1000; i++) {
		pid_t done = waitpid(pid, &status, WNOHANG);
		if (done == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
		pause_ms(10);
	}
	return -2;
}

static inline pid_t pid_file(void)
{
	char path[96], text[16] = "";
	uint32_t pid = 0;
	snprintf(path, sizeof path, "%s/run/faked.pid", dir);
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (fd >= 0)
		close(fd);
	return n > 1 && view_u32((struct view){ text, (size_t)n - 1 }, &pid)
		   ? (pid_t)pid
		   : 0;
}

static inline void wait_ready(void)
{
	for (int i = 0; i < 1000 && pid_file() != daemon_pid; i++)
		pause_ms(10);
	ck_assert_int_eq(pid_file(), daemon_pid);
}

struct row {
	char role[17];
	pid_t pid;
	uint32_t restarts;
};

static inline int connect_control(struct chan *c)
{
	char path[96];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(path, sizeof path, "%s/run/faked.ctl", dir);
	memcpy(a.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)&a, sizeof a) != 0) {
		close(fd);
		return -errno;
	}
	return chan_open(c, fd, ROLE_CTL, ROLE_MONITOR);
}

static inline bool control(struct msg ask_for, struct row *rows, size_t *n)
{
	static char buffer[MSG_BYTES_MAX];
	struct chan c;
	struct msg m = { .type = MSG_HELLO };
	int fd;
	*n = 0;
	ck_assert_int_eq(connect_control(&c), 0);
	ck_assert_int_eq(chan_send(&c, &ask_for, -1), 0);
	for (;;) {
		ck_assert_int_eq(chan_recv(&c, buffer, &m, &fd), 0);
		if (m.type == MSG_CTL_DONE)
			break;
		ck_assert_int_eq(m.type, MSG_CTL_ROW);
		struct row *r = &rows[(*n)++];
		ck_assert_int_eq(
		    view_to_cstr(m.ctl_row.role, r->role, sizeof r->role), 0);
		r->pid = (pid_t)m.ctl_row.pid;
		r->restarts = m.ctl_row.restarts;
	}
	chan_close(&c);
	return m.ctl_done.ok;
}

static inline struct row row_of(const char *role)
{
	struct row rows[32];
	size_t n;
	ck_assert(control((struct msg){ .type = MSG_CTL_STATUS }, rows, &n));
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].role, role) == 0)
			return rows[i];
	return (struct row){ .pid = 0 };
}

static inline pid_t fake_child(const char *role)
{
	pid_t pid = row_of(role).pid;
	ck_assert_int_gt(pid, 0);
	return pid;
}

static inline void fake_setup(const char *more)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-mon-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/conf", dir);
	write_conf(more);
	daemon_pid = run_daemon("-f");
	wait_ready();
}

static inline void fake_teardown(void)
{
	if (daemon_pid > 0) {
		kill(daemon_pid, SIGKILL);
		waitpid(daemon_pid, NULL, 0);
	}
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/rm", "rm", "-rf", dir, NULL);
		_exit(99);
	}
	waitpid(pid, NULL, 0);
}

static inline void stop_cleanly(void)
{
	kill(daemon_pid, SIGTERM);
	ck_assert_int_eq(exit_code(daemon_pid), 0);
	daemon_pid = 0;
	ck_assert_int_eq(pid_file(), 0);
}

#define FAKE_MAIN(daemon, build)                                               \
	int main(int argc, char **argv)                                        \
	{                                                                      \
		if (argc > 1)                                                  \
			return proc_main(&(daemon), argc, argv);               \
		SRunner *runner = srunner_create(build());                     \
		srunner_run_all(runner, CK_ENV);                               \
		int failed = srunner_ntests_failed(runner);                    \
		srunner_free(runner);                                          \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                   \
	}
#endif
