#include "text/xtext.h"
#include "base/chars.h"

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
