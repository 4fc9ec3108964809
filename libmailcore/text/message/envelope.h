#ifndef TEXT_MESSAGE_ENVELOPE_H
#define TEXT_MESSAGE_ENVELOPE_H
/* ENVELOPE and BODYSTRUCTURE as ready IMAP wire text, computed once at
 * delivery (RFC 3501 7.4.2). Strings are quoted where they can be, literals
 * where they must be; 8-bit bytes appear in literals only. */
#include "text/message/mime.h"

enum {
	ENVELOPE_MAX = 64 * 1024,
	BODYSTRUCTURE_MAX = 256 * 1024
};

/* "(date subject from sender ...)" of a header block. A list longer than fits
 * in ENVELOPE_MAX is cut at an address. */
void envelope_put(struct view header, struct buf *out);

/* BODYSTRUCTURE with extension data, or BODY without, of part 0 of the tree. */
void bodystructure_put(
    const struct mime_tree *tree, bool extended, struct buf *out);

/* One string of the IMAP grammar: NIL for V_NONE's NULL, quoted, or literal. */
void imap_nstring_put(struct buf *out, struct view v);
void imap_string_put(struct buf *out, struct view v);
/* astring: an atom where possible. */
void imap_astring_put(struct buf *out, struct view v);

/* RFC 5256 2.1 base subject, folded for comparison; of a subject longer than
 * 4096 octets only these count. */
void base_subject(struct view subject, struct buf *out);
#endif
