#ifndef MAILCTL_QUEUE_QUEUE_CHANGE_H
#define MAILCTL_QUEUE_QUEUE_CHANGE_H
/* mailctl queue hold|release|retry|delete|bounce: what the filter takes is read
 * from the queue's database, and the running queued is asked to change it. */
#include "mailctl/command.h"
#include "mailctl/queue/queue_filter.h"

/* Prints a row for each recipient. Exit code. */
int queue_change(
    struct mailctl *m, const struct queue_filter *f, enum queue_action action);
#endif
