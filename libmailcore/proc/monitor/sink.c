#include "proc/monitor/sink.h"
#include "base/panic.h"
#include <errno.h>
#include <fcntl.h>
#include <syslog.h>
#include <unistd.h>

enum {
	PIPE_BYTES = 1 << 20,
	LINES_BYTES = 16384,
};

struct sink {
	int fd;    /* the end that lines are written to */
	int lines; /* syslog: the end that they are read from, else -1 */
	struct poll_handle *poll;
	size_t n;
	char bytes[LINES_BYTES];
};

/* "TIME PROGRAM LEVEL EVENT ...": syslog has its own time. */
static void forward(struct view line)
{
	static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO,
		LOG_DEBUG };
	struct view rest = line, word;
	enum log_level level = LOG_LEVEL_INFO;
	view_cut(&rest, ' ', &word);
	struct view text = rest;
	view_cut(&rest, ' ', &word);
	view_cut(&rest, ' ', &word);
	if (!log_level_parse(word, &level))
		text = line;
	syslog(priorities[level], "%.*s", (int)text.n, text.p);
}

static void on_lines(void *ctx, bool readable, bool writable)
{
	struct sink *s = ctx;
	(void)writable;
	if (!readable)
		return;
	ssize_t got = read(s->lines, s->bytes + s->n, sizeof s->bytes - s->n);
	if (got <= 0)
		return;
	struct view rest = { s->bytes, s->n + (size_t)got }, line;
	while (view_has_byte(rest, '\n')) {
		view_cut(&rest, '\n', &line);
		forward(line);
	}
	if (rest.n == sizeof s->bytes) { /* nothing of ours is so long */
		forward(rest);
		rest.n = 0;
	}
	memmove(s->bytes, rest.p, rest.n);
	s->n = rest.n;
}

static int open_syslog(struct sink *s, struct loop *l, const char *name)
{
	int ends[2];
	/* Non-blocking at both ends: a log that stands still loses lines, and
	 * stops no mail. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return -errno;
#ifdef F_SETPIPE_SZ
	if (fcntl(ends[1], F_SETPIPE_SZ, (int)PIPE_BYTES) < 0)
		errno = 0; /* the usual 64 KiB do as well */
#endif
	openlog(name, LOG_PID | LOG_NDELAY, LOG_MAIL);
	s->lines = ends[0];
	s->fd = ends[1];
	s->poll = poll_new(l, s->lines, on_lines, s);
	poll_want(s->poll, true, false);
	return 0;
}

static int open_fd(struct sink *s, int fd)
{
	s->fd = fd;
	return fd < 0 ? -errno : 0;
}

static int open_by_spec(
    struct sink *s, struct loop *l, const char *spec, const char *name)
{
	struct view v = view_of(spec);
	if (view_eq(v, V("syslog")))
		return open_syslog(s, l, name);
	if (view_eq(v, V("stderr")))
		return open_fd(s, fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
	if (!view_starts(v, V("file:")) || v.n == 5)
		return MC_E_BAD;
	return open_fd(
	    s, open(spec + 5,
		   O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640));
}

int sink_open(
    struct loop *l, const char *spec, const char *name, struct sink **out)
{
	struct sink *s = MUST_NEW(struct sink);
	s->fd = s->lines = -1;
	int error = open_by_spec(s, l, spec, name);
	if (error)
		sink_close(&s);
	else
		*out = s;
	return error;
}

int sink_dup(const struct sink *s)
{
	int fd = fcntl(s->fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? -errno : fd;
}

void sink_close(struct sink **sink)
{
	struct sink *s = *sink;
	if (!s)
		return;
	if (s->poll)
		poll_free(&s->poll);
	if (s->lines >= 0)
		close(s->lines);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
	*sink = NULL;
}
