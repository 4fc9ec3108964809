#ifndef TEXT_SCAN_H
#define TEXT_SCAN_H
/* Searches over message bytes, a machine word at a time: bodies pass through
 * here at every step of their way. */
#include "base/view.h"

/* Index of the first CR or LF; v.n when there is none. */
size_t scan_newline(struct view v);

/* Sets *nul or *eightbit when v holds such a byte; never clears them. */
void scan_bytes(struct view v, bool *nul, bool *eightbit);
/* An octet above 127 is there. */
bool scan_has_eightbit(struct view v);
#endif
