/* mailctl store: commands and what they print. */
#include "mailctl/store/store.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct command_run {
	const char *verb;
	char **args; /* for the child */
	json_t *rows;
};

static int run_child(void *ctx, const struct store_target *t)
{
	struct command_run *r = ctx;
	json_t *row;
	int code = store_child_run(t, r->verb, r->args, &row);
	json_array_append_new(r->rows, row);
	return code;
}

/* The first argument says whose; args are for the child. */
static int run_with(
    struct mailctl *m, const char *verb, char **args, json_t *rows)
{
	struct command_run r = { verb, args, rows };
	struct store_target t;
	if (strcmp(m->args[0], "--all") == 0)
		return store_target_each(m, run_child, &r);
	int code = store_target_open(m, m->args[0], false, &t);
	if (code)
		return code;
	code = run_child(&r, &t);
	close(t.dir);
	return code;
}

/* What is behind the first argument goes to the child. */
static int run_all(struct mailctl *m, const char *verb, json_t *rows)
{
	return run_with(m, verb, m->args + 1, rows);
}

/* Only option, or none. */
static int check_option(struct mailctl *m, const char *option)
{
	for (int i = 1; i < m->n_args; i++)
		if (!option || strcmp(m->args[i], option) != 0)
			return complain(
			    EX_USAGE, "\"%s\": not understood", m->args[i]);
	return 0;
}

static void put_text(const char *before, json_t *text, const char *behind)
{
	if (!json_is_string(text))
		return;
	fputs(before, stdout);
	/* It may hold what a damaged store holds. */
	for (const char *p = json_string_value(text); *p; p++)
		putchar((unsigned char)*p < ' ' || *p == 127 ? '?' : *p);
	fputs(behind, stdout);
}

static void put_number(const char *before, json_t *n)
{
	if (json_is_integer(n))
		printf("%s%lld", before, (long long)json_integer_value(n));
}

json_t *store_name_of(json_t *names, json_t *mailbox)
{
	size_t i;
	json_t *row;
	json_array_foreach(names, i, row)
	{
		if (json_equal(json_object_get(row, "mailbox"), mailbox))
			return json_object_get(row, "name");
	}
	return NULL;
}

/* "anna@example.org: row-link: each row is in the reverse map; mailbox INBOX;
 * UID 4". */
static void print_report(
    json_t *account, const char *kind, json_t *names, json_t *v)
{
	json_t *mailbox = json_object_get(v, "mailbox");
	json_t *name = store_name_of(names, mailbox);
	put_text("", account, ": ");
	fputs(kind, stdout);
	put_text("", json_object_get(v, "invariant"), "");
	put_text(": ", json_object_get(v, "text"), "");
	if (name)
		put_text("; mailbox ", name, "");
	else
		put_number("; mailbox ", mailbox);
	put_number("; UID ", json_object_get(v, "uid"));
	put_number("; message ", json_object_get(v, "message"));
	put_text("; ", json_object_get(v, "detail"), "");
	putchar('\n');
}

/* Each item of the arrays of that name. */
static void print_reports(json_t *rows, const char *key, const char *kind)
{
	size_t i, k;
	json_t *row, *v;
	json_array_foreach(rows, i, row)
	{
		json_array_foreach(json_object_get(row, key), k, v)
		{
			print_report(json_object_get(row, "account"), kind,
			    json_object_get(row, "names"), v);
		}
	}
}

static const struct column check_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "state", "STATE", false },
	{ "n_violations", "VIOLATIONS", true },
	{ "mailboxes", "MAILBOXES", true },
	{ "rows", "ROWS", true },
	{ "messages", "MESSAGES", true },
	{ "retained", "RETAINED", true },
};

int cmd_store_check(struct mailctl *m)
{
	json_t *rows = json_array();
	int code = check_option(m, "--quick");
	if (!code)
		code = run_all(m, "check", rows);
	if (!m->json)
		print_reports(rows, "violations", "");
	print_rows(m, rows, check_columns, 7);
	return code;
}

static const struct column repair_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "state", "STATE", false },
	{ "n_repairs", "REPAIRED", true },
	{ "n_lost", "LOST", true },
	{ "recovered", "RECOVERED", true },
	{ "n_violations", "VIOLATIONS", true },
	{ "kept", "KEPT", false },
};

int cmd_store_repair(struct mailctl *m)
{
	json_t *rows = json_array();
	char evict[] = "--evict", *alone[] = { evict, NULL };
	/* Who asks for one user wants it now. */
	bool waits = m->n_args == 1 && strcmp(m->args[0], "--all") != 0;
	int code = check_option(m, "--dry-run");
	if (!code)
		code = run_with(m, "repair", waits ? alone : m->args + 1, rows);
	if (!m->json) {
		print_reports(rows, "repairs", "repaired: ");
		print_reports(rows, "lost_parts", "lost: ");
	}
	print_rows(m, rows, repair_columns, 7);
	return code;
}

static const struct column stats_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "file_bytes", "FILE", true },
	{ "free_bytes", "FREE", true },
	{ "live_bytes", "LIVE", true },
	{ "mailboxes", "MAILBOXES", true },
	{ "rows", "ROWS", true },
	{ "messages", "MESSAGES", true },
	{ "message_bytes", "BYTES", true },
	{ "retained", "RETAINED", true },
	{ "retained_bytes", "BYTES", true },
	{ "stored_bytes", "STORED", true },
	{ "modseq", "MODSEQ", true },
	{ "changes_since", "KNOWN-SINCE", true },
};

static const struct column table_columns[] = {
	{ "table", "TABLE", false },
	{ "entries", "ENTRIES", true },
	{ "pages", "PAGES", true },
};

static const struct column quota_columns[] = {
	{ "resource", "RESOURCE", false },
	{ "used", "USED", true },
	{ "limit", "LIMIT", true },
	{ "percent", "PERCENT", true },
};

int cmd_store_stats(struct mailctl *m)
{
	json_t *rows = json_array(), *tables = NULL, *quota = NULL;
	int code = check_option(m, NULL);
	if (!code)
		code = run_all(m, "stats", rows);
	store_quota_add(m, rows);
	if (!m->json && json_array_size(rows) == 1) {
		const json_t *row = json_array_get(rows, 0);
		tables = json_incref(json_object_get(row, "tables"));
		quota = json_incref(json_object_get(row, "quota"));
	}
	print_rows(m, rows, stats_columns, 13);
	if (quota)
		print_rows(m, quota, quota_columns, 4);
	if (tables)
		print_rows(m, tables, table_columns, 3);
	return code;
}

static const struct column compact_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "before_bytes", "BEFORE", true },
	{ "after_bytes", "AFTER", true },
	{ "ms", "MS", true },
};

int cmd_store_compact(struct mailctl *m)
{
	json_t *rows = json_array();
	int code = check_option(m, NULL);
	if (!code)
		code = run_all(m, "compact", rows);
	print_rows(m, rows, compact_columns, 4);
	return code;
}
