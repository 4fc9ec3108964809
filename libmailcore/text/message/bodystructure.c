/* BODY and BODYSTRUCTURE: RFC 3501 7.4.2. */
#include "text/codec.h"
#include "text/message/envelope.h"
#include "text/message/header.h"

/* A structure that does not fit in BODYSTRUCTURE_MAX is written again with
 * what must be there only. */
struct writer {
	const struct mime_tree *tree;
	struct buf *out;
	bool is_extended, is_brief;
};

enum {
	TOKEN_MAX = 64
};

static void put_part(const struct writer *w, uint32_t index);

static struct view field_of(const struct mime_part *part, struct view name)
{
	struct header_field f;
	if (!header_find(part->header, name, &f))
		return V_NONE;
	return f.value.p ? f.value : V("");
}

/* A field's text as an nstring. */
static void put_field(
    const struct writer *w, const struct mime_part *part, struct view name)
{
	struct view value = w->is_brief ? V_NONE : field_of(part, name);
	struct buf plain;
	if (!value.p) {
		buf_put(w->out, V("NIL"));
		return;
	}
	buf_init(&plain, value.n);
	header_unfold(value, &plain);
	imap_string_put(w->out, buf_view(&plain));
	buf_deinit(&plain);
}

static void put_params(
    const struct writer *w, const struct header_mime_value *v)
{
	if (v->n_params == 0 || w->is_brief) {
		buf_put(w->out, V("NIL"));
		return;
	}
	for (size_t i = 0; i < v->n_params; i++) {
		buf_put_char(w->out, i ? ' ' : '(');
		imap_string_put(w->out, v->params[i].name);
		buf_put_char(w->out, ' ');
		imap_string_put(w->out, v->params[i].value);
	}
	buf_put_char(w->out, ')');
}

static void put_disposition(
    const struct writer *w, const struct mime_part *part)
{
	struct view value = field_of(part, V("Content-Disposition"));
	struct header_mime_value v;
	struct buf storage;
	buf_init(&storage, 2 * value.n + 256);
	header_mime_parse_raw(value, &v, &storage);
	if (w->is_brief || v.value.n == 0) {
		buf_put(w->out, V("NIL"));
	} else {
		buf_put_char(w->out, '(');
		imap_string_put(w->out, v.value);
		buf_put_char(w->out, ' ');
		put_params(w, &v);
		buf_put_char(w->out, ')');
	}
	buf_deinit(&storage);
}

/* RFC 3282: tags with commas between; a list even for one, as peers do. */
static void put_language(const struct writer *w, const struct mime_part *part)
{
	struct view value = field_of(part, V("Content-Language")), tag, rest;
	struct buf plain;
	size_t n = 0;
	bool more = true;
	buf_init(&plain, value.n);
	header_unfold(value, &plain);
	for (rest = buf_view(&plain); more && !w->is_brief;) {
		more = view_cut(&rest, ',', &tag);
		tag = view_trim(tag);
		if (tag.n == 0)
			continue;
		buf_put_char(w->out, n++ ? ' ' : '(');
		imap_string_put(w->out, tag);
	}
	buf_put(w->out, n ? V(")") : V("NIL"));
	buf_deinit(&plain);
}

static void put_extension(const struct writer *w, const struct mime_part *part)
{
	buf_put_char(w->out, ' ');
	put_disposition(w, part);
	buf_put_char(w->out, ' ');
	put_language(w, part);
	buf_put_char(w->out, ' ');
	put_field(w, part, V("Content-Location"));
}

static void put_number(const struct writer *w, uint64_t n)
{
	buf_put_char(w->out, ' ');
	buf_put_u64(w->out, n);
}

/* The token at the start of the field, "7bit" without one (RFC 2045 6.1). */
static void put_encoding(const struct writer *w, const struct mime_part *part)
{
	struct view v = transfer_encoding_token(
	    field_of(part, V("Content-Transfer-Encoding")));
	imap_string_put(w->out, v.n ? view_head(v, TOKEN_MAX) : V("7bit"));
}

struct type {
	struct view type, subtype;
	struct header_mime_value field;
	struct buf storage;
};

static void set_type(struct type *t, struct view type, struct view subtype)
{
	t->type = type;
	t->subtype = subtype;
	t->field.n_params = 0;
}

static void default_type(struct type *t)
{
	set_type(t, V("text"), V("plain"));
	t->field.params[0] =
	    (struct header_param){ V("charset"), V("us-ascii") };
	t->field.n_params = 1;
}

static bool in_digest(const struct writer *w, const struct mime_part *part)
{
	const struct mime_part *parent = &w->tree->parts[part->parent];
	return part != parent && parent->kind == MIME_MULTIPART &&
	       view_istarts(view_trim(field_of(parent, V("Content-Type"))),
		   V("multipart/digest"));
}

/* What the header says is kept unless it promises a structure that the tree
 * does not have: a client would ask for parts of it. */
static void find_type(
    const struct writer *w, const struct mime_part *part, struct type *t)
{
	struct view value = field_of(part, V("Content-Type"));
	buf_init(&t->storage, 2 * value.n + 256);
	header_mime_parse_raw(value, &t->field, &t->storage);
	t->subtype = t->field.value;
	bool whole = view_cut(&t->subtype, '/', &t->type);
	bool missing = !whole || !t->type.n || !t->subtype.n;
	if (part->kind == MIME_MESSAGE && missing)
		set_type(t, V("message"), V("rfc822"));
	else if (missing && !value.p && in_digest(w, part))
		set_type(t, V("application"), V("octet-stream"));
	else if (missing)
		default_type(t);
	if (part->kind != MIME_LEAF)
		return;
	if (view_ieq(t->type, V("multipart")))
		default_type(t);
	else if (view_ieq(t->type, V("message")) &&
		 (view_ieq(t->subtype, V("rfc822")) ||
		     view_ieq(t->subtype, V("global"))))
		set_type(t, V("application"), V("octet-stream"));
}

static void put_type(const struct writer *w, const struct type *t)
{
	imap_string_put(w->out, view_head(t->type, TOKEN_MAX));
	buf_put_char(w->out, ' ');
	imap_string_put(w->out, view_head(t->subtype, TOKEN_MAX));
	buf_put_char(w->out, ' ');
	put_params(w, &t->field);
}

static uint32_t next_child(
    const struct mime_tree *t, uint32_t parent, uint32_t after)
{
	uint32_t i = after + 1;
	while (i < t->n_parts && t->parts[i].parent != parent)
		i++;
	return i;
}

static void put_multipart(
    const struct writer *w, uint32_t index, const struct type *t)
{
	uint32_t child = next_child(w->tree, index, index);
	for (; child < w->tree->n_parts;
	     child = next_child(w->tree, index, child))
		put_part(w, child);
	buf_put_char(w->out, ' ');
	imap_string_put(w->out, view_head(t->subtype, TOKEN_MAX));
	if (!w->is_extended)
		return;
	buf_put_char(w->out, ' ');
	put_params(w, &t->field);
	put_extension(w, &w->tree->parts[index]);
}

static void put_message(const struct writer *w, uint32_t index)
{
	uint32_t child = next_child(w->tree, index, index);
	struct view header = w->tree->parts[child].header;
	buf_put_char(w->out, ' ');
	envelope_put(w->is_brief ? V("") : header, w->out);
	buf_put_char(w->out, ' ');
	put_part(w, child);
	put_number(w, w->tree->parts[index].body_lines);
}

static void put_single(
    const struct writer *w, uint32_t index, const struct type *t)
{
	const struct mime_part *part = &w->tree->parts[index];
	put_type(w, t);
	buf_put_char(w->out, ' ');
	put_field(w, part, V("Content-ID"));
	buf_put_char(w->out, ' ');
	put_field(w, part, V("Content-Description"));
	buf_put_char(w->out, ' ');
	put_encoding(w, part);
	put_number(w, part->body_size);
	if (part->kind == MIME_MESSAGE)
		put_message(w, index);
	else if (view_ieq(t->type, V("text")))
		put_number(w, part->body_lines);
	if (!w->is_extended)
		return;
	buf_put_char(w->out, ' ');
	put_field(w, part, V("Content-MD5"));
	put_extension(w, part);
}

/* Recursion is as deep as the tree: MIME_DEPTH_MAX. */
static void put_part(const struct writer *w, uint32_t index)
{
	struct type t;
	if (buf_error(w->out))
		return;
	find_type(w, &w->tree->parts[index], &t);
	buf_put_char(w->out, '(');
	if (w->tree->parts[index].kind == MIME_MULTIPART)
		put_multipart(w, index, &t);
	else
		put_single(w, index, &t);
	buf_put_char(w->out, ')');
	buf_deinit(&t.storage);
}

void bodystructure_put(
    const struct mime_tree *tree, bool extended, struct buf *out)
{
	struct buf b;
	struct writer w = { tree, &b, extended, false };
	buf_init(&b, BODYSTRUCTURE_MAX);
	put_part(&w, 0);
	if (buf_error(&b)) {
		buf_reset(&b);
		w.is_brief = true;
		put_part(&w, 0);
	}
	if (buf_error(&b))
		out->error = buf_error(&b);
	buf_put(out, buf_view(&b));
	buf_deinit(&b);
}
