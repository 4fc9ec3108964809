#include "text/search/html.h"
#include "base/chars.h"
#include "text/codec.h"
#include <string.h>

/* Their content is no text. */
static const struct view raws[] = { V_INIT("script"), V_INIT("style") };

/* What does not end a line or a word. */
static const struct view inlines[] = { V_INIT("a"), V_INIT("abbr"),
	V_INIT("acronym"), V_INIT("b"), V_INIT("bdi"), V_INIT("bdo"),
	V_INIT("big"), V_INIT("cite"), V_INIT("code"), V_INIT("del"),
	V_INIT("dfn"), V_INIT("em"), V_INIT("font"), V_INIT("i"), V_INIT("img"),
	V_INIT("ins"), V_INIT("kbd"), V_INIT("mark"), V_INIT("q"), V_INIT("s"),
	V_INIT("samp"), V_INIT("small"), V_INIT("span"), V_INIT("strike"),
	V_INIT("strong"), V_INIT("sub"), V_INIT("sup"), V_INIT("tt"),
	V_INIT("u"), V_INIT("var"), V_INIT("wbr") };

/* U+00A0 to U+00FF, in order. */
static const char *const latin1[96] = { "nbsp", "iexcl", "cent", "pound",
	"curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo",
	"not", "shy", "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute",
	"micro", "para", "middot", "cedil", "sup1", "ordm", "raquo", "frac14",
	"frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde",
	"Auml", "Aring", "AElig", "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml",
	"Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve",
	"Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave",
	"Uacute", "Ucirc", "Uuml", "Yacute", "THORN", "szlig", "agrave",
	"aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil",
	"egrave", "eacute", "ecirc", "euml", "igrave", "iacute", "icirc",
	"iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml",
	"divide", "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute",
	"thorn", "yuml" };

static const struct named {
	struct view name;
	uint32_t code_point;
} others[] = {
	{ V_INIT("amp"), '&' },
	{ V_INIT("apos"), '\'' },
	{ V_INIT("bdquo"), 0x201e },
	{ V_INIT("bull"), 0x2022 },
	{ V_INIT("dagger"), 0x2020 },
	{ V_INIT("emsp"), 0x2003 },
	{ V_INIT("ensp"), 0x2002 },
	{ V_INIT("euro"), 0x20ac },
	{ V_INIT("gt"), '>' },
	{ V_INIT("hellip"), 0x2026 },
	{ V_INIT("larr"), 0x2190 },
	{ V_INIT("ldquo"), 0x201c },
	{ V_INIT("lsaquo"), 0x2039 },
	{ V_INIT("lsquo"), 0x2018 },
	{ V_INIT("lt"), '<' },
	{ V_INIT("mdash"), 0x2014 },
	{ V_INIT("minus"), 0x2212 },
	{ V_INIT("ndash"), 0x2013 },
	{ V_INIT("oelig"), 0x153 },
	{ V_INIT("OElig"), 0x152 },
	{ V_INIT("quot"), '"' },
	{ V_INIT("rarr"), 0x2192 },
	{ V_INIT("rdquo"), 0x201d },
	{ V_INIT("rsaquo"), 0x203a },
	{ V_INIT("rsquo"), 0x2019 },
	{ V_INIT("sbquo"), 0x201a },
	{ V_INIT("scaron"), 0x161 },
	{ V_INIT("Scaron"), 0x160 },
	{ V_INIT("thinsp"), 0x2009 },
	{ V_INIT("trade"), 0x2122 },
	{ V_INIT("zwj"), 0x200d },
	{ V_INIT("zwnj"), 0x200c },
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static struct view name_of(const struct html *h)
{
	return (struct view){ h->name, h->n_name };
}

static void name_add(struct html *h, char c)
{
	if (h->n_name < HTML_NAME_MAX)
		h->name[h->n_name++] = c;
	else
		h->name[0] = '\0'; /* no name that is known is so long */
}

static void put_gap(struct html *h, struct buf *out)
{
	if (h->gap && h->has_text)
		buf_put_char(out, h->gap);
	h->gap = '\0';
	h->has_text = true;
}

static void put_text(struct html *h, struct view v, struct buf *out)
{
	if (v.n == 0 || h->raw)
		return;
	put_gap(h, out);
	buf_put(out, v);
}

static void add_gap(struct html *h, char c)
{
	if (h->gap != '\n' && !h->raw)
		h->gap = c;
}

/* Character references. */

static bool number(struct view v, uint32_t *out)
{
	bool is_hex = v.n && char_lower(v.p[0]) == 'x';
	uint32_t base = is_hex ? 16 : 10, n = 0;
	v = view_skip(v, is_hex);
	for (size_t i = 0; i < v.n; i++) {
		int digit = char_hex(v.p[i]);
		if (digit < 0 || (uint32_t)digit >= base || n > 0x10ffff)
			return false;
		n = n * base + (uint32_t)digit;
	}
	*out = n;
	return v.n != 0;
}

static bool resolve(struct view v, uint32_t *out)
{
	if (v.n && v.p[0] == '#')
		return number(view_skip(v, 1), out);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (view_eq(v, others[i].name)) {
			*out = others[i].code_point;
			return true;
		}
	for (uint32_t i = 0; i < 96; i++)
		if (view_eq(v, view_of(latin1[i]))) {
			*out = 0xa0 + i;
			return true;
		}
	return false;
}

/* The name is complete, or cannot become one. */
static void end_reference(struct html *h, bool has_end, struct buf *out)
{
	struct view name = name_of(h);
	uint32_t c;
	h->state = HTML_TEXT;
	if (resolve(name, &c)) {
		put_gap(h, out);
		utf8_put(out, c);
		return;
	}
	put_text(h, V("&"), out);
	put_text(h, name, out);
	if (has_end)
		put_text(h, V(";"), out);
}

/* Tags. */

static void end_tag(struct html *h)
{
	struct view name = name_of(h);
	h->state = HTML_TEXT;
	for (uint8_t i = 0; i < sizeof raws / sizeof *raws; i++) {
		if (!view_eq(name, raws[i]))
			continue;
		if (h->is_closing && h->raw == i + 1)
			h->raw = 0;
		else if (!h->is_closing && !h->raw)
			h->raw = (uint8_t)(i + 1);
	}
	for (size_t i = 0; i < sizeof inlines / sizeof *inlines; i++)
		if (view_eq(name, inlines[i]))
			return;
	add_gap(h, '\n');
}

/* True: c is not consumed. */
static bool in_open(struct html *h, char c, struct buf *out)
{
	h->n_name = 0;
	h->is_closing = c == '/';
	h->in_name = true;
	h->quote = h->last = '\0';
	h->dashes = 0;
	if (h->raw && !h->is_closing) {
		h->state = HTML_TEXT;
		return true;
	}
	if (char_is(c, CHAR_ALPHA) || c == '/') {
		h->state = HTML_TAG;
		return c != '/';
	}
	if (c == '!' || c == '?') {
		h->state = HTML_DECLARATION;
		return false;
	}
	h->state = HTML_TEXT;
	put_text(h, V("<"), out);
	return true;
}

/* A quote begins only behind "=": apostrophes stand elsewhere, too. In the
 * content of a script, a tag is only what ends it. */
static bool in_tag(struct html *h, char c)
{
	if (h->quote) {
		if (c == h->quote)
			h->quote = h->last = '\0';
		return false;
	}
	h->in_name &= char_is(c, CHAR_ALPHA | CHAR_DIGIT);
	if (h->in_name) {
		name_add(h, char_lower(c));
		return false;
	}
	if (h->raw && !view_eq(name_of(h), raws[h->raw - 1])) {
		h->state = HTML_TEXT;
		return true;
	}
	if (c == '>')
		end_tag(h);
	else if ((c == '"' || c == '\'') && h->last == '=')
		h->quote = c;
	else if (!is_blank(c))
		h->last = c;
	return false;
}

static void in_declaration(struct html *h, char c)
{
	h->dashes = c == '-' && h->dashes < 2 ? (uint8_t)(h->dashes + 1) : 3;
	if (h->dashes == 2)
		h->state = HTML_COMMENT;
	else if (c == '>')
		h->state = HTML_TEXT;
}

/* "<!-->" is a whole comment. */
static void in_comment(struct html *h, char c)
{
	if (c == '-')
		h->dashes = h->dashes < 2 ? (uint8_t)(h->dashes + 1) : 2;
	else if (c == '>' && h->dashes == 2)
		h->state = HTML_TEXT;
	else
		h->dashes = 0;
}

static bool in_reference(struct html *h, char c, struct buf *out)
{
	bool goes_on =
	    char_is(c, CHAR_ALPHA | CHAR_DIGIT) || (c == '#' && h->n_name == 0);
	if (goes_on && h->n_name < HTML_NAME_MAX) {
		h->name[h->n_name++] = c;
		return false;
	}
	end_reference(h, c == ';', out);
	return c != ';';
}

/* A stretch of text up to what means something. */
static size_t in_text(struct html *h, struct view in, struct buf *out)
{
	size_t n = 0;
	while (
	    n < in.n && in.p[n] != '<' && in.p[n] != '&' && !is_blank(in.p[n]))
		n++;
	put_text(h, view_head(in, n), out);
	if (n == in.n)
		return n;
	if (in.p[n] == '<') {
		h->state = HTML_OPEN;
	} else if (in.p[n] != '&') {
		add_gap(h, ' ');
	} else if (!h->raw) {
		h->state = HTML_REFERENCE;
		h->n_name = 0;
	}
	return n + 1;
}

static size_t step(struct html *h, struct view in, struct buf *out)
{
	switch (h->state) {
	case HTML_TEXT:
		return in_text(h, in, out);
	case HTML_OPEN:
		return in_open(h, in.p[0], out) ? 0 : 1;
	case HTML_TAG:
		return in_tag(h, in.p[0]) ? 0 : 1;
	case HTML_DECLARATION:
		in_declaration(h, in.p[0]);
		return 1;
	case HTML_COMMENT:
		in_comment(h, in.p[0]);
		return 1;
	case HTML_REFERENCE:
		return in_reference(h, in.p[0], out) ? 0 : 1;
	}
	return 1;
}

void html_init(struct html *h)
{
	*h = (struct html){ .state = HTML_TEXT };
}

void html_put(struct html *h, struct view in, struct buf *out)
{
	while (in.n)
		in = view_skip(in, step(h, in, out));
}

void html_end(struct html *h, struct buf *out)
{
	if (h->state == HTML_REFERENCE)
		end_reference(h, false, out);
	else if (h->state == HTML_OPEN)
		put_text(h, V("<"), out);
	h->state = HTML_TEXT;
}
