#include "smtpd/smtp_session.h"
#include "base/panic.h"
#include "smtpd/smtp_command.h"

enum {
	ERRORS_FREE = 5, /* beyond these each one costs the client */
	ERROR_COST_MS = 1000,
	ARENA_BASE = 4096, /* sender, and what one line holds */
	ARENA_PER_RCPT = sizeof(struct smtp_rcpt) + PATH_MAX_OCTETS + 32 + 512,
};

struct smtp_session *smtp_session_new(const struct smtp_env *env)
{
	struct smtp_session *s = MUST_NEW(struct smtp_session);
	s->env = *env;
	s->state = SMTP_STATE_NEW;
	s->mode = SMTP_MODE_COMMAND;
	s->rcpts_end = &s->rcpts;
	arena_init(&s->arena,
	    ARENA_BASE + (size_t)env->limits->recipients * ARENA_PER_RCPT);
	smtp_data_init(s);
	return s;
}

void smtp_session_free(struct smtp_session **sp)
{
	struct smtp_session *s = *sp;
	*sp = NULL;
	if (!s)
		return;
	smtp_data_reset(s);
	buf_deinit(&s->data.body);
	arena_deinit(&s->arena);
	free(s);
}

bool smtp_offers_dsn(const struct smtp_session *s)
{
	return smtp_is_submission(s) || s->is_authed;
}

bool smtp_offers_utf8(const struct smtp_session *s)
{
	return s->env.limits->smtputf8;
}

bool smtp_is_submission(const struct smtp_session *s)
{
	return s->env.service != SERVICE_SMTP;
}

bool smtp_may_auth(const struct smtp_session *s)
{
	return s->has_tls ||
	       (s->env.is_loopback && s->env.limits->loopback_auth);
}

struct view smtp_helo(const struct smtp_session *s)
{
	return (struct view){ s->helo, s->helo_n };
}

struct view smtp_account(const struct smtp_session *s)
{
	return (struct view){ s->account, s->account_n };
}

void smtp_reply(struct smtp_session *s, const struct reply *r)
{
	reply_put(s->env.out, r);
}

void smtp_close(struct smtp_session *s)
{
	if (smtp_session_is_closed(s))
		return;
	smtp_reset(s);
	s->wait = SMTP_WAIT_NONE;
	s->state = SMTP_STATE_ANY;
	s->mode = SMTP_MODE_DEAF;
	s->env.ops->close(s->env.ctx);
}

bool smtp_session_is_closed(const struct smtp_session *s)
{
	return s->mode == SMTP_MODE_DEAF && s->state == SMTP_STATE_ANY;
}

bool smtp_refuse(struct smtp_session *s, const struct reply *r)
{
	smtp_reply(s, r);
	s->n_errors++;
	if (s->n_errors >= s->env.limits->errors) {
		LOG(s->env.log, INFO, "session.errors",
		    KV_VIEW("remote", s->env.remote),
		    KV_INT("errors", s->n_errors));
		smtp_reply(s, &REPLY(421, 4, 7, 0, "Too many errors"));
		smtp_close(s);
	} else if (s->n_errors > ERRORS_FREE) {
		uint64_t token = smtp_wait(s, SMTP_WAIT_DELAY);
		s->env.ops->delay(s->env.ctx, token, ERROR_COST_MS);
	}
	return false;
}

uint64_t smtp_wait(struct smtp_session *s, enum smtp_wait wait)
{
	mc_assert(s->wait == SMTP_WAIT_NONE);
	s->wait = wait;
	return ++s->token;
}

bool smtp_answers(struct smtp_session *s, enum smtp_wait wait, uint64_t token)
{
	if (s->wait != wait || s->token != token)
		return false;
	s->wait = SMTP_WAIT_NONE;
	return true;
}

void smtp_reset(struct smtp_session *s)
{
	smtp_data_reset(s);
	arena_reset(&s->arena);
	s->sender = s->envid = V_NONE;
	s->asked = (struct smtp_rcpt){ .next = NULL };
	s->rcpts = NULL;
	s->rcpts_end = &s->rcpts;
	s->n_rcpts = 0;
	s->flags = 0;
	if (s->state & (SMTP_STATE_MAIL | SMTP_STATE_RCPT))
		s->state = SMTP_STATE_READY;
}

static void say_stopping(struct smtp_session *s)
{
	smtp_reply(s, &REPLY(421, 4, 3, 2, "Service is shutting down"));
	smtp_close(s);
}

void smtp_stop_if_asked(struct smtp_session *s)
{
	/* Deaf: closed already, or TLS is coming up and asks again. */
	if (s->stopping && s->mode != SMTP_MODE_DEAF)
		say_stopping(s);
}

void smtp_session_stop(struct smtp_session *s)
{
	s->stopping = true;
	if (s->mode == SMTP_MODE_DATA)
		return; /* until its end */
	if (s->wait == SMTP_WAIT_AUTH || s->mode == SMTP_MODE_AUTH)
		s->env.ops->auth_cancel(s->env.ctx);
	smtp_stop_if_asked(s);
}

bool smtp_session_timeout(struct smtp_session *s)
{
	if (s->wait != SMTP_WAIT_NONE)
		return false;
	if (smtp_session_is_closed(s))
		return true;
	if (s->mode == SMTP_MODE_AUTH)
		s->env.ops->auth_cancel(s->env.ctx);
	if (s->mode != SMTP_MODE_DEAF) /* no plain text into a handshake */
		smtp_reply(s, &REPLY(421, 4, 4, 2, "Timeout"));
	smtp_close(s);
	return true;
}

bool smtp_session_is_waiting(const struct smtp_session *s)
{
	return s->wait != SMTP_WAIT_NONE;
}

uint64_t smtp_session_accepted(const struct smtp_session *s)
{
	return s->n_accepted;
}

void smtp_session_greet(struct smtp_session *s)
{
	/* RFC 5321 4.2: "220 Domain ..."; RFC 2034 4: no enhanced code. */
	buf_put(s->env.out, V("220 "));
	buf_put(s->env.out, s->env.hostname);
	buf_put(s->env.out, V(" ESMTP Mailcore\r\n"));
}

/* RFC 3207 4.2: after TLS both sides forget all that was said before. */
void smtp_session_tls_up(struct smtp_session *s, const struct smtp_tls *tls)
{
	if (smtp_session_is_closed(s))
		return;
	smtp_reset(s);
	s->state = SMTP_STATE_NEW;
	s->mode = SMTP_MODE_COMMAND;
	s->helo_n = s->account_n = 0;
	s->esmtp = s->is_authed = false;
	s->tls = *tls;
	s->has_tls = true;
	smtp_stop_if_asked(s);
}

static void refuse_line(struct smtp_session *s, enum line_fault fault)
{
	if (fault == LINE_FAULT_TOO_LONG)
		smtp_refuse(s, &REPLY(500, 5, 5, 2, "Line too long"));
	else
		smtp_refuse(s, &REPLY(500, 5, 5, 2,
				   "Bare CR, bare LF or NUL in a command"));
}

static bool read_line(struct smtp_session *s, struct view *in, size_t max,
    void (*run)(struct smtp_session *s, struct view line))
{
	struct view line;
	enum line_fault fault;
	enum parse r = line_take(in, max, &line, &fault);
	if (r == PARSE_MORE)
		return false;
	if (r == PARSE_OK) {
		run(s, line);
		return true;
	}
	if (s->mode == SMTP_MODE_AUTH)
		s->env.ops->auth_cancel(s->env.ctx);
	bool has_end = line.n && line.p[line.n - 1] == '\n';
	s->mode = has_end ? SMTP_MODE_COMMAND : SMTP_MODE_SKIP;
	refuse_line(s, fault);
	return true;
}

static bool read_command(struct smtp_session *s, struct view *in)
{
	const struct smtp_command *c = smtp_command_find(*in);
	return read_line(s, in, c ? c->line_max : 512, smtp_command_run);
}

static bool read_auth(struct smtp_session *s, struct view *in)
{
	return read_line(s, in, SMTP_LINE_MAX, smtp_auth_response);
}

static bool read_skip(struct smtp_session *s, struct view *in)
{
	if (line_skip(in))
		s->mode = SMTP_MODE_COMMAND;
	return true;
}

static bool read_deaf(struct smtp_session *s, struct view *in)
{
	(void)s;
	*in = view_skip(*in, in->n);
	return true;
}

static bool (*const readers[SMTP_MODE_COUNT])(
    struct smtp_session *s, struct view *in) = {
	[SMTP_MODE_COMMAND] = read_command,
	[SMTP_MODE_SKIP] = read_skip,
	[SMTP_MODE_AUTH] = read_auth,
	[SMTP_MODE_DATA] = smtp_data_read,
	[SMTP_MODE_DEAF] = read_deaf,
};

size_t smtp_session_input(struct smtp_session *s, struct view in, int64_t now_s)
{
	struct view rest = in;
	s->now_s = now_s;
	while (rest.n && s->wait == SMTP_WAIT_NONE &&
	       buf_room(s->env.out) >= SMTP_OUT_ROOM)
		if (!readers[s->mode](s, &rest))
			break;
	return in.n - rest.n;
}
