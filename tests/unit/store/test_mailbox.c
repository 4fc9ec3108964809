#include "store_fixture.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct view repeat(char c, size_t n)
{
	static char bytes[3000];
	memset(bytes, c, n);
	return (struct view){ bytes, n };
}

static int note_name(
    void *ctx, struct view name, const struct mailbox *m, bool has_children)
{
	struct buf *out = ctx;
	buf_put(out, name);
	if (has_children)
		buf_put_char(out, '+');
	if (m->flags & MAILBOX_NOSELECT)
		buf_put_char(out, '!');
	buf_put_char(out, ' ');
	return 0;
}

static void expect_tree(const char *want)
{
	struct store_txn t;
	struct buf out;
	buf_init(&out, 10000);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_each(&t, note_name, &out), 0);
	store_end(&t);
	ck_assert_view_eq(buf_view(&out), view_of(want));
	buf_deinit(&out);
}

static int find_error(struct view name)
{
	struct store_txn t;
	struct mailbox m;
	ck_assert_int_eq(store_read(store, &t), 0);
	int error = mailbox_find(&t, name, &m);
	store_end(&t);
	return error;
}

START_TEST(new_store_has_an_inbox)
{
	struct stat st;
	struct mailbox m = box_named(V("inbox"));
	ck_assert_uint_eq(m.id, 0xFFFFFFFE);
	ck_assert_uint_eq(m.uidnext, 1);
	ck_assert_uint_ge(m.uidvalidity, 1700000000);
	ck_assert_uint_eq(m.messages, 0);
	expect_tree("INBOX ");
	ck_assert_int_eq(stat(dir.file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}

END_TEST

START_TEST(opening_needs_a_store)
{
	struct store *s;
	struct store_options o = { .create = false };
	char path[128];
	snprintf(path, sizeof path, "%s/nobody", dir.path);
	ck_assert_int_eq(store_open(path, &o, &s), MC_E_NOENT);
	o.create = true;
	ck_assert_int_eq(store_open(path, &o, &s), 0);
	store_close(&s);
	o.create = false;
	ck_assert_int_eq(store_open(path, &o, &s), 0);
	store_close(&s);
}

END_TEST

START_TEST(creates_missing_parents)
{
	struct mailbox m;
	ck_assert_int_eq(
	    mailbox_create(store, V("a/b/c"), SPECIAL_JUNK, &m), 0);
	ck_assert_uint_eq(m.special_use, SPECIAL_JUNK);
	ck_assert_uint_eq(box_named(V("a/b")).special_use, 0);
	ck_assert_int_eq(mailbox_create(store, V("a/b"), 0, &m), MC_E_EXISTS);
	ck_assert_int_eq(mailbox_create(store, V("InBox"), 0, &m), MC_E_EXISTS);
	ck_assert_int_eq(mailbox_create(store, V("iNBOX/x"), 0, &m), 0);
	ck_assert_int_eq(mailbox_create(store, V("a-"), 0, &m), 0);
	expect_tree("INBOX+ INBOX/x a+ a/b+ a/b/c a- ");
	reopen();
	expect_tree("INBOX+ INBOX/x a+ a/b+ a/b/c a- ");
	ck_assert_int_eq(find_error(V("a/x")), MC_E_NOENT);
}

END_TEST

/* An agent's root directory is the user's. */
START_TEST(works_in_its_own_directory)
{
	const struct store_options o = { .create = true };
	struct store *s;
	struct mailbox m;
	int fd;
	char path[128];
	snprintf(path, sizeof path, "%s/user", dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert_int_eq(chdir(path), 0);
	ck_assert_int_eq(store_open(".", &o, &s), 0);
	ck_assert_int_eq(store_wake_open(s, &fd), 0);
	ck_assert_int_eq(mailbox_create(s, V("a"), 0, &m), 0);
	store_close(&s);
	ck_assert_int_eq(chdir("/"), 0);
}

END_TEST

static const struct name_case {
	struct view name;
	int error;
} names[] = {
	{ V_INIT("plain"), 0 },
	{ V_INIT("with space & such *%"), 0 },
	{ V_INIT("R\xC3\xA4ksm\xC3\xB6rg\xC3\xA5s/x"), 0 },
	{ V_INIT(""), MC_E_BAD },
	{ V_INIT("/"), MC_E_BAD },
	{ V_INIT("/a"), MC_E_BAD },
	{ V_INIT("a/"), MC_E_BAD },
	{ V_INIT("a//b"), MC_E_BAD },
	{ V_INIT("a\tb"), MC_E_BAD },
	{ V_INIT("a\0b"), MC_E_BAD },
	{ V_INIT("a\x7F"), MC_E_BAD },
	{ V_INIT("\xC2\x85"), MC_E_BAD },
	{ V_INIT("\xE2\x80\xA8"), MC_E_BAD },
	{ V_INIT("\xFF"), MC_E_BAD },
	{ V_INIT("\xC3"), MC_E_BAD },
};

START_TEST(checks_names)
{
	ck_assert_int_eq(mailbox_name_check(names[_i].name), names[_i].error);
}

END_TEST

START_TEST(provides_several_at_once)
{
	static const struct mailbox_wish wishes[] = {
		{ V_INIT("Sent"), SPECIAL_SENT },
		{ V_INIT("inbox"), 0 },
		{ V_INIT("Lists/old"), 0 },
	};
	struct store_txn t;
	struct mailbox m;
	ck_assert_int_eq(mailbox_create(store, V("Lists/old"), 0, &m), 0);
	uint64_t before = store_last_change(store);
	ck_assert_int_eq(mailbox_provide(store, wishes, 3), 0);
	ck_assert_uint_eq(store_last_change(store), before + 1);
	expect_tree("INBOX Lists+ Lists/old Sent ");
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, V("Sent"), &m), 0);
	ck_assert_uint_eq(m.special_use, SPECIAL_SENT);
	for (size_t i = 0; i < 3; i++)
		ck_assert(mailbox_is_subscribed(&t, wishes[i].name));
	store_end(&t);
}

END_TEST

static uint16_t uses_of(struct view name)
{
	return box_named(name).special_use;
}

START_TEST(a_special_use_is_that_of_one_mailbox)
{
	struct mailbox m;
	ck_assert_int_eq(mailbox_create(store, V("Sent"),
			     SPECIAL_SENT | SPECIAL_ARCHIVE, &m),
	    0);
	uint32_t sent = m.id;
	ck_assert_int_eq(
	    mailbox_create(store, V("Sent Items"), SPECIAL_SENT, &m), 0);
	ck_assert_uint_eq(uses_of(V("Sent Items")), SPECIAL_SENT);
	ck_assert_uint_eq(uses_of(V("Sent")), SPECIAL_ARCHIVE);
	ck_assert_int_eq(mailbox_set_special_use(store, sent, SPECIAL_SENT), 0);
	ck_assert_uint_eq(uses_of(V("Sent Items")), 0);
	ck_assert_uint_eq(uses_of(V("Sent")), SPECIAL_SENT);
	ck_assert_int_eq(mailbox_set_special_use(store, sent, 0), 0);
	ck_assert_uint_eq(uses_of(V("Sent")), 0);
	ck_assert_int_eq(
	    mailbox_set_special_use(store, 77, SPECIAL_SENT), MC_E_NOENT);
}

END_TEST

static uint64_t account_modseq(void)
{
	struct store_txn t;
	struct store_totals totals;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(store_totals(&t, &totals), 0);
	store_end(&t);
	return totals.modseq;
}

static int create_it(void)
{
	struct mailbox m;
	return mailbox_create(store, V("A"), 0, &m);
}

static int use_it(void)
{
	return mailbox_set_special_use(
	    store, box_named(V("A")).id, SPECIAL_JUNK);
}

static int subscribe_it(void)
{
	return mailbox_subscribe(store, V("A"), true);
}

static int unsubscribe_it(void)
{
	return mailbox_subscribe(store, V("A"), false);
}

static int rename_it(void)
{
	return mailbox_rename(store, V("A"), V("B/C"));
}

static int delete_it(void)
{
	return mailbox_delete(store, V("B/C"));
}

static int (*const changes[])(void) = { create_it, use_it, subscribe_it,
	unsubscribe_it, rename_it, delete_it };

/* What JMAP and NOTIFY tell changes by. */
START_TEST(each_change_of_a_mailbox_has_a_modseq)
{
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		uint64_t before = account_modseq();
		ck_assert_int_eq(changes[i](), 0);
		ck_assert_msg(account_modseq() > before, "change %zu", i);
	}
	/* What changes nothing does not write. */
	uint64_t before = store_last_change(store);
	ck_assert_int_eq(unsubscribe_it(), 0);
	ck_assert_uint_eq(store_last_change(store), before);
}

END_TEST

START_TEST(limits_names)
{
	char deep[128] = "a";
	for (int i = 1; i < 32; i++)
		memcpy(deep + 2 * i - 1, "/a", 3);
	ck_assert_int_eq(mailbox_name_check(view_of(deep)), 0);
	memcpy(deep + 63, "/a", 3);
	ck_assert_int_eq(mailbox_name_check(view_of(deep)), MC_E_BAD);
	ck_assert_int_eq(mailbox_name_check(repeat('x', 255)), 0);
	ck_assert_int_eq(mailbox_name_check(repeat('x', 256)), MC_E_BAD);
	ck_assert_int_eq(mailbox_name_check(repeat('x', 3000)), MC_E_BAD);
}

END_TEST

/* Decomposed and composed forms name one mailbox. */
START_TEST(names_are_composed)
{
	box_create(V("e\xCC\x81t\xC3\xA9"));
	ck_assert_int_eq(find_error(V("\xC3\xA9te\xCC\x81")), 0);
	expect_tree("INBOX \xC3\xA9t\xC3\xA9 ");
}

END_TEST

START_TEST(deletes)
{
	struct mailbox m;
	box_create(V("a/b"));
	uint32_t old = box_named(V("a")).uidvalidity;
	ck_assert_int_eq(mailbox_delete(store, V("inbox")), MC_E_DENIED);
	ck_assert_int_eq(mailbox_delete(store, V("x")), MC_E_NOENT);
	ck_assert_int_eq(mailbox_delete(store, V("a")), 0);
	expect_tree("INBOX a+! a/b ");
	ck_assert_int_eq(mailbox_delete(store, V("a")), MC_E_BUSY);
	ck_assert_int_eq(mailbox_create(store, V("a"), 0, &m), 0);
	ck_assert_uint_gt(m.uidvalidity, old);
	ck_assert_int_eq(mailbox_delete(store, V("a/b")), 0);
	ck_assert_int_eq(mailbox_delete(store, V("a")), 0);
	expect_tree("INBOX ");
	ck_assert_int_eq(mailbox_create(store, V("a"), 0, &m), 0);
	ck_assert_uint_gt(m.uidvalidity, old);
}

END_TEST

START_TEST(renames_subtrees)
{
	uint32_t id = box_create(V("a/b/c"));
	ck_assert_int_eq(mailbox_rename(store, V("a"), V("x/y")), 0);
	expect_tree("INBOX x+ x/y+ x/y/b+ x/y/b/c ");
	ck_assert_uint_eq(box_named(V("x/y/b/c")).id, id);
	ck_assert_int_eq(
	    mailbox_rename(store, V("x"), V("x/y/z")), MC_E_DENIED);
	ck_assert_int_eq(mailbox_rename(store, V("x"), V("x/y")), MC_E_EXISTS);
	ck_assert_int_eq(mailbox_rename(store, V("none"), V("n")), MC_E_NOENT);
	ck_assert_int_eq(mailbox_rename(store, V("x/y/b"), V("b")), 0);
	ck_assert_int_eq(mailbox_rename(store, V("inbox"), V("old")), 0);
	expect_tree("INBOX b+ b/c old x+ x/y ");
	char deep[128] = "d";
	for (int i = 1; i < 31; i++)
		memcpy(deep + 2 * i - 1, "/d", 3);
	ck_assert_int_eq(mailbox_rename(store, V("b"), view_of(deep)), 0);
	box_create(V("e/e/e"));
	ck_assert_int_eq(mailbox_delete(store, view_of(deep)), 0);
	deep[60] = 'e';
	ck_assert_int_eq(
	    mailbox_rename(store, V("e"), view_of(deep)), MC_E_LIMIT);
}

END_TEST

static int note_subscription(void *ctx, struct view name)
{
	buf_put(ctx, name);
	buf_put_char(ctx, ' ');
	return 0;
}

START_TEST(subscriptions_outlive_mailboxes)
{
	struct store_txn t;
	struct buf out;
	static char name[1000];
	memset(name, 'x', 999);
	name[255] = name[511] = name[767] = '/';
	buf_init(&out, 10000);
	ck_assert_int_eq(mailbox_subscribe(store, V("inbox"), true), 0);
	ck_assert_int_eq(mailbox_subscribe(store, V("gone/x"), true), 0);
	ck_assert_int_eq(mailbox_subscribe(store, V("b"), true), 0);
	ck_assert_int_eq(mailbox_subscribe(store, V("b"), false), 0);
	ck_assert_int_eq(mailbox_subscribe(store, V("b"), false), 0);
	ck_assert_int_eq(mailbox_subscribe(store, view_of(name), true), 0);
	ck_assert_int_eq(mailbox_subscribe(store, V("\n"), true), MC_E_BAD);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_subscriptions(&t, note_subscription, &out), 0);
	ck_assert(view_starts(buf_view(&out), V("INBOX gone/x xxx")));
	ck_assert_uint_eq(buf_len(&out), 6 + 7 + 1000);
	ck_assert(mailbox_is_subscribed(&t, V("INBOX")));
	ck_assert(mailbox_is_subscribed(&t, view_of(name)));
	ck_assert(!mailbox_is_subscribed(&t, V("b")));
	store_end(&t);
	buf_deinit(&out);
}

END_TEST

START_TEST(readonly_does_not_write)
{
	struct mailbox m;
	store_close(&store);
	store = test_open(true);
	ck_assert_int_eq(mailbox_create(store, V("a"), 0, &m), -EROFS);
	store_housekeeping(store);
	expect_tree("INBOX ");
}

END_TEST

static bool is_woken(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	return poll(&p, 1, wait_ms) == 1;
}

/* The child waits, the parent commits; both opened after the fork. */
static void wait_for_wake(int out)
{
	int fd;
	char answer = 'n';
	store = test_open(false);
	if (store_wake_open(store, &fd) != 0 || write(out, "r", 1) != 1)
		_exit(1);
	if (is_woken(fd, 5000)) {
		store_wake_drain(fd);
		answer = is_woken(fd, 0) ? 'd' : 'y';
	}
	if (write(out, &answer, 1) != 1)
		_exit(2);
	pause();
	_exit(3);
}

static int count_sockets(void)
{
	char path[128];
	int n = 0;
	snprintf(path, sizeof path, "%s/wake", dir.path);
	DIR *d = opendir(path);
	struct dirent *e;
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

START_TEST(commits_wake_other_processes)
{
	int fds[2], own, status;
	char byte;
	store_close(&store);
	ck_assert_int_eq(pipe(fds), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		wait_for_wake(fds[1]);
	store = test_open(false);
	ck_assert_int_eq(store_wake_open(store, &own), 0);
	ck_assert_int_eq((int)read(fds[0], &byte, 1), 1);
	box_create(V("a"));
	ck_assert_int_eq((int)read(fds[0], &byte, 1), 1);
	ck_assert_int_eq(byte, 'y');
	ck_assert(!is_woken(own, 0));
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	ck_assert_int_eq(count_sockets(), 2);
	box_create(V("b"));
	ck_assert_int_eq(count_sockets(), 1);
	store_close(&store);
	ck_assert_int_eq(count_sockets(), 0);
}

END_TEST

static void commit_once(const char *path, int go)
{
	const struct store_options o = { .create = false };
	struct mailbox m;
	char byte;
	if (read(go, &byte, 1) != 1 || store_open(path, &o, &store) != 0 ||
	    mailbox_create(store, V("a"), 0, &m) != 0)
		_exit(1);
	_exit(0);
}

/* A socket's address has 108 octets; a user's directory may have more. */
START_TEST(long_directories_are_woken)
{
	char path[256];
	int go[2], fd, status, n;
	store_close(&store);
	n = snprintf(path, sizeof path, "%s/", dir.path);
	memset(path + n, 'x', 120);
	path[n + 120] = 0;
	ck_assert_int_eq(pipe(go), 0);
	pid_t child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0)
		commit_once(path, go[0]);
	const struct store_options o = { .create = true };
	struct store *s;
	ck_assert_int_eq(store_open(path, &o, &s), 0);
	ck_assert_int_eq(store_wake_open(s, &fd), 0);
	ck_assert_int_eq((int)write(go[1], "g", 1), 1);
	ck_assert(is_woken(fd, 5000));
	waitpid(child, &status, 0);
	ck_assert_int_eq(status, 0);
	store_close(&s);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/mailbox");
	TCase *tc = tcase_create("mailbox");
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, new_store_has_an_inbox);
	tcase_add_test(tc, opening_needs_a_store);
	tcase_add_test(tc, works_in_its_own_directory);
	tcase_add_test(tc, creates_missing_parents);
	tcase_add_loop_test(
	    tc, checks_names, 0, sizeof names / sizeof names[0]);
	tcase_add_test(tc, provides_several_at_once);
	tcase_add_test(tc, a_special_use_is_that_of_one_mailbox);
	tcase_add_test(tc, each_change_of_a_mailbox_has_a_modseq);
	tcase_add_test(tc, limits_names);
	tcase_add_test(tc, names_are_composed);
	tcase_add_test(tc, deletes);
	tcase_add_test(tc, renames_subtrees);
	tcase_add_test(tc, subscriptions_outlive_mailboxes);
	tcase_add_test(tc, readonly_does_not_write);
	tcase_add_test(tc, commits_wake_other_processes);
	tcase_add_test(tc, long_directories_are_woken);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
