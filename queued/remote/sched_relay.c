/* Sites and their jobs, and what to do next; sched_relay_session.c has what
 * happens to sessions. */
#include "base/panic.h"
#include "queued/remote/sched_relay_inside.h"
#include <stdlib.h>
#include <string.h>

void sched_relay_init(
    struct sched_relay *s, const struct sched_relay_options *o)
{
	*s = (struct sched_relay){ .options = *o };
	list_init(&s->ready);
	list_init(&s->wanting);
	list_init(&s->hungry);
	list_init(&s->unused);
	list_init(&s->calm);
	for (unsigned i = 0; i < SITE_BACKOFFS; i++)
		list_init(&s->down[i]);
	list_init(&s->sessions);
	list_init(&s->idle);
	list_init(&s->ending);
}

static void free_flow(struct sched_relay *s, struct site_flow *f)
{
	hash_remove(&s->flows, &f->node);
	list_remove(&f->link);
	free(f);
}

static void free_group(struct sched_relay *s, struct site_group *g)
{
	struct site_flow *f = g->flow;
	f->site->n_waiting--;
	hash_remove(&s->groups, &g->node);
	list_remove(&g->link);
	free(g);
	if (list_empty(&f->groups))
		free_flow(s, f);
}

static void set_on(struct list *list, struct list *link, bool on)
{
	if (on && list_empty(link))
		list_push(list, link);
	else if (!on)
		list_remove(link);
}

static void set_wanting(struct sched_relay *s, struct site *site, bool on)
{
	s->n_wanting -= !list_empty(&site->wanting);
	set_on(&s->wanting, &site->wanting, on);
	s->n_wanting += on;
}

static void free_site(struct sched_relay *s, struct site *site)
{
	hash_remove(&s->sites, &site->node);
	list_remove(&site->ready);
	set_wanting(s, site, false);
	list_remove(&site->hungry);
	list_remove(&site->unused);
	list_remove(&site->clock);
	free(site);
}

void sched_relay_deinit(struct sched_relay *s)
{
	struct hash_node *n;
	while ((n = hash_any(&s->groups)))
		free_group(s, CONTAINER(n, struct site_group, node));
	for (struct site_session *i;
	     (i = LIST_POP(&s->sessions, struct site_session, all));)
		free(i);
	while ((n = hash_any(&s->sites)))
		free_site(s, CONTAINER(n, struct site, node));
	hash_deinit(&s->sites);
	hash_deinit(&s->flows);
	hash_deinit(&s->groups);
}

static bool wants_session(const struct site *site)
{
	unsigned most = site->state == SITE_UP ? site->limit : 1;
	return site->state != SITE_DOWN && !site->is_calm &&
	       site->n_waiting > site->n_connecting + site->n_idle &&
	       site->n_sessions < most;
}

/* Sites that are slow, each with a few, have used up all there is. */
static bool is_full(const struct sched_relay *s)
{
	return s->n_jobs >= 2 * s->options.jobs_max;
}

/* How many jobs of it may be in memory now. */
static unsigned room(const struct sched_relay *s, const struct site *site)
{
	const struct sched_relay_options *o = &s->options;
	if (site->state == SITE_DOWN || is_full(s))
		return 0;
	return s->n_jobs < o->jobs_max ? o->site_jobs_max : o->site_jobs_min;
}

/* Of those on disk: one to probe it, else as many as fill it up when half have
 * gone. */
static bool wants_jobs(const struct sched_relay *s, const struct site *site)
{
	if (!site->has_parked || site->state == SITE_DOWN)
		return false;
	return site->state == SITE_UNKNOWN
		   ? !site->n_jobs
		   : site->n_jobs <= s->options.site_jobs_max / 2;
}

static bool is_unused(const struct site *site)
{
	return !site->n_jobs && !site->n_sessions && !site->has_parked &&
	       site->state != SITE_DOWN && !site->is_calm;
}

void sched_relay_place(struct sched_relay *s, struct site *site)
{
	set_on(&s->ready, &site->ready, site->n_waiting && site->n_idle);
	set_wanting(s, site, wants_session(site));
	set_on(&s->hungry, &site->hungry, wants_jobs(s, site));
	set_on(&s->unused, &site->unused, is_unused(site));
}

struct site *sched_relay_find(const struct sched_relay *s, struct view name)
{
	struct hash_node *n = hash_find(&s->sites, view_hash(name));
	for (; n; n = hash_find_next(n)) {
		struct site *site = CONTAINER(n, struct site, node);
		struct view own = { site->name, site->name_n };
		if (view_eq(own, name))
			return site;
	}
	return NULL;
}

/* One that is down, which then is tried again too soon: that harms nobody. What
 * is parked there is found when it is due. */
static void forget_one_down(struct sched_relay *s)
{
	for (unsigned i = SITE_BACKOFFS; i-- > 0;) {
		struct list *first = list_first(&s->down[i]);
		if (!first)
			continue;
		struct site *site = CONTAINER(first, struct site, clock);
		list_remove(&site->clock);
		site->state = SITE_UNKNOWN;
		site->has_parked = false;
		sched_relay_place(s, site);
		return;
	}
}

struct site *sched_relay_site(
    struct sched_relay *s, struct view name, unsigned connections_max)
{
	struct site *site = sched_relay_find(s, name);
	if (site)
		return site;
	if (s->sites.n >= s->options.sites_max)
		forget_one_down(s);
	site = must_alloc(sizeof *site + name.n + 1);
	*site = (struct site){ .limit_max = connections_max };
	if (!connections_max)
		site->limit_max = s->options.connections_max;
	site->limit = s->options.connections_start;
	if (site->limit > site->limit_max)
		site->limit = site->limit_max;
	list_init(&site->ready);
	list_init(&site->wanting);
	list_init(&site->hungry);
	list_init(&site->unused);
	list_init(&site->clock);
	list_init(&site->flows);
	list_init(&site->idle);
	memcpy(site->name, name.p, name.n);
	site->name_n = name.n;
	hash_add(&s->sites, &site->node, view_hash(name));
	sched_relay_place(s, site);
	return site;
}

void sched_relay_forget(struct sched_relay *s, struct site *site)
{
	free_site(s, site);
}

bool sched_relay_takes(const struct sched_relay *s, const struct site *site)
{
	return site->n_jobs < room(s, site);
}

static uint64_t flow_hash(const struct site *site, uint32_t sender)
{
	return hash_mix(site->node.hash ^ sender);
}

static struct site_flow *flow_of(
    struct sched_relay *s, struct site *site, uint32_t sender)
{
	uint64_t hash = flow_hash(site, sender);
	struct site_flow *f;
	for (struct hash_node *n = hash_find(&s->flows, hash); n;
	     n = hash_find_next(n)) {
		f = CONTAINER(n, struct site_flow, node);
		if (f->site == site && f->sender == sender)
			return f;
	}
	f = MUST_NEW(struct site_flow);
	f->site = site;
	f->sender = sender;
	list_init(&f->groups);
	list_push(&site->flows, &f->link);
	hash_add(&s->flows, &f->node, hash);
	return f;
}

static struct site_group *group_of(
    struct sched_relay *s, struct site *site, const struct site_job *job)
{
	uint64_t hash = hash_mix(site->node.hash ^ job->mail) ^ job->variant;
	struct site_group *g;
	for (struct hash_node *n = hash_find(&s->groups, hash); n;
	     n = hash_find_next(n)) {
		g = CONTAINER(n, struct site_group, node);
		if (g->flow->site == site && g->mail == job->mail &&
		    g->variant == job->variant)
			return g;
	}
	g = MUST_NEW(struct site_group);
	g->flow = flow_of(s, site, job->sender);
	g->mail = job->mail;
	g->variant = job->variant;
	list_init(&g->jobs);
	list_push(&g->flow->groups, &g->link);
	hash_add(&s->groups, &g->node, hash);
	site->n_waiting++;
	return g;
}

void sched_relay_add(
    struct sched_relay *s, struct site *site, struct site_job *job)
{
	job->site = site;
	job->session = NULL;
	job->n_lost = 0;
	site->n_jobs++;
	s->n_jobs++;
	job->group = group_of(s, site, job);
	list_push(&job->group->jobs, &job->link);
	sched_relay_place(s, site);
}

/* Its message is the next one, and so is its sender. */
void sched_relay_take_back(struct sched_relay *s, struct site_job *job)
{
	struct site *site = job->site;
	list_remove(&job->link);
	job->session = NULL;
	job->group = group_of(s, site, job);
	list_push_front(&job->group->jobs, &job->link);
	list_remove(&job->group->link);
	list_push_front(&job->group->flow->groups, &job->group->link);
	list_remove(&job->group->flow->link);
	list_push_front(&site->flows, &job->group->flow->link);
}

/* Off its list and its group. */
static void leave(struct sched_relay *s, struct site_job *job)
{
	struct site_group *g = job->group;
	list_remove(&job->link);
	job->group = NULL;
	if (g && list_empty(&g->jobs))
		free_group(s, g);
}

void sched_relay_done(struct sched_relay *s, struct site_job *job)
{
	struct site *site = job->site;
	if (job->session)
		job->session->n_results++;
	leave(s, job);
	job->site = NULL;
	job->session = NULL;
	site->n_jobs--;
	s->n_jobs--;
	sched_relay_place(s, site);
}

void sched_relay_untried(struct site_job *job)
{
	list_remove(&job->link);
	list_push(&job->session->untried, &job->link);
}

void sched_relay_parked(struct sched_relay *s, struct site *site)
{
	site->has_parked = true;
	sched_relay_place(s, site);
}

void sched_relay_taken(
    struct sched_relay *s, struct site *site, unsigned n, bool is_all)
{
	site->n_taking += n;
	site->n_jobs += n;
	s->n_jobs += n;
	site->has_parked = !is_all;
	sched_relay_place(s, site);
}

void sched_relay_arrived(struct sched_relay *s, struct site *site)
{
	site->n_taking--;
	site->n_jobs--;
	s->n_jobs--;
	sched_relay_place(s, site);
}

static struct site *first_of(const struct list *l, size_t offset)
{
	struct list *first = list_first(l);
	return first ? (struct site *)(void *)((char *)first - offset) : NULL;
}

#define FIRST_SITE(list, member) first_of(list, offsetof(struct site, member))

static void end_wait(struct sched_relay *s, struct site *site)
{
	list_remove(&site->clock);
	site->is_calm = false;
	if (site->state == SITE_DOWN)
		site->state = SITE_UNKNOWN;
	sched_relay_place(s, site);
}

void sched_relay_retry(struct sched_relay *s, struct site *site)
{
	if (site->state == SITE_DOWN)
		end_wait(s, site);
}

static void end_waits(
    struct sched_relay *s, const struct list *sites, uint64_t now_ms)
{
	struct site *site;
	while ((site = FIRST_SITE(sites, clock)) && site->until_ms <= now_ms)
		end_wait(s, site);
}

/* One message of the sender whose turn it is, as much of it as goes in one
 * transaction. */
static void load_session(struct sched_relay *s, struct site_session *session)
{
	struct site *site = session->site;
	struct site_flow *f =
	    CONTAINER(site->flows.next, struct site_flow, link);
	struct site_group *g =
	    CONTAINER(f->groups.next, struct site_group, link);
	list_remove(&f->link);
	list_push(&site->flows, &f->link);
	list_remove(&g->link);
	list_push(&f->groups, &g->link);
	session->n_results = 0;
	unsigned left = session->rcpts_max;
	for (bool more = true; more && left; left--) {
		struct site_job *job =
		    CONTAINER(g->jobs.next, struct site_job, link);
		more = job->link.next != &g->jobs;
		leave(s, job);
		job->session = session;
		list_push(&session->jobs, &job->link);
	}
}

static enum sched_relay_do send_one(
    struct sched_relay *s, struct site *site, struct sched_relay_step *out)
{
	struct site_session *session =
	    CONTAINER(site->idle.next, struct site_session, link);
	list_remove(&session->link);
	list_remove(&session->age);
	site->n_idle--;
	session->state = SESSION_BUSY;
	load_session(s, session);
	list_remove(&site->ready); /* to the end, if it has more */
	sched_relay_place(s, site);
	*out = (struct sched_relay_step){ site, session, 0 };
	return SITE_SEND;
}

static enum sched_relay_do open_one(struct sched_relay *s, struct site *site,
    uint64_t now_ms, struct sched_relay_step *out)
{
	struct site_session *session = MUST_NEW(struct site_session);
	session->site = site;
	session->opened_ms = now_ms;
	list_push(&s->sessions, &session->all);
	list_init(&session->link);
	list_init(&session->age);
	list_init(&session->jobs);
	list_init(&session->untried);
	site->n_sessions++;
	site->n_connecting++;
	s->n_sessions++;
	set_wanting(s, site, false); /* to the end, if it wants more */
	sched_relay_place(s, site);
	*out = (struct sched_relay_step){ site, session, 0 };
	return SITE_OPEN;
}

static enum sched_relay_do close_one(struct sched_relay *s,
    struct site_session *session, struct sched_relay_step *out)
{
	sched_relay_end_session(s, session);
	list_remove(&session->link);
	*out = (struct sched_relay_step){ session->site, session, 0 };
	return SITE_CLOSE;
}

/* Those that have no room now ask again when one of their jobs is done. */
static bool take_some(struct sched_relay *s, struct sched_relay_step *out)
{
	struct site *site;
	while (!is_full(s) && (site = FIRST_SITE(&s->hungry, hungry))) {
		unsigned most = site->state == SITE_UNKNOWN ? 1 : room(s, site);
		list_remove(&site->hungry);
		if (site->n_jobs >= most)
			continue;
		*out = (struct sched_relay_step){ site, NULL,
			most - site->n_jobs };
		return true;
	}
	return false;
}

static struct site_session *session_to_close(
    struct sched_relay *s, uint64_t now_ms)
{
	struct list *ending = list_first(&s->ending);
	struct list *idle = list_first(&s->idle);
	if (ending)
		return CONTAINER(ending, struct site_session, link);
	if (!idle)
		return NULL;
	struct site_session *i = CONTAINER(idle, struct site_session, age);
	return s->is_stopping || sched_relay_is_short(s) ||
		       now_ms - i->idle_ms >= s->options.idle_ms
		   ? i
		   : NULL;
}

static enum sched_relay_do next_of_sites(
    struct sched_relay *s, uint64_t now_ms, struct sched_relay_step *out)
{
	struct site *site;
	if ((site = FIRST_SITE(&s->unused, unused))) {
		*out = (struct sched_relay_step){ site, NULL, 0 };
		return SITE_FORGET;
	}
	if (take_some(s, out))
		return SITE_TAKE;
	if ((site = FIRST_SITE(&s->ready, ready)))
		return send_one(s, site, out);
	if (s->is_away || s->n_sessions >= s->options.sessions_max ||
	    !(site = FIRST_SITE(&s->wanting, wanting)))
		return SITE_NOTHING;
	return open_one(s, site, now_ms, out);
}

enum sched_relay_do sched_relay_next(
    struct sched_relay *s, uint64_t now_ms, struct sched_relay_step *out)
{
	end_waits(s, &s->calm, now_ms);
	for (unsigned i = 0; i < SITE_BACKOFFS; i++)
		end_waits(s, &s->down[i], now_ms);
	enum sched_relay_do what =
	    s->is_stopping ? SITE_NOTHING : next_of_sites(s, now_ms, out);
	if (what != SITE_NOTHING)
		return what;
	struct site_session *session = session_to_close(s, now_ms);
	return session ? close_one(s, session, out) : SITE_NOTHING;
}

static uint64_t sooner(uint64_t wait, uint64_t at_ms, uint64_t now_ms)
{
	uint64_t rest = at_ms > now_ms ? at_ms - now_ms : 0;
	return rest < wait ? rest : wait;
}

uint64_t sched_relay_wait_ms(const struct sched_relay *s, uint64_t now_ms)
{
	uint64_t wait = UINT64_MAX;
	struct list *idle = list_first(&s->idle);
	struct site *site = FIRST_SITE(&s->calm, clock);
	if (site)
		wait = sooner(wait, site->until_ms, now_ms);
	for (unsigned i = 0; i < SITE_BACKOFFS; i++)
		if ((site = FIRST_SITE(&s->down[i], clock)))
			wait = sooner(wait, site->until_ms, now_ms);
	if (idle)
		wait = sooner(wait,
		    CONTAINER(idle, struct site_session, age)->idle_ms +
			s->options.idle_ms,
		    now_ms);
	return wait;
}
