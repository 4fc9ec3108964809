#ifndef STORE_RECORD_LE_H
#define STORE_RECORD_LE_H
/* Little-endian integers of stored values, which may lie unaligned. */
#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline void put_le(char *p, uint64_t n, unsigned octets)
{
	n = htole64(n);
	memcpy(p, &n, octets);
}

static inline uint16_t get_le16(const char *p)
{
	uint16_t n;
	memcpy(&n, p, sizeof n);
	return le16toh(n);
}

static inline uint32_t get_le32(const char *p)
{
	uint32_t n;
	memcpy(&n, p, sizeof n);
	return le32toh(n);
}

static inline uint64_t get_le64(const char *p)
{
	uint64_t n;
	memcpy(&n, p, sizeof n);
	return le64toh(n);
}

/* Keys: big-endian. */
static inline void put_be32(char *p, uint32_t n)
{
	n = htobe32(n);
	memcpy(p, &n, sizeof n);
}

static inline void put_be64(char *p, uint64_t n)
{
	n = htobe64(n);
	memcpy(p, &n, sizeof n);
}

static inline uint32_t get_be32(const char *p)
{
	uint32_t n;
	memcpy(&n, p, sizeof n);
	return be32toh(n);
}
#endif
