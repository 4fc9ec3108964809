/* queued's role "run": commands and files of aliases.
 *   runs as  alias_user
 *   can see  what that user can
 *   accepts  from the queue, messages for commands and files that root's alias
 *            files name
 *   sends    one report for each
 *   dies     when the monitor goes, or its commands are over after STOP */
#include "base/panic.h"
#include "queued/local/runner.h"
#include "queued/roles.h"

static void on_order(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct runner *r = proc_state(p);
	runner_deliver(r, from, m, fd);
	proc_stats(p, r->n_jobs, r->total);
}

static void on_peer_down(struct proc *p, struct peer *peer)
{
	runner_peer_gone(proc_state(p), peer);
}

static int run_start(struct proc *p)
{
	struct runner *r = MUST_NEW(struct runner);
	runner_init(r, p, NULL);
	proc_set_state(p, r);
	return 0;
}

static void run_stop(struct proc *p, uint32_t grace_s)
{
	(void)grace_s;
	runner_stop(proc_state(p));
}

const struct role_ops run_ops = {
	.start = run_start,
	.peer_down = on_peer_down,
	.stop = run_stop,
	.on = { [MSG_RUN_MAIL] = on_order, [MSG_RUN_FILE] = on_order },
};
