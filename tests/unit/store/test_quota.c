/* Limits: what counts, where the edge is, who is told when. */
#include "store/quota.h"
#include "store_fixture.h"
#include <sys/wait.h>

enum {
	SIZE = 100, /* of each message */
	ITEMS = 5,
};

static char text[2 * SIZE + 1];
static unsigned n_warnings;
static struct quota_warning last_warning;

static void on_warning(void *ctx, const struct quota_warning *w)
{
	(void)ctx;
	n_warnings++;
	last_warning = *w;
}

static void put_warning(
    void *ctx, const struct quota_warning *w, struct buf *out)
{
	(void)ctx;
	buf_printf(out, "Subject: %u\r\n\r\nfull\r\n", w->percent);
}

static void limit(struct store_limits l)
{
	store_set_limits(store, &l);
}

static void quota_setup(void)
{
	setup();
	memset(text, 'x', sizeof text - 1);
	n_warnings = 0;
}

static struct append item(size_t n)
{
	return (struct append){ .mailbox = box_named(V("INBOX")).id,
		.source = { .mem = { text, n }, .fd = -1 } };
}

static int add(struct append a)
{
	struct append_result r;
	int error = message_append(store, &a, 1, &r);
	return error ? error : r.error;
}

static int deliver(size_t n, const char *id)
{
	struct append a = item(n);
	a.delivery_id = view_of(id);
	return add(a);
}

static struct store_totals totals(void)
{
	struct store_txn t;
	struct store_totals out;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(store_totals(&t, &out), 0);
	store_end(&t);
	return out;
}

static void expunge(uint32_t first, uint32_t last)
{
	struct uidset uids, gone;
	uidset_init(&uids);
	uidset_init(&gone);
	ck_assert_int_eq(uidset_add(&uids, first, last), 0);
	ck_assert_int_eq(message_expunge(store, box_named(V("INBOX")).id, &uids,
			     false, &gone),
	    0);
	uidset_deinit(&uids);
	uidset_deinit(&gone);
}

START_TEST(octets_fit_up_to_the_last_one)
{
	limit((struct store_limits){ .bytes = 3 * SIZE });
	ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_int_eq(add(item(SIZE + 1)), MC_E_OVERQUOTA);
	ck_assert_int_eq(store_check_room(store, SIZE + 1), MC_E_OVERQUOTA);
	ck_assert_int_eq(store_check_room(store, SIZE), 0);
	ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_int_eq(add(item(1)), MC_E_OVERQUOTA);
	ck_assert_uint_eq(totals().bytes, 3 * SIZE);
	ck_assert_uint_eq(totals().bytes_limit, 3 * SIZE);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 3);
}

END_TEST

START_TEST(messages_are_counted_too)
{
	limit((struct store_limits){ .messages = 2 });
	ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_int_eq(add(item(1)), MC_E_OVERQUOTA);
	ck_assert_int_eq(store_check_room(store, 1), MC_E_OVERQUOTA);
	limit((struct store_limits){ .messages = 3 });
	ck_assert_int_eq(add(item(1)), 0);
}

END_TEST

/* Each item for itself, in order: what is too large keeps out no other. */
START_TEST(a_batch_is_judged_item_by_item)
{
	static const size_t sizes[ITEMS] = { SIZE, 2 * SIZE, SIZE / 2, SIZE,
		SIZE / 2 };
	static const int expected[ITEMS] = { 0, MC_E_OVERQUOTA, 0,
		MC_E_OVERQUOTA, 0 };
	struct append items[ITEMS];
	struct append_result results[ITEMS];
	limit((struct store_limits){ .bytes = 2 * SIZE });
	for (unsigned i = 0; i < ITEMS; i++)
		items[i] = item(sizes[i]);
	ck_assert_int_eq(message_append(store, items, ITEMS, results), 0);
	for (unsigned i = 0; i < ITEMS; i++)
		ck_assert_int_eq(results[i].error, expected[i]);
	ck_assert_uint_eq(totals().bytes, 2 * SIZE);
	ck_assert_uint_eq(totals().messages, 3);
}

END_TEST

/* Nothing was written, so nobody needs a commit. */
START_TEST(a_full_account_writes_nothing)
{
	limit((struct store_limits){ .bytes = 1 });
	uint64_t before = store_last_change(store);
	struct append a = item(SIZE);
	const struct view keyword = V("new");
	a.keywords = &keyword;
	a.n_keywords = 1;
	ck_assert_int_eq(add(a), MC_E_OVERQUOTA);
	ck_assert_uint_eq(store_last_change(store), before);
}

END_TEST

START_TEST(expunged_messages_give_their_room_back)
{
	limit((struct store_limits){ .bytes = SIZE });
	ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_int_eq(add(item(SIZE)), MC_E_OVERQUOTA);
	expunge(1, 1);
	ck_assert_int_eq(add(item(SIZE)), 0);
}

END_TEST

/* RFC 9208 leaves it open; a copy costs a row of 64 octets, no message. */
START_TEST(copies_do_not_count)
{
	struct uidset uids, from, to;
	uint32_t work = box_create(V("Work"));
	limit((struct store_limits){ .bytes = SIZE, .messages = 1 });
	ck_assert_int_eq(add(item(SIZE)), 0);
	uidset_init(&uids);
	uidset_init(&from);
	uidset_init(&to);
	ck_assert_int_eq(uidset_add(&uids, 1, 1), 0);
	uint32_t inbox = box_named(V("INBOX")).id;
	ck_assert_int_eq(
	    message_copy(store, inbox, &uids, work, &from, &to), 0);
	ck_assert_int_eq(
	    message_move(store, inbox, &uids, work, &from, &to), 0);
	ck_assert_uint_eq(box_named(V("Work")).messages, 2);
	ck_assert_uint_eq(totals().bytes, SIZE);
	ck_assert_uint_eq(totals().messages, 1);
	uidset_deinit(&uids);
	uidset_deinit(&from);
	uidset_deinit(&to);
}

END_TEST

START_TEST(levels_of_a_name_are_mailboxes)
{
	static const struct mailbox_wish wishes[] = { { V_INIT("a"), 0 },
		{ V_INIT("new"), 0 }, { V_INIT("INBOX"), 0 } };
	struct mailbox m;
	struct store_txn t;
	limit((struct store_limits){ .mailboxes = 3 });
	ck_assert_int_eq(
	    mailbox_create(store, V("a/b/c"), 0, &m), MC_E_OVERQUOTA);
	ck_assert_uint_eq(totals().mailboxes, 1);
	ck_assert_int_eq(mailbox_create(store, V("a/b"), 0, &m), 0);
	ck_assert_int_eq(mailbox_create(store, V("c"), 0, &m), MC_E_OVERQUOTA);
	ck_assert_int_eq(
	    mailbox_rename(store, V("a/b"), V("d/e")), MC_E_OVERQUOTA);
	ck_assert_int_eq(mailbox_rename(store, V("a/b"), V("f")), 0);
	/* What is there is subscribed, what is not stays away. */
	ck_assert_int_eq(mailbox_provide(store, wishes, 3), 0);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert(mailbox_is_subscribed(&t, V("INBOX")));
	ck_assert(!mailbox_is_subscribed(&t, V("new")));
	store_end(&t);
	ck_assert_uint_eq(totals().mailboxes, 3);
	ck_assert_uint_eq(totals().mailboxes_limit, 3);
}

END_TEST

/* One last message, of a delivery only. */
START_TEST(a_delivery_has_grace)
{
	struct store_room room;
	limit((struct store_limits){ .bytes = SIZE + 1, .grace_bytes = 50 });
	ck_assert_int_eq(deliver(SIZE, "0123456789abcde0"), 0);
	ck_assert_int_eq(add(item(2)), MC_E_OVERQUOTA);
	ck_assert_int_eq(store_get_room(store, &room), 0);
	ck_assert_uint_eq(room.bytes, 1);
	ck_assert_uint_eq(room.delivery_bytes, 51);
	ck_assert_int_eq(deliver(52, "0123456789abcde1"), MC_E_OVERQUOTA);
	ck_assert_int_eq(deliver(51, "0123456789abcde1"), 0);
	ck_assert_int_eq(deliver(1, "0123456789abcde2"), MC_E_OVERQUOTA);
	/* It is there: that it would not fit now does not matter. */
	ck_assert_int_eq(deliver(SIZE, "0123456789abcde0"), 0);
	ck_assert_uint_eq(totals().messages, 2);
}

END_TEST

static const struct store_limits warning_limits = {
	.bytes = 10 * SIZE, .warn = { 50, 80 }, .on_warning = on_warning
};

/* Once each, also when the store was closed in between. */
START_TEST(a_threshold_is_told_once)
{
	for (unsigned i = 1; i <= 9; i++) {
		limit(warning_limits);
		ck_assert_int_eq(add(item(SIZE)), 0);
		ck_assert_uint_eq(n_warnings, i < 5 ? 0 : i < 8 ? 1 : 2);
		reopen();
	}
	ck_assert_uint_eq(last_warning.percent, 80);
	ck_assert_uint_eq(last_warning.used, 8 * SIZE);
	ck_assert_uint_eq(last_warning.limit, 10 * SIZE);
	ck_assert_str_eq(last_warning.resource, "STORAGE");
}

END_TEST

START_TEST(a_threshold_is_told_again_when_it_was_left)
{
	limit(warning_limits);
	for (unsigned i = 0; i < 8; i++)
		ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_uint_eq(n_warnings, 2);
	ck_assert_uint_eq(last_warning.percent, 80);
	/* Below 80 %, not below 75. */
	ck_assert_int_eq(add(item(SIZE / 2)), 0);
	expunge(1, 1);
	ck_assert_int_eq(add(item(SIZE)), 0);
	ck_assert_uint_eq(n_warnings, 2);
	expunge(2, 3);
	ck_assert_int_eq(add(item(2 * SIZE)), 0);
	ck_assert_uint_eq(n_warnings, 3);
	ck_assert_uint_eq(last_warning.percent, 80);
}

END_TEST

/* Past both at once: the higher one counts. Messages have thresholds, too. */
START_TEST(one_message_gives_one_warning)
{
	struct store_limits l = warning_limits;
	l.bytes = 2 * SIZE;
	limit(l);
	ck_assert_int_eq(add(item(2 * SIZE)), 0);
	ck_assert_uint_eq(n_warnings, 1);
	ck_assert_uint_eq(last_warning.percent, 80);
	expunge(1, 1);
	l.bytes = 0;
	l.messages = 2;
	limit(l);
	ck_assert_int_eq(add(item(1)), 0);
	ck_assert_uint_eq(n_warnings, 2);
	ck_assert_uint_eq(last_warning.percent, 50);
	ck_assert_str_eq(last_warning.resource, "MESSAGE");
}

END_TEST

START_TEST(a_warning_comes_with_its_message)
{
	struct store_limits l = warning_limits;
	l.put_warning = put_warning;
	l.bytes = 3 * SIZE;
	limit(l);
	ck_assert_int_eq(add(item(2 * SIZE)), 0);
	struct mailbox m = box_named(V("INBOX"));
	ck_assert_uint_eq(m.messages, 2);
	ck_assert_uint_eq(m.highestmodseq, totals().modseq);
	ck_assert_uint_eq(totals().messages, 2);
	/* No room for the second one: it is only told. */
	ck_assert_int_eq(add(item(3 * SIZE - totals().bytes)), 0);
	ck_assert_uint_eq(n_warnings, 2);
	ck_assert_uint_eq(totals().messages, 3);
	ck_assert_uint_eq(totals().bytes, 3 * SIZE);
}

END_TEST

static void take_as_child(void)
{
	store = test_open(false);
	limit((struct store_limits){ .bytes = 40 * SIZE });
	int added = 0;
	while (add(item(SIZE)) == 0)
		added++;
	store_close(&store);
	_exit(added);
}

/* Two agents of one user race for the last octets. */
START_TEST(processes_never_pass_a_limit_together)
{
	pid_t child[2];
	int status, added = 0;
	store_close(&store);
	for (int i = 0; i < 2; i++) {
		child[i] = fork();
		ck_assert_int_ge(child[i], 0);
		if (child[i] == 0)
			take_as_child();
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(waitpid(child[i], &status, 0), child[i]);
		ck_assert(WIFEXITED(status));
		added += WEXITSTATUS(status);
	}
	store = test_open(false);
	ck_assert_int_eq(added, 40);
	ck_assert_uint_eq(totals().bytes, 40 * SIZE);
	ck_assert_uint_eq(box_named(V("INBOX")).messages, 40);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/quota");
	TCase *tc = tcase_create("quota");
	tcase_add_checked_fixture(tc, quota_setup, teardown);
	tcase_add_test(tc, octets_fit_up_to_the_last_one);
	tcase_add_test(tc, messages_are_counted_too);
	tcase_add_test(tc, a_batch_is_judged_item_by_item);
	tcase_add_test(tc, a_full_account_writes_nothing);
	tcase_add_test(tc, expunged_messages_give_their_room_back);
	tcase_add_test(tc, copies_do_not_count);
	tcase_add_test(tc, levels_of_a_name_are_mailboxes);
	tcase_add_test(tc, a_delivery_has_grace);
	tcase_add_test(tc, a_threshold_is_told_once);
	tcase_add_test(tc, a_threshold_is_told_again_when_it_was_left);
	tcase_add_test(tc, one_message_gives_one_warning);
	tcase_add_test(tc, a_warning_comes_with_its_message);
	tcase_add_test(tc, processes_never_pass_a_limit_together);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
