#include "base/panic.h"
#include "mailctl/transfer/formats.h"
#include "mailctl/transfer/listing.h"
#include "mailctl/transfer/maildir/maildir_meta.h"
#include "mailctl/transfer/mbox/from_line.h"
#include "mailctl/transfer/mbox/mbox_header.h"
#include "mailctl/transfer/mbox/seen_set.h"
#include "mailctl/transfer/stream.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_BYTES = 1 << 16,
	META_MEMORY = 1 << 20,
	DEPTH_MAX = 32,
	NAME_BYTES_MAX = 4096,
	SMALL_FILE_MAX = 1 << 24,
};

enum part {
	PART_NONE, /* before the first message */
	PART_HEADER,
	PART_BODY,
};

struct mbox {
	struct importer *importer;
	struct report *report;
	struct view name; /* of the mailbox */
	int fd;
	struct stat st;
	/* Bytes of the file, line by line. */
	char *bytes;
	size_t start, end;
	bool mid_line; /* the next piece goes on with a line */
	/* The message. */
	enum part part;
	bool dropping;      /* this header field is left out */
	bool after_blank;   /* the last line was empty */
	bool blank_is_held; /* and may be only the one before the next From_ */
	struct mbox_meta meta;
	struct date date;
	struct arena memory;
	struct seen_set seen;
	/* The mailbox. */
	bool opened;
	uint32_t uidvalidity, last_uid, uid_before;
	uint64_t n_messages;
};

/* One line with its end, or a piece of a very long one. False: the end, or
 * *error. */
static bool next_piece(struct mbox *m, struct view *out, int *error)
{
	for (;;) {
		struct view v = { m->bytes + m->start, m->end - m->start };
		size_t n = view_find_byte(v, '\n');
		if (n < v.n || v.n == READ_BYTES) {
			*out = view_head(v, n < v.n ? n + 1 : v.n);
			m->start += out->n;
			return true;
		}
		memmove(m->bytes, v.p, v.n);
		m->start = 0;
		m->end = v.n;
		ssize_t got = read(m->fd, m->bytes + v.n, READ_BYTES - v.n);
		if (got < 0 && errno == EINTR)
			continue;
		*error = got < 0 ? -errno : 0;
		if (got <= 0) {
			*out = (struct view){ m->bytes, v.n };
			m->start = m->end = 0;
			return got == 0 && v.n > 0;
		}
		m->end += (size_t)got;
	}
}

static int open_mailbox(struct mbox *m)
{
	if (m->opened)
		return 0;
	m->opened = true;
	m->uidvalidity = m->meta.uidvalidity;
	m->last_uid = m->meta.last_uid;
	const struct import_box box = {
		.name = m->name,
		.uidvalidity = m->uidvalidity,
		.uidnext = m->uidvalidity ? m->last_uid + 1 : 0,
	};
	return importer_open(m->importer, &box);
}

/* UIDs count only below the file's own record of them, and when they grow:
 * the field may have come with the message from anybody. */
static uint32_t believed_uid(struct mbox *m)
{
	uint32_t uid = m->meta.uid;
	if (!m->uidvalidity || uid <= m->uid_before || uid > m->last_uid)
		return 0;
	m->uid_before = uid;
	return uid;
}

static int finish_message(struct mbox *m)
{
	char key[SEEN_KEY_MAX];
	struct body *body = importer_body_now(m->importer);
	if (m->part == PART_NONE)
		return 0;
	int error = open_mailbox(m);
	if (error || m->meta.is_internal)
		return error;
	char where[64];
	snprintf(where, sizeof where, "message %llu",
	    (unsigned long long)++m->n_messages);
	struct import_item item = {
		.where = view_of(where),
		.uid = believed_uid(m),
		.flags = m->meta.flags,
		.keywords = m->meta.keywords,
		.n_keywords = m->meta.n_keywords,
		.date = m->date,
		.seen_by_client = m->meta.old || (m->meta.flags & MESSAGE_SEEN),
	};
	error = seen_key(&m->seen, body, m->date.unix_s, key, &item.key);
	return error ? error : importer_add(m->importer, &item);
}

static void start_message(struct mbox *m)
{
	arena_reset(&m->memory);
	memset(&m->meta, 0, sizeof m->meta);
	(void)importer_body(m->importer);
	m->part = PART_HEADER;
	m->dropping = m->after_blank = m->blank_is_held = false;
}

static int put(struct mbox *m, struct view v)
{
	return body_put_text(importer_body_now(m->importer), v);
}

static bool is_blank(struct view v)
{
	return view_eq(v, V("\n")) || view_eq(v, V("\r\n"));
}

static int header_line(struct mbox *m, struct view v, bool begins)
{
	if (begins && is_blank(v)) {
		m->part = PART_BODY;
		m->after_blank = true;
		return put(m, v);
	}
	if (begins && v.p[0] != ' ' && v.p[0] != '\t')
		m->dropping = mbox_meta_take(&m->meta, &m->memory, v);
	return m->dropping ? 0 : put(m, v);
}

static int body_line(struct mbox *m, struct view v, bool begins)
{
	int error = m->blank_is_held ? put(m, V("\n")) : 0;
	m->blank_is_held = m->after_blank = begins && is_blank(v);
	if (error || m->blank_is_held)
		return error;
	if (begins && from_line_is_quoted(v))
		v = view_skip(v, 1);
	return put(m, v);
}

static bool is_separator(const struct mbox *m, struct view v, struct date *d)
{
	if (m->part == PART_NONE || m->after_blank)
		return from_line_parse(v, d);
	return false;
}

static int take_line(struct mbox *m, struct view v, bool begins)
{
	struct date date = { .unix_s = m->st.st_mtim.tv_sec };
	if (begins && is_separator(m, v, &date)) {
		int error = finish_message(m);
		if (!error) {
			start_message(m);
			m->date = date;
		}
		return error;
	}
	switch (m->part) {
	case PART_NONE:
		/* What has no date still begins the first message. */
		if (!view_starts(v, V("From ")))
			return is_blank(v) ? 0 : MC_E_BAD;
		start_message(m);
		m->date = date;
		return 0;
	case PART_HEADER:
		return header_line(m, v, begins);
	case PART_BODY:
		return body_line(m, v, begins);
	}
	return 0;
}

static int take_all(struct mbox *m)
{
	struct view piece;
	int error = 0;
	while (!error && next_piece(m, &piece, &error)) {
		bool begins = !m->mid_line;
		m->mid_line = piece.p[piece.n - 1] != '\n';
		error = take_line(m, piece, begins);
	}
	/* What was read of a broken last message is kept, and told. */
	if (error && error != -EIO)
		return error;
	if (error)
		report_problem(m->report, m->name, err_text(error));
	error = finish_message(m);
	if (!error)
		error = open_mailbox(m);
	return error ? error : importer_close(m->importer);
}

static int import_fd(
    struct importer *i, int fd, struct view name, struct report *report)
{
	struct mbox m = {
		.importer = i, .report = report, .fd = fd, .name = name
	};
	if (fstat(fd, &m.st) != 0)
		return -errno;
	m.bytes = must_alloc(READ_BYTES);
	arena_init(&m.memory, META_MEMORY);
	int error = take_all(&m);
	free(m.bytes);
	arena_deinit(&m.memory);
	seen_set_deinit(&m.seen);
	return error;
}

int mbox_import_file(struct importer *i, int fd, struct report *report)
{
	return import_fd(i, fd, V("INBOX"), report);
}

/* A directory of them. */

struct mbox_dir {
	struct importer *importer;
	struct tree *tree;
	struct report *report;
	uint64_t n;
};

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);
	return n > k && strcmp(s + n - k, end) == 0;
}

static bool is_other(const char *name)
{
	return name[0] == '.' || ends_with(name, ".msf") ||
	       ends_with(name, ".lock") || ends_with(name, ".dat");
}

/* "A.sbd/B" (Thunderbird, and our export) and "A/B" are A/B. */
static void put_name(const char *path, struct buf *out)
{
	struct view rest = view_of(path), level;
	bool more = true;
	while (more) {
		more = view_cut(&rest, '/', &level);
		if (more && level.n > 4 &&
		    view_eq(view_skip(level, level.n - 4), V(".sbd")))
			level.n -= 4;
		folder_decode(level, '/', out);
		if (more)
			buf_put_char(out, '/');
	}
}

static int import_at(struct mbox_dir *d, const char *path, int fd)
{
	struct buf name;
	buf_init(&name, NAME_BYTES_MAX);
	put_name(path, &name);
	int error = import_fd(d->importer, fd, buf_view(&name), d->report);
	buf_deinit(&name);
	if (error == MC_E_BAD) {
		report_problem(d->report, view_of(path),
		    "not an mbox, or not a name of a mailbox: left out");
		return 0;
	}
	d->n += !error;
	return error;
}

static int scan(struct mbox_dir *d, const char *path, unsigned depth);

static int look_at(struct mbox_dir *d, const char *path, unsigned depth)
{
	int fd;
	int error = tree_open_file(d->tree, path, &fd);
	if (error == MC_E_UNSUPPORTED)
		return scan(d, path, depth + 1);
	if (error) {
		report_problem(d->report, view_of(path), err_text(error));
		return 0;
	}
	error = import_at(d, path, fd);
	close(fd);
	return error;
}

static int scan(struct mbox_dir *d, const char *path, unsigned depth)
{
	struct listing l;
	int error =
	    depth > DEPTH_MAX ? MC_E_LIMIT : listing_read(d->tree, path, &l);
	if (error) {
		report_problem(d->report, view_of(path), err_text(error));
		return 0;
	}
	for (size_t i = 0; i < l.n && !error; i++) {
		if (is_other(l.names[i]))
			continue;
		char *below = path_join(path, l.names[i]);
		error = below ? look_at(d, below, depth) : MC_E_TEMP;
		free(below);
	}
	listing_free(&l);
	return error;
}

static int on_subscription(void *ctx, struct view name)
{
	return importer_subscribe(ctx, name);
}

static int subscribe(struct mbox_dir *d)
{
	int fd;
	struct buf text;
	int error = tree_open_file(d->tree, ".subscriptions", &fd);
	if (error)
		return importer_subscribe_all(d->importer);
	error = stream_file(fd, SMALL_FILE_MAX, &text);
	close(fd);
	if (!error)
		error = subscriptions_parse(
		    buf_view(&text), '/', on_subscription, d->importer);
	buf_deinit(&text);
	return error;
}

int mbox_import(struct importer *i, struct tree *t, struct report *report)
{
	struct mbox_dir d = { .importer = i, .tree = t, .report = report };
	int error = scan(&d, "", 0);
	if (!error && d.n == 0)
		error = MC_E_NOENT;
	return error ? error : subscribe(&d);
}
