#ifndef TESTS_SMTPD_FAKE_WORLD_H
#define TESTS_SMTPD_FAKE_WORLD_H
/* The functions of proc/ and net/ that the front calls, as a recorder and a
 * hand: connections without sockets, peers that note what they are told. They
 * stand in for those of the library in this program. */
#include "net/conn.h"
#include "proc/role.h"
#include "suite.h"
#include <fcntl.h>
#include <unistd.h>

enum {
	FAKE_SENT_MAX = 8192
};

struct conn {
	const struct conn_events *events;
	void *ctx;
	struct buf in, out;
	char remote[64];
	uint64_t timeout_ms;
	bool is_finished, is_closed, has_tls, tls_wanted;
};

struct peer {
	enum role_id role;
};

struct timer {
	void (*fn)(void *ctx);
	void *ctx;
	bool is_on;
};

struct deferred {
	void (*fn)(void *ctx);
	void *ctx;
	bool is_due;
};

struct sent {
	struct msg m; /* views into bytes */
	char *bytes;
};

struct proc {
	struct conf conf;
	void *state;
	struct peer auth, queue;
	bool has_auth, has_queue, has_exited;
	struct deferred deferred;
	struct timer *last_timer;
	struct conn *last_conn;
	struct sent sent[FAKE_SENT_MAX];
	unsigned n_sent, n_seen;
	size_t backlog;
	const char *remote; /* of the next connection */
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

struct peer *proc_peer(struct proc *p, enum role_id id)
{
	if (id == ROLE_AUTH)
		return p->has_auth ? &p->auth : NULL;
	return p->has_queue ? &p->queue : NULL;
}

struct tls_server *proc_tls(struct proc *p)
{
	(void)p;
	return NULL;
}

bool tls_server_ready(const struct tls_server *s)
{
	(void)s;
	return false;
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

void peer_send(struct peer *p, const struct msg *m, int fd)
{
	size_t n;
	(void)p;
	ck_assert_uint_lt(fake.n_sent, FAKE_SENT_MAX);
	ck_assert_int_lt(fd, 0);
	struct sent *s = &fake.sent[fake.n_sent++];
	s->bytes = malloc(MSG_BYTES_MAX);
	ck_assert_int_eq(msg_encode(m, s->bytes, MSG_BYTES_MAX, &n), 0);
	s->bytes = realloc(s->bytes, n);
	ck_assert_int_eq(msg_decode((struct view){ s->bytes, n }, &s->m), 0);
}

size_t peer_backlog(const struct peer *p)
{
	(void)p;
	return fake.backlog;
}

enum role_id peer_role(const struct peer *p)
{
	return p->role;
}

uint64_t loop_now_ms(struct loop *l)
{
	(void)l;
	return 1000;
}

struct deferred *deferred_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	(void)l;
	fake.deferred = (struct deferred){ fn, ctx, false };
	return &fake.deferred;
}

void deferred_schedule(struct deferred *d)
{
	d->is_due = true;
}

struct timer *timer_new(struct loop *l, void (*fn)(void *ctx), void *ctx)
{
	(void)l;
	fake.last_timer = calloc(1, sizeof *fake.last_timer);
	*fake.last_timer = (struct timer){ fn, ctx, false };
	return fake.last_timer;
}

void timer_start(struct timer *t, uint64_t after_ms, uint64_t repeat_ms)
{
	(void)after_ms;
	(void)repeat_ms;
	t->is_on = true;
}

void timer_free(struct timer **t)
{
	free(*t);
	*t = NULL;
}

struct conn *conn_new(struct loop *l, int fd,
    const struct conn_options *options, const struct conn_events *events,
    void *ctx)
{
	struct conn *c = calloc(1, sizeof *c);
	(void)l;
	(void)fd;
	c->events = events;
	c->ctx = ctx;
	buf_init(&c->in, 8 << 20);
	buf_init(&c->out, options->out_max);
	snprintf(c->remote, sizeof c->remote, "%s", fake.remote);
	fake.last_conn = c;
	return c;
}

struct buf *conn_out(struct conn *c)
{
	return &c->out;
}

void conn_flush(struct conn *c)
{
	(void)c;
}

/* The real one does it from the loop; the front must not mind either. */
void conn_resume(struct conn *c)
{
	if (c->is_closed || c->is_finished)
		return;
	size_t n = c->events->on_input(c->ctx, buf_view(&c->in));
	buf_consume(&c->in, n);
}

void conn_set_timeout(struct conn *c, uint64_t ms)
{
	c->timeout_ms = ms;
}

void conn_close(struct conn *c)
{
	c->is_closed = true;
}

void conn_finish(struct conn *c)
{
	c->is_finished = true;
}

void conn_start_tls(struct conn *c, struct tls_server *tls)
{
	(void)tls;
	c->tls_wanted = true;
}

bool conn_has_tls(const struct conn *c)
{
	return c->has_tls;
}

struct view conn_tls_version(const struct conn *c)
{
	return c->has_tls ? V("TLSv1.3") : V("");
}

struct view conn_tls_cipher(const struct conn *c)
{
	return c->has_tls ? V("TLS_AES_256_GCM_SHA384") : V("");
}

size_t conn_tls_binding(const struct conn *c, char out[64])
{
	memset(out, 'b', 32);
	return c->has_tls ? 32 : 0;
}

struct view conn_remote(const struct conn *c)
{
	return view_of(c->remote);
}

bool conn_is_loopback(const struct conn *c)
{
	return view_starts(conn_remote(c), V("127."));
}

/* The end of a round: what was put off is done, who is through is gone. */
static inline void fake_round(void)
{
	while (fake.deferred.is_due) {
		fake.deferred.is_due = false;
		fake.deferred.fn(fake.deferred.ctx);
	}
}

static inline void fake_hang_up(struct conn *c)
{
	c->is_closed = true;
	c->events->on_closed(c->ctx, 0);
	buf_deinit(&c->in);
	buf_deinit(&c->out);
	free(c);
}

static inline void fake_say(struct conn *c, struct view v)
{
	buf_put(&c->in, v);
	ck_assert_int_eq(buf_error(&c->in), 0);
	conn_resume(c);
	fake_round();
}

/* All that the client was told since the last call ends like this. */
static inline void fake_hears(struct conn *c, const char *end)
{
	struct view v = buf_view(&c->out), want = view_of(end);
	ck_assert_msg(
	    v.n >= want.n && view_eq(view_skip(v, v.n - want.n), want),
	    "heard \"%.*s\", want \"%s\"", (int)v.n, v.p, end);
	buf_reset(&c->out);
}

static inline const struct msg *fake_expect(enum msg_type type)
{
	ck_assert_msg(
	    fake.n_seen < fake.n_sent, "%s was not sent", msg_rules[type].name);
	const struct sent *s = &fake.sent[fake.n_seen++];
	ck_assert_str_eq(msg_rules[s->m.type].name, msg_rules[type].name);
	return &s->m;
}

static inline void fake_expect_nothing(void)
{
	ck_assert_uint_eq(fake.n_seen, fake.n_sent);
}

static inline void fake_reset(void)
{
	for (unsigned i = 0; i < fake.n_sent; i++)
		free(fake.sent[i].bytes);
	memset(&fake, 0, sizeof fake);
	fake.auth.role = ROLE_AUTH;
	fake.queue.role = ROLE_QUEUE;
	fake.has_auth = fake.has_queue = true;
	fake.remote = "192.0.2.1";
}
#endif
