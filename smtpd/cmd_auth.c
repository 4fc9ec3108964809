/* AUTH, RFC 4954 (and 2554). Passwords are checked by another process; here
 * they only pass, and are wiped. */
#include "base/secret.h"
#include "smtpd/smtp_command.h"
#include "text/codec.h"
#include <string.h>

static const struct {
	struct view name;
	bool needs_binding;
} mechanisms[] = {
	{ V_INIT("PLAIN"), false },
	{ V_INIT("LOGIN"), false },
	{ V_INIT("SCRAM-SHA-256"), false },
	{ V_INIT("SCRAM-SHA-256-PLUS"), true },
};

/* Its name as it is registered; empty when it is not offered. */
static struct view offered(const struct smtp_session *s, struct view name)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++)
		if (view_ieq(name, mechanisms[i].name) &&
		    (!mechanisms[i].needs_binding ||
			(s->has_tls && s->tls.has_binding)))
			return mechanisms[i].name;
	return V_NONE;
}

bool smtp_args_auth(
    struct smtp_session *s, struct view text, struct smtp_args *args)
{
	args->has_initial = view_cut(&text, ' ', &args->mechanism);
	args->initial = view_trim(text);
	if (args->mechanism.n == 0)
		return smtp_refuse(
		    s, &REPLY(501, 5, 5, 4, "Mechanism expected"));
	if (s->is_authed)
		return smtp_refuse(
		    s, &REPLY(503, 5, 5, 1, "Already authenticated"));
	if (!smtp_may_auth(s))
		return smtp_refuse(
		    s, &REPLY(538, 5, 7, 11, "Encryption required"));
	args->mechanism = offered(s, args->mechanism);
	if (args->mechanism.n == 0)
		return smtp_refuse(
		    s, &REPLY(504, 5, 5, 4, "Unknown mechanism"));
	return true;
}

static void wipe(struct buf *b)
{
	if (b->p)
		secret_wipe(b->p, b->cap);
	buf_deinit(b);
}

/* RFC 4954 4: "the client MUST transmit the response as a single equals sign"
 * when it is empty. */
static int decode_initial(struct view v, struct buf *out)
{
	if (view_eq(v, V("=")))
		return 0;
	return v.n ? base64_decode(v, out) : MC_E_BAD;
}

void smtp_cmd_auth(struct smtp_session *s, const struct smtp_args *args)
{
	struct buf initial;
	buf_init(&initial, SMTP_LINE_MAX);
	if (args->has_initial && decode_initial(args->initial, &initial)) {
		wipe(&initial);
		smtp_refuse(s, &REPLY(501, 5, 5, 2, "Not base64"));
		return;
	}
	struct view decoded = buf_view(&initial);
	if (!decoded.p)
		decoded.p = "";
	s->mechanism_n = args->mechanism.n;
	memcpy(s->mechanism, args->mechanism.p, s->mechanism_n);
	uint64_t token = smtp_wait(s, SMTP_WAIT_AUTH);
	s->env.ops->auth_start(s->env.ctx, token, args->mechanism,
	    args->has_initial ? &decoded : NULL);
	wipe(&initial);
}

static void cancel(struct smtp_session *s, const struct reply *r)
{
	s->env.ops->auth_cancel(s->env.ctx);
	s->mode = SMTP_MODE_COMMAND;
	smtp_refuse(s, r);
}

void smtp_auth_response(struct smtp_session *s, struct view line)
{
	struct buf response;
	if (view_eq(line, V("*"))) {
		cancel(s, &REPLY(501, 5, 7, 0, "Authentication cancelled"));
		return;
	}
	buf_init(&response, SMTP_LINE_MAX);
	if (base64_decode(line, &response)) {
		cancel(s, &REPLY(501, 5, 5, 2, "Not base64"));
	} else {
		uint64_t token = smtp_wait(s, SMTP_WAIT_AUTH);
		s->env.ops->auth_next(s->env.ctx, token, buf_view(&response));
	}
	wipe(&response);
}

void smtp_session_auth_challenge(
    struct smtp_session *s, uint64_t token, struct view challenge)
{
	if (!smtp_answers(s, SMTP_WAIT_AUTH, token))
		return;
	s->mode = SMTP_MODE_AUTH;
	buf_put(s->env.out, V("334 "));
	base64_encode(challenge, s->env.out);
	buf_put(s->env.out, V("\r\n"));
}

/* The reply waits, so that guessing is slow; see smtp_session_delay_over. */
static void fail(struct smtp_session *s, struct view name)
{
	s->n_auth_failures++;
	s->auth_failed = true;
	LOG(s->env.log, INFO, "auth.fail", KV_VIEW("remote", s->env.remote),
	    KV_VIEW(
		"mechanism", ((struct view){ s->mechanism, s->mechanism_n })),
	    KV_VIEW("account", name), KV_INT("failures", s->n_auth_failures));
	uint64_t token = smtp_wait(s, SMTP_WAIT_DELAY);
	s->env.ops->delay(s->env.ctx, token, s->env.limits->auth_delay_ms);
}

static void succeed(struct smtp_session *s, struct view account)
{
	account = view_head(account, sizeof s->account);
	memcpy(s->account, account.p, account.n);
	s->account_n = account.n;
	s->is_authed = true;
	smtp_reply(s, &REPLY(235, 2, 7, 0, "Authentication succeeded"));
}

void smtp_session_auth_result(struct smtp_session *s, uint64_t token,
    enum auth_status status, struct view account)
{
	if (!smtp_answers(s, SMTP_WAIT_AUTH, token))
		return;
	s->mode = SMTP_MODE_COMMAND;
	switch (status) {
	case AUTH_STATUS_OK:
		succeed(s, account);
		break;
	case AUTH_STATUS_FAILED:
		fail(s, account);
		break;
	case AUTH_STATUS_TEMP:
		smtp_reply(s,
		    &REPLY(454, 4, 7, 0, "Temporary authentication failure"));
		break;
	case AUTH_STATUS_DISABLED:
		smtp_refuse(s, &REPLY(525, 5, 7, 13, "Account disabled"));
		break;
	case AUTH_STATUS_BAD:
		smtp_refuse(s, &REPLY(501, 5, 5, 2, "Malformed response"));
		break;
	case AUTH_STATUS_UNKNOWN_MECHANISM:
		smtp_refuse(s, &REPLY(504, 5, 5, 4, "Unknown mechanism"));
		break;
	}
}

void smtp_session_delay_over(struct smtp_session *s, uint64_t token)
{
	if (!smtp_answers(s, SMTP_WAIT_DELAY, token) || !s->auth_failed)
		return;
	s->auth_failed = false;
	smtp_reply(s, &REPLY(535, 5, 7, 8, "Authentication failed"));
	if (s->n_auth_failures < s->env.limits->auth_failures)
		return;
	smtp_reply(s, &REPLY(421, 4, 7, 0, "Too many failed logins"));
	smtp_close(s);
}
