/* Aliases to their ends: files, includes, the database, owners, circles. */
#include "accounts/alias_files.h"
#include "accounts/expand.h"
#include "suite.h"
#include <stdio.h>
#include <unistd.h>

static char dir[64];
static struct conf *conf;
static struct accounts *accounts;

static void add_account(
    struct account_db *db, const char *address, const char *unix_user)
{
	struct account a = { .created_s = 1 };
	snprintf(a.unix_user, sizeof a.unix_user, "%s", unix_user);
	snprintf(a.address, sizeof a.address, "%s", address);
	snprintf(a.credential, sizeof a.credential, "{PLAIN}x");
	ck_assert_int_eq(account_db_put(db, &a, true), 0);
}

static void add_alias(
    struct account_db *db, const char *address, const char *targets)
{
	ck_assert_int_eq(
	    account_alias_put(db, view_of(address), view_of(targets)), 0);
}

static void fill_database(void)
{
	struct account_db *db = NULL;
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	add_account(db, "anna@a.example", "");
	add_account(db, "bert@a.example", "");
	add_account(db, "carl@b.example", "");
	add_account(db, "dora@b.example", "dora");
	add_alias(db, "both@b.example", "anna@a.example\ncarl@b.example\n");
	add_alias(db, "carl@b.example", "carl@b.example\nx@far.example\n");
	add_alias(db, "to-file@b.example", "list@a.example\n");
	account_db_close(&db);
}

static const char alias_text[] =
    "root: anna\n"
    "Admin: root, bert\n"
    "self: self\n"
    "anna: \\anna, copy@Far.Example\n"
    "bert: bert, /var/mail/bert\n"
    "one: two\n"
    "two: three\n"
    "three: one, bert\n"
    "list: :include:/l, Bert <bert@a.example>\n"
    "owner-list: bert\n"
    "outer: list, |/bin/outer\n"
    "owner-outer: anna\n"
    "cmd: \"|/bin/cat a, b\", |/bin/cat a, |/bin/cat a\n"
    "gone: nobody, anna\n"
    "lost: nobody, nowhere@b.example\n"
    "noinclude: :include:/none, bert\n"
    "empty: :include:/empty\n"
    "partly: :include:/empty, bert\n"
    "comments: :include:/comments\n"
    "went: :include:/went\n"
    "user: :include:/user\n"
    "nest: :include:/nest\n"
    "tag: anna+x, bert+y@a.example\n"
    "carl@b.example: bert\n"
    "special@b.example: bert\n"
    "team: anna, dora@b.example\n"
    "plain: \\dora@b.example\n"
    "postmaster: root\n";

static void give_files(void)
{
	accounts_set_aliases(
	    accounts, 0, V("/etc/aliases"), view_of(alias_text), true);
	accounts_set_include(
	    accounts, 0, V("/l"), V("anna\ncarl@b.example, |/bin/l\n"), true);
	accounts_set_include(accounts, 1, V("/user"),
	    V("bert\n|/bin/sh\n/etc/passwd\n:include:/l\n"), false);
	accounts_set_include(
	    accounts, 2, V("/nest"), V(":include:/nest\nbert\n"), true);
	accounts_set_include(accounts, 3, V("/empty"), V(""), true);
	accounts_set_include(accounts, 4, V("/comments"), V("# a\n"), true);
	accounts_set_include(accounts, 5, V("/went"), V("bert\n"), true);
	accounts_drop_include(accounts, 5);
}

static void set_up(void)
{
	char path[128];
	struct buf errors;
	snprintf(dir, sizeof dir, "/tmp/mailcore-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/conf", dir);
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("hostname = mx.example\ndefault_domain = a.example\n"
	      "domain a.example {}\ndomain b.example {}\n"
	      "domain alias.example { alias_of = b.example }\n"
	      "domain all.example { catch_all = \"list@a.example\" }\n",
	    f);
	fclose(f);
	buf_init(&errors, 4096);
	ck_assert_int_eq(conf_read(path, NULL, &conf, &errors), 0);
	buf_deinit(&errors);
	fill_database();
	accounts = accounts_new(conf, dir);
	give_files();
}

static void tear_down(void)
{
	static const char *const files[] = { "conf", "accounts.mdb",
		"accounts.mdb-lock" };
	char path[128];
	accounts_free(&accounts);
	conf_free(&conf);
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void describe(const struct expansion *e, struct buf *out)
{
	static const char *const kinds[] = { "local", "unknown", "remote",
		"temp", "alias" };
	static const char *const leaves[] = { "?", "", "remote ", "|", "", "!",
		"forward " };
	buf_put_cstr(out, kinds[e->kind]);
	for (size_t i = 0; i < e->n; i++) {
		const struct leaf *l = &e->leaves[i];
		bool by_text = l->kind == LEAF_COMMAND || l->kind == LEAF_FILE;
		buf_put_cstr(out, i ? ", " : ": ");
		buf_put_cstr(out, leaves[l->kind]);
		buf_put(out, by_text ? l->text : l->address);
		if (l->kind == LEAF_FAILED)
			buf_printf(out, " %.5s", l->text.p);
		if (l->owner.n)
			buf_printf(out, " (%.*s)", (int)l->owner.n, l->owner.p);
	}
}

struct expand_case {
	const char *address, *want;
};

#define OWNER " (owner-list@a.example)"
#define OUTER " (owner-outer@a.example)"

static const struct expand_case cases[] = {
	{ "bert@b.example", "unknown: !bert@b.example 5.1.1" },
	{ "x@far.example", "remote: remote x@far.example" },
	{ "root@a.example", "alias: anna@a.example, remote copy@far.example" },
	{ "ROOT@A.example", "alias: anna@a.example, remote copy@far.example" },
	{ "root@mx.example", "alias: anna@a.example, remote copy@far.example" },
	{ "root@b.example", "unknown: !root@b.example 5.1.1" },
	{ "root+tag@a.example",
	    "alias: anna@a.example, remote copy@far.example" },
	{ "admin@a.example", "alias: anna@a.example, remote copy@far.example, "
			     "bert@a.example, /var/mail/bert" },
	{ "self@a.example", "alias: !self@a.example 5.4.6" },
	{ "bert@a.example", "alias: bert@a.example, /var/mail/bert" },
	{ "one@a.example", "alias: !one@a.example 5.4.6, bert@a.example, "
			   "/var/mail/bert" },
	{ "list@a.example",
	    "alias: anna@a.example" OWNER ", remote copy@far.example" OWNER
	    ", carl@b.example" OWNER ", remote x@far.example" OWNER
	    ", |/bin/l" OWNER ", bert@a.example" OWNER
	    ", /var/mail/bert" OWNER },
	{ "outer@a.example",
	    "alias: anna@a.example" OWNER ", remote copy@far.example" OWNER
	    ", carl@b.example" OWNER ", remote x@far.example" OWNER
	    ", |/bin/l" OWNER ", bert@a.example" OWNER ", /var/mail/bert" OWNER
	    ", |/bin/outer" OUTER },
	{ "cmd@a.example", "alias: |/bin/cat a, b, |/bin/cat a" },
	{ "gone@a.example", "alias: !nobody@a.example 5.1.1, anna@a.example, "
			    "remote copy@far.example" },
	{ "noinclude@a.example", "temp" },
	{ "went@a.example", "temp" },
	{ "empty@a.example", "alias" },
	{ "comments@a.example", "alias" },
	{ "partly@a.example", "alias: bert@a.example, /var/mail/bert" },
	{ "user@a.example", "alias: bert@a.example, /var/mail/bert, "
			    "!/bin/sh 5.3.5, !/etc/passwd 5.3.5, !/l 5.3.5" },
	{ "nest@a.example",
	    "alias: !/nest 5.4.6, bert@a.example, /var/mail/bert" },
	{ "tag@a.example", "alias: anna@a.example, remote copy@far.example, "
			   "bert@a.example, /var/mail/bert" },
	{ "both@b.example", "alias: anna@a.example, remote copy@far.example, "
			    "carl@b.example, remote x@far.example" },
	{ "both@alias.example", "alias: anna@a.example, "
				"remote copy@far.example, carl@b.example, "
				"remote x@far.example" },
	/* The database comes before the file. */
	{ "carl@b.example", "alias: carl@b.example, remote x@far.example" },
	{ "special@b.example", "alias: bert@a.example, /var/mail/bert" },
	{ "postmaster@b.example",
	    "alias: anna@a.example, remote copy@far.example" },
	{ "postmaster", "alias: anna@a.example, remote copy@far.example" },
	{ "nobody@a.example", "unknown: !nobody@a.example 5.1.1" },
	{ "dora+x@b.example", "local: forward dora@b.example" },
	{ "team@a.example", "alias: anna@a.example, "
			    "remote copy@far.example, forward dora@b.example" },
	{ "plain@a.example", "alias: dora@b.example" },
};

START_TEST(expands)
{
	const struct expand_case *c = &cases[_i];
	const struct expand_options all = { .enough = 0 };
	struct view in = exact_copy(view_of(c->address));
	struct expansion e;
	struct buf out;
	buf_init(&out, 1 << 16);
	expand_address(accounts, in, &all, &e);
	exact_free(in);
	if (e.kind == ADDRESS_TEMP)
		e.n = 0;
	describe(&e, &out);
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	expansion_deinit(&e);
	buf_deinit(&out);
}

END_TEST

struct member_case {
	const char *address;
	enum expand_how how;
	const char *want;
};

static const struct member_case members[] = {
	{ "dora@b.example", EXPAND_MEMBER, "alias: forward dora@b.example" },
	{ "dora@b.example", EXPAND_FINAL, "alias: dora@b.example" },
	{ "anna@a.example", EXPAND_MEMBER,
	    "alias: anna@a.example, remote copy@far.example" },
	{ "anna@a.example", EXPAND_FINAL, "alias: anna@a.example" },
	{ "x@far.example", EXPAND_MEMBER, "alias: remote x@far.example" },
	{ "nobody@a.example", EXPAND_MEMBER, "alias: !nobody@a.example 5.1.1" },
	{ "noinclude@a.example", EXPAND_MEMBER, "temp" },
	{ "a b", EXPAND_MEMBER, "alias: !a b@a.example 5.1.1" },
};

/* What is not an alias has leaves, too. */
START_TEST(expands_members)
{
	const struct member_case *c = &members[_i];
	const struct expand_options o = { .sender = V("s@else.example"),
		.how = c->how };
	struct expansion e;
	struct buf out;
	buf_init(&out, 1 << 16);
	expand_address(accounts, view_of(c->address), &o, &e);
	if (e.kind == ADDRESS_TEMP)
		e.n = 0;
	for (size_t i = 0; i < e.n; i++)
		if (e.leaves[i].kind == LEAF_REMOTE)
			ck_assert(view_starts(e.leaves[i].sender, V("SRS0=")));
	describe(&e, &out);
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	expansion_deinit(&e);
	buf_deinit(&out);
}

END_TEST

START_TEST(ends_when_there_is_enough)
{
	const struct expand_options two = { .enough = 2 };
	struct expansion e;
	expand_address(accounts, V("noinclude@a.example"), &two, &e);
	ck_assert_int_eq(e.kind, ADDRESS_TEMP);
	expansion_deinit(&e);
	expand_address(accounts, V("list@a.example"), &two, &e);
	ck_assert_int_eq(e.kind, ADDRESS_ALIAS);
	ck_assert(e.is_cut);
	ck_assert_uint_eq(e.n_good, 2);
	expansion_deinit(&e);
	expand_address(accounts, V("lost@a.example"), &two, &e);
	ck_assert(!e.is_cut);
	ck_assert_uint_eq(e.n_good, 0);
	expansion_deinit(&e);
}

END_TEST

static void give_long_list(unsigned n)
{
	struct buf text;
	buf_init(&text, 1 << 20);
	for (unsigned i = 0; i < n; i++)
		buf_printf(&text, "user%u@far.example\n", i);
	accounts_set_include(accounts, 0, V("/l"), buf_view(&text), true);
	buf_deinit(&text);
}

START_TEST(a_long_list_is_capped)
{
	const struct expand_options all = { .enough = 0 };
	struct expansion e;
	give_long_list(EXPAND_LEAVES_MAX - 2);
	expand_address(accounts, V("list@a.example"), &all, &e);
	ck_assert_int_eq(e.kind, ADDRESS_ALIAS);
	ck_assert_uint_eq(e.n, EXPAND_LEAVES_MAX);
	expansion_deinit(&e);
	give_long_list(EXPAND_LEAVES_MAX + 1);
	expand_address(accounts, V("list@a.example"), &all, &e);
	ck_assert_int_eq(e.kind, ADDRESS_TEMP);
	expansion_deinit(&e);
}

END_TEST

START_TEST(nesting_is_capped)
{
	const struct expand_options all = { .enough = 0 };
	struct expansion e;
	struct buf text;
	buf_init(&text, 1 << 16);
	for (int i = 0; i < 40; i++)
		buf_printf(&text, "n%d: n%d\n", i, i + 1);
	buf_put_cstr(&text, "n40: bert\n");
	accounts_set_aliases(
	    accounts, 0, V("/etc/aliases"), buf_view(&text), true);
	expand_address(accounts, V("n0@a.example"), &all, &e);
	ck_assert_uint_eq(e.n, 1);
	ck_assert_int_eq(e.leaves[0].kind, LEAF_FAILED);
	ck_assert_view_eq(view_head(e.leaves[0].text, 5), V("5.4.6"));
	expansion_deinit(&e);
	expand_address(accounts, V("n9@a.example"), &all, &e);
	ck_assert_int_eq(e.leaves[0].kind, LEAF_ACCOUNT);
	expansion_deinit(&e);
	buf_deinit(&text);
}

END_TEST

/* What is forwarded for a stranger comes back to him. */
START_TEST(senders_are_rewritten)
{
	static const struct view kept[] = { V_INIT(""), V_INIT("x@a.example"),
		V_INIT("x@alias.example"), V_INIT("root@mx.example") };
	struct expand_options o = { .sender = V("Str@else.example") };
	struct expansion e, back;
	expand_address(accounts, V("root@a.example"), &o, &e);
	ck_assert_int_eq(e.leaves[0].kind, LEAF_ACCOUNT);
	ck_assert_view_eq(e.leaves[0].sender, V(""));
	struct view sender = e.leaves[1].sender;
	ck_assert_view_eq(
	    view_skip(sender, view_find_byte(sender, '@')), V("@a.example"));
	o.sender = V("");
	expand_address(accounts, sender, &o, &back);
	ck_assert_int_eq(back.kind, ADDRESS_ALIAS);
	ck_assert_uint_eq(back.n, 1);
	ck_assert_int_eq(back.leaves[0].kind, LEAF_REMOTE);
	ck_assert_view_eq(back.leaves[0].address, V("Str@else.example"));
	expansion_deinit(&back);
	expansion_deinit(&e);
	o.sender = V("s@else.example");
	expand_address(accounts, V("list@a.example"), &o, &e);
	ck_assert_view_eq(e.leaves[1].sender, V("")); /* the owner's */
	expansion_deinit(&e);
	expand_address(
	    accounts, V("SRS0=aaaaaa=aa=b.example=x@a.example"), &o, &e);
	ck_assert_int_eq(e.kind, ADDRESS_UNKNOWN);
	expansion_deinit(&e);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
		o.sender = kept[i];
		expand_address(accounts, V("root@a.example"), &o, &e);
		ck_assert_view_eq(e.leaves[1].sender, V(""));
		expansion_deinit(&e);
	}
}

END_TEST

static void on_found(void *ctx, struct view path)
{
	buf_put(ctx, path);
	buf_put_char(ctx, ' ');
}

START_TEST(includes_are_found)
{
	struct buf out;
	buf_init(&out, 4096);
	alias_files_find_includes(
	    V("a: :include:/x, b\n:include:/y\nc\nd: e\n"), on_found, &out);
	ck_assert_view_eq(buf_view(&out), V("/x /y "));
	buf_deinit(&out);
}

END_TEST

/* The first file counts, and what is gone is not there any more. */
START_TEST(files_come_and_go)
{
	const struct expand_options all = { .enough = 0 };
	struct expansion e;
	accounts_set_aliases(
	    accounts, 3, V("/more"), V("root: bert\nmore: anna\n"), true);
	expand_address(accounts, V("more@a.example"), &all, &e);
	ck_assert_uint_eq(e.n, 2);
	expansion_deinit(&e);
	expand_address(accounts, V("root@a.example"), &all, &e);
	ck_assert_view_eq(e.leaves[0].address, V("anna@a.example"));
	expansion_deinit(&e);
	accounts_set_aliases(accounts, 0, V("/etc/aliases"), V(""), false);
	expand_address(accounts, V("root@a.example"), &all, &e);
	ck_assert_view_eq(e.leaves[0].address, V("bert@a.example"));
	expansion_deinit(&e);
	expand_address(accounts, V("anna@a.example"), &all, &e);
	ck_assert_int_eq(e.kind, ADDRESS_LOCAL);
	expansion_deinit(&e);
}

END_TEST

static int list_aliases(void *ctx, struct view address, struct view targets)
{
	buf_put(ctx, address);
	buf_put_char(ctx, '=');
	buf_put(ctx, targets);
	return 0;
}

START_TEST(aliases_are_kept)
{
	struct account_db *db = NULL;
	struct buf out;
	buf_init(&out, 4096);
	ck_assert_int_eq(account_db_open(dir, true, -1, &db), 0);
	add_alias(db, "z@a.example", "anna@a.example\n");
	add_alias(db, "both@b.example", "anna@a.example\n");
	ck_assert_int_eq(
	    account_alias_put(db, V("to-file@b.example"), V("")), 0);
	ck_assert_int_eq(
	    account_alias_put(db, V("to-file@b.example"), V("")), MC_E_NOENT);
	ck_assert_int_eq(
	    account_alias_get(db, V("to-file@b.example"), NULL), MC_E_NOENT);
	ck_assert_int_eq(account_alias_each(db, V(""), list_aliases, &out), 0);
	ck_assert_view_eq(buf_view(&out),
	    V("z@a.example=anna@a.example\nboth@b.example=anna@a.example\n"
	      "carl@b.example=carl@b.example\nx@far.example\n"));
	buf_reset(&out);
	ck_assert_int_eq(
	    account_alias_each(db, V("a.example"), list_aliases, &out), 0);
	ck_assert_view_eq(buf_view(&out), V("z@a.example=anna@a.example\n"));
	account_db_close(&db);
	buf_deinit(&out);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("expand");
	TCase *t = tcase_create("expand");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, expands, 0, sizeof cases / sizeof cases[0]);
	tcase_add_loop_test(
	    t, expands_members, 0, sizeof members / sizeof members[0]);
	tcase_add_test(t, ends_when_there_is_enough);
	tcase_add_test(t, a_long_list_is_capped);
	tcase_add_test(t, nesting_is_capped);
	tcase_add_test(t, senders_are_rewritten);
	tcase_add_test(t, includes_are_found);
	tcase_add_test(t, files_come_and_go);
	tcase_add_test(t, aliases_are_kept);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
