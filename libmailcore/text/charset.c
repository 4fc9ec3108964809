#include "base/chars.h"
#include "text/codec.h"
#include <errno.h>
#include <iconv.h>

/* What senders write, and what iconv shall do with it. Only these reach
 * iconv: its rarer modules have aborted or looped on hostile input. Where a
 * superset is what senders mean, it is taken. */
static const struct charset {
	struct view name;
	const char *iconv_name; /* NULL: built in */
} charsets[] = {
	{ V_INIT("iso-8859-1"), NULL },
	{ V_INIT("latin1"), NULL },
	{ V_INIT("windows-1252"), NULL },
	{ V_INIT("cp1252"), NULL },
	{ V_INIT("iso-8859-2"), "ISO-8859-2" },
	{ V_INIT("iso-8859-3"), "ISO-8859-3" },
	{ V_INIT("iso-8859-4"), "ISO-8859-4" },
	{ V_INIT("iso-8859-5"), "ISO-8859-5" },
	{ V_INIT("iso-8859-6"), "ISO-8859-6" },
	{ V_INIT("iso-8859-7"), "ISO-8859-7" },
	{ V_INIT("iso-8859-8"), "ISO-8859-8" },
	{ V_INIT("iso-8859-8-i"), "ISO-8859-8" },
	{ V_INIT("iso-8859-9"), "ISO-8859-9" },
	{ V_INIT("iso-8859-10"), "ISO-8859-10" },
	{ V_INIT("iso-8859-11"), "ISO-8859-11" },
	{ V_INIT("iso-8859-13"), "ISO-8859-13" },
	{ V_INIT("iso-8859-14"), "ISO-8859-14" },
	{ V_INIT("iso-8859-15"), "ISO-8859-15" },
	{ V_INIT("iso-8859-16"), "ISO-8859-16" },
	{ V_INIT("windows-1250"), "CP1250" },
	{ V_INIT("windows-1251"), "CP1251" },
	{ V_INIT("windows-1253"), "CP1253" },
	{ V_INIT("windows-1254"), "CP1254" },
	{ V_INIT("windows-1255"), "CP1255" },
	{ V_INIT("windows-1256"), "CP1256" },
	{ V_INIT("windows-1257"), "CP1257" },
	{ V_INIT("windows-1258"), "CP1258" },
	{ V_INIT("cp1250"), "CP1250" },
	{ V_INIT("cp1251"), "CP1251" },
	{ V_INIT("windows-874"), "CP874" },
	{ V_INIT("tis-620"), "CP874" },
	{ V_INIT("ibm437"), "CP437" },
	{ V_INIT("cp437"), "CP437" },
	{ V_INIT("ibm850"), "CP850" },
	{ V_INIT("cp850"), "CP850" },
	{ V_INIT("ibm852"), "CP852" },
	{ V_INIT("ibm866"), "CP866" },
	{ V_INIT("cp866"), "CP866" },
	{ V_INIT("koi8-r"), "KOI8-R" },
	{ V_INIT("koi8-u"), "KOI8-U" },
	{ V_INIT("macintosh"), "MACINTOSH" },
	{ V_INIT("x-mac-roman"), "MACINTOSH" },
	{ V_INIT("gb2312"), "GB18030" },
	{ V_INIT("gbk"), "GB18030" },
	{ V_INIT("gb18030"), "GB18030" },
	{ V_INIT("x-gbk"), "GB18030" },
	{ V_INIT("cp936"), "GB18030" },
	{ V_INIT("big5"), "BIG5" },
	{ V_INIT("big5-hkscs"), "BIG5-HKSCS" },
	{ V_INIT("shift_jis"), "CP932" },
	{ V_INIT("shift-jis"), "CP932" },
	{ V_INIT("x-sjis"), "CP932" },
	{ V_INIT("windows-31j"), "CP932" },
	{ V_INIT("cp932"), "CP932" },
	{ V_INIT("euc-jp"), "EUC-JP" },
	{ V_INIT("iso-2022-jp"), "ISO-2022-JP" },
	{ V_INIT("euc-kr"), "CP949" },
	{ V_INIT("ks_c_5601-1987"), "CP949" },
	{ V_INIT("windows-949"), "CP949" },
	{ V_INIT("utf-7"), "UTF-7" },
	{ V_INIT("unicode-1-1-utf-7"), "UTF-7" },
	{ V_INIT("utf-16"), "UTF-16" },
	{ V_INIT("utf-16le"), "UTF-16LE" },
	{ V_INIT("utf-16be"), "UTF-16BE" },
	{ V_INIT("utf-32"), "UTF-32" },
};

enum {
	N_CHARSETS = sizeof charsets / sizeof charsets[0]
};

/* 0x80 to 0x9f of windows-1252. Mail that says iso-8859-1 and has such bytes
 * means this: the standard's control characters are never meant. */
static const uint16_t cp1252[32] = { 0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e,
	0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd,
	0x017d, 0xfffd, 0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013,
	0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e,
	0x0178 };

static void put_cp1252(struct view in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		unsigned char c = (unsigned char)in.p[i];
		utf8_put(out, c >= 0x80 && c < 0xa0 ? cp1252[c - 0x80] : c);
	}
}

/* One stretch as far as iconv comes. False at the end of in. */
static bool convert_some(
    iconv_t cd, char **in, size_t *in_left, struct buf *out)
{
	char utf8[1024], *to = utf8;
	size_t room = sizeof utf8;
	size_t r = *in ? iconv(cd, in, in_left, &to, &room)
		       : iconv(cd, NULL, NULL, &to, &room);
	int error = r == (size_t)-1 ? errno : 0;
	buf_put(out, (struct view){ utf8, sizeof utf8 - room });
	if (error == 0)
		return false;
	if (error == E2BIG)
		return true;
	utf8_put(out, 0xfffd);
	if (error != EILSEQ || *in_left == 0)
		return false;
	++*in;
	--*in_left;
	return *in_left > 0;
}

static void convert(iconv_t cd, struct view in, struct buf *out)
{
	char *from = (char *)(uintptr_t)in.p; /* iconv does not write there */
	char *flush = NULL;
	size_t left = in.n;
	while (left && !buf_error(out) && convert_some(cd, &from, &left, out))
		continue;
	left = 0;
	convert_some(cd, &flush, &left, out);
}

static const struct charset *find_charset(struct view name)
{
	for (size_t i = 0; i < N_CHARSETS; i++)
		if (view_ieq(name, charsets[i].name))
			return &charsets[i];
	return NULL;
}

void charset_to_utf8(struct view charset, struct view in, struct buf *out)
{
	const struct charset *c = find_charset(view_trim(charset));
	if (!c) { /* ASCII, UTF-8 and what nobody knows */
		utf8_repair(in, out);
		return;
	}
	if (!c->iconv_name) {
		put_cp1252(in, out);
		return;
	}
	iconv_t cd = iconv_open("UTF-8", c->iconv_name);
	if (cd == (iconv_t)-1) {
		utf8_repair(in, out);
		return;
	}
	convert(cd, in, out);
	iconv_close(cd);
}

/* Whether another name before row i has the same converter. */
static bool is_opened(size_t i)
{
	struct view name = view_of(charsets[i].iconv_name);
	for (size_t j = 0; j < i; j++)
		if (charsets[j].iconv_name &&
		    view_eq(name, view_of(charsets[j].iconv_name)))
			return true;
	return false;
}

/* The descriptors stay open, and within reach: they keep the modules loaded. */
void charset_preload(void)
{
	static iconv_t kept[N_CHARSETS];
	for (size_t i = 0; i < N_CHARSETS; i++)
		if (charsets[i].iconv_name && !kept[i] && !is_opened(i))
			kept[i] = iconv_open("UTF-8", charsets[i].iconv_name);
}
