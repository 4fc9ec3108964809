/* What aliases make of a recipient, or of an address that a forward file names:
 * auth is asked, about one at a time since an answer may be long, and the
 * leaves take the recipient's place in one transaction. */
#include "queued/local/forwarding.h"
#include "queued/queue_role.h"

void expand_start(struct queue *q, struct rcpt *r)
{
	list_remove(&r->work);
	list_push(&q->expanding.waiting, &r->work);
}

void expand_pump(struct queue *q)
{
	struct peer *auth = proc_peer(q->proc, ROLE_AUTH);
	if (!auth || q->expanding.asked || list_empty(&q->expanding.waiting))
		return;
	struct rcpt *r =
	    CONTAINER(q->expanding.waiting.next, struct rcpt, work);
	list_remove(&r->work);
	q->expanding.asked = r;
	q->expanding.heard_ms = loop_now_ms(proc_loop(q->proc));
	struct msg m = { .type = MSG_EXPAND_ASK,
		.expand_ask = { ++q->expanding.id, EXPAND_ALIAS, r->r.address,
		    r->mail->e.sender } };
	if (r->forwarding)
		forwarding_ask(r, &m.expand_ask);
	peer_send(auth, &m, -1);
}

static void drop_leaves(struct queue *q)
{
	struct list *all = &q->expanding.leaves;
	while (!list_empty(all))
		rcpt_free(CONTAINER(all->next, struct rcpt, link));
	q->expanding.n_leaves = 0;
}

/* RFC 3461 5.2.7: what was asked about a recipient is asked about those in its
 * place; not about the members of a list, which are its owner's. */
struct rcpt *expand_leaf_of(
    const struct rcpt *parent, const struct msg_leaf_is *m)
{
	bool is_list = m->owner.n > 0;
	struct queue_rcpt r = { .kind = (enum leaf_kind)m->kind,
		.address = m->address,
		.text = m->kind == LEAF_REMOTE ? forwarding_account(parent)
					       : m->text,
		.from = is_list       ? m->owner
			: m->sender.n ? m->sender
				      : parent->r.from,
		.origin =
		    parent->r.origin.n ? parent->r.origin : parent->r.address };
	if (!is_list) {
		r.orcpt = parent->r.orcpt;
		r.notify = parent->r.notify & NOTIFY_OF_FRONTS;
	}
	return rcpt_new(&r);
}

/* What Unix users run, their forward files say, and nobody else. */
static bool may_tell(uint8_t kind)
{
	return kind == LEAF_ACCOUNT || kind == LEAF_FORWARD ||
	       kind == LEAF_REMOTE || kind == LEAF_COMMAND ||
	       kind == LEAF_FILE || kind == LEAF_FAILED;
}

void expand_on_leaf(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct queue *q = proc_state(p);
	const struct msg_leaf_is *l = &m->leaf_is;
	(void)from;
	(void)fd;
	if (!q->expanding.asked || l->id != q->expanding.id ||
	    !may_tell(l->kind) || q->expanding.n_leaves++ >= MESSAGE_RCPTS_MAX)
		return;
	q->expanding.heard_ms = loop_now_ms(proc_loop(q->proc));
	struct rcpt *leaf = expand_leaf_of(q->expanding.asked, l);
	list_push(&q->expanding.leaves, &leaf->link);
}

static void number_leaves(struct rcpt *r)
{
	struct list *all = &r->leaves;
	for (struct list *i = all->next; i != all; i = i->next)
		CONTAINER(i, struct rcpt, link)->r.index =
		    r->mail->e.n_recipients++;
}

void expand_give(struct queue *q, struct rcpt *r, struct list *leaves, size_t n)
{
	list_move_all(&r->leaves, leaves);
	if (!n) {
		fate_failed(q, r, V("5.1.1 the alias has no recipients"));
		return;
	}
	if (n + r->mail->e.n_recipients <= MESSAGE_RCPTS_MAX) {
		number_leaves(r);
		fate_expanded(q, r);
		return;
	}
	while (!list_empty(&r->leaves))
		rcpt_free(CONTAINER(r->leaves.next, struct rcpt, link));
	fate_failed(q, r, V("5.5.3 too many recipients, with aliases"));
}

static void finish(struct queue *q, struct rcpt *r, enum address_kind kind)
{
	switch (kind) {
	case ADDRESS_ALIAS:
		expand_give(q, r, &q->expanding.leaves, q->expanding.n_leaves);
		return;
	case ADDRESS_LOCAL:
	case ADDRESS_UNKNOWN:
	case ADDRESS_REMOTE: /* it was an alias a moment ago */
		address_resolve(q, r);
		return;
	case ADDRESS_TEMP:
	case ADDRESS_KIND_COUNT:
		break;
	}
	fate_temporary(q, r, V("4.3.0 the alias cannot be expanded now"));
}

static void answered(struct queue *q, struct rcpt *r, enum address_kind kind)
{
	if (r->forwarding)
		forwarding_on_leaves(q, r, kind, &q->expanding.leaves);
	else
		finish(q, r, kind);
}

void expand_on_end(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct queue *q = proc_state(p);
	struct rcpt *r = q->expanding.asked;
	(void)from;
	(void)fd;
	if (!r || m->expanded.id != q->expanding.id)
		return;
	enum address_kind kind = m->expanded.kind < ADDRESS_KIND_COUNT
				     ? (enum address_kind)m->expanded.kind
				     : ADDRESS_TEMP;
	q->expanding.asked = NULL;
	answered(q, r, kind);
	drop_leaves(q);
	queue_schedule_round(q);
}

void expand_forget(struct queue *q, struct rcpt *r)
{
	if (q->expanding.asked != r)
		return;
	q->expanding.asked = NULL;
	drop_leaves(q);
}

void expand_auth_down(struct queue *q)
{
	struct rcpt *r = q->expanding.asked;
	if (!r)
		return;
	expand_forget(q, r);
	list_push_front(&q->expanding.waiting, &r->work);
}

unsigned expand_end_waits(struct queue *q)
{
	struct rcpt *r = q->expanding.asked;
	if (!r || !queue_is_overdue(q, q->expanding.heard_ms, ANSWER_MS))
		return 0;
	expand_forget(q, r);
	answered(q, r, ADDRESS_TEMP);
	/* The others would each wait as long. */
	struct list *waiting = &q->expanding.waiting;
	unsigned n = 1;
	for (; !list_empty(waiting); n++)
		answered(q, CONTAINER(waiting->next, struct rcpt, work),
		    ADDRESS_TEMP);
	return n;
}
