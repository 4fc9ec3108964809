/* A week of mail: a million messages to a thousand sites that go down, come up,
 * refuse, cut and put off, in simulated time. Whatever the seed (it is printed;
 * SCHED_SEED sets it): each recipient ends once, never before its time, with
 * sessions and memory in their bounds, and small senders hardly wait for large
 * ones. */
#include "queued/remote/sched_relay.h"
#include "queued/sched.h"
#include "suite.h"
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum {
	SITES = 1000,
	MESSAGES = 1000000,
	BURST = 10000,
	DAY_MS = 86400 * 1000,
	LOST_MS = 5000,
	SMALL_WAIT_MAX_S = 60,
};

/* check tells its parent of each assertion that holds: too slow here. */
#define MUST(what)                                                             \
	do {                                                                   \
		if (!(what))                                                   \
			ck_abort_msg("%s", #what);                             \
	} while (0)

enum kind {
	GOOD,
	FLAPPING, /* down for hours, now and then */
	DEAD,
	NARROW,   /* refuses a third session */
	PUTS_OFF, /* 450 at the first attempt */
	CUTS,     /* ends sessions in the middle, takes five recipients */
	KINDS
};

static const struct sched_relay_options options = {
	.connections_start = 3,
	.connections_max = 10,
	.sessions_max = 40,
	.rcpts_max = 100,
	.mails_max = 100,
	.session_ms = 300 * 1000,
	.idle_ms = 10 * 1000,
	.probe_min_ms = 60 * 1000,
	.probe_max_ms = 3600 * 1000,
	.calm_ms = 10 * 1000,
	.sites_max = 5000,
	.jobs_max = 600,
	.site_jobs_max = 100,
	.site_jobs_min = 2,
};

static const struct sched_options retries = {
	.retry_min_s = 300, .retry_max_s = 14400, .lifetime_s = 5 * 86400
};

struct host {
	enum kind kind;
	uint64_t latency_ms, phase_ms, period_ms;
	unsigned n_sessions;
	struct list parked[2]; /* of the large sender, of small ones */
	unsigned n_parked, turn;
};

enum where {
	FREE,
	IN_MEMORY,
	ON_DISK, /* to be tried at next_ms */
};

struct job {
	struct site_job job;
	struct list link; /* parked; or free */
	enum where where;
	bool is_parked;
	uint32_t generation;
	unsigned host, attempts, index;
	uint64_t received_ms, not_before_ms, expires_ms;
};

enum event_type {
	ARRIVE,
	DUE,
	CONNECTED,
	ANSWERED,
	CLOSED,
};

struct event {
	uint64_t at_ms;
	enum event_type type;
	uint32_t generation;
	void *what;
};

static struct sched_relay sched;
static struct host hosts[SITES];
static struct list free_jobs;
static struct event *heap;
static size_t n_heap, cap_heap;
static uint64_t now, seed, state;
static unsigned n_messages, n_rcpts, n_delivered, n_returned, n_in_queue;
static unsigned most_jobs, most_sessions;
static uint64_t small_wait_s, n_sent_mails;

static uint64_t rnd(void)
{
	state += UINT64_C(0x9e3779b97f4a7c15);
	return hash_mix(state);
}

static void push(struct event e)
{
	if (n_heap == cap_heap) {
		cap_heap = cap_heap ? 2 * cap_heap : 1024;
		heap = realloc(heap, cap_heap * sizeof *heap);
		MUST(heap);
	}
	size_t i = n_heap++;
	for (; i && heap[(i - 1) / 2].at_ms > e.at_ms; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = e;
}

static struct event pop(void)
{
	struct event first = heap[0], last = heap[--n_heap];
	size_t i = 0, child;
	while ((child = 2 * i + 1) < n_heap) {
		if (child + 1 < n_heap &&
		    heap[child + 1].at_ms < heap[child].at_ms)
			child++;
		if (heap[child].at_ms >= last.at_ms)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}

static bool is_down(const struct host *h)
{
	if (h->kind == DEAD)
		return true;
	return h->kind == FLAPPING &&
	       (now + h->phase_ms) % h->period_ms < h->period_ms / 3;
}

static struct site *site_of(unsigned host)
{
	char name[16];
	snprintf(name, sizeof name, "mx%u", host);
	struct site *site = sched_relay_site(&sched, view_of(name), 0);
	site->user = &hosts[host];
	return site;
}

static struct job *new_job(void)
{
	struct job *j = LIST_POP(&free_jobs, struct job, link);
	if (!j) {
		j = calloc(1, sizeof *j);
		MUST(j);
		list_init(&j->link);
	}
	n_in_queue++;
	return j;
}

static void end_job(struct job *j)
{
	MUST(j->where == IN_MEMORY);
	MUST(!j->job.site);
	j->where = FREE;
	j->generation++;
	n_in_queue--;
	list_push(&free_jobs, &j->link);
}

static void sleep_until(struct job *j, uint64_t at_ms)
{
	j->where = ON_DISK;
	push((struct event){ at_ms, DUE, ++j->generation, j });
}

static void park(struct job *j)
{
	struct host *h = &hosts[j->host];
	if (now >= j->expires_ms) {
		n_returned++;
		end_job(j);
		return;
	}
	uint64_t at_ms = now + retries.retry_max_s * 1000;
	sleep_until(j, at_ms < j->expires_ms ? at_ms : j->expires_ms);
	j->is_parked = true;
	h->n_parked++;
	list_push(&h->parked[j->job.sender != 0], &j->link);
	sched_relay_parked(&sched, site_of(j->host));
}

static void leave_parked(struct job *j)
{
	if (!j->is_parked)
		return;
	j->is_parked = false;
	list_remove(&j->link);
	hosts[j->host].n_parked--;
}

static void route(struct job *j)
{
	struct site *site = site_of(j->host);
	leave_parked(j);
	j->where = IN_MEMORY;
	j->generation++;
	if (sched_relay_takes(&sched, site))
		sched_relay_add(&sched, site, &j->job);
	else
		park(j);
}

static void put_off(struct job *j)
{
	uint64_t next_s;
	j->attempts++;
	if (!sched_retry(&retries, j->received_ms / 1000, now / 1000,
		j->attempts, rnd(), &next_s)) {
		n_returned++;
		end_job(j);
		return;
	}
	j->not_before_ms = next_s * 1000;
	sleep_until(j, j->not_before_ms);
}

static void deliver(struct job *j)
{
	uint64_t wait_s = (now - j->received_ms) / 1000;
	if (j->job.sender && !j->attempts && hosts[j->host].kind == GOOD &&
	    wait_s > small_wait_s)
		small_wait_s = wait_s;
	n_delivered++;
	end_job(j);
}

static void fail_all(struct list *failed, struct list *parked)
{
	struct job *j;
	while (!list_empty(failed)) {
		j = CONTAINER(list_take(failed), struct job, job.link);
		put_off(j);
	}
	while (!list_empty(parked)) {
		j = CONTAINER(list_take(parked), struct job, job.link);
		park(j);
	}
}

static void take(struct site *site, unsigned n)
{
	unsigned taken = 0;
	struct host *h = site->user;
	while (taken < n && h->n_parked) {
		struct list *from = &h->parked[h->turn++ % 2];
		if (list_empty(from))
			from = &h->parked[h->turn++ % 2];
		struct job *j = CONTAINER(from->next, struct job, link);
		leave_parked(j);
		j->where = IN_MEMORY;
		j->generation++;
		sched_relay_taken(&sched, site, 1, false);
		sched_relay_arrived(&sched, site);
		sched_relay_add(&sched, site, &j->job);
		taken++;
	}
	sched_relay_taken(&sched, site, 0, h->n_parked == 0);
}

static struct host *host_of(const struct site *site)
{
	return site->user;
}

static void open_session(struct site *site, struct site_session *s)
{
	struct host *h = host_of(site);
	h->n_sessions++;
	MUST(h->n_sessions <= options.connections_max);
	MUST(sched.n_sessions <= options.sessions_max);
	if (site->state == SITE_UNKNOWN)
		MUST(h->n_sessions == 1);
	MUST(site->state != SITE_DOWN);
	uint64_t wait_ms = is_down(h) ? 30000 : h->latency_ms;
	push((struct event){ now + wait_ms, CONNECTED, 0, s });
}

static void send_mail(struct site *site, struct site_session *s)
{
	unsigned n = 0;
	const struct job *first = CONTAINER(s->jobs.next, struct job, job.link);
	MUST(!list_empty(&s->jobs));
	for (struct list *i = s->jobs.next; i != &s->jobs; i = i->next) {
		const struct job *j = CONTAINER(i, struct job, job.link);
		MUST(j->job.mail == first->job.mail);
		MUST(now + 1000 >= j->not_before_ms);
		MUST(j->where == IN_MEMORY);
		n++;
	}
	n_sent_mails++;
	MUST(n <= options.rcpts_max);
	push((struct event){ now + host_of(site)->latency_ms, ANSWERED, 0, s });
}

static void pump(void)
{
	struct sched_relay_step step;
	for (;;) {
		switch (sched_relay_next(&sched, now, &step)) {
		case SITE_NOTHING:
			return;
		case SITE_OPEN:
			open_session(step.site, step.session);
			break;
		case SITE_SEND:
			send_mail(step.site, step.session);
			break;
		case SITE_CLOSE:
			push((struct event){
			    now + host_of(step.site)->latency_ms, CLOSED, 0,
			    step.session });
			break;
		case SITE_TAKE:
			take(step.site, step.n);
			break;
		case SITE_FORGET:
			sched_relay_forget(&sched, step.site);
			break;
		}
		if (sched.n_jobs > most_jobs)
			most_jobs = sched.n_jobs;
		if (sched.n_sessions > most_sessions)
			most_sessions = sched.n_sessions;
	}
}

static void lose(struct site_session *s, enum site_loss loss)
{
	struct list failed, parked;
	list_init(&failed);
	list_init(&parked);
	host_of(s->site)->n_sessions--;
	sched_relay_lost(&sched, s, loss, now, &failed, &parked);
	fail_all(&failed, &parked);
}

static void on_connected(struct site_session *s)
{
	struct host *h = host_of(s->site);
	if (is_down(h) || (h->kind == NARROW && h->n_sessions > 2))
		lose(s, LOSS_REFUSED);
	else
		sched_relay_up(&sched, s, 0, h->kind == CUTS ? 7 : 0, now);
}

static void answer_job(const struct host *h, struct job *j)
{
	if (h->kind == CUTS && j->job.session->n_results >= 5) {
		sched_relay_untried(&j->job);
		return;
	}
	sched_relay_done(&sched, &j->job);
	if (h->kind == PUTS_OFF && !j->attempts)
		put_off(j);
	else
		deliver(j);
}

static void on_answered(struct site_session *s)
{
	struct host *h = host_of(s->site);
	struct list failed, none;
	if (is_down(h) || (h->kind == CUTS && rnd() % 20 == 0)) {
		lose(s, LOSS_ENDED);
		return;
	}
	list_init(&failed);
	list_init(&none);
	while (!list_empty(&s->jobs))
		answer_job(h, CONTAINER(s->jobs.next, struct job, job.link));
	sched_relay_finished(
	    &sched, s, h->kind == PUTS_OFF && rnd() % 8 == 0, now, &failed);
	fail_all(&failed, &none);
}

static void add_message(uint32_t sender, unsigned host)
{
	unsigned n = rnd() % 10 ? 1 : 2 + (unsigned)(rnd() % 10);
	n_messages++;
	for (unsigned i = 0; i < n; i++) {
		struct job *j = new_job();
		j->job =
		    (struct site_job){ .mail = n_messages, .sender = sender };
		list_init(&j->job.link);
		j->host = host;
		j->index = i;
		j->attempts = 0;
		j->received_ms = j->not_before_ms = now;
		j->expires_ms = now + retries.lifetime_s * 1000;
		j->where = IN_MEMORY;
		n_rcpts++;
		route(j);
	}
}

/* One message of somebody, and now and then thousands of the large sender. */
static void on_arrive(void)
{
	unsigned host =
	    rnd() % 4 ? (unsigned)(rnd() % SITES) : (unsigned)(rnd() % 10);
	unsigned n = rnd() % 10000 ? 1 : BURST;
	for (unsigned i = 0; i < n && n_messages < MESSAGES; i++)
		add_message(n > 1 ? 0 : 1 + (uint32_t)(rnd() % 50), host);
	if (n_messages < MESSAGES)
		push((struct event){ now + rnd() % 1200, ARRIVE, 0, NULL });
}

static void on_due(struct job *j, uint32_t generation)
{
	if (j->generation != generation)
		return;
	MUST(j->where == ON_DISK);
	if (now >= j->expires_ms && j->is_parked) {
		leave_parked(j);
		j->where = IN_MEMORY;
		n_returned++;
		end_job(j);
	} else {
		route(j);
	}
}

static void step(void)
{
	struct event e = pop();
	uint64_t wait = sched_relay_wait_ms(&sched, now);
	if (wait != UINT64_MAX && now + wait < e.at_ms) {
		push(e);
		now += wait;
		pump();
		return;
	}
	now = e.at_ms;
	switch (e.type) {
	case ARRIVE:
		on_arrive();
		break;
	case DUE:
		on_due(e.what, e.generation);
		break;
	case CONNECTED:
		on_connected(e.what);
		break;
	case ANSWERED:
		on_answered(e.what);
		break;
	case CLOSED:
		lose(e.what, LOSS_ENDED);
		break;
	}
	pump();
}

static void make_hosts(void)
{
	static const enum kind kinds[20] = { [12] = FLAPPING,
		FLAPPING,
		FLAPPING,
		DEAD,
		NARROW,
		PUTS_OFF,
		PUTS_OFF,
		CUTS };

	for (unsigned i = 0; i < SITES; i++) {
		hosts[i] = (struct host){ .kind = kinds[rnd() % 20],
			.latency_ms = 10 + rnd() % 1000,
			.phase_ms = rnd() % DAY_MS,
			.period_ms = 3600 * 1000 + rnd() % DAY_MS };
		list_init(&hosts[i].parked[0]);
		list_init(&hosts[i].parked[1]);
	}
}

START_TEST(a_week)
{
	const char *given = getenv("SCHED_SEED");
	if (!view_u64(view_of(given), &seed))
		seed = (uint64_t)time(NULL);
	printf("SCHED_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	state = seed;
	now = UINT64_C(1700000000) * 1000;
	uint64_t start = now;
	list_init(&free_jobs);
	sched_relay_init(&sched, &options);
	make_hosts();
	push((struct event){ now, ARRIVE, 0, NULL });
	while (n_heap)
		step();
	printf("%u messages, %u recipients: %u delivered, %u returned, in "
	       "%" PRIu64 " mails and %.1f days; at most %u in memory, %u "
	       "sessions; small senders waited %" PRIu64 " s\n",
	    n_messages, n_rcpts, n_delivered, n_returned, n_sent_mails,
	    (double)(now - start) / DAY_MS, most_jobs, most_sessions,
	    small_wait_s);
	ck_assert_uint_eq(n_messages, MESSAGES);
	ck_assert_uint_eq(n_delivered + n_returned, n_rcpts);
	ck_assert_uint_eq(n_in_queue, 0);
	ck_assert_uint_le(
	    most_jobs, 2 * options.jobs_max + options.site_jobs_max);
	ck_assert_uint_le(small_wait_s, SMALL_WAIT_MAX_S);
	ck_assert_uint_eq(sched.n_jobs, 0);
	sched_relay_deinit(&sched);
	struct job *j;
	while ((j = LIST_POP(&free_jobs, struct job, link)))
		free(j);
	free(heap);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/sched_relay_week");
	TCase *t = tcase_create("week");
	tcase_set_timeout(t, 110);
	tcase_add_test(t, a_week);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
