#include "base/chars.h"
#include "text/codec.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

enum {
	REPLACEMENT = 0xfffd
};

/* The shape of a sequence by its first byte: RFC 3629 4. The second byte has
 * narrower bounds after E0, ED, F0 and F4 (overlongs, surrogates, the end). */
struct lead {
	uint8_t n, low, high;
};

static struct lead lead_of(unsigned char c)
{
	if (c < 0x80)
		return (struct lead){ 1, 0, 0 };
	if (c < 0xc2 || c > 0xf4)
		return (struct lead){ 0, 0, 0 };
	if (c < 0xe0)
		return (struct lead){ 2, 0x80, 0xbf };
	if (c < 0xf0)
		return (struct lead){ 3, c == 0xe0 ? 0xa0 : 0x80,
			c == 0xed ? 0x9f : 0xbf };
	return (
	    struct lead){ 4, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf };
}

int32_t utf8_code_point(struct view v, size_t *n)
{
	unsigned char first = (unsigned char)v.p[0];
	struct lead lead = lead_of(first);
	*n = 1;
	if (lead.n == 1)
		return first;
	if (lead.n == 0 || v.n < lead.n)
		return -1;
	uint32_t c = first & (0x7fu >> lead.n);
	for (size_t i = 1; i < lead.n; i++) {
		unsigned char next = (unsigned char)v.p[i];
		if (next < (i == 1 ? lead.low : 0x80) ||
		    next > (i == 1 ? lead.high : 0xbf))
			return -1;
		c = c << 6 | (next & 0x3f);
	}
	*n = lead.n;
	return (int32_t)c;
}

static size_t ascii_run(struct view v)
{
	size_t i = 0;
	for (; v.n - i >= 8; i += 8) {
		uint64_t w;
		memcpy(&w, v.p + i, sizeof w);
		if (w & 0x8080808080808080u)
			break;
	}
	while (i < v.n && (unsigned char)v.p[i] < 0x80)
		i++;
	return i;
}

bool utf8_is_valid(struct view v)
{
	for (v = view_skip(v, ascii_run(v)); v.n;
	     v = view_skip(v, ascii_run(v))) {
		size_t n;
		if (utf8_code_point(v, &n) < 0)
			return false;
		v = view_skip(v, n);
	}
	return true;
}

void utf8_put(struct buf *out, uint32_t c)
{
	char b[4];
	size_t n = 0;
	if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		c = REPLACEMENT;
	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xc0 | c >> 6);
	} else if (c < 0x10000) {
		b[n++] = (char)(0xe0 | c >> 12);
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	} else {
		b[n++] = (char)(0xf0 | c >> 18);
		b[n++] = (char)(0x80 | (c >> 12 & 0x3f));
		b[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	}
	if (c >= 0x80)
		b[n++] = (char)(0x80 | (c & 0x3f));
	buf_put(out, (struct view){ b, n });
}

void utf8_repair(struct view in, struct buf *out)
{
	while (in.n) {
		size_t n = ascii_run(in), good = n;
		while (good < in.n &&
		       utf8_code_point(view_skip(in, good), &n) >= 0)
			good += n;
		buf_put(out, view_head(in, good));
		in = view_skip(in, good);
		if (in.n)
			utf8_put(out, REPLACEMENT);
		in = view_skip(in, 1);
	}
}

int utf8_normalize(struct view in, struct buf *out)
{
	utf8proc_uint8_t *nfc = NULL;
	if (!utf8_is_valid(in))
		return MC_E_BAD;
	if (ascii_run(in) == in.n) {
		buf_put(out, in);
		return buf_error(out);
	}
	utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)in.p,
	    (utf8proc_ssize_t)in.n, &nfc, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
	if (n < 0)
		return n == UTF8PROC_ERROR_NOMEM ? MC_E_LIMIT : MC_E_BAD;
	buf_put(out, (struct view){ (const char *)nfc, (size_t)n });
	free(nfc);
	return buf_error(out);
}

/* Controls, formats, private use, what is not assigned, blanks. */
static const uint32_t no_name =
    1u << UTF8PROC_CATEGORY_CC | 1u << UTF8PROC_CATEGORY_CF |
    1u << UTF8PROC_CATEGORY_CO | 1u << UTF8PROC_CATEGORY_CN |
    1u << UTF8PROC_CATEGORY_ZS | 1u << UTF8PROC_CATEGORY_ZL |
    1u << UTF8PROC_CATEGORY_ZP;

/* U+200C and U+200D join letters in some scripts, and are for names in them. */
static bool may_be_in_name(int32_t c)
{
	return c < 0x80 || c == 0x200c || c == 0x200d ||
	       !(no_name & 1u << utf8proc_category(c));
}

int utf8_name(struct view in, struct buf *out)
{
	struct buf lower;
	int error = 0;
	buf_init(&lower, 4 * in.n);
	while (in.n && !error) {
		size_t n;
		int32_t c = utf8_code_point(in, &n);
		error = c < 0 || !may_be_in_name(c) ? MC_E_BAD : 0;
		if (!error)
			utf8_put(&lower, (uint32_t)utf8proc_tolower(c));
		in = view_skip(in, n);
	}
	if (!error)
		error = buf_error(&lower);
	if (!error)
		error = utf8_normalize(buf_view(&lower), out);
	buf_deinit(&lower);
	return error;
}

static void fold_ascii(struct view v, struct buf *out)
{
	while (v.n) {
		char lower[256];
		size_t n = v.n < sizeof lower ? v.n : sizeof lower;
		for (size_t i = 0; i < n; i++)
			lower[i] = char_lower(v.p[i]);
		buf_put(out, (struct view){ lower, n });
		v = view_skip(v, n);
	}
}

/* Each code point alone, so that a text may be folded in pieces. */
static void fold_code_point(int32_t c, struct buf *out)
{
	const utf8proc_option_t options = UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT |
					  UTF8PROC_CASEFOLD |
					  UTF8PROC_STRIPMARK | UTF8PROC_IGNORE;
	utf8proc_int32_t folded[32]; /* the longest there is has 18 */
	int bound = 0;
	utf8proc_ssize_t n =
	    utf8proc_decompose_char(c, folded, 32, options, &bound);
	if (n < 0 || n > 32) {
		utf8_put(out, (uint32_t)c);
		return;
	}
	for (utf8proc_ssize_t i = 0; i < n; i++)
		utf8_put(out, (uint32_t)folded[i]);
}

void utf8_fold(struct view in, struct buf *out)
{
	while (in.n && !buf_error(out)) {
		size_t n = ascii_run(in);
		fold_ascii(view_head(in, n), out);
		in = view_skip(in, n);
		if (in.n == 0)
			return;
		int32_t c = utf8_code_point(in, &n);
		fold_code_point(c < 0 ? REPLACEMENT : c, out);
		in = view_skip(in, n);
	}
}
