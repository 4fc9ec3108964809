#include "text/message/header.h"
#include "base/chars.h"
#include "text/codec.h"

static size_t line_size(struct view v)
{
	size_t lf = view_find_byte(v, '\n');
	return lf < v.n ? lf + 1 : v.n;
}

static struct view without_line_end(struct view v)
{
	if (v.n && v.p[v.n - 1] == '\n')
		v.n--;
	if (v.n && v.p[v.n - 1] == '\r')
		v.n--;
	return v;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void split_field(struct header_field *f)
{
	struct view text = without_line_end(f->raw), name;
	f->value = text;
	f->name = V_NONE;
	if (!view_cut(&text, ':', &name))
		return;
	/* RFC 5322 4.5: blanks before the colon are obsolete, not wrong. */
	while (name.n && is_blank(name.p[name.n - 1]))
		name.n--;
	for (size_t i = 0; i < name.n; i++)
		if (!char_is(name.p[i], CHAR_FTEXT))
			return;
	if (name.n == 0)
		return;
	f->name = name;
	f->value = text;
}

enum parse header_next(struct view *block, struct header_field *out)
{
	size_t n = line_size(*block);
	if (without_line_end(view_head(*block, n)).n == 0) {
		*block = view_skip(*block, n);
		return PARSE_MORE;
	}
	while (n < block->n && is_blank(block->p[n]))
		n += line_size(view_skip(*block, n));
	out->raw = view_head(*block, n);
	*block = view_skip(*block, n);
	split_field(out);
	return PARSE_OK;
}

bool header_find(struct view block, struct view name, struct header_field *out)
{
	struct header_field f;
	while (header_next(&block, &f) == PARSE_OK)
		if (view_ieq(f.name, name)) {
			*out = f;
			return true;
		}
	return false;
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

static struct view trim_space(struct view v)
{
	while (v.n && is_space(v.p[0]))
		v = view_skip(v, 1);
	while (v.n && is_space(v.p[v.n - 1]))
		v.n--;
	return v;
}

void header_unfold(struct view value, struct buf *out)
{
	size_t from = 0;
	value = trim_space(value);
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] != '\r' && value.p[i] != '\n')
			continue;
		buf_put(out, view_slice(value, from, i));
		from = i + 1;
		if (from < value.n && value.p[from] == '\t') {
			buf_put_char(out, ' ');
			from++;
		}
	}
	buf_put(out, view_skip(value, from));
}

struct encoded_word {
	struct view charset, text;
	bool is_base64;
};

/* More than one "?" in the text is against RFC 2047 but happens; the bound
 * keeps the search linear. */
static bool find_word_end(struct view v, size_t *end)
{
	size_t at = 0;
	for (int stray = 0; stray < 8; stray++) {
		at += view_find_byte(view_skip(v, at), '?');
		if (at + 1 >= v.n)
			return false;
		if (v.p[at + 1] == '=') {
			*end = at;
			return true;
		}
		at++;
	}
	return false;
}

/* "=?charset*language?encoding?text?=" at the start of in. */
static bool take_word(struct view *in, struct encoded_word *out)
{
	struct view v = view_skip(*in, 2);
	size_t n = 0, end;
	if (!view_starts(*in, V("=?")))
		return false;
	while (
	    n < v.n && n < 64 && v.p[n] != '?' && char_is(v.p[n], CHAR_PRINT))
		n++;
	if (n == 0 || v.n - n < 3 || v.p[n] != '?' || v.p[n + 2] != '?')
		return false;
	char encoding = char_lower(v.p[n + 1]);
	if (encoding != 'b' && encoding != 'q')
		return false;
	struct view charset = view_head(v, n);
	view_cut(&charset, '*', &out->charset); /* RFC 2231 5: language */
	out->is_base64 = encoding == 'b';
	v = view_skip(v, n + 3);
	if (!find_word_end(v, &end))
		return false;
	out->text = view_head(v, end);
	*in = view_skip(v, end + 2);
	return true;
}

static void decode_q(struct view v, struct buf *out)
{
	for (size_t i = 0; i < v.n; i++) {
		bool whole = v.n - i > 2;
		int high = whole ? char_hex(v.p[i + 1]) : -1;
		int low = whole ? char_hex(v.p[i + 2]) : -1;
		if (v.p[i] == '=' && high >= 0 && low >= 0) {
			buf_put_char(out, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_put_char(out, v.p[i] == '_' ? ' ' : v.p[i]);
		}
	}
}

static void decode_word(const struct encoded_word *w, struct buf *out)
{
	struct decoder d;
	if (!w->is_base64) {
		decode_q(w->text, out);
		return;
	}
	decoder_init(&d, ENCODING_BASE64);
	decoder_put(&d, w->text, out);
	decoder_end(&d, out);
}

static size_t blanks(struct view v)
{
	size_t n = 0;
	while (n < v.n && is_blank(v.p[n]))
		n++;
	return n;
}

/* One encoded word and its neighbours of the same charset: many senders cut
 * a character in two. "White space between adjacent encoded words is not
 * displayed" (RFC 2047 6.2). */
static bool take_words(struct view *in, struct buf *bytes, struct buf *out)
{
	struct encoded_word first, next;
	if (!take_word(in, &first))
		return false;
	buf_reset(bytes);
	decode_word(&first, bytes);
	for (;;) {
		struct view rest = view_skip(*in, blanks(*in));
		if (!take_word(&rest, &next))
			break;
		*in = view_skip(*in, blanks(*in));
		if (!view_ieq(next.charset, first.charset))
			break;
		decode_word(&next, bytes);
		*in = rest;
	}
	charset_to_utf8(first.charset, buf_view(bytes), out);
	return true;
}

static void decode_words(struct view in, struct buf *bytes, struct buf *out)
{
	while (in.n && !buf_error(out)) {
		size_t at = view_find(in, V("=?"));
		utf8_repair(view_head(in, at), out);
		in = view_skip(in, at);
		if (in.n == 0 || take_words(&in, bytes, out))
			continue;
		buf_put(out, view_head(in, 2));
		in = view_skip(in, 2);
	}
}

void header_decode(struct view value, struct buf *out)
{
	struct buf plain, bytes;
	buf_init(&plain, value.n);
	buf_init(&bytes, value.n);
	header_unfold(value, &plain);
	decode_words(buf_view(&plain), &bytes, out);
	buf_deinit(&plain);
	buf_deinit(&bytes);
}
