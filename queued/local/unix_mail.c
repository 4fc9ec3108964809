#include "queued/local/unix_mail.h"
#include "base/buf.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	PIECE = 32 * 1024,
};

struct writer {
	const struct unix_mail *m;
	int (*put)(void *ctx, struct view v);
	void *ctx;
	bool at_start; /* of a line */
	bool had_cr;   /* that was not written yet */
	struct buf out;
};

static int flush(struct writer *w)
{
	struct view v = buf_view(&w->out);
	int error = v.n ? w->put(w->ctx, v) : 0;
	buf_reset(&w->out);
	return error;
}

static void put_prefix(struct writer *w)
{
	const struct unix_mail *m = w->m;
	time_t t = (time_t)m->received_s;
	struct tm tm;
	char date[40] = "";
	if (gmtime_r(&t, &tm))
		strftime(date, sizeof date, "%a %b %e %H:%M:%S %Y", &tm);
	buf_put_cstr(&w->out, "From ");
	buf_put(&w->out, m->sender.n ? m->sender : V("MAILER-DAEMON"));
	buf_printf(&w->out, " %s\nReturn-Path: <", date);
	buf_put(&w->out, m->sender);
	buf_put_cstr(&w->out, ">\nX-Original-To: ");
	buf_put(&w->out, m->origin.n ? m->origin : m->recipient);
	buf_put_cstr(&w->out, "\nDelivered-To: ");
	buf_put(&w->out, m->recipient);
	buf_put_char(&w->out, '\n');
	w->at_start = true;
}

/* ">From " too: so that it can be undone. */
static bool is_from_line(struct view line)
{
	while (line.n && *line.p == '>')
		line = view_skip(line, 1);
	return view_starts(line, V("From "));
}

static void put_byte(struct writer *w, char c)
{
	if (w->had_cr && c != '\n')
		buf_put_char(&w->out, '\r');
	w->had_cr = c == '\r';
	if (!w->had_cr)
		buf_put_char(&w->out, c);
	w->at_start = c == '\n';
}

/* A "From " line that a piece's end cuts is rare enough to look at the start of
 * the line in whole pieces only: those overlap, see write_pieces. */
static void put_piece(struct writer *w, struct view piece, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (w->at_start && w->m->is_mbox &&
		    is_from_line(view_skip(piece, i)))
			buf_put_char(&w->out, '>');
		put_byte(w, piece.p[i]);
	}
}

static int read_at(
    const struct unix_mail *m, char *out, size_t cap, uint64_t at, size_t *n)
{
	*n = 0;
	while (*n < cap && at + *n < m->size) {
		uint64_t left = m->size - at - *n;
		size_t want = left < cap - *n ? (size_t)left : cap - *n;
		ssize_t got = pread(m->fd, out + *n, want, (off_t)(at + *n));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? -errno : MC_E_CORRUPT;
		*n += (size_t)got;
	}
	return 0;
}

static uint64_t size_of(const struct unix_mail *m)
{
	return m->fd >= 0 ? m->size : m->body.n;
}

/* From at on, as much as there is up to cap. */
static int look(const struct unix_mail *m, char *buffer, size_t cap,
    uint64_t at, struct view *out)
{
	size_t n = 0;
	if (m->fd < 0) {
		*out = view_head(view_skip(m->body, (size_t)at), cap);
		return 0;
	}
	int error = read_at(m, buffer, cap, at, &n);
	*out = (struct view){ buffer, n };
	return error;
}

/* Each piece is seen with some of the next one, for lines that begin in it. */
static int write_pieces(struct writer *w, char *buffer)
{
	enum {
		AHEAD = 64
	};

	uint64_t size = size_of(w->m);
	int error = 0;
	for (uint64_t at = 0; at < size && !error; at += PIECE) {
		struct view piece;
		error = look(w->m, buffer, PIECE + AHEAD, at, &piece);
		if (error)
			break;
		put_piece(w, piece, piece.n < PIECE ? piece.n : PIECE);
		error = flush(w);
	}
	return error;
}

int unix_mail_write(
    const struct unix_mail *m, int (*put)(void *ctx, struct view v), void *ctx)
{
	struct writer w = { .m = m, .put = put, .ctx = ctx };
	char *buffer = malloc(2 * PIECE);
	if (!buffer)
		return -ENOMEM;
	buf_init(&w.out, 4 * PIECE);
	put_prefix(&w);
	int error = write_pieces(&w, buffer);
	if (!w.at_start)
		put_byte(&w, '\n');
	if (m->is_mbox)
		buf_put_char(&w.out, '\n');
	if (!error)
		error = flush(&w);
	buf_deinit(&w.out);
	free(buffer);
	return error;
}
