/* The shell of an agent.
 * runs as  mailstore, in one user's directory
 * can see  that user's mail, and nothing else
 * accepts  sessions from the monitor; the user's commands
 * sends    to the monitor: that it has nothing to do
 * dies     when told to; it asks for that when it was idle for agent_linger */
#include "proc/agent/agent.h"
#include "base/panic.h"
#include "proc/agent/damage.h"
#include "proc/agent/idle.h"
#include "proc/agent/quota.h"
#include "proc/agent/upkeep.h"
#include "store/mark.h"
#include <string.h>
#include <unistd.h>

enum {
	OUT_MARK = 256 * 1024,
	OUT_MAX = 16 << 20, /* one answer that cannot be cut */
	OUT_LOW = 64 * 1024,
	IN_MORE = 64 * 1024,
};

struct shell {
	struct proc *proc;
	const struct agent_protocol *protocol;
	struct store *store; /* NULL: it cannot be opened */
	int wake_fd;
	struct poll_handle *wake_poll;
	struct deferred *wake;
	struct deferred *turns; /* of sessions with long work */
	struct upkeep *upkeep;
	struct idle *idle; /* NULL: the protocol leaves nothing for it */
	struct timer *grace;
	struct session *sessions;
	struct session *origin; /* alone made the changes of this round */
	bool has_changes;
	uint64_t last_change;
	uint32_t n_sessions;
	uint64_t total;
	bool is_stopping;
};

struct session {
	struct session *next;
	struct shell *shell;
	struct agent_session s;
	struct log_ctx log;
	struct conn *conn;
	void *engine;
	struct buf pending; /* what the front had read, before what comes */
	bool is_ending, wants_turn;
	/* The engine is at work; and no reply was half sent before. */
	volatile bool is_busy, may_part;
	int fd;
	uint64_t started_ms;
	char remote[65];
};

static void end_process(struct shell *sh)
{
	if (sh->wake_poll)
		poll_free(&sh->wake_poll);
	if (sh->store)
		store_close(&sh->store);
	proc_exit(sh->proc);
}

static void finish(struct session *x)
{
	if (x->is_ending)
		return;
	x->is_ending = true;
	conn_finish(x->conn);
}

/* Damage. */

static void say_damaged(const struct shell *sh, int fd)
{
	struct view words = sh->protocol->damaged;
	ssize_t n = write(fd, words.p, words.n);
	(void)n; /* it is told, or not */
}

/* In the handler of a signal. */
static void part(void *ctx)
{
	const struct shell *sh = ctx;
	for (const struct session *x = sh->sessions; x; x = x->next) {
		bool may = x->is_busy
			       ? x->may_part
			       : conn_is_quiet(x->conn) && !x->wants_turn;
		if (may && !x->is_ending)
			say_damaged(sh, x->fd);
	}
}

/* Another process met damage, or mailctl store repair waits for us. */
static void end_if_marked(struct shell *sh)
{
	if (sh->store && mark_is_set("."))
		damage_leave();
}

/* Changes, by whomever. */

static void note_change(struct session *x)
{
	struct shell *sh = x->shell;
	if (!sh->store)
		return;
	uint64_t now = store_last_change(sh->store);
	if (now == sh->last_change)
		return;
	sh->last_change = now;
	/* Several made some: each has to hear of the others'. */
	sh->origin = sh->has_changes ? NULL : x;
	sh->has_changes = true;
	deferred_schedule(sh->wake);
}

static void on_wake(void *ctx)
{
	struct shell *sh = ctx;
	struct session *origin = sh->origin;
	sh->origin = NULL;
	sh->has_changes = false;
	if (sh->idle)
		idle_changed(sh->idle);
	for (struct session *x = sh->sessions; x; x = x->next) {
		if (x == origin || x->is_ending)
			continue;
		sh->protocol->wake(x->engine);
		note_change(x);
		conn_flush(x->conn);
	}
}

static void on_wake_fd(void *ctx, bool readable, bool writable)
{
	struct shell *sh = ctx;
	(void)readable;
	(void)writable;
	store_wake_drain(sh->wake_fd);
	end_if_marked(sh);
	sh->last_change = store_last_change(sh->store);
	sh->origin = NULL;
	sh->has_changes = true;
	deferred_schedule(sh->wake);
}

/* The connection of a session. */

static size_t give(struct session *x, struct view in)
{
	if (x->is_ending)
		return 0;
	x->may_part = conn_is_quiet(x->conn) && !x->wants_turn;
	x->is_busy = true;
	size_t n = x->shell->protocol->input(x->engine, in);
	x->is_busy = false;
	note_change(x);
	return n;
}

/* Gives what the front had read already. */
static void give_pending(struct session *x)
{
	size_t n = 1;
	while (buf_len(&x->pending) && n && !x->is_ending) {
		n = give(x, buf_view(&x->pending));
		buf_consume(&x->pending, n);
	}
	if (!buf_len(&x->pending))
		buf_deinit(&x->pending);
}

static size_t on_input(void *ctx, struct view in)
{
	struct session *x = ctx;
	if (!buf_len(&x->pending))
		return give(x, in);
	struct view part = view_head(in, buf_room(&x->pending));
	buf_put(&x->pending, part);
	give_pending(x);
	return part.n;
}

static void on_writable(void *ctx)
{
	struct session *x = ctx;
	if (x->is_ending)
		return;
	x->may_part = false;
	x->is_busy = true;
	x->shell->protocol->more(x->engine);
	x->is_busy = false;
	note_change(x);
	give_pending(x);
	if (!x->is_ending)
		conn_resume(x->conn);
}

static void on_turns(void *ctx)
{
	struct shell *sh = ctx;
	for (struct session *x = sh->sessions; x; x = x->next) {
		if (!x->wants_turn)
			continue;
		x->wants_turn = false;
		on_writable(x);
		conn_flush(x->conn);
	}
}

static void on_timeout(void *ctx)
{
	struct session *x = ctx;
	LOG(&x->log, INFO, "session.timeout", KV_STR("remote", x->remote));
	x->shell->protocol->timeout(x->engine);
	finish(x);
}

/* It comes again until there is nothing left to be answered. */
static void on_eof(void *ctx)
{
	struct session *x = ctx;
	if (buf_len(x->s.out))
		return;
	x->shell->protocol->more(x->engine);
	note_change(x);
	if (!buf_len(x->s.out))
		finish(x);
}

static void unlink_session(struct session *x)
{
	struct session **at = &x->shell->sessions;
	while (*at != x)
		at = &(*at)->next;
	*at = x->next;
}

static void on_closed(void *ctx, int why)
{
	struct session *x = ctx;
	struct shell *sh = x->shell;
	uint64_t now = loop_now_ms(proc_loop(sh->proc));
	if (x->engine)
		sh->protocol->close(x->engine);
	note_change(x); /* as POP3 removes messages last */
	if (sh->origin == x)
		sh->origin = NULL;
	unlink_session(x);
	LOG(&x->log, INFO, "session.end", KV_VIEW("account", x->s.account),
	    KV_STR("remote", x->remote),
	    KV_INT("seconds", (now - x->started_ms) / 1000),
	    KV_STR("why", why ? err_text(why) : "done"));
	buf_deinit(&x->pending);
	free(x);
	proc_stats(sh->proc, --sh->n_sessions, sh->total);
	agent_release(sh->proc);
	if (sh->is_stopping && !sh->sessions)
		end_process(sh);
}

static const struct conn_events events = {
	.on_input = on_input,
	.on_writable = on_writable,
	.on_timeout = on_timeout,
	.on_eof = on_eof,
	.on_closed = on_closed,
};

/* What engines call. */

void agent_session_finish(struct agent_session *s)
{
	finish(s->shell);
}

void agent_session_set_timeout(struct agent_session *s, uint32_t seconds)
{
	struct session *x = s->shell;
	conn_set_timeout(x->conn, (uint64_t)seconds * 1000);
}

void agent_session_again(struct agent_session *s)
{
	struct session *x = s->shell;
	x->wants_turn = true;
	deferred_schedule(x->shell->turns);
}

/* Sessions. */

static void open_store(struct shell *sh)
{
	const struct store_options options = {
		.create = true,
		.compress = strcmp(proc_conf(sh->proc)->compress, "zstd") == 0,
		.retention_s =
		    (uint32_t)proc_conf(sh->proc)->expunged_retention,
	};
	int error = store_open(".", &options, &sh->store);
	if (error) {
		LOG(NULL, ERROR, "store.unusable",
		    KV_VIEW("account", proc_account(sh->proc)),
		    KV_ERR("error", error));
		return;
	}
	sh->last_change = store_last_change(sh->store);
	error = store_wake_open(sh->store, &sh->wake_fd);
	if (error) {
		LOG(NULL, ERROR, "store.no-wake", KV_ERR("error", error));
		return;
	}
	sh->wake_poll =
	    poll_new(proc_loop(sh->proc), sh->wake_fd, on_wake_fd, sh);
	poll_want(sh->wake_poll, true, false);
}

static uint32_t timeout_of(const struct conf *conf, enum service service)
{
	bool pop3 = service == SERVICE_POP3 || service == SERVICE_POP3S;
	return (uint32_t)(pop3 ? conf->pop3_timeout : conf->imap_timeout);
}

static struct session *new_session(
    struct shell *sh, const struct msg_session *m, int fd)
{
	const struct conf *conf = proc_conf(sh->proc);
	const struct conn_options options = {
		(size_t)conf->imap_command_max + IN_MORE, OUT_MAX, OUT_LOW
	};
	struct session *x = MUST_NEW(struct session);
	x->conn = conn_new(proc_loop(sh->proc), fd, &options, &events, x);
	if (!x->conn) {
		free(x);
		return NULL;
	}
	struct view remote = view_head(m->remote, sizeof x->remote - 1);
	if (remote.n)
		memcpy(x->remote, remote.p, remote.n);
	x->shell = sh;
	x->fd = fd;
	x->started_ms = loop_now_ms(proc_loop(sh->proc));
	x->log = (struct log_ctx){ NULL, "session", m->session };
	buf_init(&x->pending, options.in_max);
	buf_put(&x->pending, m->pending);
	x->s = (struct agent_session){ sh->proc, sh->store, conn_out(x->conn),
		OUT_MARK, proc_account(sh->proc), view_of(x->remote),
		(enum service)m->service, (m->flags & SESSION_FLAG_TLS) != 0,
		&x->log, x };
	x->next = sh->sessions;
	sh->sessions = x;
	return x;
}

static void begin(struct session *x)
{
	struct shell *sh = x->shell;
	agent_session_set_timeout(
	    &x->s, timeout_of(proc_conf(sh->proc), x->s.service));
	LOG(&x->log, INFO, "session.open", KV_VIEW("account", x->s.account),
	    KV_STR("remote", x->remote),
	    KV_STR("service", service_name(x->s.service)));
	x->engine = sh->protocol->open(&x->s);
	if (x->engine)
		give_pending(x);
	else
		finish(x);
	conn_flush(x->conn);
}

void agent_on_session(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct shell *sh = proc_state(p);
	(void)from;
	if (m->session.service >= SERVICE_COUNT) {
		close(fd);
		return;
	}
	if (sh->store && mark_is_set("."))
		say_damaged(sh, fd);
	end_if_marked(sh);
	struct session *x = new_session(sh, &m->session, fd);
	if (!x)
		return;
	/* Now there is somebody to be told of damage. */
	if (!sh->store)
		open_store(sh);
	x->s.store = sh->store;
	if (sh->store) {
		const struct store_limits limits = quota_limits(p, &m->session);
		store_set_limits(sh->store, &limits);
	}
	agent_hold(p);
	sh->total++;
	proc_stats(p, ++sh->n_sessions, sh->total);
	begin(x);
}

/* Life. */

static void on_grace(void *ctx)
{
	end_process(ctx);
}

void agent_stop(struct proc *p, uint32_t grace_s)
{
	struct shell *sh = proc_state(p);
	sh->is_stopping = true;
	for (struct session *x = sh->sessions; x; x = x->next) {
		if (x->is_ending)
			continue;
		sh->protocol->bye(x->engine);
		finish(x);
	}
	if (!sh->sessions) {
		end_process(sh);
		return;
	}
	if (!sh->grace)
		sh->grace = timer_new(proc_loop(p), on_grace, sh);
	timer_start(sh->grace, (uint64_t)grace_s * 1000, 0);
}

int agent_start(struct proc *p, const struct agent_protocol *protocol)
{
	struct shell *sh = MUST_NEW(struct shell);
	sh->proc = p;
	sh->protocol = protocol;
	sh->wake_fd = -1;
	sh->wake = deferred_new(proc_loop(p), on_wake, sh);
	sh->turns = deferred_new(proc_loop(p), on_turns, sh);
	sh->upkeep = upkeep_new(p, &sh->store);
	if (protocol->idle)
		sh->idle = idle_new(p, &sh->store, protocol->idle);
	proc_set_state(p, sh);
	damage_guard(part, sh);
	return 0;
}
