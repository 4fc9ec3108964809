#include "text/message/mime.h"
#include "base/panic.h"
#include "text/message/header.h"
#include "text/scan.h"
#include <stdlib.h>
#include <string.h>

enum {
	BOUNDARY_MAX = 250,          /* RFC 2046 5.1.1 allows 70 */
	HELD_MAX = BOUNDARY_MAX + 6, /* "--", boundary, "--", CRLF */
	HEADERS_MAX = 1024 * 1024,   /* octets kept of all headers together */
};

/* A part that has begun and not ended; the innermost is the last one. */
struct open_part {
	uint32_t index;
	bool is_digest;
	uint64_t lines_before; /* line ends before its body */
	size_t boundary_n;     /* 0: none, or its last delimiter was seen */
	char boundary[BOUNDARY_MAX];
};

struct mime_parser {
	struct mime_tree tree;
	uint32_t parts_cap;
	struct open_part open[MIME_DEPTH_MAX];
	unsigned depth;
	unsigned n_boundaries;
	bool in_header;  /* of the innermost part */
	bool mid_line;   /* the line's start was looked at already */
	bool skips_line; /* the rest of an overlong delimiter line */
	bool is_finished;
	char last_byte;
	unsigned line_end; /* octets of the last line end */
	size_t held_n;
	char held[HELD_MAX]; /* the start of a line that is split */
	struct buf header;
	size_t headers_size;
};

static struct open_part *innermost(struct mime_parser *p)
{
	return &p->open[p->depth - 1];
}

static struct mime_part *part_of(struct mime_parser *p, struct open_part *o)
{
	return &p->tree.parts[o->index];
}

static bool grow(struct mime_parser *p)
{
	uint32_t cap = p->parts_cap ? p->parts_cap * 2 : 4;
	if (p->tree.n_parts < p->parts_cap)
		return true;
	struct mime_part *parts = realloc(p->tree.parts, cap * sizeof *parts);
	if (!parts)
		return false;
	p->tree.parts = parts;
	p->parts_cap = cap;
	return true;
}

/* A part whose header begins here. Beyond a cap there is none: its text then
 * belongs to the part around it. */
static void begin_part(struct mime_parser *p)
{
	struct mime_tree *t = &p->tree;
	p->in_header = false;
	if (t->n_parts == MIME_PARTS_MAX || p->depth == MIME_DEPTH_MAX ||
	    t->size > UINT32_MAX || !grow(p)) {
		t->truncated = true;
		return;
	}
	struct mime_part *part = &t->parts[t->n_parts];
	*part = (struct mime_part){ .header_offset = (uint32_t)t->size };
	if (p->depth) {
		part->parent = innermost(p)->index;
		t->parts[part->parent].n_children++;
	}
	struct open_part *o = &p->open[p->depth++];
	o->index = t->n_parts++;
	o->is_digest = false;
	o->boundary_n = 0;
	buf_reset(&p->header);
	p->in_header = true;
}

static void forget_boundary(struct mime_parser *p, struct open_part *o)
{
	if (o->boundary_n)
		p->n_boundaries--;
	o->boundary_n = 0;
}

static void end_part(struct mime_parser *p, uint64_t end, uint64_t lines)
{
	struct open_part *o = innermost(p);
	struct mime_part *part = part_of(p, o);
	if (end > part->body_offset)
		part->body_size = end - part->body_offset;
	if (lines > o->lines_before && part->body_size)
		part->body_lines = (uint32_t)(lines - o->lines_before);
	if (part->n_children == 0)
		part->kind = MIME_LEAF;
	forget_boundary(p, o);
	p->depth--;
}

/* Cut at an octet, not at a piece: any split of the message cuts alike. */
static void put_header(struct mime_parser *p, struct view v)
{
	struct view fits = view_head(v, buf_room(&p->header));
	buf_put(&p->header, fits);
	if (fits.n < v.n || buf_error(&p->header))
		p->tree.truncated = true;
}

static void keep_header(struct mime_parser *p, struct mime_part *part)
{
	struct view all = buf_view(&p->header);
	bool ignored = false;
	char *copy = all.n && all.n <= HEADERS_MAX - p->headers_size
			 ? malloc(all.n)
			 : NULL;
	if (!copy) {
		p->tree.truncated = p->tree.truncated || all.n;
		return;
	}
	memcpy(copy, all.p, all.n);
	p->headers_size += all.n;
	part->header = (struct view){ copy, all.n };
	scan_bytes(part->header, &ignored, &p->tree.has_8bit_header);
}

static void take_boundary(struct mime_parser *p, struct open_part *o,
    const struct header_mime_value *type)
{
	struct view boundary;
	if (!header_mime_param(type, V("boundary"), &boundary))
		return;
	boundary = view_trim(boundary);
	if (boundary.n == 0 || boundary.n > BOUNDARY_MAX)
		return;
	if (p->depth == MIME_DEPTH_MAX) {
		p->tree.truncated = true;
		return;
	}
	memcpy(o->boundary, boundary.p, boundary.n);
	o->boundary_n = boundary.n;
	o->is_digest = view_ieq(type->value, V("multipart/digest"));
	part_of(p, o)->kind = MIME_MULTIPART;
	p->n_boundaries++;
}

static bool is_message_type(struct view type)
{
	return view_ieq(type, V("message/rfc822")) ||
	       view_ieq(type, V("message/global"));
}

static void take_type(struct mime_parser *p)
{
	struct open_part *o = innermost(p);
	struct mime_part *part = part_of(p, o);
	struct header_mime_value type = { .value = V_NONE };
	struct header_field f;
	struct buf storage;
	buf_init(&storage, MIME_HEADER_MAX);
	if (header_find(part->header, V("Content-Transfer-Encoding"), &f))
		part->encoding = transfer_encoding_of(f.value);
	if (header_find(part->header, V("Content-Type"), &f))
		header_mime_parse_raw(f.value, &type, &storage);
	else if (p->depth > 1 && p->open[p->depth - 2].is_digest)
		type.value = V("message/rfc822"); /* RFC 2046 5.1.5 */
	if (view_istarts(type.value, V("multipart/")))
		take_boundary(p, o, &type);
	/* RFC 2046 5.2.1: no encoding is permitted; an encoded message is one
	 * opaque part. */
	else if (is_message_type(type.value) &&
		 part->encoding == ENCODING_IDENTITY)
		part->kind = MIME_MESSAGE;
	buf_deinit(&storage);
}

/* The body begins at offset at, behind lines line ends. */
static void end_header(struct mime_parser *p, uint64_t at, uint64_t lines)
{
	struct open_part *o = innermost(p);
	struct mime_part *part = part_of(p, o);
	uint64_t size = at - part->header_offset;
	p->in_header = false;
	part->header_size = size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
	part->header_lines = (uint32_t)(lines - o->lines_before);
	part->body_offset = at;
	o->lines_before = lines;
	keep_header(p, part);
	take_type(p);
	if (part_of(p, o)->kind == MIME_MESSAGE) {
		begin_part(p);
		innermost(p)->lines_before = lines;
	}
}

/* RFC 2046 5.1.1: "it is sufficient that the boundary appear in its entirety
 * following the CRLF". Of several the longest counts, then the innermost.
 * Returns the part's place in open, or -1. */
static int find_boundary(struct mime_parser *p, struct view line, bool *closes)
{
	size_t longest = 0;
	int found = -1;
	struct view rest = view_skip(line, 2);
	if (p->n_boundaries == 0 || !view_starts(line, V("--")))
		return -1;
	for (unsigned i = p->depth; i-- > 0;) {
		struct open_part *o = &p->open[i];
		struct view boundary = { o->boundary, o->boundary_n };
		if (boundary.n <= longest || !view_starts(rest, boundary))
			continue;
		longest = boundary.n;
		found = (int)i;
		*closes = view_starts(view_skip(rest, longest), V("--"));
	}
	return found;
}

/* Ends all parts inside of open[level]. The line end before the delimiter is
 * the delimiter's (RFC 2046 5.1.1), unless it is the last one of a header. */
static void end_parts(struct mime_parser *p, unsigned level)
{
	uint64_t at = p->tree.size, lines = p->tree.n_lines;
	while (p->in_header) /* of a message, then of the empty one in it */
		end_header(p, at, lines);
	if (at - part_of(p, innermost(p))->body_offset >= p->line_end) {
		at -= p->line_end;
		lines -= p->line_end > 0;
	}
	while (p->depth > level + 1)
		end_part(p, at, lines);
}

/* Counts what was looked at; v has at most one line end, at its end. */
static void advance(struct mime_parser *p, struct view v)
{
	struct mime_tree *t = &p->tree;
	t->size += v.n;
	p->mid_line = v.p[v.n - 1] != '\n';
	if (!p->mid_line) {
		char before = v.n > 1 ? v.p[v.n - 2] : p->last_byte;
		p->line_end = before == '\r' ? 2 : 1;
		t->has_bare_lf = t->has_bare_lf || before != '\r';
		t->n_lines++;
	}
	p->last_byte = v.p[v.n - 1];
}

static void on_delimiter(
    struct mime_parser *p, unsigned level, bool closes, struct view line)
{
	end_parts(p, level);
	advance(p, line);
	p->skips_line = p->mid_line;
	if (closes) {
		forget_boundary(p, &p->open[level]);
		return;
	}
	begin_part(p);
	if (p->in_header)
		innermost(p)->lines_before = p->tree.n_lines;
}

static bool is_empty(struct view line)
{
	return view_eq(line, V("\r\n")) || view_eq(line, V("\n"));
}

/* A line, or HELD_MAX octets of a longer one. */
static void on_line(struct mime_parser *p, struct view line)
{
	bool closes = false;
	int level = find_boundary(p, line, &closes);
	if (level >= 0) {
		on_delimiter(p, (unsigned)level, closes, line);
		return;
	}
	advance(p, line);
	if (!p->in_header)
		return;
	put_header(p, line);
	if (is_empty(line))
		end_header(p, p->tree.size, p->tree.n_lines);
}

/* At the start of a line: header lines and what may be a delimiter are taken
 * as a whole, held back where a line is split. */
static void take_line(struct mime_parser *p, struct view *in)
{
	struct view part = view_head(*in, HELD_MAX - p->held_n);
	size_t lf = view_find_byte(part, '\n');
	bool whole = lf < part.n;
	part = view_head(part, lf + 1);
	*in = view_skip(*in, part.n);
	if (whole && p->held_n == 0) {
		on_line(p, part);
		return;
	}
	memcpy(p->held + p->held_n, part.p, part.n);
	p->held_n += part.n;
	if (!whole && p->held_n < HELD_MAX)
		return;
	struct view line = { p->held, p->held_n };
	p->held_n = 0;
	on_line(p, line);
}

/* The rest of a long header or delimiter line. */
static void take_header_rest(struct mime_parser *p, struct view *in)
{
	struct view part = view_head(*in, view_find_byte(*in, '\n') + 1);
	*in = view_skip(*in, part.n);
	advance(p, part);
	if (p->in_header && !p->skips_line)
		put_header(p, part);
	if (p->mid_line || !p->skips_line)
		return;
	p->skips_line = false;
	if (p->in_header) {
		struct open_part *o = innermost(p);
		part_of(p, o)->header_offset = (uint32_t)p->tree.size;
		o->lines_before = p->tree.n_lines;
	}
}

/* Body text up to a line that may be a delimiter: this is where nearly all
 * bytes of large messages go. */
static void take_body(struct mime_parser *p, struct view *in)
{
	struct view v = *in;
	size_t at = 0;
	p->mid_line = true;
	while (at < v.n) {
		const char *lf = memchr(v.p + at, '\n', v.n - at);
		if (!lf) {
			p->mid_line = true;
			at = v.n;
			break;
		}
		char before = lf > v.p ? lf[-1] : p->last_byte;
		p->line_end = before == '\r' ? 2 : 1;
		p->tree.has_bare_lf |= before != '\r';
		p->tree.n_lines++;
		p->mid_line = false;
		at = (size_t)(lf - v.p) + 1;
		if (at < v.n && v.p[at] == '-' && p->n_boundaries)
			break;
	}
	p->last_byte = v.p[at - 1];
	p->tree.size += at;
	*in = view_skip(v, at);
}

void mime_parser_feed(struct mime_parser *p, struct view piece)
{
	mc_assert(!p->is_finished);
	scan_bytes(piece, &p->tree.has_nul, &p->tree.has_8bit);
	while (piece.n) {
		bool may_delimit = p->n_boundaries && piece.p[0] == '-';
		if (p->mid_line && (p->in_header || p->skips_line))
			take_header_rest(p, &piece);
		else if (p->held_n ||
			 (!p->mid_line && (p->in_header || may_delimit)))
			take_line(p, &piece);
		else
			take_body(p, &piece);
	}
}

const struct mime_tree *mime_parser_finish(struct mime_parser *p)
{
	struct mime_tree *t = &p->tree;
	if (p->is_finished)
		return t;
	p->is_finished = true;
	if (p->held_n) {
		struct view line = { p->held, p->held_n };
		p->held_n = 0;
		on_line(p, line);
	}
	while (p->in_header)
		end_header(p, t->size, t->n_lines);
	while (p->depth)
		end_part(p, t->size, t->n_lines);
	buf_deinit(&p->header);
	return t;
}

struct mime_parser *mime_parser_new(void)
{
	struct mime_parser *p = MUST_NEW(struct mime_parser);
	buf_init(&p->header, MIME_HEADER_MAX);
	begin_part(p);
	mc_assert(p->depth == 1);
	return p;
}

void mime_parser_free(struct mime_parser **p)
{
	if (!*p)
		return;
	for (uint32_t i = 0; i < (*p)->tree.n_parts; i++)
		free((void *)(uintptr_t)(*p)->tree.parts[i].header.p);
	free((*p)->tree.parts);
	buf_deinit(&(*p)->header);
	free(*p);
	*p = NULL;
}

static int child_of(const struct mime_part *parts, uint32_t n_parts,
    uint32_t parent, uint32_t number)
{
	for (uint32_t i = parent + 1; i < n_parts && number; i++)
		if (parts[i].parent == parent && --number == 0)
			return (int)i;
	return -1;
}

int mime_find(const struct mime_part *parts, uint32_t n_parts,
    const uint32_t *section, size_t n_section)
{
	int at = 0;
	bool is_message = true; /* at is a whole message, not a part of one */
	if (n_parts == 0)
		return -1;
	for (size_t i = 0; i < n_section && at >= 0; i++) {
		if (!is_message && parts[at].kind == MIME_MESSAGE) {
			at = child_of(parts, n_parts, (uint32_t)at, 1);
			is_message = true;
		}
		if (at < 0)
			return -1;
		if (parts[at].kind == MIME_MULTIPART)
			at = child_of(parts, n_parts, (uint32_t)at, section[i]);
		else if (!is_message || section[i] != 1)
			return -1;
		is_message = false;
	}
	return at;
}
