#ifndef STORE_DUMP_LOAD_H
#define STORE_DUMP_LOAD_H
/* A store from a dump: all or nothing. It is built in "load.tmp" of the user's
 * directory, what is derived from messages is computed anew, all invariants of
 * store/check/check.h are verified, and then it takes the place of data.mdb. */
#include "store/dump/dump_stream.h"
#include "store/store.h"

struct load_options {
	/* Takes the place of a store that has mail, or is damaged; the mark of
	 * damage (store/mark.h) goes with it. */
	bool replace;
	/* The dump is of an earlier time. Every mailbox gets a new UIDVALIDITY,
	 * above all of the dump, the clock, and uidvalidity: UIDs that were
	 * given out since would else be given out again. Ids of new messages
	 * leave a gap, and the account gets a new identity. */
	bool renew;
	uint32_t uidvalidity;
	int64_t (*now_s)(void); /* NULL: clock_wall_s */
	void (*on_progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};

struct load_result {
	uint64_t mailboxes, rows, messages, bytes;
	uint64_t gone; /* rows whose message was purged during the dump */
	char why[200]; /* what is wrong, for whoever reads it; may be empty */
};

/* dir is the user's directory. MC_E_EXISTS: there is a store with a history,
 * and it is not to be replaced; MC_E_BUSY: it is open; MC_E_CORRUPT: the stream
 * is damaged or cut off; MC_E_BAD: it is no dump, or one of a store that breaks
 * an invariant; MC_E_VERSION; MC_E_FULL; what the reader gave. */
int store_load(const char *dir, struct dump_reader *reader,
    const struct load_options *options, struct load_result *out) MUST_CHECK;
#endif
