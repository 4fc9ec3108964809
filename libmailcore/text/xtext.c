#include "text/xtext.h"
#include "base/chars.h"
#include "text/codec.h"

static int hex_of(char c)
{
	if (char_is(c, CHAR_DIGIT))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The character at the start of *v, which is cut; -1: none that may be there.
 */
static int take(struct view *v)
{
	char c = v->p[0];
	if (c == '+') {
		int high = v->n >= 3 ? hex_of(v->p[1]) : -1;
		int low = v->n >= 3 ? hex_of(v->p[2]) : -1;
		*v = view_skip(*v, 3);
		return high < 0 || low < 0 ? -1 : high << 4 | low;
	}
	*v = view_skip(*v, 1);
	return c == '=' || c == ' ' ? -1 : (unsigned char)c;
}

bool xtext_is_printable(struct view v)
{
	while (v.n) {
		int c = take(&v);
		if (c < ' ' || c > '~')
			return false;
	}
	return true;
}

void xtext_put_decoded(struct buf *out, struct view v)
{
	while (v.n)
		buf_put_char(out, (char)take(&v));
}

/* "HEXPOINT", from 2 to 6 digits, between "\x{" and "}". */
static int32_t take_embedded(struct view *v)
{
	struct view digits;
	uint32_t c = 0;
	if (!view_starts(*v, V("\\x{")))
		return -1;
	*v = view_skip(*v, 3);
	if (!view_cut(v, '}', &digits) || digits.n < 2 || digits.n > 6)
		return -1;
	for (size_t i = 0; i < digits.n; i++) {
		int digit = hex_of(char_upper(digits.p[i]));
		if (digit < 0)
			return -1;
		c = c << 4 | (uint32_t)digit;
	}
	bool is_character = c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
	return is_character ? (int32_t)c : -1;
}

static int32_t take_character(struct view *v)
{
	size_t n;
	if (v->p[0] == '\\')
		return take_embedded(v);
	int32_t c = utf8_code_point(*v, &n);
	*v = view_skip(*v, n);
	return c == ' ' || c == '+' || c == '=' ? -1 : c;
}

static bool is_control(int32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0);
}

int utf8_address_decode(struct view v, struct buf *out)
{
	while (v.n) {
		int32_t c = take_character(&v);
		if (c < 0 || is_control(c))
			return MC_E_BAD;
		utf8_put(out, (uint32_t)c);
	}
	return buf_error(out);
}

void utf8_address_encode(struct view v, struct buf *out)
{
	while (v.n) {
		size_t n;
		int32_t c = utf8_code_point(v, &n);
		v = view_skip(v, n);
		if (c > ' ' && c < 0x7f && c != '\\' && c != '+' && c != '=')
			buf_put_char(out, (char)c);
		else
			buf_printf(
			    out, "\\x{%02X}", c < 0 ? 0xfffd : (unsigned)c);
	}
}
