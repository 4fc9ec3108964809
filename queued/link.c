#include "queued/link.h"
#include "base/panic.h"
#include "base/rand.h"
#include <stdlib.h>
#include <unistd.h>

enum {
	/* An agent may have its store to compact before. */
	AGENT_MS = 600 * 1000,
	/* A forward file is read before. */
	FORWARD_MARGIN_MS = 70 * 1000,
};

struct agent_link {
	struct queue *q;
	enum role_id to;
	const struct link_events *events;
	void *ctx;
	struct peer *peer; /* NULL: not granted yet */
	uint64_t id;       /* in q->links */
	uint64_t session;
	unsigned n_sent;   /* that are not answered */
	uint64_t asked_ms; /* for the grant; the first of those, or later */
};

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

struct agent_link *link_open(struct queue *q, enum role_id to,
    struct view account, const struct link_events *events, void *ctx)
{
	struct peer *auth = proc_peer(q->proc, ROLE_AUTH);
	struct agent_link *l = MUST_NEW(struct agent_link);
	*l = (struct agent_link){ .q = q,
		.to = to,
		.events = events,
		.ctx = ctx,
		.session = rand_u64(),
		.asked_ms = now_ms(q) };
	l->id = idtab_add(&q->links, l);
	if (!auth || !l->id) {
		link_free(l);
		return NULL;
	}
	struct msg m = { .type = MSG_DELIVERY_ASK,
		.delivery_ask = { l->id, l->session, (uint8_t)to, account } };
	peer_send(auth, &m, -1);
	return l;
}

struct peer *link_peer(const struct agent_link *l)
{
	return l->peer;
}

void link_was_sent(struct agent_link *l)
{
	if (l->n_sent++ == 0)
		l->asked_ms = now_ms(l->q);
}

void link_send(struct agent_link *l, const struct msg *m, int fd)
{
	peer_send(l->peer, m, fd);
	link_was_sent(l);
}

void link_free(struct agent_link *l)
{
	idtab_remove(&l->q->links, l->id);
	peer_free(&l->peer);
	free(l);
}

static void lose(struct agent_link *l, struct view why)
{
	const struct agent_link gone = *l;
	link_free(l);
	gone.events->on_lost(gone.q, gone.ctx, why);
}

static void no_account(struct agent_link *l)
{
	const struct agent_link gone = *l;
	link_free(l);
	gone.events->on_no_account(gone.q, gone.ctx);
}

static void on_message(void *ctx, struct peer *p, const struct msg *m, int fd)
{
	(void)p;
	struct agent_link *l = ctx;
	if (fd >= 0)
		close(fd);
	if (m->type != MSG_FORWARD_TARGET) { /* it comes before an answer */
		l->n_sent -= l->n_sent > 0;
		l->asked_ms = now_ms(l->q);
	}
	if (!l->events->on_message(l->q, l->ctx, m))
		lose(l, V("unexpected message"));
}

static void on_closed(void *ctx, struct peer *p, int why)
{
	(void)p;
	struct agent_link *l = ctx;
	lose(l, view_of(err_text(why)));
}

static const struct peer_events agent_events = { on_message, on_closed };

/* Messages may go into the channel at once; the agent reads them when it is
 * up. */
static void connect_agent(struct agent_link *l)
{
	struct queue *q = l->q;
	int ours, theirs;
	int error = chan_pair(&ours, &theirs);
	if (!error) {
		l->peer = peer_new(proc_loop(q->proc), ours, ROLE_QUEUE, l->to,
		    0, &agent_events, l);
		if (!l->peer)
			close(theirs);
	}
	if (!l->peer) {
		lose(l, V("no channel"));
		return;
	}
	struct msg m = { .type = MSG_HANDOFF,
		.handoff = { .session = l->session,
		    .service = SERVICE_LOCAL,
		    .remote = V(""),
		    .pending = V("") } };
	peer_send(proc_monitor(q->proc), &m, theirs);
	l->events->on_open(q, l->ctx);
}

void link_on_granted(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	struct agent_link *l = idtab_get(&q->links, m->delivery_granted.id);
	if (!l || l->peer)
		return;
	switch ((enum auth_status)m->delivery_granted.status) {
	case AUTH_STATUS_OK:
		connect_agent(l);
		break;
	case AUTH_STATUS_FAILED:
		no_account(l);
		break;
	case AUTH_STATUS_TEMP:
	case AUTH_STATUS_DISABLED:
	case AUTH_STATUS_BAD:
	case AUTH_STATUS_UNKNOWN_MECHANISM:
	default:
		lose(l, V("not granted"));
		break;
	}
	queue_schedule_round(q);
}

struct by_session {
	uint64_t session;
	struct agent_link *found;
};

static void find_session(uint64_t id, void *object, void *ctx)
{
	(void)id;
	struct by_session *by = ctx;
	struct agent_link *l = object;
	if (l->session == by->session)
		by->found = l;
}

void link_on_refused(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	close(fd); /* the agent's end of the channel */
	struct queue *q = proc_state(p);
	struct by_session by = { m->handoff_refused.session, NULL };
	idtab_each(&q->links, find_session, &by);
	if (by.found)
		lose(by.found, V("no agent to be had"));
}

static void lose_ungranted(uint64_t id, void *object, void *ctx)
{
	(void)id;
	(void)ctx;
	struct agent_link *l = object;
	if (!l->peer)
		lose(l, V("auth process restarts"));
}

void link_auth_down(struct queue *q)
{
	idtab_each(&q->links, lose_ungranted, NULL);
}

static uint64_t most_ms(const struct agent_link *l)
{
	return l->to == ROLE_FORWARD
		   ? programs_most_ms(l->q) + FORWARD_MARGIN_MS
		   : AGENT_MS;
}

static bool is_overdue(const struct agent_link *l)
{
	return l->peer ? l->n_sent &&
			     queue_is_overdue(l->q, l->asked_ms, most_ms(l))
		       : queue_is_overdue(l->q, l->asked_ms, ANSWER_MS);
}

static void lose_overdue(uint64_t id, void *object, void *ctx)
{
	(void)id;
	struct agent_link *l = object;
	unsigned *n = ctx;
	if (!is_overdue(l))
		return;
	lose(l, V("no answer in time"));
	++*n;
}

unsigned link_end_waits(struct queue *q)
{
	unsigned n = 0;
	idtab_each(&q->links, lose_overdue, &n);
	return n;
}
