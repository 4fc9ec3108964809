#ifndef IMAPD_IMAP_TEXT_H
#define IMAPD_IMAP_TEXT_H
/* The text of a message as a search sees it: header fields unfolded and
 * decoded, text parts decoded and in UTF-8, all folded (case, marks). */
#include "imapd/imap_session.h"

struct imap_text {
	struct imap_session *s; /* its scratch buffers are used */
	struct store_txn *t;
	uint64_t msgid;
	int error; /* sticky: what could not be read does not match */
};

enum {
	IMAP_TEXT_HEADER_MAX = 1024 * 1024
};

/* n octets (at most IMAP_TEXT_HEADER_MAX); valid until the next call. */
bool imap_text_header(
    struct imap_text *x, uint64_t offset, uint64_t n, struct view *out);
/* needle is folded. name empty: "Name: value" of all fields is searched. An
 * empty needle is in every such field. */
bool imap_text_fields_contain(struct imap_text *x, struct view header,
    struct view name, struct view needle);
/* The leaf part's text, if it is text. */
bool imap_text_part_contains(
    struct imap_text *x, const struct mime_part *part, struct view needle);
#endif
