/* DATA and RSET. */
#include "smtpd/smtp_command.h"

void smtp_cmd_data(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	smtp_reply(
	    s, &(struct reply){ 354, { 0 }, V("End data with <CRLF>.<CRLF>") });
	smtp_data_begin(s);
}

void smtp_cmd_rset(struct smtp_session *s, const struct smtp_args *args)
{
	(void)args;
	smtp_reset(s);
	smtp_reply(s, &REPLY(250, 2, 0, 0, "Ok"));
}
