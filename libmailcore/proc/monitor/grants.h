#ifndef PROC_MONITOR_GRANTS_H
#define PROC_MONITOR_GRANTS_H
/* Which session may go to which account: auth says it to the monitor (GRANT),
 * a front brings the session's descriptor (HANDOFF). Both are used once and
 * live for seconds, in whichever order they come: they travel on two channels.
 * Bounded: what is oldest goes first. No I/O of its own. */
#include "base/err.h"
#include "base/view.h"

enum {
	GRANTS_MAX = 4096,
	GRANT_LIFE_MS = 10000,
	HANDOFFS_MAX = 256,       /* they hold descriptors */
	HANDOFFS_MAX_OF_ONE = 64, /* process: others shall find a place */
	HANDOFF_LIFE_MS = 2000,
};

/* Why a session did not get to its agent: HANDOFF_REFUSED.reason. */
enum handoff_refused {
	HANDOFF_NO_GRANT,     /* none came, or it was used or too old */
	HANDOFF_NO_DIRECTORY, /* the account's directory cannot be had */
	HANDOFF_TOO_MANY,     /* processes, or sessions that it has not read */
	HANDOFF_STOPPING,
	HANDOFF_FAILED, /* no process could be started */
};

const char *handoff_refused_text(enum handoff_refused reason);

struct grant {
	uint64_t session;
	uint64_t quota_bytes, quota_messages;
	uint32_t quota_mailboxes;
	uint64_t expires_at_ms; /* set by grants_add */
	char account[321], directory[641], unix_user[65];
};

struct handoff {
	uint64_t session;
	uint64_t expires_at_ms; /* set by grants_wait */
	int fd;
	uint8_t service, flags;
	int from_pid; /* who is told when it is refused */
	char remote[65];
	char *pending; /* heap */
	size_t n_pending;
};

struct grants {
	struct grant *grants; /* oldest first, as rings without holes */
	struct handoff *handoffs;
	size_t n_grants, n_handoffs;
};

void grants_init(struct grants *g);
void grants_deinit(struct grants *g); /* closes descriptors */

/* Remembers a copy; the oldest goes when it is full. A second grant for a
 * session replaces the first. */
void grants_add(struct grants *g, const struct grant *grant, uint64_t now_ms);
/* Takes the session's grant out, if it lives. */
bool grants_take(
    struct grants *g, uint64_t session, uint64_t now_ms, struct grant *out);

/* Takes h's descriptor and bytes, until its grant comes. False when there are
 * too many, all or of that process, or one of that session: h stays the
 * caller's. */
bool grants_wait(
    struct grants *g, const struct handoff *h, uint64_t now_ms) MUST_CHECK;
/* The handoff of that session, now the caller's. */
bool grants_take_waiting(
    struct grants *g, uint64_t session, struct handoff *out);
/* The next handoff that waited too long, now the caller's. Forgets grants that
 * nobody used in time. */
bool grants_expire(struct grants *g, uint64_t now_ms, struct handoff *out);

void handoff_deinit(struct handoff *h);
#endif
