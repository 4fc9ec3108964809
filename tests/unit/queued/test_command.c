/* Commands of aliases: words, what their end means, and messages as programs
 * and files have them. */
#include "base/buf.h"
#include "queued/local/command.h"
#include "queued/local/mbox.h"
#include "queued/loop.h"
#include "suite.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct words_case {
	struct view text;
	const char *want; /* words, "|" between; NULL: cannot be read */
};

static const struct words_case words_cases[] = {
	{ V_INIT("/bin/cat"), "/bin/cat" },
	{ V_INIT("  /bin/cat  -u\ta "), "/bin/cat|-u|a" },
	{ V_INIT("/bin/x \"a b\" 'c d'"), "/bin/x|a b|c d" },
	{ V_INIT("/bin/x a\"b c\"d"), "/bin/x|ab cd" },
	{ V_INIT("/bin/x \"\" ''"), "/bin/x||" },
	{ V_INIT("/bin/x \"a\\\"b\" 'c\\d' e\\ f"), "/bin/x|a\"b|c\\d|e f" },
	{ V_INIT("/bin/x $HOME *.c ; rm > y `z` \\$a"),
	    "/bin/x|$HOME|*.c|;|rm|>|y|`z`|$a" },
	{ V_INIT("/bin/x \\"), "/bin/x|\\" },
	{ V_INIT("/bin/x \"a"), NULL },
	{ V_INIT("/bin/x 'a"), NULL },
	{ V_INIT("cat"), NULL },
	{ V_INIT(""), NULL },
	{ V_INIT("  "), NULL },
	{ V_INIT("\"\""), NULL },
	{ V_INIT("/bin/x a\0b"), NULL },
	{ V_INIT("/1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 "
		 "7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 "
		 "5 6 7 8 9"),
	    NULL },
};

START_TEST(splits_words)
{
	const struct words_case *c = &words_cases[_i];
	struct command_words w;
	struct buf out;
	struct view in = exact_copy(c->text);
	int error = command_split(in, &w);
	exact_free(in);
	ck_assert_int_eq(error == 0, c->want != NULL);
	if (error)
		return;
	buf_init(&out, 4096);
	for (size_t i = 0; i < w.n; i++)
		buf_printf(&out, "%s%s", i ? "|" : "", w.argv[i]);
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	ck_assert_ptr_null(w.argv[w.n]);
	buf_deinit(&out);
}

END_TEST

struct end_case {
	int status; /* as waitpid has it */
	bool timed_out;
	const char *line;
	enum deliver_status want;
	const char *text;
};

#define EXIT(code) ((code) << 8)
#define OK DELIVER_STATUS_OK
#define TEMP DELIVER_STATUS_TEMP
#define PERM DELIVER_STATUS_PERM

static const struct end_case end_cases[] = {
	{ EXIT(0), false, "", OK, "2.0.0" },
	{ EXIT(0), false, "5.1.1 chatter", OK, "2.0.0" },
	{ EXIT(1), false, "", PERM, "5.3.0 the command ended with code 1" },
	{ EXIT(1), false, "out of\tink", PERM,
	    "5.3.0 the command ended with code 1: out of?ink" },
	{ EXIT(64), false, "", PERM, "5.3.5" },
	{ EXIT(65), false, "", PERM, "5.6.0" },
	{ EXIT(67), false, "", PERM, "5.1.1" },
	{ EXIT(70), false, "", PERM, "5.3.0" },
	{ EXIT(71), false, "", TEMP, "4.3.0" },
	{ EXIT(73), false, "", TEMP, "4.2.0" },
	{ EXIT(74), false, "", TEMP, "4.3.0" },
	{ EXIT(75), false, "", TEMP, "4.3.0" },
	{ EXIT(77), false, "", PERM, "5.7.0" },
	{ EXIT(78), false, "", PERM, "5.3.5" },
	{ EXIT(126), false, "", TEMP, "4.3.5" },
	{ EXIT(127), false, "", TEMP, "4.3.5" },
	{ EXIT(255), false, "", PERM, "5.3.0" },
	{ EXIT(75), false, "5.2.1 gone for good", PERM, "5.2.1 gone for good" },
	{ EXIT(1), false, "4.2.2 full", TEMP, "4.2.2 full" },
	{ EXIT(1), false, "2.0.0 fine", PERM, "5.3.0" },
	{ 9, false, "", TEMP, "4.3.0 the command was ended by signal 9" },
	{ 11, false, "5.1.1 x", TEMP, "4.3.0" },
	{ EXIT(0), true, "", TEMP, "4.3.0 the command took too long" },
};

START_TEST(tells_what_an_end_means)
{
	const struct end_case *c = &end_cases[_i];
	struct outcome o;
	command_outcome(c->status, c->timed_out, view_of(c->line), &o);
	ck_assert_int_eq(o.status, c->want);
	ck_assert_msg(
	    view_starts(view_of(o.text), view_of(c->text)), "%s", o.text);
}

END_TEST

static int collect(void *ctx, struct view v)
{
	buf_put(ctx, v);
	return buf_error(ctx);
}

struct mail_case {
	struct view body;
	bool is_mbox;
	const char *want;
};

#define HEAD                                                                   \
	"From s@a.example Tue Nov 14 22:13:20 2023\nReturn-Path: "             \
	"<s@a.example>\nX-Original-To: o@b.example\nDelivered-To: "            \
	"r@b.example\n"

static const struct mail_case mail_cases[] = {
	{ V_INIT("A: b\r\n\r\nx\r\n"), false, HEAD "A: b\n\nx\n" },
	{ V_INIT("A: b\r\n\r\nx"), false, HEAD "A: b\n\nx\n" },
	{ V_INIT("A: b\r\n\r\nFrom x\r\n"), false, HEAD "A: b\n\nFrom x\n" },
	{ V_INIT("A: b\r\n\r\nFrom x\r\n>From y\r\n>>From\r\nxFrom z\r\n"),
	    true, HEAD "A: b\n\n>From x\n>>From y\n>>From\nxFrom z\n\n" },
	{ V_INIT("a\rb\r\r\nc\r\n"), false, HEAD "a\rb\r\nc\n" },
	{ V_INIT(""), true, HEAD "\n" },
};

static struct unix_mail mail_of(struct view body, bool is_mbox)
{
	return (struct unix_mail){ .sender = V("s@a.example"),
		.recipient = V("r@b.example"),
		.origin = V("o@b.example"),
		.received_s = 1700000000,
		.body = body,
		.fd = -1,
		.is_mbox = is_mbox };
}

START_TEST(writes_mail_as_unix_has_it)
{
	const struct mail_case *c = &mail_cases[_i];
	struct view body = exact_copy(c->body);
	struct unix_mail m = mail_of(body, c->is_mbox);
	struct buf out;
	buf_init(&out, 1 << 16);
	ck_assert_int_eq(unix_mail_write(&m, collect, &out), 0);
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	buf_deinit(&out);
	exact_free(body);
}

END_TEST

/* "From " lines at every place around the border of two pieces. */
START_TEST(quotes_across_pieces)
{
	struct buf body, one, two;
	char path[] = "/tmp/mailcore-test-XXXXXX";
	int fd = mkstemp(path);
	unlink(path);
	buf_init(&body, 1 << 20);
	buf_init(&one, 1 << 20);
	buf_init(&two, 1 << 20);
	for (int i = 0; i < 32768 - 40 + _i; i++)
		buf_put_char(&body, 'x');
	buf_put_cstr(&body, "\r\nFrom 1\r\n>>From 2\r\n>From 3\r\n");
	struct unix_mail m = mail_of(buf_view(&body), true);
	ck_assert_int_eq(unix_mail_write(&m, collect, &one), 0);
	ck_assert(
	    view_find(buf_view(&one),
		V("x\n>From 1\n>>>From 2\n>>From 3\n\n")) < buf_len(&one));
	ck_assert(write(fd, buf_view(&body).p, buf_len(&body)) ==
		  (ssize_t)buf_len(&body));
	m.fd = fd;
	m.size = buf_len(&body);
	ck_assert_int_eq(unix_mail_write(&m, collect, &two), 0);
	ck_assert(view_eq(buf_view(&one), buf_view(&two)));
	m.size++;
	ck_assert_int_eq(unix_mail_write(&m, collect, &two), MC_E_CORRUPT);
	close(fd);
	buf_deinit(&body);
	buf_deinit(&one);
	buf_deinit(&two);
}

END_TEST

START_TEST(sees_a_loop)
{
	struct unix_mail m =
	    mail_of(V("A: b\r\nDelivered-To: x@b.example\r\ndelivered-to: "
		      "R@B.example\r\n\r\nx\r\n"),
		false);
	ck_assert(loop_was_delivered(m.body, -1, 0, m.recipient));
	m.body = V("A: b\r\nDelivered-To: xr@b.example\r\n\r\n"
		   "Delivered-To: r@b.example\r\n");
	ck_assert(!loop_was_delivered(m.body, -1, 0, m.recipient));
}

END_TEST

static char dir[64], file[128];

static void make_dir(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/box", dir);
}

static void drop_dir(void)
{
	char path[160];
	static const char *const names[] = { "box", "box.lock", "other" };
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

static enum deliver_status append(void)
{
	struct unix_mail m = mail_of(V("A: b\r\n\r\nx\r\n"), true);
	struct outcome o = { .status = PERM };
	mbox_append(view_of(file), &m, &o);
	return o.status;
}

static size_t file_size(void)
{
	struct stat st;
	return stat(file, &st) == 0 ? (size_t)st.st_size : 0;
}

START_TEST(appends_to_a_file)
{
	size_t one = sizeof(HEAD "A: b\n\nx\n\n") - 1;
	ck_assert_int_eq(append(), OK);
	ck_assert_uint_eq(file_size(), one);
	ck_assert_int_eq(append(), OK);
	ck_assert_uint_eq(file_size(), 2 * one);
}

END_TEST

START_TEST(takes_no_link_for_a_file)
{
	char other[128];
	snprintf(other, sizeof other, "%s/other", dir);
	ck_assert_int_eq(append(), OK);
	ck_assert_int_eq(link(file, other), 0);
	ck_assert_int_eq(append(), TEMP);
	unlink(file);
	ck_assert_int_eq(symlink(other, file), 0);
	ck_assert_int_eq(append(), TEMP);
	unlink(file);
	ck_assert_int_eq(mkdir(file, 0700), 0);
	ck_assert_int_eq(append(), TEMP);
	rmdir(file);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	ck_assert_int_eq(append(), TEMP);
}

END_TEST

/* Nothing of a message that could not be written whole. */
START_TEST(takes_half_a_message_back)
{
	struct unix_mail m = mail_of(V(""), true);
	struct outcome o;
	ck_assert_int_eq(append(), OK);
	size_t before = file_size();
	m.fd = open(file, O_RDONLY);
	m.size = before + 5;
	mbox_append(view_of(file), &m, &o);
	ck_assert_int_eq(o.status, TEMP);
	ck_assert_uint_eq(file_size(), before);
	close(m.fd);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("command");
	TCase *t = tcase_create("command");
	tcase_add_loop_test(
	    t, splits_words, 0, sizeof words_cases / sizeof words_cases[0]);
	tcase_add_loop_test(t, tells_what_an_end_means, 0,
	    sizeof end_cases / sizeof end_cases[0]);
	tcase_add_loop_test(t, writes_mail_as_unix_has_it, 0,
	    sizeof mail_cases / sizeof mail_cases[0]);
	tcase_add_loop_test(t, quotes_across_pieces, 0, 64);
	tcase_add_test(t, sees_a_loop);
	suite_add_tcase(s, t);
	t = tcase_create("files");
	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, appends_to_a_file);
	tcase_add_test(t, takes_no_link_for_a_file);
	tcase_add_test(t, takes_half_a_message_back);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
