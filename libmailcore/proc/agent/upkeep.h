#ifndef PROC_AGENT_UPKEEP_H
#define PROC_AGENT_UPKEEP_H
/* What an agent does for its user's store while it has nothing else to do:
 * housekeeping once a minute, and compaction when it pays. The agent does not
 * retire while it compacts. */
#include "proc/role.h"
#include "store/store.h"

struct upkeep;

/* *store may be NULL, and another one later. Lives as long as the process. */
struct upkeep *upkeep_new(struct proc *p, struct store **store);
#endif
