#include "imapd/imap_text.h"
#include "text/codec.h"
#include "text/header.h"
#include <string.h>

enum {
	HEADER,
	PIECE,
	DECODED,
	UTF8,
	FOLDED
};

enum {
	PIECE_OCTETS = 64 * 1024
};

static struct buf *scratch(struct imap_text *x, int which)
{
	return &x->s->scratch[which];
}

static bool contains(struct view text, struct view needle)
{
	return needle.n == 0 ||
	       (text.n >= needle.n &&
		   memmem(text.p, text.n, needle.p, needle.n) != NULL);
}

static bool load(struct imap_text *x, int which, uint64_t offset, uint64_t n,
    struct view *out)
{
	struct buf *to = scratch(x, which);
	buf_reset(to);
	char *p = x->error ? NULL : buf_reserve(to, n);
	if (!p)
		return false;
	x->error = message_read(x->t, x->msgid, offset, p, n);
	if (x->error)
		return false;
	buf_commit(to, n);
	*out = buf_view(to);
	return true;
}

bool imap_text_header(
    struct imap_text *x, uint64_t offset, uint64_t n, struct view *out)
{
	if (n > IMAP_TEXT_HEADER_MAX)
		n = IMAP_TEXT_HEADER_MAX;
	return load(x, HEADER, offset, n, out);
}

static bool field_contains(struct imap_text *x,
    const struct header_field *field, bool with_name, struct view needle)
{
	struct buf *utf8 = scratch(x, UTF8), *folded = scratch(x, FOLDED);
	buf_reset(utf8);
	buf_reset(folded);
	if (with_name) {
		buf_put(utf8, field->name);
		buf_put(utf8, V(": "));
	}
	header_decode(field->value, utf8);
	utf8_fold(buf_view(utf8), folded);
	return contains(buf_view(folded), needle);
}

bool imap_text_fields_contain(struct imap_text *x, struct view header,
    struct view name, struct view needle)
{
	struct header_field field;
	while (header_next(&header, &field) == PARSE_OK) {
		if (name.n && !view_ieq(field.name, name))
			continue;
		if (needle.n == 0 ||
		    field_contains(x, &field, name.n == 0, needle))
			return true;
	}
	return false;
}

/* A text part while it streams by: decoded bytes up to a line end (where no
 * charset of mail has state) are converted, folded and searched; the folded
 * tail is kept, for what crosses the border. */
struct stream {
	struct imap_text *x;
	struct view needle, charset;
	char charset_name[64];
	struct decoder decoder;
	bool found;
};

static bool is_utf8(struct view charset)
{
	return charset.n == 0 || view_ieq(charset, V("us-ascii")) ||
	       view_ieq(charset, V("utf-8"));
}

static void search_decoded(struct stream *w, size_t n)
{
	struct buf *decoded = scratch(w->x, DECODED);
	struct buf *utf8 = scratch(w->x, UTF8);
	struct buf *folded = scratch(w->x, FOLDED);
	struct view text = view_head(buf_view(decoded), n);
	size_t keep = w->needle.n - 1;
	if (buf_len(folded) > keep)
		buf_consume(folded, buf_len(folded) - keep);
	if (!is_utf8(w->charset)) {
		buf_reset(utf8);
		charset_to_utf8(w->charset, text, utf8);
		text = buf_view(utf8);
	}
	utf8_fold(text, folded);
	w->found |= contains(buf_view(folded), w->needle);
	buf_consume(decoded, n);
}

static void search_lines(struct stream *w, bool at_end)
{
	struct view v = buf_view(scratch(w->x, DECODED));
	size_t lf = view_rfind_byte(v, '\n');
	if (at_end || (lf == v.n && v.n > 2 * PIECE_OCTETS))
		search_decoded(w, v.n);
	else if (lf < v.n)
		search_decoded(w, lf + 1);
}

/* Without a Content-Type it is text (RFC 2045 5.2). Delivery reports and the
 * like are for people too. */
static bool is_text(struct stream *w, struct view header)
{
	struct header_mime_value value;
	struct header_field field;
	struct view charset;
	struct buf storage;
	if (!header_find(header, V("Content-Type"), &field))
		return true;
	buf_init(&storage, 64 * 1024);
	header_mime_parse(field.value, &value, &storage);
	bool text = value.value.n == 0 ||
		    view_istarts(value.value, V("text/")) ||
		    view_istarts(value.value, V("message/"));
	if (header_mime_param(&value, V("charset"), &charset) &&
	    charset.n <= sizeof w->charset_name) {
		memcpy(w->charset_name, charset.p, charset.n);
		w->charset = (struct view){ w->charset_name, charset.n };
	}
	buf_deinit(&storage);
	return text;
}

static bool search_part(struct stream *w, const struct mime_part *part)
{
	struct buf *decoded = scratch(w->x, DECODED);
	struct view piece;
	buf_reset(decoded);
	buf_reset(scratch(w->x, FOLDED));
	decoder_init(&w->decoder, part->encoding);
	for (uint64_t at = 0; at < part->body_size && !w->found;
	     at += piece.n) {
		uint64_t n = part->body_size - at;
		if (n > PIECE_OCTETS)
			n = PIECE_OCTETS;
		if (!load(w->x, PIECE, part->body_offset + at, n, &piece))
			return false;
		decoder_put(&w->decoder, piece, decoded);
		search_lines(w, false);
	}
	decoder_end(&w->decoder, decoded);
	if (!w->found)
		search_lines(w, true);
	return w->found;
}

bool imap_text_part_contains(
    struct imap_text *x, const struct mime_part *part, struct view needle)
{
	struct stream w = { .x = x, .needle = needle };
	struct view header;
	uint64_t n = part->header_size;
	if (needle.n == 0)
		return true;
	if (n > IMAP_TEXT_HEADER_MAX)
		n = IMAP_TEXT_HEADER_MAX;
	if (!load(x, PIECE, part->header_offset, n, &header) ||
	    !is_text(&w, header))
		return false;
	return search_part(&w, part);
}
