/* mailctl alias: aliases of the accounts database. */
#include "base/chars.h"
#include "mailctl/command.h"
#include "text/path.h"
#include <stdio.h>
#include <string.h>

enum {
	TARGET_CAP = ACCOUNT_ADDRESS_MAX + ACCOUNT_DOMAIN_MAX + 2
};

static int take_alias(const char *text, char out[ACCOUNT_ADDRESS_MAX + 1])
{
	return account_canonical(view_of(text), out) == 0
		   ? 0
		   : complain(EX_DATAERR, "\"%s\": not an address", text);
}

/* A name without a domain is one of the alias's domain. */
static int take_target(
    const char *alias, const char *text, char out[TARGET_CAP], size_t *n)
{
	char whole[TARGET_CAP];
	struct path p;
	const char *why = "";
	snprintf(whole, sizeof whole, "%.320s%s", text,
	    strchr(text, '@') ? "" : strchr(alias, '@'));
	if (path_parse_address(view_of(whole), &p, &why) == PARSE_OK &&
	    path_format(&p, out, TARGET_CAP, n) == 0)
		return 0;
	return complain(EX_DATAERR, "\"%s\": not an address", text);
}

static bool has_line(struct view lines, struct view line)
{
	struct view one;
	while (lines.n) {
		view_cut(&lines, '\n', &one);
		if (view_eq(one, line))
			return true;
	}
	return false;
}

static void put_line(struct buf *out, struct view line)
{
	buf_put(out, line);
	buf_put_char(out, '\n');
}

static int take_given(const struct mailctl *m, const char *alias,
    struct view known, struct buf *out)
{
	int code = 0;
	for (int i = 1; i < m->n_args && !code; i++) {
		char target[TARGET_CAP];
		struct view line = { target, 0 };
		code = take_target(alias, m->args[i], target, &line.n);
		if (!code && !has_line(known, line) &&
		    !has_line(buf_view(out), line))
			put_line(out, line);
	}
	return code;
}

/* The old targets, and those. */
static int join(const struct mailctl *m, const char *alias, struct view old,
    struct buf *out)
{
	struct buf given;
	buf_init(&given, ACCOUNT_ALIAS_TEXT_MAX);
	int code = take_given(m, alias, old, &given);
	buf_put(out, old);
	buf_put(out, buf_view(&given));
	bool is_over = buf_error(out) || buf_error(&given);
	buf_deinit(&given);
	return !code && is_over
		   ? complain(EX_DATAERR, "%s: too many targets", alias)
		   : code;
}

/* The old targets without those, or none. */
static int subtract(const struct mailctl *m, const char *alias, struct view old,
    struct buf *out)
{
	struct buf given;
	struct view line;
	buf_init(&given, ACCOUNT_ALIAS_TEXT_MAX);
	int code = take_given(m, alias, V_NONE, &given);
	while (!code && old.n && m->n_args > 1) {
		view_cut(&old, '\n', &line);
		if (!has_line(buf_view(&given), line))
			put_line(out, line);
	}
	buf_deinit(&given);
	return code;
}

static int change(
    struct mailctl *m, struct account_db *db, const char *alias, bool remove)
{
	struct buf old, new;
	buf_init(&old, ACCOUNT_ALIAS_TEXT_MAX);
	buf_init(&new, ACCOUNT_ALIAS_TEXT_MAX);
	int code = 0;
	int error = account_alias_get(db, view_of(alias), &old);
	if (error == MC_E_NOENT && !remove)
		error = 0;
	if (!error)
		code =
		    (remove ? subtract : join)(m, alias, buf_view(&old), &new);
	if (!error && !code)
		error = account_alias_put(db, view_of(alias), buf_view(&new));
	buf_deinit(&old);
	buf_deinit(&new);
	if (error == MC_E_NOENT)
		return complain(EX_NOUSER, "%s: no such alias", alias);
	return error ? complain(exit_code_of(error), "%s: %s", alias,
			   err_text(error))
		     : code;
}

static int open_and_change(struct mailctl *m, bool remove)
{
	char alias[ACCOUNT_ADDRESS_MAX + 1];
	struct account_db *db = NULL;
	int code = take_alias(m->args[0], alias);
	if (!code)
		code = open_accounts(m, true, &db);
	if (!code)
		code = change(m, db, alias, remove);
	account_db_close(&db);
	return code;
}

int cmd_alias_add(struct mailctl *m)
{
	return open_and_change(m, false);
}

int cmd_alias_remove(struct mailctl *m)
{
	return open_and_change(m, true);
}

static int add_row(void *ctx, struct view address, struct view targets)
{
	json_t *list = json_array();
	struct view one;
	while (targets.n) {
		view_cut(&targets, '\n', &one);
		json_array_append_new(list, json_of_view(one));
	}
	return json_array_append_new(
		   ctx, json_pack("{s:o, s:o}", "alias", json_of_view(address),
			    "targets", list)) == 0
		   ? 0
		   : MC_E_LIMIT;
}

/* As lines of an alias file, which is what people know. */
static void print_lines(json_t *rows)
{
	size_t i, k;
	json_t *row, *target;
	json_array_foreach(rows, i, row)
	{
		printf(
		    "%s: ", json_string_value(json_object_get(row, "alias")));
		json_array_foreach(json_object_get(row, "targets"), k, target)
		    printf("%s%s", k ? ", " : "", json_string_value(target));
		putchar('\n');
	}
}

int cmd_alias_list(struct mailctl *m)
{
	struct account_db *db = NULL;
	json_t *rows = json_array();
	char domain[ACCOUNT_DOMAIN_MAX + 1] = "";
	int code = m->n_args ? take_domain(m->args[0], domain) : 0;
	if (!code)
		code = open_accounts(m, false, &db);
	int error =
	    db ? account_alias_each(db, view_of(domain), add_row, rows) : 0;
	account_db_close(&db);
	if (code == EX_NOUSER)
		code = 0; /* none yet */
	if (error)
		code = complain(
		    exit_code_of(error), "aliases: %s", err_text(error));
	if (!code && m->json)
		return print_rows(m, rows, NULL, 0);
	if (!code)
		print_lines(rows);
	json_decref(rows);
	return code;
}
