#ifndef ACCOUNTS_ACCOUNT_H
#define ACCOUNTS_ACCOUNT_H
/* The database of accounts and domains: state_dir/accounts/accounts.mdb,
 * written by mailctl, read by the auth roles. Addresses are canonical here:
 * local@domain, the local part an RFC 5322 dot-atom in lower case and NFC
 * (utf8_name), the domain as domain_canonical makes it. */
#include "base/buf.h"

enum {
	ACCOUNT_ADDRESS_MAX = 320,
	ACCOUNT_DOMAIN_MAX = 255,
	ACCOUNT_CREDENTIAL_MAX = 512,
	ACCOUNT_UNIX_USER_MAX = 64,
	ACCOUNT_SECRET_BYTES = 32,
};

#define ACCOUNT_UNLIMITED UINT64_MAX
#define ACCOUNT_DB_FILE "accounts.mdb"

enum account_flag {
	ACCOUNT_DISABLED = 1 << 0, /* may not log in; still gets mail */
};

struct account {
	char address[ACCOUNT_ADDRESS_MAX + 1];
	char credential[ACCOUNT_CREDENTIAL_MAX + 1]; /* sasl/password.h */
	uint32_t flags;                              /* enum account_flag */
	uint32_t services_off; /* bit set of enum service */
	/* 0: the configuration's; ACCOUNT_UNLIMITED: no limit. See quota.h. */
	uint64_t quota_bytes, quota_messages, quota_mailboxes;
	uint64_t created_s, changed_s;
	/* Whose forward file is read at delivery; "": nobody's. */
	char unix_user[ACCOUNT_UNIX_USER_MAX + 1];
};

struct account_domain {
	char name[ACCOUNT_DOMAIN_MAX + 1];
	char alias_of[ACCOUNT_DOMAIN_MAX + 1];   /* "": none */
	char catch_all[ACCOUNT_ADDRESS_MAX + 1]; /* "": none */
	uint64_t created_s;
};

struct account_db;

/* dir is the folder of the database ("." in a role locked into it). To write,
 * the files are made when missing; with gid (not -1) that group may read, and
 * the lock is the group's to write. Without writing: MC_E_NOENT when there is
 * no database yet. */
int account_db_open(const char *dir, bool write, int64_t gid,
    struct account_db **out) MUST_CHECK;
void account_db_close(struct account_db **db);
/* About once a minute. */
void account_db_clean(struct account_db *db);
/* The database's own random bytes, for salts of accounts that are not there. */
int account_db_secret(
    struct account_db *db, unsigned char out[ACCOUNT_SECRET_BYTES]) MUST_CHECK;

/* local@domain in its canonical form. MC_E_BAD when it is no address, or one
 * that no account can have. */
int account_canonical(
    struct view address, char out[ACCOUNT_ADDRESS_MAX + 1]) MUST_CHECK;
/* The same from its two parts; local without quotes. */
int account_join(struct view local, struct view domain,
    char out[ACCOUNT_ADDRESS_MAX + 1]) MUST_CHECK;
/* The folder of its mail below state_dir/mail: "example.org/anna". Bytes that
 * could mean anything to a file system are written %XX. MC_E_LIMIT. */
int account_directory(struct view address, char *out, size_t cap) MUST_CHECK;

/* address in its canonical form. MC_E_NOENT. */
int account_db_get(
    struct account_db *db, struct view address, struct account *out) MUST_CHECK;
/* MC_E_EXISTS, if it must be new and is not; else MC_E_NOENT if it is. */
int account_db_put(
    struct account_db *db, const struct account *a, bool is_new) MUST_CHECK;
int account_db_delete(struct account_db *db, struct view address) MUST_CHECK;
/* In order of domain and local part; domain empty: all. fn's error ends it. */
int account_db_each(struct account_db *db, struct view domain,
    int (*fn)(void *ctx, const struct account *a), void *ctx) MUST_CHECK;

/* name in lower case. As above. */
int account_domain_get(struct account_db *db, struct view name,
    struct account_domain *out) MUST_CHECK;
int account_domain_put(struct account_db *db, const struct account_domain *d,
    bool is_new) MUST_CHECK;
int account_domain_delete(struct account_db *db, struct view name) MUST_CHECK;
int account_domain_each(struct account_db *db,
    int (*fn)(void *ctx, const struct account_domain *d), void *ctx) MUST_CHECK;

/* Aliases: who gets the mail to an address, as lines of addresses, each with
 * its domain. */
enum {
	ACCOUNT_ALIAS_TEXT_MAX = 32000
};

/* address in its canonical form; targets (may be NULL) gets them. MC_E_NOENT.
 */
int account_alias_get(
    struct account_db *db, struct view address, struct buf *targets) MUST_CHECK;
/* Instead of what was there; empty: the alias goes. MC_E_LIMIT. */
int account_alias_put(
    struct account_db *db, struct view address, struct view targets) MUST_CHECK;
/* As account_db_each. */
int account_alias_each(struct account_db *db, struct view domain,
    int (*fn)(void *ctx, struct view address, struct view targets),
    void *ctx) MUST_CHECK;
#endif
