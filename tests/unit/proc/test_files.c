/* Files that come to a role that may open none: before it starts, and again
 * when they change. The front tells a client all that it holds. */
#include "fake.h"
#include <time.h>

static char changes[256]; /* one letter for each call of file_changed */

static const char letters[FILE_KIND_COUNT] = {
	[FILE_RESOLV_CONF] = 'r',
	[FILE_TRUST_ANCHOR] = 't',
	[FILE_CA] = 'c',
	[FILE_SECRET] = 's',
	[FILE_ALIASES] = 'a',
	[FILE_INCLUDE] = 'i',
};

static void front_changed(struct proc *p, enum file_kind kind, uint32_t index)
{
	size_t n = strlen(changes);
	(void)p;
	(void)index;
	if (n + 1 < sizeof changes)
		changes[n] = letters[kind];
}

static struct view base_name(struct view path)
{
	size_t slash = view_rfind_byte(path, '/');
	return slash < path.n ? view_skip(path, slash + 1) : path;
}

/* "+": trusted, "-": not, "?": not there. */
static const char *state_of(struct proc *p, int kind, uint32_t index)
{
	if (!proc_file_is_there(p, (enum file_kind)kind, index))
		return " ?;";
	return proc_file_is_trusted(p, (enum file_kind)kind, index) ? " +;"
								    : " -;";
}

/* "r0 name text state;" */
static void describe(struct proc *p, struct buf *out)
{
	struct view name, text;
	for (int kind = 0; kind < FILE_KIND_COUNT; kind++)
		for (uint32_t i = 0;
		     proc_file(p, (enum file_kind)kind, i, &name, &text); i++) {
			buf_printf(out, "%c%u ", letters[kind], i);
			buf_put(out, base_name(name));
			buf_put_char(out, ' ');
			buf_put(out, view_head(text, 20));
			buf_put_cstr(out, state_of(p, kind, i));
		}
}

static void front_accept(
    struct proc *p, int fd, enum service service, enum conf_tls tls)
{
	struct buf out;
	(void)service;
	(void)tls;
	buf_init(&out, 8192);
	buf_printf(&out, "%s|", changes);
	describe(p, &out);
	ssize_t n = write(fd, buf_view(&out).p, buf_len(&out));
	(void)n;
	buf_deinit(&out);
	close(fd);
}

/* A line "+PATH" includes a file. */
static void find_includes(
    struct view text, void (*found)(void *ctx, struct view path), void *ctx)
{
	struct view line;
	while (text.n) {
		view_cut(&text, '\n', &line);
		if (view_starts(line, V("+")))
			found(ctx, view_skip(line, 1));
	}
}

static const struct role_ops front_ops = {
	.accept = front_accept,
	.file_changed = front_changed,
};

static const struct role roles[] = {
	{ ROLE_FRONT, USER_NET, ROOT_EMPTY, SANDBOX_NET, 0,
	    HOLDS_LISTENERS | HOLDS_RESOLVER_FILES | HOLDS_ROUTE_SECRETS |
		HOLDS_ALIASES,
	    COUNT_FRONTS, &front_ops },
};

static const enum service services[] = { SERVICE_IMAP };
static const struct daemon fake = { "faked", roles, 1, services, 1,
	find_includes };

/* The test. */

static void put_file(const char *name, const char *text)
{
	char path[160], new[168];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	snprintf(new, sizeof new, "%s.new", path);
	FILE *f = fopen(new, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	ck_assert_int_eq(rename(new, path), 0);
}

static void put_include(const char *name, const char *included)
{
	char text[160];
	snprintf(text, sizeof text, "+%s/%s\n", dir, included);
	put_file(name, text);
}

static const char *request(void)
{
	static char answer[8192];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = 0;
	ssize_t got = 0;
	snprintf(a.sun_path, sizeof a.sun_path, "%s/it", dir);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
		while ((got = read(fd, answer + n, sizeof answer - 1 - n)) > 0)
			n += (size_t)got;
	answer[n] = '\0';
	close(fd);
	return answer;
}

/* Until what it holds has that in it, for some seconds. */
static void expect(const char *want)
{
	const char *got = "";
	for (int i = 0; i < 400; i++) {
		got = strchr(request(), '|');
		if (got && strstr(got, want))
			return;
		pause_ms(50);
	}
	ck_abort_msg("got \"%s\", want \"%s\"", got ? got : "", want);
}

static void write_options(const char *more)
{
	char all[1024];
	snprintf(
	    all, sizeof all, "resolver_conf = r\naliases = \"a, b\"\n%s", more);
	write_conf(all);
}

static const char routes[] =
    "route a.example { host = \"[::1]\" }\n"
    "route b.example { host = \"[::1]\" user = u password_file = s }\n";

static void setup(void)
{
	fake_setup("");
	stop_cleanly();
	put_file("r", "one");
	put_file("a", "x");
	put_file("b", "y");
	put_file("s", "secret");
	write_options(routes);
	daemon_pid = run_daemon("-f");
	wait_ready();
}

START_TEST(a_role_starts_with_its_files)
{
	ck_assert_str_eq(request(), "|r0 r one +;s0   ?;s1 s secret +;"
				    "a0 a x +;a1 b y +;");
	stop_cleanly();
}

END_TEST

START_TEST(what_changes_comes_again)
{
	put_file("r", "two"); /* as long as before */
	expect("|r0 r two +;s0");
	put_file("s", "");
	expect(";s1 s  +;");
	char *told = strdup(request());
	ck_assert_ptr_nonnull(strchr(told, 'r'));
	/* What did not change was not told. */
	*strchr(told, '|') = '\0';
	ck_assert_ptr_null(strchr(told, 'a'));
	free(told);
	stop_cleanly();
}

END_TEST

START_TEST(a_file_may_come_and_go)
{
	char path[96];
	snprintf(path, sizeof path, "%s/a", dir);
	ck_assert_int_eq(unlink(path), 0);
	expect("a0 a  ?;a1 b y +;");
	put_file("a", "z");
	expect("a0 a z +;");
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0); /* must not block */
	expect("a0 a  ?;");
	stop_cleanly();
}

END_TEST

static void set_age(const char *name, time_t age_s)
{
	char path[96];
	const struct timespec then[2] = { { .tv_nsec = UTIME_OMIT },
		{ .tv_sec = time(NULL) - age_s } };
	snprintf(path, sizeof path, "%s/%s", dir, name);
	ck_assert_int_eq(utimensat(AT_FDCWD, path, then, 0), 0);
}

/* Who writes a file anew may have made it empty a moment ago. */
START_TEST(an_empty_file_is_there_when_it_stays_empty)
{
	put_file("a", "");
	set_age("a", -3600);
	expect("a0 a  ?;");
	set_age("a", 3600);
	expect("a0 a  +;");
	stop_cleanly();
}

END_TEST

START_TEST(what_others_can_write_is_not_trusted)
{
	char path[96];
	snprintf(path, sizeof path, "%s/a", dir);
	ck_assert_int_eq(chmod(path, 0620), 0);
	expect("a0 a x -;");
	stop_cleanly();
}

END_TEST

START_TEST(a_large_file_is_empty)
{
	char path[96];
	snprintf(path, sizeof path, "%s/a", dir);
	ck_assert_int_eq(truncate(path, PROC_FILE_MAX + 1), 0);
	expect("a0 a  ?;");
	stop_cleanly();
}

END_TEST

START_TEST(included_files_come_too)
{
	put_file("i", "included");
	put_file("j", "second");
	put_include("a", "i");
	expect("i0 i included +;");
	put_file("i", "again");
	expect("i0 i again +;");
	put_include("i", "j"); /* includes one itself */
	expect("i1 j second +;");
	put_file("a", "none");
	expect("i0   ?;i1   ?;");
	put_include("b", "j");
	expect("j second +;");
	stop_cleanly();
}

END_TEST

START_TEST(links_are_not_followed_from_includes)
{
	char path[96], target[96];
	snprintf(path, sizeof path, "%s/l", dir);
	snprintf(target, sizeof target, "%s/s", dir);
	ck_assert_int_eq(symlink(target, path), 0);
	put_include("a", "l");
	expect("i0 l  ?;");
	stop_cleanly();
}

END_TEST

START_TEST(a_reload_brings_the_files_of_the_new_configuration)
{
	struct row rows[32];
	size_t n;
	put_file("q", "other");
	write_options(routes + strcspn(routes, "\n") + 1);
	ck_assert(control((struct msg){ .type = MSG_CTL_RELOAD }, rows, &n));
	expect("|r0 r one +;s0 s secret +;a0");
	stop_cleanly();
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("proc/files");
	TCase *t = tcase_create("files");
	tcase_add_checked_fixture(t, setup, fake_teardown);
	tcase_add_test(t, a_role_starts_with_its_files);
	tcase_add_test(t, what_changes_comes_again);
	tcase_add_test(t, a_file_may_come_and_go);
	tcase_add_test(t, an_empty_file_is_there_when_it_stays_empty);
	tcase_add_test(t, what_others_can_write_is_not_trusted);
	tcase_add_test(t, a_large_file_is_empty);
	tcase_add_test(t, included_files_come_too);
	tcase_add_test(t, links_are_not_followed_from_includes);
	tcase_add_test(t, a_reload_brings_the_files_of_the_new_configuration);
	suite_add_tcase(s, t);
	return s;
}

FAKE_MAIN(fake, build)
