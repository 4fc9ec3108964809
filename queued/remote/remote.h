#ifndef QUEUED_REMOTE_REMOTE_H
#define QUEUED_REMOTE_REMOTE_H
/* Mail that leaves the host: where it goes (asked of RESOLVER), when
 * (queued/remote/sched_relay.h), and over what (sessions of RELAY).
 *
 *   remote.c          a recipient to its route and site, steps of sched_relay
 *   remote_routes.c   routes: what RESOLVER said, shared and kept for a while
 *   remote_sessions.c sessions of RELAY, and what became of the mail on them
 *   remote_parked.c   what waits on disk for its site
 */
#include "base/idtab.h"
#include "proc/role.h"
#include "queued/remote/sched_relay.h"

struct queue;
struct rcpt;

struct remote {
	struct sched_relay sched;
	struct timer *timer;
	struct idtab sessions; /* struct remote_session */
	struct list closing; /* of them, the one that was closed first first */

	struct hash routes; /* struct route */
	struct list known;  /* the one that was used least lately first */
	struct list unasked, asked;
	struct list unruled; /* that wait for an MTA-STS policy */
	struct idtab asks;   /* struct route */
	unsigned n_asked, n_waiting;
	size_t route_bytes, site_bytes;

	/* After a start: sites behind this one are still to be looked for. */
	bool is_scanning;
	char scanned[256];
	size_t scanned_n;
};

void remote_init(struct queue *q);
/* r is for another host: to its route, its site, and on. */
void remote_deliver(struct queue *q, struct rcpt *r);
void remote_pump(struct queue *q);
unsigned remote_sessions(const struct queue *q);
/* RELAY or RESOLVER came or went. */
void remote_peer_up(struct queue *q, enum role_id role);
void remote_peer_down(struct queue *q, enum role_id role);
unsigned remote_end_waits(struct queue *q);
unsigned remote_end_closing(struct queue *q);
/* Mail that is on its way is the last. True: none is any more. */
bool remote_drain(struct queue *q);

/* r is on its way to relay, or there: it can be taken away. */
bool remote_has(const struct rcpt *r);
bool remote_is_sent(const struct rcpt *r);
void remote_forget(struct queue *q, struct rcpt *r);
/* r was taken from disk for a site, and will not get there, or is there. */
void remote_arrived(struct queue *q, struct rcpt *r);
/* The administrator wants r tried now: its site is, also when it is down. */
void remote_retry(struct queue *q, const struct rcpt *r);
/* It is on disk that r waits for its site. */
void remote_parked(struct queue *q, const struct rcpt *r);

void remote_on_route(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void remote_on_up(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void remote_on_down(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void remote_on_result(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void remote_on_done(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
void remote_on_tls(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
/* The policy that routes of a domain waited for is there, or will not come. */
void remote_policy_known(struct queue *q, struct view domain);
/* mailctl asks how a site is. */
void remote_on_site_ask(
    struct proc *p, struct peer *from, const struct msg *m, int fd);
#endif
