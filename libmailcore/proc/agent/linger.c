/* A process for one user that has nothing to do stays for agent_linger, then
 * asks to go. */
#include "base/panic.h"
#include "proc/agent/agent.h"
#include "proc/body/body.h"

static void on_idle(void *ctx)
{
	struct proc *p = ctx;
	struct msg out = { .type = MSG_RETIRE, .retire = { p->linger.served } };
	/* STOP comes when no session is on its way. */
	peer_send(p->monitor, &out, -1);
}

static void wait(struct proc *p)
{
	if (p->linger.timer)
		timer_start(
		    p->linger.timer, (uint64_t)p->conf->agent_linger * 1000, 0);
}

void linger_start(struct proc *p)
{
	if (p->role->count != COUNT_ON_DEMAND)
		return;
	p->linger.timer = timer_new(p->loop, on_idle, p);
	if (!p->linger.holds)
		wait(p);
}

void linger_end(struct proc *p)
{
	if (p->linger.timer)
		timer_free(&p->linger.timer);
}

void linger_served(struct proc *p)
{
	p->linger.served++;
	if (!p->linger.holds)
		wait(p);
}

void agent_hold(struct proc *p)
{
	p->linger.holds++;
	if (p->linger.timer)
		timer_stop(p->linger.timer);
}

void agent_release(struct proc *p)
{
	mc_assert(p->linger.holds > 0);
	if (--p->linger.holds == 0)
		wait(p);
}
