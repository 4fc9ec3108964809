#include "imapd/imap_command.h"

enum {
	ANY = IMAP_STATE_AUTH | IMAP_STATE_SELECTED,
	SELECTED = IMAP_STATE_SELECTED
};

/* clang-format off */
static const struct imap_command commands[] = {
	{ V_INIT("FETCH"), SELECTED, IMAP_HAS_UID | IMAP_NO_EXPUNGES, imap_cmd_fetch },
	{ V_INIT("STORE"), SELECTED, IMAP_HAS_UID | IMAP_NO_EXPUNGES | IMAP_WRITES, imap_cmd_store },
	{ V_INIT("SEARCH"), SELECTED, IMAP_HAS_UID | IMAP_NO_EXPUNGES, imap_cmd_search },
	{ V_INIT("COPY"), SELECTED, IMAP_HAS_UID, imap_cmd_copy },
	{ V_INIT("MOVE"), SELECTED, IMAP_HAS_UID | IMAP_WRITES, imap_cmd_move },
	{ V_INIT("EXPUNGE"), SELECTED, IMAP_HAS_UID | IMAP_WRITES, imap_cmd_expunge },
	{ V_INIT("CHECK"), SELECTED, IMAP_NO_ARGS, imap_cmd_noop },
	{ V_INIT("CLOSE"), SELECTED, IMAP_NO_ARGS, imap_cmd_close },
	{ V_INIT("UNSELECT"), SELECTED, IMAP_NO_ARGS, imap_cmd_unselect },
	{ V_INIT("IDLE"), ANY, IMAP_NO_ARGS, imap_cmd_idle },
	{ V_INIT("NOOP"), ANY, IMAP_NO_ARGS, imap_cmd_noop },
	{ V_INIT("SELECT"), ANY, 0, imap_cmd_select },
	{ V_INIT("EXAMINE"), ANY, 0, imap_cmd_examine },
	{ V_INIT("LIST"), ANY, 0, imap_cmd_list },
	{ V_INIT("LSUB"), ANY, 0, imap_cmd_lsub },
	{ V_INIT("STATUS"), ANY, 0, imap_cmd_status },
	{ V_INIT("APPEND"), ANY, 0, imap_cmd_append },
	{ V_INIT("CREATE"), ANY, 0, imap_cmd_create },
	{ V_INIT("DELETE"), ANY, 0, imap_cmd_delete },
	{ V_INIT("RENAME"), ANY, 0, imap_cmd_rename },
	{ V_INIT("SUBSCRIBE"), ANY, 0, imap_cmd_subscribe },
	{ V_INIT("UNSUBSCRIBE"), ANY, 0, imap_cmd_unsubscribe },
	{ V_INIT("NAMESPACE"), ANY, IMAP_NO_ARGS, imap_cmd_namespace },
	{ V_INIT("CAPABILITY"), ANY, IMAP_NO_ARGS, imap_cmd_capability },
	{ V_INIT("ENABLE"), ANY, 0, imap_cmd_enable },
	{ V_INIT("ID"), ANY, 0, imap_cmd_id },
	{ V_INIT("LOGOUT"), ANY, IMAP_NO_ARGS, imap_cmd_logout },
	{ V_INIT("LOGIN"), ANY, 0, imap_cmd_authenticated },
	{ V_INIT("AUTHENTICATE"), ANY, 0, imap_cmd_authenticated },
	{ V_INIT("STARTTLS"), ANY, 0, imap_cmd_authenticated },
};

/* clang-format on */

const struct imap_command *imap_command_find(struct view name, bool is_uid)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const struct imap_command *c = &commands[i];
		if (!view_ieq(name, c->name))
			continue;
		return is_uid && !(c->flags & IMAP_HAS_UID) ? NULL : c;
	}
	return NULL;
}
