#include "imapd/imap_autocreate.h"

static const struct mailbox_wish mailboxes[] = {
	{ V_INIT("Drafts"), SPECIAL_DRAFTS },
	{ V_INIT("Sent"), SPECIAL_SENT },
	{ V_INIT("Trash"), SPECIAL_TRASH },
	{ V_INIT("Junk"), SPECIAL_JUNK },
	{ V_INIT("Archive"), SPECIAL_ARCHIVE },
	{ V_INIT("INBOX"), 0 },
};

/* What a client has used has more than INBOX, or INBOX is subscribed. */
static bool is_new(struct store *s)
{
	struct store_totals totals = { .mailboxes = 0 };
	struct store_txn t;
	if (store_read(s, &t) != 0)
		return false;
	bool subscribed = mailbox_is_subscribed(&t, V("INBOX"));
	int error = store_totals(&t, &totals);
	store_end(&t);
	return !error && !subscribed && totals.mailboxes == 1;
}

void imap_autocreate(struct store *s, const struct log_ctx *log)
{
	if (!is_new(s))
		return;
	int error =
	    mailbox_provide(s, mailboxes, sizeof mailboxes / sizeof *mailboxes);
	if (error)
		LOG(log, WARN, "imap.autocreate", KV_ERR("error", error));
}
