#ifndef TEXT_MESSAGE_MIME_H
#define TEXT_MESSAGE_MIME_H
/* The part tree of a message, found while its bytes stream by: RFC 2045 and
 * 2046, RFC 7103 for malformed mail. The parser never fails: what it cannot
 * understand is text/plain, what passes a cap is cut from the structure (never
 * from the message). Bodies are not kept, only offsets into the message. */
#include "base/buf.h"
#include "text/codec.h"

enum {
	MIME_DEPTH_MAX = 50,
	MIME_PARTS_MAX = 1000,
	MIME_HEADER_MAX = 256 * 1024, /* octets of a part's header kept */
};

struct mime_part {
	uint32_t parent; /* index; the root is 0 and its own parent */
	uint32_t n_children;
	uint32_t header_offset, header_size; /* with the empty line behind */
	uint64_t body_offset, body_size;
	uint32_t header_lines, body_lines;
	enum transfer_encoding encoding;

	enum mime_kind {
		MIME_LEAF,
		MIME_MULTIPART,
		MIME_MESSAGE
	} kind;
	struct view header; /* the part's raw header block, see caps */
};

struct mime_tree {
	struct mime_part *parts; /* depth first, as in the message */
	uint32_t n_parts;
	uint64_t size;
	uint64_t n_lines;
	bool has_nul, has_8bit, has_bare_lf, has_8bit_header;
	bool truncated; /* a cap was reached */
};

struct mime_parser;
struct mime_parser *mime_parser_new(void);
void mime_parser_free(struct mime_parser **p);
/* Any split of the message gives the same tree. */
void mime_parser_feed(struct mime_parser *p, struct view piece);
/* The message is complete. The tree belongs to the parser. */
const struct mime_tree *mime_parser_finish(struct mime_parser *p);

/* The part that an IMAP section number names (RFC 3501 6.4.5): "1.2" as
 * {1, 2}. Returns its index or -1. For a message/rfc822 part with HEADER, TEXT
 * or further numbers the caller continues in its only child. */
int mime_find(const struct mime_part *parts, uint32_t n_parts,
    const uint32_t *section, size_t n_section);
#endif
