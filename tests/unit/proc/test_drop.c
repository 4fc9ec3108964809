/* What a process can no longer do once it is locked in. Each probe runs in a
 * process of its own; as root with chroot and another user, else without. */
#include "proc/isolation/drop.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	KILLED = 1000 /* by the kernel, for what it called */
};

static char base[64];
static struct conf conf;

static void make_dir(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", base, name);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	ck_assert_int_eq(chmod(path, 0777), 0);
}

static void setup(void)
{
	snprintf(base, sizeof base, "/tmp/mailcore-drop-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(base));
	ck_assert_int_eq(chmod(base, 0755), 0);
	make_dir("empty");
	make_dir("accounts");
	conf = (struct conf){ .run_dir = base,
		.state_dir = base,
		.spool_dir = base,
		.user_net = "nobody",
		.user_auth = "nobody",
		.user_keys = "nobody",
		.user_store = "mail",
		.user_queue = "nobody",
		.sandbox = true,
		.isolation = ISOLATION_NONE };
}

static void remove_dir(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s/file", base, name);
	unlink(path);
	snprintf(path, sizeof path, "%s/%s", base, name);
	rmdir(path);
}

static void teardown(void)
{
	remove_dir("empty");
	remove_dir("accounts");
	rmdir(base);
}

/* Runs probe in a locked-in process: 0 or the errno it met, or KILLED. */
static int ask(const struct role *role, int (*probe)(void))
{
	int status;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		if (drop_role(&conf, role, -1))
			_exit(255);
		_exit(probe());
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? KILLED : -1;
	return WEXITSTATUS(status);
}

static int result(long value)
{
	return value < 0 ? errno : 0;
}

static int open_outside(void)
{
	return result(open("/etc/passwd", O_RDONLY));
}

static int open_inside(void)
{
	return result(open("file", O_RDWR | O_CREAT, 0600));
}

static int climb(void)
{
	return result(open("../empty/file", O_RDWR | O_CREAT, 0600));
}

static int internet(void)
{
	return result(socket(AF_INET, SOCK_STREAM, 0));
}

static int local_datagrams(void)
{
	return result(socket(AF_UNIX, SOCK_DGRAM, 0));
}

static int execute(void)
{
	char path[] = "/bin/true";
	char *argv[] = { path, NULL };
	return result(execv(path, argv));
}

static int trace(void)
{
	return result(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int multiply(void)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	return result(pid);
}

static int gain(void)
{
	return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? EPERM : 0;
}

static int dump(void)
{
	struct rlimit core;
	getrlimit(RLIMIT_CORE, &core);
	return core.rlim_max == 0 && prctl(PR_GET_DUMPABLE) == 0 ? EPERM : 0;
}

static int ordinary(void)
{
	char bytes[3];
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) || write(ends[1], "abc", 3) != 3)
		return errno;
	return result(read(ends[0], bytes, 3));
}

enum want {
	MAY,
	MAY_NOT,
	DIES
};

struct probe_case {
	enum role_sandbox class;
	int (*probe)(void);
	enum want want;
};

static const struct probe_case probes[] = {
	{ SANDBOX_NET, open_outside, MAY_NOT },
	{ SANDBOX_NET, open_inside, MAY_NOT },
	{ SANDBOX_NET, internet, MAY_NOT },
	{ SANDBOX_NET, multiply, MAY_NOT },
	{ SANDBOX_NET, ordinary, MAY },
	{ SANDBOX_NET, execute, DIES },
	{ SANDBOX_NET, trace, DIES },
	{ SANDBOX_CONNECT, open_outside, MAY_NOT },
	{ SANDBOX_CONNECT, internet, MAY },
	{ SANDBOX_CONNECT, local_datagrams, MAY_NOT },
	{ SANDBOX_CONNECT, multiply, MAY_NOT },
	{ SANDBOX_CONNECT, ordinary, MAY },
	{ SANDBOX_CONNECT, execute, DIES },
	{ SANDBOX_KEYS, open_outside, MAY_NOT },
	{ SANDBOX_KEYS, internet, MAY_NOT },
	{ SANDBOX_KEYS, local_datagrams, MAY_NOT },
	{ SANDBOX_KEYS, ordinary, MAY },
	{ SANDBOX_KEYS, execute, DIES },
	{ SANDBOX_FILES, open_inside, MAY },
	{ SANDBOX_FILES, open_outside, MAY_NOT },
	{ SANDBOX_FILES, climb, MAY_NOT },
	{ SANDBOX_FILES, internet, MAY_NOT },
	{ SANDBOX_FILES, local_datagrams, MAY },
	{ SANDBOX_FILES, ordinary, MAY },
	{ SANDBOX_FILES, execute, DIES },
};

static struct role role_of(enum role_sandbox class)
{
	return (struct role){ .id = ROLE_FRONT,
		.user = USER_NET,
		.root = class == SANDBOX_FILES ? ROOT_ACCOUNTS : ROOT_EMPTY,
		.sandbox = class };
}

START_TEST(the_sandbox_holds)
{
#ifndef MAILCORE_SANITIZED
	const struct probe_case *c = &probes[_i];
	struct role role = role_of(c->class);
	int met = ask(&role, c->probe);
	if (c->want == MAY)
		ck_assert_int_eq(met, 0);
	else if (c->want == DIES)
		ck_assert_int_eq(met, KILLED);
	else
		ck_assert_msg(
		    met == EPERM || met == EACCES, "probe met %d", met);
#else
	ck_assert(probes[_i].probe != NULL); /* compiled out */
#endif
}

END_TEST

START_TEST(nobody_gains_or_dumps)
{
	struct role role = role_of(SANDBOX_NONE);
	ck_assert_int_eq(ask(&role, gain), EPERM);
	ck_assert_int_eq(ask(&role, dump), EPERM);
}

END_TEST

static int is_locked(void)
{
	struct stat st;
	if (getuid() == 0 || geteuid() == 0 || getgid() == 0)
		return 1;
	if (getgroups(0, NULL) > 1)
		return 2;
	if (setuid(0) == 0)
		return 3;
	if (stat("/etc", &st) == 0)
		return 4;
	if (stat("/file-that-is-not", &st) == 0)
		return 5;
	return 0;
}

START_TEST(root_gives_everything_up)
{
	struct role role = role_of(SANDBOX_NONE);
	if (geteuid() != 0)
		return;
	conf.isolation = ISOLATION_FULL;
	ck_assert_int_eq(ask(&role, is_locked), 0);
}

END_TEST

START_TEST(an_unknown_user_is_an_error)
{
	struct role role = role_of(SANDBOX_NONE);
	if (geteuid() != 0)
		return;
	conf.isolation = ISOLATION_FULL;
	conf.user_net = "no-such-user";
	ck_assert_int_eq(ask(&role, is_locked), 255);
}

END_TEST

START_TEST(a_missing_root_directory_is_an_error)
{
	struct role role = role_of(SANDBOX_NONE);
	conf.run_dir = "/nonexistent";
	ck_assert_int_eq(ask(&role, gain), 255);
}

END_TEST

static const struct role of_unix_user = { .id = ROLE_FORWARD,
	.user = USER_UNIX,
	.root = ROOT_SLASH,
	.holds = HOLDS_PROGRAMS,
	.count = COUNT_ON_DEMAND };

static int report_refusal(const char *refusal, const char *want)
{
	if (!refusal || !strstr(refusal, want))
		return 1;
	return geteuid() == 0 && conf.isolation != ISOLATION_NONE ? 2 : 0;
}

static bool is_in_group(gid_t gid)
{
	gid_t all[64];
	int n = getgroups(64, all);
	for (int i = 0; i < n; i++)
		if (all[i] == gid)
			return true;
	return false;
}

/* All of him, and nothing of root. */
static int is_user(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	if (!pw || getuid() != pw->pw_uid || geteuid() != pw->pw_uid)
		return 1;
	if (getgid() != pw->pw_gid || is_in_group(0) ||
	    !is_in_group(pw->pw_gid))
		return 2;
	if (setuid(0) == 0 || gain() != EPERM)
		return 3;
	return multiply() ? 4 : 0; /* it starts programs */
}

/* In a process that becomes that Unix user; want: why it may not, NULL. */
static int become(const char *name, const char *want)
{
	int status;
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		const char *refusal = NULL;
		if (drop_role_as(&conf, &of_unix_user, name, &refusal))
			_exit(255);
		_exit(want      ? report_refusal(refusal, want)
		      : refusal ? 254
				: is_user(name));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(a_process_becomes_a_unix_user)
{
	if (geteuid() != 0)
		return;
	conf.isolation = ISOLATION_FULL;
	ck_assert_int_eq(become("daemon", NULL), 0);
	conf.isolation = ISOLATION_NO_CHROOT;
	ck_assert_int_eq(become("daemon", NULL), 0);
}

END_TEST

START_TEST(some_unix_users_are_refused)
{
	if (geteuid() == 0)
		conf.isolation = ISOLATION_FULL;
	ck_assert_int_eq(become("root", "root's programs"), 0);
	ck_assert_int_eq(become("no-such-user", "no such user"), 0);
	if (geteuid() == 0)
		ck_assert_int_eq(become("mail", "of the daemons"), 0);
}

END_TEST

START_TEST(without_isolation_there_is_one_user)
{
	const struct passwd *pw = getpwuid(geteuid());
	conf.isolation = ISOLATION_NONE;
	ck_assert_int_eq(become("daemon", "another user"), 0);
	if (pw && geteuid() != 0)
		ck_assert_int_eq(become(pw->pw_name, NULL), 0);
	ck_assert_int_eq(become("root", "root's programs"), 0);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/drop");
	TCase *t = tcase_create("drop");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, the_sandbox_holds, 0, (int)(sizeof probes / sizeof probes[0]));
	tcase_add_test(t, nobody_gains_or_dumps);
	tcase_add_test(t, root_gives_everything_up);
	tcase_add_test(t, an_unknown_user_is_an_error);
	tcase_add_test(t, a_missing_root_directory_is_an_error);
	tcase_add_test(t, a_process_becomes_a_unix_user);
	tcase_add_test(t, some_unix_users_are_refused);
	tcase_add_test(t, without_isolation_there_is_one_user);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
