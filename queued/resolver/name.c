#include "queued/resolver/name.h"
#include "base/chars.h"
#include <arpa/inet.h>
#include <idn2.h>
#include <libpsl.h>
#include <string.h>

static bool is_label(struct view label)
{
	if (!label.n || label.n > 63)
		return false;
	for (size_t i = 0; i < label.n; i++)
		if (!char_is(label.p[i], CHAR_LDH) && label.p[i] != '_')
			return false;
	return true;
}

static bool is_name(struct view name)
{
	struct view label = V_NONE;
	bool more = name.n > 0 && name.n < NAME_CAP;
	while (more) {
		more = view_cut(&name, '.', &label);
		if (!is_label(label))
			return false;
	}
	return name.n == 0 && label.n > 0;
}

static bool is_ascii(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] > 127)
			return false;
	return true;
}

static int to_a_labels(struct view domain, char out[NAME_CAP])
{
	char text[1024];
	uint8_t *found = NULL;
	if (view_to_cstr(domain, text, sizeof text) != 0)
		return MC_E_BAD;
	int error = idn2_lookup_u8((const uint8_t *)text, &found,
	    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (error == IDN2_OK)
		error =
		    view_to_cstr(view_of((const char *)found), out, NAME_CAP);
	idn2_free(found);
	return error ? MC_E_BAD : 0;
}

int name_normalise(struct view domain, char out[NAME_CAP])
{
	if (domain.n && domain.p[domain.n - 1] == '.')
		domain = view_head(domain, domain.n - 1);
	int error = is_ascii(domain) ? view_to_cstr(domain, out, NAME_CAP)
				     : to_a_labels(domain, out);
	if (error || !is_name(view_of(out)))
		return MC_E_BAD;
	for (char *p = out; *p; p++)
		*p = char_lower(*p);
	return 0;
}

int name_literal(struct view domain, struct route_address *out)
{
	char text[64];
	if (!domain.n || domain.p[0] != '[')
		return MC_E_NOENT;
	struct view inner = view_slice(domain, 1, domain.n - 1);
	if (domain.p[domain.n - 1] != ']')
		return MC_E_BAD;
	if (view_istarts(inner, V("IPv6:")))
		inner = view_skip(inner, 5);
	if (view_to_cstr(inner, text, sizeof text) != 0)
		return MC_E_BAD;
	*out = (struct route_address){ .is_v6 = view_has_byte(inner, ':') };
	if (inet_pton(out->is_v6 ? AF_INET6 : AF_INET, text, out->bytes) != 1)
		return MC_E_BAD;
	return 0;
}

struct view name_group(const char *host)
{
	const char *found = psl_registrable_domain(psl_builtin(), host);
	return view_of(found ? found : host);
}
