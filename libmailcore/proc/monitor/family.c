/* The monitor's children: a slot for each process that shall always run, and
 * agents that come and go. What dies is replaced, later each time it dies
 * young; what misbehaves is killed first. */
#include "base/clock.h"
#include "base/panic.h"
#include "proc/agent/damage.h"
#include "proc/isolation/drop.h"
#include "proc/monitor/monitor.h"
#include "proc/spawn.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	GROWN_UP_MS = 10000, /* it lived so long: no back-off */
	ALONE_GRACE_S = 5,   /* its successor waits */
	BACKOFF_FIRST_MS = 100,
	BACKOFF_MAX_MS = 30000,
	START_FAILURES_MAX = 3, /* before the daemon was ever ready */
	KILL_AFTER_MS = 3000,   /* past the grace */
	LINK_AGAIN_MS = 1000,
};

const struct role *family_role(const struct monitor *m, enum role_id id)
{
	for (size_t i = 0; i < m->daemon->n_roles; i++)
		if (m->daemon->roles[i].id == id)
			return &m->daemon->roles[i];
	return NULL;
}

struct child *family_find(struct monitor *m, enum role_id id, unsigned index)
{
	for (size_t i = 0; i < m->n_slots; i++) {
		struct slot *s = &m->slots[i];
		if (s->role->id == id && s->index == index)
			return s->child;
	}
	return NULL;
}

struct peer *child_peer(struct child *c)
{
	return c->peer;
}

/* Messages of children. */

static void on_ready(struct child *c, const struct msg *msg, int fd)
{
	(void)msg;
	(void)fd;
	if (c->state != CHILD_STARTING)
		return;
	c->state = CHILD_READY;
	LOG(NULL, DEBUG, "role.ready", KV_STR("role", role_name(c->role->id)),
	    KV_INT("pid", c->pid));
	if (c->wants_queue)
		handout_queue(c);
	monitor_review(c->monitor);
}

static void on_stats(struct child *c, const struct msg *msg, int fd)
{
	(void)fd;
	c->sessions = msg->stats.sessions;
	c->total = msg->stats.total;
}

static void add_broken(struct child *a, struct child *b)
{
	struct monitor *m = a->monitor;
	if (m->n_broken == BROKEN_LINKS_MAX)
		return;
	for (size_t i = 0; i < m->n_broken; i++)
		if ((m->broken[i].a == a->pid && m->broken[i].b == b->pid) ||
		    (m->broken[i].a == b->pid && m->broken[i].b == a->pid))
			return;
	m->broken[m->n_broken++] =
	    (struct broken_link){ a->pid, b->pid, loop_now_ms(m->loop) };
}

/* Both may live still: one closed the channel because the other broke its
 * rules. Who is right cannot be told here: they get a new channel, later. */
static void on_peer_lost(struct child *c, const struct msg *msg, int fd)
{
	(void)fd;
	enum role_id id = (enum role_id)msg->peer_lost.role;
	if (id == ROLE_QUEUE && c->role->holds & HOLDS_QUEUE) {
		c->wants_queue = true;
		return;
	}
	for (struct child *o = c->monitor->children; o; o = o->next)
		if (o->role->id == id && o->index == msg->peer_lost.index &&
		    o->generation == c->generation && o != c)
			add_broken(c, o);
}

static void (*const from_child[MSG_COUNT])(
    struct child *c, const struct msg *msg, int fd) = {
	[MSG_READY] = on_ready,
	[MSG_STATS] = on_stats,
	[MSG_PEER_LOST] = on_peer_lost,
	[MSG_GRANT] = agents_on_grant,
	[MSG_HANDOFF] = agents_on_handoff,
	[MSG_RETIRE] = agents_on_retire,
	[MSG_SOCKET_ASK] = sockets_on_ask,
	[MSG_QUEUE_CHANGED] = control_on_queue_changed,
	[MSG_STEP_IS] = control_on_step,
	[MSG_EXPLAINED] = control_on_explained,
	[MSG_SITE_IS] = control_on_site,
	[MSG_ROUTE_IS] = control_on_route_is,
};

static void on_message(void *ctx, struct peer *p, const struct msg *msg, int fd)
{
	struct child *c = ctx;
	(void)p;
	if (from_child[msg->type]) {
		from_child[msg->type](c, msg, fd);
		return;
	}
	LOG(NULL, ERROR, "role.violation",
	    KV_STR("role", role_name(c->role->id)), KV_INT("pid", c->pid),
	    KV_STR("message", msg_rules[msg->type].name));
	if (fd >= 0)
		close(fd);
	peer_free(&c->peer);
	kill(c->pid, SIGKILL);
}

/* Whatever the reason, it cannot be told anything any more. */
static void on_closed(void *ctx, struct peer *p, int why)
{
	struct child *c = ctx;
	(void)p;
	(void)why;
	c->peer = NULL;
	if (c->state != CHILD_STOPPING)
		kill(c->pid, SIGKILL);
}

static const struct peer_events events = { on_message, on_closed };

/* Starting. */

static int run(struct child *c)
{
	struct monitor *m = c->monitor;
	int ours, theirs;
	int error = chan_pair(&ours, &theirs);
	if (error)
		return error;
	error = spawn_role(
	    m->self, m->daemon->name, role_name(c->role->id), theirs, &c->pid);
	close(theirs);
	if (error) {
		close(ours);
		return error;
	}
	c->peer = peer_new(
	    m->loop, ours, ROLE_MONITOR, c->role->id, c->index, &events, c);
	return 0; /* without a peer it dies, and is reaped */
}

static struct child *start(struct monitor *m, const struct role *role,
    unsigned index, struct view account, int directory)
{
	struct child *c = MUST_NEW(struct child);
	c->monitor = m;
	c->role = role;
	c->index = index;
	c->queue_fd = -1;
	c->generation = m->generation;
	c->started_s = clock_wall_s();
	c->started_ms = loop_now_ms(m->loop);
	c->wants_queue = (role->holds & HOLDS_QUEUE) != 0;
	int error = view_to_cstr(account, c->account, sizeof c->account);
	if (!error)
		error = run(c);
	if (error) {
		LOG(NULL, ERROR, "role.start-failed",
		    KV_STR("role", role_name(role->id)),
		    KV_ERR("error", error));
		free(c);
		return NULL;
	}
	c->next = m->children;
	m->children = c;
	LOG(NULL, DEBUG, "role.start", KV_STR("role", role_name(role->id)),
	    KV_INT("pid", c->pid));
	if (c->peer)
		handout_all(c, directory);
	return c;
}

static void schedule(struct slot *s)
{
	uint64_t delay = BACKOFF_FIRST_MS;
	for (uint32_t i = 2; i < s->failures && delay < BACKOFF_MAX_MS; i++)
		delay *= 2;
	if (delay > BACKOFF_MAX_MS)
		delay = BACKOFF_MAX_MS;
	/* Once is an accident. */
	timer_start(s->timer, s->failures > 1 ? delay : 0, 0);
}

/* Two processes that write the queue would not know of each other. */
static bool is_alone(const struct role *role)
{
	return (role->holds & HOLDS_QUEUE_LISTENER) != 0;
}

/* The one of an older generation that must end first; NULL: none. */
static struct child *predecessor(const struct slot *s)
{
	for (struct child *c = s->monitor->children; c; c = c->next)
		if (c->role == s->role && c->slot == NULL && is_alone(s->role))
			return c;
	return NULL;
}

static void fill(void *ctx)
{
	struct slot *s = ctx;
	if (s->child || s->monitor->is_stopping || predecessor(s))
		return;
	s->child = start(s->monitor, s->role, s->index, V_NONE, -1);
	if (s->child) {
		s->child->slot = s;
		return;
	}
	s->failures++;
	schedule(s);
}

static size_t count(const struct role *role, const struct conf *conf)
{
	switch (role->count) {
	case COUNT_ONE:
		if (role->holds & HOLDS_KEYS && !conf->tls_certificate[0])
			return 0;
		if (role->holds & HOLDS_PROGRAMS && !conf->aliases[0])
			return 0;
		return role->id == ROLE_MONITOR ? 0 : 1;
	case COUNT_FRONTS:
		return (size_t)conf->fronts;
	case COUNT_ON_DEMAND:
		break;
	}
	return 0;
}

static void free_slots(struct monitor *m)
{
	for (size_t i = 0; i < m->n_slots; i++) {
		if (m->slots[i].child)
			m->slots[i].child->slot = NULL;
		timer_free(&m->slots[i].timer);
	}
	free(m->slots);
	m->slots = NULL;
	m->n_slots = 0;
}

static void add_slots(struct monitor *m, const struct role *role)
{
	size_t n = count(role, m->conf);
	for (size_t i = 0; i < n; i++) {
		struct slot *s = &m->slots[m->n_slots++];
		*s = (struct slot){
			.monitor = m, .role = role, .index = (unsigned)i
		};
		s->timer = timer_new(m->loop, fill, s);
	}
}

void family_start_slots(struct monitor *m)
{
	size_t n = 0;
	free_slots(m);
	for (size_t i = 0; i < m->daemon->n_roles; i++)
		n += count(&m->daemon->roles[i], m->conf);
	m->slots = must_alloc(n * sizeof m->slots[0]);
	for (size_t i = 0; i < m->daemon->n_roles; i++)
		add_slots(m, &m->daemon->roles[i]);
	/* Who meets clients comes last, when the others can be asked. */
	for (size_t i = 0; i < m->n_slots; i++)
		if (!(m->slots[i].role->holds & HOLDS_LISTENERS))
			fill(&m->slots[i]);
	for (size_t i = 0; i < m->n_slots; i++)
		fill(&m->slots[i]);
}

struct child *family_spawn_agent(struct monitor *m, const struct role *role,
    struct view account, int directory)
{
	return start(m, role, 0, account, directory);
}

/* Stopping. */

void family_stop_child(struct child *c, uint32_t grace_s)
{
	struct monitor *m = c->monitor;
	struct msg stop = { .type = MSG_STOP, .stop = { grace_s } };
	uint64_t kill_at =
	    loop_now_ms(m->loop) + KILL_AFTER_MS + (uint64_t)grace_s * 1000;
	if (c->state == CHILD_STOPPING && c->kill_at_ms <= kill_at)
		return;
	c->state = CHILD_STOPPING;
	c->kill_at_ms = kill_at;
	if (c->peer)
		peer_send(c->peer, &stop, -1);
}

/* Others need what these give until they are gone. */
static bool is_leader(const struct role *role)
{
	return role->holds & (HOLDS_LISTENERS | HOLDS_QUEUE_LISTENER) ||
	       role->count == COUNT_ON_DEMAND;
}

static bool is_old(const struct child *c)
{
	const struct monitor *m = c->monitor;
	return m->is_stopping || c->generation != m->generation;
}

static bool has_leaders(const struct monitor *m, uint32_t generation)
{
	for (const struct child *c = m->children; c; c = c->next)
		if (c->generation == generation && is_leader(c->role) &&
		    c->role->count != COUNT_ON_DEMAND)
			return true;
	return false;
}

/* Auth and keys of a generation end when nobody is left who asks them. */
static void stop_followers(struct monitor *m)
{
	for (struct child *c = m->children; c; c = c->next)
		if (is_old(c) && !is_leader(c->role) &&
		    !has_leaders(m, c->generation))
			family_stop_child(c, 0);
}

void family_retire_generation(struct monitor *m, uint32_t grace_s)
{
	for (struct child *c = m->children; c; c = c->next) {
		c->slot = NULL;
		/* Agents end by themselves after their sessions. */
		if (c->role->count == COUNT_ON_DEMAND && !m->is_stopping)
			continue;
		if (!is_leader(c->role))
			continue;
		bool hurry = is_alone(c->role) && !m->is_stopping;
		family_stop_child(c, hurry ? ALONE_GRACE_S : grace_s);
	}
	for (size_t i = 0; i < m->n_slots; i++)
		m->slots[i].child = NULL;
	stop_followers(m);
}

/* Dying. */

static bool is_expected(const struct child *c, int status)
{
	return c->state == CHILD_STOPPING && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 0;
}

/* What an agent met ended it. */
static bool log_damage(const struct child *c, int status)
{
	static const char *const events_of[] = { "store.damaged",
		"store.suspect", "store.marked" };
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
	if (code < PROC_EXIT_DAMAGED || code > PROC_EXIT_MARKED)
		return false;
	LOG(NULL, ERROR, events_of[code - PROC_EXIT_DAMAGED],
	    KV_STR("account", c->account),
	    KV_STR("role", role_name(c->role->id)), KV_INT("pid", c->pid));
	return true;
}

static void log_death(const struct child *c, int status)
{
	if (log_damage(c, status))
		return;
	struct log_kv how = WIFSIGNALED(status)
				? KV_INT("signal", WTERMSIG(status))
				: KV_INT("code", WEXITSTATUS(status));
	if (is_expected(c, status))
		LOG(NULL, DEBUG, "role.end",
		    KV_STR("role", role_name(c->role->id)),
		    KV_INT("pid", c->pid));
	else
		LOG(NULL, ERROR, "role.died",
		    KV_STR("role", role_name(c->role->id)),
		    KV_INT("pid", c->pid), how, KV_STR("account", c->account));
}

static void refill(struct slot *s, const struct child *c)
{
	struct monitor *m = s->monitor;
	uint64_t lived = loop_now_ms(m->loop) - c->started_ms;
	s->child = NULL;
	s->restarts++;
	s->failures = lived < GROWN_UP_MS ? s->failures + 1 : 0;
	if (!m->is_ready && c->state == CHILD_STARTING &&
	    s->failures >= START_FAILURES_MAX && !m->is_stopping) {
		LOG(NULL, ERROR, "daemon.start-failed",
		    KV_STR("role", role_name(s->role->id)));
		m->exit_code = EXIT_FAILURE;
		monitor_stop(m, 0);
		return;
	}
	if (!m->is_stopping)
		schedule(s);
}

static void unlink_child(struct child *c)
{
	struct child **at = &c->monitor->children;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

static void bury(struct child *c, int status)
{
	struct monitor *m = c->monitor;
	log_death(c, status);
	unlink_child(c);
	if (c->peer)
		peer_free(&c->peer);
	handout_queue_end(c);
	control_role_gone(m, c->role->id);
	if (c->slot)
		refill(c->slot, c);
	for (size_t i = 0; i < m->n_slots; i++)
		if (m->slots[i].role == c->role && !m->slots[i].child &&
		    !c->slot && is_alone(c->role))
			schedule(&m->slots[i]);
	stop_followers(m);
	free(c);
}

static struct child *child_by_pid(struct monitor *m, pid_t pid)
{
	struct child *c = m->children;
	while (c && c->pid != pid)
		c = c->next;
	return c;
}

void family_reap(struct monitor *m)
{
	int status;
	pid_t pid;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct child *c = child_by_pid(m, pid);
		if (c)
			bury(c, status);
	}
	monitor_review(m);
}

static void kill_late(struct monitor *m, uint64_t now)
{
	for (struct child *c = m->children; c; c = c->next) {
		if (c->state != CHILD_STOPPING || now < c->kill_at_ms)
			continue;
		LOG(NULL, WARN, "role.kill",
		    KV_STR("role", role_name(c->role->id)),
		    KV_INT("pid", c->pid));
		kill(c->pid, SIGKILL);
		c->kill_at_ms = now + KILL_AFTER_MS;
	}
}

static bool can_link(const struct child *c, uint64_t since_ms)
{
	return c && c->state == CHILD_READY && c->started_ms < since_ms;
}

static void link_again(struct monitor *m, uint64_t now)
{
	size_t kept = 0;
	for (size_t i = 0; i < m->n_broken; i++) {
		struct broken_link b = m->broken[i];
		if (now < b.at_ms + LINK_AGAIN_MS) {
			m->broken[kept++] = b;
			continue;
		}
		struct child *one = child_by_pid(m, b.a);
		struct child *two = child_by_pid(m, b.b);
		if (can_link(one, b.at_ms) && can_link(two, b.at_ms))
			handout_link(one, two);
	}
	m->n_broken = kept;
}

bool family_tick(struct monitor *m)
{
	uint64_t now = loop_now_ms(m->loop);
	bool waits = false;
	kill_late(m, now);
	link_again(m, now);
	for (struct child *c = m->children; c; c = c->next) {
		if (c->wants_queue && c->state == CHILD_READY)
			handout_queue(c);
		waits = waits || c->wants_queue;
	}
	return waits;
}

void family_end(struct monitor *m)
{
	free_slots(m);
	while (m->children) {
		struct child *c = m->children;
		m->children = c->next;
		if (c->peer)
			peer_free(&c->peer);
		kill(c->pid, SIGKILL);
		waitpid(c->pid, NULL, 0);
		handout_queue_end(c);
		free(c);
	}
}
