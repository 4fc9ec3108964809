#ifndef MAILCTL_QUEUE_QUEUE_FILTER_H
#define MAILCTL_QUEUE_QUEUE_FILTER_H
/* Which recipients of the queue a command is about. */
#include "queued/spool/queue_db.h"

enum {
	QUEUE_FILTER_IDS_MAX = 1000
};

struct queue_filter {
	struct view sender, recipient, domain, reason; /* empty: any */
	int state;                                     /* -1: any */
	uint64_t older_s, younger_s;                   /* 0: any */
	uint64_t larger_bytes, smaller_bytes;
	bool all, dry_run;
	bool not_held; /* of the command's, not an option */
	uint64_t ids[QUEUE_FILTER_IDS_MAX];
	size_t n_ids;
};

/* Words are ids, options say the rest. *wrong: the first argument that is not
 * understood; returns false then. */
bool queue_filter_parse(struct queue_filter *f, char **args, int n_args,
    const char **wrong) MUST_CHECK;
/* Nothing was said: all is meant. */
bool queue_filter_is_empty(const struct queue_filter *f);
bool queue_filter_takes_mail(const struct queue_filter *f,
    const struct queue_envelope *e, uint64_t now_s);
bool queue_filter_takes_rcpt(
    const struct queue_filter *f, const struct queue_rcpt *r);
#endif
