#ifndef QUEUED_LOCAL_FORWARDING_H
#define QUEUED_LOCAL_FORWARDING_H
/* What forward files make of a recipient: the account's, and those of the
 * accounts that it names, each once, until only mailboxes, other hosts,
 * commands and files are left; these take its place in one transaction. Private
 * to queued/local. */
#include "queued/queue_role.h"

/* Of r->forwarding: the process of the account's Unix user tells a target, or
 * that it told all. */
void forwarding_on_target(struct rcpt *r, const struct msg_forward_target *m);
/* status: enum forward_status; r is in no lane. */
void forwarding_on_read(
    struct queue *q, struct rcpt *r, uint8_t status, struct view text);
/* That process is gone: the next one will tell it all. */
void forwarding_again(struct rcpt *r);
/* The question to auth, and its answer; leaves (struct rcpt, by link) are
 * taken. */
void forwarding_ask(const struct rcpt *r, struct msg_expand_ask *out);
void forwarding_on_leaves(struct queue *q, struct rcpt *r,
    enum address_kind kind, struct list *leaves);
/* Whose file is followed now; empty: no one's. */
struct view forwarding_account(const struct rcpt *r);
/* r has another fate, or none of it is left to do. */
void forwarding_end(struct queue *q, struct rcpt *r);
#endif
