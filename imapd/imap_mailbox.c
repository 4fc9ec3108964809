/* SELECT EXAMINE CLOSE UNSELECT STATUS CREATE DELETE RENAME SUBSCRIBE
 * UNSUBSCRIBE: RFC 3501 6.3, 6.4.2, RFC 3691, RFC 6154. */
#include "imapd/imap_mailbox.h"
#include "imapd/imap_command.h"
#include "imapd/imap_resp.h"

/* " mailbox" and nothing more. */
static bool one_mailbox(struct imap_session *s, struct view *name)
{
	if (imap_space(&s->args) && imap_mailbox(&s->args, name) &&
	    imap_end(&s->args))
		return true;
	imap_finish_bad(s);
	return false;
}

int imap_find_mailbox(
    struct imap_session *s, struct view name, struct mailbox *out)
{
	struct store_txn t;
	int error = store_read(s->o.store, &t);
	if (error)
		return error;
	error = mailbox_find(&t, name, out);
	store_end(&t);
	/* To look for a name that cannot be is to find nothing. */
	if (error == MC_E_BAD || (!error && (out->flags & MAILBOX_NOSELECT)))
		error = MC_E_NOENT;
	return error;
}

static int on_first_unseen(
    void *ctx, struct store_txn *t, uint32_t seq, const struct message *m)
{
	uint32_t *first = ctx;
	(void)t;
	if (m->flags & MESSAGE_SEEN)
		return IMAP_SCAN_NEXT;
	*first = seq;
	return IMAP_SCAN_STOP;
}

static uint32_t first_unseen(struct imap_session *s)
{
	struct imap_scan scan = { .done = false };
	uint32_t first = 0;
	struct imap_scan_job job = { &s->view.uids, IMAP_BATCH_ROWS,
		on_first_unseen, &first };
	while (!scan.done && first == 0)
		if (imap_scan(s, &scan, &job) != 0)
			break;
	return first;
}

static int put_flags(struct imap_session *s)
{
	struct store_txn t;
	int error = store_read(s->o.store, &t);
	if (error)
		return error;
	imap_put_flags(s->o.out, &t, s->view.readonly);
	store_end(&t);
	return 0;
}

static void put_selected(struct imap_session *s, const struct mailbox *m)
{
	uint32_t unseen = m->unseen ? first_unseen(s) : 0;
	uint32_t uidnext = uidset_max(&s->view.uids) + 1;
	if (m->uidnext > uidnext)
		uidnext = m->uidnext;
	buf_printf(s->o.out, "* %llu EXISTS\r\n* %llu RECENT\r\n",
	    (unsigned long long)s->view.uids.count,
	    (unsigned long long)s->view.recent.count);
	if (unseen)
		buf_printf(s->o.out,
		    "* OK [UNSEEN %u] First unseen message\r\n", unseen);
	buf_printf(s->o.out, "* OK [UIDVALIDITY %u] UIDs are valid\r\n",
	    m->uidvalidity);
	buf_printf(
	    s->o.out, "* OK [UIDNEXT %u] Predicted next UID\r\n", uidnext);
}

static void leave(struct imap_session *s)
{
	imap_view_close(s);
	s->state = IMAP_STATE_AUTH;
}

static void select_mailbox(struct imap_session *s, bool readonly)
{
	struct view name;
	struct mailbox m;
	if (!one_mailbox(s, &name))
		return;
	/* RFC 3501 6.3.1: the old mailbox is left even when this fails. */
	leave(s);
	int error = imap_find_mailbox(s, name, &m);
	if (!error)
		error = imap_view_open(s, &m, readonly);
	if (!error)
		error = put_flags(s);
	if (error) {
		leave(s);
		imap_finish_error(s, error);
		return;
	}
	put_selected(s, &m);
	imap_finish(s, IMAP_OK,
	    readonly ? "[READ-ONLY] Mailbox opened"
		     : "[READ-WRITE] Mailbox opened");
	s->state = IMAP_STATE_SELECTED;
}

void imap_cmd_select(struct imap_session *s)
{
	select_mailbox(s, false);
}

void imap_cmd_examine(struct imap_session *s)
{
	select_mailbox(s, true);
}

/* RFC 3501 6.4.2: messages with \Deleted go, silently. */
void imap_cmd_close(struct imap_session *s)
{
	struct uidset expunged;
	int error = 0;
	uidset_init(&expunged);
	if (!s->view.readonly)
		error = message_expunge(s->o.store, s->view.mailbox,
		    &s->view.uids, true, &expunged);
	uidset_deinit(&expunged);
	leave(s);
	if (error && error != MC_E_NOENT)
		imap_finish_error(s, error);
	else
		imap_finish(s, IMAP_OK, "Mailbox closed");
}

void imap_cmd_unselect(struct imap_session *s)
{
	leave(s);
	imap_finish(s, IMAP_OK, "Mailbox closed");
}

enum status_item {
	STATUS_MESSAGES,
	STATUS_RECENT,
	STATUS_UIDNEXT,
	STATUS_UIDVALIDITY,
	STATUS_UNSEEN,
	STATUS_COUNT
};

static const struct view status_names[STATUS_COUNT] = {
	[STATUS_MESSAGES] = V_INIT("MESSAGES"),
	[STATUS_RECENT] = V_INIT("RECENT"),
	[STATUS_UIDNEXT] = V_INIT("UIDNEXT"),
	[STATUS_UIDVALIDITY] = V_INIT("UIDVALIDITY"),
	[STATUS_UNSEEN] = V_INIT("UNSEEN"),
};

static bool status_item(struct imap_args *a, unsigned *items)
{
	for (unsigned i = 0; i < STATUS_COUNT; i++)
		if (imap_word(a, status_names[i])) {
			*items |= 1u << i;
			return true;
		}
	return imap_bad(a, "Unknown status item");
}

static bool status_args(struct imap_args *a, struct view *name, unsigned *items)
{
	if (!imap_space(a) || !imap_mailbox(a, name) || !imap_space(a) ||
	    !imap_char(a, '('))
		return false;
	do {
		if (!status_item(a, items))
			return false;
	} while (imap_skip(a, ' '));
	return imap_char(a, ')') && imap_end(a);
}

static int count_row(void *ctx, const struct message *m)
{
	uint32_t *n = ctx;
	(void)m;
	++*n;
	return 0;
}

static int read_status(struct imap_session *s, struct view name, unsigned items,
    uint32_t values[STATUS_COUNT])
{
	struct mailbox m;
	struct store_txn t;
	uint32_t recent = 0;
	int error = imap_find_mailbox(s, name, &m);
	if (error)
		return error;
	values[STATUS_MESSAGES] = m.messages;
	values[STATUS_UIDNEXT] = m.uidnext;
	values[STATUS_UIDVALIDITY] = m.uidvalidity;
	values[STATUS_UNSEEN] = m.unseen;
	if (!(items & 1u << STATUS_RECENT) || m.recent_uid >= m.uidnext)
		return 0;
	error = store_read(s->o.store, &t);
	if (error)
		return error;
	error = message_each(
	    &t, m.id, m.recent_uid, UINT32_MAX, count_row, &recent);
	store_end(&t);
	values[STATUS_RECENT] = recent;
	return error;
}

static void put_status(struct imap_session *s, struct view name, unsigned items,
    const uint32_t values[STATUS_COUNT])
{
	bool first = true;
	buf_put(s->o.out, V("* STATUS "));
	imap_put_mailbox(s->o.out, name);
	buf_put(s->o.out, V(" ("));
	for (unsigned i = 0; i < STATUS_COUNT; i++) {
		if (!(items & 1u << i))
			continue;
		if (!first)
			buf_put_char(s->o.out, ' ');
		first = false;
		buf_put(s->o.out, status_names[i]);
		buf_put_char(s->o.out, ' ');
		buf_put_u64(s->o.out, values[i]);
	}
	buf_put(s->o.out, V(")\r\n"));
}

void imap_cmd_status(struct imap_session *s)
{
	uint32_t values[STATUS_COUNT] = { 0 };
	struct view name;
	unsigned items = 0;
	if (!status_args(&s->args, &name, &items)) {
		imap_finish_bad(s);
		return;
	}
	int error = read_status(s, name, items, values);
	if (error) {
		imap_finish_error(s, error);
		return;
	}
	put_status(s, name, items, values);
	imap_finish(s, IMAP_OK, "Done");
}

static const struct {
	struct view name;
	uint16_t use;
} special_uses[] = {
	{ V_INIT("All"), SPECIAL_ALL },
	{ V_INIT("Archive"), SPECIAL_ARCHIVE },
	{ V_INIT("Drafts"), SPECIAL_DRAFTS },
	{ V_INIT("Flagged"), SPECIAL_FLAGGED },
	{ V_INIT("Junk"), SPECIAL_JUNK },
	{ V_INIT("Sent"), SPECIAL_SENT },
	{ V_INIT("Trash"), SPECIAL_TRASH },
};

enum {
	N_USES = sizeof special_uses / sizeof *special_uses
};

void imap_put_special_uses(struct buf *out, uint16_t uses)
{
	for (size_t i = 0; i < N_USES; i++)
		if (uses & special_uses[i].use) {
			buf_put(out, V(" \\"));
			buf_put(out, special_uses[i].name);
		}
}

static bool one_use(struct imap_args *a, uint16_t *uses, bool *known)
{
	struct view name;
	if (!imap_char(a, '\\') || !imap_atom(a, &name))
		return false;
	bool found = false;
	for (size_t i = 0; i < N_USES; i++)
		if (view_ieq(name, special_uses[i].name)) {
			*uses |= special_uses[i].use;
			found = true;
		}
	*known &= found;
	return true;
}

/* " (USE (\Drafts ...))": RFC 6154 5.2, form of RFC 4466 2.2. */
static bool use_params(struct imap_args *a, uint16_t *uses, bool *known)
{
	if (!imap_space(a) || !imap_char(a, '('))
		return false;
	if (!imap_word(a, V("USE")))
		return imap_bad(a, "Unknown CREATE parameter");
	if (!imap_space(a) || !imap_char(a, '('))
		return false;
	while (!imap_skip(a, ')')) {
		if (!one_use(a, uses, known))
			return false;
		imap_skip(a, ' ');
	}
	return imap_char(a, ')');
}

void imap_cmd_create(struct imap_session *s)
{
	struct mailbox m;
	struct view name;
	uint16_t uses = 0;
	bool known = true;
	if (!imap_space(&s->args) || !imap_mailbox(&s->args, &name) ||
	    (!imap_is_end(&s->args) && !use_params(&s->args, &uses, &known)) ||
	    !imap_end(&s->args)) {
		imap_finish_bad(s);
		return;
	}
	if (!known) {
		imap_finish(s, IMAP_NO, "[USEATTR] Unknown special use");
		return;
	}
	int error = mailbox_create(s->o.store, name, uses, &m);
	if (error)
		imap_finish_error(s, error);
	else
		imap_finish(s, IMAP_OK, "Mailbox created");
}

void imap_cmd_delete(struct imap_session *s)
{
	struct view name;
	struct mailbox m = { .id = 0 };
	if (!one_mailbox(s, &name))
		return;
	int found = imap_find_mailbox(s, name, &m);
	int error = mailbox_delete(s->o.store, name);
	if (error) {
		imap_finish_error(s, error == MC_E_BAD ? MC_E_NOENT : error);
		return;
	}
	if (!found && s->state == IMAP_STATE_SELECTED &&
	    m.id == s->view.mailbox)
		leave(s);
	imap_finish(s, IMAP_OK, "Mailbox deleted");
}

void imap_cmd_rename(struct imap_session *s)
{
	struct view from, to;
	if (!imap_space(&s->args) || !imap_mailbox(&s->args, &from) ||
	    !imap_space(&s->args) || !imap_mailbox(&s->args, &to) ||
	    !imap_end(&s->args)) {
		imap_finish_bad(s);
		return;
	}
	int error = mailbox_rename(s->o.store, from, to);
	if (error)
		imap_finish_error(s, error);
	else
		imap_finish(s, IMAP_OK, "Mailbox renamed");
}

static void subscribe(struct imap_session *s, bool on)
{
	struct view name;
	if (!one_mailbox(s, &name))
		return;
	int error = mailbox_subscribe(s->o.store, name, on);
	/* Not to be subscribed is what UNSUBSCRIBE wants. */
	if (error && (on || error != MC_E_NOENT))
		imap_finish_error(s, error);
	else
		imap_finish(s, IMAP_OK, "Done");
}

void imap_cmd_subscribe(struct imap_session *s)
{
	subscribe(s, true);
}

void imap_cmd_unsubscribe(struct imap_session *s)
{
	subscribe(s, false);
}
