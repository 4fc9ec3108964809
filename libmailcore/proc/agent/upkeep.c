#include "proc/agent/upkeep.h"
#include "base/panic.h"
#include "proc/agent/agent.h"
#include "store/compact.h"

enum {
	FIRST_MS = 10000, /* many agents do not live for a minute */
	EVERY_MS = 60000,
};

struct upkeep {
	struct proc *proc;
	struct store **store;
	struct timer *housekeeping, *compaction;
	bool is_compacting;
};

static void tell(struct upkeep *u, const struct store_compaction *r)
{
	LOG(NULL, INFO, "store.compacted",
	    KV_VIEW("account", proc_account(u->proc)),
	    KV_INT("before", r->before_bytes), KV_INT("after", r->after_bytes),
	    KV_INT("ms", r->ms));
}

static void set_compacting(struct upkeep *u, bool now)
{
	if (now && !u->is_compacting)
		agent_hold(u->proc);
	if (!now && u->is_compacting)
		agent_release(u->proc);
	u->is_compacting = now;
}

static void on_compaction(void *ctx)
{
	struct upkeep *u = ctx;
	struct store_compaction r;
	enum store_compact_state state =
	    *u->store ? store_compact_idle(*u->store, &r) : STORE_COMPACT_NONE;
	if (state == STORE_COMPACT_DONE)
		tell(u, &r);
	set_compacting(u, state == STORE_COMPACT_MORE);
	if (state == STORE_COMPACT_MORE)
		timer_start(u->compaction, STORE_COMPACT_PAUSE_MS, 0);
}

static void on_housekeeping(void *ctx)
{
	struct upkeep *u = ctx;
	if (!*u->store)
		return;
	store_housekeeping(*u->store);
	if (!u->is_compacting)
		on_compaction(u);
}

struct upkeep *upkeep_new(struct proc *p, struct store **store)
{
	struct upkeep *u = MUST_NEW(struct upkeep);
	u->proc = p;
	u->store = store;
	u->compaction = timer_new(proc_loop(p), on_compaction, u);
	u->housekeeping = timer_new(proc_loop(p), on_housekeeping, u);
	timer_start(u->housekeeping, FIRST_MS, EVERY_MS);
	return u;
}
