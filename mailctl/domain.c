/* mailctl domain, mailctl resolve. */
#include "base/clock.h"
#include "mailctl/command.h"
#include <stdio.h>
#include <string.h>

static int take_catch_all(
    struct account_domain *d, const char *value, const char *text)
{
	char joined[ACCOUNT_ADDRESS_MAX + ACCOUNT_DOMAIN_MAX + 2];
	snprintf(joined, sizeof joined, "%.320s%s%s", value,
	    strchr(value, '@') ? "" : "@", strchr(value, '@') ? "" : d->name);
	if (account_canonical(view_of(joined), d->catch_all) != 0)
		return complain(EX_DATAERR, "\"%s\": not an address", text);
	return 0;
}

static int take_pair(struct account_domain *d, const char *text)
{
	const char *value = strchr(text, '=');
	struct view key = view_of(text);
	if (value) {
		key.n = (size_t)(value - text);
		value++;
	}
	if (value && view_eq(key, V("alias_of")))
		return take_domain(value, d->alias_of);
	if (value && view_eq(key, V("catch_all")))
		return take_catch_all(d, value, text);
	return complain(
	    EX_USAGE, "\"%s\": alias_of=NAME or catch_all=ADDRESS", text);
}

int cmd_domain_add(struct mailctl *m)
{
	struct account_domain d = { .created_s = (uint64_t)clock_wall_s() };
	struct account_db *db = NULL;
	int code = take_domain(m->args[0], d.name);
	for (int i = 1; i < m->n_args && !code; i++)
		code = take_pair(&d, m->args[i]);
	if (!code && *d.alias_of && *d.catch_all)
		code = complain(
		    EX_USAGE, "an alias has the catch_all of its target");
	if (!code && conf_domain_find(m->conf, view_of(d.name)))
		code = complain(EX_DATAERR,
		    "%s is in the configuration, which comes first", d.name);
	if (!code)
		code = open_accounts(m, true, &db);
	if (code)
		return code;
	int error = account_domain_put(db, &d, true);
	account_db_close(&db);
	if (error == MC_E_EXISTS)
		return complain(EX_DATAERR, "%s exists already", d.name);
	return error ? complain(exit_code_of(error), "%s: %s", d.name,
			   err_text(error))
		     : 0;
}

int cmd_domain_delete(struct mailctl *m)
{
	char name[ACCOUNT_DOMAIN_MAX + 1];
	struct account_db *db = NULL;
	int code = take_domain(m->args[0], name);
	if (!code && conf_domain_find(m->conf, view_of(name)))
		return complain(EX_DATAERR,
		    "%s is in the configuration: delete it there", name);
	if (!code)
		code = open_accounts(m, true, &db);
	if (code)
		return code;
	int error = account_domain_delete(db, view_of(name));
	account_db_close(&db);
	if (error == MC_E_NOENT)
		return complain(EX_NOUSER, "%s: no such domain", name);
	return error ? complain(
			   exit_code_of(error), "%s: %s", name, err_text(error))
		     : 0;
}

static json_t *row_of(const char *name, const char *accounts,
    const char *alias_of, const char *catch_all, const char *from)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:s}", "domain", name,
	    "accounts", accounts, "alias_of", json_of_text(alias_of),
	    "catch_all", json_of_text(catch_all), "from", from);
}

static int add_row(void *ctx, const struct account_domain *d)
{
	return json_array_append_new(
		   ctx, row_of(d->name, "database", d->alias_of, d->catch_all,
			    "database")) == 0
		   ? 0
		   : MC_E_LIMIT;
}

static void add_configured(const struct conf *c, json_t *rows)
{
	static const char *const kinds[] = {
		[ACCOUNTS_DATABASE] = "database",
		[ACCOUNTS_SYSTEM] = "system",
		[ACCOUNTS_PASSWD_FILE] = "passwd-file",
	};
	for (size_t i = 0; i < c->n_domains; i++) {
		const struct conf_domain *d = &c->domains[i];
		json_array_append_new(
		    rows, row_of(d->name, kinds[d->accounts], d->alias_of,
			      d->catch_all, "configuration"));
	}
}

int cmd_domain_list(struct mailctl *m)
{
	static const struct column columns[] = {
		{ "domain", "DOMAIN", false },
		{ "accounts", "ACCOUNTS", false },
		{ "alias_of", "ALIAS OF", false },
		{ "catch_all", "CATCH ALL", false },
		{ "from", "FROM", false },
	};
	struct account_db *db = NULL;
	json_t *rows = json_array();
	int code = open_accounts(m, false, &db);
	if (code && code != EX_NOUSER) {
		json_decref(rows);
		return code;
	}
	add_configured(m->conf, rows);
	int error = db ? account_domain_each(db, add_row, rows) : 0;
	account_db_close(&db);
	if (error) {
		json_decref(rows);
		return complain(
		    exit_code_of(error), "domains: %s", err_text(error));
	}
	return print_rows(m, rows, columns, 5);
}

static const char *const kind_names[] = {
	[ADDRESS_LOCAL] = "local",
	[ADDRESS_UNKNOWN] = "unknown",
	[ADDRESS_REMOTE] = "remote",
	[ADDRESS_TEMP] = "temporary",
};

static const char *const rule_names[] = {
	[RESOLVE_EXACT] = "exact",
	[RESOLVE_WITHOUT_TAG] = "without the tag",
	[RESOLVE_POSTMASTER] = "postmaster",
	[RESOLVE_CATCH_ALL] = "catch-all",
	[RESOLVE_NONE] = "",
};

int cmd_resolve(struct mailctl *m)
{
	static const struct column columns[] = {
		{ "address", "ADDRESS", false },
		{ "kind", "KIND", false },
		{ "account", "ACCOUNT", false },
		{ "rule", "RULE", false },
		{ "alias", "ALIAS", false },
	};
	char dir[4096];
	struct resolved r;
	json_t *rows = json_array();
	struct accounts *a =
	    accounts_new(m->conf, accounts_dir(m, dir, sizeof dir));
	resolve_account(a, view_of(m->args[0]), &r);
	accounts_free(&a);
	bool local = r.kind == ADDRESS_LOCAL;
	json_array_append_new(rows,
	    json_pack("{s:o, s:s, s:o, s:s, s:b}", "address",
		json_of_text(m->args[0]), "kind", kind_names[r.kind], "account",
		json_of_text(local ? r.account.address : ""), "rule",
		rule_names[r.rule], "alias", local && r.is_alias));
	int code = print_rows(m, rows, columns, 5);
	if (!code && r.kind == ADDRESS_UNKNOWN)
		return EX_NOUSER;
	return !code && r.kind == ADDRESS_TEMP ? EX_TEMPFAIL : code;
}
