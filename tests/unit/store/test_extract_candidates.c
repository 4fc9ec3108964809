/* Candidates are all messages that match, and the few that nobody knows of. */
#include "store/search/extract.h"
#include "store/search/extract_files.h"
#include "store_fixture.h"

enum {
	MESSAGES = 300
};

static void append(uint32_t mailbox, const char *body)
{
	struct buf m;
	buf_init(&m, 4 << 20);
	buf_printf(&m, "Subject: x\r\n\r\n%s\r\n", body);
	struct append item = { .mailbox = mailbox,
		.source = { .mem = buf_view(&m), .fd = -1 },
		.internaldate = { test_now_s++, 0 } };
	struct append_result result;
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	ck_assert_int_eq(result.error, 0);
	buf_deinit(&m);
}

static uint32_t inbox(void)
{
	return box_named(V("INBOX")).id;
}

static void build_all(void)
{
	bool more = true;
	while (more)
		extract_build(store, 20, &more);
	ck_assert_uint_eq(extract_lag(store), 0);
}

/* A text of 8 KiB, so that there are some segments. */
static void put_text(unsigned number, struct buf *out)
{
	size_t end = buf_len(out) + 8000;
	buf_put(out, V("Subject: x\r\n\r\n"));
	for (unsigned i = 0; buf_len(out) < end; i++)
		buf_printf(out, "common words %u %u\r\n", number, i);
	buf_printf(out, "unique%u;\r\n", number);
}

static void fill(unsigned n)
{
	static struct append items[MESSAGES];
	static struct append_result results[MESSAGES];
	size_t ends[MESSAGES + 1] = { 0 };
	uint32_t mailbox = inbox();
	struct buf all;
	buf_init(&all, 8 << 20);
	for (unsigned i = 0; i < n; i++) {
		put_text(i + 1, &all);
		ends[i + 1] = buf_len(&all);
	}
	for (unsigned i = 0; i < n; i++) {
		struct view v =
		    view_slice(buf_view(&all), ends[i], ends[i + 1]);
		items[i] = (struct append){ .mailbox = mailbox,
			.source = { .mem = v, .fd = -1 },
			.internaldate = { test_now_s++, 0 } };
	}
	ck_assert_int_eq(message_append(store, items, n, results), 0);
	buf_deinit(&all);
}

static bool find(const char *needle, uint64_t asked, struct uidset *out)
{
	struct extract_reader r;
	struct extract_query q;
	struct extract_candidates c;
	struct store_txn t;
	bool useful = true;
	uidset_clear(out);
	extract_reader_init(&r, store);
	extract_query_init(&q, EXTRACT_BODY, view_of(needle), V_NONE);
	extract_candidates_init(&c, &q, 1, inbox(), asked);
	while (useful && !c.done) {
		ck_assert_int_eq(store_read(store, &t), 0);
		useful = extract_candidates_next(&c, &r, &t, out);
		extract_reader_end(&r);
		store_end(&t);
	}
	return useful;
}

static void check_found(const char *needle, const char *want)
{
	struct uidset found;
	struct buf got;
	uidset_init(&found);
	buf_init(&got, 4096);
	ck_assert(find(needle, MESSAGES, &found));
	uidset_put(&got, &found);
	ck_assert_view_eq(buf_view(&got), view_of(want));
	buf_deinit(&got);
	uidset_deinit(&found);
}

static bool is_useful(const char *needle, uint64_t asked)
{
	struct uidset found;
	uidset_init(&found);
	bool useful = find(needle, asked, &found);
	uidset_deinit(&found);
	return useful;
}

START_TEST(finds_those_that_match)
{
	fill(MESSAGES);
	build_all();
	check_found("unique7;", "7");
	check_found("nique300;", "300");
	check_found("nothing like it", "");
	check_found("unique29", "29,290:299");
}

END_TEST

START_TEST(not_where_it_does_not_pay)
{
	fill(MESSAGES);
	ck_assert(!is_useful("unique7;", MESSAGES)); /* no extracts */
	build_all();
	ck_assert(is_useful("unique7;", MESSAGES));
	ck_assert(!is_useful("unique7;", 10));
	ck_assert(!is_useful("uni", MESSAGES));
	fill(MESSAGES);
	fill(MESSAGES); /* so many segments that it is known to be common */
	build_all();
	ck_assert(is_useful("unique7;", MESSAGES));
	ck_assert(!is_useful("common words", MESSAGES));
}

END_TEST

START_TEST(new_ones_count)
{
	fill(MESSAGES);
	build_all();
	append(inbox(), "new");
	append(box_create(V("other")), "new");
	append(inbox(), "unique7;");
	check_found("unique7;", "7,301:302");
	build_all();
	check_found("unique7;", "7,302");
}

END_TEST

START_TEST(cut_ones_count)
{
	struct buf text;
	buf_init(&text, 2 << 20);
	while (buf_len(&text) < EXTRACT_OCTETS_MAX)
		buf_put(&text, V("a long text\r\n"));
	buf_put_char(&text, '\0');
	append(inbox(), buf_view(&text).p);
	buf_deinit(&text);
	fill(MESSAGES);
	build_all();
	check_found("unique7;", "1,8");
}

END_TEST

/* Markup without a text ends somewhere, too. */
START_TEST(much_markup_is_cut)
{
	struct buf m;
	buf_init(&m, 8 << 20);
	buf_put(&m, V("Content-Type: text/html\r\n\r\n"));
	while (buf_len(&m) < EXTRACT_INPUT_MAX + 65536)
		buf_put(&m, V("<p class=\"a long name of a class\"></p>\r\n"));
	buf_put(&m, V("unique99;"));
	struct append item = { .mailbox = inbox(),
		.source = { .mem = buf_view(&m), .fd = -1 },
		.internaldate = { test_now_s++, 0 } };
	struct append_result result;
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	buf_deinit(&m);
	fill(MESSAGES);
	build_all();
	check_found("unique99;", "1,100");
}

END_TEST

/* An object with several rows, one in another mailbox, and none any more. */
START_TEST(rows_of_the_mailbox)
{
	struct uidset uids, gone, from, to;
	uint32_t other = box_create(V("other"));
	uidset_init(&uids);
	uidset_init(&gone);
	uidset_init(&from);
	uidset_init(&to);
	fill(MESSAGES);
	append(other, "unique7;");
	build_all();
	ck_assert_int_eq(uidset_add(&uids, 7, 8), 0);
	ck_assert_int_eq(
	    message_copy(store, inbox(), &uids, inbox(), &from, &to), 0);
	check_found("unique7;", "7,301");
	ck_assert_int_eq(
	    message_expunge(store, inbox(), &uids, false, &gone), 0);
	check_found("unique7;", "301");
	check_found("unique8;", "302");
	ck_assert_int_eq(
	    message_move(store, inbox(), &to, other, &from, &gone), 0);
	check_found("unique8;", "");
	uidset_deinit(&uids);
	uidset_deinit(&gone);
	uidset_deinit(&from);
	uidset_deinit(&to);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/extract_candidates");
	TCase *t = tcase_create("candidates");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, finds_those_that_match);
	tcase_add_test(t, not_where_it_does_not_pay);
	tcase_add_test(t, new_ones_count);
	tcase_add_test(t, cut_ones_count);
	tcase_add_test(t, much_markup_is_cut);
	tcase_add_test(t, rows_of_the_mailbox);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
