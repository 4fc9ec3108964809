/* Sessions on their way to the agents of their accounts, or to the processes of
 * Unix users. Who brings one names only the session; the account, and the
 * directory or user, come from auth. */
#include "base/panic.h"
#include "proc/monitor/monitor.h"
#include <errno.h>
#include <unistd.h>

enum {
	/* An agent that does not read costs the monitor so many descriptors,
	 * beside what its socket holds. */
	UNREAD_SESSIONS_MAX = 64,
	/* Of Unix users' processes so many times forwards_max: the rest has
	 * nothing to do, and lingers. */
	LINGERING = 2,
};

static struct child *child_of_pid(struct monitor *m, int pid)
{
	struct child *c = m->children;
	while (c && c->pid != pid)
		c = c->next;
	return c;
}

/* Process ids are used again: it may be another role's by now. */
static bool may_hear(const struct child *c, enum msg_type type)
{
	return msg_rules[type].to & 1u << c->role->id;
}

static void refuse(
    struct monitor *m, struct handoff *h, enum handoff_refused reason)
{
	struct log_ctx ctx = { NULL, "session", h->session };
	struct child *from = child_of_pid(m, h->from_pid);
	struct msg out = { .type = MSG_HANDOFF_REFUSED,
		.handoff_refused = { h->session, (uint8_t)reason } };
	LOG(&ctx, WARN, "session.refused",
	    KV_STR("reason", handoff_refused_text(reason)),
	    KV_STR("remote", h->remote));
	if (from && from->peer && may_hear(from, MSG_HANDOFF_REFUSED)) {
		peer_send(from->peer, &out, h->fd);
		h->fd = -1;
	}
	handoff_deinit(h);
}

/* One that was just killed still has its channel here: what is sent there is
 * lost. */
static struct child *find_child(
    struct monitor *m, enum role_id id, const char *whose)
{
	for (struct child *c = m->children; c; c = c->next)
		if (c->role->id == id && c->state != CHILD_STOPPING &&
		    c->peer && !peer_is_gone(c->peer) &&
		    view_eq(view_of(c->account), view_of(whose)))
			return c;
	return NULL;
}

static size_t count_of(const struct monitor *m, enum role_id id)
{
	size_t n = 0;
	for (const struct child *c = m->children; c; c = c->next)
		n += c->role->id == id;
	return n;
}

/* It told that it has served all that it was given: nothing is under way. */
static bool is_idle(const struct child *c, enum role_id id)
{
	return c->role->id == id && c->state == CHILD_READY &&
	       c->sessions == 0 && c->total >= c->given;
}

/* Makes room: of those that only linger, the oldest. */
static bool end_one_idle(struct monitor *m, enum role_id id)
{
	struct child *oldest = NULL;
	for (struct child *c = m->children; c; c = c->next)
		if (is_idle(c, id) &&
		    (!oldest || c->started_ms < oldest->started_ms))
			oldest = c;
	if (oldest)
		family_stop_child(oldest, 0);
	return oldest != NULL;
}

static struct child *start_agent(
    struct monitor *m, const struct grant *g, enum handoff_refused *reason)
{
	int directory;
	const struct role *role = family_role(m, ROLE_AGENT);
	int error = layout_user_dir(m->conf, view_of(g->directory), &directory);
	*reason = HANDOFF_NO_DIRECTORY;
	if (error) {
		LOG(NULL, ERROR, "directory.failed",
		    KV_STR("account", g->account),
		    KV_STR("directory", g->directory), KV_ERR("error", error));
		return NULL;
	}
	*reason = HANDOFF_FAILED;
	struct child *c =
	    role ? family_spawn_agent(m, role, view_of(g->account), directory)
		 : NULL;
	close(directory);
	return c;
}

static struct child *start_forward(
    struct monitor *m, const struct grant *g, enum handoff_refused *reason)
{
	const struct role *role = family_role(m, ROLE_FORWARD);
	*reason = HANDOFF_FAILED;
	return role ? family_spawn_agent(m, role, view_of(g->unix_user), -1)
		    : NULL;
}

/* The process that it is for, started when there is none. */
static struct child *find_or_start(
    struct monitor *m, const struct grant *g, enum handoff_refused *reason)
{
	bool of_user = g->unix_user[0] != '\0';
	enum role_id id = of_user ? ROLE_FORWARD : ROLE_AGENT;
	size_t most = (size_t)(of_user ? LINGERING * m->conf->forwards_max
				       : m->conf->agents_max);
	struct child *c =
	    find_child(m, id, of_user ? g->unix_user : g->account);
	if (c)
		return c;
	*reason = HANDOFF_TOO_MANY;
	if (count_of(m, id) >= most && !end_one_idle(m, id))
		return NULL;
	return of_user ? start_forward(m, g, reason)
		       : start_agent(m, g, reason);
}

static void pass(struct monitor *m, const struct grant *g, struct handoff *h)
{
	enum handoff_refused reason = HANDOFF_STOPPING;
	struct child *c = NULL;
	if (!m->is_stopping)
		c = find_or_start(m, g, &reason);
	if (c && c->peer && peer_backlog_fds(c->peer) >= UNREAD_SESSIONS_MAX) {
		reason = HANDOFF_TOO_MANY;
		c = NULL;
	}
	if (!c || !c->peer) {
		refuse(m, h, reason);
		return;
	}
	struct msg out = { .type = MSG_SESSION,
		.session = { h->session, view_of(g->account), h->service,
		    h->flags, view_of(h->remote), { h->pending, h->n_pending },
		    g->quota_bytes, g->quota_messages, g->quota_mailboxes } };
	c->given++;
	peer_send(c->peer, &out, h->fd);
	h->fd = -1;
	handoff_deinit(h);
}

static int read_grant(const struct msg *msg, struct grant *g)
{
	const struct msg_grant *m = &msg->grant;
	g->session = m->session;
	g->quota_bytes = m->quota_bytes;
	g->quota_messages = m->quota_messages;
	g->quota_mailboxes = m->quota_mailboxes;
	int error = view_to_cstr(m->account, g->account, sizeof g->account);
	if (!error)
		error = view_to_cstr(
		    m->directory, g->directory, sizeof g->directory);
	if (!error)
		error = view_to_cstr(
		    m->unix_user, g->unix_user, sizeof g->unix_user);
	return error;
}

void agents_on_grant(struct child *from, const struct msg *msg, int fd)
{
	struct monitor *m = from->monitor;
	struct grant g = { 0 };
	struct handoff h;
	(void)fd;
	if (read_grant(msg, &g))
		return;
	if (grants_take_waiting(&m->grants, g.session, &h))
		pass(m, &g, &h);
	else
		grants_add(&m->grants, &g, loop_now_ms(m->loop));
}

static int read_handoff(const struct msg *msg, struct handoff *h)
{
	const struct msg_handoff *m = &msg->handoff;
	h->session = m->session;
	h->service = m->service;
	h->flags = m->flags;
	h->n_pending = m->pending.n;
	int error = view_to_cstr(m->remote, h->remote, sizeof h->remote);
	if (error || !m->pending.n)
		return error;
	h->pending = malloc(m->pending.n);
	if (!h->pending)
		return -ENOMEM;
	memcpy(h->pending, m->pending.p, m->pending.n);
	return 0;
}

void agents_on_handoff(struct child *from, const struct msg *msg, int fd)
{
	struct monitor *m = from->monitor;
	uint64_t now = loop_now_ms(m->loop);
	struct handoff h = { .fd = fd, .from_pid = from->pid };
	struct grant g;
	int error = read_handoff(msg, &h);
	if (error)
		refuse(m, &h, HANDOFF_FAILED);
	else if (grants_take(&m->grants, h.session, now, &g))
		pass(m, &g, &h);
	else if (!grants_wait(&m->grants, &h, now))
		refuse(m, &h, HANDOFF_NO_GRANT);
}

/* served is how many sessions it got: fewer than it was given means that one
 * is on its way, and it must not end. */
void agents_on_retire(struct child *from, const struct msg *msg, int fd)
{
	(void)fd;
	if (msg->retire.served == from->given)
		family_stop_child(from, 0);
}

void agents_tick(struct monitor *m)
{
	struct handoff h;
	while (grants_expire(&m->grants, loop_now_ms(m->loop), &h))
		refuse(m, &h, HANDOFF_NO_GRANT);
}
