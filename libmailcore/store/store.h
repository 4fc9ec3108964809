#ifndef STORE_STORE_H
#define STORE_STORE_H
/* One user's mail: one LMDB environment in the user's directory, all mailboxes
 * in it. Opened only by that user's agents, and by mailctl as the
 * administrator. Every change is one transaction: message, index, flags,
 * counters, change log and delivery id commit together, and when a function
 * here returns 0 the change is on disk. The keys: store/record/keys.h.
 *
 * Reading: struct store_txn t; store_read(s, &t); ...; store_end(&t). Keep it
 * short: never across a wait for a peer, at most 256 KiB or 64 messages, then
 * end it and resume at the next UID. Writing: whole functions that take the
 * store; none of them is called inside a read transaction of the same thread
 * whose views are still needed. */
#include "store/kv/kv.h"

struct store;

enum {
	STORE_SCHEMA = 2,
	STORE_RETENTION_S = 600, /* sessions may still fetch what is gone */
};

struct store_options {
	bool create; /* make a new store (INBOX in it) when there is none */
	bool readonly;
	bool damaged;  /* for store_repair: whatever stands in it */
	bool compress; /* what is added from now on; when it is built in */
	uint32_t retention_s;   /* what is expunged is kept so long: see
				   retained.h; 0: STORE_RETENTION_S */
	int64_t (*now_s)(void); /* NULL: clock_wall_s */
	/* When compaction pays, as tests need it; 0: 100 MB. */
	uint64_t compact_free_bytes;
};

/* dir is the user's directory ("." for an agent): data.mdb, data.mdb-lock and
 * wake/ live in it. It must go on to name it: a compaction by anybody makes
 * all others open data.mdb again. A store of an earlier schema is brought to
 * ours first, when it is opened for writing, which takes some seconds for
 * 100,000 messages; a read-only or damaged one is taken as it is. MC_E_NOENT
 * without create; MC_E_VERSION when a later schema or another LMDB major wrote
 * it; MC_E_UNSUPPORTED when it has something that was not built in (a log line
 * says what); MC_E_CORRUPT, also for a store that has the mark of damage
 * (store/mark.h), unless readonly; -errno. */
int store_open(const char *dir, const struct store_options *options,
    struct store **out) MUST_CHECK;
void store_close(struct store **s);

struct store_txn {
	struct store *store;
	struct kv_txn kv;
	struct store_spill *spill; /* what had to be put together for views */
};

int store_read(struct store *s, struct store_txn *t) MUST_CHECK;
void store_end(struct store_txn *t);

/* Differs after any commit by any process; costs no transaction. */
uint64_t store_last_change(struct store *s);
/* Stale readers, expunged objects past their retention, remains of deleted
 * mailboxes, old delivery ids: some 50 ms of work at most. Once a minute, and
 * before a process that wrote closes the store. */
void store_housekeeping(struct store *s);

/* The account's totals, one get. Each message counts once, in however many
 * mailboxes it is; limits: those of store_set_limits (quota.h), 0: none. */
struct store_totals {
	uint64_t bytes, messages;
	uint32_t mailboxes;
	uint64_t bytes_limit, messages_limit;
	uint32_t mailboxes_limit;
	uint64_t modseq;
	uint8_t guid[16];
};

int store_totals(struct store_txn *t, struct store_totals *out) MUST_CHECK;

/* Wake-ups between the processes that have this store open: a datagram socket
 * in wake/. After each commit the writer sends one byte to all others. */
/* The descriptor to poll; it belongs to the store. MC_E_UNSUPPORTED when there
 * is no wake/ (a read-only store). */
int store_wake_open(struct store *s, int *fd) MUST_CHECK;
void store_wake_drain(int fd);
#endif
