#ifndef PROC_AGENT_IDLE_H
#define PROC_AGENT_IDLE_H
/* What an agent does for its store when sessions leave it the time: some
 * milliseconds of it, then a pause, some seconds after a change and until all
 * is done. */
#include "proc/role.h"
#include "store/store.h"

struct idle;

/* work: some of it; true when there is more. Called again after a minute when
 * there is none. *store may be NULL, and another one later. Lives as long as
 * the process. */
struct idle *idle_new(
    struct proc *p, struct store **store, bool (*work)(struct store *s));
/* There is something to do. */
void idle_changed(struct idle *i);
#endif
