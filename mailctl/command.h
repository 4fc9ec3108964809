#ifndef MAILCTL_COMMAND_H
#define MAILCTL_COMMAND_H
/* What a command of mailctl gets, and the helpers that all of them share.
 * Results go to standard output (aligned, or JSON), errors are one line on
 * standard error. */
#include "accounts/resolve.h"
#include "base/secret.h"
#include "conf/conf.h"
#include <jansson.h>
#include <sysexits.h>

struct mailctl {
	const char *file, *prefix; /* -c, -p (NULL: none) */
	bool json;
	struct conf *conf; /* NULL when the command does not want it */
	char **args;       /* behind the command's words */
	int n_args;
};

struct command {
	const char *group, *name; /* name "": the group is the command */
	const char *usage;
	const char *help;
	int min_args, max_args; /* -1: any number */
	bool wants_conf;
	int (*run)(struct mailctl *m); /* returns the exit code */
};

/* One line "mailctl: ..." on standard error; returns code. */
int complain(int code, const char *format, ...) PRINTF_LIKE(2, 3);
/* The exit code for an error of the libraries. */
int exit_code_of(int error);

struct column {
	const char *key, *title;
	bool right;
};

/* rows: an array of objects, taken. JSON as it is; else as a table. */
int print_rows(const struct mailctl *m, json_t *rows,
    const struct column *columns, size_t n);
/* A UTC time as RFC 3339 has it, null for 0. */
json_t *json_of_time(uint64_t time_s);
json_t *json_of_text(const char *s); /* never NULL for text of anybody */
json_t *json_of_view(struct view v);

/* A password from the terminal (asked twice, not shown) or else the first line
 * of standard input. Exit code. */
int read_password(struct secret *out);

/* The accounts database, made when missing and write. Exit code; has
 * complained. */
int open_accounts(const struct mailctl *m, bool write, struct account_db **out);
/* A domain in its canonical form; complains. */
int take_domain(const char *text, char out[ACCOUNT_DOMAIN_MAX + 1]);
char *accounts_dir(const struct mailctl *m, char *out, size_t cap);

int cmd_account_add(struct mailctl *m);
int cmd_account_delete(struct mailctl *m);
int cmd_account_list(struct mailctl *m);
int cmd_account_passwd(struct mailctl *m);
int cmd_account_set(struct mailctl *m);
int cmd_domain_add(struct mailctl *m);
int cmd_domain_delete(struct mailctl *m);
int cmd_domain_list(struct mailctl *m);
int cmd_alias_add(struct mailctl *m);
int cmd_alias_remove(struct mailctl *m);
int cmd_alias_list(struct mailctl *m);
int cmd_resolve(struct mailctl *m);
int cmd_explain_rcpt(struct mailctl *m);
int cmd_explain_route(struct mailctl *m);
int cmd_explain_tls(struct mailctl *m);
int cmd_config_check(struct mailctl *m);
int cmd_config_dump(struct mailctl *m);
int cmd_config_options(struct mailctl *m);
int cmd_queue_list(struct mailctl *m);
int cmd_queue_why(struct mailctl *m);
int cmd_queue_show(struct mailctl *m);
int cmd_queue_hold(struct mailctl *m);
int cmd_queue_release(struct mailctl *m);
int cmd_queue_retry(struct mailctl *m);
int cmd_queue_delete(struct mailctl *m);
int cmd_queue_bounce(struct mailctl *m);
int cmd_store_check(struct mailctl *m);
int cmd_store_repair(struct mailctl *m);
int cmd_store_stats(struct mailctl *m);
int cmd_store_compact(struct mailctl *m);
int cmd_store_undelete(struct mailctl *m);
int cmd_store_retention(struct mailctl *m);
int cmd_expunge(struct mailctl *m);
int cmd_store_dump(struct mailctl *m);
int cmd_store_load(struct mailctl *m);
int cmd_backup(struct mailctl *m);
int cmd_backup_list(struct mailctl *m);
int cmd_restore(struct mailctl *m);
int cmd_import(struct mailctl *m);
int cmd_export(struct mailctl *m);
int cmd_status(struct mailctl *m);
int cmd_reload(struct mailctl *m);
int cmd_stop(struct mailctl *m);
int cmd_version(struct mailctl *m);

/* For config check and the commands that read it: reads, complains. */
int read_configuration(struct mailctl *m);
#endif
