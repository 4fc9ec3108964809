#include "text/codec.h"
#include "base/chars.h"
#include <string.h>

enum {
	CHUNK_BYTES = 1024
};

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint32_t octet(struct view v, size_t i)
{
	return i < v.n ? (unsigned char)v.p[i] : 0;
}

void base64_encode(struct view in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i += 3) {
		uint32_t w = octet(in, i) << 16 | octet(in, i + 1) << 8 |
			     octet(in, i + 2);
		char four[4];
		for (unsigned k = 0; k < 4; k++)
			four[k] = base64_digits[w >> (18 - 6 * k) & 63];
		for (size_t k = in.n - i; k < 3; k++)
			four[k + 1] = '=';
		buf_put(out, (struct view){ four, 4 });
	}
}

/* The value of a base64 digit, -1 for all else. */
enum {
	XX = -1
};

static const int8_t sextets[128] = { XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX,
	XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, XX, 62, XX, XX, XX,
	63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, XX, XX, XX, XX, XX, XX, XX,
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
	20, 21, 22, 23, 24, 25, XX, XX, XX, XX, XX, XX, 26, 27, 28, 29, 30, 31,
	32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49,
	50, 51, XX, XX, XX, XX, XX };

static int sextet(char c)
{
	unsigned char u = (unsigned char)c;
	return u < 128 ? sextets[u] : -1;
}

/* RFC 4648 3.5: pad bits that are not zero make a second encoding of the same
 * bytes; the strict decoder refuses them. */
static bool take_quantum(struct view four, struct buf *out)
{
	size_t digits = 4;
	uint32_t w = 0;
	while (digits > 2 && four.p[digits - 1] == '=')
		digits--;
	for (size_t i = 0; i < digits; i++) {
		int six = sextet(four.p[i]);
		if (six < 0)
			return false;
		w |= (uint32_t)six << (18 - 6 * i);
	}
	char bytes[3] = { (char)(w >> 16), (char)(w >> 8), (char)w };
	for (size_t i = digits - 1; i < 3; i++)
		if (bytes[i])
			return false;
	buf_put(out, (struct view){ bytes, digits - 1 });
	return true;
}

int base64_decode(struct view in, struct buf *out)
{
	if (in.n % 4)
		return MC_E_BAD;
	for (; in.n; in = view_skip(in, 4)) {
		if (in.n > 4 && in.p[3] == '=')
			return MC_E_BAD;
		if (!take_quantum(view_head(in, 4), out))
			return MC_E_BAD;
	}
	return buf_error(out);
}

void decoder_init(struct decoder *d, enum transfer_encoding encoding)
{
	*d = (struct decoder){ .encoding = encoding };
}

/* bits holds n_bits of a quantum that has begun. */
static size_t end_quantum(struct decoder *d, char *to)
{
	size_t n = 0;
	for (; d->n_bits >= 8; n++) {
		d->n_bits = (uint8_t)(d->n_bits - 8);
		to[n] = (char)(d->bits >> d->n_bits);
	}
	d->n_bits = 0;
	d->bits = 0;
	return n;
}

/* Whole quanta without anything else between: nearly all of a body. Returns
 * how many characters it took. */
static size_t put_quanta(struct view in, char *to)
{
	size_t i = 0;
	for (; in.n - i >= 4; i += 4) {
		int a = sextet(in.p[i]), b = sextet(in.p[i + 1]);
		int c = sextet(in.p[i + 2]), d = sextet(in.p[i + 3]);
		if ((a | b | c | d) < 0)
			break;
		*to++ = (char)(a << 2 | b >> 4);
		*to++ = (char)(b << 4 | c >> 2);
		*to++ = (char)(c << 6 | d);
	}
	return i;
}

/* RFC 2045 6.8: "All line breaks or other characters not found in Table 1
 * must be ignored". An = ends a quantum; what follows begins another, as some
 * senders join encoded pieces. */
static size_t put_digit(struct decoder *d, char c, char *to)
{
	int six = sextet(c);
	if (six >= 0) {
		d->bits = d->bits << 6 | (uint32_t)six;
		d->n_bits = (uint8_t)(d->n_bits + 6);
	}
	return d->n_bits == 24 || c == '=' ? end_quantum(d, to) : 0;
}

static void put_base64(struct decoder *d, struct view in, struct buf *out)
{
	while (in.n) {
		char bytes[CHUNK_BYTES + 8];
		struct view part = view_head(in, CHUNK_BYTES);
		size_t n = 0;
		in = view_skip(in, part.n);
		while (part.n) {
			n += put_digit(d, part.p[0], bytes + n);
			part = view_skip(part, 1);
			if (d->n_bits)
				continue;
			size_t run = put_quanta(part, bytes + n);
			n += run / 4 * 3;
			part = view_skip(part, run);
		}
		buf_put(out, (struct view){ bytes, n });
	}
}

/* Blanks are held back until it is known whether they end a line: RFC 2045
 * 6.7 (3) "must be deleted". bits has a 1 for each tab of the n_bits held. */
enum {
	QP_TEXT,
	QP_EQUAL,
	QP_HEX,
	QP_SOFT_CR,
	QP_HELD_MAX = 32
};

static void put_held(struct decoder *d, struct buf *out)
{
	while (d->n_bits) {
		d->n_bits--;
		buf_put_char(out, d->bits >> d->n_bits & 1 ? '\t' : ' ');
	}
	d->bits = 0;
}

static void drop_held(struct decoder *d)
{
	d->bits = 0;
	d->n_bits = 0;
}

static void hold(struct decoder *d, struct view blanks, struct buf *out)
{
	for (size_t i = 0; i < blanks.n; i++) {
		if (d->n_bits == QP_HELD_MAX)
			put_held(d, out);
		d->bits = d->bits << 1 | (blanks.p[i] == '\t');
		d->n_bits++;
	}
}

static size_t qp_plain_run(struct view v)
{
	size_t i = 0;
	while (i < v.n && v.p[i] != '=' && v.p[i] != '\r' && v.p[i] != '\n')
		i++;
	return i;
}

static struct view without_trailing_blanks(struct view v)
{
	while (v.n && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

/* Text up to the next = ; returns what is left. */
static struct view qp_text(struct decoder *d, struct view in, struct buf *out)
{
	struct view run = view_head(in, qp_plain_run(in));
	struct view text = without_trailing_blanks(run);
	if (text.n)
		put_held(d, out);
	buf_put(out, text);
	hold(d, view_skip(run, text.n), out);
	in = view_skip(in, run.n);
	if (in.n == 0)
		return in;
	if (in.p[0] == '=') {
		put_held(d, out);
		d->state = QP_EQUAL;
	} else {
		drop_held(d);
		buf_put_char(out, in.p[0]);
	}
	return view_skip(in, 1);
}

/* Behind "=": a digit, a soft line break, blanks before one, or an = that
 * stands for itself, which RFC 2045 6.7 advises to keep. */
static struct view qp_equal(struct decoder *d, struct view in, struct buf *out)
{
	char c = in.p[0];
	if (c == ' ' || c == '\t') {
		hold(d, view_head(in, 1), out);
		return view_skip(in, 1);
	}
	if (c == '\r' || c == '\n') {
		drop_held(d);
		d->state = c == '\r' ? QP_SOFT_CR : QP_TEXT;
		return view_skip(in, 1);
	}
	if (char_hex(c) >= 0 && d->n_bits == 0) {
		d->held = c;
		d->state = QP_HEX;
		return view_skip(in, 1);
	}
	buf_put_char(out, '=');
	d->state = QP_TEXT;
	return in;
}

static struct view qp_hex(struct decoder *d, struct view in, struct buf *out)
{
	int low = char_hex(in.p[0]);
	d->state = QP_TEXT;
	if (low >= 0) {
		buf_put_char(out, (char)(char_hex(d->held) << 4 | low));
		return view_skip(in, 1);
	}
	buf_put_char(out, '=');
	buf_put_char(out, d->held);
	return in;
}

static void put_quoted(struct decoder *d, struct view in, struct buf *out)
{
	while (in.n && !buf_error(out)) {
		if (d->state == QP_TEXT) {
			in = qp_text(d, in, out);
		} else if (d->state == QP_EQUAL) {
			in = qp_equal(d, in, out);
		} else if (d->state == QP_HEX) {
			in = qp_hex(d, in, out);
		} else {
			d->state = QP_TEXT;
			in = view_skip(in, in.p[0] == '\n' ? 1 : 0);
		}
	}
}

void decoder_put(struct decoder *d, struct view piece, struct buf *out)
{
	switch (d->encoding) {
	case ENCODING_BASE64:
		put_base64(d, piece, out);
		break;
	case ENCODING_QUOTED_PRINTABLE:
		put_quoted(d, piece, out);
		break;
	case ENCODING_IDENTITY:
	case ENCODING_UNKNOWN:
		buf_put(out, piece);
		break;
	}
}

void decoder_end(struct decoder *d, struct buf *out)
{
	char last[4];
	if (d->encoding == ENCODING_BASE64)
		buf_put(out, (struct view){ last, end_quantum(d, last) });
	if (d->encoding == ENCODING_QUOTED_PRINTABLE && d->state == QP_HEX) {
		buf_put_char(out, '=');
		buf_put_char(out, d->held);
	}
	decoder_init(d, d->encoding);
}

/* Comments nest (RFC 5322 3.2.2); an unfinished one is all there is. */
static struct view skip_comment(struct view v)
{
	size_t i = 0, depth = 0;
	for (; i < v.n; i++) {
		if (v.p[i] == '\\')
			i++;
		else if (v.p[i] == '(')
			depth++;
		else if (v.p[i] == ')' && --depth == 0)
			return view_skip(v, i + 1);
	}
	return view_skip(v, v.n);
}

struct view transfer_encoding_token(struct view value)
{
	size_t n = 0;
	while (value.n && strchr(" \t\r\n\"(", value.p[0]))
		value = value.p[0] == '(' ? skip_comment(value)
					  : view_skip(value, 1);
	while (n < value.n && char_is(value.p[n], CHAR_TOKEN))
		n++;
	return view_head(value, n);
}

enum transfer_encoding transfer_encoding_of(struct view value)
{
	static const struct {
		struct view name;
		enum transfer_encoding encoding;
	} names[] = {
		{ V_INIT(""), ENCODING_IDENTITY },
		{ V_INIT("7bit"), ENCODING_IDENTITY },
		{ V_INIT("8bit"), ENCODING_IDENTITY },
		{ V_INIT("binary"), ENCODING_IDENTITY },
		{ V_INIT("base64"), ENCODING_BASE64 },
		{ V_INIT("quoted-printable"), ENCODING_QUOTED_PRINTABLE },
	};

	value = transfer_encoding_token(value);
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (view_ieq(value, names[i].name))
			return names[i].encoding;
	return ENCODING_UNKNOWN;
}
