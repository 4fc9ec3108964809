/* MAIL and RCPT: the envelope. RFC 5321 4.1.1.2 and 3; SIZE: RFC 1870; BODY:
 * RFC 6152; AUTH=: RFC 4954 5; SMTPUTF8: RFC 6531; REQUIRETLS: RFC 8689; RET,
 * ENVID, NOTIFY and ORCPT: RFC 3461. */
#include "smtpd/smtp_command.h"

/* "FROM:" or "TO:", then the path. A blank behind the colon is no valid syntax,
 * but common. */
static bool take_path(struct smtp_session *s, struct view *text,
    struct view start, struct smtp_args *args)
{
	const char *why = "address expected";
	if (!view_istarts(*text, start))
		return smtp_refuse(s, &REPLY(501, 5, 5, 4, "Syntax error"));
	*text = view_trim(view_skip(*text, start.n));
	if (path_parse(text, &args->path, &why) == PARSE_BAD)
		return smtp_refuse(
		    s, &(struct reply){ 501, { 5, 1, 3 }, view_of(why) });
	if (text->n && text->p[0] != ' ')
		return smtp_refuse(s, &REPLY(501, 5, 5, 4, "Syntax error"));
	return true;
}

static bool param_size(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	if (value.n > 20 || !view_u64(value, &args->size))
		return smtp_refuse(s, &REPLY(501, 5, 5, 4, "Bad SIZE"));
	if (args->size > s->env.limits->message_bytes)
		return smtp_refuse(
		    s, &REPLY(552, 5, 3, 4, "Message too large"));
	return true;
}

static bool param_body(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	if (view_ieq(value, V("8BITMIME")))
		args->flags |= SUBMIT_FLAG_8BITMIME;
	else if (!view_ieq(value, V("7BIT")))
		return smtp_refuse(s, &REPLY(501, 5, 5, 4, "Bad BODY"));
	return true;
}

static bool param_smtputf8(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	args->flags |= SUBMIT_FLAG_SMTPUTF8;
	return !value.n ||
	       smtp_refuse(s, &REPLY(501, 5, 5, 4, "SMTPUTF8 takes no value"));
}

static bool param_requiretls(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	if (value.n)
		return smtp_refuse(
		    s, &REPLY(501, 5, 5, 4, "REQUIRETLS takes no value"));
	if (!s->has_tls)
		return smtp_refuse(s, &REPLY(530, 5, 7, 10,
					  "REQUIRETLS is for sessions with "
					  "TLS"));
	args->flags |= SUBMIT_FLAG_REQUIRETLS;
	return true;
}

/* RFC 4954 5: a server that does not trust the client takes it as "<>". */
static bool param_auth(
    struct smtp_session *s, struct view value, struct smtp_args *args)
{
	(void)args;
	return value.n || smtp_refuse(s, &REPLY(501, 5, 5, 4, "Bad AUTH"));
}

struct param {
	struct view name;
	bool (*is_offered)(const struct smtp_session *s); /* NULL: always */
	bool (*take)(
	    struct smtp_session *s, struct view value, struct smtp_args *args);
};

static const struct param mail_params[] = {
	{ V_INIT("SIZE"), NULL, param_size },
	{ V_INIT("BODY"), NULL, param_body },
	{ V_INIT("AUTH"), NULL, param_auth },
	{ V_INIT("SMTPUTF8"), smtp_offers_utf8, param_smtputf8 },
	{ V_INIT("REQUIRETLS"), NULL, param_requiretls },
	{ V_INIT("RET"), smtp_offers_dsn, smtp_param_ret },
	{ V_INIT("ENVID"), smtp_offers_dsn, smtp_param_envid },
	{ V_INIT(""), NULL, NULL },
};
static const struct param rcpt_params[] = {
	{ V_INIT("NOTIFY"), smtp_offers_dsn, smtp_param_notify },
	{ V_INIT("ORCPT"), smtp_offers_dsn, smtp_param_orcpt },
	{ V_INIT(""), NULL, NULL },
};

static bool take_param(struct smtp_session *s, const struct param *params,
    struct view key, struct view value, struct smtp_args *args)
{
	for (unsigned i = 0; params[i].take; i++) {
		if (!view_ieq(key, params[i].name) ||
		    (params[i].is_offered && !params[i].is_offered(s)))
			continue;
		if (args->seen & 1u << i)
			return smtp_refuse(
			    s, &REPLY(501, 5, 5, 4, "Parameter given twice"));
		args->seen |= 1u << i;
		return params[i].take(s, value, args);
	}
	return smtp_refuse(s, &REPLY(555, 5, 5, 4, "Unknown parameter"));
}

static bool take_params(struct smtp_session *s, const struct param *params,
    struct view text, struct smtp_args *args)
{
	struct view key, value;
	const char *why = "";
	for (;;) {
		enum parse r = path_param(&text, &key, &value, &why);
		if (r == PARSE_MORE)
			return true;
		if (r == PARSE_BAD)
			return smtp_refuse(s,
			    &(struct reply){ 501, { 5, 5, 4 }, view_of(why) });
		if (!take_param(s, params, key, value, args))
			return false;
	}
}

/* RFC 6531 3.5 */
#define NEEDS_UTF8 "Non-ASCII addresses need SMTPUTF8"

bool smtp_args_mail(
    struct smtp_session *s, struct view text, struct smtp_args *args)
{
	if (!take_path(s, &text, V("FROM:"), args))
		return false;
	if (args->path.local.n && !args->path.domain.n)
		return smtp_refuse(
		    s, &REPLY(553, 5, 1, 7, "Sender needs a domain"));
	if (!take_params(s, mail_params, text, args))
		return false;
	return !args->path.is_utf8 || args->flags & SUBMIT_FLAG_SMTPUTF8 ||
	       smtp_refuse(s, &REPLY(550, 5, 6, 7, NEEDS_UTF8));
}

bool smtp_args_rcpt(
    struct smtp_session *s, struct view text, struct smtp_args *args)
{
	if (!take_path(s, &text, V("TO:"), args))
		return false;
	if (args->path.is_null)
		return smtp_refuse(
		    s, &REPLY(501, 5, 1, 3, "Recipient needs an address"));
	if (args->path.is_utf8 && !(s->flags & SUBMIT_FLAG_SMTPUTF8))
		return smtp_refuse(s, &REPLY(553, 5, 6, 7, NEEDS_UTF8));
	return take_params(s, rcpt_params, text, args);
}

/* Of the memory for one transaction. */
static bool no_room(struct smtp_session *s)
{
	smtp_reply(s, &REPLY(452, 4, 5, 3, "Too many recipients"));
	return false;
}

/* The address as everyone behind us sees it; RFC 5321 2.3.5: "postmaster"
 * alone is one of this host. */
static bool keep_address(
    struct smtp_session *s, const struct path *path, struct view *out)
{
	char text[PATH_MAX_OCTETS];
	struct path p = *path;
	size_t n;
	bool ok = true;
	if (p.local.n && !p.domain.n)
		p.domain = s->env.hostname;
	int error = path_format(&p, text, sizeof text, &n);
	if (error == MC_E_BAD)
		return smtp_refuse(
		    s, &REPLY(501, 5, 1, 3, "There is no such domain name"));
	if (error)
		return smtp_refuse(
		    s, &REPLY(501, 5, 1, 3, "Address is too long"));
	*out = arena_copy(&s->arena, (struct view){ text, n }, &ok);
	return ok || no_room(s);
}

void smtp_cmd_mail(struct smtp_session *s, const struct smtp_args *args)
{
	bool ok = true;
	if (!keep_address(s, &args->path, &s->sender))
		return;
	s->envid = arena_copy(&s->arena, args->envid, &ok);
	if (!ok) {
		no_room(s);
		return;
	}
	s->flags = args->flags;
	s->size = args->size;
	s->state = SMTP_STATE_MAIL;
	smtp_reply(s, &REPLY(250, 2, 1, 0, "Sender ok"));
}

void smtp_cmd_rcpt(struct smtp_session *s, const struct smtp_args *args)
{
	bool ok = true;
	if (s->n_rcpts >= s->env.limits->recipients) {
		no_room(s);
		return;
	}
	if (!keep_address(s, &args->path, &s->asked.address))
		return;
	s->asked.orcpt = arena_copy(&s->arena, args->orcpt, &ok);
	s->asked.notify = args->notify;
	if (!ok) {
		no_room(s);
		return;
	}
	uint64_t token = smtp_wait(s, SMTP_WAIT_RCPT);
	s->env.ops->check_recipient(
	    s->env.ctx, token, s->asked.address, s->size);
}

static void accept_asked(struct smtp_session *s)
{
	struct smtp_rcpt *rcpt = ARENA_NEW(&s->arena, struct smtp_rcpt);
	if (!rcpt) {
		no_room(s);
		return;
	}
	*rcpt = s->asked;
	*s->rcpts_end = rcpt;
	s->rcpts_end = &rcpt->next;
	s->n_rcpts++;
	s->state = SMTP_STATE_RCPT;
	smtp_reply(s, &REPLY(250, 2, 1, 5, "Recipient ok"));
}

static void refuse_asked(struct smtp_session *s, const struct reply *r)
{
	LOG(s->env.log, INFO, "rcpt.reject", KV_VIEW("remote", s->env.remote),
	    KV_INT("code", r->code), KV_VIEW("reason", r->text),
	    KV_VIEW("from", s->sender), KV_VIEW("rcpt", s->asked.address));
	if (r->code / 100 == 5)
		smtp_refuse(s, r);
	else
		smtp_reply(s, r);
}

void smtp_session_recipient_is(
    struct smtp_session *s, uint64_t token, enum address_kind kind)
{
	if (!smtp_answers(s, SMTP_WAIT_RCPT, token))
		return;
	switch (kind) {
	case ADDRESS_LOCAL:
	case ADDRESS_ALIAS:
		accept_asked(s);
		break;
	case ADDRESS_UNKNOWN:
		refuse_asked(s, &REPLY(550, 5, 1, 1, "No such user here"));
		break;
	case ADDRESS_REMOTE:
		if (s->is_authed)
			accept_asked(s);
		else
			refuse_asked(
			    s, &REPLY(550, 5, 7, 1, "Relaying denied"));
		break;
	case ADDRESS_TEMP:
	case ADDRESS_KIND_COUNT:
		refuse_asked(
		    s, &REPLY(451, 4, 3, 0, "Recipient cannot be checked now"));
		break;
	}
}

/* RFC 5321 4.2.3 has 452 for what may be better later, 552 for what is not;
 * RFC 3463 X.2.2 "Mailbox full", X.2.3 "Message length exceeds administrative
 * limit". */
void smtp_session_recipient_full(
    struct smtp_session *s, uint64_t token, bool never)
{
	if (!smtp_answers(s, SMTP_WAIT_RCPT, token))
		return;
	if (never)
		refuse_asked(s, &REPLY(552, 5, 2, 3,
				    "Message is larger than this mailbox may "
				    "be"));
	else if (s->env.limits->full_is_permanent)
		refuse_asked(s, &REPLY(552, 5, 2, 2, "Mailbox is full"));
	else
		refuse_asked(s, &REPLY(452, 4, 2, 2, "Mailbox is full"));
}
