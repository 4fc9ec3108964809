#ifndef QUEUED_POLICY_REPORTS_H
#define QUEUED_POLICY_REPORTS_H
/* Sends each domain that asks for it what happened with TLS to its hosts on the
 * day before (RFC 8460), one domain after the other:
 *
 *   rows of the table "tls"  ->  resolver: where are reports wanted
 *     mailto:  a message of our own, in the transaction that removes the rows
 *     https:   resolver: addresses of the web server, then fetch: POST it
 *
 * What no place took is tried again an hour later, until it is two days old. */
#include "queued/queue_role.h"

struct reports;

struct reports *reports_new(void);
/* Every few seconds. */
void reports_tick(struct queue *q);

/* Ids of its questions have this bit. */
#define REPORTS_ASK_BIT (UINT64_C(1) << 62)
void reports_on_txt(struct queue *q, const struct msg_txt_is *m);
void reports_on_route(struct queue *q, const struct msg_route_is *m);
void reports_on_fetched(struct queue *q, const struct msg_fetch_is *m);
#endif
