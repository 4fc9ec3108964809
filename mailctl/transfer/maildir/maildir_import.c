#include "base/arena.h"
#include "mailctl/transfer/formats.h"
#include "mailctl/transfer/listing.h"
#include "mailctl/transfer/maildir/maildir_meta.h"
#include "mailctl/transfer/maildir/mbsync_state.h"
#include "mailctl/transfer/stream.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	DEPTH_MAX = 32,
	FOLDERS_MAX = 10000,
	UIDLIST_MAX = 1 << 30,
	SMALL_FILE_MAX = 1 << 24,
	READ_BYTES = 8192,
	FOLDER_NAME_MAX = 4096,
};

struct folder {
	char *path; /* "": the root */
	char *name; /* of the mailbox */
};

struct maildir {
	struct importer *importer;
	struct tree *tree;
	struct report *report;
	struct folder *folders;
	size_t n;
	bool plain_folders; /* "A/B", not ".A.B" */
};

/* Finding folders. */

static int check_maildir(struct tree *t, const char *path)
{
	int fd = -1;
	char *cur = path_join(path, "cur");
	int error = cur ? tree_open_dir(t, cur, &fd) : MC_E_TEMP;
	if (!error)
		close(fd);
	free(cur);
	return error;
}

static int add_folder(struct maildir *m, const char *path, struct view name)
{
	struct folder *more = realloc(m->folders, (m->n + 1) * sizeof *more);
	if (!more)
		return MC_E_TEMP;
	m->folders = more;
	if (m->n == FOLDERS_MAX)
		return MC_E_LIMIT;
	struct folder *f = &more[m->n];
	f->path = strdup(path);
	f->name = strndup(name.p, name.n);
	if (!f->path || !f->name) {
		free(f->path);
		free(f->name);
		return MC_E_TEMP;
	}
	m->n++;
	return 0;
}

static int scan(struct maildir *m, const char *path, unsigned depth);

/* The name of a mailbox from where it lies. */
static int add_at(struct maildir *m, const char *path)
{
	struct buf name;
	bool dotted = path[0] == '.';
	buf_init(&name, FOLDER_NAME_MAX);
	folder_decode(view_of(path + dotted), dotted ? '.' : '/', &name);
	struct view v = buf_view(&name);
	int error = buf_error(&name);
	if (!error && view_has_byte(v, '\0'))
		error = MC_E_BAD;
	if (error)
		report_problem(m->report, view_of(path), "not a usable name");
	else
		error = add_folder(m, path, v);
	buf_deinit(&name);
	return error == MC_E_BAD || error == MC_E_LIMIT ? 0 : error;
}

static bool is_part_of_maildir(const char *name)
{
	return strcmp(name, "cur") == 0 || strcmp(name, "new") == 0 ||
	       strcmp(name, "tmp") == 0;
}

static int look_at(struct maildir *m, const char *path, unsigned depth)
{
	int error = 0;
	bool dotted = path[0] == '.';
	int found = check_maildir(m->tree, path);
	if (!found) {
		m->plain_folders |= !dotted;
		error = add_at(m, path);
	} else if (found == -ELOOP || found == -EACCES) {
		report_problem(m->report, view_of(path), err_text(found));
		return 0;
	}
	return error || dotted ? error : scan(m, path, depth + 1);
}

/* Entries that are no directories are the rule: their error is not told. */
static int scan(struct maildir *m, const char *path, unsigned depth)
{
	struct listing l;
	if (depth > DEPTH_MAX)
		return 0;
	int error = listing_read(m->tree, path, &l);
	for (size_t i = 0; i < l.n && !error; i++) {
		bool hidden = l.names[i][0] == '.';
		if (is_part_of_maildir(l.names[i]) || (hidden && depth))
			continue;
		char *below = path_join(path, l.names[i]);
		error = below ? look_at(m, below, depth) : MC_E_TEMP;
		free(below);
	}
	listing_free(&l);
	return error == MC_E_TEMP ? error : 0;
}

/* Files beside the messages. */

static bool read_beside(struct maildir *m, const char *folder, const char *name,
    size_t max, struct buf *out)
{
	int fd;
	char *path = path_join(folder, name);
	buf_init(out, max);
	int error = path ? tree_open_file(m->tree, path, &fd) : MC_E_TEMP;
	if (!error) {
		error = stream_file(fd, max, out);
		close(fd);
		if (error)
			report_problem(
			    m->report, view_of(path), err_text(error));
	} else if (error != -ENOENT) {
		report_problem(m->report, view_of(path), err_text(error));
	}
	free(path);
	return !error;
}

/* One folder while it is imported. */
struct source_folder {
	struct maildir *m;
	const struct folder *folder;
	struct buf uidlist_text, keywords_text, mbsync_text;
	struct uidlist uidlist;
	struct mbsync_state mbsync;
	struct view keywords[MAILDIR_KEYWORDS];
	struct entry *entries;
	size_t n, cap;
	struct arena names;
};

struct entry {
	const char *name; /* "cur/..." */
	struct maildir_name parsed;
	uint32_t uid;
	struct view uidl;
};

static void load_uidlist(struct source_folder *f)
{
	if (!read_beside(f->m, f->folder->path, "dovecot-uidlist", UIDLIST_MAX,
		&f->uidlist_text))
		return;
	int error = uidlist_parse(buf_view(&f->uidlist_text), &f->uidlist);
	if (error)
		report_problem(f->m->report, view_of(f->folder->path),
		    "dovecot-uidlist cannot be used: UIDs are not kept");
	else if (f->uidlist.n_bad)
		report_problem(f->m->report, view_of(f->folder->path),
		    "dovecot-uidlist has lines that cannot be used");
}

static void load_mbsync(struct source_folder *f)
{
	struct buf own;
	if (f->uidlist.uidvalidity)
		return;
	if (read_beside(
		f->m, f->folder->path, ".uidvalidity", SMALL_FILE_MAX, &own) &&
	    read_beside(f->m, f->folder->path, ".mbsyncstate", UIDLIST_MAX,
		&f->mbsync_text))
		mbsync_state_parse(
		    buf_view(&own), buf_view(&f->mbsync_text), &f->mbsync);
	else if (buf_len(&own))
		mbsync_state_parse(buf_view(&own), V_NONE, &f->mbsync);
	buf_deinit(&own);
}

static void load_beside(struct source_folder *f)
{
	load_uidlist(f);
	load_mbsync(f);
	if (read_beside(f->m, f->folder->path, "dovecot-keywords",
		SMALL_FILE_MAX, &f->keywords_text))
		maildir_keywords_parse(
		    buf_view(&f->keywords_text), f->keywords);
}

static void find_uid(const struct source_folder *f, struct entry *e)
{
	const struct uidlist_entry *known =
	    uidlist_find(&f->uidlist, e->parsed.base);
	e->uid = known ? known->uid : 0;
	e->uidl = known ? known->uidl : V_NONE;
	if (!f->uidlist.uidvalidity && e->parsed.mbsync_uid)
		e->uid = mbsync_state_uid(&f->mbsync, e->parsed.mbsync_uid);
}

static int add_entry(struct source_folder *f, const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	struct entry e = { .uid = 0 };
	if (!path)
		return MC_E_TEMP;
	e.name = arena_cstr(&f->names, view_of(path));
	free(path);
	if (e.name && f->n == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 256;
		void *more = realloc(f->entries, cap * sizeof e);
		if (!more)
			return MC_E_TEMP;
		f->entries = more;
		f->cap = cap;
	}
	if (!e.name)
		return MC_E_TEMP;
	maildir_name_parse(view_of(e.name + strlen(dir) + 1), &e.parsed);
	find_uid(f, &e);
	f->entries[f->n++] = e;
	return 0;
}

static int list_messages(struct source_folder *f, const char *dir)
{
	struct listing l = { .n = 0 };
	char *path = path_join(f->folder->path, dir);
	int error = path ? listing_read(f->m->tree, path, &l) : MC_E_TEMP;
	if (error && error != MC_E_TEMP) {
		report_problem(f->m->report, view_of(path), err_text(error));
		error = 0;
	}
	for (size_t i = 0; i < l.n && !error; i++)
		if (l.names[i][0] != '.')
			error = add_entry(f, dir, l.names[i]);
	listing_free(&l);
	free(path);
	return error;
}

/* Those without a UID come last, in the order in which they arrived: names
 * begin with the time. */
static int by_uid(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	uint32_t ux = x->uid - 1, uy = y->uid - 1; /* 0 becomes the highest */
	if (ux != uy)
		return ux < uy ? -1 : 1;
	return view_cmp(x->parsed.base, y->parsed.base);
}

/* One message. */

static bool is_compressed(struct view head)
{
	return view_starts(head, V("\x1f\x8b")) ||
	       view_starts(head, V("BZh")) ||
	       view_starts(head, V("\x28\xb5\x2f\xfd")) ||
	       view_starts(head, V("\xfd"
				   "7zXZ"));
}

/* A read error in the middle fails the message, what the body cannot take the
 * import: *fatal. */
static int read_body(int fd, struct body *b, int *fatal)
{
	char piece[READ_BYTES];
	for (;;) {
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		struct view v = { piece, (size_t)n };
		if (b->size == 0 && is_compressed(v))
			return MC_E_UNSUPPORTED;
		*fatal = body_put_text(b, v);
		if (*fatal)
			return *fatal;
	}
}

static size_t take_keywords(const struct source_folder *f,
    const struct maildir_name *n, struct view out[MAILDIR_KEYWORDS + 1])
{
	size_t count = 0;
	for (unsigned i = 0; i < MAILDIR_KEYWORDS; i++)
		if ((n->letters & 1u << i) && f->keywords[i].n)
			out[count++] = f->keywords[i];
	if (n->forwarded)
		out[count++] = V("$Forwarded");
	return count;
}

static int add_message(struct source_folder *f, const struct entry *e,
    struct view where, const struct stat *st)
{
	struct view keywords[MAILDIR_KEYWORDS + 1];
	const struct import_item item = {
		.where = where,
		.key = e->parsed.base,
		.uid = e->uid,
		.flags = e->parsed.flags,
		.keywords = keywords,
		.n_keywords = take_keywords(f, &e->parsed, keywords),
		.date = { .unix_s = st->st_mtim.tv_sec },
		.seen_by_client = view_starts(view_of(e->name), V("cur/")),
		.uidl = e->uidl,
	};
	return importer_add(f->m->importer, &item);
}

static int import_message(struct source_folder *f, const struct entry *e)
{
	struct stat st;
	int fd = -1, fatal = 0;
	char *path = path_join(f->folder->path, e->name);
	struct body *body = importer_body(f->m->importer);
	int error = path ? tree_open_file(f->m->tree, path, &fd) : MC_E_TEMP;
	if (!error && fstat(fd, &st) != 0)
		error = -errno;
	if (!error)
		error = read_body(fd, body, &fatal);
	if (!error)
		error = fatal = add_message(f, e, view_of(path), &st);
	else if (!fatal)
		importer_fail(f->m->importer, view_of(path), error);
	if (fd >= 0)
		close(fd);
	free(path);
	return fatal;
}

/* Folders. */

static int import_messages(struct source_folder *f)
{
	int error = list_messages(f, "cur");
	if (!error)
		error = list_messages(f, "new");
	if (error)
		return error;
	if (f->n)
		qsort(f->entries, f->n, sizeof *f->entries, by_uid);
	const struct import_box box = {
		.name = view_of(f->folder->name),
		.uidvalidity = f->uidlist.uidvalidity ? f->uidlist.uidvalidity
						      : f->mbsync.uidvalidity,
		.uidnext = f->uidlist.uidnext,
		.n_messages = f->n,
	};
	error = importer_open(f->m->importer, &box);
	if (error)
		return error == MC_E_BAD ? 0 : error;
	for (size_t i = 0; i < f->n && !error; i++)
		error = import_message(f, &f->entries[i]);
	return error ? error : importer_close(f->m->importer);
}

static int import_folder(struct maildir *m, const struct folder *folder)
{
	struct source_folder f = { .m = m, .folder = folder };
	arena_init(&f.names, SIZE_MAX / 2);
	buf_init(&f.uidlist_text, 1);
	buf_init(&f.keywords_text, 1);
	buf_init(&f.mbsync_text, 1);
	load_beside(&f);
	int error = import_messages(&f);
	free(f.entries);
	uidlist_deinit(&f.uidlist);
	mbsync_state_deinit(&f.mbsync);
	buf_deinit(&f.uidlist_text);
	buf_deinit(&f.keywords_text);
	buf_deinit(&f.mbsync_text);
	arena_deinit(&f.names);
	return error;
}

static int on_subscription(void *ctx, struct view name)
{
	struct maildir *m = ctx;
	return importer_subscribe(m->importer, name);
}

/* Without a list of them everything is subscribed: else clients that go by it
 * would show nothing. */
static int subscribe(struct maildir *m)
{
	static const char *const files[] = { "subscriptions",
		"courierimapsubscribed" };
	struct buf text;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		bool found =
		    read_beside(m, "", files[i], SMALL_FILE_MAX, &text);
		int error = 0;
		if (found)
			error = subscriptions_parse(buf_view(&text),
			    m->plain_folders ? '/' : '.', on_subscription, m);
		buf_deinit(&text);
		if (found || error)
			return error;
	}
	return importer_subscribe_all(m->importer);
}

int maildir_import(struct importer *i, struct tree *t, struct report *report)
{
	struct maildir m = { .importer = i, .tree = t, .report = report };
	int error = 0;
	if (check_maildir(t, "") == 0)
		error = add_folder(&m, "", V("INBOX"));
	if (!error)
		error = scan(&m, "", 0);
	if (!error && m.n == 0)
		error = MC_E_NOENT;
	for (size_t k = 0; k < m.n && !error; k++)
		error = import_folder(&m, &m.folders[k]);
	if (!error)
		error = subscribe(&m);
	for (size_t k = 0; k < m.n; k++) {
		free(m.folders[k].path);
		free(m.folders[k].name);
	}
	free(m.folders);
	return error;
}
