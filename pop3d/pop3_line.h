#ifndef POP3D_POP3_LINE_H
#define POP3D_POP3_LINE_H
/* What both engines share: command lines and one-line answers (RFC 1939 3). */
#include "text/line.h"

enum {
	POP3_LINE_MAX = 255, /* RFC 2449 4, CRLF included */
	POP3_ARGUMENTS_MAX = 2,
};

struct pop3_words {
	struct view keyword;
	struct view arguments[POP3_ARGUMENTS_MAX];
	size_t n_arguments;
	struct view rest; /* all behind the keyword and one space */
	bool too_many;
};

void pop3_split(struct view line, struct pop3_words *out);
void pop3_ok(struct buf *out, const char *text);
void pop3_err(struct buf *out, const char *text);
/* The answer to a line that line_take refused. */
const char *pop3_line_fault(enum line_fault fault);
/* After a refused line: true when its end was not among the bytes taken, so
 * that the rest of it must be skipped. */
bool pop3_line_goes_on(struct view before, struct view after);
/* The CAPA list (RFC 2449 5) up to and without the final dot. */
void pop3_capabilities(struct buf *out);
#endif
