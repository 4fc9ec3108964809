/* Canonical addresses, and what they are called in the file system. */
#include "accounts/account.h"
#include "base/chars.h"
#include "text/codec.h"
#include "text/path.h"
#include "wire/wr.h"
#include <string.h>

static bool is_dot_atom(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (!char_is(v.p[i], CHAR_ATEXT) &&
		    !((unsigned char)v.p[i] & 0x80) &&
		    (v.p[i] != '.' || i == 0 || i == v.n - 1 ||
			v.p[i - 1] == '.'))
			return false;
	return v.n > 0;
}

int account_join(
    struct view local, struct view domain, char out[ACCOUNT_ADDRESS_MAX + 1])
{
	struct buf plain;
	char canonical[PATH_DOMAIN_MAX + 1];
	struct wr w = wr_into(out, ACCOUNT_ADDRESS_MAX);
	if (domain_canonical(domain, canonical) != 0)
		return MC_E_BAD;
	buf_init(&plain, 4 * PATH_LOCAL_MAX);
	int error = utf8_name(local, &plain);
	if (buf_len(&plain) > PATH_LOCAL_MAX || !is_dot_atom(buf_view(&plain)))
		error = MC_E_BAD;
	wr_raw(&w, buf_view(&plain));
	wr_u8(&w, '@');
	wr_raw(&w, view_of(canonical));
	buf_deinit(&plain);
	if (error || w.failed)
		return MC_E_BAD;
	out[w.n] = '\0';
	return 0;
}

int account_canonical(struct view address, char out[ACCOUNT_ADDRESS_MAX + 1])
{
	struct path p;
	const char *why;
	char local[PATH_LOCAL_MAX];
	size_t n;
	if (path_parse_address(address, &p, &why) != PARSE_OK || p.is_literal ||
	    path_local_plain(&p, local, sizeof local, &n) != 0 ||
	    view_has_byte(address, '\0'))
		return MC_E_BAD;
	return account_join((struct view){ local, n }, p.domain, out);
}

/* Lower case only, since some file systems fold case; no leading dot. */
static void put_component(struct wr *w, struct view v)
{
	static const char hex[] = "0123456789abcdef";
	for (size_t i = 0; i < v.n; i++) {
		unsigned char c = (unsigned char)v.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
			     c == '-' || c == '_' || c == '+' || c == '=' ||
			     (c == '.' && i > 0);
		if (plain) {
			wr_u8(w, c);
			continue;
		}
		wr_u8(w, '%');
		wr_u8(w, (uint8_t)hex[c >> 4]);
		wr_u8(w, (uint8_t)hex[c & 15]);
	}
}

int account_directory(struct view address, char *out, size_t cap)
{
	size_t at = view_rfind_byte(address, '@');
	struct view local = view_head(address, at);
	struct view domain = view_skip(address, at + 1);
	if (!local.n || !domain.n || !cap)
		return MC_E_BAD;
	struct wr w = wr_into(out, cap - 1);
	put_component(&w, domain);
	wr_u8(&w, '/');
	put_component(&w, local);
	if (w.failed)
		return MC_E_LIMIT;
	out[w.n] = '\0';
	return 0;
}
