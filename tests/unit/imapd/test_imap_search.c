/* SEARCH says the same whether texts were extracted or not. */
#include "base/clock.h"
#include "imapd/imap_session.h"
#include "store/search/extract.h"
#include "suite.h"
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct store *store;
static struct imap_session *session;
static struct buf out, all;
static unsigned n_turns;
static struct log_ctx log_ctx;
static uint32_t inbox, n_messages;

static void on_finish(void *ctx)
{
	(void)ctx;
}

static void on_timeout(void *ctx, uint32_t seconds)
{
	(void)ctx;
	(void)seconds;
}

static void on_again(void *ctx)
{
	(void)ctx;
	n_turns++;
}

static void append(struct view text)
{
	struct append item = { .mailbox = inbox,
		.source = { .mem = text, .fd = -1 },
		.internaldate = { 1700000000 + n_messages, 0 } };
	struct append_result result;
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	n_messages++;
}

static void append_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder))) {
		static char text[1 << 20];
		char name[512];
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		FILE *f = strstr(name, ".eml") ? fopen(name, "r") : NULL;
		if (!f)
			continue;
		append((struct view){ text, fread(text, 1, sizeof text, f) });
		fclose(f);
	}
	closedir(folder);
}

static void append_long(void)
{
	struct buf b;
	buf_init(&b, 2 << 20);
	buf_put(&b, V("Subject: long\r\nX-Empty:\r\n\r\n"));
	for (int i = 0; i < EXTRACT_OCTETS_MAX / 6; i++)
		buf_put(&b, V("line\r\n"));
	buf_put(&b, V("The very last words\r\n"));
	append(buf_view(&b));
	buf_deinit(&b);
}

static void set_up(void)
{
	static const struct imap_ops ops = { on_finish, on_timeout, on_again };
	struct store_options options = { .create = true };
	struct store_txn t;
	struct mailbox m;
	snprintf(dir, sizeof dir, "/tmp/mailcore-search.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(store_open(dir, &options, &store), 0);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, V("INBOX"), &m), 0);
	store_end(&t);
	inbox = m.id;
	n_messages = 0;
	buf_init(&out, 8192 + IMAP_OUT_ROOM);
	buf_init(&all, 8 << 20);
	session = imap_session_new(&(struct imap_options){ .store = store,
	    .out = &out,
	    .out_mark = 8192,
	    .command_max = 65536,
	    .append_max = 1 << 20,
	    .now_s = clock_wall_s,
	    .log = &log_ctx,
	    .ops = &ops });
}

static void path_in(const char *name, char path[512])
{
	snprintf(path, 512, "%s/%s", dir, name);
}

static void tear_down(void)
{
	static const char *const files[] = { "data.mdb", "data.mdb-lock",
		"wake", "search.mdb", "search.mdb-lock", "search.state", "." };
	imap_session_free(&session);
	store_close(&store);
	buf_deinit(&out);
	buf_deinit(&all);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[512];
		path_in(files[i], path);
		(void)remove(path);
	}
}

static struct view ask(const char *command)
{
	struct view in = view_of(command);
	buf_reset(&all);
	n_turns = 0;
	ck_assert_uint_eq(imap_session_input(session, in), in.n);
	for (;;) {
		buf_put(&all, buf_view(&out));
		buf_reset(&out);
		if (!session->step)
			break;
		imap_session_more(session);
	}
	return buf_view(&all);
}

/* A directory in the place of a file. */
static void without_extracts(void)
{
	char path[512];
	path_in("search.state", path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static bool has_extracts(void)
{
	char path[512];
	path_in("search.mdb", path);
	return access(path, F_OK) == 0;
}

static const char *const commands[] = {
	"a SEARCH BODY e\r\n",
	"a SEARCH BODY the\r\n",
	"a SEARCH TEXT mime-version\r\n",
	"a SEARCH TEXT \"version: 1\"\r\n",
	"a SEARCH FROM @\r\n",
	"a SEARCH FROM a\r\n",
	"a SEARCH TO com\r\n",
	"a SEARCH CC a\r\n",
	"a SEARCH BCC a\r\n",
	"a SEARCH SUBJECT \"\"\r\n",
	"a SEARCH SUBJECT e\r\n",
	"a SEARCH NOT SUBJECT e\r\n",
	"a SEARCH HEADER X-Empty \"\"\r\n",
	"a SEARCH HEADER X-Empty x\r\n",
	"a SEARCH HEADER Content-Type multipart\r\n",
	"a SEARCH HEADER content-TYPE MULTIPART\r\n",
	"a SEARCH HEADER \"content type\" x\r\n",
	"a SEARCH HEADER \"\" date\r\n",
	"a SEARCH HEADER Nosuch \"\"\r\n",
	"a SEARCH BODY \"\"\r\n",
	"a SEARCH TEXT \"\"\r\n",
	"a SEARCH NOT BODY a\r\n",
	"a SEARCH OR BODY line SUBJECT x\r\n",
	"a SEARCH BODY \"very last words\"\r\n",
	"a SEARCH NOT BODY \"very last words\"\r\n",
	"a SEARCH BODY \"no such words at all\"\r\n",
	"a SEARCH UNSEEN SENTSINCE 1-Jan-1999 OR (BODY e FROM a) LARGER 9\r\n",
	"a SEARCH CHARSET UTF-8 BODY \"\xc3\xa9\"\r\n",
	"a SEARCH CHARSET UTF-8 TEXT \"\xc3\x89\"\r\n",
	"a UID SEARCH 2:7 TEXT e\r\n",
	"a UID SEARCH UID 3:5,9 NOT TEXT zzz\r\n",
};

enum {
	COMMANDS = sizeof commands / sizeof *commands
};

/* The first time they are kept, then compared. */
static void answer_all(struct view answers[COMMANDS])
{
	ask("s SELECT INBOX\r\n");
	for (int i = 0; i < COMMANDS; i++) {
		struct view got = ask(commands[i]);
		ck_assert(view_starts(got, V("* SEARCH")));
		if (answers[i].p)
			ck_assert_view_eq(got, answers[i]);
		else
			answers[i] = exact_copy(got);
	}
}

static void fill(void)
{
	append_folder("vectors/mail/rfc");
	append_folder("vectors/mail/malformed");
	append_long();
	append(V("Subject: =?utf-8?q?caf=C3=89?=\r\n\r\ncaf\xc3\xa9\r\n"));
}

START_TEST(same_answers)
{
	struct view answers[COMMANDS] = { { NULL, 0 } };
	without_extracts();
	fill();
	answer_all(answers);
	ck_assert(!has_extracts());
	tear_down();
	set_up();
	fill();
	answer_all(answers);
	ck_assert(has_extracts());
	answer_all(answers);
	for (int i = 0; i < COMMANDS; i++)
		exact_free(answers[i]);
}

END_TEST

/* Also in another order than that of their arrival. */
START_TEST(same_answers_after_moves)
{
	static const char again[] = "b UID SEARCH BODY \"number 7\"\r\n";
	for (int i = 0; i < 300; i++) {
		char text[128];
		int n = snprintf(text, sizeof text,
		    "Subject: x\r\n\r\nnumber %d\r\n", i % 10);
		append((struct view){ text, (size_t)n });
	}
	ask("a SELECT INBOX\r\n");
	ask(again);
	for (int i = 100; i > 0; i--) {
		char command[64];
		snprintf(command, sizeof command, "c UID MOVE %d INBOX\r\n", i);
		ask(command);
	}
	struct view got = ask(again);
	struct buf want;
	buf_init(&want, 4096);
	buf_put(&want, V("* SEARCH"));
	for (unsigned i = 107; i < 300; i += 10)
		buf_printf(&want, " %u", i + 1);
	for (unsigned i = 0; i < 100; i++)
		if ((99 - i) % 10 == 7)
			buf_printf(&want, " %u", 301 + i);
	buf_put(&want, V("\r\nb OK Done\r\n"));
	ck_assert_view_eq(got, buf_view(&want));
	buf_deinit(&want);
}

END_TEST

/* RFC 5530: the client may want to know. */
START_TEST(says_that_some_are_gone)
{
	struct uidset uids, gone;
	if (_i)
		without_extracts();
	for (int i = 0; i < 100; i++)
		append(i == 50 ? V("Subject: x\r\n\r\nunlikely\r\n")
			       : V("Subject: x\r\n\r\nbody\r\n"));
	ask("a SELECT INBOX\r\n");
	ck_assert_view_eq(ask("b SEARCH BODY unlikely\r\n"),
	    V("* SEARCH 51\r\nb OK Done\r\n"));
	uidset_init(&uids);
	uidset_init(&gone);
	ck_assert_int_eq(uidset_add(&uids, 50, 51), 0);
	ck_assert_int_eq(message_expunge(store, inbox, &uids, false, &gone), 0);
	ck_assert_view_eq(ask("c SEARCH BODY unlikely\r\n"),
	    V("* SEARCH\r\n"
	      "c OK [EXPUNGEISSUED] Done, some messages are gone\r\n"));
	uidset_deinit(&uids);
	uidset_deinit(&gone);
}

END_TEST

/* What is read from the messages takes its time, and gives others theirs. */
START_TEST(reads_in_turns)
{
	without_extracts();
	for (int i = 0; i < 1500; i++)
		append(V("Subject: x\r\n\r\nbody\r\n"));
	append(V("Subject: x\r\n\r\nother\r\n"));
	ask("a SELECT INBOX\r\n");
	ck_assert_view_eq(ask("b SEARCH BODY other\r\n"),
	    V("* SEARCH 1501\r\nb OK Done\r\n"));
	ck_assert_uint_ge(n_turns, 2);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("imapd/imap_search");
	TCase *t = tcase_create("search");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, same_answers);
	tcase_add_test(t, same_answers_after_moves);
	tcase_add_loop_test(t, says_that_some_are_gone, 0, 2);
	tcase_add_test(t, reads_in_turns);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
