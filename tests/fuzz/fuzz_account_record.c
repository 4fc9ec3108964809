/* The records of accounts and domains, from a file that somebody damaged. Their
 * decoders are private to the database: so they go through one. */
#include "accounts/account.h"
#include "store/kv/kv.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *const tables[] = { "accounts", "domains", "meta" };
static struct kv *kv;
static struct account_db *db;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_once(void)
{
	const struct kv_options o = {
		.tables = tables, .n_tables = 3, .unsynced = true
	};
	char dir[] = "/tmp/mailcore-fuzz-XXXXXX", path[64];
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof path, "%s/%s", dir, ACCOUNT_DB_FILE);
	if (kv_open(path, &o, &kv) || account_db_open(dir, true, -1, &db))
		abort();
	unlink(path);
	snprintf(path, sizeof path, "%s/%s-lock", dir, ACCOUNT_DB_FILE);
	unlink(path);
	rmdir(dir);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view v = { (const char *)data, size };
	struct kv_txn t;
	struct account a;
	struct account_domain d;
	if (!db)
		open_once();
	if (size > 4096 || kv_write(kv, &t))
		return 0;
	kv_put(&t, 0, V("x\0y"), v);
	kv_put(&t, 1, V("x"), v);
	kv_put(&t, 2, V("alias\0x\0y"), v);
	if (kv_commit(&t))
		abort();
	return (account_db_get(db, V("y@x"), &a) |
		   account_domain_get(db, V("x"), &d) |
		   account_alias_get(db, V("y@x"), NULL)) > 0;
}
