#ifndef QUEUED_SCHED_H
#define QUEUED_SCHED_H
/* When and in which order local mail is delivered. Pure: time goes in, what to
 * do comes out; it sees no process, no channel and no clock.
 *
 * Work for one account is a lane: a FIFO of jobs and, while it is open, one
 * agent. At most lanes_max lanes have a place, which it takes to deliver; an
 * open lane without jobs has none, but keeps its agent for a while. Lanes take
 * turns job by job, so that an account with a hundred thousand messages delays
 * nobody else's; when others wait for a place, a lane gives its own up after
 * lane_turn jobs.
 *
 * A batch of an agent costs it much the same for one message as for many. So
 * the more accounts get mail, the longer a lane rests after one before it sends
 * the next: two milliseconds for each open lane, at most rest_max_ms. Mail that
 * comes now and then is never held up.
 *
 * Jobs and lanes live in memory of bounded size: the caller bounds how many
 * jobs it adds; a lane exists while it has jobs or is open. */
#include "base/view.h"
#include "queued/hash.h"
#include "queued/list.h"

struct sched_options {
	uint64_t retry_min_s, retry_max_s, lifetime_s;
	unsigned lanes_max;      /* with a place */
	unsigned idle_lanes_max; /* open without one */
	unsigned lane_jobs_max;  /* in flight, per lane */
	uint64_t lane_bytes_max;
	unsigned lane_turn;
	uint64_t idle_ms; /* an open lane without jobs is kept so long */
	uint64_t rest_max_ms;
	unsigned rest_jobs_max; /* so many that wait end the rest */
};

enum sched_lane_state {
	LANE_CLOSED,
	LANE_OPENING,
	LANE_OPEN,
	LANE_PAUSED, /* its agent died or could not be had: resume_ms */
};

struct sched_lane {
	struct hash_node node;
	struct list link; /* on the list of struct sched that fits its state */
	struct list waiting, sent;
	bool has_place, is_idle, is_resting;
	uint64_t ticket; /* who waits longer for a place */
	unsigned n_waiting, n_sent, n_turn, n_failures;
	unsigned n_careful; /* so many jobs one at a time: one of them may be
			       what kills the agent */
	uint64_t sent_bytes, resume_ms, idle_ms;
	uint64_t batch_ms; /* its last batch began */
	enum sched_lane_state state;
	void *user; /* the caller's */
	size_t account_n;
	char account[];
};

/* Embedded in the caller's record of one recipient. */
struct sched_job {
	struct list link;
	struct sched_lane *lane;
	uint64_t bytes;
	bool is_sent;
};

struct sched {
	struct sched_options options;
	struct hash lanes;
	struct list wanting; /* closed, with jobs */
	struct list parked;  /* open, with jobs, without a place */
	struct list ready;   /* open, with jobs and room */
	struct list busy;    /* open or opening, nothing to do for us now */
	struct list idle;    /* open, without jobs; the longest idle first */
	struct list resting; /* open, with jobs, soon to be ready */
	struct list paused;
	unsigned n_places, n_idle, n_resting;
	uint64_t rested_ms; /* the first rest ends, or sooner */
	uint64_t last_ticket;
};

void sched_init(struct sched *s, const struct sched_options *o);
/* The lanes; jobs are the caller's. */
void sched_deinit(struct sched *s);

/* The next attempt after a temporary failure: retry_min times 1, 3, 6, 12, 24,
 * then doubling, at most retry_max, each +-10 % by random; the last one when
 * the lifetime is over. False when it was over already. */
bool sched_retry(const struct sched_options *o, uint64_t received_s,
    uint64_t now_s, uint32_t attempts, uint64_t random, uint64_t *next_s);

void sched_add(
    struct sched *s, struct sched_job *job, struct view account, uint64_t now);
/* Takes a job off its lane, whatever became of it. ok: the agent answered. */
void sched_done(struct sched *s, struct sched_job *job, bool ok, uint64_t now);

enum sched_do {
	SCHED_NOTHING, /* until something happens, or sched_wait_ms passes */
	SCHED_OPEN,    /* get an agent; then sched_opened or sched_lost */
	SCHED_SEND,    /* give *job to the lane's agent; then sched_done */
	SCHED_CLOSE,   /* let the agent go; then sched_closed */
};

/* What to do next, with the lane (and the job) it is about. */
enum sched_do sched_next(struct sched *s, uint64_t now_ms,
    struct sched_lane **lane, struct sched_job **job);

void sched_opened(struct sched *s, struct sched_lane *lane);
/* The lane may be freed in it. */
void sched_closed(struct sched *s, struct sched_lane *lane);
/* The agent is gone, or was not to be had. Jobs go back to wait, except for
 * those that look guilty or that waited through too many failures: they come
 * out on *failed, off the lane, and count as a temporary failure each. The lane
 * may be freed in it. */
void sched_lost(struct sched *s, struct sched_lane *lane, uint64_t now_ms,
    struct list *failed);
/* All jobs of a lane, in flight or not, come out on *jobs: the account is gone.
 */
void sched_drain(struct sched_lane *lane, struct list *jobs);

/* Milliseconds until sched_next may have something to do by itself;
 * UINT64_MAX: never. */
uint64_t sched_wait_ms(const struct sched *s, uint64_t now_ms);
#endif
