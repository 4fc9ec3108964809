#include "text/line.h"
#include "text/scan.h"
#include <string.h>

static enum parse refuse(struct view *in, size_t size, struct view *line,
    enum line_fault *fault, enum line_fault which)
{
	*line = view_head(*in, size);
	*in = view_skip(*in, size);
	*fault = which;
	return PARSE_BAD;
}

static enum line_fault fault_of(struct view v, size_t max)
{
	if (v.n > max)
		return LINE_FAULT_TOO_LONG;
	if (view_has_byte(v, '\0'))
		return LINE_FAULT_NUL;
	if (v.n < 2 || v.p[v.n - 2] != '\r')
		return view_has_byte(v, '\r') ? LINE_FAULT_BARE_CR
					      : LINE_FAULT_BARE_LF;
	if (view_has_byte(view_head(v, v.n - 2), '\r'))
		return LINE_FAULT_BARE_CR;
	return LINE_FAULT_NONE;
}

enum parse line_take(
    struct view *in, size_t max, struct view *line, enum line_fault *fault)
{
	size_t lf = view_find_byte(*in, '\n');
	if (lf == in->n) {
		if (in->n < max)
			return PARSE_MORE;
		return refuse(in, in->n, line, fault, LINE_FAULT_TOO_LONG);
	}
	enum line_fault found = fault_of(view_head(*in, lf + 1), max);
	if (found != LINE_FAULT_NONE)
		return refuse(in, lf + 1, line, fault, found);
	*line = view_head(*in, lf - 1);
	*in = view_skip(*in, lf + 1);
	*fault = LINE_FAULT_NONE;
	return PARSE_OK;
}

bool line_skip(struct view *in)
{
	size_t lf = view_find_byte(*in, '\n');
	bool found = lf < in->n;
	*in = view_skip(*in, found ? lf + 1 : lf);
	return found;
}

enum reader_state {
	AT_LINE_START, /* behind CRLF, or at the start */
	IN_LINE,
	AFTER_CR,     /* that CR is not in out yet */
	AFTER_DOT,    /* a dot behind CRLF, not in out */
	AFTER_DOT_CR, /* neither dot nor CR are in out */
	AT_END,
};

/* A step writes at most a held CR made CRLF and one made newline. */
enum {
	ROOM_MIN = 4
};

void dot_reader_init(struct dot_reader *d, enum bare_newline policy)
{
	*d = (struct dot_reader){ .policy = policy, .state = AT_LINE_START };
}

static void end_line(struct dot_reader *d)
{
	if (d->line_octets > d->longest_line)
		d->longest_line = d->line_octets;
	d->line_octets = 0;
}

/* A bare newline never makes the next dot one at the start of a line: what
 * the sender's software saw there is unknown, CRLF alone is agreed on. */
static void put_bare(struct dot_reader *d, char c, struct buf *out)
{
	d->bare_seen = true;
	d->state = IN_LINE;
	if (d->policy == BARE_NEWLINE_FIX) {
		end_line(d);
		buf_put(out, V("\r\n"));
	} else {
		d->line_octets++;
		buf_put_char(out, c);
	}
}

/* The longest run that is copied as it stands: whole lines and the start of
 * one, up to a dot at a line start, a bare newline or the end of v. Advances
 * the state; returns the run's length. */
static size_t plain_run(struct dot_reader *d, struct view v)
{
	size_t at = 0;
	while (at < v.n) {
		if (d->state == AT_LINE_START && v.p[at] == '.')
			break;
		d->state = IN_LINE;
		size_t end = at + scan_newline(view_skip(v, at));
		d->line_octets += end - at;
		at = end;
		if (v.n - at < 2 || v.p[at] != '\r' || v.p[at + 1] != '\n')
			break;
		end_line(d);
		d->state = AT_LINE_START;
		at += 2;
	}
	return at;
}

static void step_text(struct dot_reader *d, struct view *in, struct buf *out)
{
	size_t n = plain_run(d, view_head(*in, buf_room(out)));
	buf_put(out, view_head(*in, n));
	*in = view_skip(*in, n);
	if (in->n == 0 || buf_room(out) < ROOM_MIN)
		return;
	char c = in->p[0];
	if (c == '\r') {
		d->state = AFTER_CR;
	} else if (c == '\n') {
		put_bare(d, c, out);
	} else if (c == '.' && d->state == AT_LINE_START) {
		d->state = AFTER_DOT;
	} else {
		return;
	}
	*in = view_skip(*in, 1);
}

static void step_cr(struct dot_reader *d, struct view *in, struct buf *out)
{
	if (in->p[0] != '\n') {
		put_bare(d, '\r', out);
		return;
	}
	end_line(d);
	d->state = AT_LINE_START;
	buf_put(out, V("\r\n"));
	*in = view_skip(*in, 1);
}

static void step_dot(struct dot_reader *d, struct view *in, struct buf *out)
{
	if (d->state == AFTER_DOT && in->p[0] == '\r') {
		d->state = AFTER_DOT_CR;
		*in = view_skip(*in, 1);
	} else if (d->state == AFTER_DOT) {
		d->state = IN_LINE;
	} else if (in->p[0] == '\n') {
		d->state = AT_END;
		*in = view_skip(*in, 1);
	} else {
		put_bare(d, '\r', out);
	}
}

static void step(struct dot_reader *d, struct view *in, struct buf *out)
{
	switch ((enum reader_state)d->state) {
	case AT_LINE_START:
	case IN_LINE:
		step_text(d, in, out);
		break;
	case AFTER_CR:
		step_cr(d, in, out);
		break;
	case AFTER_DOT:
	case AFTER_DOT_CR:
		step_dot(d, in, out);
		break;
	case AT_END:
		break;
	}
}

enum parse dot_reader_feed(
    struct dot_reader *d, struct view *in, struct buf *out)
{
	struct view whole = *in;
	while (in->n && d->state != AT_END && buf_room(out) >= ROOM_MIN)
		step(d, in, out);
	scan_bytes(
	    view_head(whole, whole.n - in->n), &d->nul_seen, &d->eightbit_seen);
	if (d->line_octets > d->longest_line)
		d->longest_line = d->line_octets;
	return d->state == AT_END ? PARSE_OK : PARSE_MORE;
}

enum writer_state {
	WRITER_LINE_START,
	WRITER_IN_LINE,
	WRITER_AFTER_CR
};

void dot_writer_init(struct dot_writer *w)
{
	w->state = WRITER_LINE_START;
}

static uint8_t writer_state_after(struct view v)
{
	switch (v.p[v.n - 1]) {
	case '\n':
		return WRITER_LINE_START;
	case '\r':
		return WRITER_AFTER_CR;
	default:
		return WRITER_IN_LINE;
	}
}

void dot_writer_put(struct dot_writer *w, struct view piece, struct buf *out)
{
	size_t from = 0, at = 0; /* from..at waits to be copied */
	bool after_cr = w->state == WRITER_AFTER_CR;
	if (piece.n == 0)
		return;
	if (w->state == WRITER_LINE_START && piece.p[0] == '.')
		buf_put_char(out, '.');
	while ((at += view_find_byte(view_skip(piece, at), '\n')) < piece.n) {
		if (at > 0 ? piece.p[at - 1] != '\r' : !after_cr) {
			buf_put(out, view_slice(piece, from, at));
			buf_put_char(out, '\r');
			from = at;
		}
		at++;
		if (at < piece.n && piece.p[at] == '.') {
			buf_put(out, view_slice(piece, from, at));
			buf_put_char(out, '.');
			from = at;
		}
	}
	buf_put(out, view_skip(piece, from));
	w->state = writer_state_after(piece);
}

void dot_writer_end(struct dot_writer *w, struct buf *out)
{
	if (w->state == WRITER_IN_LINE)
		buf_put(out, V("\r\n"));
	if (w->state == WRITER_AFTER_CR)
		buf_put_char(out, '\n');
	buf_put(out, V(".\r\n"));
	w->state = WRITER_LINE_START;
}
