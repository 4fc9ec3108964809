#ifndef ACCOUNTS_PASSWD_H
#define ACCOUNTS_PASSWD_H
/* A passwd-file: lines "name:credential[:...]", as Dovecot's; name is a local
 * part or an address; '#' starts a comment. Read whole, and again when it has
 * changed. Lines that make no sense are logged and skipped. */
#include "accounts/account.h"

enum {
	PASSWD_BYTES_MAX = 64 * 1024 * 1024,
	PASSWD_ENTRIES_MAX = 1000000,
};

struct passwd_file;

/* The file of one domain (lower case, copied); not opened before it is used. */
struct passwd_file *passwd_new(const char *path, const char *domain);
void passwd_free(struct passwd_file **f);
/* address in its canonical form. MC_E_NOENT; another error when the file cannot
 * be read now. now_ms: the file is looked at once a second. */
int passwd_get(struct passwd_file *f, struct view address, uint64_t now_ms,
    struct account *out) MUST_CHECK;
/* The credential of some account: the same for the same number. For checks
 * that must cost what real ones cost. MC_E_NOENT when there is none. */
int passwd_any(
    struct passwd_file *f, uint64_t number, struct account *out) MUST_CHECK;
#endif
