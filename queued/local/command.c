#include "queued/local/command.h"
#include "base/clock.h"
#include "proc/isolation/drop.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

enum {
	LINE_MAX_BYTES = 400,
	FILES_MAX = 1024,
	ENVIRONMENT_MAX = 16,
	REAP_MS = 5000,
	READ_BYTES = 4096,
};

/* A command that runs. */
struct running {
	pid_t pid;
	int in, out, ended; /* pipes: its input, its output, SIGCHLD */
	uint64_t until_ms;
	char line[LINE_MAX_BYTES];
	size_t line_n;
	bool line_is_over, is_gone, timed_out;
	int status;
};

/* Of this process: written to by signal handlers. */
static volatile sig_atomic_t must_end;
static int signal_pipe = -1;

static void on_signal(int signum)
{
	int before = errno;
	ssize_t n = write(signal_pipe, "", 1);
	(void)n;
	if (signum == SIGTERM)
		must_end = 1;
	errno = before;
}

static struct view local_part(struct view address, bool tag)
{
	struct view local = view_head(address, view_rfind_byte(address, '@'));
	size_t plus = view_find_byte(local, '+');
	return tag ? view_skip(local, plus + 1) : view_head(local, plus);
}

struct environment {
	char *list[ENVIRONMENT_MAX + 1];
	size_t n;
};

static void put_env(struct environment *e, const char *name, struct view v)
{
	size_t cap = strlen(name) + v.n + 2;
	char *text = malloc(cap);
	if (!text || e->n == ENVIRONMENT_MAX)
		_exit(71); /* EX_OSERR: in the command's process */
	snprintf(text, cap, "%s=%.*s", name, (int)v.n, v.n ? v.p : "");
	e->list[e->n++] = text;
}

static void fill_env(const struct command *c, struct environment *e)
{
	struct view origin =
	    c->mail->origin.n ? c->mail->origin : c->mail->recipient;
	struct view to = c->mail->recipient;
	put_env(e, "PATH", V("/usr/local/bin:/usr/bin:/bin"));
	put_env(e, "SHELL", V("/bin/sh"));
	put_env(e, "HOME", view_of(c->home));
	put_env(e, "USER", view_of(c->user));
	put_env(e, "LOGNAME", view_of(c->user));
	put_env(e, "SENDER", c->mail->sender);
	put_env(e, "RECIPIENT", to);
	put_env(e, "ORIGINAL_RECIPIENT", origin);
	put_env(e, "LOCAL", local_part(origin, false));
	put_env(e, "EXTENSION", local_part(origin, true));
	put_env(e, "DOMAIN", view_skip(to, view_rfind_byte(to, '@') + 1));
	put_env(e, "ENVID", c->envid);
}

static void limit(int resource, rlim_t most)
{
	struct rlimit now;
	if (getrlimit((__rlimit_resource_t)resource, &now) != 0)
		return;
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
		most = now.rlim_max;
	now = (struct rlimit){ most, most };
	if (setrlimit((__rlimit_resource_t)resource, &now) != 0)
		_exit(71);
}

static _Noreturn void become_command(
    const struct command *c, char *const argv[], int in, int out)
{
	struct environment e = { .n = 0 };
	sigset_t none;
	sigemptyset(&none);
	setsid();
	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(71);
	drop_descriptors(3);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NPROC, c->processes_max);
	limit(RLIMIT_NOFILE, FILES_MAX);
	limit(RLIMIT_CPU, c->timeout_s + 1);
	umask(077);
	if (chdir(c->home) != 0 && chdir("/") != 0)
		_exit(71);
	fill_env(c, &e);
	execve(argv[0], argv, e.list);
	dprintf(2, "%.200s: %s\n", argv[0], err_text(-errno));
	_exit(errno == ENOENT || errno == ENOTDIR ? 127 : 126);
}

static int open_pipes(int in[2], int out[2], int ended[2])
{
	if (pipe2(in, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(out, O_CLOEXEC) != 0)
		return -errno;
	if (pipe2(ended, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
	return 0;
}

/* This process is for one command: what it opens goes with it. */
static int start(const struct command *c, char *const argv[], struct running *r)
{
	int in[2], out[2], ended[2];
	int error = open_pipes(in, out, ended);
	if (error)
		return error;
#ifdef __linux__
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
#endif
	signal_pipe = ended[1];
	signal(SIGCHLD, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);
	r->pid = fork();
	if (r->pid < 0)
		return -errno;
	if (r->pid == 0)
		become_command(c, argv, in[0], out[1]);
	close(in[0]);
	close(out[1]);
	fcntl(in[1], F_SETFL, O_NONBLOCK);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	r->in = in[1];
	r->out = out[0];
	r->ended = ended[0];
	return 0;
}

/* Whatever it says is read, so that it need not wait; the first line is kept.
 */
static void take_output(struct running *r)
{
	char bytes[READ_BYTES];
	ssize_t n = read(r->out, bytes, sizeof bytes);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(r->out);
		r->out = -1;
	}
	for (ssize_t i = 0; i < n && !r->line_is_over; i++) {
		r->line_is_over = (bytes[i] == '\n' && r->line_n > 0) ||
				  r->line_n == sizeof r->line;
		if (!r->line_is_over && bytes[i] != '\n')
			r->line[r->line_n++] = bytes[i];
	}
}

static void take_end(struct running *r)
{
	char bytes[64];
	while (read(r->ended, bytes, sizeof bytes) > 0)
		continue;
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != r->pid)
			continue;
		r->is_gone = true;
		r->status = status;
	}
}

/* Waits until something is to be done; POLLOUT: its input can be written. */
static bool wait_for(struct running *r, bool want_in)
{
	uint64_t now = clock_mono_ms();
	struct pollfd fds[] = { { .fd = r->ended, .events = POLLIN },
		{ .fd = r->out, .events = POLLIN },
		{ .fd = want_in ? r->in : -1, .events = POLLOUT } };
	if (must_end || now >= r->until_ms) {
		r->timed_out = true;
		return false;
	}
	uint64_t left = r->until_ms - now;
	if (poll(fds, 3, left < 1000 ? (int)left : 1000) < 0)
		return false;
	if (fds[1].revents)
		take_output(r);
	if (fds[0].revents)
		take_end(r);
	return fds[2].revents != 0;
}

/* A command that does not want its input can do without. */
static int feed(void *ctx, struct view v)
{
	struct running *r = ctx;
	while (v.n) {
		if (r->is_gone || r->timed_out)
			return MC_E_CLOSED;
		if (!wait_for(r, true))
			continue;
		ssize_t n = write(r->in, v.p, v.n);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return MC_E_CLOSED;
		if (n > 0)
			v = view_skip(v, (size_t)n);
	}
	return 0;
}

#ifdef __linux__
/* Also those that left its process group: they became our children. */
static void kill_children(void)
{
	char path[64];
	int pid;
	snprintf(
	    path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1)
		kill(pid, SIGKILL);
	if (f)
		fclose(f);
}
#else
static void kill_children(void)
{
}
#endif

/* Nothing of it is left when this returns, or the system does not let us. */
static void kill_all(struct running *r)
{
	uint64_t until = clock_mono_ms() + REAP_MS;
	int status;
	kill(-r->pid, SIGKILL);
	while (clock_mono_ms() < until) {
		kill_children();
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0 && errno == ECHILD)
			return;
		if (pid == r->pid) {
			r->is_gone = true;
			r->status = status;
		}
		if (pid <= 0)
			poll(NULL, 0, 1);
	}
}

static void follow(const struct command *c, struct running *r)
{
	int error = unix_mail_write(c->mail, feed, r);
	close(r->in);
	if (error && error != MC_E_CLOSED)
		r->timed_out = true; /* half a message: none */
	while (!r->is_gone && !r->timed_out)
		wait_for(r, false);
	kill_all(r);
	for (int i = 0; i < 64 && r->out >= 0 && !r->line_is_over; i++)
		take_output(r);
}

void command_run(const struct command *c, struct outcome *out)
{
	struct command_words *words = malloc(sizeof *words);
	struct running r = { .until_ms = clock_mono_ms() +
					 (uint64_t)c->timeout_s * 1000 };
	int error = words ? command_split(c->text, words) : -ENOMEM;
	if (error == MC_E_BAD || error == MC_E_LIMIT) {
		outcome_set(out, DELIVER_STATUS_TEMP,
		    "4.3.5 the command cannot be read");
	} else if (error || start(c, words->argv, &r) != 0) {
		outcome_set(
		    out, DELIVER_STATUS_TEMP, "4.3.0 no process could be made");
	} else {
		follow(c, &r);
		command_outcome(r.status, r.timed_out,
		    (struct view){ r.line, r.line_n }, out);
	}
	free(words);
}
