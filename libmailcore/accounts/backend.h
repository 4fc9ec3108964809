#ifndef ACCOUNTS_BACKEND_H
#define ACCOUNTS_BACKEND_H
/* Private to this layer. */
#include "accounts/alias_files.h"
#include "accounts/passwd.h"

struct alias_file {
	char *name;
	struct aliases *aliases; /* NULL: it is not there */
	bool is_trusted;
};

struct accounts {
	const struct conf *conf;
	char *dir;
	struct account_db *db; /* NULL: not there, or not readable, yet */
	int db_error;
	uint64_t looked_at_ms;
	struct passwd_file **files; /* one per domain of conf, or NULL */
	char only_domain[ACCOUNT_DOMAIN_MAX + 1];
	unsigned char secret[ACCOUNT_SECRET_BYTES]; /* the database's */
	struct alias_file alias_files[ALIAS_FILES_MAX];
	struct alias_file includes[ALIAS_INCLUDES_MAX];
};

/* MC_E_NOENT: there is none yet. */
int accounts_db(struct accounts *a, struct account_db **db) MUST_CHECK;
struct passwd_file *accounts_file(
    struct accounts *a, const struct conf_domain *d);
int accounts_find_in(struct accounts *a, const struct accounts_domain *d,
    struct view address, struct account *out) MUST_CHECK;
void accounts_free_alias_files(struct accounts *a);
#endif
