#include "queued/sched.h"
#include "base/panic.h"
#include <string.h>

enum {
	FAILURES_MAX = 5, /* 1 + 2 + 4 + 8 s of pauses between them */
	PAUSE_MS = 1000,
	REST_MS = 2,      /* for each open lane */
	REST_STEP_MS = 8, /* so that many rests end together */
};

void sched_init(struct sched *s, const struct sched_options *o)
{
	*s = (struct sched){ .options = *o };
	list_init(&s->wanting);
	list_init(&s->parked);
	list_init(&s->ready);
	list_init(&s->busy);
	list_init(&s->idle);
	list_init(&s->resting);
	list_init(&s->paused);
}

void sched_deinit(struct sched *s)
{
	for (struct hash_node *n; (n = hash_any(&s->lanes));) {
		hash_remove(&s->lanes, n);
		free(CONTAINER(n, struct sched_lane, node));
	}
	hash_deinit(&s->lanes);
}

/* First the steps that RFC 5321 4.5.4.1 asks for (two attempts in the first
 * hour), then ever longer ones. */
static uint64_t retry_step_s(const struct sched_options *o, uint32_t attempts)
{
	static const uint64_t factors[] = { 1, 3, 6, 12, 24 };

	enum {
		N = sizeof factors / sizeof factors[0]
	};

	uint32_t n = attempts ? attempts - 1 : 0;
	uint64_t step = o->retry_min_s;
	if (n < N)
		step *= factors[n];
	else
		step *= factors[N - 1] << (n - N + 1 < 20 ? n - N + 1 : 20);
	return step < o->retry_max_s ? step : o->retry_max_s;
}

bool sched_retry(const struct sched_options *o, uint64_t received_s,
    uint64_t now_s, uint32_t attempts, uint64_t random, uint64_t *next_s)
{
	uint64_t end_s = received_s + o->lifetime_s;
	if (now_s >= end_s)
		return false;
	uint64_t step = retry_step_s(o, attempts);
	uint64_t spread = step / 5;
	step = step - spread / 2 + random % (spread + 1);
	uint64_t next = now_s + (step ? step : 1);
	*next_s = next < end_s ? next : end_s;
	return true;
}

static struct sched_lane *find_lane(const struct sched *s, struct view account)
{
	struct hash_node *n = hash_find(&s->lanes, view_hash(account));
	for (; n; n = hash_find_next(n)) {
		struct sched_lane *l = CONTAINER(n, struct sched_lane, node);
		struct view name = { l->account, l->account_n };
		if (view_eq(name, account))
			return l;
	}
	return NULL;
}

static struct sched_lane *new_lane(struct sched *s, struct view account)
{
	struct sched_lane *l = must_alloc(sizeof *l + account.n + 1);
	memcpy(l->account, account.p, account.n);
	l->account_n = account.n;
	list_init(&l->link);
	list_init(&l->waiting);
	list_init(&l->sent);
	hash_add(&s->lanes, &l->node, view_hash(account));
	return l;
}

static bool has_room(const struct sched *s, const struct sched_lane *l)
{
	if (l->n_careful)
		return l->n_sent == 0;
	return l->n_sent < s->options.lane_jobs_max &&
	       l->sent_bytes < s->options.lane_bytes_max;
}

static bool is_full(const struct sched *s)
{
	return s->n_places >= s->options.lanes_max;
}

/* Its turn is over: somebody else wants its place. */
static bool must_end(const struct sched *s, const struct sched_lane *l)
{
	return l->n_turn >= s->options.lane_turn && is_full(s) &&
	       !(list_empty(&s->wanting) && list_empty(&s->parked));
}

static void take_place(struct sched *s, struct sched_lane *l)
{
	s->n_places += !l->has_place;
	l->has_place = true;
	l->n_turn = 0;
}

static void give_place(struct sched *s, struct sched_lane *l)
{
	s->n_places -= l->has_place;
	l->has_place = false;
}

static void leave_list(struct sched *s, struct sched_lane *l)
{
	s->n_idle -= l->is_idle;
	s->n_resting -= l->is_resting;
	l->is_idle = l->is_resting = false;
	list_remove(&l->link);
}

static struct list *wait_for_place(
    struct sched *s, struct sched_lane *l, struct list *where)
{
	l->ticket = ++s->last_ticket;
	return where;
}

static uint64_t rest_end_ms(const struct sched *s, const struct sched_lane *l)
{
	uint64_t n_open = (uint64_t)s->n_places + s->n_idle + s->n_resting;
	uint64_t rest_ms = n_open * REST_MS;
	if (rest_ms > s->options.rest_max_ms)
		rest_ms = s->options.rest_max_ms;
	uint64_t end_ms = l->batch_ms + rest_ms;
	return end_ms - end_ms % REST_STEP_MS;
}

static bool must_rest(
    const struct sched *s, const struct sched_lane *l, uint64_t now_ms)
{
	return l->n_waiting > 0 && l->n_waiting < s->options.rest_jobs_max &&
	       now_ms > l->batch_ms && now_ms < rest_end_ms(s, l);
}

static struct list *rest(struct sched *s, struct sched_lane *l)
{
	uint64_t end_ms = rest_end_ms(s, l);
	if (list_empty(&s->resting) || end_ms < s->rested_ms)
		s->rested_ms = end_ms;
	l->is_resting = true;
	s->n_resting++;
	return &s->resting;
}

static struct list *list_of_open(
    struct sched *s, struct sched_lane *l, uint64_t now_ms)
{
	bool has_jobs = l->n_waiting > 0, ends = must_end(s, l);
	bool rests = must_rest(s, l, now_ms);
	if (l->n_sent == 0 && (!has_jobs || ends || rests))
		give_place(s, l);
	if (l->n_sent == 0 && !has_jobs) {
		l->idle_ms = now_ms;
		l->is_idle = true;
		s->n_idle++;
		return &s->idle;
	}
	if (rests)
		return rest(s, l);
	if (!l->has_place && (ends || is_full(s)))
		return wait_for_place(s, l, &s->parked);
	if (!l->has_place)
		take_place(s, l);
	return ends || !has_jobs || !has_room(s, l) ? &s->busy : &s->ready;
}

/* Puts a lane on the list that fits what it has to do. */
static void place(struct sched *s, struct sched_lane *l, uint64_t now_ms)
{
	struct list *to = &s->busy;
	leave_list(s, l);
	if (l->state == LANE_PAUSED)
		to = &s->paused;
	else if (l->state == LANE_CLOSED)
		to = wait_for_place(s, l, &s->wanting);
	else if (l->state == LANE_OPEN)
		to = list_of_open(s, l, now_ms);
	list_push(to, &l->link);
}

static void free_lane(struct sched *s, struct sched_lane *l)
{
	leave_list(s, l);
	hash_remove(&s->lanes, &l->node);
	free(l);
}

void sched_add(
    struct sched *s, struct sched_job *job, struct view account, uint64_t now)
{
	struct sched_lane *l = find_lane(s, account);
	bool is_new = !l;
	if (is_new)
		l = new_lane(s, account);
	bool had_none = list_empty(&l->waiting);
	job->lane = l;
	job->is_sent = false;
	list_push(&l->waiting, &job->link);
	l->n_waiting++;
	if (is_new || (l->state == LANE_OPEN && (had_none || l->is_resting)))
		place(s, l, now);
}

/* Off the counts of its lane. */
static void uncount(struct sched_lane *l, struct sched_job *job)
{
	if (!job->is_sent) {
		l->n_waiting--;
		return;
	}
	job->is_sent = false;
	l->n_sent--;
	l->sent_bytes -= job->bytes;
}

void sched_done(struct sched *s, struct sched_job *job, bool ok, uint64_t now)
{
	struct sched_lane *l = job->lane;
	uncount(l, job);
	list_remove(&job->link);
	job->lane = NULL;
	if (ok) {
		l->n_failures = 0;
		l->n_careful -= l->n_careful > 0;
	}
	bool unused = list_empty(&l->waiting) && list_empty(&l->sent);
	if (unused && (l->state == LANE_CLOSED || l->state == LANE_PAUSED))
		free_lane(s, l);
	else if (l->state == LANE_OPEN)
		place(s, l, now);
}

static struct sched_lane *first_lane(const struct list *l)
{
	struct list *first = list_first(l);
	return first ? CONTAINER(first, struct sched_lane, link) : NULL;
}

static void resume_paused(struct sched *s, uint64_t now_ms)
{
	struct list *next;
	for (struct list *i = s->paused.next; i != &s->paused; i = next) {
		struct sched_lane *l = CONTAINER(i, struct sched_lane, link);
		next = i->next;
		if (l->resume_ms > now_ms)
			continue;
		l->state = LANE_CLOSED;
		place(s, l, now_ms);
	}
}

static void end_rests(struct sched *s, uint64_t now_ms)
{
	struct list *next;
	uint64_t first_ms = UINT64_MAX;
	for (struct list *i = s->resting.next; i != &s->resting; i = next) {
		struct sched_lane *l = CONTAINER(i, struct sched_lane, link);
		uint64_t end_ms = rest_end_ms(s, l);
		next = i->next;
		if (end_ms <= now_ms)
			place(s, l, now_ms);
		else if (end_ms < first_ms)
			first_ms = end_ms;
	}
	s->rested_ms = first_ms;
}

static struct sched_job *send_one(
    struct sched *s, struct sched_lane *l, uint64_t now_ms)
{
	struct list *first = list_take(&l->waiting); /* never empty: ready */
	struct sched_job *job = CONTAINER(first, struct sched_job, link);
	list_push(&l->sent, &job->link);
	job->is_sent = true;
	l->batch_ms = now_ms;
	l->n_waiting--;
	l->n_sent++;
	l->n_turn++;
	l->sent_bytes += job->bytes;
	place(s, l, now_ms);
	return job;
}

static enum sched_do open_one(struct sched *s, struct sched_lane *l)
{
	l->state = LANE_OPENING;
	take_place(s, l);
	place(s, l, 0);
	return SCHED_OPEN;
}

static enum sched_do close_one(struct sched *s, struct sched_lane *l)
{
	leave_list(s, l);
	list_push(&s->busy, &l->link);
	return SCHED_CLOSE;
}

/* Gives free places to those that wait longest; a closed lane must be opened
 * for it, which is returned. */
static struct sched_lane *give_places(struct sched *s, uint64_t now_ms)
{
	while (!is_full(s)) {
		struct sched_lane *parked = first_lane(&s->parked);
		struct sched_lane *wanting = first_lane(&s->wanting);
		if (!parked || (wanting && wanting->ticket < parked->ticket))
			return wanting;
		take_place(s, parked);
		place(s, parked, now_ms);
	}
	return NULL;
}

enum sched_do sched_next(struct sched *s, uint64_t now_ms,
    struct sched_lane **lane, struct sched_job **job)
{
	if (!list_empty(&s->paused))
		resume_paused(s, now_ms);
	if (!list_empty(&s->resting) && now_ms >= s->rested_ms)
		end_rests(s, now_ms);
	struct sched_lane *idle = first_lane(&s->idle);
	if (idle && (s->n_idle > s->options.idle_lanes_max ||
			now_ms - idle->idle_ms >= s->options.idle_ms))
		return close_one(s, *lane = idle);
	if ((*lane = give_places(s, now_ms)))
		return open_one(s, *lane);
	if (!(*lane = first_lane(&s->ready)))
		return SCHED_NOTHING;
	*job = send_one(s, *lane, now_ms);
	return SCHED_SEND;
}

void sched_opened(struct sched *s, struct sched_lane *lane)
{
	lane->state = LANE_OPEN;
	place(s, lane, 0);
}

void sched_closed(struct sched *s, struct sched_lane *lane)
{
	lane->state = LANE_CLOSED;
	give_place(s, lane);
	if (list_empty(&lane->waiting) && list_empty(&lane->sent))
		free_lane(s, lane);
	else
		place(s, lane, 0);
}

static void fail_job(
    struct sched_lane *l, struct sched_job *job, struct list *failed)
{
	uncount(l, job);
	list_remove(&job->link);
	job->lane = NULL;
	list_push(failed, &job->link);
}

void sched_drain(struct sched_lane *lane, struct list *jobs)
{
	while (!list_empty(&lane->sent))
		fail_job(lane,
		    CONTAINER(lane->sent.next, struct sched_job, link), jobs);
	while (!list_empty(&lane->waiting))
		fail_job(lane,
		    CONTAINER(lane->waiting.next, struct sched_job, link),
		    jobs);
}

/* Back to the front of the queue, in their order. */
static void take_back(struct sched_lane *l)
{
	while (!list_empty(&l->sent)) {
		struct list *last = l->sent.prev;
		uncount(l, CONTAINER(last, struct sched_job, link));
		list_remove(last);
		list_push_front(&l->waiting, last);
		l->n_waiting++;
	}
}

void sched_lost(struct sched *s, struct sched_lane *lane, uint64_t now_ms,
    struct list *failed)
{
	unsigned n_sent = lane->n_sent;
	give_place(s, lane);
	lane->n_failures++;
	if (lane->n_careful && n_sent == 1)
		fail_job(lane,
		    CONTAINER(lane->sent.next, struct sched_job, link), failed);
	else if (n_sent > lane->n_careful)
		lane->n_careful = n_sent;
	take_back(lane);
	if (lane->n_failures >= FAILURES_MAX)
		sched_drain(lane, failed);
	if (list_empty(&lane->waiting)) {
		free_lane(s, lane);
		return;
	}
	lane->state = LANE_PAUSED;
	lane->resume_ms =
	    now_ms + ((uint64_t)PAUSE_MS << (lane->n_failures - 1));
	place(s, lane, now_ms);
}

static uint64_t sooner(uint64_t wait, uint64_t at_ms, uint64_t now_ms)
{
	uint64_t rest = at_ms > now_ms ? at_ms - now_ms : 0;
	return rest < wait ? rest : wait;
}

uint64_t sched_wait_ms(const struct sched *s, uint64_t now_ms)
{
	uint64_t wait = UINT64_MAX;
	const struct sched_lane *idle = first_lane(&s->idle);
	if (idle)
		wait = sooner(wait, idle->idle_ms + s->options.idle_ms, now_ms);
	if (!list_empty(&s->resting))
		wait = sooner(wait, s->rested_ms, now_ms);
	for (struct list *i = s->paused.next; i != &s->paused; i = i->next) {
		struct sched_lane *l = CONTAINER(i, struct sched_lane, link);
		wait = sooner(wait, l->resume_ms, now_ms);
	}
	return wait;
}
