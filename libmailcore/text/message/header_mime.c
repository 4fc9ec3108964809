/* Content-Type and its kin: RFC 2045 5.1, RFC 2231. */
#include "base/chars.h"
#include "text/codec.h"
#include "text/message/header.h"

enum {
	PIECES_MAX = 128,
	SECTION_NONE = 1000
};

/* One "name*section*=value" as it stands in the field. */
struct piece {
	struct view name, value;
	uint32_t section; /* SECTION_NONE: the whole value */
	bool is_extended; /* %XX, and the first with charset'language' */
	bool is_quoted;
	bool is_done;
};

struct pieces {
	struct piece all[PIECES_MAX];
	size_t n;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool take_char(struct view *v, char c)
{
	if (v->n == 0 || v->p[0] != c)
		return false;
	*v = view_skip(*v, 1);
	return true;
}

static void skip_comment(struct view *v)
{
	size_t i = 0, depth = 0;
	do {
		if (v->p[i] == '(')
			depth++;
		else if (v->p[i] == ')')
			depth--;
		else if (v->p[i] == '\\')
			i++;
		i++;
	} while (depth && i < v->n);
	*v = view_skip(*v, i);
}

static void skip_cfws(struct view *v)
{
	while (v->n && (is_blank(v->p[0]) || v->p[0] == '(')) {
		if (v->p[0] == '(')
			skip_comment(v);
		else
			*v = view_skip(*v, 1);
	}
}

static struct view take_until(struct view *v, const char *stops)
{
	size_t n = 0;
	while (n < v->n && !view_has_byte(view_of(stops), v->p[n]))
		n++;
	struct view head = view_head(*v, n);
	*v = view_skip(*v, n);
	return head;
}

/* "type/subtype", blanks around the slash taken out. */
static void take_type(struct view *v, struct buf *storage)
{
	skip_cfws(v);
	buf_put(storage, take_until(v, " \t;(/"));
	struct view rest = *v;
	skip_cfws(&rest);
	if (!take_char(&rest, '/'))
		return;
	skip_cfws(&rest);
	buf_put_char(storage, '/');
	buf_put(storage, take_until(&rest, " \t;("));
	*v = rest;
}

/* in is at the quote; the value keeps its quoted-pairs. An unfinished string
 * goes to the end. */
static struct view take_quoted(struct view *in)
{
	size_t i = 1;
	while (i < in->n && in->p[i] != '"')
		i += in->p[i] == '\\' ? 2 : 1;
	struct view value = view_slice(*in, 1, i);
	*in = view_skip(*in, i + 1);
	return value;
}

/* Many senders forget the quotes: all up to the semicolon is the value, but
 * not a comment behind a blank ("charset=us-ascii (Plain text)"). */
static struct view take_unquoted(struct view *in)
{
	struct view value = take_until(in, ";");
	for (size_t i = 1; i < value.n; i++)
		if (value.p[i] == '(' && is_blank(value.p[i - 1])) {
			value = view_head(value, i);
			break;
		}
	return view_trim(value);
}

/* Splits "name*1*" into its parts. */
static void split_name(struct view attribute, struct piece *out)
{
	struct view rest = attribute, section;
	uint32_t n;
	out->section = SECTION_NONE;
	out->is_extended = false;
	if (!view_cut(&rest, '*', &out->name))
		return;
	if (rest.n == 0) {
		out->is_extended = true;
		return;
	}
	bool star = view_cut(&rest, '*', &section);
	if (!view_u32(section, &n) || n >= SECTION_NONE || rest.n) {
		out->name = attribute;
		return;
	}
	out->section = n;
	out->is_extended = star;
}

static bool take_piece(struct view *v, struct piece *out)
{
	do
		skip_cfws(v);
	while (take_char(v, ';'));
	if (v->n == 0)
		return false;
	struct view attribute = view_trim(take_until(v, "=; \t("));
	skip_cfws(v);
	*out = (struct piece){ .value = V_NONE };
	split_name(attribute, out);
	if (!take_char(v, '=')) /* no value: left out */
		return true;
	skip_cfws(v);
	out->is_quoted = v->n && v->p[0] == '"';
	out->value = out->is_quoted ? take_quoted(v) : take_unquoted(v);
	if (out->value.p == NULL)
		out->value = V("");
	return true;
}

static void take_pieces(struct view v, struct pieces *out)
{
	struct piece piece;
	out->n = 0;
	while (out->n < PIECES_MAX && take_piece(&v, &piece))
		if (piece.name.n && piece.value.p)
			out->all[out->n++] = piece;
}

/* Without quoted-pairs. */
static void put_plain(const struct piece *p, struct buf *out)
{
	for (size_t i = 0; i < p->value.n; i++) {
		if (p->is_quoted && p->value.p[i] == '\\' && i + 1 < p->value.n)
			i++;
		buf_put_char(out, p->value.p[i]);
	}
}

static void put_percent_decoded(struct view v, struct buf *out)
{
	for (size_t i = 0; i < v.n; i++) {
		bool whole = v.n - i > 2;
		int high = whole ? char_hex(v.p[i + 1]) : -1;
		int low = whole ? char_hex(v.p[i + 2]) : -1;
		if (v.p[i] == '%' && high >= 0 && low >= 0) {
			buf_put_char(out, (char)(high << 4 | low));
			i += 2;
		} else {
			buf_put_char(out, v.p[i]);
		}
	}
}

static void put_percent_encoded(const struct piece *p, struct buf *out)
{
	struct buf plain;
	buf_init(&plain, p->value.n);
	put_plain(p, &plain);
	struct view v = buf_view(&plain);
	for (size_t i = 0; i < v.n; i++)
		if (char_is(v.p[i], CHAR_ALPHA | CHAR_DIGIT) ||
		    view_has_byte(V("-._~"), v.p[i]))
			buf_put_char(out, v.p[i]);
		else
			buf_printf(out, "%%%02X", (unsigned char)v.p[i]);
	buf_deinit(&plain);
}

/* The piece of that name and section; SECTION_NONE prefers the extended. */
static struct piece *find_piece(
    struct pieces *pieces, struct view name, uint32_t section)
{
	struct piece *found = NULL;
	for (size_t i = 0; i < pieces->n; i++) {
		struct piece *p = &pieces->all[i];
		if (p->section == section && view_ieq(p->name, name) &&
		    (!found || (p->is_extended && !found->is_extended)))
			found = p;
	}
	return found;
}

/* The pieces of one value in their order; returns how many. */
static size_t chain_of(
    struct pieces *pieces, struct view name, struct piece *chain[PIECES_MAX])
{
	struct piece *whole = find_piece(pieces, name, SECTION_NONE);
	struct piece *next = find_piece(pieces, name, 0);
	size_t n = 0;
	if (whole && (whole->is_extended || !next)) {
		chain[0] = whole;
		return 1;
	}
	for (; next && n < PIECES_MAX;
	     next = find_piece(pieces, name, (uint32_t)n))
		chain[n++] = next;
	return n;
}

static void put_raw(struct piece **chain, size_t n, struct buf *out)
{
	bool extended = chain[0]->is_extended;
	for (size_t i = 0; i < n; i++)
		if (extended && !chain[i]->is_extended)
			put_percent_encoded(chain[i], out);
		else
			put_plain(chain[i], out);
}

/* Takes "charset'language'" off; what lacks the two quotes is UTF-8. */
static struct view take_charset(struct view *v)
{
	struct view rest = *v, charset, language;
	if (!view_cut(&rest, '\'', &charset) ||
	    !view_cut(&rest, '\'', &language))
		return V("utf-8");
	*v = rest;
	return charset;
}

static void put_decoded(struct piece **chain, size_t n, struct buf *out)
{
	struct view charset = V("utf-8");
	struct buf bytes;
	size_t size = 0;
	for (size_t i = 0; i < n; i++)
		size += chain[i]->value.n;
	buf_init(&bytes, size);
	for (size_t i = 0; i < n; i++) {
		struct view v = chain[i]->value;
		if (i == 0 && chain[0]->is_extended)
			charset = take_charset(&v);
		if (chain[i]->is_extended)
			put_percent_decoded(v, &bytes);
		else
			put_plain(chain[i], &bytes);
	}
	/* RFC 2047 5 forbids encoded words here; most senders use them. */
	if (n == 1 && !chain[0]->is_extended)
		header_decode(buf_view(&bytes), out);
	else
		charset_to_utf8(charset, buf_view(&bytes), out);
	buf_deinit(&bytes);
}

/* While storage may still move, views in the result hold offsets. */
struct spot {
	size_t name, name_end, value_end;
};

static struct spot put_param(
    struct piece **chain, size_t n, bool is_raw, struct buf *storage)
{
	struct spot spot = { .name = buf_len(storage) };
	buf_put(storage, chain[0]->name);
	if (is_raw && chain[0]->is_extended)
		buf_put_char(storage, '*');
	spot.name_end = buf_len(storage);
	(is_raw ? put_raw : put_decoded)(chain, n, storage);
	spot.value_end = buf_len(storage);
	return spot;
}

static void mark_done(struct pieces *pieces, struct view name)
{
	for (size_t i = 0; i < pieces->n; i++)
		if (view_ieq(pieces->all[i].name, name))
			pieces->all[i].is_done = true;
}

/* "name=..." beside "name*=...": for those who do not know RFC 2231. */
static struct piece *plain_beside(struct pieces *pieces, struct piece *extended)
{
	for (size_t i = 0; i < pieces->n; i++) {
		struct piece *p = &pieces->all[i];
		if (p->section == SECTION_NONE && !p->is_extended &&
		    view_ieq(p->name, extended->name))
			return p;
	}
	return NULL;
}

static size_t put_params(
    struct pieces *pieces, bool is_raw, struct spot *spots, struct buf *storage)
{
	size_t n = 0;
	for (size_t i = 0; i < pieces->n && n < HEADER_PARAMS_MAX; i++) {
		struct piece *chain[PIECES_MAX];
		struct view name = pieces->all[i].name;
		if (pieces->all[i].is_done)
			continue;
		mark_done(pieces, name);
		size_t links = chain_of(pieces, name, chain);
		if (links == 0) /* a continuation without a start */
			continue;
		struct piece *plain = is_raw && chain[0]->is_extended
					  ? plain_beside(pieces, chain[0])
					  : NULL;
		if (plain && n + 1 < HEADER_PARAMS_MAX)
			spots[n++] = put_param(&plain, 1, true, storage);
		spots[n] = put_param(chain, links, is_raw, storage);
		if (buf_error(storage))
			break;
		n++;
	}
	return n;
}

static void parse(struct view value, struct header_mime_value *out,
    struct buf *storage, bool is_raw)
{
	struct pieces pieces;
	struct spot spots[HEADER_PARAMS_MAX];
	struct buf plain;
	size_t type = buf_len(storage);
	buf_init(&plain, value.n);
	header_unfold(value, &plain);
	struct view v = buf_view(&plain);
	take_type(&v, storage);
	size_t type_end = buf_len(storage);
	take_pieces(v, &pieces);
	out->n_params = put_params(&pieces, is_raw, spots, storage);
	struct view all = buf_view(storage);
	out->value = view_slice(all, type, type_end);
	for (size_t i = 0; i < out->n_params; i++) {
		struct spot s = spots[i];
		out->params[i].name = view_slice(all, s.name, s.name_end);
		out->params[i].value = view_slice(all, s.name_end, s.value_end);
	}
	buf_deinit(&plain);
}

void header_mime_parse(
    struct view value, struct header_mime_value *out, struct buf *storage)
{
	parse(value, out, storage, false);
}

void header_mime_parse_raw(
    struct view value, struct header_mime_value *out, struct buf *storage)
{
	parse(value, out, storage, true);
}

bool header_mime_param(
    const struct header_mime_value *v, struct view name, struct view *out)
{
	for (size_t i = 0; i < v->n_params; i++)
		if (view_ieq(v->params[i].name, name)) {
			*out = v->params[i].value;
			return true;
		}
	return false;
}
