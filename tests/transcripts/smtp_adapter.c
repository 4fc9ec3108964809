/* SMTP transcripts against smtpd's session engine, in a world of its own:
 *
 *   example.org    is local: nobody@ does not exist, temp@ cannot be told,
 *                  full@ has room for 1000 octets and never more than 2000
 *   other domains  are remote
 *   AUTH           knows user with the password secret; temp and gone
 *
 * Directives: @service NAME, @loopback, @no-tls, @no-utf8, @limit NAME N, @fix
 * (bare newlines), @full-is-permanent, before the start; @tls [plus] (TLS came
 * up), @timeout, @stop, @reply commit|spool|write ok|temp|full|limit (from now
 * on), and @show envelope|body|size|delay|starttls, which the "server" then
 * says. */
#include "base/panic.h"
#include "replay.h"
#include "smtpd/smtp_session.h"

enum request {
	REQUEST_NONE,
	REQUEST_RCPT,
	REQUEST_AUTH,
	REQUEST_SPOOL,
	REQUEST_COMMIT,
	REQUEST_DELAY,
};

struct world {
	struct smtp_session *session;
	struct smtp_env env;
	struct smtp_limits limits;
	struct log_ctx log;
	enum request request;
	uint64_t token;
	struct buf asked; /* address, or SASL message */
	uint64_t asked_size;
	struct buf envelope, body, spool;
	const char *mechanism;
	unsigned auth_round;
	bool spool_open, tls_wanted, closed, has_initial;
	uint64_t delayed_ms;
	enum submit_status on_commit, on_spool, on_write;
};

static void ask(struct world *w, enum request request, uint64_t token)
{
	mc_assert(w->request == REQUEST_NONE && !w->closed);
	w->request = request;
	w->token = token;
}

static void on_check(
    void *ctx, uint64_t token, struct view address, uint64_t size)
{
	struct world *w = ctx;
	ask(w, REQUEST_RCPT, token);
	buf_reset(&w->asked);
	buf_put(&w->asked, address);
	w->asked_size = size;
}

static void on_auth_start(void *ctx, uint64_t token, struct view mechanism,
    const struct view *initial)
{
	struct world *w = ctx;
	ask(w, REQUEST_AUTH, token);
	buf_reset(&w->asked);
	w->mechanism = mechanism.p[0] == 'P'   ? "PLAIN"
		       : mechanism.p[0] == 'L' ? "LOGIN"
					       : "SCRAM";
	w->auth_round = 0;
	w->has_initial = initial != NULL;
	if (initial)
		buf_put(&w->asked, *initial);
}

static void on_auth_next(void *ctx, uint64_t token, struct view response)
{
	struct world *w = ctx;
	ask(w, REQUEST_AUTH, token);
	buf_reset(&w->asked);
	buf_put(&w->asked, response);
	w->auth_round++;
}

static void on_auth_cancel(void *ctx)
{
	struct world *w = ctx;
	if (w->request == REQUEST_AUTH)
		w->request = REQUEST_NONE;
}

static void put_envelope(struct world *w, const struct smtp_message *m)
{
	struct buf *out = &w->envelope;
	buf_reset(out);
	buf_put(out, V("<"));
	buf_put(out, m->sender);
	buf_put(out, V("> "));
	buf_put(out, m->account);
	for (const struct smtp_rcpt *r = m->rcpts; r; r = r->next) {
		buf_put(out, V(" <"));
		buf_put(out, r->address);
		buf_put(out, V(">"));
		if (r->notify)
			buf_printf(out, " notify=%x", r->notify);
		buf_put(out, r->orcpt.n ? V(" orcpt=") : V_NONE);
		buf_put(out, r->orcpt);
	}
	buf_put(out, m->flags & SUBMIT_FLAG_RET_FULL ? V(" full") : V_NONE);
	buf_put(out, m->flags & SUBMIT_FLAG_RET_HDRS ? V(" hdrs") : V_NONE);
	buf_put(out, m->envid.n ? V(" envid=") : V_NONE);
	buf_put(out, m->envid);
	buf_put(out, m->flags & SUBMIT_FLAG_8BITMIME ? V(" 8bit") : V_NONE);
	buf_put(
	    out, m->flags & SUBMIT_FLAG_REQUIRETLS ? V(" requiretls") : V_NONE);
	buf_put(out, m->flags & SUBMIT_FLAG_SMTPUTF8 ? V(" utf8") : V_NONE);
	buf_put(
	    out, m->flags & SUBMIT_FLAG_UTF8_HEADER ? V(" header") : V_NONE);
	buf_put(out,
	    m->flags & SUBMIT_FLAG_TLS_OPTIONAL ? V(" tls-optional") : V_NONE);
	buf_put(out, m->spooled ? V(" spooled") : V_NONE);
	buf_put(out, V("\r\n"));
}

static void on_spool(void *ctx, uint64_t token, const struct smtp_message *m)
{
	struct world *w = ctx;
	ask(w, REQUEST_SPOOL, token);
	mc_assert(m->n_rcpts && !w->spool_open);
}

static int on_write(void *ctx, struct view piece)
{
	struct world *w = ctx;
	mc_assert(w->spool_open && piece.n);
	buf_put(&w->spool, piece);
	return w->on_write == SUBMIT_STATUS_OK     ? 0
	       : w->on_write == SUBMIT_STATUS_FULL ? MC_E_FULL
						   : MC_E_TEMP;
}

static void on_abort(void *ctx)
{
	struct world *w = ctx;
	w->spool_open = false;
	if (w->request == REQUEST_SPOOL)
		w->request = REQUEST_NONE;
}

static void on_commit(void *ctx, uint64_t token, const struct smtp_message *m)
{
	struct world *w = ctx;
	ask(w, REQUEST_COMMIT, token);
	put_envelope(w, m);
	buf_reset(&w->body);
	buf_put(&w->body, m->spooled ? buf_view(&w->spool) : m->body);
	mc_assert(m->spooled == w->spool_open);
	mc_assert(m->size == buf_len(&w->body));
	mc_assert(m->spooled || m->size <= SMTP_BODY_MAX);
	w->spool_open = false;
}

static void on_delay(void *ctx, uint64_t token, uint32_t ms)
{
	struct world *w = ctx;
	ask(w, REQUEST_DELAY, token);
	w->delayed_ms += ms;
}

static void on_start_tls(void *ctx)
{
	struct world *w = ctx;
	w->tls_wanted = true;
}

static void on_close(void *ctx)
{
	struct world *w = ctx;
	w->closed = true;
	w->request = REQUEST_NONE;
}

static const struct smtp_ops ops = {
	.check_recipient = on_check,
	.auth_start = on_auth_start,
	.auth_next = on_auth_next,
	.auth_cancel = on_auth_cancel,
	.spool = on_spool,
	.write = on_write,
	.abort = on_abort,
	.commit = on_commit,
	.delay = on_delay,
	.start_tls = on_start_tls,
	.close = on_close,
};

static const struct smtp_limits defaults = {
	.message_bytes = 200000,
	.header_bytes = 70000,
	.recipients = 20,
	.hops = 10,
	.errors = 20,
	.auth_failures = 3,
	.auth_delay_ms = 2000,
	.smtputf8 = true,
	.loopback_auth = true,
};

static void *world_open(struct buf *out)
{
	struct world *w = MUST_NEW(struct world);
	w->limits = defaults;
	w->log = (struct log_ctx){ NULL, "session", 0xabc };
	w->env = (struct smtp_env){
		.ops = &ops,
		.ctx = w,
		.out = out,
		.limits = &w->limits,
		.log = &w->log,
		.id = 0xabc,
		.hostname = V("mx.example.org"),
		.remote = V("192.0.2.1"),
		.tls_available = true,
	};
	log_init("test", 2, LOG_LEVEL_ERROR);
	buf_init(&w->asked, 16384);
	buf_init(&w->envelope, 1 << 20);
	buf_init(&w->body, 4 << 20);
	buf_init(&w->spool, 4 << 20);
	return w;
}

static void world_start(void *engine)
{
	struct world *w = engine;
	w->session = smtp_session_new(&w->env);
	smtp_session_greet(w->session);
}

static size_t world_input(void *engine, struct view in)
{
	struct world *w = engine;
	bool waits = w->request != REQUEST_NONE;
	/* Thursday, 1 January 1970 10:00:00 */
	size_t n = smtp_session_input(w->session, in, 36000);
	mc_assert(!waits || n == 0);
	return n;
}

static enum address_kind kind_of(struct view address)
{
	struct view local;
	view_cut(&address, '@', &local);
	if (!view_eq(address, V("example.org")) &&
	    !view_eq(address, V("mx.example.org")))
		return ADDRESS_REMOTE;
	if (view_eq(local, V("nobody")))
		return ADDRESS_UNKNOWN;
	return view_eq(local, V("temp")) ? ADDRESS_TEMP : ADDRESS_LOCAL;
}

static void auth_done(struct world *w, enum auth_status status)
{
	smtp_session_auth_result(w->session, w->token, status,
	    status == AUTH_STATUS_OK ? V("user@example.org") : V_NONE);
}

static void answer_plain(struct world *w)
{
	struct view v = buf_view(&w->asked), part;
	if (w->auth_round == 0 && !w->has_initial) {
		smtp_session_auth_challenge(w->session, w->token, V_NONE);
		return;
	}
	view_cut(&v, '\0', &part);
	if (!view_cut(&v, '\0', &part))
		auth_done(w, AUTH_STATUS_BAD);
	else if (view_eq(part, V("temp")))
		auth_done(w, AUTH_STATUS_TEMP);
	else if (view_eq(part, V("gone")))
		auth_done(w, AUTH_STATUS_DISABLED);
	else if (view_eq(part, V("user")) && view_eq(v, V("secret")))
		auth_done(w, AUTH_STATUS_OK);
	else
		auth_done(w, AUTH_STATUS_FAILED);
}

/* LOGIN's questions, and SCRAM's messages without their meaning. */
static void answer_rounds(struct world *w)
{
	static const char *const login[] = { "Username:", "Password:" };
	static const char *const scram[] = { "r=abcdef,s=c2FsdA==,i=4096",
		"v=c2VydmVy" };
	bool is_login = w->mechanism[0] == 'L';
	if (w->auth_round < 2)
		smtp_session_auth_challenge(w->session, w->token,
		    view_of((is_login ? login : scram)[w->auth_round]));
	else if (!is_login || view_eq(buf_view(&w->asked), V("secret")))
		auth_done(w, AUTH_STATUS_OK);
	else
		auth_done(w, AUTH_STATUS_FAILED);
}

/* Whose size is not declared is told when nothing fits at all. */
static void check_answer(struct world *w)
{
	bool is_full = view_istarts(buf_view(&w->asked), V("full@")) &&
		       (w->asked_size == 0 || w->asked_size > 1000);
	if (is_full)
		smtp_session_recipient_full(
		    w->session, w->token, w->asked_size > 2000);
	else
		smtp_session_recipient_is(
		    w->session, w->token, kind_of(buf_view(&w->asked)));
}

static bool world_step(void *engine)
{
	struct world *w = engine;
	enum request request = w->request;
	w->request = REQUEST_NONE;
	switch (request) {
	case REQUEST_NONE:
		return false;
	case REQUEST_RCPT:
		/* An answer to something else is ignored. */
		smtp_session_recipient_is(
		    w->session, w->token + 1, ADDRESS_UNKNOWN);
		smtp_session_recipient_full(w->session, w->token + 1, true);
		check_answer(w);
		break;
	case REQUEST_AUTH:
		if (w->mechanism[0] == 'P')
			answer_plain(w);
		else
			answer_rounds(w);
		break;
	case REQUEST_SPOOL:
		buf_reset(&w->spool);
		w->spool_open = w->on_spool == SUBMIT_STATUS_OK;
		smtp_session_spool_is(w->session, w->token, w->on_spool);
		break;
	case REQUEST_COMMIT:
		smtp_session_committed(
		    w->session, w->token, w->on_commit, 0x123abc);
		break;
	case REQUEST_DELAY:
		smtp_session_delay_over(w->session, w->token);
		break;
	}
	return true;
}

static void show(struct world *w, struct view what)
{
	struct buf *out = w->env.out;
	if (view_eq(what, V("envelope")))
		buf_put(out, buf_view(&w->envelope));
	else if (view_eq(what, V("body")))
		buf_put(out, buf_view(&w->body));
	else if (view_eq(what, V("size")))
		buf_printf(out, "%zu\r\n", buf_len(&w->body));
	else if (view_eq(what, V("delay")))
		buf_printf(out, "%u\r\n", (unsigned)w->delayed_ms);
	else if (view_eq(what, V("starttls")))
		buf_put(out, w->tls_wanted ? V("yes\r\n") : V("no\r\n"));
	else
		fatal("@show what?");
}

static void set_limit(struct world *w, struct view rest)
{
	struct view name;
	uint64_t n;
	view_cut(&rest, ' ', &name);
	if (!view_u64(rest, &n))
		fatal("@limit NAME N");
	if (view_eq(name, V("message")))
		w->limits.message_bytes = n;
	else if (view_eq(name, V("header")))
		w->limits.header_bytes = n;
	else if (view_eq(name, V("recipients")))
		w->limits.recipients = (uint32_t)n;
	else if (view_eq(name, V("errors")))
		w->limits.errors = (uint32_t)n;
	else
		fatal("@limit of what?");
}

static void set_reply(struct world *w, struct view rest)
{
	struct view what;
	view_cut(&rest, ' ', &what);
	enum submit_status status =
	    view_eq(rest, V("ok"))     ? SUBMIT_STATUS_OK
	    : view_eq(rest, V("full")) ? SUBMIT_STATUS_FULL
	    : view_eq(rest, V("temp")) ? SUBMIT_STATUS_TEMP
				       : SUBMIT_STATUS_LIMIT;
	if (view_eq(what, V("commit")))
		w->on_commit = status;
	else if (view_eq(what, V("spool")))
		w->on_spool = status;
	else
		w->on_write = status;
}

static void tls_up(struct world *w, struct view rest)
{
	struct smtp_tls tls = { V("TLSv1.3"), V("TLS_AES_256_GCM_SHA384"),
		view_eq(rest, V("plus")) };
	w->tls_wanted = false;
	smtp_session_tls_up(w->session, &tls);
}

static enum service service_of(struct view name)
{
	enum service s = SERVICE_SMTP;
	while (!view_eq(view_of(service_name(s)), name))
		s++;
	return s;
}

static bool world_directive(void *engine, struct view word, struct view rest)
{
	struct world *w = engine;
	if (view_eq(word, V("service")))
		w->env.service = service_of(rest);
	else if (view_eq(word, V("loopback")))
		w->env.is_loopback = true;
	else if (view_eq(word, V("remote")))
		w->env.remote = rest;
	else if (view_eq(word, V("no-tls")))
		w->env.tls_available = false;
	else if (view_eq(word, V("no-utf8")))
		w->limits.smtputf8 = false;
	else if (view_eq(word, V("fix")))
		w->limits.bare_newline = BARE_NEWLINE_FIX;
	else if (view_eq(word, V("full-is-permanent")))
		w->limits.full_is_permanent = true;
	else if (view_eq(word, V("limit")))
		set_limit(w, rest);
	else if (view_eq(word, V("reply")))
		set_reply(w, rest);
	else if (view_eq(word, V("tls")))
		tls_up(w, rest);
	else if (view_eq(word, V("timeout")))
		smtp_session_timeout(w->session);
	else if (view_eq(word, V("stop")))
		smtp_session_stop(w->session);
	else if (view_eq(word, V("show")))
		show(w, rest);
	else
		return false;
	return true;
}

static bool world_is_closed(const void *engine)
{
	const struct world *w = engine;
	return w->closed;
}

static void world_close(void *engine)
{
	struct world *w = engine;
	smtp_session_free(&w->session);
	buf_deinit(&w->asked);
	buf_deinit(&w->envelope);
	buf_deinit(&w->body);
	buf_deinit(&w->spool);
	free(w);
}

static const struct replay_adapter adapter = {
	.open = world_open,
	.start = world_start,
	.input = world_input,
	.step = world_step,
	.directive = world_directive,
	.is_closed = world_is_closed,
	.close = world_close,
};

#ifndef SMTP_WORLD_ONLY
REPLAY_MAIN(&adapter)
#endif
