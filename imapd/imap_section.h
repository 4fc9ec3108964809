#ifndef IMAPD_IMAP_SECTION_H
#define IMAPD_IMAP_SECTION_H
/* Sections of a message: RFC 3501 6.4.5, "BODY[<section>]<<partial>>". */
#include "imapd/imap_parse.h"
#include "store/mailbox/message.h"

enum imap_section_kind {
	IMAP_SECTION_WHOLE,
	IMAP_SECTION_HEADER,
	IMAP_SECTION_TEXT,
	IMAP_SECTION_MIME,
	IMAP_SECTION_FIELDS,
	IMAP_SECTION_FIELDS_NOT
};

enum {
	IMAP_SECTION_NUMBERS_MAX = 100,
	IMAP_SECTION_HEADER_MAX = 1024 * 1024 /* read for HEADER.FIELDS */
};

struct imap_section {
	struct view label; /* as it is answered, partial included */
	enum imap_section_kind kind;
	const uint32_t *numbers;
	size_t n_numbers;
	const struct view *fields;
	size_t n_fields;
	bool is_partial;
	uint32_t partial_offset, partial_size;
};

/* From behind "BODY" or "BODY.PEEK" on. */
bool imap_section(struct imap_args *a, struct imap_section *out);

/* Where a section's bytes are. */
struct imap_place {
	bool is_nil; /* there is no such part */
	uint64_t offset, size;
};

/* Without the partial. parts may be NULL when section has no numbers. */
struct imap_place imap_section_find(const struct imap_section *section,
    const struct message_info *info, const struct mime_part *parts);
/* The part of size octets that the client wants: from *offset on. */
uint64_t imap_section_cut(
    const struct imap_section *section, uint64_t size, uint64_t *offset);
/* The fields that a HEADER.FIELDS section selects, and the empty line. */
void imap_section_fields(
    const struct imap_section *section, struct view header, struct buf *out);
#endif
