#ifndef QUEUED_POLICY_POLICY_DB_H
#define QUEUED_POLICY_POLICY_DB_H
/* MTA-STS policies as the queue's environment keeps them (queue_keys.h): they
 * must be followed until they expire, also after a restart (RFC 8461 5.1). */
#include "base/buf.h"
#include "queued/policy/sts.h"
#include "queued/spool/queue_db.h"

enum {
	STS_ID_MAX = 32
};

struct sts_record {
	struct sts_policy policy;
	uint64_t fetched_s;
	size_t id_n;
	char id[STS_ID_MAX];
};

/* Past what it may be followed. */
static inline bool sts_is_expired(const struct sts_record *r, uint64_t now_s)
{
	return now_s >= r->fetched_s + r->policy.max_age_s;
}

/* domain in lower case. MC_E_NOENT, MC_E_CORRUPT. */
int policy_db_get(
    struct queue_txn *t, struct view domain, struct sts_record *out) MUST_CHECK;
void policy_db_put(
    struct queue_txn *t, struct view domain, const struct sts_record *r);
/* Forgets what has expired, at most max rows from *after on, which is where to
 * go on: empty after the last. */
void policy_db_clean(
    struct queue_txn *t, uint64_t now_s, unsigned max, struct buf *after);

/* The record's bytes, for the fuzzer: MC_E_VERSION, MC_E_CORRUPT. */
int policy_record_get(struct view v, struct sts_record *out) MUST_CHECK;
#endif
