/* What happens to sessions, and what that says about their sites. */
#include "queued/remote/sched_relay_inside.h"
#include <stdlib.h>

enum {
	LOST_MAX = 2, /* sessions that may end under a job */
	BROKEN_MAX = 3,
	TURN_MAILS = 20, /* while other sites wait for a session */
};

static void uncount(struct sched_relay *s, struct site_session *session)
{
	struct site *site = session->site;
	site->n_connecting -= session->state == SESSION_CONNECTING;
	site->n_idle -= session->state == SESSION_IDLE;
	site->n_ending -= session->state == SESSION_ENDING;
	s->n_ending -= session->state == SESSION_ENDING;
}

/* Of a site, that get mail, or may. */
static unsigned n_lasting(const struct site *site)
{
	return site->n_sessions - site->n_ending;
}

static void be_idle(
    struct sched_relay *s, struct site_session *session, uint64_t now_ms)
{
	session->state = SESSION_IDLE;
	session->idle_ms = now_ms;
	session->site->n_idle++;
	list_push(&session->site->idle, &session->link);
	list_push(&s->idle, &session->age);
}

void sched_relay_end_session(
    struct sched_relay *s, struct site_session *session)
{
	uncount(s, session);
	list_remove(&session->age);
	list_remove(&session->link);
	list_push(&s->ending, &session->link);
	session->state = SESSION_ENDING;
	session->site->n_ending++;
	s->n_ending++;
}

bool sched_relay_is_short(const struct sched_relay *s)
{
	return s->n_wanting + s->n_sessions - s->n_ending >
	       s->options.sessions_max;
}

void sched_relay_up(struct sched_relay *s, struct site_session *session,
    unsigned rcpts_max, unsigned mails_max, uint64_t now_ms)
{
	const struct sched_relay_options *o = &s->options;
	bool less_rcpts = rcpts_max && rcpts_max < o->rcpts_max;
	bool less_mails = mails_max && mails_max < o->mails_max;
	session->rcpts_max = less_rcpts ? rcpts_max : o->rcpts_max;
	session->mails_max = less_mails ? mails_max : o->mails_max;
	uncount(s, session);
	session->site->state = SITE_UP;
	be_idle(s, session, now_ms);
	sched_relay_place(s, session->site);
}

/* Others wait, and it had its turn. */
static bool is_in_the_way(
    const struct sched_relay *s, const struct site_session *session)
{
	return sched_relay_is_short(s) &&
	       (n_lasting(session->site) > 1 ||
		   session->n_mails % TURN_MAILS == 0);
}

static bool must_end(const struct sched_relay *s,
    const struct site_session *session, uint64_t now_ms)
{
	return session->n_mails >= session->mails_max ||
	       now_ms - session->opened_ms >= s->options.session_ms ||
	       n_lasting(session->site) > session->site->limit ||
	       is_in_the_way(s, session);
}

static void grow(struct site *site)
{
	if (++site->n_successes < site->limit || site->limit >= site->limit_max)
		return;
	site->n_successes = 0;
	site->limit++;
}

static void shrink(struct sched_relay *s, struct site *site, uint64_t now_ms)
{
	unsigned by = site->limit / 4 ? site->limit / 4 : 1;
	site->n_successes = 0;
	site->limit -= site->limit > by ? by : site->limit - 1;
	list_remove(&site->clock);
	site->is_calm = true;
	site->until_ms = now_ms + s->options.calm_ms;
	list_push(&s->calm, &site->clock);
}

static void fail(struct sched_relay *s, struct site_job *job, struct list *to)
{
	sched_relay_done(s, job);
	list_push(to, &job->link);
}

/* A session ended, or did nothing, under it: it may be the reason. */
static void put_back(
    struct sched_relay *s, struct site_job *job, struct list *failed)
{
	job->n_lost++;
	if (job->n_lost >= LOST_MAX)
		fail(s, job, failed);
	else
		sched_relay_take_back(s, job);
}

static struct site_job *last_of(const struct list *jobs)
{
	return list_empty(jobs) ? NULL
				: CONTAINER(jobs->prev, struct site_job, link);
}

void sched_relay_finished(struct sched_relay *s, struct site_session *session,
    bool is_trouble, uint64_t now_ms, struct list *failed)
{
	struct site *site = session->site;
	struct site_job *job;
	unsigned n_tried = session->n_results;
	while ((job = last_of(&session->jobs))) /* no result came */
		put_back(s, job, failed);
	if (n_tried && !list_empty(&session->untried))
		session->rcpts_max = n_tried;
	while ((job = last_of(&session->untried)))
		if (n_tried)
			sched_relay_take_back(s, job);
		else
			put_back(s, job, failed);
	session->n_mails++;
	site->n_failures = site->n_broken = 0;
	if (is_trouble)
		shrink(s, site, now_ms);
	else
		grow(site);
	if (must_end(s, session, now_ms))
		sched_relay_end_session(s, session);
	else
		be_idle(s, session, now_ms);
	sched_relay_place(s, site);
}

static void forget_session(struct sched_relay *s, struct site_session *session)
{
	uncount(s, session);
	list_remove(&session->all);
	list_remove(&session->link);
	list_remove(&session->age);
	session->site->n_sessions--;
	s->n_sessions--;
	free(session);
}

static void fail_first_mail(
    struct sched_relay *s, struct site *site, struct list *failed)
{
	struct list *first = list_first(&site->flows);
	if (!first)
		return;
	struct site_flow *f = CONTAINER(first, struct site_flow, link);
	struct site_group *g =
	    CONTAINER(f->groups.next, struct site_group, link);
	for (bool more = true; more;) {
		more = g->jobs.next->next != &g->jobs;
		fail(s, CONTAINER(g->jobs.next, struct site_job, link), failed);
	}
}

/* One message is what the attempt was for; all others wait on disk. */
static void go_down(struct sched_relay *s, struct site *site, uint64_t now_ms,
    struct list *failed, struct list *parked)
{
	if (list_empty(failed))
		fail_first_mail(s, site, failed);
	while (!list_empty(&site->flows))
		fail_first_mail(s, site, parked);
	unsigned n = site->n_failures < SITE_BACKOFFS ? site->n_failures
						      : SITE_BACKOFFS - 1;
	uint64_t wait_ms = s->options.probe_min_ms << n;
	if (wait_ms > s->options.probe_max_ms)
		wait_ms = s->options.probe_max_ms;
	site->n_failures++;
	site->n_broken = 0;
	site->is_calm = false;
	site->state = SITE_DOWN;
	site->until_ms = now_ms + wait_ms;
	list_remove(&site->clock);
	list_push(&s->down[n], &site->clock);
}

/* It says something about the site that the session is gone. */
static bool is_the_sites_fault(
    const struct site_session *session, enum site_loss loss)
{
	return loss == LOSS_REFUSED ||
	       (loss == LOSS_ENDED && session->state != SESSION_ENDING &&
		   !session->n_mails);
}

void sched_relay_lost(struct sched_relay *s, struct site_session *session,
    enum site_loss loss, uint64_t now_ms, struct list *failed,
    struct list *parked)
{
	struct site *site = session->site;
	bool is_fault = is_the_sites_fault(session, loss);
	struct site_job *job;
	while ((job = last_of(&session->jobs)) ||
	       (job = last_of(&session->untried)))
		put_back(s, job, failed);
	forget_session(s, session);
	site->n_broken += is_fault && loss == LOSS_ENDED;
	bool is_bad = loss == LOSS_REFUSED || site->n_broken >= BROKEN_MAX;
	if (is_fault && is_bad && !n_lasting(site))
		go_down(s, site, now_ms, failed, parked);
	else if (is_fault && is_bad)
		shrink(s, site, now_ms);
	sched_relay_place(s, site);
}
