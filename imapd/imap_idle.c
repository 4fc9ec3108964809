/* IDLE: RFC 2177. A state of the session, not a waiting call: the next line is
 * DONE, and until then changes are told when the store wakes us. */
#include "imapd/imap_command.h"

void imap_cmd_idle(struct imap_session *s)
{
	bool ok = true;
	s->tag = arena_copy(&s->arena, s->tag, &ok);
	imap_reader_reset(&s->reader);
	s->reader.raw_line = true;
	buf_put(s->o.out, V("+ idling\r\n"));
	imap_idle_wake(s);
}

void imap_idle_wake(struct imap_session *s)
{
	int error;
	if (s->state != IMAP_STATE_SELECTED || s->step)
		return;
	error = imap_view_collect(s);
	if (error == MC_E_NOENT) {
		imap_session_bye(s, "The selected mailbox was deleted");
		return;
	}
	if (error)
		LOG(s->o.log, WARN, "imap.changes", KV_ERR("error", error));
	/* When the output is full, the rest is told as it drains. */
	(void)imap_view_tell(s, true);
}

void imap_idle_line(struct imap_session *s, struct view line)
{
	s->reader.raw_line = false;
	if (view_ieq(line, V("DONE")))
		imap_finish(s, IMAP_OK, "Idle ended");
	else
		imap_finish(s, IMAP_BAD, "Expected DONE");
}
