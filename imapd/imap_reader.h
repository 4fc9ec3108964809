#ifndef IMAPD_IMAP_READER_H
#define IMAPD_IMAP_READER_H
/* Collects one command of a client: lines and literals (RFC 3501 4.3, 7888),
 * however the bytes arrive. The caps are here: what a client sends before it
 * has logged in costs next to nothing. */
#include "base/buf.h"

struct imap_limits {
	size_t text_max;    /* octets of a command without its literals */
	size_t literal_max; /* octets of all literals that are kept */
};

enum imap_read {
	IMAP_READ_MORE,    /* give more input */
	IMAP_READ_LITERAL, /* literal_size, literal_plus are set: now answer
			      with imap_reader_literal */
	IMAP_READ_DATA,    /* piece holds bytes of a literal that is streamed */
	IMAP_READ_COMMAND, /* imap_reader_command() is complete; it stays until
			      imap_reader_reset */
	IMAP_READ_FAULT,   /* why is set; the command is dropped, its tag is
			      still there, reset before going on */
};

enum imap_literal {
	IMAP_LITERAL_KEEP,   /* into the command */
	IMAP_LITERAL_STREAM, /* comes as IMAP_READ_DATA */
	IMAP_LITERAL_REFUSE, /* a synchronizing one ends the command, others
				are skipped with the rest of the command:
				then IMAP_READ_FAULT with why NULL */
};

struct imap_reader {
	struct imap_limits limits;
	struct buf command;
	size_t line_start; /* of the current line in command */
	size_t literal_bytes;
	bool raw_line; /* the next line is no command: DONE, SASL */

	enum {
		READER_LINE,
		READER_ASK,
		READER_LITERAL,
		READER_STREAM,
		READER_SKIP_LINE,
		READER_SKIP_LITERAL,
		READER_DONE
	} state;

	uint64_t literal_size, literal_left;
	bool literal_plus;
	const char *why;
	struct view piece;
	char tail[24]; /* of a line that is skipped: it may end in {n+} */
	size_t n_tail;
};

void imap_reader_init(struct imap_reader *r, const struct imap_limits *limits);
void imap_reader_deinit(struct imap_reader *r);
/* Cuts what it used off in. */
enum imap_read imap_reader_next(struct imap_reader *r, struct view *in);
/* The answer to IMAP_READ_LITERAL. False when it does not fit and was refused:
 * the caller then puts its reply. */
bool imap_reader_literal(struct imap_reader *r, enum imap_literal answer);
/* The command so far: lines with their CRLF except the last one's, literals as
 * "{n}" CRLF and their bytes. A streamed literal leaves only its "{n}" CRLF. */
struct view imap_reader_command(const struct imap_reader *r);
/* The tag of a command that may be incomplete or wrong; "*" when unusable. */
struct view imap_reader_tag(const struct imap_reader *r);
void imap_reader_reset(struct imap_reader *r);
#endif
