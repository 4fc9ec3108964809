#ifndef ACCOUNTS_REMEMBER_H
#define ACCOUNTS_REMEMBER_H
/* Passwords that were found right not long ago. Clients that log in every
 * minute then do not cost a slow hash each time. What is kept is an HMAC under
 * a random key of this process, of the account, its stored credential and the
 * password: a changed credential is another entry, and the memory of a
 * captured process holds nothing that could be tried elsewhere. */
#include "base/err.h"
#include "base/view.h"

enum {
	REMEMBER_SETS = 256,
	REMEMBER_WAYS = 4
};

struct remember;
/* keep_ms 0: remembers nothing. */
struct remember *remember_new(uint64_t keep_ms);
void remember_free(struct remember **r);
bool remember_has(struct remember *r, struct view account,
    struct view credential, struct view password, uint64_t now_ms);
void remember_add(struct remember *r, struct view account,
    struct view credential, struct view password, uint64_t now_ms);
#endif
