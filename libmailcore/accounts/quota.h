#ifndef ACCOUNTS_QUOTA_H
#define ACCOUNTS_QUOTA_H
/* What an account may have: its own limits, else those of the configuration. */
#include "accounts/account.h"
#include "conf/conf.h"

struct account_quota { /* 0: no limit */
	uint64_t bytes, messages;
	uint32_t mailboxes;
};

struct account_quota account_quota_of(
    const struct conf *c, const struct account *a);
#endif
