#ifndef ACCOUNTS_RESOLVE_H
#define ACCOUNTS_RESOLVE_H
/* Who is behind an address, and behind a login name: the one place. Domains
 * come from the configuration and, after that, from the accounts database;
 * accounts from where their domain says. */
#include "accounts/account.h"
#include "conf/conf.h"
#include "sasl/password.h"

struct accounts;

/* dir: the folder of the database and the passwd-files ("." in a role locked
 * into it). Always succeeds: a database that is not there yet, or cannot be
 * read, is looked for again, once a second, and answers are ADDRESS_TEMP when
 * it is there and unreadable. c must outlive it. */
struct accounts *accounts_new(const struct conf *c, const char *dir);
void accounts_free(struct accounts **a);
void accounts_clean(struct accounts *a); /* about once a minute */

/* What the configuration and the database say about a domain. */
struct accounts_domain {
	char name[ACCOUNT_DOMAIN_MAX + 1];
	enum conf_accounts kind;
	const struct conf_domain *conf;        /* NULL: only in the database */
	char alias_of[ACCOUNT_DOMAIN_MAX + 1]; /* "": none */
	char catch_all[ACCOUNT_ADDRESS_MAX + 1]; /* "": none */
};

/* name in any form (domain_canonical). MC_E_NOENT: not one of ours. */
int accounts_find_domain(struct accounts *a, struct view name,
    struct accounts_domain *out) MUST_CHECK;
/* An account by its canonical address; no tags, aliases or catch-alls. */
int accounts_find(
    struct accounts *a, struct view address, struct account *out) MUST_CHECK;

/* By which rule an address was found. */
enum resolve_rule {
	RESOLVE_EXACT,
	RESOLVE_WITHOUT_TAG,
	RESOLVE_POSTMASTER, /* RFC 5321 4.5.1 */
	RESOLVE_CATCH_ALL,
	RESOLVE_NONE,
};

enum resolve_source {
	RESOLVE_BY_ACCOUNT,
	RESOLVE_BY_DATABASE,   /* an alias there */
	RESOLVE_BY_ALIAS_FILE, /* one under its whole address */
	RESOLVE_BY_HOST_NAME,  /* one under a name of this host */
	RESOLVE_BY_SRS,        /* a sender that was rewritten here */
};

struct resolved {
	enum address_kind kind;
	enum resolve_rule rule;
	bool is_alias;              /* by a domain that is an alias */
	struct account account;     /* of ADDRESS_LOCAL */
	enum resolve_source source; /* of ADDRESS_ALIAS, and its address: */
	char alias[ACCOUNT_ADDRESS_MAX + 1];
};

/* "local@domain" as path_format writes it, or "postmaster". In this order:
 * exact, without the tag, then both in the domain that this one is an alias
 * of, postmaster, catch-all. At each step an alias of the database comes before
 * one of the alias file, and both before an account. A name without a domain in
 * the alias file is one in the default domain, and at hostname. */
void resolve_address(
    struct accounts *a, struct view address, struct resolved *out);
/* Senders of forwarded mail (accounts/srs.h): the one that mail of this sender
 * is to have, MC_E_NOENT: it keeps its own; whom one of ours stands for,
 * MC_E_NOENT: it is none. The key is the database's: without one there are
 * none.
 */
int resolve_srs_forward(struct accounts *a, struct view sender,
    char out[ACCOUNT_ADDRESS_MAX], size_t *n) MUST_CHECK;
int resolve_srs_reverse(struct accounts *a, struct view address,
    char out[ACCOUNT_ADDRESS_MAX], size_t *n) MUST_CHECK;
/* The same as resolve_address when aliases do not apply: no ADDRESS_ALIAS. */
void resolve_account(
    struct accounts *a, struct view address, struct resolved *out);

/* Its mail goes where its Unix user's forward file says. */
bool resolve_has_forward(const struct accounts *a, const struct account *of);

/* A login name: an address, exact or in an alias domain; or a local part in
 * the default domain. When there is none, *out gets a credential that is as
 * slow to check and fits no password, and *is_known false. Not 0: temporary. */
int resolve_login(struct accounts *a, struct view name, struct account *out,
    bool *is_known) MUST_CHECK;

/* The same for SCRAM: decoys for a name that is not there, or whose credential
 * is of another kind. */
int resolve_scram(struct accounts *a, struct view name, struct account *out,
    bool *is_known, struct scram_keys *keys) MUST_CHECK;

/* The domain of names without one: the option default_domain, else hostname's
 * when it is one of ours, else the only one; empty: none. */
struct view resolve_default_domain(struct accounts *a);
#endif
