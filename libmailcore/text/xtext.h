#ifndef TEXT_XTEXT_H
#define TEXT_XTEXT_H
/* xtext of RFC 3461 4: printable ASCII, in which '+', '=' and whatever is no
 * printable character stand as "+" and two upper-case hexadecimal digits. */
#include "base/buf.h"
#include "base/view.h"

/* Valid, and the text that it stands for is printable ASCII: it may be put into
 * a header field as it is. */
bool xtext_is_printable(struct view v);
/* Appends the text that it stands for; v is one that xtext_is_printable
 * accepts. */
void xtext_put_decoded(struct buf *out, struct view v);
#endif
