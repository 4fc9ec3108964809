/* Domains and accounts, wherever they are kept. */
#include "accounts/backend.h"
#include "base/clock.h"
#include "base/panic.h"
#include "base/rand.h"
#include "log/log.h"
#include "text/path.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LOOK_EVERY_MS = 1000
};

static void join(char *out, size_t cap, const char *dir, const char *name)
{
	if (strcmp(dir, ".") == 0)
		snprintf(out, cap, "%s", name);
	else
		snprintf(out, cap, "%s/%s", dir, name);
}

struct accounts *accounts_new(const struct conf *c, const char *dir)
{
	struct accounts *a = MUST_NEW(struct accounts);
	char path[4096];
	a->conf = c;
	a->dir = strdup(dir);
	a->files =
	    must_alloc((c->n_domains + 1) * sizeof(struct passwd_file *));
	if (!a->dir)
		fatal("out of memory");
	rand_bytes(a->secret, sizeof a->secret);
	for (size_t i = 0; i < c->n_domains; i++) {
		if (c->domains[i].accounts != ACCOUNTS_PASSWD_FILE)
			continue;
		join(path, sizeof path, dir, c->domains[i].passwd_file);
		a->files[i] = passwd_new(path, c->domains[i].name);
	}
	return a;
}

void accounts_free(struct accounts **a)
{
	if (!*a)
		return;
	for (size_t i = 0; i < (*a)->conf->n_domains; i++)
		passwd_free(&(*a)->files[i]);
	account_db_close(&(*a)->db);
	accounts_free_alias_files(*a);
	free((*a)->files);
	free((*a)->dir);
	free(*a);
	*a = NULL;
}

void accounts_clean(struct accounts *a)
{
	if (a->db)
		account_db_clean(a->db);
}

int accounts_db(struct accounts *a, struct account_db **db)
{
	uint64_t now_ms = clock_mono_ms();
	*db = a->db;
	if (a->db)
		return 0;
	if (a->looked_at_ms && now_ms - a->looked_at_ms < LOOK_EVERY_MS)
		return a->db_error;
	a->looked_at_ms = now_ms;
	a->db_error = account_db_open(a->dir, false, -1, &a->db);
	if (!a->db_error)
		a->db_error = account_db_secret(a->db, a->secret);
	if (a->db_error)
		account_db_close(&a->db);
	if (a->db_error && a->db_error != MC_E_NOENT)
		LOG(NULL, ERROR, "accounts.failed",
		    KV_ERR("error", a->db_error));
	*db = a->db;
	return a->db_error;
}

static void copy(char *out, size_t cap, const char *s)
{
	snprintf(out, cap, "%s", s);
}

static void from_conf(const struct conf_domain *c, struct accounts_domain *out)
{
	*out = (struct accounts_domain){ .kind = c->accounts, .conf = c };
	copy(out->name, sizeof out->name, c->name);
	copy(out->alias_of, sizeof out->alias_of, c->alias_of);
	copy(out->catch_all, sizeof out->catch_all, c->catch_all);
}

int accounts_find_domain(
    struct accounts *a, struct view name, struct accounts_domain *out)
{
	struct account_db *db;
	struct account_domain found;
	char canonical[PATH_DOMAIN_MAX + 1];
	if (domain_canonical(name, canonical) != 0)
		return MC_E_NOENT;
	const struct conf_domain *c =
	    conf_domain_find(a->conf, view_of(canonical));
	if (c) {
		from_conf(c, out);
		return 0;
	}
	int error = accounts_db(a, &db);
	if (!error)
		error = account_domain_get(db, view_of(canonical), &found);
	if (error)
		return error;
	*out = (struct accounts_domain){ .kind = ACCOUNTS_DATABASE };
	copy(out->name, sizeof out->name, found.name);
	copy(out->alias_of, sizeof out->alias_of, found.alias_of);
	copy(out->catch_all, sizeof out->catch_all, found.catch_all);
	return 0;
}

struct passwd_file *accounts_file(
    struct accounts *a, const struct conf_domain *d)
{
	return a->files[d - a->conf->domains];
}

int accounts_find_in(struct accounts *a, const struct accounts_domain *d,
    struct view address, struct account *out)
{
	struct account_db *db;
	if (d->kind == ACCOUNTS_PASSWD_FILE && d->conf)
		return passwd_get(
		    accounts_file(a, d->conf), address, clock_mono_ms(), out);
	if (d->kind != ACCOUNTS_DATABASE)
		return MC_E_UNSUPPORTED;
	int error = accounts_db(a, &db);
	return error ? error : account_db_get(db, address, out);
}

int accounts_find(struct accounts *a, struct view address, struct account *out)
{
	struct accounts_domain d;
	size_t at = view_rfind_byte(address, '@');
	int error = accounts_find_domain(a, view_skip(address, at + 1), &d);
	return error ? error : accounts_find_in(a, &d, address, out);
}
