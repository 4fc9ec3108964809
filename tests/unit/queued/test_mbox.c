/* Files of aliases. */
#include "queued/local/mbox.h"
#include "suite.h"
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64], path[96], other[96];

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-mbox-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/box", dir);
	snprintf(other, sizeof other, "%s/other", dir);
}

static void teardown(void)
{
	unlink(path);
	unlink(other);
	ck_assert_int_eq(rmdir(dir), 0); /* no lock is left */
}

static void append(enum deliver_status status)
{
	struct outcome out = { .status = DELIVER_STATUS_PERM };
	const struct unix_mail mail = { .sender = V("a@b.example"),
		.recipient = V("box@c.example"),
		.origin = V("box@c.example"),
		.body = V("Subject: x\r\n\r\nFrom me\r\n"),
		.fd = -1,
		.is_mbox = true };
	mbox_append(view_of(path), &mail, &out);
	ck_assert_msg(out.status == status, "%d: %s", out.status, out.text);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static size_t read_file(char *out, size_t cap)
{
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(out, 1, cap - 1, f);
	fclose(f);
	out[n] = '\0';
	return n;
}

/* As a reader does it: "From " behind an empty line, or at the start. */
static unsigned count_messages(const char *text)
{
	unsigned n = strncmp(text, "From ", 5) == 0;
	while ((text = strstr(text, "\n\nFrom "))) {
		text += 2;
		n++;
	}
	return n;
}

START_TEST(appends)
{
	char text[4096];
	struct stat st;
	append(DELIVER_STATUS_OK);
	append(DELIVER_STATUS_OK);
	read_file(text, sizeof text);
	ck_assert_uint_eq(count_messages(text), 2);
	ck_assert_ptr_nonnull(strstr(text, "\n>From me\n\nFrom a@b.example "));
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
}

END_TEST

/* What a kill, or another program, left at its end. */
static const char *const ends[] = { "From x\n\nhalf of a li",
	"From x\n\nline\n", "From x\n\nline\n\n", "", "\n" };

START_TEST(a_message_begins_behind_an_empty_line)
{
	char text[4096];
	write_file(path, ends[_i]);
	append(DELIVER_STATUS_OK);
	append(DELIVER_STATUS_OK);
	read_file(text, sizeof text);
	ck_assert_msg(
	    strncmp(text, ends[_i], strlen(ends[_i])) == 0, "%s", text);
	unsigned before = strlen(ends[_i]) > 1;
	ck_assert_msg(count_messages(_i == 4 ? text + 1 : text) == 2 + before,
	    "%s", text);
	ck_assert_ptr_null(strstr(text, "\n\n\nFrom "));
}

END_TEST

START_TEST(takes_no_other_file)
{
	char text[64];
	write_file(other, "secret");
	if (_i == 0)
		ck_assert_int_eq(symlink(other, path), 0);
	else if (_i == 1)
		ck_assert_int_eq(link(other, path), 0);
	else
		ck_assert_int_eq(mkfifo(path, 0600), 0);
	append(DELIVER_STATUS_TEMP);
	if (_i < 2) {
		read_file(text, sizeof text);
		ck_assert_str_eq(text, "secret");
	}
}

END_TEST

START_TEST(throws_away)
{
	snprintf(path, sizeof path, "/dev/null");
	append(DELIVER_STATUS_OK);
	snprintf(path, sizeof path, "%s/box", dir);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/mbox");
	TCase *t = tcase_create("mbox");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, appends);
	tcase_add_loop_test(t, a_message_begins_behind_an_empty_line, 0, 5);
	tcase_add_loop_test(t, takes_no_other_file, 0, 3);
	tcase_add_test(t, throws_away);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
