/* Forward files: what they say, and which ones count. */
#include "base/buf.h"
#include "queued/local/forward_file.h"
#include "suite.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char home[64], path[96], other[96];
static struct buf told;

static void on_target(
    void *ctx, enum leaf_kind kind, bool is_final, struct view text)
{
	(void)ctx;
	buf_printf(&told, "%s%s%.*s;", leaf_is_command(kind) ? "|" : "",
	    is_final ? "\\" : "", (int)text.n, text.p);
}

static void setup(void)
{
	snprintf(home, sizeof home, "/tmp/mailcore-forward-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	snprintf(path, sizeof path, "%s/.forward", home);
	snprintf(other, sizeof other, "%s/other", home);
	buf_init(&told, 1 << 20);
}

static void teardown(void)
{
	buf_deinit(&told);
	unlink(path);
	rmdir(path);
	unlink(other);
	rmdir(home);
}

static void write_file(const char *name, struct view text)
{
	FILE *f = fopen(name, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(text.p, 1, text.n, f), text.n);
	fclose(f);
	ck_assert_int_eq(chmod(name, 0644), 0);
}

static struct forward_reader reader(void)
{
	return (struct forward_reader){
		.home = home, .file = ".forward", .on_target = on_target
	};
}

static void expect(enum forward_status want, const char *why)
{
	struct forward_reader r = reader();
	enum forward_status status = forward_file_read(&r);
	ck_assert_msg(status == want, "%d: %s", status, r.why);
	ck_assert_msg(strstr(r.why, why) != NULL, "%s", r.why);
}

struct text_case {
	const char *text;
	enum forward_status status;
	const char *want; /* what it names, or why it does not count */
};

static const struct text_case texts[] = {
	{ "", FORWARD_NONE, "" },
	{ "# nothing\n\n  \n,,\n", FORWARD_NONE, "" },
	{ "a@b.example", FORWARD_OK, "a@b.example;" },
	{ "a@b.example\r\nbert, Carl <carl>\n", FORWARD_OK,
	    "a@b.example;bert;carl;" },
	{ "\\anna, |/bin/x a\n", FORWARD_OK, "\\anna;|/bin/x a;" },
	{ "\"|/bin/x a, b\"\n/home/anna/box\n", FORWARD_OK,
	    "|/bin/x a, b;/home/anna/box;" },
	{ "a,\n b\n# c\n", FORWARD_OK, "a;b;" },
	{ "a\nb\n\"c\nd\n", FORWARD_BAD, ".forward:3: a quote is not closed" },
	{ "|\n", FORWARD_BAD, ".forward:1: an empty command" },
	{ "a b\n", FORWARD_BAD, ".forward:1: commas go between targets" },
	{ "a\n:include:x\n", FORWARD_BAD, ".forward:2: :include: wants" },
	{ ":include:/no/such/file\n", FORWARD_BAD,
	    "/no/such/file: it is not there" },
	{ "a\n\001\n", FORWARD_BAD, ".forward:2: a control character" },
};

START_TEST(says_where_mail_goes)
{
	const struct text_case *c = &texts[_i];
	bool is_bad = c->status == FORWARD_BAD;
	write_file(path, view_of(c->text));
	expect(c->status, is_bad ? c->want : "");
	if (!is_bad)
		ck_assert_view_eq(buf_view(&told), view_of(c->want));
}

END_TEST

START_TEST(a_missing_one_is_none)
{
	struct forward_reader r = reader();
	expect(FORWARD_NONE, "");
	r.home = "/no/such/home";
	ck_assert_int_eq(forward_file_read(&r), FORWARD_TEMP);
	ck_assert_str_eq(
	    r.why, "4.2.0 /no/such/home: the home directory is not there");
	r.home = "relative";
	ck_assert_int_eq(forward_file_read(&r), FORWARD_BAD);
}

END_TEST

START_TEST(others_must_not_write_it)
{
	static const mode_t modes[] = { 0664, 0646, 0666 };
	write_file(path, V("a\n"));
	for (size_t i = 0; i < 3; i++) {
		ck_assert_int_eq(chmod(path, modes[i]), 0);
		expect(FORWARD_BAD, ".forward: others can write it");
	}
	ck_assert_int_eq(chmod(path, 0600), 0);
	expect(FORWARD_OK, "");
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown(path, 65534, 65534), 0);
	expect(FORWARD_BAD, ".forward: it is another user's");
}

END_TEST

START_TEST(it_must_be_a_regular_file)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
	expect(FORWARD_BAD, "not a regular file");
	ck_assert_int_eq(rmdir(path), 0);
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	expect(FORWARD_BAD, "not a regular file"); /* and at once */
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	expect(FORWARD_BAD, "not a regular file");
	ck_assert_int_eq(unlink(path), 0);
	write_file(other, V("a\n"));
	ck_assert_int_eq(symlink("other", path), 0);
	expect(FORWARD_OK, "");
}

END_TEST

START_TEST(it_may_be_so_long)
{
	static char text[FORWARD_FILE_MAX + 1];
	memset(text, '\n', sizeof text);
	text[0] = 'a';
	write_file(path, (struct view){ text, FORWARD_FILE_MAX });
	expect(FORWARD_OK, "");
	write_file(path, (struct view){ text, FORWARD_FILE_MAX + 1 });
	expect(FORWARD_BAD, "it is too large");
	for (size_t i = 0; i < 2 * FORWARD_TARGETS_MAX; i += 2)
		text[i] = 'a';
	write_file(path, (struct view){ text, FORWARD_FILE_MAX });
	expect(FORWARD_OK, "");
	text[2 * FORWARD_TARGETS_MAX] = 'a';
	write_file(path, (struct view){ text, FORWARD_FILE_MAX });
	expect(FORWARD_BAD, "it names too much");
}

END_TEST

START_TEST(includes_count_as_it_does)
{
	char text[200];
	int n = snprintf(text, sizeof text, "a, :include:%s\nb\n", other);
	write_file(path, (struct view){ text, (size_t)n });
	write_file(other, V("c\nd\n"));
	expect(FORWARD_OK, "");
	ck_assert_view_eq(buf_view(&told), V("a;c;d;b;"));
	write_file(other, V("c\n|\n"));
	expect(FORWARD_BAD, "other:2: an empty command");
	ck_assert_int_eq(chmod(other, 0666), 0);
	expect(FORWARD_BAD, "other: others can write it");
	/* Each may be long, all of them may not. */
	static char many[60 * 1024];
	memset(many, 'x', sizeof many);
	for (size_t i = 900; i < sizeof many; i += 900)
		many[i] = '\n';
	n = snprintf(text, sizeof text,
	    ":include:%s\n:include:%s\n:include:%s\n", other, other, other);
	write_file(path, (struct view){ text, (size_t)n });
	write_file(other, (struct view){ many, sizeof many });
	expect(FORWARD_BAD, "other: it names too much");
	/* In a circle, too. */
	n = snprintf(text, sizeof text, ":include:%s\n", other);
	write_file(other, (struct view){ text, (size_t)n });
	expect(FORWARD_BAD, "includes are nested too deep");
}

END_TEST

START_TEST(it_is_asked_what_it_names)
{
	struct forward_reader r = reader();
	ck_assert_int_eq(
	    forward_file_names(&r, LEAF_COMMAND, V("/bin/x y")), FORWARD_NONE);
	write_file(path, V("|/bin/x y, /box\n"));
	ck_assert_int_eq(
	    forward_file_names(&r, LEAF_COMMAND, V("/bin/x y")), FORWARD_OK);
	ck_assert_int_eq(
	    forward_file_names(&r, LEAF_FILE, V("/box")), FORWARD_OK);
	ck_assert_int_eq(
	    forward_file_names(&r, LEAF_COMMAND, V("/bin/x")), FORWARD_NONE);
	ck_assert_int_eq(
	    forward_file_names(&r, LEAF_COMMAND, V("/box")), FORWARD_NONE);
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(
	    forward_file_names(&r, LEAF_FILE, V("/box")), FORWARD_BAD);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/forward_file");
	TCase *t = tcase_create("forward_file");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, says_where_mail_goes, 0, sizeof texts / sizeof texts[0]);
	tcase_add_test(t, a_missing_one_is_none);
	tcase_add_test(t, others_must_not_write_it);
	tcase_add_test(t, it_must_be_a_regular_file);
	tcase_add_test(t, it_may_be_so_long);
	tcase_add_test(t, includes_count_as_it_does);
	tcase_add_test(t, it_is_asked_what_it_names);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
