/* Whoever takes too long to log in, or is there when the front stops, has to
 * go. */
#include "proc/front/login_state.h"

enum {
	SWEEP_MS = 1000,
	PATIENT_S = 3600,
};

static void end_if_late(uint64_t id, void *object, void *ctx)
{
	struct client *c = object;
	const uint64_t *now = ctx;
	(void)id;
	if (c->state == CLIENT_SPLICED || *now < c->deadline_ms)
		return;
	if (c->state == CLIENT_TLS || c->state == CLIENT_END)
		conn_close(c->conn);
	else
		login_say_bye(c, "login takes too long");
}

static void on_sweep(void *ctx)
{
	struct login *l = ctx;
	uint64_t now = loop_now_ms(proc_loop(l->proc));
	idtab_each(&l->clients, end_if_late, &now);
}

static void end_unless_spliced(uint64_t id, void *object, void *ctx)
{
	struct client *c = object;
	(void)id;
	(void)ctx;
	if (c->state == CLIENT_TLS)
		conn_close(c->conn);
	else if (c->state != CLIENT_SPLICED)
		login_say_bye(c, "shutting down");
}

static void on_grace(void *ctx)
{
	struct login *l = ctx;
	proc_exit(l->proc);
}

void login_stop(struct proc *p, uint32_t grace_s)
{
	struct login *l = proc_state(p);
	l->is_stopping = true;
	/* After a reload, with much time, whoever is at it may log in. */
	if (grace_s < PATIENT_S)
		idtab_each(&l->clients, end_unless_spliced, NULL);
	if (!l->grace)
		l->grace = timer_new(proc_loop(p), on_grace, l);
	timer_start(l->grace, (uint64_t)grace_s * 1000, 0);
	if (idtab_count(&l->clients) == 0)
		proc_exit(l->proc);
}

void login_watch(struct login *l)
{
	struct loop *loop = proc_loop(l->proc);
	l->sweep = timer_new(loop, on_sweep, l);
	timer_start(l->sweep, SWEEP_MS, SWEEP_MS);
}
