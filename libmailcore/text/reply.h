#ifndef TEXT_REPLY_H
#define TEXT_REPLY_H
/* SMTP replies (RFC 5321 4.2) with enhanced status codes (RFC 2034, 3463). */
#include "base/buf.h"

struct reply {
	uint16_t code;       /* 200 to 599 */
	uint8_t enhanced[3]; /* class, subject, detail; class 0: none */
	struct view text;    /* lines separated by LF; no CR, no NUL */
};

/* A reply of ours; text is a literal. */
#define REPLY(code, a, b, c, literal)                                          \
	((struct reply){ (code), { (a), (b), (c) }, V(literal) })

/* Writes all lines, each with the code and the enhanced code, CRLF at each
 * end. Bytes that may not stand in a reply are written as '?'. */
void reply_put(struct buf *out, const struct reply *r);

static inline bool reply_is_success(const struct reply *r)
{
	return r->code / 100 == 2;
}

static inline bool reply_is_temporary(const struct reply *r)
{
	return r->code / 100 == 4;
}

/* Take the enhanced code at the start of a line of a reply with code. RFC 2034
 * 4: its class must match the code's first digit; what does not is text. False:
 * there is none, *text stays. */
bool reply_take_enhanced(struct view *text, unsigned code, uint8_t enhanced[3]);
#endif
