#ifndef TESTS_FAKE_PROC_H
#define TESTS_FAKE_PROC_H
/* A process without processes: the functions of proc/ and net/ that a role's
 * body calls, here as a recorder of what it says and a hand that turns its
 * clock. They stand in for those of the library in this program. */
#include "base/clock.h"
#include "net/loop.h"
#include "proc/role.h"
#include "suite.h"
#include <fcntl.h>
#include <unistd.h>

enum {
	FAKE_SENT_MAX = 4096,
	FAKE_AGENTS_MAX = 64
};

struct peer {
	enum role_id role;
	const struct peer_events *events;
	void *ctx;
	bool is_freed;
};

struct sent {
	struct peer *to;
	struct msg m; /* views into bytes */
	char *bytes;
	int fd;
};

struct deferred {
	void (*fn)(void *ctx);
	void *ctx;
	bool is_due;
};

struct timer {
	void (*fn)(void *ctx);
	void *ctx;
	uint64_t at_ms, repeat_ms; /* 0: off */
};

struct proc {
	struct conf conf;
	void *state;
	struct peer monitor, auth, front, run, resolver, relay, fetch;
	struct peer agents[FAKE_AGENTS_MAX];
	bool has_auth, has_run, has_resolver, has_relay, has_fetch, has_exited;
	unsigned n_agents;
	struct deferred deferred[64];
	struct timer timers[64];
	unsigned n_deferred, n_timers;
	struct sent sent[FAKE_SENT_MAX];
	unsigned n_sent, n_seen;
	uint64_t now_ms;
	int64_t wall_s;
};

static struct proc fake;

struct loop *proc_loop(struct proc *p)
{
	(void)p;
	return NULL;
}

const struct conf *proc_conf(struct proc *p)
{
	return &p->conf;
}

struct peer *proc_monitor(struct proc *p)
{
	return &p->monitor;
}

struct peer *proc_peer(struct proc *p, enum role_id id)
{
	if (id == ROLE_RUN && p->has_run)
		return &p->run;
	if (id == ROLE_RESOLVER)
		return p->has_resolver ? &p->resolver : NULL;
	if (id == ROLE_RELAY)
		return p->has_relay ? &p->relay : NULL;
	if (id == ROLE_FETCH)
		return p->has_fetch ? &p->fetch : NULL;
	return id == ROLE_AUTH && p->has_auth ? &p->auth : NULL;
}

void proc_set_state(struct proc *p, void *state)
{
	p->state = state;
}

void *proc_state(struct proc *p)
{
	return p->state;
}

void proc_stats(struct proc *p, uint32_t sessions, uint64_t total)
{
	(void)p;
	(void)sessions;
	(void)total;
}

void proc_exit(struct proc *p)
{
	p->has_exited = true;
}

struct peer *peer_new(struct loop *l, int fd, enum role_id self,
    enum role_id other, unsigned index, const struct peer_events *events,
    void *ctx)
{
	(void)l;
	(void)self;
	(void)index;
	close(fd);
	ck_assert_uint_lt(fake.n_agents, FAKE_AGENTS_MAX);
	struct peer *p = &fake.agents[fake.n_agents++];
	*p = (struct peer){ other, events, ctx, false };
	return p;
}

void peer_send(struct peer *p, const struct msg *m, int fd)
{
	struct sent *s = &fake.sent[fake.n_sent++];
	size_t n;
	ck_assert_uint_le(fake.n_sent, FAKE_SENT_MAX);
	s->to = p;
	s->fd = fd;
	s->bytes = malloc(MSG_BYTES_MAX);
	ck_assert_int_eq(msg_rules[m->type].n_fds, fd >= 0);
	ck_assert_int_eq(msg_encode(m, s->bytes, MSG_BYTES_MAX, &n), 0);
	s->bytes = realloc(s->bytes, n);
	ck_assert_int_eq(msg_decode((struct view){ s->bytes, n }, &s->m), 0);
}

enum role_id peer_role(const struct peer *p)
{
	return p->role;
}

void peer_free(struct peer **p)
{
	if (*p)
		(*p)->is_freed = true;
	*p = NULL;
}

uint64_t loop_now_ms(struct loop *l)
{
	(void)l;
	return fake.now_ms;
}

int64_t clock_wall_s(void)
{
	return fake.wall_s;
}

struct deferred *deferred_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	(void)l;
	struct deferred *d = &fake.deferred[fake.n_deferred++];
	*d = (struct deferred){ fn, ctx, false };
	return d;
}

void deferred_schedule(struct deferred *d)
{
	d->is_due = true;
}

struct timer *timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	(void)l;
	struct timer *t = &fake.timers[fake.n_timers++];
	*t = (struct timer){ fn, ctx, 0, 0 };
	return t;
}

void timer_start(struct timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
	t->repeat_ms = repeat_ms;
	t->at_ms = fake.now_ms + (after_ms ? after_ms : 1);
}

void timer_stop(struct timer *t)
{
	t->at_ms = 0;
}

/* The end of a round of the loop, until it comes to rest. */
static inline void fake_round(void)
{
	for (bool again = true; again;) {
		again = false;
		for (unsigned i = 0; i < fake.n_deferred; i++) {
			struct deferred *d = &fake.deferred[i];
			if (!d->is_due)
				continue;
			d->is_due = false;
			d->fn(d->ctx);
			again = true;
		}
	}
}

/* Time passes in steps of the timers. */
static inline void fake_pass(uint64_t ms)
{
	uint64_t end = fake.now_ms + ms;
	for (;;) {
		struct timer *next = NULL;
		for (unsigned i = 0; i < fake.n_timers; i++) {
			struct timer *t = &fake.timers[i];
			if (t->at_ms && t->at_ms <= end &&
			    (!next || t->at_ms < next->at_ms))
				next = t;
		}
		uint64_t at = next ? next->at_ms : end;
		fake.wall_s += (int64_t)(at / 1000 - fake.now_ms / 1000);
		fake.now_ms = at;
		if (!next)
			return;
		next->at_ms = next->repeat_ms ? at + next->repeat_ms : 0;
		next->fn(next->ctx);
		fake_round();
	}
}

/* The next message that was sent and not looked at; NULL: none. */
static inline const struct sent *fake_next(void)
{
	return fake.n_seen < fake.n_sent ? &fake.sent[fake.n_seen++] : NULL;
}

static inline const struct sent *fake_expect_sent(enum msg_type type)
{
	ck_assert_msg(
	    fake.n_seen < fake.n_sent, "%s was not sent", msg_rules[type].name);
	const struct sent *s = &fake.sent[fake.n_seen++];
	ck_assert_str_eq(msg_rules[s->m.type].name, msg_rules[type].name);
	return s;
}

static inline const struct msg *fake_expect(enum msg_type type)
{
	return &fake_expect_sent(type)->m;
}

static inline void fake_reset(void)
{
	for (unsigned i = 0; i < fake.n_sent; i++) {
		free(fake.sent[i].bytes);
		if (fake.sent[i].fd >= 0)
			close(fake.sent[i].fd);
	}
	struct conf conf = fake.conf;
	uint64_t now_ms = fake.now_ms;
	int64_t wall_s = fake.wall_s;
	memset(&fake, 0, sizeof fake);
	fake.conf = conf;
	fake.now_ms = now_ms;
	fake.wall_s = wall_s;
	fake.monitor.role = ROLE_MONITOR;
	fake.auth.role = ROLE_AUTH;
	fake.front.role = ROLE_FRONT;
	fake.run.role = ROLE_RUN;
	fake.resolver.role = ROLE_RESOLVER;
	fake.relay.role = ROLE_RELAY;
	fake.has_auth = fake.has_resolver = fake.has_relay = true;
	fake.fetch.role = ROLE_FETCH;
}
#endif
