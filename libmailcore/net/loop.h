#ifndef NET_LOOP_H
#define NET_LOOP_H
/* The process's event loop (libuv) with no libuv in sight. Callbacks run on
 * one thread; nothing is freed between a callback's entry and its return. */
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop *loop_new(void);
void loop_free(struct loop **l); /* everything on it was closed before */
void loop_run(struct loop *l);   /* until loop_stop, or nothing is left */
void loop_stop(struct loop *l);
uint64_t loop_now_ms(struct loop *l); /* cached monotonic time */

struct timer;
struct timer *timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx);
void timer_start(struct timer *t, uint64_t after_ms, uint64_t repeat_ms);
void timer_stop(struct timer *t);
void timer_free(struct timer **t); /* no call comes after */

/* Calls fn when fd is readable (or writable); does not own fd. */
struct poll_handle;
struct poll_handle *poll_new(struct loop *l, int fd,
    void (*fn)(void *ctx, bool readable, bool writable), void *ctx);
void poll_want(struct poll_handle *p, bool read, bool write);
void poll_free(struct poll_handle **p); /* before the fd is closed */

/* Calls fn once, after all I/O of this round was handled: where work of many
 * inputs is done together (group commit, one write for many replies). */
struct deferred;
struct deferred *deferred_new(struct loop *l, void (*fn)(void *ctx), void *ctx);
void deferred_schedule(struct deferred *d); /* idempotent until it runs */
/* For what was prepared to be sent: before deferred work, which may take long,
 * and again behind it, before the loop waits or ends. */
void deferred_schedule_output(struct deferred *d);
void deferred_free(struct deferred **d);

/* Calls fn on a signal. */
struct signal_handle;
struct signal_handle *signal_new(
    struct loop *l, int signum, void (*fn)(void *ctx, int signum), void *ctx);
void signal_free(struct signal_handle **s);
#endif
