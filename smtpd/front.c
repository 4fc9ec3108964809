/* front: speaks SMTP with the network.
 * runs as:  mailnet, in an empty directory, without files or private keys
 * can see:  its clients' sockets and what they send
 * accepts:  ADDRESS_IS and AUTH_* from auth; SUBMIT_RESULT, SPOOL_* and ROOM_IS
 *           from queued; SIGNED from keys
 * sends:    ADDRESS_ASK, AUTH_*; SUBMIT_*, SPOOL_ASK, ROOM_ASK; SIGN
 * dies when: its monitor says STOP or is gone */
#include "smtpd/front.h"
#include "base/clock.h"
#include "base/panic.h"
#include "base/rand.h"

enum {
	IN_MAX = 65536,
	REPLIES_MAX = 65536,
	OUT_LOW = 32768, /* above it no input is shown */
	OUT_MAX = OUT_LOW + 2 * REPLIES_MAX,
	REPLIES_KEPT = 1024,
	PATIENT_S = 3600,
	PROGRESS_OCTETS = 512, /* a command's length, when it is data */
	SWEEP_MS = 1000,
};

static void update_stats(struct front *f)
{
	proc_stats(f->proc, f->n_clients, f->n_messages);
}

/* Clients on this machine are no strangers, and may be many. */
static bool count_address(struct client *c)
{
	if (conn_is_loopback(c->conn))
		return true;
	c->is_counted =
	    per_client_add(&c->front->per_client, conn_remote(c->conn),
		(uint32_t)proc_conf(c->front->proc)->smtp_sessions_per_client);
	return c->is_counted;
}

static void add_client(struct front *f, struct client *c)
{
	c->next = f->clients;
	c->link = &f->clients;
	if (c->next)
		c->next->link = &c->next;
	f->clients = c;
	f->n_clients++;
	update_stats(f);
}

static void remove_client(struct client *c)
{
	struct front *f = c->front;
	if (c->is_counted)
		per_client_remove(&f->per_client, conn_remote(c->conn));
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	f->n_clients--;
	update_stats(f);
}

static void on_delay(void *ctx)
{
	struct client *c = ctx;
	smtp_session_delay_over(c->session, c->delay_token);
	ask_answered(c);
}

static void op_delay(void *ctx, uint64_t token, uint32_t ms)
{
	struct client *c = ctx;
	if (!c->delay)
		c->delay = timer_new(proc_loop(c->front->proc), on_delay, c);
	c->delay_token = token;
	timer_start(c->delay, ms, 0);
}

/* Octets that come one by one keep a connection busy; a command that is never
 * complete, or data that never ends, does not keep it open. */
static void note_progress(struct client *c)
{
	c->progress_ms = loop_now_ms(proc_loop(c->front->proc));
	c->taken = 0;
}

void front_flush(struct client *c)
{
	if (buf_len(&c->replies) == 0)
		return;
	note_progress(c);
	buf_put(conn_out(c->conn), buf_view(&c->replies));
	buf_reset(&c->replies);
	if (c->replies.cap > REPLIES_KEPT)
		buf_trim(&c->replies);
	conn_flush(c->conn);
}

static void op_start_tls(void *ctx)
{
	struct client *c = ctx;
	front_flush(c);
	conn_start_tls(c->conn, proc_tls(c->front->proc));
}

static void op_close(void *ctx)
{
	struct client *c = ctx;
	front_flush(c);
	conn_finish(c->conn);
}

static const struct smtp_ops session_ops = {
	.check_recipient = ask_check_recipient,
	.auth_start = ask_auth_start,
	.auth_next = ask_auth_next,
	.auth_cancel = ask_auth_cancel,
	.spool = submit_spool,
	.write = submit_write,
	.abort = submit_abort,
	.commit = submit_commit,
	.delay = op_delay,
	.start_tls = op_start_tls,
	.close = op_close,
};

static void greet(struct client *c)
{
	c->greeted = true;
	smtp_session_greet(c->session);
	front_flush(c);
}

static size_t on_input(void *ctx, struct view in)
{
	struct client *c = ctx;
	if (!c->greeted)
		return 0;
	size_t n = smtp_session_input(c->session, in, clock_wall_s());
	bool waits = smtp_session_is_waiting(c->session);
	c->has_input = n < in.n;
	c->taken += n;
	if (waits || c->taken >= PROGRESS_OCTETS)
		note_progress(c);
	c->stalled = buf_room(&c->replies) < SMTP_OUT_ROOM;
	/* An address is known in no time: what was answered before it can go
	 * out with it. */
	if (!waits || c->ask != ASK_ADDRESS)
		front_flush(c);
	return n;
}

static void on_writable(void *ctx)
{
	struct client *c = ctx;
	bool was_stalled = c->stalled;
	c->stalled = false;
	if (was_stalled)
		conn_resume(c->conn);
}

static void on_timeout(void *ctx)
{
	struct client *c = ctx;
	if (smtp_session_timeout(c->session))
		return;
	/* It waits for us, not we for it. */
	conn_set_timeout(
	    c->conn, (uint64_t)proc_conf(c->front->proc)->smtp_timeout * 1000);
}

/* Comes again when a request that is outstanding was answered, and when there
 * is room for replies again. */
static void on_eof(void *ctx)
{
	struct client *c = ctx;
	if (!smtp_session_is_waiting(c->session) && !c->stalled)
		conn_finish(c->conn);
}

static void on_tls(void *ctx, int error)
{
	struct client *c = ctx;
	char binding[64];
	if (error)
		return;
	struct smtp_tls tls = {
		.version = conn_tls_version(c->conn),
		.cipher = conn_tls_cipher(c->conn),
		.has_binding = conn_tls_binding(c->conn, binding) > 0,
	};
	smtp_session_tls_up(c->session, &tls);
	if (!c->greeted)
		greet(c);
}

static void exit_if_done(struct front *f)
{
	if (f->stopping && f->n_clients == 0)
		proc_exit(f->proc);
}

static void on_closed(void *ctx, int why)
{
	struct client *c = ctx;
	struct front *f = c->front;
	LOG(&c->log, DEBUG, "session.close",
	    KV_VIEW("remote", conn_remote(c->conn)),
	    KV_INT("messages", smtp_session_accepted(c->session)),
	    KV_INT("seconds",
		(loop_now_ms(proc_loop(f->proc)) - c->started_ms) / 1000),
	    KV_STR("reason", why ? err_text(why) : "done"));
	submit_forget(c);
	ask_auth_cancel(c);
	smtp_session_free(&c->session); /* gives up an open spool file */
	submit_close_spool(c);
	ask_end(c);
	timer_free(&c->delay);
	buf_deinit(&c->replies);
	remove_client(c);
	free(c);
	exit_if_done(f);
}

static const struct conn_events client_events = {
	.on_input = on_input,
	.on_writable = on_writable,
	.on_timeout = on_timeout,
	.on_eof = on_eof,
	.on_tls = on_tls,
	.on_closed = on_closed,
};

static const struct conn_options client_options = {
	.in_max = IN_MAX,
	.out_max = OUT_MAX,
	.out_low = OUT_LOW,
};

static bool tls_is_ready(const struct front *f)
{
	const struct tls_server *tls = proc_tls(f->proc);
	return tls && tls_server_ready(tls);
}

static void open_session(struct client *c, enum conf_tls tls)
{
	struct front *f = c->front;
	struct smtp_env env = {
		.ops = &session_ops,
		.ctx = c,
		.out = &c->replies,
		.limits = &f->limits,
		.log = &c->log,
		.id = c->id,
		.hostname = f->hostname,
		.remote = conn_remote(c->conn),
		.service = c->service,
		.is_loopback = conn_is_loopback(c->conn),
		.tls_available = tls == CONF_TLS_STARTTLS && tls_is_ready(f),
	};
	c->session = smtp_session_new(&env);
	LOG(&c->log, DEBUG, "session.open", KV_VIEW("remote", env.remote),
	    KV_STR("service", service_name(c->service)));
}

/* For who comes when there is no room: one line, and good-bye. */
static size_t drop_input(void *ctx, struct view in)
{
	(void)ctx;
	return in.n;
}

static void ignore(void *ctx)
{
	(void)ctx;
}

static void ignore_error(void *ctx, int error)
{
	(void)ctx;
	(void)error;
}

static const struct conn_events refused_events = {
	.on_input = drop_input,
	.on_writable = ignore,
	.on_timeout = ignore,
	.on_eof = ignore,
	.on_tls = ignore_error,
	.on_closed = ignore_error,
};

static void refuse(struct front *f, int fd, enum conf_tls tls)
{
	struct conn *conn = conn_new(
	    proc_loop(f->proc), fd, &client_options, &refused_events, NULL);
	LOG(NULL, INFO, "session.reject", KV_VIEW("remote", conn_remote(conn)),
	    KV_STR("reason",
		f->stopping ? "shutting down" : "too many connections"));
	if (tls != CONF_TLS_IMPLICIT)
		buf_put(conn_out(conn),
		    V("421 4.7.0 Too many connections, try again later\r\n"));
	conn_finish(conn);
}

static void begin(struct client *c, enum conf_tls tls)
{
	struct front *f = c->front;
	conn_set_timeout(
	    c->conn, (uint64_t)proc_conf(f->proc)->smtp_timeout * 1000);
	if (tls != CONF_TLS_IMPLICIT) {
		greet(c);
	} else if (tls_is_ready(f)) {
		conn_start_tls(c->conn, proc_tls(f->proc));
	} else {
		LOG(&c->log, ERROR, "tls.none",
		    KV_STR("service", service_name(c->service)));
		conn_close(c->conn);
	}
}

static void front_accept(
    struct proc *p, int fd, enum service service, enum conf_tls tls)
{
	struct front *f = proc_state(p);
	if (f->stopping || f->n_clients >= proc_conf(p)->smtp_sessions_max) {
		refuse(f, fd, tls);
		return;
	}
	struct client *c = MUST_NEW(struct client);
	*c = (struct client){ .front = f,
		.id = rand_u64(),
		.started_ms = loop_now_ms(proc_loop(p)),
		.progress_ms = loop_now_ms(proc_loop(p)),
		.spool_fd = -1,
		.service = service };
	c->log = (struct log_ctx){ NULL, "session", c->id };
	buf_init(&c->replies, REPLIES_MAX);
	c->conn =
	    conn_new(proc_loop(p), fd, &client_options, &client_events, c);
	add_client(f, c);
	open_session(c, tls);
	if (count_address(c)) {
		begin(c, tls);
		return;
	}
	LOG(&c->log, INFO, "session.reject",
	    KV_VIEW("remote", conn_remote(c->conn)),
	    KV_STR("reason", "too many connections of this address"));
	if (tls != CONF_TLS_IMPLICIT)
		buf_put(conn_out(c->conn),
		    V("421 4.7.0 Too many connections of yours\r\n"));
	conn_finish(c->conn);
}

static void set_limits(struct front *f)
{
	const struct conf *conf = proc_conf(f->proc);
	struct view insecure = view_of(conf->submission_insecure_auth);
	f->hostname = view_of(conf->hostname);
	f->limits = (struct smtp_limits){
		.message_bytes = (uint64_t)conf->message_size_limit,
		.header_bytes = (uint64_t)conf->header_bytes_max,
		.recipients = (uint32_t)conf->recipients_max,
		.hops = (uint32_t)conf->hops_max,
		.errors = (uint32_t)conf->smtp_errors_max,
		.auth_failures = (uint32_t)conf->login_failures_max,
		.auth_delay_ms = (uint32_t)conf->login_failure_delay * 1000,
		.bare_newline = conf->bare_newline_fix ? BARE_NEWLINE_FIX
						       : BARE_NEWLINE_REFUSE,
		.smtputf8 = conf->smtputf8,
		.loopback_auth = view_eq(insecure, V("loopback")),
		.full_is_permanent =
		    view_eq(view_of(conf->quota_reply), V("permanent")),
	};
}

static void on_work(void *ctx)
{
	submit_work(ctx);
}

static void each_client(struct front *f, void (*fn)(struct client *c))
{
	for (struct client *c = f->clients, *next; c; c = next) {
		next = c->next;
		fn(c);
	}
}

static void end_if_slow(struct client *c)
{
	uint64_t now = loop_now_ms(proc_loop(c->front->proc));
	uint64_t most =
	    (uint64_t)proc_conf(c->front->proc)->smtp_timeout * 1000;
	if (now - c->progress_ms < most)
		return;
	if (!c->greeted)
		conn_close(c->conn);
	else if (!smtp_session_timeout(c->session))
		note_progress(c); /* it waits for us */
}

static void on_sweep(void *ctx)
{
	each_client(ctx, end_if_slow);
}

static int front_start(struct proc *p)
{
	struct front *f = MUST_NEW(struct front);
	f->proc = p;
	f->todo_last = &f->todo;
	f->work = deferred_new(proc_loop(p), on_work, f);
	f->sweep = timer_new(proc_loop(p), on_sweep, f);
	timer_start(f->sweep, SWEEP_MS, SWEEP_MS);
	per_client_init(&f->per_client);
	idtab_init(&f->asked, (uint32_t)proc_conf(p)->smtp_sessions_max);
	set_limits(f);
	proc_set_state(p, f);
	return 0;
}

static void fail_asked_auth(uint64_t id, void *object, void *ctx)
{
	struct client *c = object;
	(void)id;
	(void)ctx;
	if (c->ask == ASK_ADDRESS || c->ask == ASK_AUTH)
		ask_fail(c);
}

static void front_peer_down(struct proc *p, struct peer *peer)
{
	struct front *f = proc_state(p);
	if (peer_role(peer) == ROLE_QUEUE)
		submit_queue_down(f);
	else if (peer_role(peer) == ROLE_AUTH)
		idtab_each(&f->asked, fail_asked_auth, NULL);
}

static void stop_client(struct client *c)
{
	if (c->greeted)
		smtp_session_stop(c->session);
	else
		conn_close(c->conn);
}

static void close_client(struct client *c)
{
	conn_close(c->conn);
}

static void on_grace_over(void *ctx)
{
	each_client(ctx, close_client);
}

static void front_stop(struct proc *p, uint32_t grace_s)
{
	struct front *f = proc_state(p);
	f->stopping = true;
	/* After a reload, with much time, sessions go on to their end. A second
	 * STOP may come with less. */
	if (grace_s < PATIENT_S)
		each_client(f, stop_client);
	if (!f->grace)
		f->grace = timer_new(proc_loop(p), on_grace_over, f);
	timer_start(f->grace, (uint64_t)grace_s * 1000, 0);
	exit_if_done(f);
}

const struct role_ops front_ops = {
	.start = front_start,
	.peer_down = front_peer_down,
	.accept = front_accept,
	.stop = front_stop,
	.on = {
		[MSG_ADDRESS_IS] = ask_on_message,
		[MSG_AUTH_CHALLENGE] = ask_on_message,
		[MSG_AUTH_RESULT] = ask_on_message,
		[MSG_ROOM_IS] = ask_on_message,
		[MSG_SUBMIT_RESULT] = submit_on_message,
		[MSG_SPOOL_NONE] = submit_on_message,
		[MSG_SPOOL_IS] = submit_on_spool,
	},
};
