#ifndef MAILCTL_STORE_SALVAGE_H
#define MAILCTL_STORE_SALVAGE_H
/* A new store beside a damaged one, with what can be read of it. The process
 * stands in the user's directory. */
#include "store/check/repair.h"

/* dir is made; what a former process left there goes first. Its data.mdb has
 * all that can be read of ours, and is on disk. It needs store_repair. */
int salvage_into(const char *dir, struct kv_pages_result *out) MUST_CHECK;
void salvage_remove(const char *dir);
#endif
