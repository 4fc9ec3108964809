#include "base/chars.h"
#include "text/codec.h"

/* RFC 3501 5.1.3: "," stands for "/", no padding. */
static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct shift {
	uint32_t bits;
	unsigned n_bits;
	bool open;
};

static void put_unit(struct shift *s, uint32_t unit, struct buf *out)
{
	if (!s->open)
		buf_put_char(out, '&');
	s->open = true;
	s->bits = s->bits << 16 | unit;
	s->n_bits += 16;
	while (s->n_bits >= 6) {
		s->n_bits -= 6;
		buf_put_char(out, digits[s->bits >> s->n_bits & 63]);
	}
}

static void close_shift(struct shift *s, struct buf *out)
{
	if (!s->open)
		return;
	if (s->n_bits)
		buf_put_char(out, digits[s->bits << (6 - s->n_bits) & 63]);
	buf_put_char(out, '-');
	*s = (struct shift){ 0 };
}

/* The next code point of valid UTF-8. */
static uint32_t next_code_point(struct view *v)
{
	static const uint8_t sizes[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		2, 2, 3, 4 };
	unsigned char first = (unsigned char)v->p[0];
	size_t n = sizes[first >> 4];
	uint32_t c = n == 1 ? first : first & (0x7fu >> n);
	for (size_t i = 1; i < n && i < v->n; i++)
		c = c << 6 | ((unsigned char)v->p[i] & 0x3f);
	*v = view_skip(*v, n);
	return c;
}

static void put_code_point(struct shift *s, uint32_t c, struct buf *out)
{
	if (c >= ' ' && c <= '~') {
		close_shift(s, out);
		buf_put_char(out, (char)c);
		if (c == '&')
			buf_put_char(out, '-');
	} else if (c >= 0x10000) {
		put_unit(s, 0xd800 | (c - 0x10000) >> 10, out);
		put_unit(s, 0xdc00 | ((c - 0x10000) & 0x3ff), out);
	} else {
		put_unit(s, c, out);
	}
}

void mutf7_encode(struct view utf8, struct buf *out)
{
	struct shift s = { 0 };
	struct buf repaired;
	buf_init(&repaired, utf8.n * 3);
	if (!utf8_is_valid(utf8)) {
		utf8_repair(utf8, &repaired);
		utf8 = buf_view(&repaired);
	}
	while (utf8.n)
		put_code_point(&s, next_code_point(&utf8), out);
	close_shift(&s, out);
	buf_deinit(&repaired);
}

static int sextet(char c)
{
	for (int i = 0; i < 64; i++)
		if (digits[i] == c)
			return i;
	return -1;
}

/* UTF-16 units to code points; *high waits for its other half. */
static bool take_unit(uint32_t unit, uint32_t *high, struct buf *out)
{
	bool is_low = unit >= 0xdc00 && unit < 0xe000;
	if ((*high != 0) != is_low)
		return false;
	if (is_low) {
		utf8_put(
		    out, 0x10000 + ((*high & 0x3ff) << 10 | (unit & 0x3ff)));
		*high = 0;
	} else if (unit >= 0xd800 && unit < 0xdc00) {
		*high = unit;
	} else {
		utf8_put(out, unit);
	}
	return true;
}

static bool decode_shift(struct view in, struct buf *out)
{
	struct shift s = { 0 };
	uint32_t high = 0;
	for (size_t i = 0; i < in.n; i++) {
		int six = sextet(in.p[i]);
		if (six < 0)
			return false;
		s.bits = s.bits << 6 | (uint32_t)six;
		s.n_bits += 6;
		if (s.n_bits < 16)
			continue;
		s.n_bits -= 16;
		if (!take_unit(s.bits >> s.n_bits & 0xffff, &high, out))
			return false;
	}
	return high == 0;
}

static bool decode(struct view in, struct buf *out)
{
	while (in.n) {
		struct view part;
		bool shifted = view_cut(&in, '&', &part);
		for (size_t i = 0; i < part.n; i++)
			if (!char_is(part.p[i], CHAR_PRINT))
				return false;
		buf_put(out, part);
		if (!shifted)
			return true;
		if (!view_cut(&in, '-', &part))
			return false;
		if (part.n == 0)
			buf_put_char(out, '&');
		if (!decode_shift(part, out))
			return false;
	}
	return true;
}

/* Two spellings of one name would be two mailboxes: only what the encoder
 * itself would write is taken. */
int mutf7_decode(struct view in, struct buf *out)
{
	size_t before = buf_len(out);
	struct buf again;
	bool same = decode(in, out);
	if (buf_error(out))
		return buf_error(out);
	buf_init(&again, in.n + 8);
	if (same) {
		mutf7_encode(view_skip(buf_view(out), before), &again);
		same = !buf_error(&again) && view_eq(buf_view(&again), in);
	}
	buf_deinit(&again);
	if (same)
		return 0;
	buf_truncate(out, before);
	return MC_E_BAD;
}
