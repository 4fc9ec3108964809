#ifndef TEXT_REPLY_READER_H
#define TEXT_REPLY_READER_H
/* The replies of a server, as its client reads them (RFC 5321 4.2, RFC 2034):
 * line by line, so that nothing but an unfinished line has to be kept. */
#include "base/err.h"
#include "base/view.h"

enum {
	/* RFC 5321 4.5.3.1.5 says 512; there are servers that say more. */
	REPLY_READER_LINE_MAX = 4096,
	REPLY_READER_LINES_MAX = 100,
	REPLY_READER_TEXT_MAX = 400,
};

/* All zero at first; a new reply begins behind a whole one by itself. */
struct reply_reader {
	uint16_t code;       /* 200 to 599 */
	uint8_t enhanced[3]; /* class 0: none was said, or one of another class
				than the code's */
	unsigned n_lines;
	bool is_whole;
	/* "550 5.1.1 text", the lines joined by spaces. What is no UTF-8 and no
	 * printable character is '?'. Cut where it is too long. */
	size_t n_text;
	char text[REPLY_READER_TEXT_MAX];
};

/* Take one line, which ends in CRLF or LF: no server's reply is cut in two by
 * reading both.
 * in:      cut past the line on PARSE_OK
 * line:    what stands behind the code, as it came; borrows from in's bytes
 * returns: PARSE_OK, r->is_whole tells whether the reply ends here; PARSE_MORE,
 *          less than REPLY_READER_LINE_MAX octets are left in in; PARSE_BAD
 *          with *why, static text, for what is no reply */
enum parse reply_reader_take(struct reply_reader *r, struct view *in,
    struct view *line, const char **why);
#endif
