#ifndef STORE_CHECK_REPAIR_H
#define STORE_CHECK_REPAIR_H
/* Makes every invariant of a store hold again that can hold: what is derived
 * (counters, totals, names, the reverse map, changes, descriptions) is built
 * again from what it derives from; messages that no mailbox has come into
 * "Recovered". All in one transaction: a kill leaves the store as it was.
 * Afterwards store_check finds nothing but bytes of messages that are lost.
 *
 * UIDs and UIDVALIDITY stay, except those of a mailbox whose record was lost:
 * it gets a higher UIDVALIDITY. What clients could have missed lies below the
 * floor of its mailbox: they compare all UIDs. */
#include "store/check/check.h"
#include "store/kv/kv_pages.h"

struct repair_note {
	bool is_loss;                   /* else it was repaired */
	const char *invariant, *detail; /* of check; what was there instead */
	uint32_t mailbox, uid;          /* 0: not about one */
	uint64_t msgid;
};

struct repair_options {
	bool dry_run; /* tells what it would do */
	/* Tables (bits of enum store_table) of which a part was not readable,
	 * as kv_pages_walk told. */
	uint32_t lost_tables;
	/* At most CHECK_REPORTS_MAX for each invariant; all are counted. */
	void (*on_note)(void *ctx, const struct repair_note *n);
	void *ctx;
};

struct repair_result {
	uint64_t repaired, lost; /* notes */
	uint64_t recovered;      /* messages that came into "Recovered" */
};

/* s was opened with damaged set. */
int store_repair(struct store *s, const struct repair_options *options,
    struct repair_result *out) MUST_CHECK;

/* Where LMDB's pages are damaged: a new store at path to, with all items of
 * the store at path from that can be read, and on disk. It needs store_repair.
 * to must not exist; from is not changed. */
int store_salvage(
    const char *from, const char *to, struct kv_pages_result *out) MUST_CHECK;
/* Whether that is so: bad is 0 when LMDB can read all of it. */
int store_look_at_pages(
    const char *path, struct kv_pages_result *out) MUST_CHECK;
#endif
