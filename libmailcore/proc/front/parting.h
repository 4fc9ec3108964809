#ifndef PROC_FRONT_PARTING_H
#define PROC_FRONT_PARTING_H
/* The last words to a client whom nobody serves any more. */
#include "base/buf.h"
#include "net/loop.h"

/* Takes fd (a stream): says what put puts into out, waits a moment for the
 * client to read it, and closes. */
void parting_words(struct loop *l, int fd, void (*put)(struct buf *out));
#endif
