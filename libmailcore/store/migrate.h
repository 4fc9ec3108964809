#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H
/* A store of an earlier schema becomes one of ours when it is opened for
 * writing: step by step, and each step in small transactions. The first of
 * them stamps the account with the new schema, so that an earlier version's
 * processes keep out, and notes how far the step has come; a process that is
 * killed, or another one that opens the store meanwhile, goes on there.
 *
 * An earlier schema can be read as it is: what a step adds must be optional
 * for readers, and for writers as long as migrating_from says so. */
#include "store/store.h"

/* MC_E_FULL, after which the store can be used as it is: what a full disk
 * needs most is that something gets deleted. */
int store_migrate(struct store *s) MUST_CHECK;
#endif
