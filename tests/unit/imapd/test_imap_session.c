/* Mailboxes that are larger than one step of a command: answers come in
 * pieces, in order, and complete. */
#include "base/clock.h"
#include "imapd/imap_session.h"
#include "suite.h"
#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

enum {
	MESSAGES = 2500,
	MARK = 8192
};

static char dir[64];
static struct store *store;
static struct imap_session *session;
static struct buf out, all;
static unsigned n_turns, n_full;
static struct log_ctx log_ctx;

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

static void fill(void)
{
	static struct append items[MESSAGES];
	static struct append_result results[MESSAGES];
	static char texts[MESSAGES][64];
	struct store_txn t;
	struct mailbox m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, V("INBOX"), &m), 0);
	store_end(&t);
	for (int i = 0; i < MESSAGES; i++) {
		int n = snprintf(texts[i], sizeof texts[i],
		    "Subject: number %d\r\n\r\nBody %d\r\n", i + 1, i + 1);
		items[i] = (struct append){ .mailbox = m.id,
			.source = { .mem = { texts[i], (size_t)n }, .fd = -1 },
			.flags = i % 2 ? MESSAGE_DELETED : 0 };
	}
	ck_assert_int_eq(message_append(store, items, MESSAGES, results), 0);
}

static void set_up(void)
{
	static const struct imap_ops ops = { on_finish, on_timeout, on_again };
	struct store_options options = { .create = true };
	snprintf(dir, sizeof dir, "/tmp/mailcore-session.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(store_open(dir, &options, &store), 0);
	fill();
	buf_init(&out, MARK + IMAP_OUT_ROOM);
	buf_init(&all, 8 << 20);
	session = imap_session_new(&(struct imap_options){ .store = store,
	    .out = &out,
	    .out_mark = MARK,
	    .command_max = 65536,
	    .append_max = 1 << 20,
	    .now_s = clock_wall_s,
	    .log = &log_ctx,
	    .ops = &ops });
}

static void tear_down(void)
{
	char path[512];
	static const char *const files[] = { "data.mdb", "data.mdb-lock",
		"search.mdb", "search.mdb-lock", "search.state", "wake", "." };
	imap_session_free(&session);
	store_close(&store);
	buf_deinit(&out);
	buf_deinit(&all);
	for (size_t i = 0; i < 7; i++) {
		snprintf(path, sizeof path, "%s/%s", dir, files[i]);
		(void)remove(path);
	}
	rmdir(dir);
}

/* All that a command says; the output never grows far above its mark. */
static struct view ask(const char *command)
{
	struct view in = view_of(command);
	buf_reset(&all);
	n_turns = n_full = 0;
	ck_assert_uint_eq(imap_session_input(session, in), in.n);
	for (;;) {
		ck_assert_uint_lt(buf_len(&out), MARK + 4096);
		buf_put(&all, buf_view(&out));
		buf_reset(&out);
		if (!session->step)
			break;
		n_full++;
		imap_session_more(session);
	}
	return buf_view(&all);
}

static unsigned count_lines(struct view v, struct view end)
{
	struct view line;
	unsigned n = 0;
	while (view_cut(&v, '\n', &line))
		n += line.n >= end.n &&
		     view_eq(view_skip(line, line.n - end.n), end);
	return n;
}

static bool ends(struct view v, struct view end)
{
	return v.n >= end.n && view_eq(view_skip(v, v.n - end.n), end);
}

START_TEST(fetches_rows_in_pieces)
{
	ask("a SELECT INBOX\r\n");
	struct view got = ask("b UID FETCH 1:* FLAGS\r\n");
	ck_assert_uint_eq(count_lines(got, V("))\r")), MESSAGES);
	ck_assert_uint_gt(n_full, 5);
	ck_assert(view_starts(got, V("* 1 FETCH (UID 1 ")));
	ck_assert(ends(got, V("b OK Done\r\n")));
}

END_TEST

START_TEST(fetches_bodies_in_pieces)
{
	ask("a SELECT INBOX\r\n");
	struct view got = ask("b FETCH 1:* BODY[TEXT]\r\n");
	ck_assert_uint_gt(n_full, 5);
	ck_assert(view_find(got, V("Body 2500\r\n")) < got.n);
	ck_assert_uint_eq(
	    count_lines(ask("c FETCH 1:* FLAGS\r\n"), V("\\Recent))\r")),
	    MESSAGES);
	ck_assert_view_eq(
	    ask("d SEARCH UNSEEN\r\n"), V("* SEARCH\r\nd OK Done\r\n"));
}

END_TEST

START_TEST(stores_in_slices)
{
	ask("a SELECT INBOX\r\n");
	struct view got = ask("b STORE 1:* +FLAGS ($Label)\r\n");
	ck_assert_uint_eq(count_lines(got, V("$Label))\r")), MESSAGES);
	ck_assert(ends(got, V("b OK Done\r\n")));
	/* Own changes are not told again. */
	ck_assert_view_eq(ask("c NOOP\r\n"), V("c OK Done\r\n"));
	ck_assert_view_eq(
	    ask("d STORE 1:* FLAGS.SILENT ()\r\n"), V("d OK Done\r\n"));
	ck_assert_view_eq(ask("e NOOP\r\n"), V("e OK Done\r\n"));
}

END_TEST

/* Every second message: as many ranges as messages. */
START_TEST(expunges_in_pieces)
{
	ask("a SELECT INBOX\r\n");
	struct view got = ask("b EXPUNGE\r\n");
	ck_assert_uint_eq(count_lines(got, V(" EXPUNGE\r")), MESSAGES / 2);
	ck_assert_uint_gt(n_full, 1);
	ck_assert(view_starts(got, V("* 2500 EXPUNGE\r\n* 2498 EXPUNGE\r\n")));
	ck_assert(ends(got, V("* 2 EXPUNGE\r\nb OK Expunged\r\n")));
	got = ask("c UID SEARCH UID 1:7\r\n");
	ck_assert_view_eq(got, V("* SEARCH 1 3 5 7\r\nc OK Done\r\n"));
	got = ask("d FETCH 1250 UID\r\n");
	ck_assert_view_eq(got, V("* 1250 FETCH (UID 2499)\r\nd OK Done\r\n"));
}

END_TEST

START_TEST(moves_all)
{
	ask("a SELECT INBOX\r\n");
	ask("b CREATE there\r\n");
	struct view got = ask("c MOVE 1:* there\r\n");
	ck_assert(view_find(got, V(" 1:2500 1:2500] Moved\r\n")) < got.n);
	ck_assert_uint_eq(count_lines(got, V(" EXPUNGE\r")), MESSAGES);
	got = ask("d STATUS there (MESSAGES)\r\n");
	ck_assert_view_eq(
	    got, V("* STATUS there (MESSAGES 2500)\r\nd OK Done\r\n"));
}

END_TEST

/* What an idle session holds: RFC 2177 clients wait for hours. */
START_TEST(idles_without_memory)
{
	ask("a SELECT INBOX\r\n");
	ask("b FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])\r\n");
	ask("c SEARCH BODY nothing\r\n");
	ck_assert_ptr_null(session->arena.blocks);
	ck_assert_ptr_null(session->spill.p);
	ck_assert_ptr_null(session->code.p);
	ck_assert_ptr_null(session->set.ranges);
	ck_assert_ptr_null(session->found.ranges);
	for (int i = 0; i < IMAP_SCRATCHES; i++)
		ck_assert_ptr_null(session->scratch[i].p);
	ck_assert_ptr_null(session->reader.command.p);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("imapd/imap_session");
	TCase *t = tcase_create("imap_session");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, fetches_rows_in_pieces);
	tcase_add_test(t, fetches_bodies_in_pieces);
	tcase_add_test(t, stores_in_slices);
	tcase_add_test(t, expunges_in_pieces);
	tcase_add_test(t, moves_all);
	tcase_add_test(t, idles_without_memory);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
