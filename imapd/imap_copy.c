/* COPY MOVE EXPUNGE: RFC 3501 6.4.7, 6.4.3, RFC 4315, RFC 6851. */
#include "imapd/imap_command.h"
#include "imapd/imap_mailbox.h"

enum {
	COPYUID_MAX = 64 * 1024 /* longer ones are left out: a SHOULD */
};

struct copied {
	struct mailbox to;
	struct uidset from_uids, to_uids;
};

static bool copy_args(struct imap_session *s, struct view *name)
{
	struct imap_args *a = &s->args;
	struct imap_set set;
	return imap_space(a) && imap_set(a, &set) && imap_space(a) &&
	       imap_mailbox(a, name) && imap_end(a) &&
	       imap_view_resolve(s, &set, s->is_uid);
}

/* Clients that order mail by this want each message at its place: RFC 4315 3
 * asks for the order of the copies, which is that of the sources here. */
static void put_copyuid(struct buf *out, const struct copied *c)
{
	struct buf sets;
	if (!c->from_uids.count)
		return;
	buf_init(&sets, COPYUID_MAX);
	buf_printf(&sets, "[COPYUID %u ", c->to.uidvalidity);
	uidset_put(&sets, &c->from_uids);
	buf_put_char(&sets, ' ');
	uidset_put(&sets, &c->to_uids);
	buf_put(&sets, V("] "));
	if (!buf_error(&sets))
		buf_put(out, buf_view(&sets));
	buf_deinit(&sets);
}

static void put_moved(struct imap_session *s, const struct copied *c)
{
	struct buf code;
	buf_init(&code, COPYUID_MAX);
	put_copyuid(&code, c);
	/* RFC 6851 4.3: before the EXPUNGEs. */
	if (buf_len(&code)) {
		buf_put(s->o.out, V("* OK "));
		buf_put(s->o.out, buf_view(&code));
		buf_put(s->o.out, V("Moved\r\n"));
	}
	buf_deinit(&code);
}

static void copy_or_move(struct imap_session *s, bool move, struct copied *c)
{
	int error = move ? message_move(s->o.store, s->view.mailbox, &s->set,
			       c->to.id, &c->from_uids, &c->to_uids)
			 : message_copy(s->o.store, s->view.mailbox, &s->set,
			       c->to.id, &c->from_uids, &c->to_uids);
	if (error) {
		imap_finish_error(s, error);
		return;
	}
	if (move)
		put_moved(s, c);
	else
		put_copyuid(&s->code, c);
	imap_finish(s, IMAP_OK,
	    c->from_uids.count < s->set.count ? "Done, some messages are gone"
	    : move                            ? "Moved"
					      : "Copied");
}

static void run(struct imap_session *s, bool move)
{
	struct copied c;
	struct view name;
	if (!copy_args(s, &name)) {
		imap_finish_bad(s);
		return;
	}
	int error = imap_find_mailbox(s, name, &c.to);
	if (error == MC_E_NOENT) {
		imap_finish(s, IMAP_NO, "[TRYCREATE] No such mailbox");
		return;
	}
	if (error) {
		imap_finish_error(s, error);
		return;
	}
	if (!s->set.count) {
		imap_finish(s, IMAP_OK, "No messages");
		return;
	}
	uidset_init(&c.from_uids);
	uidset_init(&c.to_uids);
	copy_or_move(s, move, &c);
	uidset_deinit(&c.from_uids);
	uidset_deinit(&c.to_uids);
}

void imap_cmd_copy(struct imap_session *s)
{
	run(s, false);
}

void imap_cmd_move(struct imap_session *s)
{
	run(s, true);
}

static bool expunge_args(struct imap_session *s)
{
	struct imap_set set;
	struct imap_args *a = &s->args;
	if (!s->is_uid)
		return imap_end(a) && uidset_copy(&s->set, &s->view.uids) == 0;
	return imap_space(a) && imap_set(a, &set) && imap_end(a) &&
	       imap_view_resolve(s, &set, true);
}

/* Only what this session has seen: a message that came since and is \Deleted
 * already is for those who know it. */
void imap_cmd_expunge(struct imap_session *s)
{
	struct uidset expunged;
	if (!expunge_args(s)) {
		imap_finish_bad(s);
		return;
	}
	uidset_init(&expunged);
	int error = s->set.count ? message_expunge(s->o.store, s->view.mailbox,
				       &s->set, true, &expunged)
				 : 0;
	uidset_deinit(&expunged);
	if (error)
		imap_finish_error(s, error);
	else
		imap_finish(s, IMAP_OK, "Expunged");
}
