#ifndef WIRE_WR_H
#define WIRE_WR_H
/* Writes what rd.h reads, into the caller's memory. Sticky: the first write
 * that does not fit fails all later ones; check once with wr_view(). */
#include "base/view.h"

struct wr {
	char *p;
	size_t n, cap;
	bool failed;
};

static inline struct wr wr_into(char *p, size_t cap)
{
	return (struct wr){ p, 0, cap, false };
}

void wr_u8(struct wr *w, uint8_t n);
void wr_u16(struct wr *w, uint16_t n);
void wr_u32(struct wr *w, uint32_t n);
void wr_u64(struct wr *w, uint64_t n);
void wr_raw(struct wr *w, struct view v);
void wr_bytes(struct wr *w, struct view v, size_t max);
/* What was written. Only meaningful when !w->failed. */
struct view wr_view(const struct wr *w);
#endif
