#ifndef CONF_CONF_H
#define CONF_CONF_H
/* The configuration: mailcore.conf(5), read by libConfuse in the monitor and in
 * mailctl, checked in full, then handed to the roles as bytes. One row per
 * option in schema.def feeds the struct, the parser, the range errors, the dump
 * and the manual's option list. */
#include "base/buf.h"
#include "wire/msg.h"

enum {
	CONF_LISTENERS_MAX = 64,
	CONF_DOMAINS_MAX = 10000,
	CONF_ROUTES_MAX = 10000,
	CONF_STRING_MAX = 1024,
	CONF_QUOTA_WARN_MAX = 8,
};

enum conf_isolation {
	ISOLATION_FULL,
	ISOLATION_NO_CHROOT,
	ISOLATION_NONE
};

enum conf_tls {
	CONF_TLS_NONE,
	CONF_TLS_STARTTLS,
	CONF_TLS_IMPLICIT
};

enum conf_accounts {
	ACCOUNTS_DATABASE,
	ACCOUNTS_SYSTEM,
	ACCOUNTS_PASSWD_FILE
};

/* listen "name" { service = "imaps" address = "*" port = 993 tls = implicit }
 */
struct conf_listen {
	const char *name, *address;
	enum service service;
	uint16_t port;
	enum conf_tls tls;
};

/* domain "example.org" { accounts = database  alias_of = ""  catch_all = "" }
 * Domains can also be made by "mailctl domain add", in the accounts database;
 * what is said here comes first. */
struct conf_domain {
	const char *name; /* lower case */
	enum conf_accounts accounts;
	/* passwd_file is relative to state_dir/accounts, where the auth role is
	 * locked in. alias_of (lower case) is the name of another one here. */
	const char *passwd_file, *alias_of, *catch_all;
};

enum conf_route_tls {
	ROUTE_TLS_OPPORTUNISTIC, /* DANE and MTA-STS where a domain has them */
	ROUTE_TLS_NONE,
	ROUTE_TLS_REQUIRED,
	ROUTE_TLS_VERIFIED,
	ROUTE_TLS_DANE,
	ROUTE_TLS_IMPLICIT, /* from the first byte, verified: port 465 */
};

/* route "example.net" { host = "mail.example.net"  port = 25  protocol = smtp
 *     tls = opportunistic  user = ""  password_file = ""  connections_max = 0
 *     accept = no }
 * Where mail for a domain that is not local goes, instead of to its mail
 * exchangers. */
struct conf_route {
	/* Lower case: "example.net"; ".example.net" for the domains below it;
	 * "*" for all others: a smarthost. */
	const char *name;
	/* A host ("mail.example.net", "[192.0.2.1]"; no MX lookup), a socket
	 * ("unix:/run/lmtp"), or empty: the domain's mail exchangers. */
	const char *host;
	uint16_t port; /* never 0, but for a socket */
	bool is_lmtp;
	enum conf_route_tls tls;
	const char *user, *password_file; /* AUTH; both or none */
	uint16_t connections_max;         /* 0: the option's */
	bool accept; /* smtpd takes mail for it from anybody */
};

struct conf {
	/* One member per row of schema.def, e.g. const char *hostname; int64_t
	 * message_size_limit; bool sandbox. Strings are never NULL. */
#define OPT_STR(name, fallback, help) const char *name;
#define OPT_PATH(name, fallback, help) const char *name;
#define OPT_WORD(name, fallback, words, help) const char *name;
#define OPT_BOOL(name, fallback, help) bool name;
#define OPT_INT(name, fallback, min, max, help) int64_t name;
#define OPT_BYTES(name, fallback, min, max, help) int64_t name;
#define OPT_SECONDS(name, fallback, min, max, help) int64_t name;
#define OPT_ENUM(name, type, fallback, words, help) enum type name;
#include "conf/schema.def"
#undef OPT_STR
#undef OPT_PATH
#undef OPT_WORD
#undef OPT_BOOL
#undef OPT_INT
#undef OPT_BYTES
#undef OPT_SECONDS
#undef OPT_ENUM
	struct conf_listen *listeners;
	size_t n_listeners;
	struct conf_domain *domains; /* in order of their names */
	size_t n_domains;
	struct conf_route *routes; /* in order of their names */
	size_t n_routes;
	struct conf_memory *memory; /* private: owns all strings */
};

/* Reads and checks a file. All errors found are put into errors, one per line:
 * "file:line: option: reason". MC_E_BAD; -errno when it cannot be read (errors
 * then says so as well). prefix (may be NULL) stands before every default path
 * and every relative one; without it, relative paths are relative to the folder
 * of the file. */
int conf_read(const char *file, const char *prefix, struct conf **out,
    struct buf *errors) MUST_CHECK;
void conf_free(struct conf **c);

/* Path of the configuration file when none is given. MC_E_LIMIT. */
int conf_default_file(const char *prefix, char *out, size_t cap) MUST_CHECK;

/* For the way to the roles. */
int conf_encode(const struct conf *c, struct buf *out) MUST_CHECK;
int conf_decode(struct view v, struct conf **out) MUST_CHECK;

/* Every option in the syntax of the file, those that are not at their default
 * marked; reading it again gives the same configuration. */
void conf_dump(const struct conf *c, struct buf *out);

/* The percents of the option quota_warn: rising, behind the last one 0 when
 * there is room. MC_E_BAD. */
int conf_quota_warn(
    const char *text, uint8_t out[CONF_QUOTA_WARN_MAX]) MUST_CHECK;

/* Any case; NULL. */
const struct conf_domain *conf_domain_find(
    const struct conf *c, struct view name);
/* The route that fits a domain best: its own, that of the nearest domain above
 * it, "*"; NULL: its mail exchangers. */
const struct conf_route *conf_route_find(
    const struct conf *c, struct view domain);
#endif
