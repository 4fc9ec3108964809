#include "queued/resolver/name.h"
#include "base/chars.h"
#include "text/path.h"
#include <arpa/inet.h>
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

int name_normalise(struct view domain, char out[NAME_CAP])
{
	if (domain.n && domain.p[domain.n - 1] == '.')
		domain = view_head(domain, domain.n - 1);
	char name[PATH_DOMAIN_MAX + 1];
	if (domain_canonical(domain, name) != 0 || !is_name(view_of(name)))
		return MC_E_BAD;
	return view_to_cstr(view_of(name), out, NAME_CAP);
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
