#ifndef WIRE_RD_H
#define WIRE_RD_H
/* Reads fixed-width big-endian integers and length-prefixed bytes. Sticky: the
 * first read past the end fails all later ones; check once with rd_end(). */
#include "base/view.h"

struct rd {
	struct view rest;
	bool failed;
};

static inline struct rd rd_of(struct view v)
{
	return (struct rd){ v, false };
}

uint8_t rd_u8(struct rd *r);
uint16_t rd_u16(struct rd *r);
uint32_t rd_u32(struct rd *r);
uint64_t rd_u64(struct rd *r);
/* n raw bytes, borrowed. */
struct view rd_raw(struct rd *r, size_t n);
/* A u32 length, then that many bytes, borrowed; fails above max. */
struct view rd_bytes(struct rd *r, size_t max);
/* True when nothing failed and every byte was read. */
bool rd_end(const struct rd *r);
#endif
