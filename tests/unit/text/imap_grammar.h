#ifndef TESTS_IMAP_GRAMMAR_H
#define TESTS_IMAP_GRAMMAR_H
/* Checks ENVELOPE and BODYSTRUCTURE against RFC 3501 9, rule by rule. */
#include "suite.h"

static bool g_char(struct view *v, char c)
{
	if (v->n == 0 || v->p[0] != c)
		return false;
	*v = view_skip(*v, 1);
	return true;
}

static bool g_number(struct view *v)
{
	uint64_t n;
	size_t digits = 0;
	while (digits < v->n && v->p[digits] >= '0' && v->p[digits] <= '9')
		digits++;
	bool ok = view_u64(view_head(*v, digits), &n);
	*v = view_skip(*v, digits);
	return ok;
}

static bool g_literal(struct view *v)
{
	struct view digits;
	uint64_t n;
	if (!g_char(v, '{') || !view_cut(v, '}', &digits) ||
	    !view_u64(digits, &n) || !g_char(v, '\r') || !g_char(v, '\n') ||
	    n > v->n || view_has_byte(view_head(*v, n), '\0'))
		return false;
	*v = view_skip(*v, n);
	return true;
}

static bool g_string(struct view *v)
{
	if (v->n && v->p[0] == '{')
		return g_literal(v);
	if (!g_char(v, '"'))
		return false;
	while (v->n && v->p[0] != '"') {
		unsigned char c = (unsigned char)v->p[0];
		if (c == '\\' && v->n > 1 && v->p[1] != '"' && v->p[1] != '\\')
			return false;
		if (c == 0 || c == '\r' || c == '\n' || c >= 0x80)
			return false;
		*v = view_skip(*v, c == '\\' ? 2 : 1);
	}
	return g_char(v, '"');
}

static bool g_nil(struct view *v)
{
	if (!view_starts(*v, V("NIL")))
		return false;
	*v = view_skip(*v, 3);
	return true;
}

static bool g_nstring(struct view *v)
{
	return g_nil(v) || g_string(v);
}

static bool g_address(struct view *v)
{
	if (!g_char(v, '('))
		return false;
	for (int i = 0; i < 4; i++)
		if ((i && !g_char(v, ' ')) || !g_nstring(v))
			return false;
	return g_char(v, ')');
}

static bool g_addresses(struct view *v)
{
	if (g_nil(v))
		return true;
	if (!g_char(v, '(') || !g_address(v))
		return false;
	while (v->n && v->p[0] == '(')
		if (!g_address(v))
			return false;
	return g_char(v, ')');
}

static bool g_envelope(struct view *v)
{
	if (!g_char(v, '(') || !g_nstring(v) || !g_char(v, ' ') ||
	    !g_nstring(v))
		return false;
	for (int i = 0; i < 6; i++)
		if (!g_char(v, ' ') || !g_addresses(v))
			return false;
	return g_char(v, ' ') && g_nstring(v) && g_char(v, ' ') &&
	       g_nstring(v) && g_char(v, ')');
}

static bool g_params(struct view *v)
{
	if (g_nil(v))
		return true;
	if (!g_char(v, '('))
		return false;
	do
		if (!g_string(v) || !g_char(v, ' ') || !g_string(v))
			return false;
	while (g_char(v, ' '));
	return g_char(v, ')');
}

static bool g_disposition(struct view *v)
{
	return g_nil(v) || (g_char(v, '(') && g_string(v) && g_char(v, ' ') &&
			       g_params(v) && g_char(v, ')'));
}

static bool g_language(struct view *v)
{
	if (!view_starts(*v, V("(")))
		return g_nstring(v);
	g_char(v, '(');
	do
		if (!g_string(v))
			return false;
	while (g_char(v, ' '));
	return g_char(v, ')');
}

static bool g_extension(struct view *v)
{
	return g_char(v, ' ') && g_disposition(v) && g_char(v, ' ') &&
	       g_language(v) && g_char(v, ' ') && g_nstring(v);
}

static bool g_body(struct view *v, bool extended);

static bool g_multipart(struct view *v, bool extended)
{
	while (v->n && v->p[0] == '(')
		if (!g_body(v, extended))
			return false;
	if (!g_char(v, ' ') || !g_string(v))
		return false;
	return !extended || (g_char(v, ' ') && g_params(v) && g_extension(v));
}

static bool g_single(struct view *v, bool extended)
{
	bool text = view_istarts(*v, V("\"text\" "));
	bool message = view_istarts(*v, V("\"message\" \"rfc822\" ")) ||
		       view_istarts(*v, V("\"message\" \"global\" "));
	if (!g_string(v) || !g_char(v, ' ') || !g_string(v) ||
	    !g_char(v, ' ') || !g_params(v) || !g_char(v, ' ') ||
	    !g_nstring(v) || !g_char(v, ' ') || !g_nstring(v) ||
	    !g_char(v, ' ') || !g_string(v) || !g_char(v, ' ') || !g_number(v))
		return false;
	if (message && (!g_char(v, ' ') || !g_envelope(v) || !g_char(v, ' ') ||
			   !g_body(v, extended)))
		return false;
	if ((text || message) && (!g_char(v, ' ') || !g_number(v)))
		return false;
	return !extended || (g_char(v, ' ') && g_nstring(v) && g_extension(v));
}

static bool g_body(struct view *v, bool extended)
{
	if (!g_char(v, '('))
		return false;
	bool multi = v->n && v->p[0] == '(';
	if (!(multi ? g_multipart(v, extended) : g_single(v, extended)))
		return false;
	return g_char(v, ')');
}
#endif
