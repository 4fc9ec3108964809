#include "imapd/imap_section.h"
#include "base/chars.h"
#include "text/message/envelope.h"
#include "text/message/header.h"
#include <string.h>

static bool numbers(struct imap_args *a, struct imap_section *out)
{
	uint32_t *list =
	    arena_alloc(a->arena, IMAP_SECTION_NUMBERS_MAX * sizeof *list);
	if (!list)
		return imap_bad(a, "Command too large");
	out->numbers = list;
	while (a->in.n && char_is(a->in.p[0], CHAR_DIGIT)) {
		if (out->n_numbers == IMAP_SECTION_NUMBERS_MAX)
			return imap_bad(a, "Section too deep");
		if (!imap_nz_number(a, &list[out->n_numbers++]))
			return false;
		if (!imap_skip(a, '.'))
			return true;
	}
	return !imap_peek(a, ']') || imap_bad(a, "Malformed section");
}

static const struct {
	struct view word;
	enum imap_section_kind kind;
} kinds[] = {
	{ V_INIT("HEADER.FIELDS.NOT"), IMAP_SECTION_FIELDS_NOT },
	{ V_INIT("HEADER.FIELDS"), IMAP_SECTION_FIELDS },
	{ V_INIT("HEADER"), IMAP_SECTION_HEADER },
	{ V_INIT("TEXT"), IMAP_SECTION_TEXT },
	{ V_INIT("MIME"), IMAP_SECTION_MIME },
};

enum {
	N_KINDS = sizeof kinds / sizeof *kinds
};

static bool kind(struct imap_args *a, struct imap_section *out)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (!view_istarts(a->in, kinds[i].word))
			continue;
		a->in = view_skip(a->in, kinds[i].word.n);
		out->kind = kinds[i].kind;
		if (out->kind == IMAP_SECTION_MIME && !out->n_numbers)
			return imap_bad(a, "MIME needs a part number");
		return true;
	}
	return imap_bad(a, "Unknown section");
}

static size_t count_fields(struct view v)
{
	size_t n = 1;
	for (size_t i = 0; i < v.n && v.p[i] != ')'; i++)
		n += v.p[i] == ' ';
	return n;
}

static bool fields(struct imap_args *a, struct imap_section *out)
{
	size_t max = count_fields(a->in);
	struct view *list = arena_alloc(a->arena, max * sizeof *list);
	if (!list)
		return imap_bad(a, "Command too large");
	out->fields = list;
	if (!imap_space(a) || !imap_char(a, '('))
		return false;
	do {
		if (out->n_fields == max)
			return imap_bad(a, "Malformed field list");
		if (!imap_astring(a, &list[out->n_fields++]))
			return false;
	} while (imap_skip(a, ' '));
	return imap_char(a, ')');
}

static bool spec(struct imap_args *a, struct imap_section *out)
{
	if (imap_peek(a, ']'))
		return true;
	if (a->in.n && char_is(a->in.p[0], CHAR_DIGIT) && !numbers(a, out))
		return false;
	if (imap_peek(a, ']'))
		return true;
	if (!kind(a, out))
		return false;
	if (out->kind == IMAP_SECTION_FIELDS ||
	    out->kind == IMAP_SECTION_FIELDS_NOT)
		return fields(a, out);
	return true;
}

static bool partial(struct imap_args *a, struct imap_section *out)
{
	if (!imap_skip(a, '<'))
		return true;
	out->is_partial = true;
	return imap_number(a, &out->partial_offset) && imap_char(a, '.') &&
	       imap_nz_number(a, &out->partial_size) && imap_char(a, '>');
}

/* "BODY[1.HEADER.FIELDS (DATE)]<0>": names as the client wrote them. */
static bool label(struct imap_args *a, struct imap_section *out)
{
	struct buf text;
	bool ok = true;
	buf_init(&text, 256 * 1024);
	buf_put(&text, V("BODY["));
	for (size_t i = 0; i < out->n_numbers; i++)
		buf_printf(&text, i ? ".%u" : "%u", out->numbers[i]);
	if (out->n_numbers && out->kind != IMAP_SECTION_WHOLE)
		buf_put_char(&text, '.');
	for (size_t i = 0; i < N_KINDS; i++)
		if (kinds[i].kind == out->kind)
			buf_put(&text, kinds[i].word);
	for (size_t i = 0; i < out->n_fields; i++) {
		buf_put(&text, i ? V(" ") : V(" ("));
		imap_astring_put(&text, out->fields[i]);
	}
	buf_put(&text, out->n_fields ? V(")]") : V("]"));
	if (out->is_partial)
		buf_printf(&text, "<%u>", out->partial_offset);
	out->label = arena_copy(a->arena, buf_view(&text), &ok);
	ok &= buf_error(&text) == 0;
	buf_deinit(&text);
	return ok || imap_bad(a, "Command too large");
}

bool imap_section(struct imap_args *a, struct imap_section *out)
{
	*out = (struct imap_section){ .kind = IMAP_SECTION_WHOLE };
	return imap_char(a, '[') && spec(a, out) && imap_char(a, ']') &&
	       partial(a, out) && label(a, out);
}

static struct imap_place whole_message(
    const struct imap_section *section, uint64_t header_size, uint64_t size)
{
	if (section->kind == IMAP_SECTION_WHOLE)
		return (struct imap_place){ false, 0, size };
	if (section->kind == IMAP_SECTION_TEXT)
		return (struct imap_place){ false, header_size,
			size - header_size };
	return (struct imap_place){ false, 0, header_size };
}

static struct imap_place header_of(const struct mime_part *part)
{
	return (
	    struct imap_place){ false, part->header_offset, part->header_size };
}

static struct imap_place body_of(const struct mime_part *part)
{
	return (struct imap_place){ false, part->body_offset, part->body_size };
}

/* RFC 3501 6.4.5: HEADER and TEXT of a part are those of the message in it. */
static const struct mime_part *message_in(
    const struct mime_part *parts, uint32_t n_parts, uint32_t i)
{
	if (parts[i].kind != MIME_MESSAGE || i + 1 >= n_parts ||
	    parts[i + 1].parent != i)
		return NULL;
	return &parts[i + 1];
}

struct imap_place imap_section_find(const struct imap_section *section,
    const struct message_info *info, const struct mime_part *parts)
{
	static const struct imap_place nil = { true, 0, 0 };
	uint64_t header_size = info->header_size;
	if (header_size > info->size_bytes)
		header_size = info->size_bytes;
	if (!section->n_numbers)
		return whole_message(section, header_size, info->size_bytes);
	int found = mime_find(
	    parts, info->n_parts, section->numbers, section->n_numbers);
	if (found < 0)
		return nil;
	const struct mime_part *part = &parts[found];
	if (section->kind == IMAP_SECTION_WHOLE)
		return body_of(part);
	if (section->kind == IMAP_SECTION_MIME)
		return header_of(part);
	part = message_in(parts, info->n_parts, (uint32_t)found);
	if (!part)
		return nil;
	return section->kind == IMAP_SECTION_TEXT ? body_of(part)
						  : header_of(part);
}

uint64_t imap_section_cut(
    const struct imap_section *section, uint64_t size, uint64_t *offset)
{
	*offset = 0;
	if (!section->is_partial)
		return size;
	*offset = section->partial_offset;
	if (*offset > size)
		*offset = size;
	size -= *offset;
	return size < section->partial_size ? size : section->partial_size;
}

static bool is_listed(const struct imap_section *section, struct view name)
{
	for (size_t i = 0; i < section->n_fields; i++)
		if (view_ieq(section->fields[i], name))
			return true;
	return false;
}

void imap_section_fields(
    const struct imap_section *section, struct view header, struct buf *out)
{
	bool want = section->kind == IMAP_SECTION_FIELDS;
	struct header_field field;
	while (header_next(&header, &field) == PARSE_OK)
		if (is_listed(section, field.name) == want)
			buf_put(out, field.raw);
	buf_put(out, V("\r\n"));
}
