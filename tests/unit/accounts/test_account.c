/* The accounts database: names, folders, records. */
#include "accounts/account.h"
#include "base/buf.h"
#include "store/kv/kv.h"
#include "suite.h"
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct name_case {
	const char *in, *canonical, *directory; /* canonical NULL: MC_E_BAD */
};

static const struct name_case name_cases[] = {
	{ "anna@example.org", "anna@example.org", "example.org/anna" },
	{ "Anna.B@EXAMPLE.org", "anna.b@example.org", "example.org/anna.b" },
	{ "\"anna\"@example.org", "anna@example.org", "example.org/anna" },
	{ "a/b@example.org", "a/b@example.org", "example.org/a%2fb" },
	{ "a%2fb@example.org", "a%2fb@example.org", "example.org/a%252fb" },
	{ "a~*@example.org", "a~*@example.org", "example.org/a%7e%2a" },
	/* One name in two normal forms. */
	{ "\xc3\xa4@example.org", "\xc3\xa4@example.org",
	    "example.org/%c3%a4" },
	{ "a\xcc\x88@example.org", "\xc3\xa4@example.org",
	    "example.org/%c3%a4" },
	/* Upper case, and a sharp s that is no ss (RFC 8265). */
	{ "GR\xc3\x9c\xc3\x9f@example.org", "gr\xc3\xbc\xc3\x9f@example.org",
	    "example.org/gr%c3%bc%c3%9f" },
	/* A domain in its two forms. */
	{ "a@B\xc3\xbc"
	  "cher.example",
	    "a@xn--bcher-kva.example", "xn--bcher-kva.example/a" },
	{ "a@XN--Bcher-KVA.example", "a@xn--bcher-kva.example",
	    "xn--bcher-kva.example/a" },
	{ "a@b\xc3\xbc"
	  "cher..example",
	    NULL, NULL },
	/* No-break space, control, to be drawn backwards, private use. */
	{ "a\xc2\xa0@example.org", NULL, NULL },
	{ "a\xc2\x85@example.org", NULL, NULL },
	{ "a\xe2\x80\xae@example.org", NULL, NULL },
	{ "a\xee\x80\x80@example.org", NULL, NULL },
	{ "\"..\"@example.org", NULL, NULL },
	{ "\"../x\"@example.org", NULL, NULL },
	{ "\".\"@example.org", NULL, NULL },
	{ "\"a b\"@example.org", NULL, NULL },
	{ "\"\"@example.org", NULL, NULL },
	{ "a@[192.0.2.1]", NULL, NULL },
	{ "a", NULL, NULL },
	{ "", NULL, NULL },
	{ "@example.org", NULL, NULL },
	{ "a@../..", NULL, NULL },
	{ "\xff@example.org", NULL, NULL },
};

START_TEST(names_accounts)
{
	const struct name_case *c = &name_cases[_i];
	char out[ACCOUNT_ADDRESS_MAX + 1], dir[700];
	struct view in = exact_copy(view_of(c->in));
	int error = account_canonical(in, out);
	exact_free(in);
	ck_assert_int_eq(error, c->canonical ? 0 : MC_E_BAD);
	if (error)
		return;
	ck_assert_str_eq(out, c->canonical);
	ck_assert_int_eq(account_directory(view_of(out), dir, sizeof dir), 0);
	ck_assert_str_eq(dir, c->directory);
	ck_assert_int_eq(
	    account_directory(view_of(out), dir, strlen(c->directory)),
	    MC_E_LIMIT);
}

END_TEST

static char dir[64];

static void make_dir(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void drop_dir(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/accounts.mdb", dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/accounts.mdb-lock", dir);
	unlink(path);
	rmdir(dir);
}

static struct account named(const char *address)
{
	struct account a = { .quota_bytes = 5, .created_s = 7 };
	snprintf(a.address, sizeof a.address, "%s", address);
	snprintf(a.credential, sizeof a.credential, "{PLAIN}x");
	return a;
}

static int count(void *ctx, const struct account *a)
{
	struct buf *b = ctx;
	buf_put_cstr(b, a->address);
	buf_put_char(b, ' ');
	return 0;
}

static void expect_list(
    struct account_db *db, struct view domain, struct view want)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	ck_assert_int_eq(account_db_each(db, domain, count, &b), 0);
	ck_assert_view_eq(buf_view(&b), want);
	buf_deinit(&b);
}

START_TEST(keeps_accounts)
{
	struct account_db *db = NULL;
	struct account a, b;
	ck_assert_int_eq(account_db_open(dir, false, -1, &db), MC_E_NOENT);
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	a = named("b@x.example");
	ck_assert_int_eq(account_db_put(db, &a, false), MC_E_NOENT);
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
	ck_assert_int_eq(account_db_put(db, &a, true), MC_E_EXISTS);
	a = named("a@xx.example");
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
	a = named("a@x.example");
	a.flags = ACCOUNT_DISABLED;
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
	ck_assert_int_eq(account_db_get(db, V("a@x.example"), &b), 0);
	ck_assert_str_eq(b.address, "a@x.example");
	ck_assert_str_eq(b.credential, "{PLAIN}x");
	ck_assert(b.flags == ACCOUNT_DISABLED && b.quota_bytes == 5 &&
		  b.created_s == 7);
	ck_assert_int_eq(account_db_get(db, V("c@x.example"), &b), MC_E_NOENT);
	ck_assert_int_eq(account_db_get(db, V("x.example"), &b), MC_E_NOENT);
	expect_list(db, V("x.example"), V("a@x.example b@x.example "));
	expect_list(db, V(""), V("a@x.example b@x.example a@xx.example "));
	expect_list(db, V("y.example"), V(""));
	ck_assert_int_eq(account_db_delete(db, V("b@x.example")), 0);
	ck_assert_int_eq(account_db_delete(db, V("b@x.example")), MC_E_NOENT);
	expect_list(db, V("x.example"), V("a@x.example "));
	account_db_close(&db);
}

END_TEST

static const char *const tables[] = { "accounts", "domains", "meta" };

static struct kv *open_raw(void)
{
	const struct kv_options o = { .tables = tables, .n_tables = 3 };
	char path[128];
	struct kv *kv;
	snprintf(path, sizeof path, "%s/%s", dir, ACCOUNT_DB_FILE);
	ck_assert_int_eq(kv_open(path, &o, &kv), 0);
	return kv;
}

/* As that version wrote it, n octets shorter: 1 without the limit of
 * mailboxes, 2 without the Unix user. */
static void make_old_record(char version, size_t n)
{
	struct view key = V("x.example\0a"), v;
	char old[1024];
	struct kv *kv = open_raw();
	struct kv_txn txn;
	ck_assert_int_eq(kv_write(kv, &txn), 0);
	ck_assert_int_eq(kv_get(&txn, 0, key, &v), 0);
	ck_assert(v.n < sizeof old && v.p[0] == version + 1);
	memcpy(old, v.p, v.n);
	old[0] = version;
	kv_put(&txn, 0, key, (struct view){ old, v.n - n });
	ck_assert_int_eq(kv_commit(&txn), 0);
	kv_close(&kv);
}

START_TEST(reads_older_records)
{
	struct account_db *db = NULL;
	struct account a = named("a@x.example"), b;
	a.quota_mailboxes = 9;
	memcpy(a.unix_user, "anna", 5);
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
	ck_assert_int_eq(account_db_get(db, V("a@x.example"), &b), 0);
	ck_assert_uint_eq(b.quota_mailboxes, 9);
	ck_assert_str_eq(b.unix_user, "anna");
	account_db_close(&db);
	make_old_record(2, 4 + strlen("anna"));
	ck_assert_int_eq(account_db_open(dir, false, -1, &db), 0);
	ck_assert_int_eq(account_db_get(db, V("a@x.example"), &b), 0);
	ck_assert_uint_eq(b.quota_mailboxes, 9);
	ck_assert_str_eq(b.unix_user, "");
	account_db_close(&db);
	make_old_record(1, 8);
	ck_assert_int_eq(account_db_open(dir, false, -1, &db), 0);
	ck_assert_int_eq(account_db_get(db, V("a@x.example"), &b), 0);
	ck_assert_uint_eq(b.quota_bytes, 5);
	ck_assert_uint_eq(b.created_s, 7);
	ck_assert_uint_eq(b.quota_mailboxes, 0);
	account_db_close(&db);
}

END_TEST

/* Of a damaged file: longer keys than any of ours end the list. */
START_TEST(long_keys_are_damage)
{
	struct account_db *db = NULL;
	struct account a = named("a@x.example");
	struct kv_txn t;
	struct view v, copy;
	char key[KV_KEY_MAX];
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
	account_db_close(&db);
	struct kv *kv = open_raw();
	ck_assert_int_eq(kv_write(kv, &t), 0);
	ck_assert_int_eq(kv_get(&t, 0, V("x.example\0a"), &v), 0);
	copy = exact_copy(v);
	memset(key, 'y', sizeof key);
	kv_put(&t, 0, (struct view){ key, sizeof key - 1 }, copy);
	kv_put(&t, 0, (struct view){ key, sizeof key }, copy);
	ck_assert_int_eq(kv_commit(&t), 0);
	exact_free(copy);
	kv_close(&kv);
	struct buf b;
	buf_init(&b, 1 << 20);
	ck_assert_int_eq(account_db_open(dir, false, -1, &db), 0);
	ck_assert_int_eq(account_db_each(db, V_NONE, count, &b), MC_E_CORRUPT);
	ck_assert_view_eq(buf_view(&b), V("a@x.example a@x.example "));
	account_db_close(&db);
	buf_deinit(&b);
}

END_TEST

START_TEST(lists_more_than_one_transaction_of_them)
{
	struct account_db *db = NULL;
	struct buf want;
	char name[32];
	buf_init(&want, 1 << 20);
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	for (int i = 0; i < 150; i++) {
		snprintf(name, sizeof name, "u%03d@x.example", i);
		struct account a = named(name);
		ck_assert_int_eq(account_db_put(db, &a, true), 0);
		buf_printf(&want, "%s ", name);
	}
	expect_list(db, V("x.example"), buf_view(&want));
	account_db_close(&db);
	buf_deinit(&want);
}

END_TEST

static int only(void *ctx, const struct account_domain *d)
{
	unsigned *n = ctx;
	ck_assert_str_eq(d->name, "x.example");
	++*n;
	return 0;
}

START_TEST(keeps_domains_and_its_secret)
{
	struct account_db *db = NULL;
	unsigned char one[32], two[32];
	unsigned n = 0;
	struct account_domain d = { .name = "x.example",
		.alias_of = "y.example" },
			      e;
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	ck_assert_int_eq(account_domain_put(db, &d, true), 0);
	ck_assert_int_eq(account_domain_put(db, &d, true), MC_E_EXISTS);
	ck_assert_int_eq(account_db_secret(db, one), 0);
	account_db_close(&db);
	ck_assert_int_eq(account_db_open(dir, false, -1, &db), 0);
	ck_assert_int_eq(account_domain_get(db, V("x.example"), &e), 0);
	ck_assert_str_eq(e.alias_of, "y.example");
	ck_assert_int_eq(account_domain_each(db, only, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(account_db_secret(db, two), 0);
	ck_assert_mem_eq(one, two, 32);
	account_db_close(&db);
}

END_TEST

/* A captured auth role can block writers, but not change an account. */
START_TEST(readers_may_not_write)
{
	struct account_db *db = NULL;
	struct stat data, lock;
	char path[128];
	ck_assert_int_eq(account_db_open(dir, true, getgid(), &db), 0);
	account_db_close(&db);
	snprintf(path, sizeof path, "%s/accounts.mdb", dir);
	ck_assert_int_eq(stat(path, &data), 0);
	snprintf(path, sizeof path, "%s/accounts.mdb-lock", dir);
	ck_assert_int_eq(stat(path, &lock), 0);
	ck_assert_int_eq((int)(data.st_mode & 0777), 0640);
	ck_assert_int_eq((int)(lock.st_mode & 0777), 0660);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("accounts/account");
	TCase *t = tcase_create("account");
	tcase_add_loop_test(t, names_accounts, 0, N(name_cases));
	suite_add_tcase(s, t);
	t = tcase_create("database");
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, keeps_accounts);
	tcase_add_test(t, reads_older_records);
	tcase_add_test(t, long_keys_are_damage);
	tcase_add_test(t, lists_more_than_one_transaction_of_them);
	tcase_add_test(t, keeps_domains_and_its_secret);
	tcase_add_test(t, readers_may_not_write);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
