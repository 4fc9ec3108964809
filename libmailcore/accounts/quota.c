#include "accounts/quota.h"

static uint64_t limit_of(uint64_t own, int64_t fallback)
{
	if (own == ACCOUNT_UNLIMITED)
		return 0;
	return own ? own : (uint64_t)fallback;
}

struct account_quota account_quota_of(
    const struct conf *c, const struct account *a)
{
	uint64_t mailboxes = limit_of(a->quota_mailboxes, c->quota_mailboxes);
	return (struct account_quota){
		.bytes = limit_of(a->quota_bytes, c->quota),
		.messages = limit_of(a->quota_messages, c->quota_messages),
		.mailboxes =
		    mailboxes < UINT32_MAX ? (uint32_t)mailboxes : UINT32_MAX,
	};
}
