#include "text/scan.h"
#include <string.h>

#define ONES 0x0101010101010101u
#define HIGHS 0x8080808080808080u

/* Not 0 if and only if a byte of w is 0. */
static uint64_t zero_byte(uint64_t w)
{
	return (w - ONES) & ~w & HIGHS;
}

static uint64_t load(const char *p)
{
	uint64_t w;
	memcpy(&w, p, sizeof w);
	return w;
}

size_t scan_newline(struct view v)
{
	size_t i = 0;
	for (; v.n - i >= 8; i += 8) {
		uint64_t w = load(v.p + i);
		if (zero_byte(w ^ ONES * '\r') | zero_byte(w ^ ONES * '\n'))
			break;
	}
	while (i < v.n && v.p[i] != '\r' && v.p[i] != '\n')
		i++;
	return i;
}

void scan_bytes(struct view v, bool *nul, bool *eightbit)
{
	uint64_t zero = 0, high = 0;
	size_t i = 0;
	for (; v.n - i >= 8; i += 8) {
		uint64_t w = load(v.p + i);
		zero |= zero_byte(w);
		high |= w;
	}
	for (; i < v.n; i++) {
		zero |= v.p[i] == '\0';
		high |= (uint64_t)(unsigned char)v.p[i];
	}
	*nul = *nul || zero;
	*eightbit = *eightbit || (high & HIGHS);
}

bool scan_has_eightbit(struct view v)
{
	bool nul = false, eightbit = false;
	scan_bytes(v, &nul, &eightbit);
	return eightbit;
}
