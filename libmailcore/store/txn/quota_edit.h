#ifndef STORE_TXN_QUOTA_EDIT_H
#define STORE_TXN_QUOTA_EDIT_H
/* Inside of the store: the limits against the account of a transaction. */
#include "store/txn/edit.h"

uint64_t quota_bytes_left(
    const struct store_limits *l, const struct account *a, bool is_delivery);
uint64_t quota_messages_left(
    const struct store_limits *l, const struct account *a);

/* Whether one more message of this size may be added. */
bool quota_has_room(
    const struct edit *e, uint64_t size_bytes, bool is_delivery);
/* Whether n more mailboxes may be made. */
bool quota_has_mailboxes(const struct edit *e, uint32_t n);
/* What was added made the usage reach a threshold that was not told of yet;
 * the account remembers it. */
bool quota_passed(struct edit *e, struct quota_warning *out);
/* Before the account is written: what the usage has fallen below can be told
 * of again. */
void quota_settle(struct edit *e);
#endif
