/* mbox files in the way of RFC 4155 and mboxrd, with flags and UIDs in header
 * fields as UW IMAP began it and Dovecot goes on. "A/B" is "A.sbd/B". */
#include "base/panic.h"
#include "mailctl/transfer/export.h"
#include "mailctl/transfer/file_out.h"
#include "mailctl/transfer/listing.h"
#include "mailctl/transfer/maildir/maildir_meta.h"
#include "mailctl/transfer/mbox/from_line.h"
#include "mailctl/transfer/mbox/mbox_header.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATH_BYTES_MAX = 4096,
	SUBSCRIPTIONS_MAX = 16 << 20,
	LINE_MAX_BYTES = 1 << 16,
	META_MAX = 1 << 16,
};

struct mbox {
	struct mailbox m;
	struct view keywords[KEYWORDS_MAX];
	size_t n_keywords;
	struct file_out out;
	uint64_t begins_at; /* the message, for taking it back */
	bool any;           /* one message, which has X-IMAPbase, is there */
	bool in_header, dropping;
	bool mid_line; /* the next piece goes on with a line */
	struct buf line;
	struct arena scratch;
};

/* "A/B" to "A.sbd/B"; a level that would be mistaken gets its dots escaped. */
static void put_path(struct view name, struct buf *out)
{
	struct view level;
	bool more = true;
	while (more) {
		more = view_cut(&name, '/', &level);
		bool odd = level.n >= 4 && level.p[level.n - 4] == '.';
		folder_encode(level, odd ? '.' : '/', out);
		if (more)
			buf_put(out, V(".sbd/"));
	}
}

/* Every directory of the path. */
static int make_dirs(struct tree *t, const char *path)
{
	int error = 0;
	for (const char *p = path; (p = strchr(p, '/')) && !error; p++) {
		char *dir = strndup(path, (size_t)(p - path));
		error = dir ? tree_make_dir(t, dir) : MC_E_TEMP;
		free(dir);
		if (error == -EEXIST)
			error = 0;
	}
	return error;
}

static int create(struct tree *t, struct view name, int *fd)
{
	struct buf path;
	buf_init(&path, PATH_BYTES_MAX);
	put_path(name, &path);
	buf_put_char(&path, '\0');
	int error = buf_error(&path);
	if (!error)
		error = make_dirs(t, buf_view(&path).p);
	if (!error)
		error = tree_create(t, buf_view(&path).p, fd);
	buf_deinit(&path);
	return error;
}

static int open_box(void **ctx, struct tree *t, struct report *report,
    struct view name, const struct mailbox *m, const struct view *keywords,
    size_t n_keywords)
{
	int fd;
	(void)report;
	int error = create(t, name, &fd);
	if (error)
		return error;
	struct mbox *b = MUST_NEW(struct mbox);
	*b = (struct mbox){ .m = *m, .n_keywords = n_keywords };
	memcpy(b->keywords, keywords, n_keywords * sizeof *keywords);
	file_out_init(&b->out, fd);
	buf_init(&b->line, LINE_MAX_BYTES + 16);
	arena_init(&b->scratch, META_MAX);
	*ctx = b;
	return 0;
}

static void put_words(struct buf *out, const struct view *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		buf_put_char(out, ' ');
		buf_put(out, words[i]);
	}
	buf_put_char(out, '\n');
}

static void put_letters(struct buf *out, uint16_t flags)
{
	static const struct {
		uint16_t flag;
		char letter;
	} letters[] = {
		{ MESSAGE_ANSWERED, 'A' },
		{ MESSAGE_FLAGGED, 'F' },
		{ MESSAGE_DRAFT, 'T' },
		{ MESSAGE_DELETED, 'D' },
	};

	buf_put(out, flags & MESSAGE_SEEN ? V("Status: RO\nX-Status: ")
					  : V("Status: O\nX-Status: "));
	for (size_t i = 0; i < sizeof letters / sizeof *letters; i++)
		if (flags & letters[i].flag)
			buf_put_char(out, letters[i].letter);
	buf_put_char(out, '\n');
}

/* First of all fields, where nothing of the message can hide them. */
static void put_meta(
    struct mbox *b, const struct export_message *m, struct buf *out)
{
	from_line_put(out, m->row->internaldate);
	if (!b->any) {
		buf_printf(out, "X-IMAPbase: %u %010u", b->m.uidvalidity,
		    b->m.uidnext - 1);
		put_words(out, b->keywords, b->n_keywords);
	}
	buf_printf(out, "X-UID: %u\n", m->row->uid);
	put_letters(out, m->row->flags);
	if (m->n_keywords) {
		buf_put_cstr(out, "X-Keywords:");
		put_words(out, m->keywords, m->n_keywords);
	}
}

static int begin(void *ctx, const struct export_message *m)
{
	struct mbox *b = ctx;
	struct buf text;
	b->begins_at = b->out.size;
	b->in_header = true;
	b->dropping = b->mid_line = false;
	buf_reset(&b->line);
	buf_init(&text, META_MAX);
	put_meta(b, m, &text);
	file_out_put(&b->out, buf_view(&text));
	int error = buf_error(&text) ? buf_error(&text) : b->out.error;
	buf_deinit(&text);
	return error;
}

/* A line with its end, or a piece of a very long one. */
static void put_line(struct mbox *b, struct view v, bool begins)
{
	struct mbox_meta none = { .flags = 0 };
	if (begins && b->in_header) {
		arena_reset(&b->scratch);
		if (view_eq(v, V("\r\n")) || view_eq(v, V("\n")))
			b->in_header = b->dropping = false;
		else if (v.p[0] != ' ' && v.p[0] != '\t')
			b->dropping = mbox_meta_take(&none, &b->scratch, v);
	}
	if (b->dropping)
		return;
	if (begins && (view_starts(v, V("From ")) || from_line_is_quoted(v)))
		file_out_put(&b->out, V(">"));
	file_out_put_text(&b->out, v);
}

static void put_pending(struct mbox *b)
{
	struct view v = buf_view(&b->line);
	bool begins = !b->mid_line;
	if (!v.n)
		return;
	b->mid_line = v.p[v.n - 1] != '\n';
	put_line(b, v, begins);
	buf_reset(&b->line);
}

static int put(void *ctx, struct view piece)
{
	struct mbox *b = ctx;
	while (piece.n && !b->out.error) {
		size_t n = view_find_byte(piece, '\n');
		struct view part = view_head(piece, n < piece.n ? n + 1 : n);
		size_t room = LINE_MAX_BYTES - buf_len(&b->line);
		part = view_head(part, room);
		buf_put(&b->line, part);
		piece = view_skip(piece, part.n);
		if (part.p[part.n - 1] == '\n' || part.n == room)
			put_pending(b);
	}
	return b->out.error;
}

/* The empty line belongs to the file, not to the message. */
static int end(void *ctx)
{
	struct mbox *b = ctx;
	put_pending(b);
	file_out_end_text(&b->out);
	if (b->out.last != '\n')
		file_out_put(&b->out, V("\n"));
	file_out_put(&b->out, V("\n"));
	b->any = true;
	return b->out.error;
}

static int abandon(void *ctx)
{
	struct mbox *b = ctx;
	return file_out_cut(&b->out, b->begins_at);
}

static int close_box(void *ctx)
{
	struct mbox *b = ctx;
	int error = file_out_close(&b->out);
	buf_deinit(&b->line);
	arena_deinit(&b->scratch);
	free(b);
	return error;
}

static int subscriptions(struct tree *t, const struct view *names, size_t n)
{
	int fd;
	struct file_out f;
	struct buf text;
	int error = tree_create(t, ".subscriptions", &fd);
	if (error)
		return error;
	file_out_init(&f, fd);
	buf_init(&text, SUBSCRIPTIONS_MAX);
	for (size_t i = 0; i < n; i++) {
		folder_encode(names[i], '/', &text);
		buf_put_char(&text, '\n');
	}
	file_out_put(&f, buf_view(&text));
	error = file_out_close(&f);
	if (!error)
		error = buf_error(&text);
	buf_deinit(&text);
	return error;
}

const struct export_format mbox_export = { open_box, begin, put, end, abandon,
	close_box, subscriptions };
