#ifndef TEXT_MESSAGE_HEADER_H
#define TEXT_MESSAGE_HEADER_H
/* Header fields: RFC 5322 2.2, and RFC 2047 encoded words. */
#include "base/buf.h"

struct header_field {
	struct view name;  /* without the colon; may be malformed: see below */
	struct view value; /* behind the colon, folded as it stands, without
			      the final line end */
	struct view raw;   /* the whole field, line ends included */
};

/* Next field of a header block (CRLF or LF line ends). PARSE_OK; PARSE_MORE
 * when the block is at its end (an empty line is consumed). A line that is no
 * field comes back with an empty name, so that nothing is lost. */
enum parse header_next(struct view *block, struct header_field *out);

/* First field of that name; false when there is none. */
bool header_find(struct view block, struct view name, struct header_field *out);

/* The value on one line: line ends removed, surrounding blanks trimmed
 * (RFC 5322 2.2.3). A tab behind a line end becomes a space, which is what
 * those who fold with tabs had there. */
void header_unfold(struct view value, struct buf *out);
/* Unfolded, with encoded words decoded to UTF-8 (RFC 2047). */
void header_decode(struct view value, struct buf *out);

/* "type/subtype; attribute=value" fields (RFC 2045 5.1), with RFC 2231
 * continuations and charsets joined into one decoded value. */
struct header_param {
	struct view name, value;
};

enum {
	HEADER_PARAMS_MAX = 32
};

struct header_mime_value {
	struct view value; /* "text/plain", "attachment", in storage */
	struct header_param params[HEADER_PARAMS_MAX];
	size_t n_params;
};

/* Lenient; what is cut by the caps is left out. Views point into storage. */
void header_mime_parse(
    struct view value, struct header_mime_value *out, struct buf *storage);
/* The same for the wire (BODYSTRUCTURE): values stay as they were sent. Joined
 * RFC 2231 values keep charset'language'%XX, and their names end in "*". */
void header_mime_parse_raw(
    struct view value, struct header_mime_value *out, struct buf *storage);
bool header_mime_param(
    const struct header_mime_value *v, struct view name, struct view *out);
#endif
