#include "text/message/addr.h"
#include "text/message/header.h"

/* One list while it is read. Every step takes at least one byte off rest, and
 * the buffers hold no more than the list has. */
struct list {
	struct view rest;
	struct buf phrase, local, domain, route, comment;
	bool in_group;
	size_t left; /* calls that may still be made */
	bool (*fn)(void *ctx, const struct addr *a);
	void *ctx;
};

static char peek(const struct list *l)
{
	return l->rest.n ? l->rest.p[0] : '\0';
}

static char take(struct list *l)
{
	char c = peek(l);
	l->rest = view_skip(l->rest, 1);
	return c;
}

static bool take_if(struct list *l, char c)
{
	if (l->rest.n == 0 || l->rest.p[0] != c)
		return false;
	take(l);
	return true;
}

static void take_comment(struct list *l)
{
	size_t depth = 1;
	take(l);
	buf_reset(&l->comment);
	while (l->rest.n) {
		char c = take(l);
		if (c == '\\' && l->rest.n)
			c = take(l);
		else if (c == '(')
			depth++;
		else if (c == ')' && --depth == 0)
			return;
		buf_put_char(&l->comment, c);
	}
}

static bool skip_cfws(struct list *l)
{
	size_t before = l->rest.n;
	for (;;) {
		char c = peek(l);
		if (c == '(')
			take_comment(l);
		else if (c == ' ' || c == '\t')
			take(l);
		else
			return l->rest.n < before;
	}
}

static void take_quoted(struct list *l, struct buf *a, struct buf *b)
{
	take(l);
	while (l->rest.n) {
		char c = take(l);
		if (c == '"')
			return;
		if (c == '\\' && l->rest.n)
			c = take(l);
		buf_put_char(a, c);
		buf_put_char(b, c);
	}
}

static bool is_special(char c)
{
	return view_has_byte(V(" \t(\"<>@,;:"), c);
}

static struct view take_atom(struct list *l)
{
	size_t n = 0;
	while (n < l->rest.n && !is_special(l->rest.p[n]))
		n++;
	struct view atom = view_head(l->rest, n);
	l->rest = view_skip(l->rest, n);
	return atom;
}

/* Words up to a special or the end: as a phrase, with a blank where there was
 * white space, and as a local part, without. Outside of angle brackets a ">"
 * that nothing opened is skipped. */
static void take_words(struct list *l, bool in_angle)
{
	for (;;) {
		bool spaced = skip_cfws(l);
		char c = peek(l);
		bool stray = c == '>' && !in_angle;
		if (l->rest.n == 0 || (c != '"' && !stray && is_special(c)))
			return;
		if (spaced && buf_len(&l->phrase))
			buf_put_char(&l->phrase, ' ');
		if (c == '"') {
			take_quoted(l, &l->phrase, &l->local);
			continue;
		}
		if (stray)
			take(l);
		struct view atom = take_atom(l);
		buf_put(&l->phrase, atom);
		buf_put(&l->local, atom);
	}
}

static bool ends_in(const struct buf *b, char c)
{
	struct view v = buf_view(b);
	return v.n && v.p[v.n - 1] == c;
}

static void take_literal(struct list *l)
{
	size_t end = view_find_byte(l->rest, ']');
	buf_put(&l->domain, view_head(l->rest, end + 1));
	l->rest = view_skip(l->rest, end + 1);
}

/* A domain without comments and the blanks around its dots; behind any other
 * blank it is over. Literals keep their brackets. */
static void take_domain(struct list *l)
{
	for (;;) {
		bool spaced = skip_cfws(l);
		if (l->rest.n == 0 || is_special(peek(l)))
			return;
		if (spaced && buf_len(&l->domain) && peek(l) != '.' &&
		    !ends_in(&l->domain, '.'))
			return;
		if (peek(l) == '[')
			take_literal(l);
		else
			buf_put(&l->domain, take_atom(l));
	}
}

/* "@a,@b:" at the start of an angle-addr (RFC 5322 4.4). */
static void take_route(struct list *l)
{
	skip_cfws(l);
	if (peek(l) != '@')
		return;
	size_t n = 0;
	while (n < l->rest.n && l->rest.p[n] != ':' && l->rest.p[n] != '>')
		n++;
	buf_put(&l->route, view_trim(view_head(l->rest, n)));
	l->rest = view_skip(l->rest, n);
	take_if(l, ':');
}

static void reset(struct list *l)
{
	buf_reset(&l->phrase);
	buf_reset(&l->local);
	buf_reset(&l->domain);
	buf_reset(&l->route);
	buf_reset(&l->comment);
}

static bool call(struct list *l, enum addr_kind kind)
{
	struct addr a = { .kind = kind };
	if (l->left == 0)
		return false;
	l->left--;
	if (kind == ADDR_GROUP_START)
		a.local = buf_view(&l->phrase);
	if (kind == ADDR_MAILBOX) {
		bool has_phrase = buf_len(&l->phrase) > 0;
		a.name =
		    view_trim(buf_view(has_phrase ? &l->phrase : &l->comment));
		a.local = buf_view(&l->local);
		a.domain = buf_view(&l->domain);
		a.route = buf_view(&l->route);
		if (a.name.n + a.local.n + a.domain.n == 0)
			return true;
	}
	return l->fn(l->ctx, &a);
}

static bool end_group(struct list *l)
{
	if (!l->in_group)
		return true;
	l->in_group = false;
	return call(l, ADDR_GROUP_END);
}

/* From "<": what stands before it is the display name, whatever it is. */
static bool angle(struct list *l)
{
	struct buf phrase = l->phrase;
	buf_init(&l->phrase, phrase.max);
	buf_reset(&l->local);
	take(l);
	take_route(l);
	take_words(l, true);
	if (take_if(l, '@'))
		take_domain(l);
	while (l->rest.n && peek(l) != '>' && peek(l) != ',')
		take(l);
	take_if(l, '>');
	skip_cfws(l);
	buf_deinit(&l->phrase);
	l->phrase = phrase;
	return call(l, ADDR_MAILBOX);
}

/* From "@" outside of angle brackets: an address alone, unless a "<" follows;
 * then all of it was an unquoted display name. */
static bool bare(struct list *l)
{
	struct view start = l->rest;
	take(l);
	take_domain(l);
	if (peek(l) == '<') {
		buf_put(&l->phrase,
		    view_trim(view_head(start, start.n - l->rest.n)));
		buf_reset(&l->domain);
		return angle(l);
	}
	buf_reset(&l->phrase);
	return call(l, ADDR_MAILBOX);
}

/* One element of the list and the separator behind it. */
static bool element(struct list *l)
{
	reset(l);
	take_words(l, false);
	switch (peek(l)) {
	case '<':
		return angle(l);
	case '@':
		return bare(l);
	case ':':
		take(l);
		if (buf_len(&l->phrase) == 0)
			return true;
		if (!end_group(l))
			return false;
		l->in_group = true;
		return call(l, ADDR_GROUP_START);
	default:
		break;
	}
	char c = take(l);
	if (buf_len(&l->local)) {
		buf_reset(&l->phrase);
		if (!call(l, ADDR_MAILBOX))
			return false;
	}
	return c != ';' || end_group(l);
}

void addr_each(struct view value, size_t max,
    bool (*fn)(void *ctx, const struct addr *a), void *ctx)
{
	struct list l = { .left = max, .fn = fn, .ctx = ctx };
	struct buf plain;
	struct buf *bufs[] = { &plain, &l.phrase, &l.local, &l.domain, &l.route,
		&l.comment };
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_init(bufs[i], 2 * value.n);
	header_unfold(value, &plain);
	l.rest = buf_view(&plain);
	bool goes_on = true;
	while (l.rest.n && goes_on)
		goes_on = element(&l);
	if (goes_on)
		end_group(&l);
	for (size_t i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		buf_deinit(bufs[i]);
}
