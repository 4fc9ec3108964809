#include "text/reply.h"
#include "base/chars.h"
#include "text/line.h"

enum {
	REPLY_LINE_MAX = 512,
	REPLY_LINES_MAX = 100
};

static bool may_stand(char c)
{
	return char_is(c, CHAR_PRINT) || c == '\t';
}

static void put_text(struct buf *out, struct view v)
{
	size_t from = 0;
	for (size_t i = 0; i < v.n; i++) {
		if (may_stand(v.p[i]))
			continue;
		buf_put(out, view_slice(v, from, i));
		buf_put_char(out, '?');
		from = i + 1;
	}
	buf_put(out, view_skip(v, from));
}

static void put_code(struct buf *out, const struct reply *r, bool is_last)
{
	buf_put_u64(out, r->code);
	buf_put_char(out, is_last ? ' ' : '-');
	if (r->enhanced[0])
		buf_printf(out, "%u.%u.%u ", r->enhanced[0], r->enhanced[1],
		    r->enhanced[2]);
}

/* RFC 5321 4.5.3.1.5: 512 octets a line with code and CRLF. "ddd-d.ddd.ddd "
 * takes at most 14. */
enum {
	REPLY_TEXT_MAX = REPLY_LINE_MAX - 14 - 2
};

void reply_put(struct buf *out, const struct reply *r)
{
	struct view rest = r->text;
	bool more;
	do {
		struct view line;
		more = view_cut(&rest, '\n', &line);
		while (line.n > REPLY_TEXT_MAX) {
			put_code(out, r, false);
			put_text(out, view_head(line, REPLY_TEXT_MAX));
			buf_put(out, V("\r\n"));
			line = view_skip(line, REPLY_TEXT_MAX);
		}
		put_code(out, r, !more);
		put_text(out, line);
		buf_put(out, V("\r\n"));
	} while (more);
}

static bool take_number(struct view *v, uint8_t *out)
{
	uint32_t n;
	size_t digits = 0;
	while (digits < v->n && digits < 4 && char_is(v->p[digits], CHAR_DIGIT))
		digits++;
	if (digits > 3 || !view_u32(view_head(*v, digits), &n) || n > UINT8_MAX)
		return false;
	*out = (uint8_t)n;
	*v = view_skip(*v, digits);
	return true;
}

static bool take_char(struct view *v, char c)
{
	if (v->n == 0 || v->p[0] != c)
		return false;
	*v = view_skip(*v, 1);
	return true;
}

/* RFC 2034 4: "the class of the enhanced code must match the reply's first
 * digit"; what does not is text. */
static bool take_enhanced(struct view *text, unsigned code, uint8_t enhanced[3])
{
	struct view v = *text;
	uint8_t found[3];
	if (!take_number(&v, &found[0]) || !take_char(&v, '.') ||
	    !take_number(&v, &found[1]) || !take_char(&v, '.') ||
	    !take_number(&v, &found[2]))
		return false;
	if (found[0] != code / 100 || found[0] == 3 ||
	    (v.n > 0 && !take_char(&v, ' ')))
		return false;
	for (int i = 0; i < 3; i++)
		enhanced[i] = found[i];
	*text = v;
	return true;
}

static bool same_code(const uint8_t a[3], const uint8_t b[3])
{
	return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

struct reply_line {
	uint32_t code;
	bool is_last;
	struct view text;
};

static bool split_line(struct view line, struct reply_line *out)
{
	struct view digits = view_head(line, 3);
	out->text = view_skip(line, 4);
	out->is_last = line.n <= 3 || line.p[3] == ' ';
	if (digits.n < 3 || !view_u32(digits, &out->code) || out->code < 200 ||
	    out->code > 599)
		return false;
	return out->is_last || line.p[3] == '-';
}

static void join(
    struct reply *reply, struct view text, bool is_first, struct buf *storage)
{
	uint8_t enhanced[3] = { 0, 0, 0 };
	struct view plain = text;
	bool has_code = take_enhanced(&plain, reply->code, enhanced);
	if (is_first && has_code)
		for (int i = 0; i < 3; i++)
			reply->enhanced[i] = enhanced[i];
	if (!is_first)
		buf_put_char(storage, '\n');
	has_code = has_code && same_code(enhanced, reply->enhanced);
	buf_put(storage, has_code ? plain : text);
}

static enum parse take_lines(
    struct view *in, struct reply *reply, struct buf *storage, const char **why)
{
	for (unsigned i = 0; i < REPLY_LINES_MAX; i++) {
		struct reply_line part;
		struct view line;
		enum line_fault fault;
		enum parse r = line_take(in, REPLY_LINE_MAX, &line, &fault);
		if (r == PARSE_BAD)
			*why = fault == LINE_FAULT_TOO_LONG
				   ? "reply line is too long"
				   : "reply line does not end in CRLF";
		if (r != PARSE_OK)
			return r;
		*why = "not an SMTP reply";
		if (!split_line(line, &part))
			return PARSE_BAD;
		*why = "reply code changes between lines";
		if (i > 0 && part.code != reply->code)
			return PARSE_BAD;
		reply->code = (uint16_t)part.code;
		join(reply, part.text, i == 0, storage);
		if (part.is_last)
			return PARSE_OK;
	}
	*why = "reply has too many lines";
	return PARSE_BAD;
}

enum parse reply_take(
    struct view *in, struct reply *out, struct buf *storage, const char **why)
{
	struct view rest = *in;
	struct reply reply = { 0 };
	buf_reset(storage);
	enum parse r = take_lines(&rest, &reply, storage, why);
	if (r != PARSE_OK)
		return r;
	*why = "reply is too long";
	if (buf_error(storage))
		return PARSE_BAD;
	reply.text = buf_view(storage);
	*out = reply;
	*in = rest;
	return PARSE_OK;
}
