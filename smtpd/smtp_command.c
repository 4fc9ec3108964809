#include "smtpd/smtp_command.h"

#define READY SMTP_STATE_READY
#define ANY SMTP_STATE_ANY
#define GREETED (SMTP_STATE_ANY & ~SMTP_STATE_NEW)
#define IN_MAIL (SMTP_STATE_MAIL | SMTP_STATE_RCPT)
#define AUTH_FIRST SMTP_CMD_NEEDS_AUTH

enum {
	LINE_MAX_PLAIN = 512, /* RFC 5321 4.5.3.1.4 */
	/* RFC 1870 3: 26 more for SIZE; RFC 6152 2: 17 for BODY; RFC 4954 5:
	 * 500 for AUTH; RFC 3461 4.3 and 4.4: " RET=FULL" and " ENVID=" with
	 * 100; RFC 6531 3.1: 10 for SMTPUTF8; RFC 8689 2: 11 for REQUIRETLS. */
	LINE_MAX_MAIL = 512 + 26 + 17 + 500 + 9 + 107 + 10 + 11,
	/* RFC 3461 4.1 and 4.2: " NOTIFY=SUCCESS,FAILURE,DELAY" and " ORCPT="
	 * with 500. */
	LINE_MAX_RCPT = 512 + 29 + 507,
};

/* clang-format off */
const struct smtp_command smtp_commands[] = {
	{ V_INIT("EHLO"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_hello, smtp_cmd_ehlo },
	{ V_INIT("HELO"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_hello, smtp_cmd_helo },
	{ V_INIT("MAIL"), READY, AUTH_FIRST, LINE_MAX_MAIL,
	    V_INIT("Say EHLO first, and MAIL once"),
	    smtp_args_mail, smtp_cmd_mail },
	{ V_INIT("RCPT"), IN_MAIL, 0, LINE_MAX_RCPT, V_INIT("Need MAIL first"),
	    smtp_args_rcpt, smtp_cmd_rcpt },
	{ V_INIT("DATA"), SMTP_STATE_RCPT, 0, LINE_MAX_PLAIN,
	    V_INIT("Need a recipient that was accepted"),
	    smtp_args_none, smtp_cmd_data },
	{ V_INIT("RSET"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_none, smtp_cmd_rset },
	{ V_INIT("NOOP"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_any, smtp_cmd_noop },
	{ V_INIT("QUIT"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_none, smtp_cmd_quit },
	{ V_INIT("STARTTLS"), GREETED, 0, LINE_MAX_PLAIN,
	    V_INIT("Say EHLO first"), smtp_args_none, smtp_cmd_starttls },
	{ V_INIT("AUTH"), READY, 0, SMTP_LINE_MAX,
	    V_INIT("AUTH is between EHLO and MAIL"),
	    smtp_args_auth, smtp_cmd_auth },
	{ V_INIT("VRFY"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_some, smtp_cmd_vrfy },
	{ V_INIT("EXPN"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_some, smtp_cmd_expn },
	{ V_INIT("HELP"), ANY, 0, LINE_MAX_PLAIN, V_INIT(""),
	    smtp_args_any, smtp_cmd_help },
	/* What a web browser says that was tricked into talking to us: nothing
	 * behind it may be taken for commands. */
	{ V_INIT("GET"), ANY, 0, SMTP_LINE_MAX, V_INIT(""),
	    smtp_args_any, smtp_cmd_foreign },
	{ V_INIT("POST"), ANY, 0, SMTP_LINE_MAX, V_INIT(""),
	    smtp_args_any, smtp_cmd_foreign },
	{ V_INIT("CONNECT"), ANY, 0, SMTP_LINE_MAX, V_INIT(""),
	    smtp_args_any, smtp_cmd_foreign },
};
/* clang-format on */

const size_t smtp_commands_count =
    sizeof smtp_commands / sizeof smtp_commands[0];

const struct smtp_command *smtp_command_find(struct view line)
{
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\r' &&
	       line.p[n] != '\n')
		n++;
	for (size_t i = 0; i < smtp_commands_count; i++)
		if (view_ieq(view_head(line, n), smtp_commands[i].name))
			return &smtp_commands[i];
	return NULL;
}

static bool is_legal(struct smtp_session *s, const struct smtp_command *c)
{
	if (!(c->states & s->state))
		return smtp_refuse(
		    s, &(struct reply){ 503, { 5, 5, 1 }, c->order });
	if (!(c->flags & SMTP_CMD_NEEDS_AUTH) || !smtp_is_submission(s) ||
	    s->is_authed)
		return true;
	if (!smtp_may_auth(s))
		return smtp_refuse(s, &REPLY(530, 5, 7, 0,
					  "Must issue a STARTTLS command "
					  "first"));
	return smtp_refuse(s, &REPLY(530, 5, 7, 0, "Authentication required"));
}

void smtp_command_run(struct smtp_session *s, struct view line)
{
	const struct smtp_command *c = smtp_command_find(line);
	struct smtp_args args = { 0 };
	if (!c) {
		smtp_refuse(s, &REPLY(500, 5, 5, 1, "Unknown command"));
		return;
	}
	if (!is_legal(s, c))
		return;
	/* RFC 5321 4.1.1: blanks before the CRLF are to be tolerated. */
	struct view text = view_trim(view_skip(line, c->name.n));
	if (c->parse(s, text, &args))
		c->run(s, &args);
}
