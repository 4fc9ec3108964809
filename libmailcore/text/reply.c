#include "text/reply.h"
#include "base/chars.h"

enum {
	REPLY_LINE_MAX = 512
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

bool reply_take_enhanced(struct view *text, unsigned code, uint8_t enhanced[3])
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
