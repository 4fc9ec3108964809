/* mailctl restore, and the list of messages: both read a generation. */
#include "mailctl/backup/backup.h"
#include "mailctl/store/open_store.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ARGS_MAX = 16
};

struct job {
	struct mailctl *m;
	const struct backup_arguments *args;
	json_t *rows;
	/* Of one account. */
	struct store_target target;
	struct mail_dir home;
	struct manifest manifest;
	json_t *generation;
	int dir;
};

static int open_job(struct job *j, const char *address, int dir)
{
	j->dir = dir;
	if (manifest_load(dir, address, &j->manifest) != 0)
		return complain(
		    STORE_DAMAGED, "%s: its manifest is damaged", address);
	j->generation = manifest_at(&j->manifest, j->args->at_s);
	int code = 0;
	if (!j->generation)
		code = complain(
		    EX_NOINPUT, "%s: there is no backup of that time", address);
	else
		code = mail_dir_open(j->m, address, true, &j->home);
	if (code) {
		manifest_free(&j->manifest);
		return code;
	}
	j->target = (struct store_target){ .dir = j->home.fd };
	snprintf(
	    j->target.address, sizeof j->target.address, "%s", j->home.address);
	return 0;
}

static void close_job(struct job *j)
{
	mail_dir_close(&j->home);
	manifest_free(&j->manifest);
}

static int run_child(
    struct job *j, const char *verb, char *const *args, json_t **result)
{
	int pid, status, input;
	int error = backup_feed(
	    j->dir, &j->manifest, j->generation, true, &input, &pid);
	*result = NULL;
	if (error == MC_E_CORRUPT)
		return complain(STORE_DAMAGED,
		    "%s: a file of this backup is damaged or missing",
		    j->target.address);
	if (error)
		return complain(exit_code_of(error), "%s: %s",
		    j->target.address, err_text(error));
	j->target.input = input;
	int code = store_child_run(&j->target, verb, args, result);
	close(input);
	while (waitpid(pid, &status, 0) < 0)
		continue;
	json_object_set_new(*result, "time",
	    json_of_time((uint64_t)number_of(j->generation, "time")));
	return code;
}

/* Some messages. */

static void put(char **args, int *n, const char *key, const char *value)
{
	if (!value)
		return;
	args[(*n)++] = strdup(key);
	args[(*n)++] = strdup(value);
}

static void put_flag(char **args, int *n, const char *key, bool on)
{
	if (on)
		args[(*n)++] = strdup(key);
}

static int select_messages(struct job *j, bool list, json_t **result)
{
	char *args[ARGS_MAX] = { NULL };
	int n = 0;
	put(args, &n, "mailbox", j->args->mailbox);
	put(args, &n, "uid", j->args->uid);
	put(args, &n, "message-id", j->args->message_id);
	put(args, &n, "into", j->args->into);
	put_flag(args, &n, "list", list);
	put_flag(args, &n, "force-copy", j->args->force_copy);
	put_flag(args, &n, "dry-run", j->args->dry_run || list);
	int code = run_child(j, "restore", args, result);
	for (int i = 0; i < n; i++)
		free(args[i]);
	return code;
}

static int list_account(void *ctx, const char *address, int dir)
{
	struct job *j = ctx;
	json_t *result = NULL;
	int code = open_job(j, address, dir);
	if (code)
		return code;
	code = select_messages(j, true, &result);
	json_array_extend(j->rows, json_object_get(result, "messages"));
	json_decref(result);
	close_job(j);
	return code;
}

int backup_list_messages(struct mailctl *m, struct area *a,
    const struct backup_arguments *args, json_t *rows)
{
	struct job j = { .m = m, .args = args, .rows = rows };
	return backup_each(a, args, list_account, &j);
}

static bool is_selective(const struct backup_arguments *a)
{
	return a->mailbox || a->uid || a->message_id;
}

static int restore_messages(struct job *j)
{
	json_t *result = NULL;
	int code = select_messages(j, false, &result);
	if (!code && number_of(result, "found") == 0)
		code = complain(EX_NOUSER, "%s: no such message in this backup",
		    j->target.address);
	if (result)
		json_array_append_new(j->rows, result);
	return code;
}

/* All of an account. */

/* A store that is damaged says nothing, or ends the process that reads it. */
static json_int_t used_uidvalidity(struct job *j)
{
	json_t *result;
	int code = store_child_run(&j->target, "uidvalidity", NULL, &result);
	json_int_t n = code ? 0 : number_of(result, "uidvalidity");
	json_decref(result);
	return n;
}

static int restore_all(struct job *j)
{
	char floor[32], replace[] = "replace";
	char *args[] = { floor, j->args->replace ? replace : NULL, NULL };
	json_t *result = NULL;
	json_int_t used =
	    faccessat(j->target.dir, "data.mdb", F_OK, AT_SYMLINK_NOFOLLOW) == 0
		? used_uidvalidity(j)
		: 0;
	snprintf(floor, sizeof floor, "%lld", (long long)used + (used != 0));
	int code = run_child(j, "restore-all", args, &result);
	if (!code)
		complain(0,
		    "%s: UIDVALIDITY of all mailboxes was raised, since UIDs "
		    "were given out after the backup; clients read them anew",
		    j->target.address);
	if (result)
		json_array_append_new(j->rows, result);
	return code;
}

static int dry_run(struct job *j)
{
	int pid, status, input;
	int error = backup_feed(
	    j->dir, &j->manifest, j->generation, true, &input, &pid);
	if (error)
		return complain(STORE_DAMAGED,
		    "%s: a file of this backup is damaged or missing",
		    j->target.address);
	close(input);
	while (waitpid(pid, &status, 0) < 0)
		continue;
	json_array_append_new(j->rows,
	    json_pack("{s:o, s:o, s:I, s:I, s:I, s:I}", "account",
		json_of_text(j->target.address), "time",
		json_of_time((uint64_t)number_of(j->generation, "time")),
		"mailboxes", number_of(j->generation, "mailboxes"), "rows",
		number_of(j->generation, "rows"), "messages",
		number_of(j->generation, "messages"), "message_bytes",
		number_of(j->generation, "message_bytes")));
	return 0;
}

static int restore_account(void *ctx, const char *address, int dir)
{
	struct job *j = ctx;
	int code = open_job(j, address, dir);
	if (code)
		return code;
	if (is_selective(j->args))
		code = restore_messages(j);
	else
		code = j->args->dry_run ? dry_run(j) : restore_all(j);
	close_job(j);
	return code;
}

static const struct column all_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "time", "OF", false },
	{ "mailboxes", "MAILBOXES", true },
	{ "rows", "ROWS", true },
	{ "messages", "MESSAGES", true },
	{ "message_bytes", "BYTES", true },
};

static const struct column account_columns[] = {
	{ "kind", "KIND", false },
	{ "name", "NAME", false },
};

static const struct column some_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "time", "OF", false },
	{ "found", "FOUND", true },
	{ "present", "STILL-THERE", true },
	{ "restored", "RESTORED", true },
	{ "mailboxes_made", "MAILBOXES-MADE", true },
};

static int run(struct mailctl *m, const struct backup_arguments *args)
{
	struct area a;
	bool some = is_selective(args);
	if (args->all + args->accounts + args->configuration +
		(args->n_addresses != 0) !=
	    1)
		return complain(EX_USAGE, "an address, --all, --accounts or "
					  "--configuration is needed");
	if ((args->into || args->force_copy) && !some)
		return complain(EX_USAGE,
		    "--into and --force-copy go with --mailbox, --uid or "
		    "--message-id");
	int code = area_open(args->dir, false, &a);
	if (code)
		return code;
	struct job j = { .m = m, .args = args, .rows = json_array() };
	if (args->configuration) {
		json_decref(j.rows);
		code = restore_configuration(&a, args);
		area_close(&a);
		return code;
	}
	code = args->accounts ? restore_accounts(m, &a, args, j.rows)
			      : backup_each(&a, args, restore_account, &j);
	area_close(&a);
	if (args->accounts)
		print_rows(m, j.rows, account_columns, 2);
	else
		print_rows(m, j.rows, some ? some_columns : all_columns, 6);
	return code;
}

int cmd_restore(struct mailctl *m)
{
	struct backup_arguments args;
	int code = backup_arguments_take(m,
	    OPTION_ALL | OPTION_AT | OPTION_SELECT | OPTION_RESTORE, 1, &args);
	if (code)
		return code;
	code = run(m, &args);
	backup_arguments_free(&args);
	return code;
}
