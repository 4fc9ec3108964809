#ifndef STORE_QUOTA_H
#define STORE_QUOTA_H
/* Limits of an account, as RFC 9208 has them: STORAGE, MESSAGE, MAILBOX. They
 * come with each session from the accounts, the usage is counted in the store,
 * and they are compared in the transaction that adds.
 *
 * Each message counts once, in however many mailboxes it is shown; what was
 * expunged does not count, though it is kept for a while. INBOX is a mailbox.
 * Whoever sets no limits (the administrator's import) has none. */
#include "base/buf.h"
#include "base/err.h"

struct store;

enum {
	QUOTA_WARN_MAX = 8
};

/* A threshold was reached. */
struct quota_warning {
	unsigned percent;
	const char *resource; /* of RFC 9208: "STORAGE" (octets), "MESSAGE" */
	uint64_t used, limit;
};

struct store_limits {
	uint64_t bytes, messages; /* 0: none */
	uint32_t mailboxes;
	uint64_t grace_bytes; /* the last delivery may go over bytes by them */
	uint8_t warn[QUOTA_WARN_MAX]; /* percent, rising; 0 ends them */
	/* When a message made the usage reach a threshold: once, until it has
	 * fallen some percent below it again. put_warning writes the message
	 * that INBOX gets with it, inside of the transaction; on_warning comes
	 * when it is on disk. Each may be NULL. */
	void (*put_warning)(
	    void *ctx, const struct quota_warning *w, struct buf *out);
	void (*on_warning)(void *ctx, const struct quota_warning *w);
	void *ctx;
};

/* From now on. Copies. */
void store_set_limits(struct store *s, const struct store_limits *limits);

/* What can still be added; UINT64_MAX: no limit. */
struct store_room {
	uint64_t bytes;          /* in one message */
	uint64_t delivery_bytes; /* in one message that is delivered */
	uint64_t messages;
};

int store_get_room(struct store *s, struct store_room *out) MUST_CHECK;
/* 0, MC_E_OVERQUOTA: it would not be added now; or what reading gave. */
int store_check_room(struct store *s, uint64_t size_bytes) MUST_CHECK;
#endif
