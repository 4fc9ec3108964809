#include "net/loop.h"
#include "base/panic.h"
#include "net/loop_uv.h"
#include <stdlib.h>

struct grave {
	struct grave *next;
	void *p;
};

struct loop {
	uv_loop_t uv;
	uv_check_t check; /* runs deferred work after the I/O of a round */
	uv_idle_t idle;   /* active: a round does not wait */
	uv_prepare_t prepare;
	struct deferred *first, **last;
	struct deferred *output;
	struct grave *graves;
	char *scratch[SCRATCH_COUNT];
};

struct timer {
	uv_timer_t uv;
	void (*fn)(void *ctx);
	void *ctx;
};

struct poll_handle {
	uv_poll_t uv;
	void (*fn)(void *ctx, bool readable, bool writable);
	void *ctx;
	int wanted; /* UV_READABLE | UV_WRITABLE */
	bool freed;
};

struct deferred {
	struct deferred *next;
	struct loop *loop;
	void (*fn)(void *ctx); /* NULL: freed */
	void *ctx;
	bool scheduled;
};

struct signal_handle {
	uv_signal_t uv;
	void (*fn)(void *ctx, int signum);
	void *ctx;
};

static void bury(struct loop *l)
{
	while (l->graves) {
		struct grave *g = l->graves;
		l->graves = g->next;
		free(g->p);
		free(g);
	}
}

static void deferred_run(struct loop *l, struct deferred *d)
{
	for (struct deferred *next; d; d = next) {
		next = d->next;
		d->scheduled = false;
		if (d->fn)
			d->fn(d->ctx);
		else
			loop_free_later(l, d);
	}
}

static void run_output(struct loop *l)
{
	struct deferred *output = l->output;
	l->output = NULL;
	deferred_run(l, output);
}

static struct deferred *deferred_take_all(struct loop *l)
{
	struct deferred *first = l->first;
	l->first = NULL;
	l->last = &l->first;
	return first;
}

/* What is scheduled meanwhile runs in the next round, so that descriptors get
 * their turn. */
static void on_check(uv_check_t *check)
{
	struct loop *l = check->data;
	run_output(l);
	deferred_run(l, deferred_take_all(l));
	if (!l->first)
		uv_idle_stop(&l->idle);
	bury(l);
}

static void on_prepare(uv_prepare_t *prepare)
{
	run_output(prepare->data);
}

static void on_idle(uv_idle_t *idle)
{
	(void)idle;
}

struct loop *loop_new(void)
{
	struct loop *l = MUST_NEW(struct loop);
	int error = uv_loop_init(&l->uv);
	if (error)
		fatal("cannot make an event loop: %s", uv_strerror(error));
	uv_check_init(&l->uv, &l->check);
	l->check.data = l;
	uv_check_start(&l->check, on_check);
	uv_unref((uv_handle_t *)&l->check);
	uv_idle_init(&l->uv, &l->idle);
	uv_prepare_init(&l->uv, &l->prepare);
	l->prepare.data = l;
	uv_prepare_start(&l->prepare, on_prepare);
	uv_unref((uv_handle_t *)&l->prepare);
	l->last = &l->first;
	return l;
}

void loop_free(struct loop **l)
{
	struct loop *dead = *l;
	if (!dead)
		return;
	uv_run(&dead->uv, UV_RUN_NOWAIT);
	uv_close((uv_handle_t *)&dead->check, NULL);
	uv_close((uv_handle_t *)&dead->idle, NULL);
	uv_close((uv_handle_t *)&dead->prepare, NULL);
	while (uv_run(&dead->uv, UV_RUN_NOWAIT))
		;
	mc_assert(uv_loop_close(&dead->uv) == 0);
	run_output(dead);
	bury(dead);
	for (int i = 0; i < SCRATCH_COUNT; i++)
		free(dead->scratch[i]);
	free(dead);
	*l = NULL;
}

void loop_run(struct loop *l)
{
	uv_run(&l->uv, UV_RUN_DEFAULT);
	run_output(l);
}

void loop_stop(struct loop *l)
{
	uv_stop(&l->uv);
}

uint64_t loop_now_ms(struct loop *l)
{
	return uv_now(&l->uv);
}

uv_loop_t *loop_uv(struct loop *l)
{
	return &l->uv;
}

char *loop_scratch(struct loop *l, enum loop_scratch which)
{
	/* Not zeroed: most processes never touch most of it. */
	if (!l->scratch[which])
		l->scratch[which] = malloc(SCRATCH_BYTES);
	if (!l->scratch[which])
		fatal("out of memory");
	return l->scratch[which];
}

void loop_free_later(struct loop *l, void *p)
{
	struct grave *g = MUST_NEW(struct grave);
	*g = (struct grave){ l->graves, p };
	l->graves = g;
}

/* Timers */

static void on_timer(uv_timer_t *uv)
{
	struct timer *t = uv->data;
	t->fn(t->ctx);
}

struct timer *timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct timer *t = MUST_NEW(struct timer);
	uv_timer_init(&l->uv, &t->uv);
	t->uv.data = t;
	t->fn = fn;
	t->ctx = ctx;
	return t;
}

void timer_start(struct timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
	uv_timer_start(&t->uv, on_timer, after_ms, repeat_ms);
}

void timer_stop(struct timer *t)
{
	uv_timer_stop(&t->uv);
}

static void on_handle_closed(uv_handle_t *uv)
{
	free(uv->data);
}

void timer_free(struct timer **t)
{
	if (*t)
		uv_close((uv_handle_t *)&(*t)->uv, on_handle_closed);
	*t = NULL;
}

/* Descriptors */

static void on_poll(uv_poll_t *uv, int status, int events);

static void poll_start(struct poll_handle *p)
{
	if (p->wanted)
		uv_poll_start(&p->uv, p->wanted, on_poll);
	else
		uv_poll_stop(&p->uv);
}

/* On an error libuv stops polling. The owner learns what it is by reading or
 * writing; what is left to be read before it must still be readable. */
static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct poll_handle *p = uv->data;
	bool broken = status < 0;
	p->fn(p->ctx, broken || events & UV_READABLE,
	    broken || events & UV_WRITABLE);
	if (broken && !p->freed)
		poll_start(p);
}

struct poll_handle *poll_new(struct loop *l, int fd,
    void (*fn)(void *ctx, bool readable, bool writable), void *ctx)
{
	struct poll_handle *p = MUST_NEW(struct poll_handle);
	if (uv_poll_init(&l->uv, &p->uv, fd)) {
		free(p);
		return NULL;
	}
	p->uv.data = p;
	p->fn = fn;
	p->ctx = ctx;
	return p;
}

void poll_want(struct poll_handle *p, bool read, bool write)
{
	int wanted = (read ? UV_READABLE : 0) | (write ? UV_WRITABLE : 0);
	if (wanted == p->wanted)
		return;
	p->wanted = wanted;
	poll_start(p);
}

void poll_free(struct poll_handle **p)
{
	if (*p) {
		(*p)->freed = true;
		uv_close((uv_handle_t *)&(*p)->uv, on_handle_closed);
	}
	*p = NULL;
}

/* Deferred work */

struct deferred *deferred_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	struct deferred *d = MUST_NEW(struct deferred);
	*d = (struct deferred){ .loop = l, .fn = fn, .ctx = ctx };
	return d;
}

void deferred_schedule(struct deferred *d)
{
	struct loop *l = d->loop;
	if (d->scheduled)
		return;
	if (!l->first)
		uv_idle_start(&l->idle, on_idle);
	d->scheduled = true;
	d->next = NULL;
	*l->last = d;
	l->last = &d->next;
}

void deferred_schedule_output(struct deferred *d)
{
	if (d->scheduled)
		return;
	d->scheduled = true;
	d->next = d->loop->output;
	d->loop->output = d;
}

void deferred_free(struct deferred **d)
{
	struct deferred *dead = *d;
	*d = NULL;
	if (!dead)
		return;
	dead->fn = NULL;
	if (!dead->scheduled)
		loop_free_later(dead->loop, dead);
}

/* Signals */

static void on_signal(uv_signal_t *uv, int signum)
{
	struct signal_handle *s = uv->data;
	s->fn(s->ctx, signum);
}

struct signal_handle *signal_new(
    struct loop *l, int signum, void (*fn)(void *ctx, int signum), void *ctx)
{
	struct signal_handle *s = MUST_NEW(struct signal_handle);
	int error = uv_signal_init(&l->uv, &s->uv);
	if (!error)
		error = uv_signal_start(&s->uv, on_signal, signum);
	if (error)
		fatal("cannot watch signal %d: %s", signum, uv_strerror(error));
	s->uv.data = s;
	s->fn = fn;
	s->ctx = ctx;
	return s;
}

void signal_free(struct signal_handle **s)
{
	if (*s)
		uv_close((uv_handle_t *)&(*s)->uv, on_handle_closed);
	*s = NULL;
}
