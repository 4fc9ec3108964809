#ifndef QUEUED_LOOP_H
#define QUEUED_LOOP_H
/* Mail that comes round: each delivery adds Delivered-To with its recipient. */
#include "base/view.h"

/* The header of a message, body or (when fd is not -1) the file of size bytes,
 * has Delivered-To with that recipient, in any case. Looks at the first 64 KiB;
 * what cannot be read does not have it. */
bool loop_was_delivered(
    struct view body, int fd, uint64_t size, struct view recipient);
#endif
