/* One session: the hosts in their order, of each its addresses, until one is
 * ready for mail; then what the queue sends on it. RFC 5321 5.1: a host that
 * cannot be used is no reason to give up while there are others. */
#include "base/panic.h"
#include "queued/relay/relay.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Connections and time-outs that one session may cost. */
	TRIES_MAX = 8,
	/* What the peer says at once, in replies of up to 100 lines. */
	IN_MAX_BYTES = 16 * 1024,
	OUT_MAX_BYTES = 512 * 1024,
	OUT_HIGH_BYTES = 64 * 1024, /* the client keeps what is beyond */
};

static void try_next(struct relay_session *s);

/* What is told */

static void end(struct relay_session *s)
{
	const struct relay_failure *f = &s->failure;
	struct msg out = { .type = MSG_RELAY_DOWN,
		.relay_down = { .id = s->id } };
	struct log_ctx log = relay_log(s);
	out.relay_down.stage =
	    (uint8_t)(f->is_any ? f->stage : RELAY_STAGE_CLOSED);
	out.relay_down.code = f->is_any ? f->code : 0;
	out.relay_down.host = f->is_any ? view_of(f->host) : s->host.name;
	out.relay_down.text = view_of(f->is_any ? f->text : "");
	relay_tell(s->relay, &out);
	LOG(&log, DEBUG, "relay.down", KV_VIEW("host", out.relay_down.host),
	    KV_INT("messages", s->n_mails),
	    KV_VIEW("reason", out.relay_down.text));
	relay_drop(s);
}

static void report_tls(
    struct relay_session *s, enum tls_result result, struct view text)
{
	struct msg out = { .type = MSG_RELAY_TLS,
		.relay_tls = { s->id, (uint8_t)s->choice.policy,
		    (uint8_t)result, s->host.name, view_of(s->them.text),
		    view_of(s->us.text), view_head(text, 200) } };
	relay_tell(s->relay, &out);
}

static void tell_up(struct relay_session *s)
{
	const struct smtp_client_caps *caps = smtp_client_caps(s->client);
	uint32_t rcpts = SMTP_CLIENT_RCPTS_MAX;
	struct view version = conn_tls_version(s->conn);
	struct view cipher = conn_tls_cipher(s->conn);
	struct log_ctx log = relay_log(s);
	char tls[100] = "";
	if (version.n)
		snprintf(tls, sizeof tls, "%.*s %.*s%s", (int)version.n,
		    version.p, (int)cipher.n, cipher.p,
		    !conn_tls_is_verified(s->conn)        ? ""
		    : s->choice.verify == TLS_VERIFY_DANE ? " dane"
							  : " verified");
	if (caps->rcpt_max && caps->rcpt_max < rcpts)
		rcpts = caps->rcpt_max;
	struct msg out = { .type = MSG_RELAY_UP,
		.relay_up = { s->id, s->host.name, view_of(s->them.text),
		    view_of(tls), rcpts, caps->mail_max } };
	relay_tell(s->relay, &out);
	LOG(&log, DEBUG, "relay.up", KV_VIEW("domain", s->domain),
	    KV_VIEW("host", s->host.name), KV_STR("address", s->them.text),
	    KV_STR("tls", tls));
}

/* The connection's end */

/* No event but on_closed comes any more. */
static void shut(struct relay_session *s)
{
	s->is_leaving = true;
	if (s->state == RELAY_IS_UP)
		s->state = RELAY_CLOSING;
	if (s->conn)
		conn_close(s->conn);
}

static void move_output(struct relay_session *s)
{
	struct buf *from = smtp_client_out(s->client);
	struct buf *to = conn_out(s->conn);
	if (buf_len(from) == 0 || buf_len(to) >= OUT_HIGH_BYTES)
		return;
	buf_put(to, buf_view(from));
	buf_consume(from, buf_len(from));
	buf_trim(from);
}

/* The same, but what was put (QUIT) is sent before. */
static void leave(struct relay_session *s)
{
	s->is_leaving = true;
	if (s->state == RELAY_IS_UP)
		s->state = RELAY_CLOSING;
	if (!s->conn)
		return;
	move_output(s);
	conn_finish(s->conn);
}

static void quit(struct relay_session *s)
{
	smtp_client_quit(s->client);
	leave(s);
}

/* Events of the client */

static void on_start_tls(
    struct relay_session *s, const struct smtp_client_event *e)
{
	struct tls_tlsa tlsa[ROUTE_TLSA_MAX];
	const struct route_host *h = &s->host;
	(void)e;
	for (size_t i = 0; i < h->n_tlsa; i++)
		tlsa[i] =
		    (struct tls_tlsa){ h->tlsa[i].usage, h->tlsa[i].selector,
			    h->tlsa[i].matching, h->tlsa[i].data };
	struct tls_client_params p = {
		.client = s->relay->tls,
		.verify = s->choice.verify,
		.server_name = h->name,
		.other_name = h->is_secure ? s->domain : V_NONE,
		.tlsa = tlsa,
		.n_tlsa = h->n_tlsa,
	};
	if (s->conn)
		conn_start_tls_client(s->conn, &p);
}

static void on_up(struct relay_session *s, const struct smtp_client_event *e)
{
	(void)e;
	if (!s->conn)
		return;
	s->state = RELAY_IS_UP;
	s->next = NEXT_END;
	s->failure.is_any = false;
	if (!conn_has_tls(s->conn) && !s->without_tls &&
	    s->choice.tls != SMTP_TLS_NEVER)
		report_tls(s, TLS_RESULT_STARTTLS_NOT_SUPPORTED,
		    V("STARTTLS is not offered, or was refused"));
	tell_up(s);
}

static void on_rcpt(struct relay_session *s, const struct smtp_client_event *e)
{
	relay_transaction_on_rcpt(s, e);
}

static void on_body(struct relay_session *s, const struct smtp_client_event *e)
{
	(void)e;
	s->tx.wants_body = true;
}

/* The session is over because something failed, or because the peer takes no
 * more messages on it. */
static void on_mail_done(
    struct relay_session *s, const struct smtp_client_event *e)
{
	relay_transaction_done(s);
	if (e->may_go_on) {
		if (s->relay->is_stopping)
			quit(s);
		return;
	}
	if (e->result.is_ours || e->result.code == 421)
		relay_failure_note_result(s, &e->result);
	leave(s);
}

static void on_failed(
    struct relay_session *s, const struct smtp_client_event *e)
{
	/* Between messages a peer may go. */
	if (s->state == RELAY_IS_UP && s->n_mails) {
		leave(s);
		return;
	}
	relay_failure_note_result(s, &e->result);
	if (e->result.stage == SMTP_STAGE_STARTTLS)
		report_tls(
		    s, TLS_RESULT_STARTTLS_NOT_SUPPORTED, e->result.text);
	if (e->result.stage == SMTP_STAGE_TLS && !s->tls_why.n)
		report_tls(s, TLS_RESULT_VALIDATION_FAILURE, e->result.text);
	if (e->result.stage == SMTP_STAGE_TLS && s->choice.may_fall_back)
		s->next = NEXT_WITHOUT_TLS;
	leave(s);
}

static void on_close(struct relay_session *s, const struct smtp_client_event *e)
{
	(void)e;
	if (!s->is_leaving)
		shut(s);
}

static void (*const on_event[SMTP_EVENT_COUNT])(
    struct relay_session *s, const struct smtp_client_event *e) = {
	[SMTP_EVENT_START_TLS] = on_start_tls,
	[SMTP_EVENT_UP] = on_up,
	[SMTP_EVENT_RCPT] = on_rcpt,
	[SMTP_EVENT_BODY] = on_body,
	[SMTP_EVENT_MAIL_DONE] = on_mail_done,
	[SMTP_EVENT_FAILED] = on_failed,
	[SMTP_EVENT_CLOSE] = on_close,
};

static void take_events(struct relay_session *s)
{
	struct smtp_client_event e;
	while (smtp_client_next(s->client, &e))
		on_event[e.kind](s, &e);
}

void relay_session_pump(struct relay_session *s)
{
	do {
		take_events(s);
		if (!s->is_leaving)
			move_output(s);
	} while (!s->is_leaving && relay_transaction_feed(s));
	uint32_t ms = smtp_client_timeout_ms(s->client);
	if (s->is_leaving || ms == s->timeout_ms)
		return;
	s->timeout_ms = ms;
	conn_set_timeout(s->conn, ms);
}

/* Events of the connection */

static size_t on_input(void *ctx, struct view in)
{
	struct relay_session *s = ctx;
	struct view rest = in;
	size_t n;
	do {
		n = smtp_client_input(s->client, rest);
		rest = view_skip(rest, n);
		relay_session_pump(s);
	} while (n && rest.n && !s->is_leaving);
	return in.n - rest.n;
}

static void on_writable(void *ctx)
{
	relay_session_pump(ctx);
}

static void on_timeout(void *ctx)
{
	struct relay_session *s = ctx;
	smtp_client_timed_out(s->client);
	relay_session_pump(s);
}

static void on_eof(void *ctx)
{
	struct relay_session *s = ctx;
	smtp_client_closed(s->client, V("closed by the peer"));
	relay_session_pump(s);
}

/* RFC 8689 4.2.1: a certificate says little when anybody could have said whose
 * it is to be. */
static bool is_verified(const struct relay_session *s)
{
	return conn_tls_is_verified(s->conn) &&
	       (s->choice.verify != TLS_VERIFY_NONE || s->host.is_secure ||
		   (s->route && *s->route->host));
}

static void on_tls_failed(struct relay_session *s, int error)
{
	struct view why = conn_tls_why(s->conn);
	s->tls_why = why.n ? why : view_of(err_text(error));
	report_tls(s, conn_tls_result(s->conn), s->tls_why);
}

static void on_tls(void *ctx, int error)
{
	struct relay_session *s = ctx;
	if (error) {
		on_tls_failed(s, error);
		return;
	}
	if (s->choice.must_verify && !conn_tls_is_verified(s->conn)) {
		struct view why = V("no TLSA record that can be used");
		report_tls(s, TLS_RESULT_TLSA_INVALID, why);
		relay_failure_note(s, RELAY_STAGE_TLS, 0, why);
		shut(s);
		return;
	}
	report_tls(s, TLS_RESULT_OK, V_NONE);
	smtp_client_tls_up(s->client, is_verified(s));
	relay_session_pump(s);
}

static void on_closed(void *ctx, int why)
{
	struct relay_session *s = ctx;
	s->conn = NULL;
	if (!s->is_leaving) {
		smtp_client_closed(s->client,
		    s->tls_why.n ? s->tls_why : view_of(err_text(why)));
		take_events(s);
	}
	smtp_client_free(&s->client);
	s->without_tls = s->next == NEXT_WITHOUT_TLS;
	if (s->without_tls)
		s->tried &= ~(1u << s->address);
	if (s->next == NEXT_END)
		end(s);
	else
		try_next(s);
}

static const struct conn_events events = {
	.on_input = on_input,
	.on_writable = on_writable,
	.on_timeout = on_timeout,
	.on_eof = on_eof,
	.on_tls = on_tls,
	.on_closed = on_closed,
};

/* Connecting */

static void begin(struct relay_session *s, int fd)
{
	/* Input is always shown: a peer that stops reading may have said why.
	 */
	static const struct conn_options conn_options = { IN_MAX_BYTES,
		OUT_MAX_BYTES, OUT_MAX_BYTES + 1 };
	const struct conf *conf = proc_conf(s->relay->proc);
	struct smtp_client_options options = {
		.name = view_of(
		    *conf->relay_helo ? conf->relay_helo : conf->hostname),
		.is_lmtp = s->route && s->route->is_lmtp,
		.tls = s->without_tls ? SMTP_TLS_NEVER : s->choice.tls,
		.timeouts = smtp_client_timeouts_default,
	};
	if (s->secret) {
		options.auth_user = view_of(s->route->user);
		options.auth_secret = secret_view(s->secret);
	}
	s->is_leaving = false;
	s->tls_why = V_NONE;
	s->timeout_ms = 0;
	s->next = NEXT_ADDRESS;
	remote_of_us(&s->us, fd);
	remote_of(&s->them, fd);
	s->client = smtp_client_new(&options);
	s->conn =
	    conn_new(proc_loop(s->relay->proc), fd, &conn_options, &events, s);
	relay_session_pump(s);
	conn_flush(s->conn);
}

/* The addresses that were not tried, and their places in the host. */
static size_t untried(const struct relay_session *s, struct dial_address *out,
    size_t places[ROUTE_ADDRESSES_MAX])
{
	size_t n = 0;
	for (size_t i = 0; i < s->host.n_addresses; i++) {
		const struct route_address *a = &s->host.addresses[i];
		bool is_other = s->without_tls && i != s->address;
		if (s->tried & 1u << i || is_other)
			continue;
		if (out) {
			memcpy(out[n].bytes, a->bytes, sizeof out[n].bytes);
			out[n].is_v6 = a->is_v6;
		}
		places[n++] = i;
	}
	return n;
}

static void note_no_connection(
    struct relay_session *s, int error, const struct route_address *a)
{
	char text[100];
	/* None of the families that may be used. */
	if (error == MC_E_NOENT) {
		relay_failure_note(s, RELAY_STAGE_CONNECT, 0,
		    V("no address that relay_family allows"));
		return;
	}
	route_address_format(a, s->them.text);
	snprintf(text, sizeof text, "%s: %s", s->them.text, err_text(error));
	relay_failure_note(s, RELAY_STAGE_CONNECT, 0, view_of(text));
}

static void on_dialed(void *ctx, int fd, size_t index)
{
	struct relay_session *s = ctx;
	size_t places[ROUTE_ADDRESSES_MAX];
	(void)untried(s, NULL, places); /* still those of the dial */
	s->dial = NULL;
	if (fd >= 0) {
		s->address = places[index];
		s->tried |= 1u << s->address;
		begin(s, fd);
		return;
	}
	note_no_connection(s, fd, &s->host.addresses[places[index]]);
	s->tried = UINT32_MAX;
	try_next(s);
}

static bool dial(struct relay_session *s)
{
	struct dial_address addresses[ROUTE_ADDRESSES_MAX];
	size_t places[ROUTE_ADDRESSES_MAX];
	size_t n = untried(s, addresses, places);
	if (n == 0 || s->n_tries == TRIES_MAX)
		return false;
	s->n_tries++;
	s->dial = dial_start(s->relay->dialer, s->host.name, addresses, n,
	    s->port, on_dialed, s);
	return true;
}

static bool ask_socket(struct relay_session *s)
{
	struct msg out = { .type = MSG_SOCKET_ASK,
		.socket_ask = { s->id, s->route_number } };
	struct peer *monitor = proc_monitor(s->relay->proc);
	if (s->n_tries || !monitor)
		return false;
	s->n_tries++;
	s->host.name = view_of(s->route->host);
	s->choice.tls = SMTP_TLS_NEVER;
	s->waits_socket = true;
	peer_send(monitor, &out, -1);
	return true;
}

static void choose_tls(struct relay_session *s)
{
	tls_choice_make(s->tls, s->policy, &s->host, &s->choice);
	if (s->choice.is_usable && s->route &&
	    s->route->tls == ROUTE_TLS_IMPLICIT)
		s->choice.tls = SMTP_TLS_IMPLICIT;
}

/* False: there are no more. */
static bool take_host(struct relay_session *s)
{
	int error = route_take_host(&s->hosts_left, &s->host);
	if (error)
		return false;
	s->tried = 0;
	s->without_tls = false;
	s->them = s->us = (struct remote){ .text = "" };
	choose_tls(s);
	if (!s->choice.is_usable) {
		report_tls(s, s->choice.result, s->choice.text);
		relay_failure_note(s, RELAY_STAGE_TLS, 0, s->choice.text);
		s->tried = UINT32_MAX;
	}
	return true;
}

static bool is_unix(const struct relay_session *s)
{
	return s->route && view_starts(view_of(s->route->host), V("unix:"));
}

/* The next attempt, or the end: there is none. */
static void try_next(struct relay_session *s)
{
	bool is_under_way = is_unix(s) ? ask_socket(s) : dial(s);
	while (!is_under_way && !is_unix(s) && s->n_tries < TRIES_MAX &&
	       take_host(s))
		is_under_way = dial(s);
	if (is_under_way)
		return;
	if (!s->failure.is_any)
		relay_failure_note(
		    s, RELAY_STAGE_CONNECT, 0, V("no host to connect to"));
	end(s);
}

void relay_session_on_socket(struct relay_session *s, int fd)
{
	s->waits_socket = false;
	begin(s, fd);
}

void relay_session_no_socket(struct relay_session *s, struct view why)
{
	s->waits_socket = false;
	relay_failure_note(s, RELAY_STAGE_CONNECT, 0, why);
	try_next(s);
}

/* Its beginning and its end */

/* The first line of the route's file. False: it has none. */
static bool take_secret(struct relay_session *s)
{
	struct view text = V_NONE, line;
	if (!proc_file(
		s->relay->proc, FILE_SECRET, s->route_number - 1, NULL, &text))
		return false;
	view_cut(&text, '\n', &line);
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	s->secret = MUST_NEW(struct secret);
	return line.n && secret_set(s->secret, line) == 0;
}

static struct view keep(char **to, struct view v)
{
	struct view kept = { *to, v.n };
	if (v.n)
		memcpy(*to, v.p, v.n);
	*to += v.n;
	return kept;
}

static struct relay_session *make(
    struct relay *r, const struct msg_relay_open *m)
{
	const struct conf *conf = proc_conf(r->proc);
	struct relay_session *s =
	    must_alloc(sizeof *s + m->domain.n + m->policy.n + m->hosts.n);
	char *to = s->bytes;
	s->relay = r;
	s->id = m->id;
	s->tls =
	    m->tls < RELAY_TLS_COUNT ? (enum relay_tls)m->tls : RELAY_TLS_DANE;
	s->port = m->port;
	s->route_number = m->route;
	if (m->route && m->route <= conf->n_routes)
		s->route = &conf->routes[m->route - 1];
	s->domain = keep(&to, m->domain);
	s->policy = keep(&to, m->policy);
	s->hosts_left = keep(&to, m->hosts);
	s->tx.fd = -1;
	hash_add(&r->sessions, &s->node, hash_mix(s->id));
	return s;
}

void relay_session_open(struct relay *r, const struct msg_relay_open *m)
{
	struct relay_session *s = make(r, m);
	struct view why = V_NONE;
	enum relay_stage stage = RELAY_STAGE_CONNECT;
	if (r->is_stopping)
		why = V("shutting down");
	else if (r->sessions.n > (size_t)proc_conf(r->proc)->relay_sessions_max)
		why = V("too many sessions: relay_sessions_max");
	else if (m->route && !s->route)
		why = V("the configuration has no such route");
	if (!why.n && s->route && *s->route->user && !take_secret(s)) {
		stage = RELAY_STAGE_AUTH;
		why = V("the route's password_file has no password");
	}
	if (!why.n) {
		try_next(s);
		return;
	}
	relay_failure_note(s, stage, 0, why);
	end(s);
}

void relay_session_close(struct relay_session *s)
{
	if (s->state == RELAY_CLOSING)
		return;
	s->next = NEXT_END;
	s->failure.is_any = false;
	dial_cancel(&s->dial);
	if (!s->conn)
		end(s);
	else if (s->state == RELAY_IS_UP && !s->tx.is_running)
		quit(s);
	else
		shut(s);
}
