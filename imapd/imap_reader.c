#include "imapd/imap_reader.h"
#include "base/chars.h"
#include "base/panic.h"
#include "text/line.h"
#include <string.h>

enum {
	TAG_MAX = 64,
	LITERAL_DIGITS_MAX = 19
};

void imap_reader_init(struct imap_reader *r, const struct imap_limits *limits)
{
	*r = (struct imap_reader){ .limits = *limits };
	buf_init(&r->command, limits->text_max + limits->literal_max + 64);
}

void imap_reader_deinit(struct imap_reader *r)
{
	buf_deinit(&r->command);
}

void imap_reader_reset(struct imap_reader *r)
{
	buf_reset(&r->command);
	buf_trim(&r->command);
	r->line_start = r->literal_bytes = 0;
	r->why = NULL;
	if (r->state == READER_DONE)
		r->state = READER_LINE;
}

struct view imap_reader_command(const struct imap_reader *r)
{
	return buf_view(&r->command);
}

struct view imap_reader_tag(const struct imap_reader *r)
{
	struct view v = buf_view(&r->command), tag = V("*");
	size_t n = 0;
	while (n < v.n && n <= TAG_MAX && v.p[n] != '+' &&
	       (char_is(v.p[n], CHAR_IMAP_ATOM) || v.p[n] == ']'))
		n++;
	if (n > 0 && n <= TAG_MAX && n < v.n && v.p[n] == ' ')
		tag = view_head(v, n);
	return tag;
}

/* "{123}" or "{123+}" at the end of a line. */
static bool literal_at_end(struct view line, uint64_t *size, bool *plus)
{
	if (!line.n || line.p[line.n - 1] != '}')
		return false;
	size_t open = view_rfind_byte(line, '{');
	if (open == line.n)
		return false;
	struct view number = view_slice(line, open + 1, line.n - 1);
	*plus = number.n && number.p[number.n - 1] == '+';
	if (*plus)
		number.n--;
	return number.n <= LITERAL_DIGITS_MAX && view_u64(number, size) &&
	       *size <= INT64_MAX;
}

static void remember_tail(struct imap_reader *r, struct view piece)
{
	struct view end = view_skip(
	    piece, piece.n > sizeof r->tail ? piece.n - sizeof r->tail : 0);
	size_t keep = sizeof r->tail - end.n;
	if (keep > r->n_tail)
		keep = r->n_tail;
	memmove(r->tail, r->tail + r->n_tail - keep, keep);
	if (end.n)
		memcpy(r->tail + keep, end.p, end.n);
	r->n_tail = keep + end.n;
}

static enum imap_read fault(struct imap_reader *r)
{
	r->state = READER_DONE;
	return IMAP_READ_FAULT;
}

/* A line of a refused command has ended: is there more of the command? */
static enum imap_read skipped_line(struct imap_reader *r, struct view line)
{
	bool plus = false;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (!r->raw_line && literal_at_end(line, &r->literal_left, &plus) &&
	    plus) {
		r->state = READER_SKIP_LITERAL;
		return IMAP_READ_MORE;
	}
	return fault(r);
}

static enum imap_read skip_line(struct imap_reader *r, struct view *in)
{
	size_t n = view_find_byte(*in, '\n');
	remember_tail(r, view_head(*in, n));
	if (n == in->n) {
		*in = view_skip(*in, n);
		return IMAP_READ_MORE;
	}
	*in = view_skip(*in, n + 1);
	return skipped_line(r, (struct view){ r->tail, r->n_tail });
}

static void begin_skip_line(struct imap_reader *r)
{
	r->n_tail = 0;
	r->state = READER_SKIP_LINE;
}

static const char *const fault_texts[] = {
	[LINE_FAULT_NONE] = NULL,
	[LINE_FAULT_BARE_CR] = "CR without LF in a command",
	[LINE_FAULT_BARE_LF] = "LF without CR in a command",
	[LINE_FAULT_NUL] = "NUL in a command",
	[LINE_FAULT_TOO_LONG] = "Command line too long",
};

/* A whole line is at the end of r->command. */
static enum imap_read take_line(struct imap_reader *r)
{
	struct view in = view_skip(buf_view(&r->command), r->line_start), line;
	enum line_fault line_fault = LINE_FAULT_NONE;
	bool plus = false;
	if (line_take(&in, in.n, &line, &line_fault) != PARSE_OK) {
		r->why = fault_texts[line_fault];
		return skipped_line(
		    r, view_head(line, line.n ? line.n - 1 : 0));
	}
	if (r->raw_line || !literal_at_end(line, &r->literal_size, &plus)) {
		buf_truncate(&r->command, buf_len(&r->command) - 2);
		r->state = READER_DONE;
		return IMAP_READ_COMMAND;
	}
	r->literal_plus = plus;
	r->line_start = buf_len(&r->command);
	r->state = READER_ASK;
	return IMAP_READ_LITERAL;
}

static enum imap_read read_line(struct imap_reader *r, struct view *in)
{
	size_t n = view_find_byte(*in, '\n');
	size_t whole = n < in->n ? n + 1 : n;
	size_t text = buf_len(&r->command) - r->literal_bytes;
	if (text + whole > r->limits.text_max) {
		size_t fits = r->limits.text_max - text;
		buf_put(&r->command, view_head(*in, fits));
		r->why = fault_texts[LINE_FAULT_TOO_LONG];
		begin_skip_line(r);
		remember_tail(
		    r, view_skip(imap_reader_command(r), r->line_start));
		*in = view_skip(*in, fits);
		return skip_line(r, in);
	}
	buf_put(&r->command, view_head(*in, whole));
	*in = view_skip(*in, whole);
	return n < whole ? take_line(r) : IMAP_READ_MORE;
}

static enum imap_read read_literal(struct imap_reader *r, struct view *in)
{
	struct view piece = view_head(*in, r->literal_left);
	buf_put(&r->command, piece);
	*in = view_skip(*in, piece.n);
	r->literal_left -= piece.n;
	if (r->literal_left == 0) {
		r->line_start = buf_len(&r->command);
		r->state = READER_LINE;
	}
	return IMAP_READ_MORE;
}

static enum imap_read read_stream(struct imap_reader *r, struct view *in)
{
	r->piece = view_head(*in, r->literal_left);
	*in = view_skip(*in, r->piece.n);
	r->literal_left -= r->piece.n;
	if (r->literal_left == 0)
		r->state = READER_LINE;
	return IMAP_READ_DATA;
}

static enum imap_read skip_literal(struct imap_reader *r, struct view *in)
{
	size_t n = view_head(*in, r->literal_left).n;
	*in = view_skip(*in, n);
	r->literal_left -= n;
	if (r->literal_left == 0)
		begin_skip_line(r);
	return IMAP_READ_MORE;
}

static enum imap_read step(struct imap_reader *r, struct view *in)
{
	switch (r->state) {
	case READER_LINE:
		return read_line(r, in);
	case READER_LITERAL:
		return read_literal(r, in);
	case READER_STREAM:
		return read_stream(r, in);
	case READER_SKIP_LINE:
		return skip_line(r, in);
	case READER_SKIP_LITERAL:
		return skip_literal(r, in);
	case READER_ASK:
	case READER_DONE:
		break;
	}
	panic("imap reader: asked out of turn");
}

enum imap_read imap_reader_next(struct imap_reader *r, struct view *in)
{
	enum imap_read got = IMAP_READ_MORE;
	while (in->n && got == IMAP_READ_MORE)
		got = step(r, in);
	return got;
}

static void refuse(struct imap_reader *r)
{
	if (!r->literal_plus) {
		r->state = READER_DONE;
		return;
	}
	r->literal_left = r->literal_size;
	r->state = READER_SKIP_LITERAL;
	if (r->literal_left == 0)
		begin_skip_line(r);
}

bool imap_reader_literal(struct imap_reader *r, enum imap_literal answer)
{
	mc_assert(r->state == READER_ASK);
	if (answer == IMAP_LITERAL_KEEP &&
	    r->literal_size > r->limits.literal_max - r->literal_bytes)
		answer = IMAP_LITERAL_REFUSE;
	if (answer == IMAP_LITERAL_REFUSE) {
		refuse(r);
		return false;
	}
	r->literal_left = r->literal_size;
	if (answer == IMAP_LITERAL_KEEP)
		r->literal_bytes += r->literal_left;
	r->state = answer == IMAP_LITERAL_KEEP ? READER_LITERAL : READER_STREAM;
	if (r->literal_left == 0)
		r->state = READER_LINE;
	return true;
}
