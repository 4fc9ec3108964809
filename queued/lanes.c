#include "queued/lanes.h"

static void open_lane(
    struct queue *q, const struct lanes *l, struct sched_lane *lane)
{
	struct view account = { lane->account, lane->account_n };
	lane->user = link_open(q, l->to, account, l->events, lane);
	if (!lane->user)
		l->events->on_lost(q, lane, V("no auth process"));
}

static bool step(struct queue *q, const struct lanes *l, uint64_t now_ms)
{
	struct sched_lane *lane = NULL;
	struct sched_job *job = NULL;
	switch (sched_next(l->sched, now_ms, &lane, &job)) {
	case SCHED_NOTHING:
		return false;
	case SCHED_OPEN:
		open_lane(q, l, lane);
		break;
	case SCHED_SEND:
		l->send(q, job);
		break;
	case SCHED_CLOSE:
		link_free(lane->user);
		sched_closed(l->sched, lane);
		break;
	}
	return true;
}

void lanes_pump(struct queue *q, const struct lanes *l)
{
	uint64_t now_ms = loop_now_ms(proc_loop(q->proc));
	while (step(q, l, now_ms))
		continue;
	uint64_t wait = sched_wait_ms(l->sched, now_ms);
	if (wait != UINT64_MAX)
		timer_start(l->timer, wait + 1, 0);
}
