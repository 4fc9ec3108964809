/* Who is behind an address: DESIGN's order, RFC 5321 4.5.1, RFC 5233. */
#include "accounts/resolve.h"
#include "suite.h"
#include <stdio.h>
#include <unistd.h>

static char dir[64];
static struct conf *conf;
static struct accounts *accounts;

static const char *const in_database[] = {
	"anna@a.example",
	"info@a.example",
	"postmaster@a.example",
	"odd+name@a.example",
	"all@all.example",
	"own@alias.example",
	"only@db.example",
	"off@a.example",
	"gr\xc3\xbcn@a.example",
	"anna@xn--bcher-kva.example",
};

static void path(char *out, const char *name)
{
	snprintf(out, 128, "%s/%s", dir, name);
}

static void write_file(const char *name, const char *text)
{
	char p[128];
	path(p, name);
	FILE *f = fopen(p, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void add(struct account_db *db, const char *address)
{
	struct account a = { .services_off = 0 };
	struct buf b;
	buf_init(&b, 512);
	ck_assert_int_eq(password_store(V("pencil"), 1000, &b), 0);
	snprintf(a.address, sizeof a.address, "%s", address);
	memcpy(a.credential, buf_view(&b).p, buf_len(&b));
	if (view_starts(view_of(address), V("off@")))
		a.services_off = 1u << SERVICE_LOCAL;
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
	buf_deinit(&b);
}

static void fill_database(void)
{
	struct account_db *db = NULL;
	struct account_domain one = { .name = "db.example" };
	struct account_domain two = { .name = "dbalias.example",
		.alias_of = "db.example",
		.catch_all = "" };
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	for (size_t i = 0; i < sizeof in_database / sizeof *in_database; i++)
		add(db, in_database[i]);
	ck_assert_int_eq(account_domain_put(db, &one, true), 0);
	ck_assert_int_eq(account_domain_put(db, &two, true), 0);
	account_db_close(&db);
}

static void read_conf(void)
{
	char p[128];
	struct buf errors;
	buf_init(&errors, 4096);
	path(p, "conf");
	write_file("conf",
	    "hostname = mx.example\n"
	    "default_domain = a.example\n"
	    "domain a.example {}\n"
	    "domain \"b\xc3\xbc"
	    "cher.example\" {}\n"
	    "domain alias.example { alias_of = a.example }\n"
	    "domain all.example { catch_all = all }\n"
	    "domain far.example { catch_all = \"anna@a.example\" }\n"
	    "domain file.example { accounts = passwd-file "
	    "passwd_file = users }\n");
	int error = conf_read(p, NULL, &conf, &errors);
	ck_assert_msg(
	    error == 0, "%.*s", (int)buf_len(&errors), buf_view(&errors).p);
	buf_deinit(&errors);
}

static void set_up(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	read_conf();
	write_file("users", "# comment\nfred:{PLAIN}pencil:1:1::/:/\n"
			    "nonsense\nGina@file.example:{PLAIN}x\n"
			    "J\xc3\x96rg:{PLAIN}x\n");
	fill_database();
	accounts = accounts_new(conf, dir);
}

static void tear_down(void)
{
	static const char *const files[] = { "conf", "users", "accounts.mdb",
		"accounts.mdb-lock" };
	char p[128];
	accounts_free(&accounts);
	conf_free(&conf);
	for (size_t i = 0; i < 4; i++) {
		path(p, files[i]);
		unlink(p);
	}
	rmdir(dir);
}

struct resolve_case {
	const char *address;
	enum address_kind kind;
	const char *account;
	enum resolve_rule rule;
};

#define LOCAL ADDRESS_LOCAL
#define UNKNOWN ADDRESS_UNKNOWN, "", RESOLVE_NONE
#define REMOTE ADDRESS_REMOTE, "", RESOLVE_NONE
#define TAG RESOLVE_WITHOUT_TAG

static const struct resolve_case resolve_cases[] = {
	{ "anna@a.example", LOCAL, "anna@a.example", RESOLVE_EXACT },
	{ "ANNA@A.Example", LOCAL, "anna@a.example", RESOLVE_EXACT },
	{ "\"anna\"@a.example", LOCAL, "anna@a.example", RESOLVE_EXACT },
	{ "anna+x@a.example", LOCAL, "anna@a.example", TAG },
	{ "anna+x+y@a.example", LOCAL, "anna@a.example", TAG },
	{ "anna+@a.example", LOCAL, "anna@a.example", TAG },
	{ "\"anna+x y\"@a.example", LOCAL, "anna@a.example", TAG },
	{ "odd+name@a.example", LOCAL, "odd+name@a.example", RESOLVE_EXACT },
	{ "GRU\xcc\x88N+x@a.example", LOCAL, "gr\xc3\xbcn@a.example", TAG },
	{ "anna@xn--bcher-kva.example", LOCAL, "anna@xn--bcher-kva.example",
	    RESOLVE_EXACT },
	{ "anna@B\xc3\xbc"
	  "cher.example",
	    LOCAL, "anna@xn--bcher-kva.example", RESOLVE_EXACT },
	{ "j\xc3\xb6rg@file.example", LOCAL, "j\xc3\xb6rg@file.example",
	    RESOLVE_EXACT },
	{ "odd+other@a.example", UNKNOWN },
	{ "+anna@a.example", UNKNOWN },
	{ "nobody@a.example", UNKNOWN },
	{ "off@a.example", UNKNOWN },
	{ "anna@alias.example", LOCAL, "anna@a.example", RESOLVE_EXACT },
	{ "anna+x@alias.example", LOCAL, "anna@a.example", TAG },
	{ "own@alias.example", LOCAL, "own@alias.example", RESOLVE_EXACT },
	{ "nobody@alias.example", UNKNOWN },
	{ "x@all.example", LOCAL, "all@all.example", RESOLVE_CATCH_ALL },
	{ "\"a b\"@all.example", LOCAL, "all@all.example", RESOLVE_CATCH_ALL },
	{ "x@far.example", LOCAL, "anna@a.example", RESOLVE_CATCH_ALL },
	{ "fred@file.example", LOCAL, "fred@file.example", RESOLVE_EXACT },
	{ "gina+x@file.example", LOCAL, "gina@file.example", TAG },
	{ "nonsense@file.example", UNKNOWN },
	{ "only@db.example", LOCAL, "only@db.example", RESOLVE_EXACT },
	{ "only@dbalias.example", LOCAL, "only@db.example", RESOLVE_EXACT },
	{ "postmaster", LOCAL, "postmaster@a.example", RESOLVE_POSTMASTER },
	{ "PostMaster", LOCAL, "postmaster@a.example", RESOLVE_POSTMASTER },
	{ "postmaster@mx.example", LOCAL, "postmaster@a.example",
	    RESOLVE_POSTMASTER },
	{ "postmaster@file.example", LOCAL, "postmaster@a.example",
	    RESOLVE_POSTMASTER },
	{ "postmaster@far.example", LOCAL, "postmaster@a.example",
	    RESOLVE_POSTMASTER },
	{ "anna@mx.example", REMOTE },
	{ "anna@b.example", REMOTE },
	{ "anna@xa.example", REMOTE },
	{ "anna@[192.0.2.1]", REMOTE },
	{ "anna", UNKNOWN },
	{ "", UNKNOWN },
	{ "@a.example", UNKNOWN },
	{ "a b@a.example", UNKNOWN },
};

START_TEST(finds_who_is_behind)
{
	const struct resolve_case *c = &resolve_cases[_i];
	struct resolved r;
	struct view in = exact_copy(view_of(c->address));
	resolve_address(accounts, in, &r);
	exact_free(in);
	ck_assert_int_eq(r.kind, c->kind);
	ck_assert_int_eq(r.rule, c->rule);
	if (r.kind == ADDRESS_LOCAL)
		ck_assert_str_eq(r.account.address, c->account);
}

END_TEST

struct login_case {
	const char *name, *account; /* NULL: not known */
};

static const struct login_case login_cases[] = {
	{ "anna@a.example", "anna@a.example" },
	{ "Anna@A.EXAMPLE", "anna@a.example" },
	{ "anna", "anna@a.example" },
	{ "anna@alias.example", "anna@a.example" },
	{ "only@dbalias.example", "only@db.example" },
	{ "fred@file.example", "fred@file.example" },
	{ "anna+x@a.example", NULL },
	{ "x@all.example", NULL },
	{ "nobody@file.example", NULL },
	{ "nobody", NULL },
	{ "Gr\xc3\xbcn", "gr\xc3\xbcn@a.example" },
	{ "anna@b\xc3\xbc"
	  "cher.example",
	    "anna@xn--bcher-kva.example" },
	{ "anna@b.example", NULL },
	{ "@", NULL },
	{ "", NULL },
};

START_TEST(finds_who_logs_in)
{
	const struct login_case *c = &login_cases[_i];
	struct account a;
	struct scram_keys keys, again;
	bool known = false;
	struct view in = exact_copy(view_of(c->name));
	ck_assert_int_eq(resolve_login(accounts, in, &a, &known), 0);
	ck_assert_int_eq(known, c->account != NULL);
	/* There is always something that takes its time to check. */
	ck_assert_int_gt((int)strlen(a.credential), 0);
	if (known)
		ck_assert_str_eq(a.address, c->account);
	ck_assert_int_eq(resolve_scram(accounts, in, &a, &known, &keys), 0);
	ck_assert_int_eq(resolve_scram(accounts, in, &a, &known, &again), 0);
	ck_assert(keys.n_salt == again.n_salt && keys.iterations > 0);
	ck_assert_mem_eq(keys.salt, again.salt, keys.n_salt);
	ck_assert(!keys.is_real || known);
	exact_free(in);
}

END_TEST

START_TEST(a_changed_file_is_read_again)
{
	struct account a;
	ck_assert_int_eq(
	    accounts_find(accounts, V("fred@file.example"), &a), 0);
	ck_assert_str_eq(a.credential, "{PLAIN}pencil");
	write_file("users", "fred:{PLAIN}other and longer\n");
	usleep(1100 * 1000);
	ck_assert_int_eq(
	    accounts_find(accounts, V("fred@file.example"), &a), 0);
	ck_assert_str_eq(a.credential, "{PLAIN}other and longer");
	ck_assert_int_eq(
	    accounts_find(accounts, V("gina@file.example"), &a), MC_E_NOENT);
}

END_TEST

START_TEST(without_a_database_nobody_is_there)
{
	char p[128];
	struct resolved r;
	path(p, "accounts.mdb");
	unlink(p);
	resolve_address(accounts, V("anna@a.example"), &r);
	ck_assert_int_eq(r.kind, ADDRESS_UNKNOWN);
	resolve_address(accounts, V("fred@file.example"), &r);
	ck_assert_int_eq(r.kind, ADDRESS_LOCAL);
}

END_TEST

START_TEST(a_damaged_database_is_a_temporary_failure)
{
	struct resolved r;
	write_file("accounts.mdb", "this is not a database, and never was");
	resolve_address(accounts, V("anna@a.example"), &r);
	ck_assert_int_eq(r.kind, ADDRESS_TEMP);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("accounts/resolve");
	TCase *t = tcase_create("resolve");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, finds_who_is_behind, 0, N(resolve_cases));
	tcase_add_loop_test(t, finds_who_logs_in, 0, N(login_cases));
	tcase_add_test(t, a_changed_file_is_read_again);
	tcase_add_test(t, without_a_database_nobody_is_there);
	tcase_add_test(t, a_damaged_database_is_a_temporary_failure);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
