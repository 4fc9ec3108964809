#include "imapd/imap_body.h"
#include "base/chars.h"

enum {
	DEPTH_MAX = 200
};

/* Copies what it walks over while out is not NULL. */
struct walk {
	struct view in;
	struct buf *out;
};

static bool copy(struct walk *w, size_t n)
{
	if (n > w->in.n)
		return false;
	if (w->out)
		buf_put(w->out, view_head(w->in, n));
	w->in = view_skip(w->in, n);
	return true;
}

static bool next_is(const struct walk *w, char c)
{
	return w->in.n && w->in.p[0] == c;
}

static bool literal(struct walk *w)
{
	uint64_t n;
	size_t close = view_find_byte(w->in, '}');
	if (close == w->in.n || !view_u64(view_slice(w->in, 1, close), &n) ||
	    n > w->in.n)
		return false;
	return copy(w, close + 3) && copy(w, n);
}

static bool quoted(struct walk *w)
{
	size_t n = 1;
	while (n < w->in.n && w->in.p[n] != '"')
		n += w->in.p[n] == '\\' ? 2 : 1;
	return copy(w, n + 1);
}

static bool atom(struct walk *w)
{
	size_t n = 0;
	while (n < w->in.n && w->in.p[n] != ' ' && w->in.p[n] != '(' &&
	       w->in.p[n] != ')')
		n++;
	return n && copy(w, n);
}

/* Any value: string, NIL, number or parenthesized list. */
static bool value(struct walk *w, int depth)
{
	if (depth > DEPTH_MAX || !w->in.n)
		return false;
	if (next_is(w, '"'))
		return quoted(w);
	if (next_is(w, '{'))
		return literal(w);
	if (!next_is(w, '('))
		return atom(w);
	if (!copy(w, 1))
		return false;
	while (!next_is(w, ')')) {
		if (next_is(w, ' ') && !copy(w, 1))
			return false;
		if (!value(w, depth + 1))
			return false;
	}
	return copy(w, 1);
}

static bool values(struct walk *w, int n)
{
	for (int i = 0; i < n; i++)
		if ((i && (!next_is(w, ' ') || !copy(w, 1))) || !value(w, 0))
			return false;
	return true;
}

/* What is left up to ")": the extension data. */
static bool drop_rest(struct walk *w)
{
	struct buf *out = w->out;
	bool ok = true;
	w->out = NULL;
	while (ok && next_is(w, ' '))
		ok = copy(w, 1) && value(w, 0);
	w->out = out;
	return ok && next_is(w, ')') && copy(w, 1);
}

static bool body(struct walk *w, int depth);

/* Behind the seven fields that all parts have: " lines" of text, " envelope
 * body lines" of a message; anything else is an extension, and the first one
 * is a string. */
static bool specific(struct walk *w, int depth)
{
	char c = w->in.n > 1 ? w->in.p[1] : ')';
	if (char_is(c, CHAR_DIGIT))
		return copy(w, 1) && value(w, 0);
	if (c != '(')
		return true;
	return copy(w, 1) && value(w, 0) && copy(w, 1) && body(w, depth + 1) &&
	       copy(w, 1) && value(w, 0);
}

static bool body(struct walk *w, int depth)
{
	if (depth > DEPTH_MAX || !next_is(w, '(') || !copy(w, 1))
		return false;
	if (!next_is(w, '('))
		return values(w, 7) && specific(w, depth) && drop_rest(w);
	while (next_is(w, '('))
		if (!body(w, depth + 1))
			return false;
	return next_is(w, ' ') && copy(w, 1) && value(w, 0) && drop_rest(w);
}

bool imap_body_put(struct view structure, struct buf *out)
{
	struct walk w = { structure, out };
	return body(&w, 0) && w.in.n == 0;
}
