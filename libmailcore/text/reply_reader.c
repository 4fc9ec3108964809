#include "text/reply_reader.h"
#include "base/chars.h"
#include "text/codec.h"
#include "text/reply.h"
#include <string.h>

/* The size of the UTF-8 sequence of a printable character at v's start; 0: it
 * is none. U+0080 to U+009F are control characters. */
static size_t printable_size(struct view v)
{
	if ((unsigned char)v.p[0] < 0x80)
		return char_is(v.p[0], CHAR_PRINT) ? 1 : 0;
	for (size_t n = 2; n <= 4 && n <= v.n; n++)
		if (utf8_is_valid(view_head(v, n)))
			return v.p[0] == '\xc2' && (uint8_t)v.p[1] < 0xa0 ? 0
									  : n;
	return 0;
}

static void keep_bytes(struct reply_reader *r, struct view v)
{
	if (v.n > sizeof r->text - r->n_text)
		return;
	memcpy(r->text + r->n_text, v.p, v.n);
	r->n_text += v.n;
}

static void keep_text(struct reply_reader *r, struct view v)
{
	while (v.n && r->n_text < sizeof r->text) {
		size_t n = printable_size(v);
		if (n)
			keep_bytes(r, view_head(v, n));
		else
			keep_bytes(r, v.p[0] == '\t' ? V(" ") : V("?"));
		v = view_skip(v, n ? n : 1);
	}
}

/* The code of the first line stands for all of them, and so does the enhanced
 * code where a line repeats it. */
static void keep(struct reply_reader *r, struct view line, struct view text)
{
	uint8_t enhanced[3] = { 0, 0, 0 };
	struct view plain = text;
	bool has_code = reply_take_enhanced(&plain, r->code, enhanced);
	if (r->n_lines == 0) {
		memcpy(r->enhanced, enhanced, sizeof enhanced);
		keep_text(r, view_head(line, 3));
		plain = text;
	} else if (!has_code || memcmp(enhanced, r->enhanced, 3) != 0) {
		plain = text;
	}
	if (plain.n)
		keep_text(r, V(" "));
	keep_text(r, plain);
}

static enum parse judge(struct reply_reader *r, struct view line,
    struct view *text, const char **why)
{
	uint32_t code;
	*text = view_skip(line, 4);
	bool is_last = line.n <= 3 || line.p[3] == ' ';
	*why = "not an SMTP reply";
	if (line.n < 3 || !view_u32(view_head(line, 3), &code) || code < 200 ||
	    code > 599 || (!is_last && line.p[3] != '-'))
		return PARSE_BAD;
	*why = "the reply's code changes between its lines";
	if (r->n_lines > 0 && code != r->code)
		return PARSE_BAD;
	*why = "the reply has too many lines";
	if (r->n_lines == REPLY_READER_LINES_MAX)
		return PARSE_BAD;
	r->code = (uint16_t)code;
	keep(r, line, *text);
	r->n_lines++;
	r->is_whole = is_last;
	return PARSE_OK;
}

enum parse reply_reader_take(struct reply_reader *r, struct view *in,
    struct view *line, const char **why)
{
	size_t lf = view_find_byte(*in, '\n');
	*why = "the reply's line is too long";
	if (lf >= REPLY_READER_LINE_MAX)
		return PARSE_BAD;
	if (lf == in->n)
		return PARSE_MORE;
	if (r->is_whole)
		*r = (struct reply_reader){ 0 };
	struct view whole = view_head(*in, lf);
	if (whole.n && whole.p[whole.n - 1] == '\r')
		whole.n--;
	enum parse result = judge(r, whole, line, why);
	if (result == PARSE_OK)
		*in = view_skip(*in, lf + 1);
	return result;
}
