#ifndef STORE_DUMP_DUMP_H
#define STORE_DUMP_DUMP_H
/* Everything in a store as a stream of records that depends neither on LMDB
 * nor on the layout of its values: mailcore-dump(5). Others may work on the
 * store meanwhile. The index is read in one snapshot, which takes about a
 * second for 100,000 messages, into an unnamed file, so that a slow reader
 * holds nothing up; messages, which never change, come after that in short
 * transactions. One that was expunged meanwhile and outlived its retention is
 * said to be gone. Of the same state the stream is always the same. */
#include "store/store.h"

enum dump_part {
	DUMP_HAS_INDEX = 1 << 0,  /* all but the messages themselves */
	DUMP_HAS_BODIES = 1 << 1, /* the messages from first_msgid on */
};

struct dump_options {
	/* Two streams: the index, then the messages from first_msgid on. */
	bool split;
	uint64_t first_msgid;
	int (*write)(void *ctx, enum dump_part part, struct view v);
	/* Messages; NULL: not wanted. */
	void (*on_progress)(void *ctx, uint64_t done, uint64_t total);
	void *ctx;
};

struct dump_result {
	uint64_t mailboxes, rows, messages;
	uint64_t bytes;   /* of all messages of the index */
	uint64_t written; /* messages that were written, and their bytes */
	uint64_t written_bytes;
	uint64_t gone;
	uint64_t next_msgid, modseq;
	uint8_t guid[16];
	uint64_t damaged_msgid; /* on MC_E_CORRUPT; 0: it is not a message */
	const char *damaged;    /* table, NULL: none */
};

/* MC_E_CORRUPT: something cannot be read. What write gave. */
int store_dump(struct store *s, const struct dump_options *options,
    struct dump_result *out) MUST_CHECK;
#endif
