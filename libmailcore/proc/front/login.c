/* The login part of a front.
 * runs as  mailnet, in an empty directory
 * can see  clients' bytes until they are logged in; TLS of all its sessions
 * accepts  answers of auth; refusals of the monitor
 * sends    passwords to auth, digests to keys, sessions to the monitor
 * dies     after its last session when told to stop */
#include "base/panic.h"
#include "base/rand.h"
#include "proc/front/login_state.h"
#include "proc/front/parting.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	IN_MAX = 32768, /* a line of AUTHENTICATE is up to 16 KiB */
	OUT_MAX = 65536,
	OUT_LOW = 8192,
	PENDING_MAX = 65536,
	RETRY_MS = 20,
};

static const struct login_ops ops;
static const struct conn_events events;

static void tell_stats(struct login *l)
{
	proc_stats(l->proc, idtab_count(&l->clients), l->total);
}

static void free_client(struct client *c)
{
	struct login *l = c->login;
	if (c->engine)
		l->protocol->close(c->engine);
	if (c->later)
		timer_free(&c->later);
	if (c->is_counted)
		per_client_remove(&l->per_client, view_of(c->remote));
	idtab_remove(&l->clients, c->id);
	free(c);
	tell_stats(l);
	if (l->is_stopping && idtab_count(&l->clients) == 0)
		proc_exit(l->proc);
}

static void finish(struct client *c)
{
	if (c->state == CLIENT_END)
		return;
	c->state = CLIENT_END;
	conn_finish(c->conn);
}

void login_say_bye(struct client *c, const char *why)
{
	if (c->state == CLIENT_END)
		return;
	if (c->engine)
		c->login->protocol->bye(c->engine, why);
	finish(c);
}

/* Handing over. */

static void send_handoff(struct client *c, struct view pending, int fd)
{
	struct msg out = { .type = MSG_HANDOFF,
		.handoff = { c->session, (uint8_t)c->s.service,
		    (uint8_t)((c->s.has_tls ? SESSION_FLAG_TLS : 0) |
			      (c->s.is_loopback ? SESSION_FLAG_LOOPBACK : 0)),
		    view_of(c->remote), pending } };
	peer_send(proc_monitor(c->login->proc), &out, fd);
}

/* We stay as the record layer; the engine has done its part. */
static void hand_over_tls(struct client *c)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
		ends) != 0) {
		LOG(&c->log, ERROR, "session.failed", KV_ERR("error", -errno));
		login_say_bye(c, "no resources");
		return;
	}
	c->state = CLIENT_SPLICED;
	send_handoff(c, V_NONE, ends[1]);
	conn_splice(c->conn, ends[0]);
	c->login->protocol->close(c->engine);
	c->engine = NULL;
}

static void on_later(void *ctx);

static void call_later(struct client *c, uint64_t ms)
{
	if (!c->later)
		c->later = timer_new(proc_loop(c->login->proc), on_later, c);
	timer_start(c->later, ms, 0);
}

static void hand_over_plain(struct client *c)
{
	struct buf pending;
	buf_init(&pending, PENDING_MAX);
	int fd = conn_detach(c->conn, &pending);
	if (fd >= 0) {
		send_handoff(c, buf_view(&pending), fd);
		free_client(c);
	} else if (fd == -EAGAIN) {
		call_later(c, RETRY_MS); /* the reply is not out yet */
	} else {
		finish(c);
	}
	buf_deinit(&pending);
}

static void hand_over(struct client *c)
{
	c->state = CLIENT_HANDOFF;
	conn_flush(c->conn);
	if (c->s.has_tls)
		hand_over_tls(c);
	else
		hand_over_plain(c);
}

/* Results of auth. */

static const char *status_text(enum auth_status status)
{
	static const char *const texts[] = { "ok", "failed", "temporary",
		"disabled", "malformed", "unknown-mechanism" };
	return texts[status];
}

static void tell_result(struct client *c)
{
	struct login *l = c->login;
	const struct conf *conf = proc_conf(l->proc);
	c->state = CLIENT_TALK;
	l->protocol->auth_result(c->engine, c->status);
	if (c->state == CLIENT_END)
		return;
	if (c->status == AUTH_STATUS_OK) {
		hand_over(c);
		return;
	}
	if (c->failures >= conf->login_failures_max) {
		login_say_bye(c, "too many failed logins");
		return;
	}
	conn_flush(c->conn);
	conn_resume(c->conn);
}

static void on_later(void *ctx)
{
	struct client *c = ctx;
	if (c->state == CLIENT_TELL)
		tell_result(c);
	else if (c->state == CLIENT_HANDOFF)
		hand_over(c);
}

/* fail2ban and its like read these lines: the address comes first. account is
 * what the client said it was, when it was refused. */
static void log_result(const struct client *c, struct view account)
{
	bool ok = c->status == AUTH_STATUS_OK;
	log_emit(&c->log, LOG_LEVEL_INFO, ok ? "login.ok" : "auth.fail",
	    KV_STR("remote", c->remote),
	    KV_STR("service", service_name(c->s.service)),
	    KV_VIEW("account", account),
	    KV_STR("reason", status_text(c->status)),
	    KV_INT("tls", c->s.has_tls), KV_LAST);
}

static void set_result(
    struct client *c, enum auth_status status, struct view account)
{
	const struct conf *conf = proc_conf(c->login->proc);
	uint64_t delay = 0;
	c->status = status;
	log_result(c, account);
	if (status == AUTH_STATUS_FAILED) {
		c->failures++;
		delay = (uint64_t)conf->login_failure_delay * 1000;
	}
	/* Never from inside an engine's call. */
	c->state = CLIENT_TELL;
	call_later(c, delay);
}

/* What engines ask for. */

static void send_auth(struct client *c, const struct msg *m)
{
	struct peer *auth = proc_peer(c->login->proc, ROLE_AUTH);
	c->state = CLIENT_AUTH;
	if (auth)
		peer_send(auth, m, -1);
	else
		set_result(c, AUTH_STATUS_TEMP, V_NONE);
}

static void op_auth_start(void *ctx, struct view mechanism, struct view initial)
{
	struct client *c = ctx;
	char binding[64];
	size_t n = c->s.has_tls ? conn_tls_binding(c->conn, binding) : 0;
	struct msg out = { .type = MSG_AUTH_START,
		.auth_start = { .id = c->id,
		    .session = c->session,
		    .service = (uint8_t)c->s.service,
		    .flags = (uint8_t)((c->s.has_tls ? SESSION_FLAG_TLS : 0) |
				       (c->s.is_loopback ? SESSION_FLAG_LOOPBACK
							 : 0)),
		    .mechanism = mechanism,
		    .has_initial = initial.p != NULL,
		    .initial = initial,
		    .binding = { binding, n },
		    .remote = view_of(c->remote) } };
	if (mechanism.n > 20 || view_has_byte(mechanism, '\0'))
		set_result(c, AUTH_STATUS_UNKNOWN_MECHANISM, V_NONE);
	else if (initial.n > 12288)
		set_result(c, AUTH_STATUS_BAD, V_NONE);
	else
		send_auth(c, &out);
}

static void cancel(struct client *c)
{
	struct peer *auth = proc_peer(c->login->proc, ROLE_AUTH);
	struct msg out = { .type = MSG_AUTH_CANCEL, .auth_cancel = { c->id } };
	if (auth)
		peer_send(auth, &out, -1);
}

static void op_auth_next(void *ctx, struct view response)
{
	struct client *c = ctx;
	struct msg out = { .type = MSG_AUTH_NEXT,
		.auth_next = { c->id, response } };
	if (response.n <= 12288) {
		send_auth(c, &out);
		return;
	}
	cancel(c);
	set_result(c, AUTH_STATUS_BAD, V_NONE);
}

static void op_auth_cancel(void *ctx)
{
	cancel(ctx);
}

static void op_start_tls(void *ctx)
{
	struct client *c = ctx;
	struct tls_server *tls = proc_tls(c->login->proc);
	if (!tls) {
		finish(c);
		return;
	}
	c->state = CLIENT_TLS;
	c->s.tls_available = false;
	conn_start_tls(c->conn, tls);
}

static void op_close(void *ctx)
{
	finish(ctx);
}

static const struct login_ops ops = {
	.auth_start = op_auth_start,
	.auth_next = op_auth_next,
	.auth_cancel = op_auth_cancel,
	.start_tls = op_start_tls,
	.close = op_close,
};

/* The connection. */

static void greet(struct client *c)
{
	c->state = CLIENT_TALK;
	c->engine = c->login->protocol->open(&c->s);
	if (!c->engine)
		finish(c);
}

static size_t on_input(void *ctx, struct view in)
{
	struct client *c = ctx;
	if (c->state != CLIENT_TALK)
		return 0;
	return c->login->protocol->input(c->engine, in);
}

static void on_writable(void *ctx)
{
	struct client *c = ctx;
	if (c->state == CLIENT_HANDOFF && c->later)
		timer_start(c->later, 0, 0);
}

static void on_eof(void *ctx)
{
	struct client *c = ctx;
	/* While an answer is waited for, it comes again after that. */
	if (c->state == CLIENT_TALK)
		finish(c);
}

static void on_tls(void *ctx, int error)
{
	struct client *c = ctx;
	if (error)
		return; /* conn said why; on_closed follows */
	c->s.has_tls = true;
	if (!c->engine) {
		greet(c);
		return;
	}
	c->state = CLIENT_TALK;
	c->login->protocol->tls_up(c->engine);
}

static void on_closed(void *ctx, int why)
{
	struct client *c = ctx;
	if (c->state == CLIENT_AUTH)
		cancel(c);
	LOG(&c->log, DEBUG, "connection.end", KV_STR("remote", c->remote),
	    KV_STR("why", why ? err_text(why) : "done"));
	free_client(c);
}

static void on_timeout(void *ctx)
{
	(void)ctx; /* none is set: the sweep ends what takes too long */
}

static const struct conn_events events = {
	.on_input = on_input,
	.on_writable = on_writable,
	.on_timeout = on_timeout,
	.on_eof = on_eof,
	.on_tls = on_tls,
	.on_closed = on_closed,
};

static void refuse(struct client *c, const char *why)
{
	LOG(&c->log, WARN, "connection.refused", KV_STR("remote", c->remote),
	    KV_STR("reason", why));
	c->state = CLIENT_END;
	conn_close(c->conn);
}

static struct client *new_client(struct login *l, int fd, enum service service)
{
	static const struct conn_options options = { IN_MAX, OUT_MAX, OUT_LOW };
	struct client *c = MUST_NEW(struct client);
	struct loop *loop = proc_loop(l->proc);
	c->login = l;
	c->id = idtab_add(&l->clients, c);
	c->session = rand_u64();
	c->log = (struct log_ctx){ NULL, "session", c->session };
	c->conn = c->id ? conn_new(loop, fd, &options, &events, c) : NULL;
	if (!c->conn) {
		LOG(NULL, WARN, "connection.refused",
		    KV_STR("reason", "login_sessions_max"));
		if (!c->id)
			close(fd);
		idtab_remove(&l->clients, c->id);
		free(c);
		return NULL;
	}
	struct view remote = view_head(conn_remote(c->conn), 64);
	memcpy(c->remote, remote.p, remote.n);
	c->s = (struct login_session){ proc_conf(l->proc), &ops, c,
		conn_out(c->conn), &c->log, service, view_of(c->remote), false,
		false, conn_is_loopback(c->conn) };
	return c;
}

static void begin(struct client *c, enum conf_tls tls)
{
	struct login *l = c->login;
	const struct conf *conf = proc_conf(l->proc);
	struct tls_server *server = proc_tls(l->proc);
	c->deadline_ms = loop_now_ms(proc_loop(l->proc)) +
			 (uint64_t)conf->login_timeout * 1000;
	c->is_counted = per_client_add(&l->per_client, view_of(c->remote),
	    (uint32_t)conf->login_sessions_per_client);
	if (!c->is_counted) {
		refuse(c, "login_sessions_per_client");
	} else if (tls != CONF_TLS_IMPLICIT) {
		c->s.tls_available = server && tls == CONF_TLS_STARTTLS;
		greet(c);
		conn_flush(c->conn);
	} else if (server) {
		c->state = CLIENT_TLS;
		conn_start_tls(c->conn, server);
	} else {
		refuse(c, "no certificate");
	}
}

void login_accept(
    struct proc *p, int fd, enum service service, enum conf_tls tls)
{
	struct login *l = proc_state(p);
	struct client *c = new_client(l, fd, service);
	if (!c)
		return;
	l->total++;
	LOG(&c->log, DEBUG, "connection.open", KV_STR("remote", c->remote),
	    KV_STR("service", service_name(service)));
	begin(c, tls);
	tell_stats(l);
}

/* Messages. */

static void on_challenge(struct login *l, const struct msg *m)
{
	struct client *c = idtab_get(&l->clients, m->auth_challenge.id);
	if (!c || c->state != CLIENT_AUTH)
		return;
	c->state = CLIENT_TALK;
	l->protocol->auth_challenge(c->engine, m->auth_challenge.challenge);
	conn_flush(c->conn);
	conn_resume(c->conn);
}

static void on_result(struct login *l, const struct msg *m)
{
	struct client *c = idtab_get(&l->clients, m->auth_result.id);
	enum auth_status status = (enum auth_status)m->auth_result.status;
	if (!c || c->state != CLIENT_AUTH)
		return;
	if (status > AUTH_STATUS_UNKNOWN_MECHANISM)
		status = AUTH_STATUS_TEMP;
	set_result(c, status, m->auth_result.account);
}

struct by_session {
	uint64_t session;
	struct client *found;
};

static void find_session(uint64_t id, void *object, void *ctx)
{
	struct by_session *by = ctx;
	struct client *c = object;
	(void)id;
	if (c->session == by->session && c->state == CLIENT_SPLICED)
		by->found = c;
}

/* The monitor said why in the log, and gives back what it got: the client, or
 * our own other end when we are its TLS. */
static void on_refused(struct login *l, const struct msg *m, int fd)
{
	struct by_session by = { m->handoff_refused.session, NULL };
	idtab_each(&l->clients, find_session, &by);
	if (!by.found) {
		parting_words(proc_loop(l->proc), fd, l->protocol->unavailable);
		return;
	}
	l->protocol->unavailable(conn_out(by.found->conn));
	finish(by.found);
	close(fd);
}

void login_on_message(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct login *l = proc_state(p);
	(void)from;
	if (m->type == MSG_AUTH_CHALLENGE)
		on_challenge(l, m);
	else if (m->type == MSG_AUTH_RESULT)
		on_result(l, m);
	else
		on_refused(l, m, fd);
}

static void fail_if_waiting(uint64_t id, void *object, void *ctx)
{
	struct client *c = object;
	(void)id;
	(void)ctx;
	if (c->state == CLIENT_AUTH)
		set_result(c, AUTH_STATUS_TEMP, V_NONE);
}

void login_peer_down(struct proc *p, struct peer *peer)
{
	struct login *l = proc_state(p);
	if (peer_role(peer) == ROLE_AUTH)
		idtab_each(&l->clients, fail_if_waiting, NULL);
}

int login_start(struct proc *p, const struct login_protocol *protocol)
{
	struct login *l = MUST_NEW(struct login);
	l->proc = p;
	l->protocol = protocol;
	idtab_init(&l->clients, (uint32_t)proc_conf(p)->login_sessions_max);
	per_client_init(&l->per_client);
	login_watch(l);
	proc_set_state(p, l);
	return 0;
}
