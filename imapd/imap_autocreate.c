#include "imapd/imap_autocreate.h"

static const struct {
	struct view name;
	uint16_t use;
} mailboxes[] = {
	{ V_INIT("Drafts"), SPECIAL_DRAFTS },
	{ V_INIT("Sent"), SPECIAL_SENT },
	{ V_INIT("Trash"), SPECIAL_TRASH },
	{ V_INIT("Junk"), SPECIAL_JUNK },
	{ V_INIT("Archive"), SPECIAL_ARCHIVE },
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

static int create(struct store *s, struct view name, uint16_t use)
{
	struct mailbox m;
	int error = mailbox_create(s, name, use, &m);
	if (error && error != MC_E_EXISTS)
		return error;
	return mailbox_subscribe(s, name, true);
}

void imap_autocreate(struct store *s, const struct log_ctx *log)
{
	int error = 0;
	if (!is_new(s))
		return;
	for (size_t i = 0; !error && i < sizeof mailboxes / sizeof *mailboxes;
	     i++)
		error = create(s, mailboxes[i].name, mailboxes[i].use);
	if (!error)
		error = mailbox_subscribe(s, V("INBOX"), true);
	if (error)
		LOG(log, WARN, "imap.autocreate", KV_ERR("error", error));
}
