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

/* Addresses of the type utf-8 (RFC 6533 3), in which "\x{HEX}" may stand for a
 * character that is no printable ASCII, or special to ORCPT. Appends the UTF-8
 * that v stands for. MC_E_BAD: it is none, or has controls. */
int utf8_address_decode(struct view v, struct buf *out) MUST_CHECK;
/* Appends its form in ASCII (utf-8-addr-xtext). What is no UTF-8 becomes
 * U+FFFD. */
void utf8_address_encode(struct view v, struct buf *out);
#endif
