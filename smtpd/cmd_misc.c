/* What changes nothing: NOOP, QUIT, VRFY, EXPN, HELP; and argument parsers that
 * several commands share. */
#include "smtpd/smtp_command.h"

bool smtp_args_none(
    struct smtp_session *s, struct view text, struct smtp_args *args)
{
	(void)args;
	return text.n == 0 ||
	       smtp_refuse(s, &REPLY(501, 5, 5, 4, "No argument expected"));
}

bool smtp_args_any(
    struct smtp_session *s, struct view text, struct smtp_args *args)
{
	(void)s;
	args->text = text;
	return true;
}

bool smtp_args_some(
    struct smtp_session *s, struct view text, struct smtp_args *args)
{
	args->text = text;
	return text.n ||
	       smtp_refuse(s, &REPLY(501, 5, 5, 4, "Argument expected"));
}

void smtp_cmd_noop(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	smtp_reply(s, &REPLY(250, 2, 0, 0, "Ok"));
}

void smtp_cmd_quit(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	smtp_reply(s, &REPLY(221, 2, 0, 0, "Bye"));
	smtp_close(s);
}

/* RFC 5321 7.3: what addresses exist is not told. */
void smtp_cmd_vrfy(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	smtp_reply(s, &REPLY(252, 2, 0, 0, "Cannot verify, send mail and see"));
}

void smtp_cmd_expn(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	smtp_refuse(s, &REPLY(502, 5, 5, 1, "Lists are not expanded"));
}

void smtp_cmd_help(struct smtp_session *s, const struct smtp_args *args)
{
	struct buf text;
	(void)args;
	buf_init(&text, 512);
	buf_put(&text, V("Commands:"));
	for (size_t i = 0; i < smtp_commands_count; i++) {
		if (smtp_commands[i].run == smtp_cmd_foreign)
			continue;
		buf_put_char(&text, ' ');
		buf_put(&text, smtp_commands[i].name);
	}
	smtp_reply(s, &(struct reply){ 214, { 2, 0, 0 }, buf_view(&text) });
	buf_deinit(&text);
}

void smtp_cmd_foreign(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	smtp_reply(s, &REPLY(554, 5, 5, 1, "This is not a web server"));
	smtp_close(s);
}
