/* The directory that an agent is locked into is below state_dir/mail, whatever
 * a grant says and whatever lies about there. */
#include "proc/monitor/monitor.h"
#include "suite.h"
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64];
static struct conf conf;

static void setup(void)
{
	char mail[96];
	snprintf(base, sizeof base, "/tmp/mailcore-layout-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	snprintf(mail, sizeof mail, "%s/mail", base);
	ck_assert_int_eq(mkdir(mail, 0711), 0);
	conf = (struct conf){ .state_dir = base, .isolation = ISOLATION_NONE };
}

static void teardown(void)
{
	static const char *const names[] = { "mail/a.org/anna", "mail/a.org",
		"mail/link", "mail", "elsewhere", "" };
	char path[160];
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", base, names[i]);
		if (unlink(path) != 0)
			rmdir(path);
	}
}

START_TEST(makes_a_private_directory)
{
	struct stat made, again;
	int fd, second;
	ck_assert_int_eq(layout_user_dir(&conf, V("a.org/anna"), &fd), 0);
	ck_assert_int_eq(fstat(fd, &made), 0);
	ck_assert(S_ISDIR(made.st_mode));
	ck_assert_int_eq(made.st_mode & 07777, 0700);
	ck_assert_int_eq(layout_user_dir(&conf, V("a.org/anna"), &second), 0);
	ck_assert_int_eq(fstat(second, &again), 0);
	ck_assert_uint_eq(made.st_ino, again.st_ino);
	close(fd);
	close(second);
}

END_TEST

static const struct view bad[] = {
	V_INIT(""),
	V_INIT("/"),
	V_INIT("anna"),
	V_INIT("a.org/"),
	V_INIT("/anna"),
	V_INIT("../anna"),
	V_INIT("a.org/.."),
	V_INIT("a.org/."),
	V_INIT("./anna"),
	V_INIT("a.org/anna/.."),
	V_INIT("a.org/anna/x"),
	V_INIT("a.org//anna"),
	V_INIT("/etc/passwd"),
	V_INIT("a.org/an\0na"),
};

START_TEST(refuses_other_names)
{
	int fd;
	ck_assert_int_eq(layout_user_dir(&conf, bad[_i], &fd), MC_E_BAD);
}

END_TEST

START_TEST(refuses_long_names)
{
	char name[300] = "a.org/";
	int fd;
	memset(name + 6, 'x', 256);
	ck_assert_int_eq(
	    layout_user_dir(&conf, (struct view){ name, 262 }, &fd), MC_E_BAD);
}

END_TEST

START_TEST(follows_no_link)
{
	char link[96], elsewhere[96];
	int fd;
	snprintf(link, sizeof link, "%s/mail/link", base);
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", base);
	ck_assert_int_eq(mkdir(elsewhere, 0700), 0);
	ck_assert_int_eq(symlink(elsewhere, link), 0);
	int error = layout_user_dir(&conf, V("link/anna"), &fd);
	ck_assert(error == -ELOOP || error == -ENOTDIR);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/layout");
	TCase *t = tcase_create("layout");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, makes_a_private_directory);
	tcase_add_loop_test(
	    t, refuses_other_names, 0, (int)(sizeof bad / sizeof bad[0]));
	tcase_add_test(t, refuses_long_names);
	tcase_add_test(t, follows_no_link);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
