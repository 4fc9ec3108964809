#include "queued/local/forward_file.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reading {
	struct forward_reader *r;
	unsigned n_targets, depth;
	size_t text_n;
	const char *path; /* of the file that is read now */
};

static enum forward_status bad(
    struct reading *g, const char *path, unsigned line, const char *why)
{
	char where[16] = "";
	if (line)
		snprintf(where, sizeof where, ":%u", line);
	snprintf(g->r->why, sizeof g->r->why, "%.300s%s: %s", path, where, why);
	return FORWARD_BAD;
}

static enum forward_status temporary(
    struct reading *g, const char *path, const char *why)
{
	snprintf(g->r->why, sizeof g->r->why, "4.2.0 %.300s: %s", path, why);
	return FORWARD_TEMP;
}

/* An error of the file, or one of the system that may pass. */
static enum forward_status failed(struct reading *g, const char *path, int e)
{
	switch (e) {
	case EACCES:
	case EPERM:
	case ELOOP:
	case ENAMETOOLONG:
	case ENOTDIR:
	case ENXIO:
	case ENODEV:
		return bad(g, path, 0, err_text(-e));
	default:
		return temporary(g, path, err_text(-e));
	}
}

static const char *mistrust(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "not a regular file";
	if (st->st_uid != geteuid() && st->st_uid != 0)
		return "it is another user's";
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return "others can write it";
	return st->st_size > FORWARD_FILE_MAX ? "it is too large" : NULL;
}

static int read_all(int fd, char *out, size_t cap, size_t *n)
{
	*n = 0;
	while (*n < cap) {
		ssize_t got = read(fd, out + *n, cap - *n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		if (got == 0)
			return 0;
		*n += (size_t)got;
	}
	return 0;
}

static enum forward_status take_text(struct reading *g, struct view text);

static enum forward_status take_fd(struct reading *g, int fd)
{
	struct stat st;
	size_t n;
	if (fstat(fd, &st) != 0)
		return failed(g, g->path, errno);
	const char *why = mistrust(&st);
	if (why)
		return bad(g, g->path, 0, why);
	char *text = malloc(FORWARD_FILE_MAX + 1);
	if (!text)
		return temporary(g, g->path, err_text(-ENOMEM));
	int e = read_all(fd, text, FORWARD_FILE_MAX + 1, &n);
	enum forward_status status = FORWARD_OK;
	if (e)
		status = failed(g, g->path, e);
	else if (n > FORWARD_FILE_MAX)
		status = bad(g, g->path, 0, "it is too large");
	else
		status = take_text(g, (struct view){ text, n });
	free(text);
	return status;
}

/* A path from the root. FORWARD_NONE: it is not there. */
static enum forward_status take_path(struct reading *g, const char *path)
{
	/* A FIFO or terminal must not hold us up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT)
		return FORWARD_NONE;
	g->path = path;
	if (fd < 0)
		return failed(g, path, errno);
	enum forward_status status = take_fd(g, fd);
	close(fd);
	return status;
}

/* Includes. */

static enum forward_status take_include(struct reading *g, struct view target)
{
	char path[PATH_MAX];
	const char *from = g->path;
	if (view_to_cstr(target, path, sizeof path) != 0)
		return bad(g, from, 0, "the path of an include is no path");
	if (g->depth == FORWARD_INCLUDES_DEPTH)
		return bad(g, path, 0, "includes are nested too deep");
	g->depth++;
	enum forward_status status = take_path(g, path);
	g->depth--;
	g->path = from;
	return status == FORWARD_NONE ? bad(g, path, 0, "it is not there")
				      : status;
}

static enum forward_status take_target(
    struct reading *g, const struct alias_target *t)
{
	static const enum leaf_kind kinds[] = { [ALIAS_ADDRESS] = LEAF_ADDRESS,
		[ALIAS_COMMAND] = LEAF_COMMAND,
		[ALIAS_FILE] = LEAF_FILE };

	if (t->kind == ALIAS_INCLUDE)
		return take_include(g, t->text);
	g->text_n += t->text.n;
	if (g->n_targets++ == FORWARD_TARGETS_MAX ||
	    g->text_n > FORWARD_TEXT_MAX)
		return bad(g, g->path, 0, "it names too much");
	g->r->on_target(g->r->ctx, kinds[t->kind], t->is_final, t->text);
	return FORWARD_OK;
}

struct first_bad {
	unsigned line; /* 0: none */
	const char *why;
};

static void on_bad(void *ctx, unsigned line, const char *why)
{
	struct first_bad *first = ctx;
	if (!first->line || line < first->line)
		*first = (struct first_bad){ line, why };
}

static enum forward_status take_text(struct reading *g, struct view text)
{
	struct first_bad first = { .line = 0 };
	const struct aliases_bad on = { on_bad, &first };
	struct aliases *list = NULL;
	enum forward_status status = FORWARD_OK;
	if (aliases_read(text, ALIASES_LIST, on, &list) != 0)
		return bad(g, g->path, 0, "it is too large");
	if (first.line)
		status = bad(g, g->path, first.line, first.why);
	const struct alias *all = aliases_at(list, 0);
	for (size_t i = 0; i < all->n_targets && status == FORWARD_OK; i++)
		status = take_target(g, &all->targets[i]);
	aliases_free(&list);
	return status;
}

/* Its file system may not be mounted: then there is no saying that it has no
 * forward file. */
static enum forward_status check_home(struct reading *g)
{
	struct stat st;
	const char *home = g->r->home;
	if (*home != '/')
		return bad(g, home, 0, "not a home directory");
	if (stat(home, &st) == 0)
		return FORWARD_OK;
	if (errno == ENOENT)
		return temporary(g, home, "the home directory is not there");
	return failed(g, home, errno);
}

enum forward_status forward_file_read(struct forward_reader *r)
{
	char path[PATH_MAX];
	struct reading g = { .r = r };
	enum forward_status status = check_home(&g);
	if (status != FORWARD_OK)
		return status;
	int n = snprintf(path, sizeof path, "%s/%s", r->home, r->file);
	if (n < 0 || n >= (int)sizeof path)
		return bad(&g, r->home, 0, err_text(-ENAMETOOLONG));
	status = take_path(&g, path);
	return status == FORWARD_OK && !g.n_targets ? FORWARD_NONE : status;
}

struct search {
	enum leaf_kind kind;
	struct view text;
	bool is_found;
};

static void on_searched(
    void *ctx, enum leaf_kind kind, bool is_final, struct view text)
{
	struct search *s = ctx;
	(void)is_final;
	s->is_found =
	    s->is_found || (kind == s->kind && view_eq(text, s->text));
}

enum forward_status forward_file_names(
    struct forward_reader *r, enum leaf_kind kind, struct view text)
{
	struct search s = { kind, text, false };
	r->on_target = on_searched;
	r->ctx = &s;
	enum forward_status status = forward_file_read(r);
	return status == FORWARD_OK && !s.is_found ? FORWARD_NONE : status;
}
