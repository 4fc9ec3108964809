#ifndef QUEUED_POLICY_POLICY_H
#define QUEUED_POLICY_POLICY_H
/* Which MTA-STS policy mail to a domain must follow (RFC 8461).
 *
 *   remote.c, with the id of the domain's TXT record, asks policy_find
 *     known, or none:  goes on
 *     not known:       resolver is asked for mta-sts.DOMAIN, then fetch for the
 *                      policy at it; it is written to the queue's environment,
 *                      and remote.c is told to look again
 *
 * A policy that was found is followed until it expires, also when neither its
 * record nor its web server are there any more. A domain whose policy cannot be
 * had is treated as one without, and asked again after a while. */
#include "queued/policy/sts.h"
#include "queued/queue_role.h"

struct policies;

/* What was pending is known, or not to be had: ask again. */
struct policies *policies_new(
    void (*known)(struct queue *q, struct view domain));

enum policy_found {
	POLICY_FOUND_NONE,
	POLICY_FOUND, /* *mode is STS_TESTING or STS_ENFORCE */
	POLICY_PENDING,
};

/* domain in lower case; sts_id: empty when it has no such record. names is
 * valid until the next call. */
enum policy_found policy_find(struct queue *q, struct view domain,
    struct view sts_id, enum sts_mode *mode, struct view *names);

/* Ids of its questions to resolver and fetch have this bit, to be told from
 * those of others. */
#define POLICY_ASK_BIT (UINT64_C(1) << 63)
void policy_on_route(struct queue *q, const struct msg_route_is *m);
void policy_on_fetched(struct queue *q, const struct msg_fetch_is *m);
/* Whom it had asked is gone: what waits is treated as not to be had. */
void policy_role_down(struct queue *q, enum role_id role);
/* It does not answer: the same. How many there are. */
unsigned policy_end_waits(struct queue *q);
/* About once an hour: forgets what has expired. */
void policy_clean(struct queue *q);
#endif
