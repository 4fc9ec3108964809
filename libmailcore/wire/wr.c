#include "wire/wr.h"
#include <string.h>

void wr_raw(struct wr *w, struct view v)
{
	if (w->failed || w->cap - w->n < v.n) {
		w->failed = true;
		return;
	}
	if (v.n)
		memcpy(w->p + w->n, v.p, v.n);
	w->n += v.n;
}

static void big_endian(struct wr *w, uint64_t value, size_t n)
{
	char bytes[8];
	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)(value >> 8 * (n - 1 - i));
	wr_raw(w, (struct view){ bytes, n });
}

void wr_u8(struct wr *w, uint8_t n)
{
	big_endian(w, n, 1);
}

void wr_u16(struct wr *w, uint16_t n)
{
	big_endian(w, n, 2);
}

void wr_u32(struct wr *w, uint32_t n)
{
	big_endian(w, n, 4);
}

void wr_u64(struct wr *w, uint64_t n)
{
	big_endian(w, n, 8);
}

void wr_bytes(struct wr *w, struct view v, size_t max)
{
	if (v.n > max)
		w->failed = true;
	wr_u32(w, (uint32_t)v.n);
	wr_raw(w, v);
}

struct view wr_view(const struct wr *w)
{
	return (struct view){ w->p, w->n };
}
