#include "queued/resolver/dns_events.h"
#include "base/panic.h"
#include <stdlib.h>
#include <sys/time.h>

struct dns_events {
	struct ub_event_base base;
	struct loop *loop;
};

struct event {
	struct ub_event super;
	struct loop *loop;
	struct poll_handle *poll; /* while it waits for fd */
	struct timer *timer;      /* from its first use on */
	int fd;
	short bits;
	void (*fn)(int fd, short bits, void *arg);
	void *arg;
};

enum {
	IO_BITS = UB_EV_READ | UB_EV_WRITE
};

static struct event *event_of(struct ub_event *super)
{
	return (struct event *)super; /* its first member */
}

static void stop(struct event *e)
{
	if (e->poll)
		poll_free(&e->poll);
	if (e->timer)
		timer_stop(e->timer);
}

/* fn may free the event. */
static void fire(struct event *e, short bits)
{
	if (!(e->bits & UB_EV_PERSIST))
		stop(e);
	e->fn(e->fd, bits, e->arg);
}

static void on_poll(void *ctx, bool readable, bool writable)
{
	struct event *e = ctx;
	int bits = (readable ? UB_EV_READ : 0) | (writable ? UB_EV_WRITE : 0);
	bits &= e->bits;
	if (bits)
		fire(e, (short)bits);
}

static void on_timer(void *ctx)
{
	fire(ctx, UB_EV_TIMEOUT);
}

static void start_timer(struct event *e, const struct timeval *after)
{
	uint64_t ms =
	    (uint64_t)after->tv_sec * 1000 + (uint64_t)after->tv_usec / 1000;
	if (!e->timer)
		e->timer = timer_new(e->loop, on_timer, e);
	timer_start(e->timer, ms, 0);
}

static void add_bits(struct ub_event *super, short bits)
{
	event_of(super)->bits |= bits;
}

static void del_bits(struct ub_event *super, short bits)
{
	event_of(super)->bits &= (short)~bits;
}

static void set_fd(struct ub_event *super, int fd)
{
	event_of(super)->fd = fd;
}

static void event_free(struct ub_event *super)
{
	struct event *e = event_of(super);
	stop(e);
	if (e->timer)
		timer_free(&e->timer);
	free(e);
}

static int event_add(struct ub_event *super, struct timeval *after)
{
	struct event *e = event_of(super);
	stop(e);
	if (e->fd >= 0 && e->bits & IO_BITS) {
		e->poll = poll_new(e->loop, e->fd, on_poll, e);
		if (!e->poll)
			return -1;
		poll_want(e->poll, e->bits & UB_EV_READ, e->bits & UB_EV_WRITE);
	}
	if (after && e->bits & UB_EV_TIMEOUT)
		start_timer(e, after);
	return 0;
}

static int event_del(struct ub_event *super)
{
	stop(event_of(super));
	return 0;
}

static int add_timer(struct ub_event *super, struct ub_event_base *base,
    void (*fn)(int, short, void *), void *arg, struct timeval *after)
{
	struct event *e = event_of(super);
	(void)base;
	e->fn = fn;
	e->arg = arg;
	start_timer(e, after);
	return 0;
}

static int no_signal_add(struct ub_event *super, struct timeval *after)
{
	(void)super;
	(void)after;
	return -1;
}

static int no_signal_del(struct ub_event *super)
{
	(void)super;
	return -1;
}

static void no_windows_event(struct ub_event *super)
{
	(void)super;
}

static void no_windows_block(struct ub_event *super, int bit)
{
	(void)super;
	(void)bit;
}

/* libunbound's types are not const; it does not write there. */
static struct ub_event_vmt *event_methods(void)
{
	static struct ub_event_vmt methods = {
		.add_bits = add_bits,
		.del_bits = del_bits,
		.set_fd = set_fd,
		.free = event_free,
		.add = event_add,
		.del = event_del,
		.add_timer = add_timer,
		.del_timer = event_del,
		.add_signal = no_signal_add,
		.del_signal = no_signal_del,
		.winsock_unregister_wsaevent = no_windows_event,
		.winsock_tcp_wouldblock = no_windows_block,
	};
	return &methods;
}

static struct ub_event *new_event(struct ub_event_base *base, int fd,
    short bits, void (*fn)(int, short, void *), void *arg)
{
	struct dns_events *all = (struct dns_events *)base;
	struct event *e = MUST_NEW(struct event);
	e->super.magic = UB_EVENT_MAGIC;
	e->super.vmt = event_methods();
	e->loop = all->loop;
	e->fd = fd;
	e->bits = bits;
	e->fn = fn;
	e->arg = arg;
	return &e->super;
}

static struct ub_event *no_signal(struct ub_event_base *base, int signum,
    void (*fn)(int, short, void *), void *arg)
{
	(void)base;
	(void)signum;
	(void)fn;
	(void)arg;
	return NULL;
}

static struct ub_event *no_windows(struct ub_event_base *base, void *handle,
    void (*fn)(int, short, void *), void *arg)
{
	(void)base;
	(void)handle;
	(void)fn;
	(void)arg;
	return NULL;
}

static void base_free(struct ub_event_base *base)
{
	(void)base;
}

static int base_run(struct ub_event_base *base)
{
	(void)base;
	return -1;
}

static int base_exit(struct ub_event_base *base, struct timeval *after)
{
	(void)base;
	(void)after;
	return 0;
}

static struct ub_event_base_vmt *base_methods(void)
{
	static struct ub_event_base_vmt methods = {
		.free = base_free,
		.dispatch = base_run,
		.loopexit = base_exit,
		.new_event = new_event,
		.new_signal = no_signal,
		.winsock_register_wsaevent = no_windows,
	};
	return &methods;
}

struct dns_events *dns_events_new(struct loop *l)
{
	struct dns_events *e = MUST_NEW(struct dns_events);
	e->base.magic = UB_EVENT_MAGIC;
	e->base.vmt = base_methods();
	e->loop = l;
	return e;
}

void dns_events_free(struct dns_events **e)
{
	free(*e);
	*e = NULL;
}

struct ub_event_base *dns_events_base(struct dns_events *e)
{
	return &e->base;
}
