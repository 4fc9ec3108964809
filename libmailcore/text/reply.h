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

/* Take one whole, possibly multi-line reply of a server (RFC 5321 4.2.1).
 * storage gets the joined text; out->text borrows from it. PARSE_BAD with
 * *why for anything that is not a reply; caps: 512 octets a line, 100 lines,
 * and storage's cap. */
enum parse reply_take(
    struct view *in, struct reply *out, struct buf *storage, const char **why);
#endif
