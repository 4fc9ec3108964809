/* Lanes to the agents. For each account that sched opens: AUTH grants it to
 * the monitor, the monitor gives one end of a new channel to the account's
 * agent, and messages go over the other end. */
#include "base/panic.h"
#include "base/rand.h"
#include "queued/queue_role.h"
#include "queued/queue_spool.h"
#include <stdlib.h>
#include <unistd.h>

struct agent_link {
	struct queue *q;
	struct sched_lane *lane;
	struct peer *peer; /* NULL: not granted yet */
	uint64_t id;       /* in q->links */
	uint64_t session;
};

enum {
	SPOOLED_COST_BYTES = 64 * 1024
};

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

void local_deliver(struct queue *q, struct rcpt *r, struct view account)
{
	const struct queue_envelope *e = &r->mail->e;
	r->job.bytes = e->is_spooled ? SPOOLED_COST_BYTES : e->size_bytes;
	list_remove(&r->work);
	sched_add(&q->sched, &r->job, account, now_ms(q));
}

unsigned local_sessions(const struct queue *q)
{
	return idtab_count(&q->links);
}

static void free_link(struct agent_link *l)
{
	idtab_remove(&l->q->links, l->id);
	peer_free(&l->peer);
	free(l);
}

static void forget_delivery(struct queue *q, struct rcpt *r)
{
	if (r->ask)
		idtab_remove(&q->asks, r->ask);
	r->ask = 0;
}

static void fail_jobs(struct queue *q, struct list *jobs,
    void (*fate)(struct queue *q, struct rcpt *r, struct view text),
    struct view text)
{
	struct sched_job *job;
	while ((job = LIST_POP(jobs, struct sched_job, link))) {
		struct rcpt *r = CONTAINER(job, struct rcpt, job);
		forget_delivery(q, r);
		fate(q, r, text);
	}
}

/* What an agent that is gone did not answer, it may have done: the delivery id
 * tells the next one. */
static void forget_sent(struct queue *q, struct sched_lane *lane)
{
	for (struct list *i = lane->sent.next; i != &lane->sent; i = i->next)
		forget_delivery(q, CONTAINER(i, struct rcpt, job.link));
}

static void lose(struct agent_link *l, struct view why)
{
	struct queue *q = l->q;
	struct sched_lane *lane = l->lane;
	struct list failed;
	list_init(&failed);
	LOG(NULL, WARN, "delivery.interrupted",
	    KV_VIEW(
		"account", ((struct view){ lane->account, lane->account_n })),
	    KV_VIEW("reason", why));
	forget_sent(q, lane);
	free_link(l);
	sched_lost(&q->sched, lane, now_ms(q), &failed);
	fail_jobs(
	    q, &failed, fate_temporary, V("4.3.0 the delivery agent failed"));
	queue_schedule_round(q);
}

static void no_account(struct agent_link *l)
{
	struct queue *q = l->q;
	struct sched_lane *lane = l->lane;
	struct list jobs;
	list_init(&jobs);
	sched_drain(lane, &jobs);
	free_link(l);
	sched_closed(&q->sched, lane);
	fail_jobs(q, &jobs, fate_failed, V("5.1.1 no such account"));
}

/* An agent speaks for its own account: ids of others can be guessed. */
static void on_delivered(struct agent_link *l, const struct msg_delivered *d)
{
	struct queue *q = l->q;
	struct rcpt *r = idtab_get(&q->asks, d->id);
	if (!r || r->job.lane != l->lane || !r->job.is_sent)
		return;
	forget_delivery(q, r);
	sched_done(&q->sched, &r->job, true, now_ms(q));
	switch ((enum deliver_status)d->status) {
	case DELIVER_STATUS_OK:
		fate_delivered(q, r, V("2.0.0"));
		return;
	case DELIVER_STATUS_DUPLICATE:
		fate_delivered(q, r, V("2.0.0 was there already"));
		return;
	case DELIVER_STATUS_PERM:
		fate_failed(q, r, d->text);
		return;
	case DELIVER_STATUS_TEMP:
	case DELIVER_STATUS_OVERQUOTA:
		break;
	}
	fate_temporary(q, r, d->text);
}

static void on_agent_message(
    void *ctx, struct peer *p, const struct msg *m, int fd)
{
	(void)p;
	struct agent_link *l = ctx;
	struct queue *q = l->q;
	if (fd >= 0)
		close(fd);
	if (m->type != MSG_DELIVERED) {
		lose(l, V("unexpected message"));
		return;
	}
	on_delivered(l, &m->delivered);
	queue_schedule_round(q);
}

static void on_agent_closed(void *ctx, struct peer *p, int why)
{
	(void)p;
	struct agent_link *l = ctx;
	lose(l, view_of(err_text(why)));
}

static const struct peer_events agent_events = { on_agent_message,
	on_agent_closed };

static void open_lane(struct queue *q, struct sched_lane *lane)
{
	struct peer *auth = proc_peer(q->proc, ROLE_AUTH);
	struct agent_link *l = MUST_NEW(struct agent_link);
	*l = (struct agent_link){ .q = q, .lane = lane, .session = rand_u64() };
	l->id = idtab_add(&q->links, l);
	lane->user = l;
	if (!auth || !l->id) {
		lose(l, V("no auth process"));
		return;
	}
	struct msg m = { .type = MSG_DELIVERY_ASK,
		.delivery_ask = {
		    l->id, l->session, { lane->account, lane->account_n } } };
	peer_send(auth, &m, -1);
}

/* Messages may go into the channel at once; the agent reads them when it is
 * up. */
static void connect_agent(struct agent_link *l)
{
	struct queue *q = l->q;
	int ours, theirs;
	int error = chan_pair(&ours, &theirs);
	if (!error) {
		l->peer = peer_new(proc_loop(q->proc), ours, ROLE_QUEUE,
		    ROLE_AGENT, 0, &agent_events, l);
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
	sched_opened(&q->sched, l->lane);
}

void local_on_granted(
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

void local_on_refused(
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

void local_auth_down(struct queue *q)
{
	idtab_each(&q->links, lose_ungranted, NULL);
}

static void deliver_file(
    struct queue *q, struct agent_link *l, struct rcpt *r, struct view id)
{
	const struct queue_envelope *e = &r->mail->e;
	int fd = -1;
	int error = q->db ? queue_spool_open(queue_db_dir(q->db), e->id, &fd)
			  : MC_E_TEMP;
	if (error) {
		forget_delivery(q, r);
		sched_done(&q->sched, &r->job, true, now_ms(q));
		fate_temporary(q, r, V("4.3.0 the spool file cannot be read"));
		return;
	}
	struct msg m = { .type = MSG_DELIVER_FILE,
		.deliver_file = { r->ask, id, V(""), e->sender, r->r.address,
		    e->received_s, e->size_bytes } };
	peer_send(l->peer, &m, fd);
}

/* The body from memory, or else from the queue into buffer. */
static int body_of(
    struct queue *q, const struct mail *m, char *buffer, struct view *out)
{
	struct queue_txn t;
	size_t n = 0;
	if (m->body || m->e.size_bytes == 0) {
		*out = (struct view){ m->body ? m->body : "", m->body_n };
		return 0;
	}
	int error = q->db ? queue_begin_read(q->db, &t) : MC_E_TEMP;
	if (error)
		return error;
	error = queue_get_body(&t, m->e.id, buffer, &n);
	queue_abort(&t);
	if (!error && n != m->e.size_bytes)
		error = MC_E_CORRUPT;
	*out = (struct view){ buffer, n };
	return error;
}

static void deliver_memory(
    struct queue *q, struct agent_link *l, struct rcpt *r, struct view id)
{
	const struct queue_envelope *e = &r->mail->e;
	char *buffer = r->mail->body ? NULL : must_alloc(QUEUE_BODY_MAX);
	struct view body;
	int error = body_of(q, r->mail, buffer, &body);
	if (error) {
		forget_delivery(q, r);
		sched_done(&q->sched, &r->job, true, now_ms(q));
		fate_temporary(q, r, V("4.3.0 the queue cannot be read"));
	} else {
		struct msg m = { .type = MSG_DELIVER,
			.deliver = { r->ask, id, V(""), e->sender, r->r.address,
			    e->received_s, body } };
		peer_send(l->peer, &m, -1);
	}
	free(buffer);
}

static void send_job(struct queue *q, struct sched_job *job)
{
	struct rcpt *r = CONTAINER(job, struct rcpt, job);
	struct agent_link *l = job->lane->user;
	char bytes[QUEUE_DELIVERY_ID_OCTETS];
	if (!q->db) {
		sched_done(&q->sched, job, true, now_ms(q));
		fate_temporary(q, r, V("4.3.0 the queue cannot be read"));
		return;
	}
	queue_db_delivery_id(q->db, r->mail->e.id, r->r.index, bytes);
	struct view id = { bytes, sizeof bytes };
	r->ask = idtab_add(&q->asks, r);
	if (r->mail->e.is_spooled)
		deliver_file(q, l, r, id);
	else
		deliver_memory(q, l, r, id);
}

static void close_lane(struct queue *q, struct sched_lane *lane)
{
	free_link(lane->user);
	sched_closed(&q->sched, lane);
}

static bool step(struct queue *q)
{
	struct sched_lane *lane = NULL;
	struct sched_job *job = NULL;
	switch (sched_next(&q->sched, now_ms(q), &lane, &job)) {
	case SCHED_NOTHING:
		return false;
	case SCHED_OPEN:
		open_lane(q, lane);
		break;
	case SCHED_SEND:
		send_job(q, job);
		break;
	case SCHED_CLOSE:
		close_lane(q, lane);
		break;
	}
	return true;
}

void local_pump(struct queue *q)
{
	while (step(q))
		continue;
	uint64_t wait = sched_wait_ms(&q->sched, now_ms(q));
	if (wait != UINT64_MAX)
		timer_start(q->pump_timer, wait + 1, 0);
}
