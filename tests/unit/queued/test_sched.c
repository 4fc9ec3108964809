/* Local delivery in its order: retries, turns, bounds, dying agents. */
#include "queued/sched.h"
#include "suite.h"

static const struct sched_options options = {
	.retry_min_s = 300,
	.retry_max_s = 14400,
	.lifetime_s = 5 * 86400,
	.lanes_max = 4,
	.idle_lanes_max = 2,
	.lane_jobs_max = 8,
	.lane_bytes_max = 1000,
	.lane_turn = 16,
	.idle_ms = 5000,
};

struct retry_case {
	uint32_t attempts;
	uint64_t low, high; /* minutes, +-10 % */
};

/* RFC 5321 4.5.4.1: two attempts in the first hour, then less often. */
static const struct retry_case retry_cases[] = {
	{ 1, 5, 5 },
	{ 2, 15, 15 },
	{ 3, 30, 30 },
	{ 4, 60, 60 },
	{ 5, 120, 120 },
	{ 6, 240, 240 },
	{ 7, 240, 240 },
	{ 4000000000u, 240, 240 },
};

START_TEST(waits_longer_each_time)
{
	const struct retry_case *c = &retry_cases[_i];
	for (uint64_t random = 0; random < 5000; random += 7) {
		uint64_t next;
		ck_assert(sched_retry(
		    &options, 1000, 1000, c->attempts, random, &next));
		ck_assert_uint_ge(next - 1000, c->low * 54);
		ck_assert_uint_le(next - 1000, c->high * 66);
	}
}

END_TEST

START_TEST(tries_last_when_the_lifetime_ends)
{
	uint64_t next, end = 1000 + options.lifetime_s;
	ck_assert(sched_retry(&options, 1000, end - 10, 9, 0, &next));
	ck_assert_uint_eq(next, end);
	ck_assert(!sched_retry(&options, 1000, end, 9, 0, &next));
}

END_TEST

static void add(struct sched *s, struct sched_job *job, const char *account)
{
	sched_add(s, job, view_of(account), 0);
}

/* Opens what wants to be opened; returns the first job that is sent. */
static struct sched_job *next_job(struct sched *s)
{
	struct sched_lane *lane;
	struct sched_job *job;
	for (;;) {
		switch (sched_next(s, 0, &lane, &job)) {
		case SCHED_NOTHING:
			return NULL;
		case SCHED_OPEN:
			sched_opened(s, lane);
			break;
		case SCHED_CLOSE:
			sched_closed(s, lane);
			break;
		case SCHED_SEND:
			return job;
		}
	}
}

START_TEST(accounts_take_turns)
{
	struct sched s;
	struct sched_job a[6] = { 0 }, b = { 0 };
	sched_init(&s, &options);
	for (int i = 0; i < 6; i++)
		add(&s, &a[i], "a");
	add(&s, &b, "b");
	ck_assert_ptr_eq(next_job(&s), &a[0]);
	ck_assert_ptr_eq(next_job(&s), &b);
	ck_assert_ptr_eq(next_job(&s), &a[1]);
	sched_deinit(&s);
}

END_TEST

START_TEST(bounds_what_is_in_flight)
{
	struct sched s;
	struct sched_job a[20] = { 0 };
	sched_init(&s, &options);
	for (int i = 0; i < 20; i++) {
		a[i].bytes = 10;
		add(&s, &a[i], "a");
	}
	for (unsigned i = 0; i < options.lane_jobs_max; i++)
		ck_assert_ptr_eq(next_job(&s), &a[i]);
	ck_assert_ptr_null(next_job(&s));
	a[8].bytes = 5000;
	sched_done(&s, &a[3], true, 0);
	ck_assert_ptr_eq(next_job(&s), &a[8]);
	sched_done(&s, &a[0], true, 0);
	ck_assert_ptr_null(next_job(&s));
	sched_done(&s, &a[8], true, 0);
	ck_assert_ptr_eq(next_job(&s), &a[9]);
	sched_deinit(&s);
}

END_TEST

/* A place is given up after a turn, when somebody waits for one. */
START_TEST(nobody_keeps_a_place_for_ever)
{
	static struct sched_job jobs[4][64], late;
	static const char *const names[] = { "a", "b", "c", "d" };
	struct sched s;
	memset(jobs, 0, sizeof jobs);
	memset(&late, 0, sizeof late);
	sched_init(&s, &options);
	for (int i = 0; i < 4; i++)
		for (int j = 0; j < 64; j++)
			add(&s, &jobs[i][j], names[i]);
	add(&s, &late, "late");
	unsigned n = 0;
	for (struct sched_job *job; (job = next_job(&s)); n++) {
		sched_done(&s, job, true, 0);
		if (job == &late)
			break;
	}
	ck_assert_uint_le(n, 4 * options.lane_turn + 4);
	while (next_job(&s))
		ck_assert_uint_le(s.n_places, 4);
	sched_deinit(&s);
}

END_TEST

/* More accounts than places, a message each now and then: an agent that is
 * there is used again. */
START_TEST(opens_an_agent_once)
{
	static const char *const names[] = { "a", "b", "c", "d", "e", "f" };
	struct sched_options few = options;
	struct sched s;
	struct sched_lane *lane;
	struct sched_job jobs[6] = { 0 }, *job;
	unsigned n_opened = 0, n_done = 0;
	few.lanes_max = 2;
	few.idle_lanes_max = 6;
	sched_init(&s, &few);
	for (uint64_t now = 0; now < 1000; now += 100) {
		for (int i = 0; i < 6; i++)
			sched_add(&s, &jobs[i], view_of(names[i]), now);
		enum sched_do what;
		while ((what = sched_next(&s, now, &lane, &job)) !=
		       SCHED_NOTHING) {
			ck_assert_uint_le(s.n_places, 2);
			ck_assert_int_ne(what, SCHED_CLOSE);
			if (what == SCHED_OPEN) {
				sched_opened(&s, lane);
				n_opened++;
			} else {
				sched_done(&s, job, true, now);
				n_done++;
			}
		}
	}
	ck_assert_uint_eq(n_opened, 6);
	ck_assert_uint_eq(n_done, 60);
	sched_deinit(&s);
}

END_TEST

/* 100 accounts that get mail all the time. */
enum {
	BUSY_LANES = 100
};

struct busy {
	struct sched s;
	struct sched_job first[BUSY_LANES], later[8];
};

/* What is sent until nothing is to be done; all of it is answered. */
static unsigned busy_send(struct busy *b, uint64_t now_ms)
{
	struct sched_lane *lane;
	struct sched_job *job;
	enum sched_do what;
	unsigned n = 0;
	while (
	    (what = sched_next(&b->s, now_ms, &lane, &job)) != SCHED_NOTHING) {
		ck_assert_int_ne(what, SCHED_CLOSE);
		if (what == SCHED_OPEN) {
			sched_opened(&b->s, lane);
			continue;
		}
		sched_done(&b->s, job, true, now_ms);
		n++;
	}
	return n;
}

static void busy_init(struct busy *b, unsigned n_lanes)
{
	struct sched_options many = options;
	many.lanes_max = many.idle_lanes_max = BUSY_LANES;
	many.rest_max_ms = 150;
	many.rest_jobs_max = 4;
	*b = (struct busy){ .first = { { .bytes = 1 } } };
	sched_init(&b->s, &many);
	for (unsigned i = 0; i < n_lanes; i++) {
		char name[] = { 'a', (char)('0' + i / 10), (char)('0' + i % 10),
			'\0' };
		sched_add(&b->s, &b->first[i], view_of(name), 1000);
	}
	ck_assert_uint_eq(busy_send(b, 1000), n_lanes);
}

START_TEST(a_busy_queue_gathers_batches)
{
	struct busy b;
	busy_init(&b, BUSY_LANES);
	sched_add(&b.s, &b.later[0], V("a00"), 1010);
	ck_assert_uint_eq(busy_send(&b, 1010), 0);
	sched_add(&b.s, &b.later[1], V("a00"), 1100);
	ck_assert_uint_eq(busy_send(&b, 1100), 0);
	uint64_t wait_ms = sched_wait_ms(&b.s, 1100);
	ck_assert_uint_le(wait_ms, 50); /* rest_max_ms after the first */
	ck_assert_uint_eq(busy_send(&b, 1100 + wait_ms), 2);
	ck_assert_uint_eq(b.s.n_resting, 0);
	sched_deinit(&b.s);
}

END_TEST

START_TEST(a_full_batch_does_not_wait)
{
	struct busy b;
	busy_init(&b, BUSY_LANES);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_uint_eq(busy_send(&b, 1010), 0);
		sched_add(&b.s, &b.later[i], V("a00"), 1010);
	}
	ck_assert_uint_eq(busy_send(&b, 1010), 4);
	sched_deinit(&b.s);
}

END_TEST

START_TEST(mail_now_and_then_is_never_held_up)
{
	struct busy b;
	busy_init(&b, 3);
	for (unsigned i = 0; i < 8; i++) {
		uint64_t now_ms = 1010 + 10 * i;
		sched_add(&b.s, &b.later[i], V("a00"), now_ms);
		ck_assert_uint_eq(busy_send(&b, now_ms), 1);
	}
	sched_deinit(&b.s);
}

END_TEST

/* One message kills its agent: it alone is put off, the others arrive. */
START_TEST(finds_the_job_that_kills_the_agent)
{
	struct sched s;
	struct sched_job a[6] = { 0 };
	struct list failed;
	unsigned delivered = 0, lost = 0;
	sched_init(&s, &options);
	list_init(&failed);
	for (int i = 0; i < 6; i++)
		add(&s, &a[i], "a");
	struct sched_lane *lane, *open = NULL;
	struct sched_job *job, *pending[8];
	unsigned n = 0;
	for (uint64_t now = 0; now < 60000; now += 100) {
		enum sched_do what;
		while ((what = sched_next(&s, now, &lane, &job)) !=
		       SCHED_NOTHING) {
			if (what == SCHED_OPEN)
				sched_opened(&s, open = lane);
			else if (what == SCHED_CLOSE)
				sched_closed(&s, lane);
			else
				pending[n++] = job;
		}
		bool poison = false;
		for (unsigned i = 0; i < n; i++)
			poison |= pending[i] == &a[2];
		if (poison) {
			sched_lost(&s, open, now, &failed);
			lost++;
		}
		for (unsigned i = 0; i < n && !poison; i++, delivered++)
			sched_done(&s, pending[i], true, now);
		n = 0;
	}
	ck_assert_uint_eq(lost, 2);
	ck_assert_uint_eq(delivered, 5);
	ck_assert_ptr_eq(list_first(&failed), &a[2].link);
	list_remove(&a[2].link);
	ck_assert(list_empty(&failed));
	ck_assert_uint_eq(s.lanes.n, 0);
	sched_deinit(&s);
}

END_TEST

START_TEST(gives_jobs_back_when_no_agent_is_to_be_had)
{
	struct sched s;
	struct sched_job a[3] = { 0 }, *job;
	struct sched_lane *lane;
	struct list failed;
	unsigned opens = 0;
	sched_init(&s, &options);
	list_init(&failed);
	for (int i = 0; i < 3; i++)
		add(&s, &a[i], "a");
	uint64_t now = 0;
	for (; list_empty(&failed); now += sched_wait_ms(&s, now)) {
		ck_assert_int_eq(sched_next(&s, now, &lane, &job), SCHED_OPEN);
		sched_lost(&s, lane, now, &failed);
		if (++opens == 5)
			break;
		ck_assert_int_eq(
		    sched_next(&s, now, &lane, &job), SCHED_NOTHING);
	}
	ck_assert_uint_eq(opens, 5);
	ck_assert_uint_eq(now, 15000);
	ck_assert_uint_eq(s.n_places, 0);
	ck_assert_uint_eq(s.lanes.n, 0);
	ck_assert_ptr_eq(list_first(&failed), &a[0].link);
	sched_deinit(&s);
}

END_TEST

/* A virtual week: 100,000 messages for 500 accounts arrive in the first two
 * days; agents die, deliveries fail once or always. */
enum {
	MESSAGES = 100000,
	ACCOUNTS = 500
};

struct sim_message {
	struct sched_job job;
	uint64_t received_s, due_s;
	uint32_t attempts, fails; /* so many attempts fail */
	unsigned account;
	bool is_done, is_expired;
};

struct sim {
	struct sched s;
	struct sim_message *m;
	uint32_t *heap;
	size_t n_heap;
	uint64_t now_s, seed;
	size_t n_done, n_expired, n_attempts, n_crashes;
};

static uint64_t sim_random(struct sim *sim)
{
	sim->seed = sim->seed * 6364136223846793005u + 1442695040888963407u;
	return hash_mix(sim->seed);
}

static bool heap_less(const struct sim *sim, size_t a, size_t b)
{
	return sim->m[sim->heap[a]].due_s < sim->m[sim->heap[b]].due_s;
}

static void heap_swap(struct sim *sim, size_t a, size_t b)
{
	uint32_t x = sim->heap[a];
	sim->heap[a] = sim->heap[b];
	sim->heap[b] = x;
}

static void heap_push(struct sim *sim, uint32_t message)
{
	size_t i = sim->n_heap++;
	sim->heap[i] = message;
	for (; i && heap_less(sim, i, (i - 1) / 2); i = (i - 1) / 2)
		heap_swap(sim, i, (i - 1) / 2);
}

static uint32_t heap_pop(struct sim *sim)
{
	uint32_t top = sim->heap[0];
	sim->heap[0] = sim->heap[--sim->n_heap];
	for (size_t i = 0;;) {
		size_t least = i;
		for (size_t k = 2 * i + 1; k <= 2 * i + 2; k++)
			if (k < sim->n_heap && heap_less(sim, k, least))
				least = k;
		if (least == i)
			return top;
		heap_swap(sim, i, least);
		i = least;
	}
}

static void sim_temp_failure(struct sim *sim, struct sim_message *m)
{
	if (sched_retry(&options, m->received_s, sim->now_s, ++m->attempts,
		sim_random(sim), &m->due_s)) {
		ck_assert_uint_gt(m->due_s, sim->now_s);
		heap_push(sim, (uint32_t)(m - sim->m));
		return;
	}
	uint64_t end_s = m->received_s + options.lifetime_s;
	/* A pause after a dead agent may lie between. */
	ck_assert(sim->now_s >= end_s && sim->now_s <= end_s + 20);
	m->is_expired = true;
	sim->n_expired++;
}

static void sim_attempt(struct sim *sim, struct sched_job *job)
{
	struct sim_message *m = CONTAINER(job, struct sim_message, job);
	ck_assert(!m->is_done && !m->is_expired);
	sched_done(&sim->s, job, true, sim->now_s * 1000);
	sim->n_attempts++;
	if (m->fails > m->attempts) {
		sim_temp_failure(sim, m);
		return;
	}
	m->is_done = true;
	sim->n_done++;
}

static void sim_crash(struct sim *sim, struct sched_lane *lane)
{
	struct list failed;
	list_init(&failed);
	sim->n_crashes++;
	sched_lost(&sim->s, lane, sim->now_s * 1000, &failed);
	for (struct sched_job *job;
	     (job = LIST_POP(&failed, struct sched_job, link));)
		sim_temp_failure(sim, CONTAINER(job, struct sim_message, job));
}

static void sim_work(struct sim *sim)
{
	struct sched_lane *lane;
	struct sched_job *job;
	for (;;) {
		switch (sched_next(&sim->s, sim->now_s * 1000, &lane, &job)) {
		case SCHED_NOTHING:
			return;
		case SCHED_OPEN:
			ck_assert_uint_le(sim->s.n_places, options.lanes_max);
			ck_assert_uint_le(
			    sim->s.n_idle, options.idle_lanes_max + 1);
			sched_opened(&sim->s, lane);
			break;
		case SCHED_CLOSE:
			sched_closed(&sim->s, lane);
			break;
		case SCHED_SEND:
			if (sim_random(sim) % 1000 == 0)
				sim_crash(sim, lane);
			else
				sim_attempt(sim, job);
			break;
		}
	}
}

static void sim_init(struct sim *sim)
{
	*sim = (struct sim){ .now_s = 1000000, .seed = 42 };
	sched_init(&sim->s, &options);
	sim->m = calloc(MESSAGES, sizeof *sim->m);
	sim->heap = calloc(MESSAGES, sizeof *sim->heap);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		uint64_t r = sim_random(sim);
		struct sim_message *m = &sim->m[i];
		m->received_s = m->due_s = sim->now_s + r % 172800;
		m->account = (unsigned)(sim_random(sim) % ACCOUNTS);
		m->fails = r % 20 == 0 ? UINT32_MAX : r % 4 == 1 ? 3 : 0;
		heap_push(sim, i);
	}
}

START_TEST(a_week_of_a_busy_queue)
{
	struct sim sim;
	sim_init(&sim);
	while (sim.n_heap || sim.s.lanes.n) {
		uint64_t wait = sched_wait_ms(&sim.s, sim.now_s * 1000);
		uint64_t at = wait == UINT64_MAX
				  ? UINT64_MAX
				  : sim.now_s + (wait + 999) / 1000;
		if (sim.n_heap && sim.m[sim.heap[0]].due_s < at)
			at = sim.m[sim.heap[0]].due_s;
		ck_assert_uint_ne(at, UINT64_MAX);
		sim.now_s = at;
		while (sim.n_heap && sim.m[sim.heap[0]].due_s <= sim.now_s) {
			struct sim_message *m = &sim.m[heap_pop(&sim)];
			char name[16];
			snprintf(name, sizeof name, "user%u", m->account);
			sched_add(
			    &sim.s, &m->job, view_of(name), sim.now_s * 1000);
		}
		sim_work(&sim);
	}
	ck_assert_uint_eq(sim.n_done + sim.n_expired, MESSAGES);
	ck_assert_uint_le(sim.now_s, 1000000 + 7 * 86400 + 60);
	ck_assert_uint_gt(sim.n_expired, MESSAGES / 25);
	ck_assert_uint_gt(sim.n_crashes, 50);
	/* 5 days are 5 early attempts, then one each four hours. */
	ck_assert_uint_lt(sim.n_attempts, MESSAGES * 2 + sim.n_expired * 40);
	free(sim.m);
	free(sim.heap);
	sched_deinit(&sim.s);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/sched");
	TCase *t = tcase_create("sched");
	tcase_add_loop_test(t, waits_longer_each_time, 0,
	    (int)(sizeof retry_cases / sizeof retry_cases[0]));
	tcase_add_test(t, tries_last_when_the_lifetime_ends);
	tcase_add_test(t, accounts_take_turns);
	tcase_add_test(t, bounds_what_is_in_flight);
	tcase_add_test(t, nobody_keeps_a_place_for_ever);
	tcase_add_test(t, opens_an_agent_once);
	tcase_add_test(t, a_busy_queue_gathers_batches);
	tcase_add_test(t, a_full_batch_does_not_wait);
	tcase_add_test(t, mail_now_and_then_is_never_held_up);
	tcase_add_test(t, finds_the_job_that_kills_the_agent);
	tcase_add_test(t, gives_jobs_back_when_no_agent_is_to_be_had);
	tcase_add_test(t, a_week_of_a_busy_queue);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
