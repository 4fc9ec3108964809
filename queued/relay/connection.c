/* The connection of a session, and the client that speaks on it. */
#include "queued/relay/relay.h"
#include <stdio.h>

enum {
	/* What the peer says at once, in replies of up to 100 lines. */
	IN_MAX_BYTES = 16 * 1024,
	OUT_MAX_BYTES = 512 * 1024,
	OUT_HIGH_BYTES = 64 * 1024, /* the client keeps what is beyond */
};

/* What is told */

void relay_connection_report_tls(
    struct relay_session *s, enum tls_result result, struct view text)
{
	/* The domain's policy was not asked: no report says how it went. */
	if (s->tls == RELAY_TLS_OPTIONAL)
		return;
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

void relay_connection_shut(struct relay_session *s)
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

void relay_connection_quit(struct relay_session *s)
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
		relay_connection_report_tls(s,
		    TLS_RESULT_STARTTLS_NOT_SUPPORTED,
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
			relay_connection_quit(s);
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
		relay_connection_report_tls(
		    s, TLS_RESULT_STARTTLS_NOT_SUPPORTED, e->result.text);
	if (e->result.stage == SMTP_STAGE_TLS) /* it took too long */
		relay_connection_report_tls(
		    s, TLS_RESULT_VALIDATION_FAILURE, e->result.text);
	if (e->result.stage == SMTP_STAGE_TLS && s->choice.may_fall_back)
		s->next = NEXT_WITHOUT_TLS;
	leave(s);
}

static void on_close(struct relay_session *s, const struct smtp_client_event *e)
{
	(void)e;
	if (!s->is_leaving)
		relay_connection_shut(s);
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

void relay_connection_pump(struct relay_session *s)
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
		relay_connection_pump(s);
	} while (n && rest.n && !s->is_leaving);
	return in.n - rest.n;
}

static void on_writable(void *ctx)
{
	relay_connection_pump(ctx);
}

static void on_timeout(void *ctx)
{
	struct relay_session *s = ctx;
	smtp_client_timed_out(s->client);
	relay_connection_pump(s);
}

static void on_eof(void *ctx)
{
	struct relay_session *s = ctx;
	smtp_client_closed(s->client, V("closed by the peer"));
	relay_connection_pump(s);
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
	char text[200];
	if (why.n == 0)
		why = view_of(err_text(error));
	snprintf(
	    text, sizeof text, "TLS handshake failed: %.*s", (int)why.n, why.p);
	relay_connection_report_tls(s, conn_tls_result(s->conn), why);
	relay_failure_note(s, RELAY_STAGE_TLS, view_of(text));
	s->is_leaving = true; /* it closes by itself */
	if (s->choice.may_fall_back)
		s->next = NEXT_WITHOUT_TLS;
}

static void report_tls_up(struct relay_session *s)
{
	const struct tls_choice *c = &s->choice;
	enum tls_result result = TLS_RESULT_OK;
	struct view why = V_NONE;
	if (c->is_trial && !c->is_named) {
		result = TLS_RESULT_VALIDATION_FAILURE;
		why = V("the policy on trial does not name it");
	} else if (c->is_trial && !conn_tls_is_verified(s->conn)) {
		result = TLS_RESULT_CERTIFICATE_NOT_TRUSTED;
		why = V("its certificate would not have passed");
	}
	relay_connection_report_tls(s, result, why);
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
		relay_connection_report_tls(s, TLS_RESULT_TLSA_INVALID, why);
		relay_failure_note(s, RELAY_STAGE_TLS, why);
		relay_connection_shut(s);
		return;
	}
	char binding[64];
	size_t n = conn_tls_binding(s->conn, binding);
	report_tls_up(s);
	smtp_client_tls_up(
	    s->client, is_verified(s), (struct view){ binding, n });
	relay_connection_pump(s);
}

static void on_closed(void *ctx, int why)
{
	struct relay_session *s = ctx;
	s->conn = NULL;
	if (!s->is_leaving) {
		smtp_client_closed(s->client, view_of(err_text(why)));
		take_events(s);
	}
	smtp_client_free(&s->client);
	s->without_tls = s->next == NEXT_WITHOUT_TLS;
	if (s->without_tls)
		s->tried &= ~(1u << s->address);
	if (s->next == NEXT_END)
		relay_session_end(s);
	else
		relay_session_try_next(s);
}

static const struct conn_events events = {
	.on_input = on_input,
	.on_writable = on_writable,
	.on_timeout = on_timeout,
	.on_eof = on_eof,
	.on_tls = on_tls,
	.on_closed = on_closed,
};

/* Its beginning */

static uint32_t ms(int64_t seconds)
{
	return (uint32_t)seconds * 1000;
}

struct smtp_client_timeouts relay_timeouts(const struct conf *c)
{
	return (struct smtp_client_timeouts){
		.banner_ms = ms(c->relay_greeting_timeout),
		.hello_ms = ms(c->relay_hello_timeout),
		.tls_ms = ms(c->relay_tls_timeout),
		.auth_ms = ms(c->relay_auth_timeout),
		.mail_ms = ms(c->relay_mail_timeout),
		.rcpt_ms = ms(c->relay_rcpt_timeout),
		.data_ms = ms(c->relay_data_timeout),
		.block_ms = ms(c->relay_block_timeout),
		.end_ms = ms(c->relay_end_timeout),
		.rset_ms = ms(c->relay_rset_timeout),
	};
}

void relay_connection_begin(struct relay_session *s, int fd)
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
		.timeouts = relay_timeouts(conf),
		.refuse_8bit = view_eq(view_of(conf->relay_8bit), V("return")),
	};
	if (s->secret) {
		options.auth_user = view_of(s->route->user);
		options.auth_secret = secret_view(s->secret);
	}
	s->is_leaving = false;
	s->timeout_ms = 0;
	s->next = NEXT_ADDRESS;
	remote_of_us(&s->us, fd);
	remote_of(&s->them, fd);
	s->client = smtp_client_new(&options);
	s->conn =
	    conn_new(proc_loop(s->relay->proc), fd, &conn_options, &events, s);
	if (s->secret)
		buf_keep_secret(conn_out(s->conn));
	relay_connection_pump(s);
	conn_flush(s->conn);
}
