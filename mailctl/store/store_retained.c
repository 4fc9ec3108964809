/* mailctl store undelete and retention, and expunge: what is typed, and what
 * is printed. */
#include "mailctl/store/store_retained.h"
#include "base/clock.h"
#include "mailctl/when.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct arguments {
	char text[ARGS][24]; /* of those that are numbers or words */
	char *all[ARGS + 1];
};

struct option {
	const char *name;
	unsigned arg;
	const char *mode; /* of one without a value */
	bool is_time;     /* a time; else text, or a number for the message */
};

static void set(struct arguments *a, unsigned arg, int64_t n)
{
	snprintf(a->text[arg], sizeof a->text[arg], "%lld", (long long)n);
	a->all[arg] = a->text[arg];
}

static void arguments_init(struct arguments *a, const struct mailctl *m)
{
	*a = (struct arguments){ .all = { NULL } };
	for (unsigned i = 0; i < ARGS; i++)
		a->all[i] = a->text[i];
	set(a, ARG_RETENTION, m->conf->expunged_retention);
}

static bool take_value(struct arguments *a, const struct option *o, char *value)
{
	int64_t time_s;
	if (!o->is_time) {
		a->all[o->arg] = value;
		return *value != '\0';
	}
	if (!when_parse(value, clock_wall_s(), &time_s))
		return false;
	set(a, o->arg, time_s);
	return true;
}

/* Options behind the first n words. Exit code. */
static int take_options(
    struct mailctl *m, int n, const struct option *options, struct arguments *a)
{
	for (int i = n; i < m->n_args; i++) {
		const struct option *o = options;
		while (o->name && strcmp(o->name, m->args[i]) != 0)
			o++;
		if (!o->name)
			return complain(
			    EX_USAGE, "\"%s\": not understood", m->args[i]);
		if (o->mode) {
			snprintf(a->text[ARG_MODE], sizeof a->text[ARG_MODE],
			    "%s", o->mode);
			continue;
		}
		if (++i == m->n_args)
			return complain(EX_USAGE, "%s wants a value", o->name);
		if (!take_value(a, o, m->args[i]))
			return complain(EX_USAGE, "%s: \"%s\" is not valid",
			    o->name, m->args[i]);
	}
	return 0;
}

/* *row is what the child said; to be released also when it failed. */
static int run_one(struct mailctl *m, const char *verb,
    const struct arguments *a, json_t **row)
{
	struct store_target t;
	int code = store_target_open(m, m->args[0], false, &t);
	if (code)
		return code;
	code = store_child_run(&t, verb, a->all, row);
	close(t.dir);
	return code;
}

/* undelete */

static const struct column list_columns[] = {
	{ "message", "MESSAGE", true },
	{ "name", "MAILBOX", false },
	{ "uid", "UID", true },
	{ "bytes", "BYTES", true },
	{ "expunged", "EXPUNGED", false },
	{ "until", "UNTIL", false },
	{ "from", "FROM", false },
	{ "subject", "SUBJECT", false },
};

static const struct column done_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "messages", "MESSAGES", true },
	{ "dry_run", "DRY-RUN", false },
};

static json_t *take_list(json_t *row)
{
	size_t i;
	json_t *all = json_object_get(row, "items"), *v;
	json_t *names = json_object_get(row, "names");
	json_array_foreach(all, i, v)
	{
		json_t *name =
		    store_name_of(names, json_object_get(v, "mailbox"));
		json_object_set(v, "name", name ? name : json_null());
	}
	return all ? json_incref(all) : json_array();
}

static void print_done(struct mailctl *m, json_t *row)
{
	json_t *rows = json_array();
	json_array_append(rows, row);
	print_rows(m, rows, done_columns, 3);
}

int cmd_store_undelete(struct mailctl *m)
{
	static const struct option options[] = {
		{ "--list", ARG_MODE, "list", false },
		{ "--dry-run", ARG_MODE, "dry-run", false },
		{ "--mailbox", ARG_MAILBOX, NULL, false },
		{ "--since", ARG_TIME, NULL, true },
		{ "--message", ARG_MESSAGE, NULL, false },
		{ "--into", ARG_INTO, NULL, false },
		{ NULL, 0, NULL, false },
	};
	struct arguments a;
	json_t *row = NULL;
	arguments_init(&a, m);
	int code = take_options(m, 1, options, &a);
	if (!code)
		code = run_one(m, "undelete", &a, &row);
	if (!code && strcmp(a.all[ARG_MODE], "list") == 0)
		print_rows(m, take_list(row), list_columns, 8);
	else if (!code)
		print_done(m, row);
	json_decref(row);
	return code;
}

/* retention */

static const struct column retention_columns[] = {
	{ "account", "ACCOUNT", false },
	{ "mailbox", "MAILBOX", false },
	{ "retention_s", "SECONDS", true },
	{ "from", "FROM", false },
};

/* As far as the option goes, too. */
static bool take_retention(struct arguments *a, const char *text)
{
	uint32_t seconds = 0;
	if (strcmp(text, "default") != 0 &&
	    (!duration_parse(text, &seconds) || seconds < 60 ||
		seconds > 31536000))
		return false;
	set(a, ARG_TIME, seconds);
	return true;
}

int cmd_store_retention(struct mailctl *m)
{
	static const struct option options[] = {
		{ "--mailbox", ARG_MAILBOX, NULL, false },
		{ NULL, 0, NULL, false },
	};
	struct arguments a;
	json_t *row = NULL, *rows = json_array();
	arguments_init(&a, m);
	bool sets = m->n_args > 1 && m->args[1][0] != '-';
	int code = 0;
	if (sets && !take_retention(&a, m->args[1]))
		code = complain(EX_USAGE,
		    "\"%s\" is not \"default\" or a time from 1m to 365d",
		    m->args[1]);
	if (!code)
		code = take_options(m, sets ? 2 : 1, options, &a);
	if (!code)
		code = run_one(m, "retention", &a, &row);
	if (!code) {
		json_array_append(rows, row);
		print_rows(m, rows, retention_columns, 4);
	} else {
		json_decref(rows);
	}
	json_decref(row);
	return code;
}

/* expunge */

int cmd_expunge(struct mailctl *m)
{
	static const struct option options[] = {
		{ "--older-than", ARG_TIME, NULL, true },
		{ "--dry-run", ARG_MODE, "dry-run", false },
		{ NULL, 0, NULL, false },
	};
	struct arguments a;
	json_t *row = NULL;
	arguments_init(&a, m);
	a.all[ARG_MAILBOX] = m->args[1];
	int code = take_options(m, 2, options, &a);
	if (!code && !*a.all[ARG_TIME])
		code = complain(EX_USAGE, "--older-than is missing");
	if (!code)
		code = run_one(m, "expunge", &a, &row);
	if (!code)
		print_done(m, row);
	json_decref(row);
	return code;
}
