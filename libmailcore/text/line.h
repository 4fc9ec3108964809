#ifndef TEXT_LINE_H
#define TEXT_LINE_H
/* The one place that decides what a line is. A command line ends in CRLF; a
 * bare CR, a bare LF or a NUL inside is an error. */
#include "base/buf.h"

enum line_fault {
	LINE_FAULT_NONE,
	LINE_FAULT_BARE_CR,
	LINE_FAULT_BARE_LF,
	LINE_FAULT_NUL,
	LINE_FAULT_TOO_LONG,
};

/* Take one line from in.
 * in:      cut past the line and its CRLF on PARSE_OK; on PARSE_BAD cut past
 *          the faulty line where its end is in sight, else emptied
 * line:    without CRLF, borrows in's bytes; on PARSE_BAD what was cut off:
 *          when its last byte is no LF, the end was not in sight
 * max:     octets allowed, CRLF included
 * returns: PARSE_OK; PARSE_MORE (nothing consumed, at most max bytes kept);
 *          PARSE_BAD with *fault */
enum parse line_take(
    struct view *in, size_t max, struct view *line, enum line_fault *fault);

/* After LINE_FAULT_TOO_LONG with no end in sight: skip to behind the next LF.
 * True when it was found (the next line starts at in). */
bool line_skip(struct view *in);

/* What to do with a CR or LF of message data that does not belong to a CRLF
 * (RFC 5321 2.3.8: "bare" ones MUST NOT be sent). */
enum bare_newline {
	BARE_NEWLINE_REFUSE,
	BARE_NEWLINE_FIX
};

/* The receiving side of DATA, RFC 5321 4.5.2: takes dots off, finds the end.
 * Only CRLF.CRLF ends the data, whatever a line end looks like elsewhere: this
 * is the defence against smuggling. Survives any split of the input. */
struct dot_reader {
	enum bare_newline policy;
	uint8_t state;  /* private */
	bool bare_seen; /* a bare CR or LF was in the data */
	bool nul_seen;
	bool eightbit_seen;
	uint64_t longest_line; /* octets without CRLF */
	uint64_t line_octets;  /* private */
};

void dot_reader_init(struct dot_reader *d, enum bare_newline policy);
/* Unstuffs from in into out (as much as fits in out's cap, see buf_room; it
 * stops when less than four bytes of room are left).
 * PARSE_OK: the end was found, in is cut past it. PARSE_MORE: give more (or
 * make room in out). Never PARSE_BAD: refusing waits for the end. With policy
 * FIX a bare CR or LF becomes CRLF in out. */
enum parse dot_reader_feed(
    struct dot_reader *d, struct view *in, struct buf *out);

/* The sending side (POP3 RETR and TOP, RFC 1939 3; SMTP client): doubles dots
 * at line starts. Every LF without CR becomes CRLF. */
struct dot_writer {
	uint8_t state; /* private */
};

void dot_writer_init(struct dot_writer *w);
/* Puts the stuffed form of piece into out; at most 2 * piece.n bytes. */
void dot_writer_put(struct dot_writer *w, struct view piece, struct buf *out);
/* CRLF if the last line lacks one, then ".\r\n". */
void dot_writer_end(struct dot_writer *w, struct buf *out);
#endif
