/* A generation's files as one stream for a child: it gets no descriptor of
 * them, and parses what we do not. */
#include "mailctl/backup/backup.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

enum {
	FILES_MAX = 4096,
	PIECE_BYTES = 256 * 1024,
	PIPE_BYTES = 1 << 20,
};

struct piece {
	int fd;
	off_t from, to;
};

struct feed {
	struct piece pieces[FILES_MAX + 1];
	size_t n;
};

static int add(struct feed *f, int dir, const struct manifest *m,
    const char *name, bool index)
{
	int fd;
	json_t *file = manifest_file(m, name);
	if (f->n > FILES_MAX)
		return MC_E_LIMIT;
	int error = manifest_open_file(dir, m, name, &fd);
	if (error)
		return error;
	off_t middle = (off_t)number_of(file, "index_bytes");
	off_t end = (off_t)number_of(file, "bytes");
	f->pieces[f->n++] =
	    (struct piece){ fd, index ? 0 : middle, index ? middle : end };
	return 0;
}

static int collect(struct feed *f, int dir, const struct manifest *m,
    json_t *generation, bool bodies)
{
	size_t i;
	json_t *need;
	const char *own = text_of(generation, "file");
	int error = add(f, dir, m, own, true);
	if (!bodies)
		return error;
	json_array_foreach(json_object_get(generation, "needs"), i, need)
	{
		if (!error)
			error = add(f, dir, m, json_string_value(need), false);
	}
	return error ? error : add(f, dir, m, own, false);
}

static int copy(const struct piece *p, int out, char *octets)
{
	off_t at = p->from;
	while (at < p->to) {
		off_t left = p->to - at;
		size_t want = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
		ssize_t n = pread(p->fd, octets, want, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return MC_E_CORRUPT;
		int error = area_write(out, (struct view){ octets, (size_t)n });
		if (error)
			return error;
		at += n;
	}
	return 0;
}

/* When the reader has gone SIGPIPE ends it. */
static _Noreturn void run(const struct feed *f, int out)
{
	char *octets = malloc(PIECE_BYTES);
	int error = octets ? 0 : MC_E_TEMP;
	for (size_t i = 0; i < f->n && !error; i++)
		error = copy(&f->pieces[i], out, octets);
	_exit(error ? 1 : 0);
}

static int start(const struct feed *f, int *input, int *pid)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
#ifdef F_SETPIPE_SZ
	(void)fcntl(ends[1], F_SETPIPE_SZ, PIPE_BYTES); /* fewer turns */
#endif
	*pid = fork();
	int error = *pid < 0 ? -errno : 0;
	if (*pid == 0) {
		close(ends[0]);
		run(f, ends[1]);
	}
	close(ends[1]);
	if (error)
		close(ends[0]);
	*input = ends[0];
	return error;
}

int backup_feed(int dir, const struct manifest *m, json_t *generation,
    bool bodies, int *input, int *pid)
{
	struct feed *f = calloc(1, sizeof *f);
	if (!f)
		return MC_E_TEMP;
	int error = collect(f, dir, m, generation, bodies);
	if (!error)
		error = start(f, input, pid);
	for (size_t i = 0; i < f->n; i++)
		close(f->pieces[i].fd);
	free(f);
	return error;
}
