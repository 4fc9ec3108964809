/* Room in mailboxes, asked for by fronts at RCPT. What agents said with their
 * last report is remembered; it is good enough to say yes while much is left.
 * Whether a mailbox is full only its agent says, at the time of the question,
 * so that who has made room gets mail at once; several questions about one
 * account wait for one answer. Who cannot be asked has room: the delivery will
 * tell, and no mail is lost. */
#include "base/panic.h"
#include "queued/link.h"
#include <stdlib.h>
#include <string.h>

enum {
	KNOWN_MAX = 10000, /* accounts */
	KNOWN_MS = 60000,  /* meanwhile a user may have filled it by IMAP */
	MUCH_BYTES = 1 << 20,
	MUCH_MESSAGES = 10,
	FIELDS_BYTES = 512, /* what smtpd and the agent put in front */
	ASKS_MAX = 10000,
	LINKS_MAX = 100, /* agents that may be started for it at once */
	WAIT_MS = 5000,
};

struct room {
	struct hash_node node;
	struct list link; /* of q->rooms.known or .asked, the oldest first */
	struct list asks; /* struct ask */
	struct agent_link *agent; /* NULL: not asked now */
	uint64_t bytes_left, messages_left;
	uint64_t known_ms, asked_ms; /* known_ms 0: never */
	size_t account_n;
	char account[];
};

struct ask {
	struct list link;
	struct peer *front;
	uint64_t id, size;
};

static uint64_t now_ms(const struct queue *q)
{
	return loop_now_ms(proc_loop(q->proc));
}

static struct room *find(const struct queue *q, struct view account)
{
	struct hash_node *n = hash_find(&q->rooms.all, view_hash(account));
	for (; n; n = hash_find_next(n)) {
		struct room *r = CONTAINER(n, struct room, node);
		if (view_eq((struct view){ r->account, r->account_n }, account))
			return r;
	}
	return NULL;
}

static void forget(struct queue *q, struct room *r)
{
	hash_remove(&q->rooms.all, &r->node);
	list_remove(&r->link);
	free(r);
}

static struct room *find_or_make(struct queue *q, struct view account)
{
	struct room *r = find(q, account);
	if (r)
		return r;
	if (q->rooms.all.n >= KNOWN_MAX && !list_empty(&q->rooms.known))
		forget(q, CONTAINER(q->rooms.known.next, struct room, link));
	r = must_alloc(sizeof *r + account.n);
	r->account_n = account.n;
	memcpy(r->account, account.p, account.n);
	list_init(&r->link);
	list_init(&r->asks);
	list_push(&q->rooms.known, &r->link);
	hash_add(&q->rooms.all, &r->node, view_hash(account));
	return r;
}

static void learn(struct queue *q, struct room *r, uint64_t bytes_left,
    uint64_t messages_left)
{
	r->bytes_left = bytes_left;
	r->messages_left = messages_left;
	r->known_ms = now_ms(q);
	if (r->agent)
		return;
	list_remove(&r->link);
	list_push(&q->rooms.known, &r->link);
}

void room_note(struct queue *q, struct view account, uint64_t bytes_left,
    uint64_t messages_left)
{
	bool has_limit =
	    bytes_left != UINT64_MAX || messages_left != UINT64_MAX;
	struct room *r =
	    has_limit ? find_or_make(q, account) : find(q, account);
	if (r)
		learn(q, r, bytes_left, messages_left);
}

static uint64_t bytes_of(uint64_t size)
{
	return size < UINT64_MAX / 2 ? size + FIELDS_BYTES : UINT64_MAX / 2;
}

/* What was promised is not promised again. */
static bool take(
    struct room *r, uint64_t size, uint64_t more_bytes, uint64_t more_messages)
{
	uint64_t bytes = bytes_of(size);
	if (r->bytes_left < bytes + more_bytes ||
	    r->messages_left < 1 + more_messages)
		return false;
	if (r->bytes_left != UINT64_MAX)
		r->bytes_left -= bytes;
	if (r->messages_left != UINT64_MAX)
		r->messages_left--;
	return true;
}

static void answer(struct peer *front, uint64_t id, enum room_status status)
{
	struct msg m = { .type = MSG_ROOM_IS,
		.room_is = { id, (uint8_t)status } };
	peer_send(front, &m, -1);
}

/* The question is over; is_known: by the agent's answer. */
static void answer_all(struct queue *q, struct room *r, bool is_known)
{
	struct ask *a;
	r->agent = NULL;
	list_remove(&r->link);
	list_push(&q->rooms.known, &r->link);
	while ((a = LIST_POP(&r->asks, struct ask, link))) {
		bool is_full = is_known && !take(r, a->size, 0, 0);
		answer(a->front, a->id, is_full ? ROOM_FULL : ROOM_OK);
		q->rooms.n_asks--;
		free(a);
	}
}

/* The link is gone. */
static void end(struct queue *q, struct room *r, bool is_known)
{
	q->rooms.n_links--;
	answer_all(q, r, is_known);
}

static void on_open(struct queue *q, void *ctx)
{
	(void)q;
	struct room *r = ctx;
	struct msg m = { .type = MSG_LEFT_ASK, .left_ask = { 0 } };
	link_send(r->agent, &m, -1);
}

/* The channel goes with the answer: the next one comes with the limits that
 * the account has then. */
static bool on_message(struct queue *q, void *ctx, const struct msg *m)
{
	struct room *r = ctx;
	if (m->type != MSG_LEFT_IS)
		return false;
	link_free(r->agent);
	learn(q, r, m->left_is.bytes_left, m->left_is.messages_left);
	end(q, r, true);
	return true;
}

static void on_no_account(struct queue *q, void *ctx)
{
	end(q, ctx, false);
}

static void on_lost(struct queue *q, void *ctx, struct view why)
{
	struct room *r = ctx;
	LOG(NULL, WARN, "room.unknown",
	    KV_VIEW("account", ((struct view){ r->account, r->account_n })),
	    KV_VIEW("reason", why));
	end(q, r, false);
}

static const struct link_events events = { on_open, on_message, on_no_account,
	on_lost };

static void wait_for(struct queue *q, struct room *r, struct peer *front,
    const struct msg_room_ask *m)
{
	struct ask *a = MUST_NEW(struct ask);
	a->front = front;
	a->id = m->id;
	a->size = m->size;
	list_push(&r->asks, &a->link);
	q->rooms.n_asks++;
}

static void ask_agent(struct queue *q, struct room *r)
{
	struct view account = { r->account, r->account_n };
	r->agent = link_open(q, ROLE_AGENT, account, &events, r);
	if (!r->agent) {
		answer_all(q, r, false);
		return;
	}
	r->asked_ms = now_ms(q);
	if (list_empty(&q->rooms.asked))
		timer_start(q->rooms.timeout, WAIT_MS, 0);
	list_remove(&r->link);
	list_push(&q->rooms.asked, &r->link);
	q->rooms.n_links++;
}

void room_on_ask(struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	(void)fd;
	struct queue *q = proc_state(p);
	const struct msg_room_ask *o = &m->room_ask;
	struct room *r = find_or_make(q, o->account);
	bool is_fresh = r->known_ms && now_ms(q) - r->known_ms < KNOWN_MS;
	if (is_fresh && take(r, o->size, MUCH_BYTES, MUCH_MESSAGES)) {
		answer(from, o->id, ROOM_OK);
		return;
	}
	if (q->rooms.n_asks >= ASKS_MAX ||
	    (!r->agent && q->rooms.n_links >= LINKS_MAX)) {
		answer(from, o->id, ROOM_OK);
		return;
	}
	wait_for(q, r, from, o);
	if (!r->agent)
		ask_agent(q, r);
}

static void on_timeout(void *ctx)
{
	struct queue *q = ctx;
	while (!list_empty(&q->rooms.asked)) {
		struct room *r =
		    CONTAINER(q->rooms.asked.next, struct room, link);
		uint64_t age_ms = now_ms(q) - r->asked_ms;
		if (age_ms < WAIT_MS) {
			timer_start(q->rooms.timeout, WAIT_MS - age_ms, 0);
			return;
		}
		link_free(r->agent);
		on_lost(q, r, V("no answer in time"));
	}
}

void room_front_down(struct queue *q, struct peer *front)
{
	struct list *asked = &q->rooms.asked;
	for (struct list *i = asked->next; i != asked; i = i->next) {
		struct room *r = CONTAINER(i, struct room, link);
		struct list *at = r->asks.next;
		while (at != &r->asks) {
			struct ask *a = CONTAINER(at, struct ask, link);
			at = at->next;
			if (a->front != front)
				continue;
			list_remove(&a->link);
			q->rooms.n_asks--;
			free(a);
		}
	}
}

void room_init(struct queue *q)
{
	list_init(&q->rooms.known);
	list_init(&q->rooms.asked);
	q->rooms.timeout = timer_new(proc_loop(q->proc), on_timeout, q);
}
