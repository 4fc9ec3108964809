/* The walk through forward files. It goes down into each account that one
 * names, and comes back: an account that it is on the way through, met again,
 * means its mailbox; one that it has been through is done. */
#include "queued/local/forwarding.h"
#include "base/panic.h"
#include "queued/local/forward_file.h"
#include "queued/loop.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	ACCOUNTS_MAX = 100, /* more are recipients of their own */
	WALKS_MAX = 20,     /* that have targets or leaves in memory */
	ADDRESS_MAX = 320,
};

/* Something that a file names, or an account that an address of it leads to. */
struct target {
	struct list link;
	enum leaf_kind kind; /* LEAF_ADDRESS, _COMMAND, _FILE, _FORWARD */
	bool is_final;
	size_t n;
	char text[];
};

/* An account on the walk. */
struct stop {
	struct list link;
	struct stop *up; /* whose file named it */
	bool is_open;    /* the walk is in it, or below */
	bool is_over;    /* its file names too much */
	struct list targets;
	unsigned n_targets;
	size_t target_bytes;
	size_t account_n;
	char account[];
};

struct forwarding {
	struct list stops; /* the first: where it began */
	struct stop *at;   /* NULL: at the end */
	bool is_counted;   /* among those of WALKS_MAX */
	struct hash known; /* the leaves */
	struct list leaves;
	size_t n_leaves;
	char address[ADDRESS_MAX + 1]; /* that auth is asked about */
	enum expand_how how;
};

static struct view account_of(const struct stop *s)
{
	return (struct view){ s->account, s->account_n };
}

static struct view text_of(const struct target *t)
{
	return (struct view){ t->text, t->n };
}

static struct stop *first_stop(const struct forwarding *f)
{
	return CONTAINER(f->stops.next, struct stop, link);
}

static void drop_targets(struct stop *s)
{
	struct target *t;
	while ((t = LIST_POP(&s->targets, struct target, link)))
		free(t);
	s->n_targets = 0;
	s->target_bytes = 0;
	s->is_over = false;
}

static void enter(struct forwarding *f, struct view account)
{
	struct stop *s = must_alloc(sizeof *s + account.n);
	*s = (struct stop){
		.up = f->at, .is_open = true, .account_n = account.n
	};
	memcpy(s->account, account.p, account.n);
	list_init(&s->targets);
	list_push(&f->stops, &s->link);
	f->at = s;
}

void forwarding_start(struct queue *q, struct rcpt *r, struct view account)
{
	struct forwarding *f = MUST_NEW(struct forwarding);
	list_init(&f->stops);
	list_init(&f->leaves);
	r->forwarding = f;
	enter(f, account);
	users_add(q, r, account);
}

static void free_walk(struct forwarding *f)
{
	struct rcpt *leaf;
	struct stop *s;
	while ((leaf = LIST_POP(&f->leaves, struct rcpt, link)))
		rcpt_free(leaf);
	while ((s = LIST_POP(&f->stops, struct stop, link))) {
		drop_targets(s);
		free(s);
	}
	hash_deinit(&f->known);
	free(f);
}

void forwarding_end(struct queue *q, struct rcpt *r)
{
	struct forwarding *f = r->forwarding;
	if (!f)
		return;
	list_remove(&r->work);
	struct list *next = list_first(&q->walks.waiting);
	r->forwarding = NULL;
	q->walks.n -= f->is_counted;
	free_walk(f);
	if (!next || q->walks.n >= WALKS_MAX)
		return;
	r = CONTAINER(next, struct rcpt, work);
	users_add(q, r, account_of(r->forwarding->at));
}

/* false: there are enough in memory; its file is read again when it is its
 * turn. */
static bool take_turn(struct queue *q, struct rcpt *r)
{
	struct forwarding *f = r->forwarding;
	if (!f->is_counted && q->walks.n >= WALKS_MAX) {
		drop_targets(f->at);
		list_remove(&r->work);
		list_push(&q->walks.waiting, &r->work);
		return false;
	}
	q->walks.n += !f->is_counted;
	f->is_counted = true;
	return true;
}

static void push_target(struct stop *s, enum leaf_kind kind, bool is_final,
    struct view text, bool is_next)
{
	struct target *t = must_alloc(sizeof *t + text.n);
	*t = (struct target){ .kind = kind, .is_final = is_final, .n = text.n };
	memcpy(t->text, text.p, text.n);
	if (is_next)
		list_push_front(&s->targets, &t->link);
	else
		list_push(&s->targets, &t->link);
}

void forwarding_on_target(struct rcpt *r, const struct msg_forward_target *m)
{
	struct stop *s = r->forwarding->at;
	bool may_be = m->kind == LEAF_ADDRESS || m->kind == LEAF_COMMAND ||
		      m->kind == LEAF_FILE;
	s->target_bytes += m->text.n;
	if (!may_be || !m->text.n || ++s->n_targets > FORWARD_TARGETS_MAX ||
	    s->target_bytes > FORWARD_TEXT_MAX)
		s->is_over = true;
	else
		push_target(s, (enum leaf_kind)m->kind, m->is_final != 0,
		    m->text, false);
}

void forwarding_again(struct rcpt *r)
{
	drop_targets(r->forwarding->at);
}

struct view forwarding_account(const struct rcpt *r)
{
	return r->forwarding ? account_of(r->forwarding->at) : V("");
}

/* Leaves. */

static bool is_same(const struct queue_rcpt *a, const struct queue_rcpt *b)
{
	bool by_text = leaf_is_command(a->kind) || leaf_is_file(a->kind);
	return a->kind == b->kind && view_eq(a->address, b->address) &&
	       (!by_text || view_eq(a->text, b->text));
}

static bool is_known(const struct forwarding *f, const struct rcpt *leaf)
{
	struct hash_node *n = hash_find(&f->known, view_hash(leaf->r.address));
	for (; n; n = hash_find_next(n))
		if (is_same(&CONTAINER(n, struct rcpt, node)->r, &leaf->r))
			return true;
	return false;
}

/* Each once, however many ways lead there. */
static void add(struct forwarding *f, struct rcpt *leaf)
{
	if (is_known(f, leaf) || f->n_leaves > MESSAGE_RCPTS_MAX) {
		rcpt_free(leaf);
		return;
	}
	hash_add(&f->known, &leaf->node, view_hash(leaf->r.address));
	list_push(&f->leaves, &leaf->link);
	f->n_leaves++;
}

static void add_new(const struct rcpt *r, enum leaf_kind kind,
    struct view address, struct view text)
{
	const struct msg_leaf_is m = {
		.kind = (uint8_t)kind, .address = address, .text = text
	};
	add(r->forwarding, expand_leaf_of(r, &m));
}

static void add_mailbox(const struct rcpt *r, const struct stop *s)
{
	add_new(r, LEAF_ACCOUNT, account_of(s), V(""));
}

/* The walk. */

static struct stop *find_stop(const struct forwarding *f, struct view account)
{
	const struct list *all = &f->stops;
	for (struct list *i = all->next; i != all; i = i->next) {
		struct stop *s = CONTAINER(i, struct stop, link);
		if (view_eq(account_of(s), account))
			return s;
	}
	return NULL;
}

static size_t count_stops(const struct forwarding *f)
{
	size_t n = 0;
	for (const struct list *i = f->stops.next; i != &f->stops; i = i->next)
		n++;
	return n;
}

static void log_circle(const struct rcpt *r, struct view back_to)
{
	struct log_ctx ctx = queue_log(r->mail);
	LOG(&ctx, WARN, "forward.circle",
	    KV_VIEW("account", forwarding_account(r)),
	    KV_VIEW("back-to", back_to));
}

/* True: its file is asked for. */
static bool meet(struct queue *q, struct rcpt *r, struct view account)
{
	struct forwarding *f = r->forwarding;
	const struct stop *known = find_stop(f, account);
	if (!known && count_stops(f) < ACCOUNTS_MAX) {
		enter(f, account);
		users_add(q, r, account);
		return true;
	}
	if (!known) {
		add_new(r, LEAF_FORWARD, account, V(""));
	} else if (known->is_open) {
		if (known != f->at)
			log_circle(r, account);
		add_mailbox(r, known);
	}
	return false;
}

/* A name without a domain is one of the account's. */
static bool complete(
    const struct stop *at, struct view text, char out[ADDRESS_MAX + 1])
{
	struct view account = account_of(at);
	struct view domain = view_skip(account, view_rfind_byte(account, '@'));
	if (view_has_byte(text, '@'))
		domain = V("");
	if (text.n + domain.n > ADDRESS_MAX)
		return false;
	snprintf(out, ADDRESS_MAX + 1, "%.*s%.*s", (int)text.n, text.p,
	    (int)domain.n, domain.n ? domain.p : "");
	return true;
}

/* True: auth is asked. */
static bool follow(struct queue *q, struct rcpt *r, const struct target *t)
{
	struct forwarding *f = r->forwarding;
	if (!complete(f->at, text_of(t), f->address)) {
		add_new(r, LEAF_FAILED, view_head(text_of(t), ADDRESS_MAX),
		    V("5.1.3 not an address"));
		return false;
	}
	if (view_ieq(view_of(f->address), account_of(f->at))) {
		add_mailbox(r, f->at);
		return false;
	}
	f->how = t->is_final ? EXPAND_FINAL : EXPAND_MEMBER;
	expand_start(q, r);
	return true;
}

/* True: an answer has to come first. */
static bool take(struct queue *q, struct rcpt *r, const struct target *t)
{
	struct view account = account_of(r->forwarding->at);
	if (t->kind == LEAF_FORWARD)
		return meet(q, r, text_of(t));
	if (t->kind == LEAF_ADDRESS)
		return follow(q, r, t);
	add_new(r, t->kind == LEAF_COMMAND ? LEAF_USER_COMMAND : LEAF_USER_FILE,
	    account, text_of(t));
	return false;
}

/* All files say together: the mailbox, where it is delivered to as it is. */
static bool is_mailbox(const struct forwarding *f)
{
	const struct rcpt *only = CONTAINER(f->leaves.next, struct rcpt, link);
	return !f->n_leaves ||
	       (f->n_leaves == 1 && only->r.kind == LEAF_ACCOUNT &&
		   view_eq(only->r.address, account_of(first_stop(f))));
}

static void finish(struct queue *q, struct rcpt *r)
{
	struct forwarding *f = r->forwarding;
	struct list leaves;
	size_t n = f->n_leaves;
	list_init(&leaves);
	if (is_mailbox(f)) {
		local_deliver(q, r, account_of(first_stop(f)));
		forwarding_end(q, r);
		return;
	}
	list_move_all(&leaves, &f->leaves);
	forwarding_end(q, r);
	expand_give(q, r, &leaves, n);
}

static void walk(struct queue *q, struct rcpt *r)
{
	struct forwarding *f = r->forwarding;
	while (f->at) {
		struct target *t =
		    LIST_POP(&f->at->targets, struct target, link);
		if (!t) {
			f->at->is_open = false;
			f->at = f->at->up;
			continue;
		}
		bool waits = take(q, r, t);
		free(t);
		if (waits)
			return;
	}
	finish(q, r);
}

static void refuse(const struct rcpt *r, struct view why)
{
	struct log_ctx ctx = queue_log(r->mail);
	LOG(&ctx, WARN, "forward.refused",
	    KV_VIEW("account", account_of(r->forwarding->at)),
	    KV_VIEW("reason", why));
}

/* It went this way before, and came back: by another host, or a command. */
static bool was_here(struct queue *q, const struct rcpt *r)
{
	const struct mail *m = r->mail;
	struct view body = V(""), account = forwarding_account(r);
	char *buffer = NULL;
	int fd = -1;
	int error = 0;
	if (m->e.is_spooled) {
		error = mail_body_open(q, m, &fd);
	} else {
		buffer = m->body ? NULL : must_alloc(QUEUE_BODY_MAX);
		error = mail_body_read(q, m, buffer, &body);
	}
	bool was =
	    !error && loop_was_delivered(body, fd, m->e.size_bytes, account);
	if (fd >= 0)
		close(fd);
	free(buffer);
	return was;
}

/* A file that does not count means the mailbox: no mail is lost by a mistake in
 * it. One that cannot be read now is asked again, below the first one as a
 * recipient of its own, so that nobody else's mail waits for it. */
void forwarding_on_read(
    struct queue *q, struct rcpt *r, uint8_t status, struct view text)
{
	struct stop *at = r->forwarding->at;
	bool is_first = !at->up;
	if (status == FORWARD_OK && at->is_over) {
		status = FORWARD_BAD;
		text = V("it names too much");
	}
	if (status == FORWARD_OK && was_here(q, r)) {
		status = FORWARD_NONE;
		log_circle(r, account_of(at));
	}
	if (status == FORWARD_OK && !list_empty(&at->targets)) {
		if (take_turn(q, r))
			walk(q, r);
		return;
	}
	drop_targets(at);
	if (status == FORWARD_BAD)
		refuse(r, text);
	if (status == FORWARD_TEMP && is_first) {
		forwarding_end(q, r);
		fate_temporary(q, r, text);
		return;
	}
	if (status == FORWARD_TEMP)
		add_new(r, LEAF_FORWARD, account_of(at), V(""));
	else
		add_mailbox(r, at);
	walk(q, r);
}

void forwarding_ask(const struct rcpt *r, struct msg_expand_ask *out)
{
	out->how = (uint8_t)r->forwarding->how;
	out->address = view_of(r->forwarding->address);
	out->sender = rcpt_sender(r);
}

void forwarding_on_leaves(struct queue *q, struct rcpt *r,
    enum address_kind kind, struct list *leaves)
{
	struct forwarding *f = r->forwarding;
	struct rcpt *leaf;
	list_remove(&r->work);
	if (kind != ADDRESS_ALIAS) {
		forwarding_end(q, r);
		fate_temporary(q, r,
		    V("4.3.0 the forward file's addresses cannot be looked up "
		      "now"));
		return;
	}
	while ((leaf = LIST_POP(leaves, struct rcpt, link))) {
		if (leaf->r.kind != LEAF_FORWARD) {
			add(f, leaf);
			continue;
		}
		push_target(f->at, LEAF_FORWARD, false, leaf->r.address, true);
		rcpt_free(leaf);
	}
	walk(q, r);
}
