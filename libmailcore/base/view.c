#include "base/view.h"
#include "base/chars.h"
#include "base/err.h"
#include <string.h>

struct view view_of(const char *cstr)
{
	return cstr ? (struct view){ cstr, strlen(cstr) } : V_NONE;
}

bool view_eq(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool view_ieq(struct view a, struct view b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (char_lower(a.p[i]) != char_lower(b.p[i]))
			return false;
	return true;
}

bool view_starts(struct view v, struct view prefix)
{
	return v.n >= prefix.n && view_eq(view_head(v, prefix.n), prefix);
}

bool view_istarts(struct view v, struct view prefix)
{
	return v.n >= prefix.n && view_ieq(view_head(v, prefix.n), prefix);
}

int view_cmp(struct view a, struct view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;
	if (order)
		return order;
	return (a.n > b.n) - (a.n < b.n);
}

struct view view_head(struct view v, size_t n)
{
	return (struct view){ v.p, n < v.n ? n : v.n };
}

struct view view_skip(struct view v, size_t n)
{
	if (n > v.n)
		n = v.n;
	return (struct view){ v.p ? v.p + n : NULL, v.n - n };
}

struct view view_slice(struct view v, size_t first, size_t last)
{
	if (last < first)
		last = first;
	return view_skip(view_head(v, last), first);
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

struct view view_trim(struct view v)
{
	while (v.n && blank(v.p[0]))
		v = view_skip(v, 1);
	while (v.n && blank(v.p[v.n - 1]))
		v.n--;
	return v;
}

size_t view_find_byte(struct view v, char c)
{
	const char *hit = v.n ? memchr(v.p, c, v.n) : NULL;
	return hit ? (size_t)(hit - v.p) : v.n;
}

size_t view_find(struct view v, struct view needle)
{
	const char *hit = NULL;
	if (needle.n == 0)
		return 0;
	if (v.n)
		hit = memmem(v.p, v.n, needle.p, needle.n);
	return hit ? (size_t)(hit - v.p) : v.n;
}

size_t view_rfind_byte(struct view v, char c)
{
	const char *hit = v.n ? memrchr(v.p, c, v.n) : NULL;
	return hit ? (size_t)(hit - v.p) : v.n;
}

bool view_has_byte(struct view v, char c)
{
	return view_find_byte(v, c) < v.n;
}

bool view_cut(struct view *rest, char c, struct view *head)
{
	size_t at = view_find_byte(*rest, c);
	bool found = at < rest->n;
	*head = view_head(*rest, at);
	*rest = view_skip(*rest, found ? at + 1 : at);
	return found;
}

bool view_u64(struct view v, uint64_t *out)
{
	uint64_t sum = 0;
	if (v.n == 0)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		uint64_t digit = (uint64_t)(v.p[i] - '0');
		if (sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	*out = sum;
	return true;
}

bool view_u32(struct view v, uint32_t *out)
{
	uint64_t wide;
	if (!view_u64(v, &wide) || wide > UINT32_MAX)
		return false;
	*out = (uint32_t)wide;
	return true;
}

int view_to_cstr(struct view v, char *out, size_t cap)
{
	if (v.n >= cap)
		return MC_E_LIMIT;
	if (view_has_byte(v, '\0'))
		return MC_E_BAD;
	if (v.n)
		memcpy(out, v.p, v.n);
	out[v.n] = '\0';
	return 0;
}

struct view view_put(char **at, struct view v)
{
	struct view copy = { *at, v.n };
	if (v.n)
		memcpy(*at, v.p, v.n);
	*at += v.n;
	return copy;
}

uint64_t view_hash(struct view v)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
	for (size_t i = 0; i < v.n; i++)
		h = (h ^ (unsigned char)v.p[i]) * 0x100000001b3u;
	return h ^ (h >> 32);
}
