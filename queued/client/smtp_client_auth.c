/* AUTH as the client: RFC 4954, with PLAIN (RFC 4616) and LOGIN
 * (draft-murchison-sasl-login). */
#include "base/secret.h"
#include "queued/client/smtp_client_state.h"
#include "text/codec.h"

enum {
	AUTH_STEP_USER,   /* the server may ask for it */
	AUTH_STEP_SECRET, /* and then for this */
	AUTH_STEP_END,
};

static void put_plain(struct smtp_client *c)
{
	struct buf message;
	buf_init(&message, 2 * SECRET_MAX);
	buf_keep_secret(&message);
	buf_put_char(&message, '\0');
	buf_put(&message, c->options.auth_user);
	buf_put_char(&message, '\0');
	buf_put(&message, c->options.auth_secret);
	buf_put(&c->out, V("AUTH PLAIN "));
	base64_encode(buf_view(&message), &c->out);
	if (buf_error(&message))
		c->out.error = MC_E_LIMIT;
	buf_deinit(&message);
	smtp_client_command(c, SMTP_STAGE_AUTH, V_NONE);
}

void smtp_client_auth(struct smtp_client *c)
{
	bool may = c->has_tls || c->options.auth_without_tls;
	if (may && c->caps.auth_plain) {
		c->auth_step = AUTH_STEP_END;
		put_plain(c);
	} else if (may && c->caps.auth_login) {
		c->auth_step = AUTH_STEP_USER;
		smtp_client_command(c, SMTP_STAGE_AUTH, V("AUTH LOGIN"));
	} else {
		smtp_client_say(c, SMTP_STAGE_AUTH,
		    may ? &REPLY(454, 4, 7, 0,
			      "the host offers neither PLAIN nor LOGIN")
			: &REPLY(454, 4, 7, 11,
			      "the password is not sent without TLS"));
		smtp_client_fail(c);
	}
}

static void answer(struct smtp_client *c)
{
	if (c->auth_step == AUTH_STEP_END) {
		smtp_client_broken(c, "a challenge that AUTH does not have");
		return;
	}
	base64_encode(c->auth_step == AUTH_STEP_USER ? c->options.auth_user
						     : c->options.auth_secret,
	    &c->out);
	c->auth_step++;
	smtp_client_command(c, SMTP_STAGE_AUTH, V_NONE);
}

void smtp_client_on_auth(struct smtp_client *c, size_t index)
{
	(void)index;
	if (c->result.code == 334) {
		answer(c);
	} else if (smtp_client_is_ok(c)) {
		c->state = SMTP_CLIENT_READY;
		smtp_client_notify(c, SMTP_EVENT_UP);
	} else if (c->state != SMTP_CLIENT_OVER) {
		smtp_client_fail(c);
	}
}
