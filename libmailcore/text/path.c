#include "text/path.h"
#include "base/chars.h"
#include "text/codec.h"
#include "text/idn.h"
#include "text/scan.h"
#include <arpa/inet.h>
#include <string.h>

static bool is_eightbit(char c)
{
	return (unsigned char)c >= 0x80;
}

static bool take_char(struct view *v, char c)
{
	if (v->n == 0 || v->p[0] != c)
		return false;
	*v = view_skip(*v, 1);
	return true;
}

static bool label_is_valid(struct view v, bool utf8)
{
	if (v.n == 0 || v.n > 63 || v.p[0] == '-' || v.p[v.n - 1] == '-')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_LDH) &&
		    !(utf8 && is_eightbit(v.p[i])))
			return false;
	return true;
}

bool domain_is_valid(struct view v, bool utf8)
{
	bool more;
	if (v.n > PATH_DOMAIN_MAX || (utf8 && !utf8_is_valid(v)))
		return false;
	do {
		struct view label;
		more = view_cut(&v, '.', &label);
		if (!label_is_valid(label, utf8))
			return false;
	} while (more);
	return true;
}

/* "General-address-literal = Standardized-tag ":" 1*dcontent" */
static bool general_literal_is_valid(struct view v)
{
	struct view tag;
	if (!view_cut(&v, ':', &tag) || v.n == 0 || !label_is_valid(tag, false))
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < '!' || v.p[i] > '~' ||
		    (v.p[i] >= '[' && v.p[i] <= ']'))
			return false;
	return true;
}

/* v is what stands between the brackets. */
static bool literal_is_valid(struct view v)
{
	char text[64];
	unsigned char address[16];
	struct view v6 = view_skip(v, 5);
	if (view_istarts(v, V("IPv6:")))
		return view_to_cstr(v6, text, sizeof text) == 0 &&
		       inet_pton(AF_INET6, text, address) == 1;
	if (view_to_cstr(v, text, sizeof text) == 0 &&
	    inet_pton(AF_INET, text, address) == 1)
		return true;
	return general_literal_is_valid(v);
}

static bool qtext(char c)
{
	return is_eightbit(c) ||
	       (char_is(c, CHAR_PRINT) && c != '"' && c != '\\');
}

static bool take_quoted(struct view *in)
{
	size_t i = 1;
	while (i < in->n && in->p[i] != '"') {
		if (in->p[i] == '\\' && i + 1 < in->n &&
		    char_is(in->p[i + 1], CHAR_PRINT))
			i += 2;
		else if (qtext(in->p[i]))
			i++;
		else
			return false;
	}
	if (i >= in->n)
		return false;
	*in = view_skip(*in, i + 1);
	return true;
}

static bool take_dot_string(struct view *in)
{
	do {
		size_t n = 0;
		while (n < in->n &&
		       (char_is(in->p[n], CHAR_ATEXT) || is_eightbit(in->p[n])))
			n++;
		if (n == 0)
			return false;
		*in = view_skip(*in, n);
	} while (take_char(in, '.'));
	return true;
}

static bool take_local(struct view *in, struct path *out, const char **why)
{
	struct view start = *in;
	*why = "bad local part";
	if (in->n == 0)
		return false;
	if (in->p[0] == '"' ? !take_quoted(in) : !take_dot_string(in))
		return false;
	out->local = view_head(start, start.n - in->n);
	*why = "local part is longer than 64 octets";
	return out->local.n <= PATH_LOCAL_MAX;
}

static bool take_literal(struct view *in, struct path *out)
{
	size_t end = view_find_byte(*in, ']');
	out->domain = view_head(*in, end + 1);
	if (end == in->n || out->domain.n > PATH_DOMAIN_MAX ||
	    !literal_is_valid(view_slice(*in, 1, end)))
		return false;
	out->is_literal = true;
	*in = view_skip(*in, end + 1);
	return true;
}

static size_t domain_size(struct view in)
{
	size_t n = 0;
	while (n < in.n && (char_is(in.p[n], CHAR_LDH) || in.p[n] == '.' ||
			       is_eightbit(in.p[n])))
		n++;
	return n;
}

static bool take_domain(struct view *in, struct path *out, const char **why)
{
	*why = "bad address literal";
	if (in->n && in->p[0] == '[')
		return take_literal(in, out);
	size_t n = domain_size(*in);
	out->domain = view_head(*in, n);
	*in = view_skip(*in, n);
	*why = "domain is longer than 255 octets";
	if (n > PATH_DOMAIN_MAX)
		return false;
	*why = "bad domain";
	return domain_is_valid(out->domain, true);
}

static bool finish(struct path *p, const char **why)
{
	p->is_utf8 =
	    scan_has_eightbit(p->local) || scan_has_eightbit(p->domain);
	*why = "address is not UTF-8";
	return !p->is_utf8 ||
	       (utf8_is_valid(p->local) && utf8_is_valid(p->domain));
}

/* "A-d-l = At-domain *( "," At-domain )", then ":". Appendix C: "SHOULD be
 * ignored". */
static bool skip_route(struct view *in, const char **why)
{
	*why = "bad source route";
	if (in->n == 0 || in->p[0] != '@')
		return true;
	do {
		size_t n = domain_size(view_skip(*in, 1));
		if (!take_char(in, '@') ||
		    !domain_is_valid(view_head(*in, n), true))
			return false;
		*in = view_skip(*in, n);
	} while (take_char(in, ','));
	return take_char(in, ':');
}

static bool take_path(struct view *in, struct path *out, const char **why)
{
	*why = "address is not in angle brackets";
	if (!take_char(in, '<'))
		return false;
	if (take_char(in, '>')) {
		out->is_null = true;
		return true;
	}
	if (!skip_route(in, why) || !take_local(in, out, why))
		return false;
	/* RFC 5321 4.1.1.3: "<Postmaster>" alone needs no domain. */
	if (view_ieq(out->local, V("postmaster")) && take_char(in, '>'))
		return true;
	*why = "address has no domain";
	if (!take_char(in, '@') || !take_domain(in, out, why))
		return false;
	*why = "no '>' behind the address";
	return take_char(in, '>') && finish(out, why);
}

enum parse path_parse(struct view *in, struct path *out, const char **why)
{
	struct view rest = *in;
	struct path path = { 0 };
	if (!take_path(&rest, &path, why))
		return PARSE_BAD;
	*out = path;
	*in = rest;
	return PARSE_OK;
}

enum parse path_parse_address(struct view v, struct path *out, const char **why)
{
	struct path path = { 0 };
	if (!take_local(&v, &path, why))
		return PARSE_BAD;
	*why = "address has no domain";
	if (!take_char(&v, '@') || !take_domain(&v, &path, why))
		return PARSE_BAD;
	*why = "text behind the address";
	if (v.n || !finish(&path, why))
		return PARSE_BAD;
	*out = path;
	return PARSE_OK;
}

int domain_canonical(struct view v, char out[PATH_DOMAIN_MAX + 1])
{
	bool is_ascii = !scan_has_eightbit(v);
	int error = is_ascii ? view_to_cstr(v, out, PATH_DOMAIN_MAX + 1)
			     : idn_to_ascii(v, out);
	for (char *p = out; !error && *p; p++)
		*p = char_lower(*p);
	if (!error && !is_ascii && !domain_is_valid(view_of(out), false))
		error = MC_E_BAD;
	return error ? MC_E_BAD : 0;
}

int path_format(const struct path *p, char *out, size_t cap, size_t *n)
{
	char text[PATH_DOMAIN_MAX + 1];
	if (domain_canonical(p->domain, text) != 0)
		return MC_E_BAD;
	struct view domain = view_of(text);
	size_t size = p->local.n + (domain.n ? 1 + domain.n : 0);
	if (size > cap)
		return MC_E_LIMIT;
	view_put(&out, p->local);
	if (domain.n)
		*out++ = '@';
	view_put(&out, domain);
	*n = size;
	return 0;
}

int path_local_plain(const struct path *p, char *out, size_t cap, size_t *n)
{
	struct view v = p->local;
	size_t at = 0;
	if (v.n >= 2 && v.p[0] == '"')
		v = view_slice(v, 1, v.n - 1);
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == '\\' && i + 1 < v.n && p->local.p[0] == '"')
			i++;
		if (at == cap)
			return MC_E_LIMIT;
		out[at++] = v.p[i];
	}
	*n = at;
	return 0;
}

static bool keyword_is_valid(struct view v)
{
	if (v.n == 0 || v.p[0] == '-')
		return false;
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_LDH))
			return false;
	return true;
}

/* "esmtp-value = 1*(%d33-60 / %d62-126)", with RFC 6531 3.3 also UTF-8. */
static bool parameter_is_valid(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!is_eightbit(v.p[i]) &&
		    (v.p[i] <= ' ' || v.p[i] == '=' || v.p[i] == 0x7f))
			return false;
	return v.n > 0 && utf8_is_valid(v);
}

enum parse path_param(
    struct view *in, struct view *key, struct view *value, const char **why)
{
	struct view rest = *in, word, name;
	while (take_char(&rest, ' '))
		continue;
	if (rest.n == 0) {
		*in = rest;
		return PARSE_MORE;
	}
	view_cut(&rest, ' ', &word);
	bool has_value = view_cut(&word, '=', &name);
	*why = "bad parameter name";
	if (!keyword_is_valid(name))
		return PARSE_BAD;
	*why = "bad parameter value";
	if (has_value && !parameter_is_valid(word))
		return PARSE_BAD;
	*key = name;
	*value = has_value ? word : V_NONE;
	*in = rest;
	return PARSE_OK;
}
