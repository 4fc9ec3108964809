#include "store/record/message_prepare.h"
#include "text/message/envelope.h"
#include "text/message/header.h"

enum {
	ENVELOPE_RECORD_MAX =
	    ENVELOPE_MAX + BODY_FRAMES_MAX * FRAME_ENTRY_OCTETS + 1024,
	STRUCTURE_RECORD_MAX =
	    BODYSTRUCTURE_MAX + MIME_PARTS_MAX * PART_OCTETS + 1024,
	DATE_MAX = 1024,
};

void prepared_init(struct prepared *p)
{
	buf_init(&p->envelope, ENVELOPE_RECORD_MAX);
	buf_init(&p->structure, STRUCTURE_RECORD_MAX);
	packed_init(&p->packed);
}

void prepared_deinit(struct prepared *p)
{
	buf_deinit(&p->envelope);
	buf_deinit(&p->structure);
	packed_deinit(&p->packed);
}

/* Whether the bytes can go to a POP3 client as they are, and what they lack. */
struct lines {
	struct mime_parser *parser;
	bool has_dots; /* at the start of a line */
	uint32_t bare_bytes;
	char last[2]; /* the two octets before the piece */
};

static void look_at_lines(struct lines *l, struct view piece)
{
	const char *p = piece.p, *end = p + piece.n;
	l->has_dots |= l->last[1] == '\n' && p[0] == '.';
	while ((p = memchr(p, '\n', (size_t)(end - p)))) {
		char before = p > piece.p ? p[-1] : l->last[1];
		p++;
		l->bare_bytes += before != '\r';
		l->has_dots |= p < end && *p == '.';
	}
	l->last[0] = piece.n > 1 ? end[-2] : l->last[1];
	l->last[1] = end[-1];
}

static int on_piece(void *ctx, struct view piece)
{
	struct lines *l = ctx;
	if (piece.n == 0)
		return 0;
	mime_parser_feed(l->parser, piece);
	look_at_lines(l, piece);
	return 0;
}

static void end_lines(struct lines *l)
{
	if (l->last[1] != '\n')
		l->bare_bytes += l->last[1] == '\r' ? 1 : 2;
}

static int64_t sent_s(struct view header, struct date internaldate)
{
	struct header_field field;
	struct date d;
	struct buf value;
	int error = MC_E_BAD;
	if (!header_find(header, V("Date"), &field))
		return internaldate.unix_s;
	buf_init(&value, DATE_MAX);
	header_unfold(field.value, &value);
	if (!buf_error(&value))
		error = date_parse(buf_view(&value), &d);
	buf_deinit(&value);
	return error ? internaldate.unix_s : d.unix_s;
}

static int put_envelope(const struct append *a, const struct mime_tree *tree,
    const struct lines *l, struct prepared *p)
{
	struct buf text, *out = &p->envelope;
	struct envelope_record e = {
		.has_nul = tree->has_nul,
		.crlf_clean = !l->has_dots && !l->bare_bytes,
		.bare_bytes = l->bare_bytes,
		.has_8bit_header = tree->has_8bit_header,
		.header_size = tree->parts[0].header_size,
		.size_bytes = tree->size,
		.n_lines = tree->n_lines,
		.sent_s = sent_s(tree->parts[0].header, a->internaldate),
		.internaldate = a->internaldate,
		.has_pieces = true,
		.frames = buf_view(&p->packed.frames),
	};
	references_of(tree->parts[0].header, &e.references);
	p->references = e.references;
	buf_init(&text, ENVELOPE_MAX);
	envelope_put(tree->parts[0].header, &text);
	e.envelope = buf_view(&text);
	envelope_encode(&e, out);
	int error = buf_error(&text) ? buf_error(&text) : buf_error(out);
	buf_deinit(&text);
	return error;
}

static int put_structure(const struct mime_tree *tree, struct buf *out)
{
	struct buf text;
	buf_init(&text, BODYSTRUCTURE_MAX);
	bodystructure_put(tree, true, &text);
	structure_encode(tree, buf_view(&text), out);
	int error = buf_error(&text) ? buf_error(&text) : buf_error(out);
	buf_deinit(&text);
	return error;
}

struct source prepared_body(
    const struct prepared *p, const struct source *source)
{
	return buf_len(&p->packed.frames) ? packed_source(&p->packed) : *source;
}

int message_prepare(
    const struct append *a, struct packer *packer, struct prepared *out)
{
	if (source_size(&a->source) >= UINT32_MAX)
		return MC_E_LIMIT;
	struct lines l = { .parser = mime_parser_new(),
		.last = { '\r', '\n' } };
	if (!l.parser)
		return MC_E_TEMP;
	int error = source_each(&a->source, on_piece, &l);
	const struct mime_tree *tree = NULL;
	if (!error)
		tree = mime_parser_finish(l.parser);
	if (!error && tree->size != source_size(&a->source))
		error = MC_E_BAD;
	end_lines(&l);
	out->internal = l.bare_bytes ? MESSAGE_BARE_LF : 0;
	if (!error && packer)
		error = packer_run(packer, &a->source, &out->packed);
	if (!error)
		error = put_envelope(a, tree, &l, out);
	if (!error)
		error = put_structure(tree, &out->structure);
	mime_parser_free(&l.parser);
	return error;
}
