#ifndef STORE_TXN_THREAD_H
#define STORE_TXN_THREAD_H
/* Threads (RFC 8474 5.2, RFC 8621 3): messages with the same base subject of
 * which one names the other, or both name a third, share a thread. A thread is
 * named by the msgid of its first message; a message's thread is found when it
 * is stored and never changes, also when both ends of a gap turn out to belong
 * together later.
 *
 * idx 'I' has, for each message, its Message-ID and some of the ids that it
 * names: those that fewer than two others have brought, so that a thread is
 * found again after its first message was purged. A delivery writes at most
 * THREAD_KEYS_MAX + 1 of them. */
#include "store/record/references.h"
#include "store/txn/edit.h"

enum {
	THREAD_KEYS_MAX = 4, /* the oldest reference, and the newest */
};

/* What idx 'I' is keyed by. id is one of r. */
uint64_t thread_hash(const struct references *r, uint64_t id);

/* Finds or begins the thread of an object, and writes its keys. Errors stick
 * to the transaction. */
uint64_t thread_join(
    struct edit *e, uint64_t msgid, const struct references *r);
/* Writes the keys of an object whose thread is known. */
void thread_keep(struct edit *e, uint64_t msgid, uint64_t threadid,
    const struct references *r);
/* The object is purged. */
void thread_leave(struct edit *e, uint64_t msgid, uint64_t threadid,
    const struct references *r);

/* Whether the object has got its thread: see migrate.h. */
bool thread_is_known(const struct account *a, uint64_t msgid);
#endif
