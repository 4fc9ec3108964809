#include "wire/rd.h"

struct view rd_raw(struct rd *r, size_t n)
{
	if (r->failed || r->rest.n < n) {
		r->failed = true;
		return V_NONE;
	}
	struct view v = view_head(r->rest, n);
	r->rest = view_skip(r->rest, n);
	return v;
}

static uint64_t big_endian(struct rd *r, size_t n)
{
	struct view v = rd_raw(r, n);
	uint64_t sum = 0;
	for (size_t i = 0; i < v.n; i++)
		sum = sum << 8 | (unsigned char)v.p[i];
	return sum;
}

uint8_t rd_u8(struct rd *r)
{
	return (uint8_t)big_endian(r, 1);
}

uint16_t rd_u16(struct rd *r)
{
	return (uint16_t)big_endian(r, 2);
}

uint32_t rd_u32(struct rd *r)
{
	return (uint32_t)big_endian(r, 4);
}

uint64_t rd_u64(struct rd *r)
{
	return big_endian(r, 8);
}

struct view rd_bytes(struct rd *r, size_t max)
{
	size_t n = rd_u32(r);
	if (n > max)
		r->failed = true;
	return rd_raw(r, n);
}

bool rd_end(const struct rd *r)
{
	return !r->failed && r->rest.n == 0;
}
