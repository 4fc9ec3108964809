#ifndef TEXT_SEARCH_HTML_H
#define TEXT_SEARCH_HTML_H
/* The text of HTML as a reader sees it, roughly: without tags, comments,
 * scripts and styles; character references resolved; white space as one blank,
 * blocks on lines of their own. For searching: nothing is laid out, and what
 * is malformed gives some text, never an error. Any split of the input gives
 * the same output. */
#include "base/buf.h"

enum {
	HTML_NAME_MAX = 12
};

struct html { /* private */

	enum html_state {
		HTML_TEXT,
		HTML_OPEN, /* behind "<" */
		HTML_TAG,
		HTML_DECLARATION, /* "<!", "<?" */
		HTML_COMMENT,
		HTML_REFERENCE /* behind "&" */
	} state;

	bool is_closing, in_name;
	char quote;    /* in a quoted attribute: which */
	char last;     /* in a tag: the last that was no blank */
	char gap;      /* to be put before what comes: a blank, a line end */
	bool has_text; /* in this line */
	uint8_t raw;   /* in the content of script, style: which, from 1 */
	uint8_t dashes;
	uint8_t n_name;
	char name[HTML_NAME_MAX];
};

void html_init(struct html *h);
void html_put(struct html *h, struct view in, struct buf *out); /* UTF-8 */
void html_end(struct html *h, struct buf *out);
#endif
