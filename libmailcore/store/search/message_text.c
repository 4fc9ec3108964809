#include "store/search/message_text.h"
#include "text/codec.h"
#include "text/message/header.h"
#include "text/search/html.h"
#include <string.h>

enum {
	HEADER,
	PIECE,
	DECODED,
	UTF8,
	PLAIN,
	FOLDED
};

enum {
	READ_OCTETS = 64 * 1024,
	HELD_OCTETS = 2 * READ_OCTETS /* without a line end */
};

static struct buf *buf_of(struct message_text *x, int which)
{
	return &x->bufs[which];
}

static bool contains(struct view text, struct view needle)
{
	return needle.n == 0 ||
	       (text.n >= needle.n &&
		   memmem(text.p, text.n, needle.p, needle.n) != NULL);
}

static bool load(struct message_text *x, int which, uint64_t offset, uint64_t n,
    struct view *out)
{
	struct buf *to = buf_of(x, which);
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

bool message_text_header(
    struct message_text *x, uint64_t offset, uint64_t n, struct view *out)
{
	if (n > MESSAGE_TEXT_HEADER_MAX)
		n = MESSAGE_TEXT_HEADER_MAX;
	return load(x, HEADER, offset, n, out);
}

/* Into FOLDED. */
static struct view fold_field(
    struct message_text *x, const struct header_field *field, bool with_name)
{
	struct buf *utf8 = buf_of(x, UTF8), *folded = buf_of(x, FOLDED);
	buf_reset(utf8);
	buf_reset(folded);
	if (with_name) {
		buf_put(utf8, field->name);
		buf_put(utf8, V(": "));
	}
	header_decode(field->value, utf8);
	utf8_fold(buf_view(utf8), folded);
	return buf_view(folded);
}

bool message_text_fields_contain(struct message_text *x, struct view header,
    struct view name, struct view needle)
{
	struct header_field field;
	while (header_next(&header, &field) == PARSE_OK) {
		if (name.n && !view_ieq(field.name, name))
			continue;
		if (needle.n == 0 ||
		    contains(fold_field(x, &field, name.n == 0), needle))
			return true;
	}
	return false;
}

/* A text part while it streams by: decoded bytes up to a line end (where no
 * charset of mail has state) are converted, stripped, folded, and searched or
 * extracted. In a search the folded tail is kept, for what crosses the
 * border. */
struct stream {
	struct message_text *x;
	struct message_extract *extract; /* NULL: look for needle */
	struct view needle, charset;
	char charset_name[64];
	struct decoder decoder;
	bool is_html;
	struct html html;
	bool done; /* found, or cut */
};

static bool is_utf8(struct view charset)
{
	return charset.n == 0 || view_ieq(charset, V("us-ascii")) ||
	       view_ieq(charset, V("utf-8"));
}

/* An octet that looks like a line end is half a character of these. */
static bool is_wide(struct view charset)
{
	return view_istarts(charset, V("utf-16")) ||
	       view_istarts(charset, V("utf-32"));
}

static void extract_put(struct message_extract *e, struct view v)
{
	struct view part = view_head(v, e->room);
	buf_put(e->out, part);
	e->room -= part.n;
	e->cut |= part.n < v.n;
}

/* Not all that is read is text: think of markup, or of marks alone. */
static bool may_read(struct message_extract *e, uint64_t n)
{
	if (n > e->in_room)
		e->cut = true;
	else
		e->in_room -= n;
	return !e->cut;
}

static void look(struct stream *w, struct buf *folded)
{
	if (w->extract) {
		extract_put(w->extract, buf_view(folded));
		w->done = w->extract->cut;
		buf_reset(folded);
		return;
	}
	size_t keep = w->needle.n - 1;
	w->done |= contains(buf_view(folded), w->needle);
	if (buf_len(folded) > keep)
		buf_consume(folded, buf_len(folded) - keep);
}

static void take_utf8(struct stream *w, struct view text, bool at_end)
{
	struct buf *plain = buf_of(w->x, PLAIN);
	struct buf *folded = buf_of(w->x, FOLDED);
	if (w->is_html) {
		buf_reset(plain);
		html_put(&w->html, text, plain);
		if (at_end)
			html_end(&w->html, plain);
		text = buf_view(plain);
	}
	utf8_fold(text, folded);
	look(w, folded);
}

static void take(struct stream *w, size_t n, bool at_end)
{
	struct buf *decoded = buf_of(w->x, DECODED);
	struct buf *utf8 = buf_of(w->x, UTF8);
	struct view text = view_head(buf_view(decoded), n);
	if (!is_utf8(w->charset)) {
		buf_reset(utf8);
		charset_to_utf8(w->charset, text, utf8);
		text = buf_view(utf8);
	}
	take_utf8(w, text, at_end);
	buf_consume(decoded, n);
}

/* A long text without a line end: not inside of a character. */
static size_t cut_at(struct view v, bool wide)
{
	size_t n = v.n;
	if (wide)
		return n & ~(size_t)3;
	for (int i = 0; i < 4 && n > 0; i++)
		if (((unsigned char)v.p[--n] & 0xc0) != 0x80)
			return (unsigned char)v.p[n] < 0x80 ? v.n : n;
	return v.n;
}

static void take_lines(struct stream *w)
{
	struct view v = buf_view(buf_of(w->x, DECODED));
	bool wide = is_wide(w->charset);
	size_t lf = wide ? v.n : view_rfind_byte(v, '\n');
	if (lf < v.n)
		take(w, lf + 1, false);
	else if (v.n > HELD_OCTETS)
		take(w, cut_at(v, wide), false);
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
	w->is_html = view_ieq(value.value, V("text/html"));
	if (header_mime_param(&value, V("charset"), &charset) &&
	    charset.n <= sizeof w->charset_name) {
		memcpy(w->charset_name, charset.p, charset.n);
		w->charset = (struct view){ w->charset_name, charset.n };
	}
	buf_deinit(&storage);
	return text;
}

static void stream_body(struct stream *w, const struct mime_part *part)
{
	struct buf *decoded = buf_of(w->x, DECODED);
	struct view piece;
	buf_reset(decoded);
	buf_reset(buf_of(w->x, FOLDED));
	html_init(&w->html);
	decoder_init(&w->decoder, part->encoding);
	for (uint64_t at = 0; at < part->body_size && !w->done; at += piece.n) {
		uint64_t n = part->body_size - at;
		if (n > READ_OCTETS)
			n = READ_OCTETS;
		w->done = w->extract && !may_read(w->extract, n);
		if (w->done ||
		    !load(w->x, PIECE, part->body_offset + at, n, &piece))
			return;
		decoder_put(&w->decoder, piece, decoded);
		take_lines(w);
	}
	decoder_end(&w->decoder, decoded);
	if (!w->done)
		take(w, buf_len(decoded), true);
}

/* A leaf, if it is text. */
static void stream_part(struct stream *w, const struct mime_part *part)
{
	struct view header;
	uint64_t n = part->header_size;
	if (n > MESSAGE_TEXT_HEADER_MAX)
		n = MESSAGE_TEXT_HEADER_MAX;
	if (!load(w->x, PIECE, part->header_offset, n, &header) ||
	    !is_text(w, header))
		return;
	if (w->extract)
		extract_put(w->extract, V("\xff"));
	stream_body(w, part);
}

/* Of a message that is a part: that counts as text. */
static bool is_message_header(const struct mime_part *parts, uint32_t i)
{
	return i > 0 && parts[parts[i].parent].kind == MIME_MESSAGE;
}

static bool part_header(
    struct message_text *x, const struct mime_part *part, struct view *out)
{
	return message_text_header(
	    x, part->header_offset, part->header_size, out);
}

static bool part_contains(struct message_text *x, const struct mime_part *parts,
    uint32_t i, struct view needle)
{
	struct stream w = { .x = x, .needle = needle };
	struct view header;
	if (is_message_header(parts, i) && part_header(x, &parts[i], &header) &&
	    message_text_fields_contain(x, header, V(""), needle))
		return true;
	if (parts[i].kind != MIME_LEAF)
		return false;
	if (needle.n)
		stream_part(&w, &parts[i]);
	return w.done || needle.n == 0;
}

bool message_text_body_contains(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct view needle)
{
	for (uint32_t i = 0; i < n_parts; i++)
		if (part_contains(x, parts, i, needle))
			return true;
	return false;
}

bool message_text_parts_contain(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct view needle)
{
	struct view header;
	for (uint32_t i = 1; i < n_parts; i++)
		if (!is_message_header(parts, i) &&
		    part_header(x, &parts[i], &header) &&
		    message_text_fields_contain(x, header, V(""), needle))
			return true;
	return false;
}

static void extract_fields(
    struct message_text *x, struct view header, struct message_extract *e)
{
	struct header_field field;
	if (!may_read(e, header.n))
		return;
	while (!e->cut && header_next(&header, &field) == PARSE_OK) {
		extract_put(e, V("\xff"));
		extract_put(e, fold_field(x, &field, true));
	}
}

void message_text_extract_header(struct message_text *x,
    const struct message_info *info, struct message_extract *e)
{
	struct view header;
	if (message_text_header(x, 0, info->header_size, &header))
		extract_fields(x, header, e);
}

void message_text_extract_body(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct message_extract *e)
{
	struct view header;
	for (uint32_t i = 0; i < n_parts && !e->cut && !x->error; i++) {
		struct stream w = { .x = x, .extract = e };
		if (is_message_header(parts, i) &&
		    part_header(x, &parts[i], &header))
			extract_fields(x, header, e);
		if (parts[i].kind == MIME_LEAF)
			stream_part(&w, &parts[i]);
	}
}

void message_text_extract_parts(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct message_extract *e)
{
	struct view header;
	for (uint32_t i = 1; i < n_parts && !e->cut && !x->error; i++)
		if (!is_message_header(parts, i) &&
		    part_header(x, &parts[i], &header))
			extract_fields(x, header, e);
}
