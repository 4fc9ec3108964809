/* AUTH as the client: RFC 4954, with SCRAM-SHA-256 and -PLUS (RFC 5802, 7677),
 * PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login). */
#include "base/secret.h"
#include "queued/client/smtp_client_state.h"
#include "text/codec.h"

enum {
	MESSAGE_MAX = 4096
};

/* One mechanism. Each step puts the next message into out; step 0 is for the
 * command itself, when the client speaks first. */
struct smtp_auth {
	struct view name;
	size_t flag; /* place of a bool in struct smtp_client_caps */
	bool client_first;
	unsigned n_steps;
	int (*step)(struct smtp_client *c, unsigned step, struct view challenge,
	    struct buf *out);
	enum scram_client_bind bind;
};

static int step_plain(struct smtp_client *c, unsigned step,
    struct view challenge, struct buf *out)
{
	(void)step;
	(void)challenge;
	buf_put_char(out, '\0');
	buf_put(out, c->options.auth_user);
	buf_put_char(out, '\0');
	buf_put(out, c->options.auth_secret);
	return 0;
}

static int step_login(struct smtp_client *c, unsigned step,
    struct view challenge, struct buf *out)
{
	(void)challenge;
	buf_put(out, step == 0 ? c->options.auth_user : c->options.auth_secret);
	return 0;
}

static int step_scram(struct smtp_client *c, unsigned step,
    struct view challenge, struct buf *out)
{
	const struct smtp_client_options *o = &c->options;
	struct view binding = { c->binding, c->n_binding };
	enum scram_client_bind bind = c->auth->bind;
	if (step == 1)
		return scram_client_final(
		    &c->scram, o->auth_secret, challenge, out);
	if (step == 2)
		return scram_client_verify(&c->scram, challenge);
	/* It could bind: if the host can, too, somebody took that out. */
	if (bind == SCRAM_BIND_NONE && binding.n && !c->caps.auth_scram_plus)
		bind = SCRAM_BIND_NOT_OFFERED;
	scram_client_deinit(&c->scram);
	c->scram.test_nonce = o->test_nonce;
	return scram_client_first(&c->scram, bind, binding, o->auth_user, out);
}

#define FLAG(field) offsetof(struct smtp_client_caps, field)

/* The best one first. */
static const struct smtp_auth mechanisms[] = {
	{ V_INIT("SCRAM-SHA-256-PLUS"), FLAG(auth_scram_plus), true, 3,
	    step_scram, SCRAM_BIND_EXPORTER },
	{ V_INIT("SCRAM-SHA-256"), FLAG(auth_scram), true, 3, step_scram,
	    SCRAM_BIND_NONE },
	{ V_INIT("PLAIN"), FLAG(auth_plain), true, 1, step_plain,
	    SCRAM_BIND_NONE },
	{ V_INIT("LOGIN"), FLAG(auth_login), false, 2, step_login,
	    SCRAM_BIND_NONE },
};

static const struct smtp_auth *choose(const struct smtp_client *c)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof mechanisms[0]; i++) {
		const struct smtp_auth *m = &mechanisms[i];
		bool can = m->bind != SCRAM_BIND_EXPORTER || c->n_binding;
		if (can && *(const bool *)((const char *)&c->caps + m->flag))
			return m;
	}
	return NULL;
}

/* No reply is left that could say more. */
static void give_up(struct smtp_client *c, int error)
{
	smtp_client_say(c, SMTP_STAGE_AUTH,
	    error == MC_E_AUTH
		? &REPLY(454, 4, 7, 0,
		      "the host did not prove that it knows the password")
		: &REPLY(
		      454, 4, 7, 0, "the host's challenge cannot be answered"));
	smtp_client_end(c);
}

static int put_step(struct smtp_client *c, struct view challenge)
{
	struct buf message;
	buf_init(&message, MESSAGE_MAX);
	buf_keep_secret(&message);
	int error = c->auth->step(c, c->auth_step++, challenge, &message);
	if (!error)
		error = buf_error(&message);
	if (!error)
		base64_encode(buf_view(&message), &c->out);
	buf_deinit(&message);
	return error;
}

static void begin(struct smtp_client *c, const struct smtp_auth *m)
{
	int error = 0;
	c->auth = m;
	c->auth_step = 0;
	buf_put(&c->out, V("AUTH "));
	buf_put(&c->out, m->name);
	if (m->client_first) {
		buf_put_char(&c->out, ' ');
		error = put_step(c, V_NONE);
	}
	if (error)
		give_up(c, error);
	else
		smtp_client_command(c, SMTP_STAGE_AUTH, V_NONE);
}

void smtp_client_auth(struct smtp_client *c)
{
	bool may = c->has_tls || c->options.auth_without_tls;
	const struct smtp_auth *m = may ? choose(c) : NULL;
	if (m) {
		begin(c, m);
		return;
	}
	smtp_client_say(c, SMTP_STAGE_AUTH,
	    may ? &REPLY(454, 4, 7, 0,
		      "the host offers none of SCRAM-SHA-256, PLAIN and LOGIN")
		: &REPLY(
		      454, 4, 7, 11, "the password is not sent without TLS"));
	smtp_client_fail(c);
}

/* "334 base64"; what the reader had to cut is no challenge of SCRAM any more.
 */
static void answer(struct smtp_client *c)
{
	struct buf challenge;
	if (c->auth_step == c->auth->n_steps) {
		smtp_client_broken(c, "a challenge that AUTH does not have");
		return;
	}
	buf_init(&challenge, MESSAGE_MAX);
	int error = base64_decode(view_skip(c->result.text, 4), &challenge);
	/* What LOGIN and PLAIN are asked is for people. */
	if (error && c->auth->step == step_scram)
		give_up(c, error);
	else if ((error = put_step(c, buf_view(&challenge))) != 0)
		give_up(c, error);
	else
		smtp_client_command(c, SMTP_STAGE_AUTH, V_NONE);
	buf_deinit(&challenge);
}

static void succeed(struct smtp_client *c)
{
	if (c->auth_step < c->auth->n_steps) {
		give_up(c, MC_E_AUTH);
		return;
	}
	c->state = SMTP_CLIENT_READY;
	smtp_client_notify(c, SMTP_EVENT_UP);
}

/* Refused before anything was proved: the host binds, but not as we do. */
static bool may_do_without_binding(const struct smtp_client *c)
{
	return c->auth->bind == SCRAM_BIND_EXPORTER && c->auth_step == 1 &&
	       c->result.code >= 500;
}

void smtp_client_on_auth(struct smtp_client *c, size_t index)
{
	(void)index;
	if (c->result.code == 334) {
		answer(c);
	} else if (smtp_client_is_ok(c)) {
		succeed(c);
	} else if (c->state == SMTP_CLIENT_OVER) {
		return;
	} else if (may_do_without_binding(c)) {
		c->n_binding = 0;
		smtp_client_auth(c);
	} else {
		smtp_client_fail(c);
	}
}
