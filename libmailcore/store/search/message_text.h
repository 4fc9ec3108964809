#ifndef STORE_SEARCH_MESSAGE_TEXT_H
#define STORE_SEARCH_MESSAGE_TEXT_H
/* The text of a message as a search sees it: header fields unfolded and
 * decoded, text parts decoded, in UTF-8, without markup, all folded (case,
 * marks). A search reads it from the message, or from the extract that was
 * made of it (store/search/extract.h): both come from here, so that they
 * agree. */
#include "store/mailbox/message.h"

enum {
	MESSAGE_TEXT_HEADER_MAX = 1024 * 1024,
	MESSAGE_TEXT_BUFS = 6,
	MESSAGE_TEXT_BUF_MAX = 4 * 1024 * 1024
};

struct message_text {
	struct buf *bufs; /* MESSAGE_TEXT_BUFS of the caller */
	struct store_txn *t;
	uint64_t msgid;
	int error; /* sticky: what could not be read does not match */
};

/* n octets (at most MESSAGE_TEXT_HEADER_MAX); valid until the next call. */
bool message_text_header(
    struct message_text *x, uint64_t offset, uint64_t n, struct view *out);
/* needle is folded. name empty: "Name: value" of all fields is searched. An
 * empty needle is in every such field. */
bool message_text_fields_contain(struct message_text *x, struct view header,
    struct view name, struct view needle);
/* The text of all parts, and the headers of messages that are parts. parts:
 * what message_parts gave. */
bool message_text_body_contains(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct view needle);
/* The headers of the other parts, where the names of attachments are. */
bool message_text_parts_contain(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct view needle);

/* The same texts, one behind the other, each with MESSAGE_TEXT_BORDER before
 * it: no UTF-8 and so no needle has that octet. Fields are "name: value". */
#define MESSAGE_TEXT_BORDER '\xff'

struct message_extract {
	struct buf *out;
	size_t room;      /* octets that may be put yet, */
	uint64_t in_room; /* and read for that */
	bool cut;         /* there would have been more */
};

void message_text_extract_header(struct message_text *x,
    const struct message_info *info, struct message_extract *e);
void message_text_extract_body(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct message_extract *e);
void message_text_extract_parts(struct message_text *x,
    const struct mime_part *parts, uint32_t n_parts, struct message_extract *e);
#endif
