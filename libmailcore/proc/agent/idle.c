#include "proc/agent/idle.h"
#include "base/panic.h"

enum {
	AFTER_MS = 2000,  /* what changes comes in flocks */
	PAUSE_MS = 40,    /* a fifth of a processor at most */
	EVERY_MS = 60000, /* what was not used for long is given up */
};

struct idle {
	struct store **store;
	bool (*work)(struct store *s);
	struct timer *timer;
	bool is_due; /* soon, not only when the minute is over */
};

static void on_time(void *ctx)
{
	struct idle *i = ctx;
	i->is_due = *i->store && i->work(*i->store);
	timer_start(i->timer, i->is_due ? PAUSE_MS : EVERY_MS, 0);
}

struct idle *idle_new(
    struct proc *p, struct store **store, bool (*work)(struct store *s))
{
	struct idle *i = MUST_NEW(struct idle);
	i->store = store;
	i->work = work;
	i->timer = timer_new(proc_loop(p), on_time, i);
	idle_changed(i);
	return i;
}

void idle_changed(struct idle *i)
{
	if (i->is_due)
		return;
	i->is_due = true;
	timer_start(i->timer, AFTER_MS, 0);
}
