#ifndef QUEUED_LANES_H
#define QUEUED_LANES_H
/* What a scheduler says, done: links to processes are opened for its lanes, and
 * its jobs go over them. */
#include "queued/link.h"

struct lanes {
	struct sched *sched;
	struct timer *timer; /* of the next round */
	enum role_id to;
	const struct link_events *events; /* ctx: struct sched_lane */
	void (*send)(struct queue *q, struct sched_job *job);
};

void lanes_pump(struct queue *q, const struct lanes *l);
#endif
