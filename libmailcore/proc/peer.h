#ifndef PROC_PEER_H
#define PROC_PEER_H
/* A channel to another process on the event loop: messages come in by
 * callback, go out through a bounded queue. What a peer may not say closes it
 * and is logged; it never ends this process. */
#include "net/loop.h"
#include "wire/chan.h"

struct peer;

struct peer_events {
	/* fd is the callee's (-1: none). m is valid during the call. */
	void (*on_message)(
	    void *ctx, struct peer *p, const struct msg *m, int fd);
	/* The other end is gone or misbehaved; p is freed after the call. */
	void (*on_closed)(void *ctx, struct peer *p, int why);
};

/* Takes fd and makes it non-blocking. NULL when the channel is dead already (fd
 * is closed). */
struct peer *peer_new(struct loop *l, int fd, enum role_id self,
    enum role_id other, unsigned index, const struct peer_events *events,
    void *ctx);
/* Goes out, together with what else is sent, before the loop waits or ends; it
 * waits longer while the socket is full (at most 64 MiB and 2,000 descriptors:
 * then the peer is closed, and on_closed comes from the loop, not from inside
 * this call). Takes fd. A
 * message with a field past its bound is our bug: it is logged and dropped. */
void peer_send(struct peer *p, const struct msg *m, int fd);
/* Sends m, then waits for the answer without the loop; fn tells whether a
 * message is the one. Only for channels that carry nothing but such calls:
 * other messages are dropped, also later ones of m's answer type. -ETIMEDOUT;
 * MC_E_CLOSED and the like: on_closed comes from the loop. */
int peer_call(struct peer *p, const struct msg *m, enum msg_type answer,
    bool (*fn)(void *ctx, const struct msg *m), void *ctx,
    unsigned timeout_ms) MUST_CHECK;
/* Bytes waiting to be sent; senders of bulk hold back above some MiB. */
size_t peer_backlog(const struct peer *p);
/* The other end is closed; on_closed is still to come. What is sent now is
 * lost. */
bool peer_is_gone(const struct peer *p);
size_t peer_backlog_fds(const struct peer *p); /* descriptors, likewise */
enum role_id peer_role(const struct peer *p);
unsigned peer_index(const struct peer *p);
void peer_set_user(struct peer *p, void *user); /* the owner's own */
void *peer_user(const struct peer *p);
void peer_free(struct peer **p); /* closes; no callback */
#endif
