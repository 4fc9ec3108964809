/* One session: the hosts in their order, of each its addresses, until one is
 * ready for mail. RFC 5321 5.1: a host that cannot be used is no reason to give
 * up while there are others. */
#include "base/panic.h"
#include "queued/relay/relay.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Connections and time-outs that one session may cost. */
	TRIES_MAX = 8,
};

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
		relay_failure_note(s, RELAY_STAGE_CONNECT,
		    V("no address that relay_family allows"));
		return;
	}
	route_address_format(a, s->them.text);
	snprintf(text, sizeof text, "%s: %s", s->them.text, err_text(error));
	relay_failure_note(s, RELAY_STAGE_CONNECT, view_of(text));
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
		relay_connection_begin(s, fd);
		return;
	}
	note_no_connection(s, fd, &s->host.addresses[places[index]]);
	s->tried = UINT32_MAX;
	relay_session_try_next(s);
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
		relay_connection_report_tls(
		    s, s->choice.result, s->choice.text);
		relay_failure_note(s, RELAY_STAGE_TLS, s->choice.text);
		s->tried = UINT32_MAX;
	}
	return true;
}

static bool is_unix(const struct relay_session *s)
{
	return s->route && view_starts(view_of(s->route->host), V("unix:"));
}

/* The next attempt, or the end: there is none. */
void relay_session_try_next(struct relay_session *s)
{
	bool is_under_way = is_unix(s) ? ask_socket(s) : dial(s);
	while (!is_under_way && !is_unix(s) && s->n_tries < TRIES_MAX &&
	       take_host(s))
		is_under_way = dial(s);
	if (is_under_way)
		return;
	if (!s->failure.is_any)
		relay_failure_note(
		    s, RELAY_STAGE_CONNECT, V("no host to connect to"));
	relay_session_end(s);
}

void relay_session_on_socket(struct relay_session *s, int fd)
{
	s->waits_socket = false;
	relay_connection_begin(s, fd);
}

void relay_session_no_socket(struct relay_session *s, struct view why)
{
	s->waits_socket = false;
	relay_failure_note(s, RELAY_STAGE_CONNECT, why);
	relay_session_try_next(s);
}

/* Its beginning and its end */

void relay_session_end(struct relay_session *s)
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
	s->domain = view_put(&to, m->domain);
	s->policy = view_put(&to, m->policy);
	s->hosts_left = view_put(&to, m->hosts);
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
		relay_session_try_next(s);
		return;
	}
	relay_failure_note(s, stage, why);
	relay_session_end(s);
}

void relay_session_close(struct relay_session *s)
{
	if (s->state == RELAY_CLOSING)
		return;
	s->next = NEXT_END;
	s->failure.is_any = false;
	dial_cancel(&s->dial);
	if (!s->conn)
		relay_session_end(s);
	else if (s->state == RELAY_IS_UP && !s->tx.is_running)
		relay_connection_quit(s);
	else
		relay_connection_shut(s);
}
