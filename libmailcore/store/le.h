#ifndef STORE_LE_H
#define STORE_LE_H
/* Little-endian integers of stored values, which may lie unaligned. */
#include <stdint.h>
#include <string.h>

static inline void put_le(char *p, uint64_t n, unsigned octets)
{
	for (unsigned i = 0; i < octets; i++)
		p[i] = (char)(n >> 8 * i & 0xFF);
}

static inline uint64_t get_le(const char *p, unsigned octets)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < octets; i++)
		n |= (uint64_t)(unsigned char)p[i] << 8 * i;
	return n;
}

static inline uint16_t get_le16(const char *p)
{
	return (uint16_t)get_le(p, 2);
}

static inline uint32_t get_le32(const char *p)
{
	return (uint32_t)get_le(p, 4);
}

static inline uint64_t get_le64(const char *p)
{
	return get_le(p, 8);
}
#endif
