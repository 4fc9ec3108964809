/* mailctl account: the accounts database. */
#include "base/clock.h"
#include "mailctl/command.h"
#include "sasl/password.h"
#include <pwd.h>
#include <stdio.h>
#include <string.h>

/* The canonical address of the first argument. */
static int take_address(struct mailctl *m, char out[ACCOUNT_ADDRESS_MAX + 1])
{
	if (account_canonical(view_of(m->args[0]), out) != 0)
		return complain(EX_DATAERR,
		    "\"%s\" is not an address that an account can have",
		    m->args[0]);
	return 0;
}

/* The domain must be ours, and have its accounts in the database. */
static int check_domain(struct mailctl *m, const char *address)
{
	char dir[4096];
	struct accounts_domain d;
	const char *name = strrchr(address, '@') + 1;
	struct accounts *a =
	    accounts_new(m->conf, accounts_dir(m, dir, sizeof dir));
	int error = accounts_find_domain(a, view_of(name), &d);
	accounts_free(&a);
	if (error == MC_E_NOENT)
		return complain(EX_DATAERR,
		    "%s is not a domain here: write it into the configuration "
		    "or use \"mailctl domain add %s\"",
		    name, name);
	if (error)
		return complain(
		    exit_code_of(error), "%s: %s", name, err_text(error));
	if (d.kind != ACCOUNTS_DATABASE)
		return complain(
		    EX_DATAERR, "accounts of %s are not in the database", name);
	return 0;
}

static int take_credential(struct account *a)
{
	struct secret password = { .n = 0 };
	struct buf stored;
	buf_init(&stored, ACCOUNT_CREDENTIAL_MAX);
	int code = read_password(&password);
	if (!code) {
		int error = password_store(
		    secret_view(&password), PASSWORD_ITERATIONS, &stored);
		if (!error)
			error = view_to_cstr(buf_view(&stored), a->credential,
			    sizeof a->credential);
		if (error)
			code = complain(EX_DATAERR,
			    "the password must be 1 to %d bytes of UTF-8 "
			    "without control characters",
			    SECRET_MAX);
	}
	secret_deinit(&password);
	buf_deinit(&stored);
	return code;
}

struct service_name {
	const char *name;
	uint32_t bits;
};

static const struct service_name service_names[] = {
	{ "imap", 1u << SERVICE_IMAP | 1u << SERVICE_IMAPS },
	{ "pop3", 1u << SERVICE_POP3 | 1u << SERVICE_POP3S },
	{ "submission", 1u << SERVICE_SMTP | 1u << SERVICE_SUBMISSION |
			    1u << SERVICE_SUBMISSIONS },
	{ "delivery", 1u << SERVICE_LOCAL },
};

enum {
	N_SERVICES = sizeof service_names / sizeof service_names[0]
};

/* "yes" or "no". */
static int set_bits(
    struct view v, uint32_t *flags, uint32_t bits, bool when_yes)
{
	bool yes = view_eq(v, V("yes"));
	if (!yes && !view_eq(v, V("no")))
		return MC_E_BAD;
	if (yes == when_yes)
		*flags |= bits;
	else
		*flags &= ~bits;
	return 0;
}

/* "default", "none" (or 0), or a number, with K, M or G. */
static int set_limit(struct view v, uint64_t *out)
{
	static const char units[] = "KMG";
	unsigned shift = 0;
	uint64_t n;
	if (view_eq(v, V("default")) || view_eq(v, V("none"))) {
		*out = view_eq(v, V("none")) ? ACCOUNT_UNLIMITED : 0;
		return 0;
	}
	for (unsigned i = 0; v.n && i < 3; i++)
		if (v.p[v.n - 1] == units[i])
			shift = 10 * (i + 1);
	if (shift)
		v = view_head(v, v.n - 1);
	if (!view_u64(v, &n) || n > UINT64_MAX >> 1 >> shift)
		return MC_E_BAD;
	*out = n ? n << shift : ACCOUNT_UNLIMITED;
	return 0;
}

/* "none", or somebody that this system knows. Root's programs are not run for
 * mail. */
static int set_unix_user(struct view v, struct account *a)
{
	char name[sizeof a->unix_user];
	const struct passwd *pw;
	if (view_eq(v, V("none"))) {
		a->unix_user[0] = '\0';
		return 0;
	}
	if (view_to_cstr(v, name, sizeof name) != 0)
		return MC_E_BAD;
	pw = getpwnam(name);
	if (!pw)
		return complain(
		    EX_NOUSER, "\"%s\": there is no such Unix user", name);
	if (pw->pw_uid == 0)
		return complain(EX_DATAERR,
		    "\"%s\" is root, whose programs are not run for mail",
		    name);
	memcpy(a->unix_user, name, sizeof name);
	return 0;
}

/* An error, or an exit code whose reason was told. */
static int set_one(struct account *a, struct view key, struct view value)
{
	if (view_eq(key, V("quota")))
		return set_limit(value, &a->quota_bytes);
	if (view_eq(key, V("messages")))
		return set_limit(value, &a->quota_messages);
	if (view_eq(key, V("mailboxes")))
		return set_limit(value, &a->quota_mailboxes);
	if (view_eq(key, V("unix_user")))
		return set_unix_user(value, a);
	if (view_eq(key, V("disabled")))
		return set_bits(value, &a->flags, ACCOUNT_DISABLED, true);
	for (size_t i = 0; i < N_SERVICES; i++)
		if (view_eq(key, view_of(service_names[i].name)))
			return set_bits(value, &a->services_off,
			    service_names[i].bits, false);
	return MC_E_NOENT;
}

static int set_all(struct mailctl *m, struct account *a)
{
	for (int i = 1; i < m->n_args; i++) {
		struct view value = view_of(m->args[i]), key;
		bool has_value = view_cut(&value, '=', &key);
		int error = has_value ? set_one(a, key, value) : MC_E_NOENT;
		if (error == MC_E_NOENT)
			return complain(EX_USAGE,
			    "\"%s\": one of quota, messages, mailboxes, "
			    "unix_user, disabled, imap, pop3, submission, "
			    "delivery, then = and a value",
			    m->args[i]);
		if (error < 0)
			return complain(
			    EX_DATAERR, "\"%s\": wrong value", m->args[i]);
		if (error)
			return error;
	}
	return 0;
}

static int store(struct mailctl *m, const struct account *a, bool is_new)
{
	struct account_db *db = NULL;
	int code = open_accounts(m, true, &db);
	if (code)
		return code;
	int error = account_db_put(db, a, is_new);
	account_db_close(&db);
	if (error == MC_E_EXISTS)
		return complain(EX_DATAERR, "%s exists already", a->address);
	if (error)
		return complain(
		    exit_code_of(error), "%s: %s", a->address, err_text(error));
	return 0;
}

static int load(struct mailctl *m, const char *address, struct account *a)
{
	struct account_db *db = NULL;
	int error = MC_E_NOENT;
	int code = open_accounts(m, false, &db);
	if (code && code != EX_NOUSER)
		return code;
	if (db)
		error = account_db_get(db, view_of(address), a);
	account_db_close(&db);
	if (error == MC_E_NOENT)
		return complain(EX_NOUSER, "%s: no such account", address);
	if (error)
		return complain(
		    exit_code_of(error), "%s: %s", address, err_text(error));
	return 0;
}

/* null: as the configuration says; 0: none. */
static json_t *json_of_limit(uint64_t limit)
{
	if (!limit)
		return json_null();
	return json_integer(limit == ACCOUNT_UNLIMITED ? 0 : (json_int_t)limit);
}

static json_t *json_of(const struct account *a)
{
	json_t *services = json_object();
	for (size_t i = 0; i < N_SERVICES; i++)
		json_object_set_new(services, service_names[i].name,
		    json_boolean(!(a->services_off & service_names[i].bits)));
	return json_pack("{s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
	    "address", json_of_text(a->address), "disabled",
	    (a->flags & ACCOUNT_DISABLED) != 0, "quota_bytes",
	    json_of_limit(a->quota_bytes), "quota_messages",
	    json_of_limit(a->quota_messages), "quota_mailboxes",
	    json_of_limit(a->quota_mailboxes), "unix_user",
	    *a->unix_user ? json_of_text(a->unix_user) : json_null(), "created",
	    json_of_time(a->created_s), "changed", json_of_time(a->changed_s),
	    "services", services);
}

static const struct column columns[] = {
	{ "address", "ADDRESS", false },
	{ "disabled", "DISABLED", false },
	{ "quota_bytes", "QUOTA", true },
	{ "quota_messages", "MESSAGES", true },
	{ "quota_mailboxes", "MAILBOXES", true },
	{ "unix_user", "UNIX USER", false },
	{ "created", "CREATED", false },
};

static int show(struct mailctl *m, const struct account *a)
{
	json_t *rows = json_array();
	if (!m->json) {
		json_decref(rows);
		return 0;
	}
	json_array_append_new(rows, json_of(a));
	return print_rows(m, rows, columns, 7);
}

int cmd_account_add(struct mailctl *m)
{
	struct account a = { .flags = 0 };
	int code = take_address(m, a.address);
	if (!code)
		code = check_domain(m, a.address);
	if (!code)
		code = set_all(m, &a);
	if (!code)
		code = take_credential(&a);
	a.created_s = a.changed_s = (uint64_t)clock_wall_s();
	if (!code)
		code = store(m, &a, true);
	if (!code)
		code = show(m, &a);
	secret_wipe(a.credential, sizeof a.credential);
	return code;
}

/* Loads, changes, stores. */
static int change(
    struct mailctl *m, int (*fn)(struct mailctl *m, struct account *a))
{
	char address[ACCOUNT_ADDRESS_MAX + 1];
	struct account a;
	int code = take_address(m, address);
	if (!code)
		code = load(m, address, &a);
	if (!code)
		code = fn(m, &a);
	if (!code) {
		a.changed_s = (uint64_t)clock_wall_s();
		code = store(m, &a, false);
	}
	return code ? code : show(m, &a);
}

static int new_password(struct mailctl *m, struct account *a)
{
	(void)m;
	return take_credential(a);
}

int cmd_account_passwd(struct mailctl *m)
{
	return change(m, new_password);
}

int cmd_account_set(struct mailctl *m)
{
	return change(m, set_all);
}

int cmd_account_delete(struct mailctl *m)
{
	char address[ACCOUNT_ADDRESS_MAX + 1];
	struct account_db *db = NULL;
	struct account a;
	int code = take_address(m, address);
	if (!code)
		code = load(m, address, &a);
	if (!code)
		code = open_accounts(m, true, &db);
	if (code)
		return code;
	int error = account_db_delete(db, view_of(address));
	account_db_close(&db);
	if (error)
		return complain(
		    exit_code_of(error), "%s: %s", address, err_text(error));
	return 0;
}

static int add_row(void *ctx, const struct account *a)
{
	return json_array_append_new(ctx, json_of(a)) == 0 ? 0 : MC_E_LIMIT;
}

int cmd_account_list(struct mailctl *m)
{
	struct account_db *db = NULL;
	char domain[ACCOUNT_DOMAIN_MAX + 1] = "";
	int code = m->n_args ? take_domain(m->args[0], domain) : 0;
	if (!code)
		code = open_accounts(m, false, &db);
	if (code && code != EX_NOUSER)
		return code;
	json_t *rows = json_array();
	int error =
	    db ? account_db_each(db, view_of(domain), add_row, rows) : 0;
	account_db_close(&db);
	if (error) {
		json_decref(rows);
		return complain(
		    exit_code_of(error), "accounts: %s", err_text(error));
	}
	return print_rows(m, rows, columns, 7);
}
