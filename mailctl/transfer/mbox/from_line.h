#ifndef MAILCTL_TRANSFER_MBOX_FROM_LINE_H
#define MAILCTL_TRANSFER_MBOX_FROM_LINE_H
/* The line that begins a message in an mbox (RFC 4155, appendix A). */
#include "text/date.h"

/* "From anna@example.org Thu Nov 19 10:00:00 2026", with a zone before or
 * behind the year, too; without one it is UTC. False when it is some other
 * line. */
bool from_line_parse(struct view line, struct date *out);
void from_line_put(struct buf *out, struct date d);
/* A line of a message that begins with ">From " or ">>From ". */
bool from_line_is_quoted(struct view line);
#endif
