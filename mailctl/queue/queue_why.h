#ifndef MAILCTL_QUEUE_QUEUE_WHY_H
#define MAILCTL_QUEUE_QUEUE_WHY_H
/* `mailctl queue why`: why recipients are still in the queue, in plain words.
 * Reads the queue itself; how their destinations are the running queued is
 * asked, if there is one. */
#include "mailctl/command.h"

/* what: a queue id, or the address of recipients. The exit code. */
int queue_why(struct mailctl *m, const char *what);
#endif
