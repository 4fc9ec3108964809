/* Recipients to accounts, asked of AUTH at each attempt: aliases and accounts
 * may have changed since the last one. */
#include "queued/local/forwarding.h"
#include "queued/queue_role.h"

enum {
	ASKED_MAX = 1000
};

void address_resolve(struct queue *q, struct rcpt *r)
{
	list_remove(&r->work);
	list_push(&q->unresolved, &r->work);
	queue_schedule_round(q);
}

static void look_up(struct queue *q, struct rcpt *r)
{
	struct peer *auth = proc_peer(q->proc, ROLE_AUTH);
	r->ask = idtab_add(&q->asks, r);
	r->asked_ms = loop_now_ms(proc_loop(q->proc));
	struct msg m = { .type = MSG_ADDRESS_ASK,
		.address_ask = { r->ask, r->r.address } };
	list_remove(&r->work);
	list_push(&q->asked, &r->work);
	q->n_asked++;
	peer_send(auth, &m, -1);
}

static void to_account(struct queue *q, struct rcpt *r)
{
	local_deliver(q, r, r->r.address);
}

static void to_forward(struct queue *q, struct rcpt *r)
{
	forwarding_start(q, r, r->r.address);
}

static void fail(struct queue *q, struct rcpt *r)
{
	fate_failed(q, r, r->r.text);
}

/* What aliases made of a recipient is not looked up again. */
static void (*const ways[LEAF_KIND_COUNT])(struct queue *q, struct rcpt *r) = {
	[LEAF_ADDRESS] = look_up,
	[LEAF_ACCOUNT] = to_account,
	[LEAF_REMOTE] = remote_deliver,
	[LEAF_COMMAND] = programs_deliver,
	[LEAF_FILE] = programs_deliver,
	[LEAF_FAILED] = fail,
	[LEAF_FORWARD] = to_forward,
	[LEAF_USER_COMMAND] = users_deliver,
	[LEAF_USER_FILE] = users_deliver,
};

void address_pump(struct queue *q)
{
	while (proc_peer(q->proc, ROLE_AUTH) && q->n_asked < ASKED_MAX &&
	       !list_empty(&q->unresolved)) {
		struct rcpt *r =
		    CONTAINER(q->unresolved.next, struct rcpt, work);
		ways[r->r.kind](q, r);
	}
}

static void forget_ask(struct queue *q, struct rcpt *r)
{
	idtab_remove(&q->asks, r->ask);
	r->ask = 0;
	list_remove(&r->work);
	q->n_asked--;
}

void address_forget(struct queue *q, struct rcpt *r)
{
	expand_forget(q, r);
	forwarding_end(q, r);
	if (r->ask)
		forget_ask(q, r);
	else
		list_remove(&r->work);
}

static void fail_for_now(struct queue *q, struct rcpt *r)
{
	fate_temporary(q, r, V("4.3.0 the address cannot be looked up now"));
}

void address_on_answer(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)from;
	(void)fd;
	struct queue *q = proc_state(p);
	struct rcpt *r = idtab_get(&q->asks, m->address_is.id);
	if (!r || r->job.lane || r->is_running)
		return;
	forget_ask(q, r);
	queue_schedule_round(q);
	switch ((enum address_kind)m->address_is.kind) {
	case ADDRESS_LOCAL:
		if (m->address_is.forwards)
			forwarding_start(q, r, m->address_is.account);
		else
			local_deliver(q, r, m->address_is.account);
		return;
	case ADDRESS_UNKNOWN:
		fate_failed(q, r, V("5.1.1 no such user here"));
		return;
	case ADDRESS_REMOTE:
		remote_deliver(q, r);
		return;
	case ADDRESS_ALIAS:
		expand_start(q, r);
		return;
	case ADDRESS_TEMP:
	case ADDRESS_KIND_COUNT:
		break;
	}
	fail_for_now(q, r);
}

unsigned address_end_waits(struct queue *q)
{
	unsigned n = 0;
	for (; !list_empty(&q->asked); n++) {
		struct rcpt *r = CONTAINER(q->asked.next, struct rcpt, work);
		if (!queue_is_overdue(q, r->asked_ms, ANSWER_MS))
			break;
		forget_ask(q, r);
		fail_for_now(q, r);
	}
	return n;
}

void address_auth_down(struct queue *q)
{
	while (!list_empty(&q->asked)) {
		struct rcpt *r = CONTAINER(q->asked.prev, struct rcpt, work);
		forget_ask(q, r);
		list_push_front(&q->unresolved, &r->work);
	}
}
