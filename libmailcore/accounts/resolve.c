#include "accounts/resolve.h"
#include "accounts/backend.h"
#include "accounts/srs.h"
#include "base/clock.h"
#include "text/path.h"
#include <stdio.h>
#include <string.h>

enum {
	ALIAS_DOMAINS_MAX =
	    4 /* a.example -> b.example -> ... in the database */
};

/* One address on its way. */
struct search {
	struct accounts *a;
	struct view local; /* without quotes */
	bool with_aliases;
	struct resolved *out;
};

static bool may_receive(const struct account *account)
{
	return !(account->services_off & (1u << SERVICE_LOCAL));
}

static bool is_of_this_host(struct accounts *a, struct view domain)
{
	return view_ieq(domain, resolve_default_domain(a)) ||
	       view_ieq(domain, view_of(a->conf->hostname));
}

/* Under its whole address, or as a name of this host. */
static bool find_in_file(
    struct accounts *a, struct view address, enum resolve_source *source)
{
	size_t at = view_rfind_byte(address, '@');
	*source = RESOLVE_BY_ALIAS_FILE;
	if (accounts_find_named_alias(a, address, NULL))
		return true;
	*source = RESOLVE_BY_HOST_NAME;
	return accounts_find_named_alias(a, view_head(address, at), NULL) &&
	       is_of_this_host(a, view_skip(address, at + 1));
}

static int try_alias(struct search *s, struct view address)
{
	struct account_db *db;
	enum resolve_source source = RESOLVE_BY_DATABASE;
	int error = accounts_db(s->a, &db);
	if (!error)
		error = account_alias_get(db, address, NULL);
	if (error == MC_E_NOENT && find_in_file(s->a, address, &source))
		error = 0;
	if (error)
		return error;
	s->out->source = source;
	return view_to_cstr(address, s->out->alias, sizeof s->out->alias);
}

static int try_account(
    struct search *s, const struct accounts_domain *d, struct view address)
{
	int error = accounts_find_in(s->a, d, address, &s->out->account);
	if (!error && !may_receive(&s->out->account))
		error = MC_E_NOENT;
	return error;
}

/* 0 when found, MC_E_NOENT, or a temporary error. */
static int try_local(struct search *s, const struct accounts_domain *d,
    struct view local, enum resolve_rule rule)
{
	char address[ACCOUNT_ADDRESS_MAX + 1];
	int error = MC_E_NOENT;
	if (account_join(local, view_of(d->name), address) != 0)
		return MC_E_NOENT; /* nobody can be called so */
	if (s->with_aliases)
		error = try_alias(s, view_of(address));
	if (error == MC_E_NOENT)
		error = try_account(s, d, view_of(address));
	if (!error)
		s->out->rule = rule;
	return error;
}

static int try_domain(struct search *s, const struct accounts_domain *d)
{
	int error = try_local(s, d, s->local, RESOLVE_EXACT);
	const char *delimiter = s->a->conf->recipient_delimiter;
	if (error != MC_E_NOENT || !*delimiter)
		return error;
	size_t n = view_find_byte(s->local, *delimiter);
	if (n == 0 || n == s->local.n)
		return error;
	return try_local(s, d, view_head(s->local, n), RESOLVE_WITHOUT_TAG);
}

/* An account that is named somewhere: "user@domain", or "user" of d. */
static int try_named(struct search *s, const struct accounts_domain *d,
    const char *name, enum resolve_rule rule)
{
	struct view v = view_of(name);
	struct accounts_domain other;
	size_t at = view_rfind_byte(v, '@');
	if (at == v.n)
		return d ? try_local(s, d, v, rule) : MC_E_NOENT;
	int error = accounts_find_domain(s->a, view_skip(v, at + 1), &other);
	return error ? error : try_local(s, &other, view_head(v, at), rule);
}

static int try_postmaster(struct search *s)
{
	const char *name = s->a->conf->postmaster;
	struct accounts_domain d;
	if (!view_ieq(s->local, V("postmaster")))
		return MC_E_NOENT;
	if (*name)
		return try_named(s, NULL, name, RESOLVE_POSTMASTER);
	struct view domain = resolve_default_domain(s->a);
	int error =
	    domain.n ? accounts_find_domain(s->a, domain, &d) : MC_E_NOENT;
	return error ? error
		     : try_local(s, &d, V("postmaster"), RESOLVE_POSTMASTER);
}

/* In the domain, then in the one that it is an alias of; then by the rules for
 * those that are nobody's. */
static int try_all(struct search *s, struct accounts_domain *d)
{
	int error = try_domain(s, d);
	for (int i = 0; i < ALIAS_DOMAINS_MAX && error == MC_E_NOENT; i++) {
		char next[sizeof d->alias_of];
		if (!*d->alias_of)
			break;
		memcpy(next, d->alias_of, sizeof next);
		s->out->is_alias = true;
		error = accounts_find_domain(s->a, view_of(next), d);
		if (!error)
			error = try_domain(s, d);
	}
	if (error == MC_E_NOENT)
		error = try_postmaster(s);
	if (error == MC_E_NOENT && *d->catch_all)
		error = try_named(s, d, d->catch_all, RESOLVE_CATCH_ALL);
	return error;
}

static void finish(struct resolved *out, int error)
{
	if (!error)
		out->kind = *out->alias ? ADDRESS_ALIAS : ADDRESS_LOCAL;
	else if (error == MC_E_NOENT)
		out->kind = ADDRESS_UNKNOWN;
	else
		out->kind = ADDRESS_TEMP;
	if (error)
		out->rule = RESOLVE_NONE;
}

/* RFC 5321 4.5.1: "<postmaster>", and at this host, is never refused for not
 * being in a domain of ours. */
static bool is_host_postmaster(
    const struct accounts *a, struct view local, struct view domain)
{
	return view_ieq(local, V("postmaster")) &&
	       (!domain.n || view_ieq(domain, view_of(a->conf->hostname)));
}

static struct view srs_domain(struct accounts *a)
{
	struct view domain = view_of(a->conf->srs_domain);
	if (view_ieq(domain, V("none")))
		return V("");
	return domain.n ? domain : resolve_default_domain(a);
}

static int srs_key(struct accounts *a, unsigned char out[HASH_SHA256_BYTES])
{
	struct account_db *db;
	struct view secret = { (const char *)a->secret, sizeof a->secret };
	int error = accounts_db(a, &db);
	return error ? error : hash_hmac(secret, V("srs"), out);
}

static struct view domain_of(struct view address)
{
	return view_skip(address, view_rfind_byte(address, '@') + 1);
}

int resolve_srs_forward(struct accounts *a, struct view sender,
    char out[ACCOUNT_ADDRESS_MAX], size_t *n)
{
	unsigned char key[HASH_SHA256_BYTES];
	struct accounts_domain ours;
	struct view domain = srs_domain(a);
	if (!domain.n || !sender.n ||
	    view_ieq(domain_of(sender), view_of(a->conf->hostname)) ||
	    accounts_find_domain(a, domain_of(sender), &ours) == 0)
		return MC_E_NOENT;
	int error = srs_key(a, key);
	if (!error)
		error = srs_forward(hash_view(key), sender, domain,
		    (uint64_t)clock_wall_s(), out, n);
	return error == MC_E_LIMIT ? MC_E_NOENT : error;
}

int resolve_srs_reverse(struct accounts *a, struct view address,
    char out[ACCOUNT_ADDRESS_MAX], size_t *n)
{
	unsigned char key[HASH_SHA256_BYTES];
	struct view domain = srs_domain(a);
	if (!srs_is_rewritten(address) || !domain.n ||
	    !view_ieq(domain_of(address), domain))
		return MC_E_NOENT;
	int error = srs_key(a, key);
	if (!error)
		error = srs_reverse(
		    hash_view(key), address, (uint64_t)clock_wall_s(), out, n);
	return error == MC_E_BAD ? MC_E_NOENT : error;
}

/* false: it is no sender that was rewritten here. */
static bool try_srs(struct accounts *a, struct view address, bool with_aliases,
    struct resolved *out)
{
	char text[ACCOUNT_ADDRESS_MAX];
	size_t n;
	if (!with_aliases || resolve_srs_reverse(a, address, text, &n) != 0 ||
	    view_to_cstr(address, out->alias, sizeof out->alias) != 0)
		return false;
	out->kind = ADDRESS_ALIAS;
	out->source = RESOLVE_BY_SRS;
	return true;
}

/* Names at this host have aliases, and are no accounts. A domain of its own
 * comes before that. */
static int try_host(struct search *s, struct view domain)
{
	struct accounts_domain d = { .kind = ACCOUNTS_DATABASE };
	if (!s->with_aliases ||
	    !view_ieq(domain, view_of(s->a->conf->hostname)) ||
	    view_to_cstr(domain, d.name, sizeof d.name) != 0)
		return MC_E_NOENT;
	return try_domain(s, &d);
}

static void resolve(struct accounts *a, struct view address, bool with_aliases,
    struct resolved *out)
{
	struct path p = { .local = address };
	struct accounts_domain d;
	const char *why;
	char local[PATH_LOCAL_MAX], domain[PATH_DOMAIN_MAX + 1];
	size_t n;
	*out =
	    (struct resolved){ .kind = ADDRESS_REMOTE, .rule = RESOLVE_NONE };
	bool bare = view_ieq(address, V("postmaster"));
	if (!bare && path_parse_address(address, &p, &why) != PARSE_OK) {
		out->kind = ADDRESS_UNKNOWN;
		return;
	}
	if (path_local_plain(&p, local, sizeof local, &n) != 0 ||
	    domain_canonical(p.domain, domain) != 0) {
		out->kind = ADDRESS_UNKNOWN;
		return;
	}
	p.domain = view_of(domain);
	if (try_srs(a, address, with_aliases, out))
		return;
	struct search s = { a, { local, n }, with_aliases, out };
	int error = bare || p.is_literal
			? MC_E_NOENT
			: accounts_find_domain(a, p.domain, &d);
	if (!error) {
		finish(out, try_all(&s, &d));
		return;
	}
	if (error == MC_E_NOENT)
		error = try_host(&s, p.domain);
	if (error != MC_E_NOENT)
		finish(out, error);
	else if (is_host_postmaster(a, s.local, p.domain))
		finish(out, try_postmaster(&s));
}

void resolve_address(
    struct accounts *a, struct view address, struct resolved *out)
{
	resolve(a, address, true, out);
}

void resolve_account(
    struct accounts *a, struct view address, struct resolved *out)
{
	resolve(a, address, false, out);
}

bool resolve_has_forward(const struct accounts *a, const struct account *of)
{
	return *of->unix_user && *a->conf->forward_file;
}

static int only_domain(void *ctx, const struct account_domain *d)
{
	char *name = ctx;
	if (*name)
		return MC_E_EXISTS; /* a second one */
	memcpy(name, d->name, sizeof d->name);
	return 0;
}

struct view resolve_default_domain(struct accounts *a)
{
	const struct conf *c = a->conf;
	struct accounts_domain d;
	struct account_db *db;
	if (*c->default_domain)
		return view_of(c->default_domain);
	if (accounts_find_domain(a, view_of(c->hostname), &d) == 0)
		return view_of(c->hostname);
	if (c->n_domains == 1)
		return view_of(c->domains[0].name);
	a->only_domain[0] = '\0';
	if (c->n_domains || accounts_db(a, &db) != 0 ||
	    account_domain_each(db, only_domain, a->only_domain) != 0)
		return V("");
	return view_of(a->only_domain);
}

/* The account's address in the domain that d is, or is an alias of. */
static int find_login(struct accounts *a, struct view local,
    struct accounts_domain *d, struct account *out)
{
	char address[ACCOUNT_ADDRESS_MAX + 1];
	int error = MC_E_NOENT;
	for (int i = 0; i < ALIAS_DOMAINS_MAX && error == MC_E_NOENT; i++) {
		char next[sizeof d->alias_of];
		if (account_join(local, view_of(d->name), address) != 0)
			return MC_E_NOENT;
		error = accounts_find_in(a, d, view_of(address), out);
		if (error != MC_E_NOENT || !*d->alias_of)
			break;
		memcpy(next, d->alias_of, sizeof next);
		error = accounts_find_domain(a, view_of(next), d);
		if (!error)
			error = MC_E_NOENT;
		else
			break;
	}
	return error;
}

/* What a check of a name that is not there has to work on. */
static int decoy(struct accounts *a, const struct accounts_domain *d,
    struct view name, struct account *out)
{
	struct view secret = { (const char *)a->secret, sizeof a->secret };
	struct buf b;
	unsigned char hash[HASH_SHA256_BYTES];
	uint64_t number;
	int error = hash_hmac(secret, name, hash);
	if (error)
		return error;
	memcpy(&number, hash, sizeof number);
	if (d && d->kind == ACCOUNTS_PASSWD_FILE && d->conf &&
	    passwd_any(accounts_file(a, d->conf), number, out) == 0)
		return 0;
	*out = (struct account){ 0 };
	buf_init(&b, ACCOUNT_CREDENTIAL_MAX);
	error = password_decoy(secret, name, &b);
	if (!error)
		error = view_to_cstr(
		    buf_view(&b), out->credential, sizeof out->credential);
	buf_deinit(&b);
	return error;
}

int resolve_login(
    struct accounts *a, struct view name, struct account *out, bool *is_known)
{
	struct accounts_domain d;
	size_t at = view_rfind_byte(name, '@');
	struct view domain =
	    at < name.n ? view_skip(name, at + 1) : resolve_default_domain(a);
	bool ours = false;
	int error = MC_E_NOENT;
	if (domain.n)
		error = accounts_find_domain(a, domain, &d);
	if (!error) {
		ours = true;
		error = find_login(a, view_head(name, at), &d, out);
	}
	*is_known = !error;
	if (error != MC_E_NOENT)
		return error;
	return decoy(a, ours ? &d : NULL, name, out);
}

int resolve_scram(struct accounts *a, struct view name, struct account *out,
    bool *is_known, struct scram_keys *keys)
{
	struct view secret = { (const char *)a->secret, sizeof a->secret };
	struct scram_keys stored;
	int error = resolve_login(a, name, out, is_known);
	if (error)
		return error;
	bool is_scram =
	    password_scram_keys(view_of(out->credential), &stored) == 0;
	if (*is_known && is_scram) {
		*keys = stored;
		return 0;
	}
	/* Somebody else's salt would show that this name has none. */
	error = password_decoy_keys(secret, name, keys);
	if (!error && is_scram)
		keys->iterations = stored.iterations;
	return error;
}
