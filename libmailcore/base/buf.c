#include "base/buf.h"
#include "base/panic.h"
#include "base/secret.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_keep_secret(struct buf *b)
{
	b->is_secret = true;
}

static void give_back(struct buf *b)
{
	if (b->is_secret && b->p)
		secret_wipe(b->p, b->cap);
	free(b->p);
}

void buf_deinit(struct buf *b)
{
	give_back(b);
	*b = (struct buf){ .max = b->max };
}

void buf_reset(struct buf *b)
{
	b->start = b->end = 0;
	b->error = 0;
}

void buf_trim(struct buf *b)
{
	if (buf_len(b) || !b->p)
		return;
	give_back(b);
	b->p = NULL;
	b->start = b->end = b->cap = 0;
}

struct view buf_view(const struct buf *b)
{
	return (struct view){ b->p ? b->p + b->start : NULL, buf_len(b) };
}

void buf_consume(struct buf *b, size_t n)
{
	b->start += n < buf_len(b) ? n : buf_len(b);
	if (b->start == b->end)
		b->start = b->end = 0;
}

void buf_truncate(struct buf *b, size_t n)
{
	if (n < buf_len(b))
		b->end = b->start + n;
}

static size_t grown(size_t cap, size_t need)
{
	if (cap == 0)
		cap = 256;
	while (cap < need)
		cap *= 2;
	return cap;
}

static void slide(struct buf *b)
{
	if (b->start == 0)
		return;
	memmove(b->p, b->p + b->start, buf_len(b));
	b->end -= b->start;
	b->start = 0;
}

static char *move(struct buf *b, size_t cap)
{
	if (!b->is_secret)
		return realloc(b->p, cap);
	char *p = malloc(cap);
	if (p && b->p) {
		memcpy(p, b->p, b->end);
		give_back(b);
	}
	return p;
}

char *buf_reserve(struct buf *b, size_t n)
{
	if (n > buf_room(b))
		return NULL;
	if (b->cap - b->end < n)
		slide(b);
	if (!b->p || b->cap - b->end < n) {
		size_t cap = grown(b->cap, b->end + n);
		char *p = move(b, cap);
		if (!p)
			return NULL;
		b->p = p;
		b->cap = cap;
	}
	return b->p + b->end;
}

void buf_commit(struct buf *b, size_t n)
{
	mc_assert(n <= b->cap - b->end);
	b->end += n;
}

void buf_put(struct buf *b, struct view v)
{
	if (b->error || v.n == 0)
		return;
	char *to = buf_reserve(b, v.n);
	if (!to) {
		b->error = MC_E_LIMIT;
		return;
	}
	memcpy(to, v.p, v.n);
	b->end += v.n;
}

void buf_put_char(struct buf *b, char c)
{
	buf_put(b, (struct view){ &c, 1 });
}

void buf_put_u64(struct buf *b, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_put(b, (struct view){ digits + at, sizeof digits - at });
}

void buf_put_cstr(struct buf *b, const char *cstr)
{
	buf_put(b, view_of(cstr));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	char small[512];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(small, sizeof small, format, args);
	va_end(args);
	if (n < 0) {
		b->error = MC_E_INTERNAL;
		return;
	}
	if ((size_t)n < sizeof small) {
		buf_put(b, (struct view){ small, (size_t)n });
		return;
	}
	char *to = b->error ? NULL : buf_reserve(b, (size_t)n + 1);
	if (!to) {
		b->error = MC_E_LIMIT;
		return;
	}
	va_start(args, format);
	vsnprintf(to, (size_t)n + 1, format, args);
	va_end(args);
	b->end += (size_t)n;
}
