/* Files of the administrator's that roles need and may not open: each comes as
 * FILE_IS before START, and again when it changed. Which role gets which is
 * said by what it holds. */
#include "base/clock.h"
#include "base/panic.h"
#include "proc/monitor/monitor.h"
#include "proc/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	CHECK_MS = 1000,
	/* A file that was written so short before it was read can be written
	 * again without another time of change: it is read once more. */
	FRESH_S = 2,
	NAME_MAX_BYTES = 255, /* of FILE_IS */
	ALIASES_MAX = 16,
	INCLUDES_MAX = 256,
};

struct watched {
	struct watched *next;
	enum file_kind kind;
	uint32_t index;
	char *path; /* "": no file has this index any more */
	struct stat seen;
	bool is_fresh, is_missing, is_due;
	bool is_listed; /* includes: while they are looked for */
	int error;      /* that the log was told */
};

struct files {
	struct monitor *monitor;
	struct watched *first, **last;
	uint64_t checked_ms;
};

static const uint32_t held_by[FILE_KIND_COUNT] = {
	[FILE_RESOLV_CONF] = HOLDS_RESOLVER_FILES,
	[FILE_TRUST_ANCHOR] = HOLDS_RESOLVER_FILES,
	[FILE_CA] = HOLDS_CA,
	[FILE_SECRET] = HOLDS_ROUTE_SECRETS,
	[FILE_ALIASES] = HOLDS_ALIASES,
	[FILE_INCLUDE] = HOLDS_ALIASES,
};

/* What is there. */

static void look(const char *path, struct stat *out)
{
	if (!*path || stat(path, out) != 0)
		*out = (struct stat){ 0 };
}

static bool same_time(struct timespec a, struct timespec b)
{
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool differs(const struct stat *a, const struct stat *b)
{
	return a->st_ino != b->st_ino || a->st_dev != b->st_dev ||
	       a->st_size != b->st_size || a->st_mode != b->st_mode ||
	       a->st_uid != b->st_uid || !same_time(a->st_mtim, b->st_mtim) ||
	       !same_time(a->st_ctim, b->st_ctim);
}

static void see(struct watched *w, const struct stat *now)
{
	w->seen = *now;
	w->is_missing = !now->st_ino;
	w->is_fresh =
	    now->st_ino && now->st_mtim.tv_sec + FRESH_S >= clock_wall_s();
	w->is_due = true;
}

static void check_one(struct watched *w)
{
	struct stat now;
	look(w->path, &now);
	bool changed = differs(&now, &w->seen);
	/* It may be on its way to be replaced: the next look tells. */
	if (changed && !now.st_ino && !w->is_missing) {
		w->is_missing = true;
		return;
	}
	if (changed || w->is_fresh)
		see(w, &now);
}

static void tell(struct watched *w, int error)
{
	bool was_told = w->error == error;
	w->error = error;
	if (!error || was_told)
		return;
	log_emit(NULL, error == -ENOENT ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR,
	    "file.unreadable", KV_STR("file", w->path), KV_ERR("error", error),
	    KV_LAST);
}

static int fit(int fd, struct stat *found)
{
	if (fstat(fd, found) != 0)
		return -errno;
	if (!S_ISREG(found->st_mode))
		return MC_E_UNSUPPORTED;
	return found->st_size > PROC_FILE_MAX ? MC_E_LIMIT : 0;
}

/* Users may own an included file, and shall not choose what it is. */
static int open_file(const struct watched *w, struct stat *found)
{
	int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	if (w->kind == FILE_INCLUDE)
		flags |= O_NOFOLLOW;
	int fd = open(w->path, flags);
	if (fd < 0)
		return -errno;
	int error = fit(fd, found);
	if (!error)
		return fd;
	close(fd);
	return error;
}

static bool is_trusted(const struct stat *found)
{
	return (found->st_uid == 0 || found->st_uid == geteuid()) &&
	       !(found->st_mode & (S_IWGRP | S_IWOTH));
}

/* To the roles. */

static int empty_file(void)
{
	int fd = -1;
	int error = memfile_new(V_NONE, &fd);
	return error ? error : fd;
}

static void give(struct child *c, struct watched *w)
{
	struct stat found = { 0 };
	struct msg out = { .type = MSG_FILE_IS,
		.file_is = { .kind = (uint8_t)w->kind,
		    .index = w->index,
		    .name = view_of(w->path) } };
	/* A description of its own each time: offsets are not shared. */
	int fd = *w->path ? open_file(w, &found) : -ENOENT;
	if (*w->path)
		tell(w, fd < 0 ? fd : 0);
	if (out.file_is.name.n > NAME_MAX_BYTES)
		out.file_is.name = V_NONE;
	/* Who writes it anew may just have made it empty. */
	out.file_is.is_there = fd >= 0 && (found.st_size || !w->is_fresh);
	out.file_is.is_trusted = fd >= 0 && is_trusted(&found);
	if (fd < 0)
		fd = empty_file();
	if (fd >= 0)
		peer_send(c->peer, &out, fd);
	else
		LOG(NULL, ERROR, "file.failed", KV_ERR("error", fd));
}

static bool may_hold(const struct child *c, const struct watched *w)
{
	/* Indices are those of a configuration. */
	return c->peer && c->role->holds & held_by[w->kind] &&
	       c->generation == c->monitor->generation;
}

void files_hand_out(struct child *c)
{
	struct files *f = c->monitor->files;
	for (struct watched *w = f ? f->first : NULL; w; w = w->next)
		if (may_hold(c, w))
			give(c, w);
}

static void give_all(struct files *f, struct watched *w)
{
	for (struct child *c = f->monitor->children; c; c = c->next)
		if (c->state != CHILD_STOPPING && may_hold(c, w))
			give(c, w);
}

/* Which files there are. */

static uint32_t all_holds(const struct daemon *d)
{
	uint32_t holds = 0;
	for (size_t i = 0; i < d->n_roles; i++)
		holds |= d->roles[i].holds;
	return holds;
}

static void set_path(struct watched *w, struct view path)
{
	struct stat now;
	free(w->path);
	w->path = must_alloc(path.n + 1);
	memcpy(w->path, path.p, path.n);
	w->error = 0;
	look(w->path, &now);
	see(w, &now);
}

static struct watched *add(
    struct files *f, enum file_kind kind, size_t index, struct view path)
{
	struct watched *w = MUST_NEW(struct watched);
	w->kind = kind;
	w->index = (uint32_t)index;
	set_path(w, path);
	*f->last = w;
	f->last = &w->next;
	return w;
}

static void add_given(struct files *f, enum file_kind kind, const char *path)
{
	if (*path)
		add(f, kind, 0, view_of(path));
}

static void add_secrets(struct files *f, const struct conf *conf)
{
	for (size_t i = 0; i < conf->n_routes; i++)
		if (*conf->routes[i].password_file)
			add(f, FILE_SECRET, i,
			    view_of(conf->routes[i].password_file));
}

static void add_aliases(struct files *f, const struct conf *conf)
{
	struct view rest = view_of(conf->aliases), path;
	for (size_t i = 0; rest.n && i < ALIASES_MAX; i++) {
		view_cut(&rest, ',', &path);
		add(f, FILE_ALIASES, i, path);
	}
}

/* Files that files of aliases include. */

static bool is_include(const struct watched *w, struct view path)
{
	return w->kind == FILE_INCLUDE && view_eq(view_of(w->path), path);
}

/* The one with that path; else one that had another; else a new one, but NULL
 * when there are too many. */
static struct watched *place_include(struct files *f, struct view path)
{
	struct watched *spare = NULL;
	size_t n = 0;
	for (struct watched *w = f->first; w; w = w->next) {
		if (is_include(w, path))
			return w;
		if (is_include(w, V_NONE))
			spare = w;
		n += w->kind == FILE_INCLUDE;
	}
	if (spare)
		set_path(spare, path);
	else if (n < INCLUDES_MAX)
		spare = add(f, FILE_INCLUDE, n, path);
	return spare;
}

static void on_include(void *ctx, struct view path)
{
	struct files *f = ctx;
	bool is_bad = !path.n || path.n > NAME_MAX_BYTES || path.p[0] != '/' ||
		      view_has_byte(path, '\0');
	struct watched *w = is_bad ? NULL : place_include(f, path);
	if (w)
		w->is_listed = true;
	else
		LOG(NULL, ERROR, "file.include-refused", KV_VIEW("file", path),
		    KV_ERR("error", is_bad ? MC_E_BAD : MC_E_LIMIT));
}

/* What others can write decides about no further file. */
static void read_includes(struct files *f, const struct watched *w)
{
	struct stat found;
	struct buf text;
	int fd = *w->path ? open_file(w, &found) : -ENOENT;
	if (fd < 0)
		return;
	buf_init(&text, PROC_FILE_MAX);
	if (is_trusted(&found) && memfile_read(fd, &text) == 0)
		f->monitor->daemon->find_includes(
		    buf_view(&text), on_include, f);
	buf_deinit(&text);
	close(fd);
}

static void forget_include(struct watched *w)
{
	if (w->kind == FILE_INCLUDE && !w->is_listed && *w->path)
		set_path(w, V(""));
}

static void find_includes(struct files *f)
{
	if (!f->monitor->daemon->find_includes)
		return;
	for (struct watched *w = f->first; w; w = w->next)
		w->is_listed = false;
	/* The list grows while it is walked. */
	for (struct watched *w = f->first; w; w = w->next)
		if (w->kind == FILE_ALIASES || w->is_listed)
			read_includes(f, w);
	for (struct watched *w = f->first; w; w = w->next)
		forget_include(w);
}

/* Life. */

void files_open(struct monitor *m)
{
	const struct conf *conf = m->conf;
	uint32_t holds = all_holds(m->daemon);
	struct files *f = MUST_NEW(struct files);
	f->monitor = m;
	f->last = &f->first;
	f->checked_ms = loop_now_ms(m->loop);
	m->files = f;
	if (holds & HOLDS_RESOLVER_FILES) {
		add_given(f, FILE_RESOLV_CONF, conf->resolver_conf);
		add_given(f, FILE_TRUST_ANCHOR, conf->resolver_trust_anchor);
	}
	if (holds & HOLDS_CA)
		add_given(f, FILE_CA, conf->tls_ca_file);
	if (holds & HOLDS_ROUTE_SECRETS)
		add_secrets(f, conf);
	if (holds & HOLDS_ALIASES) {
		add_aliases(f, conf);
		find_includes(f);
	}
}

void files_close(struct monitor *m)
{
	struct files *f = m->files;
	if (!f)
		return;
	while (f->first) {
		struct watched *w = f->first;
		f->first = w->next;
		free(w->path);
		free(w);
	}
	free(f);
	m->files = NULL;
}

void files_check(struct monitor *m)
{
	struct files *f = m->files;
	uint64_t now = loop_now_ms(m->loop);
	bool aliases_changed = false;
	if (now < f->checked_ms + CHECK_MS)
		return;
	f->checked_ms = now;
	for (struct watched *w = f->first; w; w = w->next) {
		w->is_due = false;
		check_one(w);
		if (w->is_due && held_by[w->kind] == HOLDS_ALIASES)
			aliases_changed = true;
	}
	if (aliases_changed)
		find_includes(f);
	for (struct watched *w = f->first; w; w = w->next)
		if (w->is_due)
			give_all(f, w);
}
