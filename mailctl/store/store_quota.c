/* What stats says of limits: the usage is in the store, the limits are with the
 * accounts. */
#include "accounts/quota.h"
#include "mailctl/store/store.h"

/* Rounded down: 100 is full. */
static json_t *percent_of(uint64_t used, uint64_t limit)
{
	if (!limit)
		return json_null();
	return json_integer(
	    (json_int_t)(used < UINT64_MAX / 100 ? used * 100 / limit
						 : used / (limit / 100 + 1)));
}

/* As RFC 9208 names them; limit null: none. */
static json_t *resource(
    const json_t *row, const char *name, const char *key, uint64_t limit)
{
	json_int_t used = json_integer_value(json_object_get(row, key));
	return json_pack("{s:s, s:I, s:o, s:o}", "resource", name, "used", used,
	    "limit", limit ? json_integer((json_int_t)limit) : json_null(),
	    "percent", percent_of((uint64_t)used, limit));
}

static void add(
    const struct conf *c, const struct account *account, json_t *row)
{
	const struct account_quota quota = account_quota_of(c, account);
	json_object_set_new(row, "quota",
	    json_pack("[o, o, o]",
		resource(row, "STORAGE", "message_bytes", quota.bytes),
		resource(row, "MESSAGE", "messages", quota.messages),
		resource(row, "MAILBOX", "mailboxes", quota.mailboxes)));
}

void store_quota_add(const struct mailctl *m, json_t *rows)
{
	char dir[4096];
	struct account account;
	struct accounts *a =
	    accounts_new(m->conf, accounts_dir(m, dir, sizeof dir));
	size_t i;
	json_t *row;
	json_array_foreach(rows, i, row)
	{
		const char *name =
		    json_string_value(json_object_get(row, "account"));
		/* A store may outlive its account. */
		if (name && json_object_get(row, "modseq") &&
		    accounts_find(a, view_of(name), &account) == 0)
			add(m->conf, &account, row);
	}
	accounts_free(&a);
}
