#include "store/check/check.h"
#include "store/housekeeping.h"
#include "store/txn/thread.h"
#include "version_sample.h"

static uint64_t msgid_of(uint32_t uid)
{
	struct store_txn t;
	struct message m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_get(&t, inbox_id, uid, &m), 0);
	store_end(&t);
	return m.msgid;
}

/* Of message msgid; ids start at 1 and go up by one. */
static uint64_t thread_of(uint64_t msgid)
{
	struct store_txn t;
	struct message_info info;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_info(&t, msgid, &info), 0);
	store_end(&t);
	return info.threadid;
}

/* Returns the thread. */
static uint64_t add(unsigned n, const char *more)
{
	const struct append plain = { .flags = 0 };
	return thread_of(
	    msgid_of(version_add(inbox_id, version_mail(n, more), &plain)));
}

static void expect_clean(void)
{
	const struct check_options o = { .bodies = false };
	struct check_result r;
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 0);
}

struct members {
	uint64_t ids[16];
	unsigned n;
};

static int on_member(void *ctx, uint64_t msgid)
{
	struct members *m = ctx;
	m->ids[m->n++] = msgid;
	return 0;
}

static struct members members_of(uint64_t threadid)
{
	struct store_txn t;
	struct members m = { .n = 0 };
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_thread(&t, threadid, on_member, &m), 0);
	store_end(&t);
	return m;
}

/* One line each: more header fields, and the message whose thread it joins. */
static const struct {
	const char *more;
	unsigned like;
} mails[] = {
	{ "Subject: Lunch\r\n", 1 },
	{ "Subject: Re: Lunch\r\nIn-Reply-To: <1@example.org>\r\n", 1 },
	{ "Subject: RE: [list] lunch\r\nReferences: <2@example.org>\r\n", 1 },
	/* Another subject is another thread. */
	{ "Subject: Dinner\r\nReferences: <2@example.org>\r\n", 4 },
	{ "Subject: Re: Dinner\r\nReferences: <2@example.org>\r\n"
	  " <4@\r\n example.org>\r\n",
	    4 },
	/* They name one that is not here. */
	{ "Subject: Re: Tea\r\nReferences: <x@example.org>\r\n", 6 },
	{ "Subject: Re: Tea\r\nReferences: <x@example.org>\r\n", 6 },
	/* One that was named before it came. */
	{ "Subject: Re: Cake\r\nReferences: <9@example.org>\r\n", 8 },
	{ "Subject: Cake\r\n", 8 },
	{ "Subject: Lunch\r\nReferences: no id <> < \r\n", 10 },
	{ "", 11 },
	{ "In-Reply-To: Your mail of Monday <11@example.org>\r\n", 11 },
};

enum {
	N_MAILS = sizeof mails / sizeof mails[0]
};

START_TEST(messages_share_threads)
{
	for (unsigned i = 0; i < N_MAILS; i++)
		ck_assert_msg(add(i + 1, mails[i].more) == mails[i].like,
		    "mail %u", i + 1);
	struct members m = members_of(1);
	ck_assert_uint_eq(m.n, 3);
	ck_assert_uint_eq(m.ids[0], 1);
	ck_assert_uint_eq(m.ids[2], 3);
	ck_assert_uint_eq(members_of(2).n, 0);
	expect_clean();
}

END_TEST

START_TEST(a_message_without_ids_is_a_thread)
{
	for (uint64_t id = 1; id < 4; id++) {
		const struct append plain = { .flags = 0 };
		version_add(inbox_id, V("Subject: x\r\n\r\n"), &plain);
		ck_assert_uint_eq(thread_of(id), id);
	}
	expect_clean();
}

END_TEST

static void purge(uint32_t first, uint32_t last)
{
	sample_expunge(inbox_id, first, last);
	test_now_s += 100000;
	ck_assert_int_eq(housekeeping(store), 0);
}

static uint64_t n_index(void)
{
	struct store_txn t;
	struct kv_table_stats st;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(kv_table_stats(&t.kv, TABLE_IDX, &st), 0);
	store_end(&t);
	return st.entries;
}

START_TEST(a_thread_outlives_its_first_message)
{
	const char *reply =
	    "Subject: Re: Lunch\r\nReferences: <1@example.org>\r\n";
	ck_assert_uint_eq(add(1, "Subject: Lunch\r\n"), 1);
	ck_assert_uint_eq(add(2, reply), 1);
	purge(1, 1);
	expect_clean();
	ck_assert_uint_eq(add(3, reply), 1);
	ck_assert_uint_eq(members_of(1).n, 2);
	purge(2, 3);
	expect_clean();
	ck_assert_uint_eq(members_of(1).n, 0);
	ck_assert_uint_eq(n_index(), 0);
	ck_assert_uint_eq(add(4, reply), 4);
}

END_TEST

START_TEST(copies_and_moves_keep_the_thread)
{
	uint32_t work = box_create(V("Work"));
	ck_assert_uint_eq(add(1, "Subject: Lunch\r\n"), 1);
	sample_copy(1, 1, work);
	sample_expunge(inbox_id, 1, 1);
	test_now_s += 100000;
	ck_assert_int_eq(housekeeping(store), 0);
	ck_assert_uint_eq(thread_of(1), 1);
	expect_clean();
}

END_TEST

/* However many ids a message names, little is written. */
START_TEST(references_are_bounded)
{
	struct references r;
	static char header[100 * 24];
	size_t n = 0;
	n += (size_t)snprintf(header, sizeof header, "References:");
	for (unsigned i = 0; i < 80; i++)
		n += (size_t)snprintf(
		    header + n, sizeof header - n, " <%u@x.org>\r\n", i);
	references_of((struct view){ header, n }, &r);
	ck_assert_uint_eq(r.n, REFERENCES_MAX);
	ck_assert_uint_eq(r.refs[REFERENCES_MAX - 1], view_hash(V("79@x.org")));
	ck_assert_uint_eq(r.refs[0], view_hash(V("30@x.org")));
	add(1, header);
	/* Also the row's link. */
	ck_assert_uint_eq(n_index(), 1 + 1 + THREAD_KEYS_MAX);
	expect_clean();
}

END_TEST

START_TEST(references_are_read_as_they_come)
{
	struct references r, again;
	char out[REFERENCES_OCTETS_MAX];
	references_of(V("Message-ID: <a@b>\r\nIn-Reply-To: <c@d> <a@b>\r\n"
			"References: <c@d> <e@\r\n f>\r\n"),
	    &r);
	ck_assert_uint_eq(r.id, view_hash(V("a@b")));
	ck_assert_uint_eq(r.n, 2);
	ck_assert_uint_eq(r.refs[0], view_hash(V("e@f")));
	ck_assert_uint_eq(r.refs[1], view_hash(V("c@d")));
	struct view v = references_encode(&r, out);
	ck_assert_int_eq(references_decode(v, &again), 0);
	ck_assert_uint_eq(again.n, 2);
	ck_assert_uint_eq(again.refs[1], r.refs[1]);
	ck_assert_int_eq(
	    references_decode(view_head(v, v.n - 1), &again), MC_E_CORRUPT);
	ck_assert_int_eq(
	    references_decode(view_head(v, 8), &again), MC_E_CORRUPT);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/thread");
	TCase *t = tcase_create("thread");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, messages_share_threads);
	tcase_add_test(t, a_message_without_ids_is_a_thread);
	tcase_add_test(t, a_thread_outlives_its_first_message);
	tcase_add_test(t, copies_and_moves_keep_the_thread);
	tcase_add_test(t, references_are_bounded);
	tcase_add_test(t, references_are_read_as_they_come);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
