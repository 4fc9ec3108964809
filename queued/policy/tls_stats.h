#ifndef QUEUED_POLICY_TLS_STATS_H
#define QUEUED_POLICY_TLS_STATS_H
/* How TLS with other hosts went, for reports (RFC 8460): what relay tells is
 * added up in memory and written about once a minute, in a transaction of its
 * own. A crash loses that minute, and no mail. */
#include "queued/policy/tls_row.h"
#include "queued/spool/queue_db.h"

struct tls_stats;

struct tls_stats *tls_stats_new(void);
void tls_stats_free(struct tls_stats **s);
/* One session more like row (its n_sessions is not looked at). What has no
 * place in memory is not counted. */
void tls_stats_note(struct tls_stats *s, const struct tls_row *row);
bool tls_stats_is_empty(const struct tls_stats *s);
/* Adds all to what the queue has; kept when that fails. */
int tls_stats_flush(struct tls_stats *s, struct queue_db *db) MUST_CHECK;

struct tls_domain {
	uint32_t day;
	size_t n;
	char name[TLS_ROW_DOMAIN_MAX];
};

static inline struct view tls_domain_view(const struct tls_domain *d)
{
	return (struct view){ d->name, d->n };
}

/* The next one behind *d, by day and name, that has rows of a day before
 * before_day; {0} is before all. MC_E_NOENT: *d is of no use then. */
int tls_stats_next(
    struct queue_txn *t, uint32_t before_day, struct tls_domain *d) MUST_CHECK;
/* Rows of a domain and day, at most max; they borrow from t. */
int tls_stats_rows(struct queue_txn *t, uint32_t day, struct view domain,
    struct tls_row *out, size_t max, size_t *n) MUST_CHECK;
void tls_stats_remove(struct queue_txn *t, uint32_t day, struct view domain);
#endif
