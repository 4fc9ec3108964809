#include "mailctl/store/store.h"
#include <stdio.h>
#include <string.h>

static const struct command commands[] = {
	{ "account", "add", "ADDRESS [key=value ...]",
	    "make an account; the password is asked for", 1, -1, true,
	    cmd_account_add },
	{ "account", "delete", "ADDRESS", "delete an account, not its mail", 1,
	    1, true, cmd_account_delete },
	{ "account", "list", "[DOMAIN]", "list accounts", 0, 1, true,
	    cmd_account_list },
	{ "account", "passwd", "ADDRESS", "change a password", 1, 1, true,
	    cmd_account_passwd },
	{ "account", "set", "ADDRESS key=value ...", "change an account", 2, -1,
	    true, cmd_account_set },
	{ "domain", "add", "NAME [alias_of=NAME] [catch_all=ADDRESS]",
	    "make a domain", 1, 3, true, cmd_domain_add },
	{ "domain", "delete", "NAME", "delete a domain, not its accounts", 1, 1,
	    true, cmd_domain_delete },
	{ "domain", "list", "", "list domains", 0, 0, true, cmd_domain_list },
	{ "alias", "add", "ADDRESS TARGET ...",
	    "make an alias, or give it more targets", 2, -1, true,
	    cmd_alias_add },
	{ "alias", "remove", "ADDRESS [TARGET ...]",
	    "remove an alias, or some of its targets", 1, -1, true,
	    cmd_alias_remove },
	{ "alias", "list", "[DOMAIN]", "list aliases of the database", 0, 1,
	    true, cmd_alias_list },
	{ "resolve", "", "ADDRESS",
	    "say which account an address is, apart from aliases", 1, 1, true,
	    cmd_resolve },
	{ "explain", "rcpt", "ADDRESS",
	    "say where mail to an address goes, step by step", 1, 1, true,
	    cmd_explain_rcpt },
	{ "queue", "why", "ID|ADDRESS",
	    "say why something is still in the queue", 1, 1, true,
	    cmd_queue_why },
	{ "explain", "route", "DOMAIN|ADDRESS",
	    "say where mail to a domain goes, and why", 1, 1, true,
	    cmd_explain_route },
	{ "explain", "tls", "DOMAIN|ADDRESS",
	    "say what TLS mail to a domain must have, and why", 1, 1, true,
	    cmd_explain_tls },
	{ "queue", "list", "[WHICH ...]", "list messages in the queue", 0, -1,
	    true, cmd_queue_list },
	{ "queue", "show", "ID [--body]", "show a message in the queue", 1, 2,
	    true, cmd_queue_show },
	{ "queue", "hold", "WHICH ... [--dry-run]", "try no more, and keep", 1,
	    -1, true, cmd_queue_hold },
	{ "queue", "release", "WHICH ... [--dry-run]",
	    "hold no longer, and try now", 1, -1, true, cmd_queue_release },
	{ "queue", "retry", "WHICH ... [--dry-run]",
	    "try now, also what has failed", 1, -1, true, cmd_queue_retry },
	{ "queue", "delete", "WHICH ... [--dry-run]", "remove, and tell nobody",
	    1, -1, true, cmd_queue_delete },
	{ "queue", "bounce", "WHICH ... [--dry-run]",
	    "give up, and tell the senders", 1, -1, true, cmd_queue_bounce },
	{ "store", "check", "ADDRESS|--all [--quick]",
	    "verify every invariant of mailboxes", 1, 2, true,
	    cmd_store_check },
	{ "store", "repair", "ADDRESS|--all [--dry-run]",
	    "make damaged mailboxes usable again", 1, 2, true,
	    cmd_store_repair },
	{ "store", "stats", "ADDRESS|--all", "show how large mailboxes are", 1,
	    1, true, cmd_store_stats },
	{ "store", "compact", "ADDRESS|--all",
	    "give the room of deleted mail back to the disk", 1, 1, true,
	    cmd_store_compact },
	{ "store", "undelete",
	    "ADDRESS [--list] [--mailbox NAME] [--since TIME] [--message ID] "
	    "[--into NAME] [--dry-run]",
	    "bring expunged messages back", 1, 11, true, cmd_store_undelete },
	{ "store", "retention", "ADDRESS [TIME|default] [--mailbox NAME]",
	    "how long expunged messages are kept", 1, 4, true,
	    cmd_store_retention },
	{ "expunge", "", "ADDRESS MAILBOX --older-than TIME [--dry-run]",
	    "remove old messages from a mailbox", 4, 5, true, cmd_expunge },
	{ "store", "dump", "ADDRESS >FILE",
	    "write all of a mailbox as a stream", 1, 1, true, cmd_store_dump },
	{ "store", "load", "ADDRESS <FILE", "make a mailbox from such a stream",
	    1, 1, true, cmd_store_load },
	{ "backup", "list",
	    "DIR [ADDRESS [--at TIME] [--mailbox NAME] [--uid UID] "
	    "[--message-id ID]]",
	    "show what a backup has", 1, -1, true, cmd_backup_list },
	{ "backup", "", "[--verify] DIR ADDRESS...|--all [--keep N]",
	    "back mailboxes up", 1, -1, true, cmd_backup },
	{ "restore", "",
	    "DIR ADDRESS|--all|--accounts|--configuration [--at TIME] "
	    "[--replace] [--mailbox NAME] [--uid UID] [--message-id ID] "
	    "[--into NAME] [--force-copy] [--dry-run]",
	    "bring mailboxes or messages back", 1, -1, true, cmd_restore },
	{ "import", "",
	    "ACCOUNT maildir|mbox PATH [--mailbox NAME] [--dry-run]",
	    "add mail from files", 3, 6, true, cmd_import },
	{ "export", "", "ACCOUNT maildir|mbox PATH [--mailbox NAME]",
	    "write mail into files", 3, 5, true, cmd_export },
	{ "config", "check", "", "check the configuration", 0, 0, true,
	    cmd_config_check },
	{ "config", "dump", "", "print all options with their values", 0, 0,
	    true, cmd_config_dump },
	{ "config", "options", "[--mdoc]", "describe all options", 0, 1, false,
	    cmd_config_options },
	{ "status", "", "[DAEMON]", "show what runs", 0, 1, true, cmd_status },
	{ "reload", "", "[DAEMON]", "read the configuration again", 0, 1, true,
	    cmd_reload },
	{ "stop", "", "[DAEMON]", "stop the daemons", 0, 1, true, cmd_stop },
	{ "version", "", "", "print the version, and what was built in", 0, 0,
	    false, cmd_version },
};

enum {
	N_COMMANDS = sizeof commands / sizeof commands[0]
};

static void print_usage(FILE *out)
{
	fputs("usage: mailctl [-c FILE] [-p PREFIX] [--json] COMMAND\n", out);
	for (size_t i = 0; i < N_COMMANDS; i++) {
		const struct command *c = &commands[i];
		char text[280];
		snprintf(text, sizeof text, "%s%s%s %s", c->group,
		    *c->name ? " " : "", c->name, c->usage);
		fprintf(out, "  %-48s %s\n", text, c->help);
	}
}

/* How many words name it, 0 when these are not its. */
static int matches(const struct command *c, char **words, int n)
{
	if (n < 1 || strcmp(words[0], c->group) != 0)
		return 0;
	if (!*c->name)
		return 1;
	return n >= 2 && strcmp(words[1], c->name) == 0 ? 2 : 0;
}

static int run(const struct command *c, struct mailctl *m)
{
	if (m->n_args < c->min_args ||
	    (c->max_args >= 0 && m->n_args > c->max_args))
		return complain(EX_USAGE, "usage: mailctl %s%s%s %s", c->group,
		    *c->name ? " " : "", c->name, c->usage);
	int code = c->wants_conf ? read_configuration(m) : 0;
	if (!code)
		code = c->run(m);
	conf_free(&m->conf);
	if (fflush(stdout) != 0 && !code)
		code = complain(EX_IOERR, "cannot write the output");
	return code;
}

static int dispatch(struct mailctl *m, char **words, int n)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		int used = matches(&commands[i], words, n);
		if (!used)
			continue;
		m->args = words + used;
		m->n_args = n - used;
		return run(&commands[i], m);
	}
	print_usage(stderr);
	return EX_USAGE;
}

/* Takes the options out of argv, wherever they stand before a "--"; the rest
 * stays in order. -1: wrong. */
static int take_options(struct mailctl *m, int argc, char **argv)
{
	int n = 0;
	for (int i = 1; i < argc; i++) {
		const char *a = argv[i];
		if (strcmp(a, "--") == 0) {
			while (++i < argc)
				argv[n++] = argv[i];
			break;
		}
		if (strcmp(a, "--json") == 0) {
			m->json = true;
		} else if (strcmp(a, "-c") == 0 || strcmp(a, "-p") == 0) {
			if (i + 1 == argc)
				return -1;
			*(a[1] == 'c' ? &m->file : &m->prefix) = argv[++i];
		} else {
			argv[n++] = argv[i];
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	struct mailctl m = { 0 };
	if (argc > 1 && strcmp(argv[1], "store-child") == 0)
		return store_child_main(argc - 2, argv + 2);
	int n = take_options(&m, argc, argv);
	if (n == 1 &&
	    (strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "--help") == 0 ||
		strcmp(argv[0], "help") == 0)) {
		print_usage(stdout);
		return 0;
	}
	if (n < 0)
		return complain(EX_USAGE, "-c and -p want an argument");
	return dispatch(&m, argv, n);
}
