/* CAPABILITY NOOP CHECK LOGOUT ID ENABLE NAMESPACE */
#include "imapd/imap_command.h"

struct view imap_capabilities(void)
{
	return V("IMAP4rev1 LITERAL+ ID ENABLE IDLE NAMESPACE UIDPLUS UNSELECT "
		 "MOVE CHILDREN SPECIAL-USE CREATE-SPECIAL-USE");
}

void imap_cmd_capability(struct imap_session *s)
{
	buf_put(s->o.out, V("* CAPABILITY "));
	buf_put(s->o.out, imap_capabilities());
	buf_put(s->o.out, V("\r\n"));
	imap_finish(s, IMAP_OK, "Capabilities listed");
}

void imap_cmd_noop(struct imap_session *s)
{
	imap_finish(s, IMAP_OK, "Done");
}

void imap_cmd_logout(struct imap_session *s)
{
	buf_put(s->o.out, V("* BYE Logging out\r\n"));
	imap_view_close(s);
	s->state = IMAP_STATE_LOGOUT;
	imap_finish(s, IMAP_OK, "Good bye");
}

void imap_cmd_authenticated(struct imap_session *s)
{
	imap_finish(s, IMAP_BAD, "Already logged in");
}

void imap_cmd_id(struct imap_session *s)
{
	struct view name = V("");
	if (!imap_space(&s->args) || !imap_id(&s->args, &name) ||
	    !imap_end(&s->args)) {
		imap_finish_bad(s);
		return;
	}
	if (name.n)
		LOG(s->o.log, INFO, "imap.client", KV_VIEW("name", name));
	buf_put(s->o.out, V("* ID (\"name\" \"Mailcore\")\r\n"));
	imap_finish(s, IMAP_OK, "Pleased to meet you");
}

/* RFC 5161: no extension of ours needs to be enabled so far. */
void imap_cmd_enable(struct imap_session *s)
{
	struct view name;
	do {
		if (!imap_space(&s->args) || !imap_atom(&s->args, &name)) {
			imap_finish_bad(s);
			return;
		}
	} while (imap_peek(&s->args, ' '));
	if (!imap_end(&s->args)) {
		imap_finish_bad(s);
		return;
	}
	buf_put(s->o.out, V("* ENABLED\r\n"));
	imap_finish(s, IMAP_OK, "Done");
}

void imap_cmd_namespace(struct imap_session *s)
{
	buf_put(s->o.out, V("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n"));
	imap_finish(s, IMAP_OK, "Done");
}
