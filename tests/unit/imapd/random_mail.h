#ifndef TESTS_RANDOM_MAIL_H
#define TESTS_RANDOM_MAIL_H
/* Mail as it comes: charsets, encodings, markup, parts in parts, and texts
 * that are cut; made of words that a search may ask for. */
#include "store/search/extract.h"
#include "suite.h"
#include "text/codec.h"
#include <iconv.h>

static uint64_t random_state;

static inline uint32_t random_below(uint32_t n)
{
	random_state =
	    random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33) % n;
}

static const char *const random_words[] = { "the", "and", "kernel", "scheduler",
	"Schedule", "meeting", "invoice", "xylophone", "qx", "a", "Re", "42",
	"r\xc3\xa9sum\xc3\xa9", "R\xc3\x89SUM\xc3\x89",
	"re\xcc\x81sume\xcc\x81", "Gru\xc3\x9f", "GRUSS", "na\xc3\xafve",
	"\xc3\x85ngstr\xc3\xb6m", "\xef\xac\x81nance",
	"\xce\x95\xce\xbb\xce\xbb\xce\xac\xce\xb4\xce\xb1",
	"\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
	"\xe4\xbc\x9a\xe8\xad\xb0", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
	"\xe2\x82\xac", "<b>", "&amp;", "=", "a.b@example.org" };

enum {
	RANDOM_WORDS = sizeof random_words / sizeof *random_words
};

static const char *const random_charsets[] = { "utf-8", "iso-2022-jp",
	"windows-1252", "iso-8859-1", "iso-8859-15", "koi8-r", "windows-1253",
	"us-ascii", "x-unknown", "utf-16le" };

static inline const char *random_word(void)
{
	return random_words[random_below(RANDOM_WORDS)];
}

static inline void random_words_put(unsigned n, struct buf *out)
{
	while (n--) {
		buf_put_cstr(out, random_word());
		buf_put_cstr(out, random_below(8) ? " " : "\r\n");
	}
	buf_put_cstr(out, "\r\n");
}

/* What the charset has of it. */
static inline void random_convert(
    const char *charset, struct view utf8, struct buf *out)
{
	iconv_t cd = iconv_open(charset, "UTF-8");
	char *from = (char *)(uintptr_t)utf8.p;
	size_t left = utf8.n;
	if (cd == (iconv_t)-1) {
		buf_put(out, utf8);
		return;
	}
	while (left) {
		char *to = buf_reserve(out, 4 * left + 16), *start = to;
		size_t room = 4 * left + 16;
		ck_assert_ptr_nonnull(to);
		if (iconv(cd, &from, &left, &to, &room) == (size_t)-1) {
			from++;
			left--;
		}
		if (left == 0)
			(void)iconv(cd, NULL, NULL, &to, &room);
		buf_commit(out, (size_t)(to - start));
	}
	iconv_close(cd);
}

static inline void random_encode(
    unsigned encoding, struct view in, struct buf *out)
{
	if (encoding == ENCODING_IDENTITY)
		buf_put(out, in);
	for (size_t i = 0; encoding == ENCODING_QUOTED_PRINTABLE && i < in.n;
	     i++) {
		bool plain = in.p[i] > ' ' && in.p[i] < 127 && in.p[i] != '=';
		buf_printf(out, plain ? "%c" : "=%02X", (unsigned char)in.p[i]);
		buf_put_cstr(out, i % 24 == 23 ? "=\r\n" : "");
	}
	for (; encoding == ENCODING_BASE64 && in.n; in = view_skip(in, 57)) {
		base64_encode(view_head(in, 57), out);
		buf_put_cstr(out, "\r\n");
	}
	buf_put_cstr(out, "\r\n");
}

/* A part that is a leaf: its header's end, and its body. */
static inline void random_leaf(bool is_long, struct buf *out)
{
	static const char *const encodings[] = { "8bit", "quoted-printable",
		"base64" };
	const char *charset = random_charsets[random_below(
	    sizeof random_charsets / sizeof *random_charsets)];
	bool html = random_below(3) == 0;
	unsigned encoding =
	    view_starts(view_of(charset), V("utf-16")) ? 2 : random_below(3);
	struct buf text, octets;
	buf_init(&text, 8 << 20);
	buf_init(&octets, 32 << 20);
	buf_put_cstr(
	    &text, html ? "<p>caf<i>\xc3\xa9</i> <a href=\"url\">" : "");
	random_words_put(random_below(60), &text);
	while (is_long && buf_len(&text) < EXTRACT_OCTETS_MAX)
		random_words_put(1000, &text);
	random_words_put(random_below(20), &text);
	buf_put_cstr(&text, is_long ? "latecomer" : "");
	random_convert(charset, buf_view(&text), &octets);
	buf_printf(out,
	    "Content-Type: text/%s; charset=\"%s\"\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    html ? "html" : "plain", charset, encodings[encoding]);
	random_encode(encoding, buf_view(&octets), out);
	buf_deinit(&text);
	buf_deinit(&octets);
}

static inline void random_field(const char *name, struct buf *out)
{
	struct buf text;
	buf_init(&text, 4096);
	buf_printf(out, "%s: ", name);
	buf_put_cstr(&text, random_word());
	buf_put_char(&text, ' ');
	buf_put_cstr(&text, random_word());
	if (random_below(2)) {
		buf_put_cstr(out, "=?utf-8?B?");
		base64_encode(buf_view(&text), out);
		buf_put_cstr(out, "?=");
	} else {
		buf_put(out, buf_view(&text));
	}
	buf_put_cstr(out, "\r\n");
	buf_deinit(&text);
}

static inline void random_mail(unsigned depth, bool is_long, struct buf *out);

static inline void random_part(unsigned depth, struct buf *out)
{
	switch (random_below(5)) {
	case 0:
		buf_put_cstr(out, "Content-Type: message/rfc822\r\n\r\n");
		random_mail(depth + 1, false, out);
		break;
	case 1:
		buf_printf(out,
		    "Content-Type: image/png; name=\"%s.png\"\r\n\r\n%s\r\n",
		    random_word(), random_word());
		break;
	default:
		random_leaf(false, out);
	}
}

static inline void random_mail(unsigned depth, bool is_long, struct buf *out)
{
	random_field("Subject", out);
	random_field("From", out);
	if (random_below(3) == 0)
		random_field("X-Note", out);
	if (depth >= 3 || random_below(3)) {
		random_leaf(is_long, out);
		return;
	}
	unsigned n = 1 + random_below(3);
	buf_printf(out,
	    "Content-Type: multipart/mixed; boundary=\"b%u\"\r\n\r\n"
	    "preamble\r\n",
	    depth);
	for (unsigned i = 0; i < n; i++) {
		buf_printf(out, "--b%u\r\n", depth);
		random_part(depth, out);
		buf_put_cstr(out, "\r\n");
	}
	buf_printf(out, "--b%u--\r\n", depth);
}
#endif
