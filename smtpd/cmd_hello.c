/* EHLO, HELO, STARTTLS. */
#include "base/chars.h"
#include "smtpd/smtp_command.h"
#include <string.h>

/* Names that hosts in the wild give themselves (with underscores, unfinished
 * literals) are let through; what could break a Received field is not. RFC 5321
 * 4.1.4: the name itself is never a reason to refuse. */
static bool may_stand(char c)
{
	return char_is(c, CHAR_LDH) || c == '.' || c == '_' || c == ':' ||
	       c == '[' || c == ']';
}

bool smtp_args_hello(
    struct smtp_session *s, struct view text, struct smtp_args *args)
{
	bool ok = text.n > 0 && text.n < sizeof s->helo;
	for (size_t i = 0; ok && i < text.n; i++)
		ok = may_stand(text.p[i]);
	args->text = text;
	return ok || smtp_refuse(s, &REPLY(501, 5, 5, 4,
					"Domain or address literal expected"));
}

static void take_helo(struct smtp_session *s, struct view text, bool esmtp)
{
	smtp_reset(s);
	memcpy(s->helo, text.p, text.n);
	s->helo_n = text.n;
	s->esmtp = esmtp;
	s->state = SMTP_STATE_READY;
}

void smtp_cmd_helo(struct smtp_session *s, const struct smtp_args *args)
{
	take_helo(s, args->text, false);
	smtp_reply(s, &(struct reply){ 250, { 0 }, s->env.hostname });
}

static void put_mechanisms(const struct smtp_session *s, struct buf *text)
{
	buf_put(text, V("\nAUTH"));
	if (s->has_tls && s->tls.has_binding)
		buf_put(text, V(" SCRAM-SHA-256-PLUS"));
	buf_put(text, V(" SCRAM-SHA-256 PLAIN LOGIN"));
}

void smtp_cmd_ehlo(struct smtp_session *s, const struct smtp_args *args)
{
	struct buf text;
	buf_init(&text, 2048);
	take_helo(s, args->text, true);
	buf_put(&text, s->env.hostname);
	buf_put(&text, V("\nPIPELINING\nSIZE "));
	buf_put_u64(&text, s->env.limits->message_bytes);
	buf_put(&text, V("\n8BITMIME\nENHANCEDSTATUSCODES"));
	if (smtp_offers_dsn(s))
		buf_put(&text, V("\nDSN"));
	if (smtp_offers_utf8(s))
		buf_put(&text, V("\nSMTPUTF8"));
	if (s->has_tls)
		buf_put(&text, V("\nREQUIRETLS"));
	if (s->env.tls_available && !s->has_tls)
		buf_put(&text, V("\nSTARTTLS"));
	if (smtp_may_auth(s) && !s->is_authed)
		put_mechanisms(s, &text);
	smtp_reply(s, &(struct reply){ 250, { 0 }, buf_view(&text) });
	buf_deinit(&text);
}

void smtp_cmd_starttls(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	if (s->has_tls) {
		smtp_refuse(s, &REPLY(503, 5, 5, 1, "TLS is on already"));
		return;
	}
	if (!s->env.tls_available) {
		smtp_refuse(s, &REPLY(502, 5, 5, 1, "TLS is not offered"));
		return;
	}
	smtp_reset(s);
	smtp_reply(s, &REPLY(220, 2, 0, 0, "Ready to start TLS"));
	/* What was pipelined behind it was not protected: it is dropped, here
	 * and by the connection, and never taken for part of the session. */
	s->state = SMTP_STATE_NEW;
	s->mode = SMTP_MODE_DEAF;
	s->env.ops->start_tls(s->env.ctx);
}
