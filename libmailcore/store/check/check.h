#ifndef STORE_CHECK_CHECK_H
#define STORE_CHECK_CHECK_H
/* Verifies every invariant of a store, by name. Nothing is written; others may
 * work on the store meanwhile. What relates tables to each other is read in
 * one snapshot: it takes some seconds for 100,000 messages, and the file can
 * only grow by what is written in that time. The bodies, which are most of the
 * bytes and never change, come after that in short transactions. */
#include "store/store.h"

struct violation {
	const char *invariant, *text; /* its name, and what should hold */
	uint32_t mailbox, uid;        /* 0: not about one */
	uint64_t msgid;
	char detail[160]; /* what is there instead; may be empty */
};

struct check_options {
	bool bodies; /* also every chunk of every message */
	/* At most CHECK_REPORTS_MAX for each invariant; all are counted. */
	void (*on_violation)(void *ctx, const struct violation *v);
	/* What is being read now; NULL: not wanted. */
	void (*on_phase)(void *ctx, const char *phase);
	void *ctx;
};

enum {
	CHECK_REPORTS_MAX = 1000
};

struct check_result {
	uint64_t violations;
	uint64_t mailboxes, rows, objects, retained;
	uint64_t chunks; /* whose checksum was verified */
};

/* 0 when it could look, whatever it found. */
int store_check(struct store *s, const struct check_options *options,
    struct check_result *out) MUST_CHECK;

/* All invariants in order; NULL behind the last. */
const char *check_invariant(size_t i, const char **text);
#endif
