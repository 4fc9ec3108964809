#ifndef MAILCTL_QUEUE_QUEUE_H
#define MAILCTL_QUEUE_QUEUE_H
/* `mailctl queue`: reads the queue's database itself, so that it works while
 * queued is down, and never changes it. */
#include "conf/conf.h"
#include "mailctl/queue/queue_filter.h"

/* The messages that have recipients which the filter takes, with those, in
 * order of arrival. json: one array. A queue that was never used is empty.
 * -errno or an error of store/kv/kv.h. */
int mailctl_queue_list(
    const struct conf *c, const struct queue_filter *f, bool json) MUST_CHECK;

/* One message: envelope, recipients, header; with_body the rest as well.
 * MC_E_BAD: not an id; MC_E_NOENT: no such message. */
int mailctl_queue_show(
    const struct conf *c, const char *id, bool with_body, bool json) MUST_CHECK;
#endif
