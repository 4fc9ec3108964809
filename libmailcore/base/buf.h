#ifndef BASE_BUF_H
#define BASE_BUF_H
/* A byte queue with a hard cap: bytes are put at its end and consumed at its
 * start. Putting is sticky: after the first put that does not fit, later puts
 * do nothing and buf_error() says so, so that a sequence is checked once.
 * Memory is taken on the first put and given back by buf_reset or when empty
 * and buf_trim is called: an idle connection holds none. */
#include "base/err.h"
#include "base/view.h"

struct buf {
	char *p;
	size_t start, end; /* the bytes held are p[start..end) */
	size_t cap;        /* allocated */
	size_t max;        /* never more than this many bytes held */
	int error;
	bool is_secret; /* memory is wiped before it is given back */
};

void buf_init(struct buf *b, size_t max);
/* For passwords on their way, as in struct secret; until buf_deinit. */
void buf_keep_secret(struct buf *b);
void buf_deinit(struct buf *b);
void buf_reset(struct buf *b); /* empty, error cleared, memory kept */
void buf_trim(struct buf *b);  /* give memory back when empty */

static inline size_t buf_len(const struct buf *b)
{
	return b->end - b->start;
}

static inline size_t buf_room(const struct buf *b)
{
	return b->max - buf_len(b);
}

/* 0, or MC_E_LIMIT once a put did not fit. */
static inline int buf_error(const struct buf *b)
{
	return b->error;
}

/* What it holds; valid until the next call that changes b. */
struct view buf_view(const struct buf *b);
void buf_consume(struct buf *b, size_t n);  /* n is clamped */
void buf_truncate(struct buf *b, size_t n); /* keep the first n bytes only */

void buf_put(struct buf *b, struct view v);
void buf_put_char(struct buf *b, char c);
void buf_put_u64(struct buf *b, uint64_t n); /* decimal */
void buf_put_cstr(struct buf *b, const char *cstr);
void buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);

/* For readers: n bytes of free memory at the end to be filled, NULL when it
 * would pass the cap (which does not set the error); then buf_commit says how
 * many were. */
char *buf_reserve(struct buf *b, size_t n);
void buf_commit(struct buf *b, size_t n);
#endif
