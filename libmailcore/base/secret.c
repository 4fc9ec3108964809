#include "base/secret.h"
#include <string.h>

int secret_set(struct secret *s, struct view v)
{
	if (v.n > sizeof s->bytes)
		return MC_E_LIMIT;
	if (v.n)
		memcpy(s->bytes, v.p, v.n);
	s->n = v.n;
	return 0;
}

struct view secret_view(const struct secret *s)
{
	return (struct view){ s->bytes, s->n };
}

void secret_wipe(void *p, size_t n)
{
	explicit_bzero(p, n);
}

void secret_deinit(struct secret *s)
{
	secret_wipe(s, sizeof *s);
}

bool secret_eq(struct view a, struct view b)
{
	unsigned char different = a.n != b.n;
	for (size_t i = 0; i < a.n && i < b.n; i++)
		different |= (unsigned char)(a.p[i] ^ b.p[i]);
	return different == 0;
}
