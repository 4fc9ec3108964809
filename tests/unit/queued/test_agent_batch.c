/* An agent's deliveries: one transaction, once each, into the right place. */
#include "queued/agent/agent_batch.h"
#include "store/mailbox/message.h"
#include "suite.h"
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[64];
static struct store *store;
static struct batch batch;

static void setup(void)
{
	struct store_options options = { .create = true };
	snprintf(dir, sizeof dir, "/tmp/mailcore-agent-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(store_open(dir, &options, &store), 0);
	batch_init(&batch);
}

static int remove_one(
    const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void teardown(void)
{
	batch_deinit(&batch);
	store_close(&store);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct msg delivery(char number, const char *mailbox, struct view body)
{
	static char id[16];
	memset(id, number, sizeof id);
	return (struct msg){ .type = MSG_DELIVER,
		.deliver = { (uint64_t)number, { id, sizeof id },
		    view_of(mailbox), V("from@a.example"), V("to@b.example"),
		    1000000, body } };
}

static uint32_t count_in(struct view name)
{
	struct store_txn t;
	struct mailbox m = { 0 };
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, name, &m), 0);
	store_end(&t);
	return m.messages;
}

static void first_message(char *out, size_t cap)
{
	struct store_txn t;
	struct mailbox box;
	struct message m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, V("INBOX"), &box), 0);
	ck_assert_int_eq(message_get(&t, box.id, 1, &m), 0);
	ck_assert_uint_lt(m.size_bytes, cap);
	ck_assert_int_eq(
	    message_read(&t, m.msgid, 0, out, (size_t)m.size_bytes), 0);
	out[m.size_bytes] = '\0';
	ck_assert_int_eq(m.internaldate.unix_s, 1000000);
	store_end(&t);
}

#define WITH_TRACE(text)                                                       \
	"Return-Path: <from@a.example>\r\nDelivered-To: to@b.example\r\n" text

START_TEST(delivers_with_trace_fields)
{
	char text[256];
	struct msg m = delivery(1, "", V("Subject: x\r\n\r\nbody\r\n"));
	ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
	batch_store(&batch, store);
	ck_assert_int_eq(batch.items[0].status, DELIVER_STATUS_OK);
	ck_assert_uint_eq(batch.items[0].channel, 9);
	ck_assert_uint_eq(batch.items[0].id, 1);
	first_message(text, sizeof text);
	ck_assert_str_eq(text, WITH_TRACE("Subject: x\r\n\r\nbody\r\n"));
}

END_TEST

/* It was in this mailbox, went somewhere, and came back. */
START_TEST(takes_nothing_twice)
{
	struct msg m = delivery(
	    1, "", V("Subject: x\r\nDelivered-To: To@b.example\r\n\r\n"));
	ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
	m = delivery(2, "", V("Delivered-To: other@b.example\r\n\r\n"));
	ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
	batch_store(&batch, store);
	ck_assert_int_eq(batch.items[0].status, DELIVER_STATUS_PERM);
	ck_assert_int_eq(batch.items[1].status, DELIVER_STATUS_OK);
}

END_TEST

START_TEST(delivers_a_file)
{
	char path[80], text[256];
	struct msg m = delivery(1, "", V(""));
	snprintf(path, sizeof path, "%s/body", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	ck_assert_int_eq(write(fd, "S: x\r\n\r\nlargeMORE", 17), 17);
	struct msg_deliver d = m.deliver;
	m = (struct msg){ .type = MSG_DELIVER_FILE,
		.deliver_file = { d.id, d.delivery_id, d.mailbox, d.sender,
		    d.recipient, d.received_s, 13 } };
	ck_assert_int_eq(batch_add(&batch, 9, &m, fd), 0);
	batch_store(&batch, store);
	ck_assert_int_eq(batch.items[0].status, DELIVER_STATUS_OK);
	first_message(text, sizeof text);
	ck_assert_str_eq(text, WITH_TRACE("S: x\r\n\r\nlarge"));
	batch_reset(&batch);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

END_TEST

/* A file that is shorter than it was said to be is refused, the rest goes. */
START_TEST(one_bad_item_does_not_keep_back_others)
{
	char path[80];
	struct msg good = delivery(1, "", V("good\r\n"));
	ck_assert_int_eq(batch_add(&batch, 9, &good, -1), 0);
	snprintf(path, sizeof path, "%s/body", dir);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	struct msg bad = delivery(2, "", V(""));
	struct msg_deliver d = bad.deliver;
	bad = (struct msg){ .type = MSG_DELIVER_FILE,
		.deliver_file = { d.id, d.delivery_id, d.mailbox, d.sender,
		    d.recipient, d.received_s, 1000 } };
	ck_assert_int_eq(batch_add(&batch, 9, &bad, fd), 0);
	batch_store(&batch, store);
	ck_assert_int_eq(batch.items[0].status, DELIVER_STATUS_OK);
	ck_assert_int_eq(batch.items[1].status, DELIVER_STATUS_TEMP);
	ck_assert_uint_eq(count_in(V("INBOX")), 1);
}

END_TEST

/* The queue sends again what it has no report of. */
START_TEST(delivers_once)
{
	struct msg m = delivery(1, "", V("body\r\n"));
	for (int round = 0; round < 2; round++) {
		ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
		ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
		batch_store(&batch, store);
		ck_assert_int_eq(batch.items[0].status,
		    round ? DELIVER_STATUS_DUPLICATE : DELIVER_STATUS_OK);
		ck_assert_int_eq(
		    batch.items[1].status, DELIVER_STATUS_DUPLICATE);
		batch_reset(&batch);
	}
	ck_assert_uint_eq(count_in(V("INBOX")), 1);
}

END_TEST

START_TEST(finds_the_named_mailbox_or_inbox)
{
	struct mailbox box;
	ck_assert_int_eq(mailbox_create(store, V("Lists/c"), 0, &box), 0);
	struct msg m = delivery(1, "Lists/c", V("a\r\n"));
	ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
	m = delivery(2, "no such", V("b\r\n"));
	ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
	batch_store(&batch, store);
	ck_assert_uint_eq(count_in(V("Lists/c")), 1);
	ck_assert_uint_eq(count_in(V("INBOX")), 1);
}

END_TEST

START_TEST(is_full_at_its_bounds)
{
	static char large[BATCH_BYTES / 4 + 1];
	struct msg m = delivery(1, "", V("x"));
	for (int i = 0; i < BATCH_MESSAGES; i++)
		ck_assert_int_eq(batch_add(&batch, 9, &m, -1), 0);
	ck_assert_int_eq(batch_add(&batch, 9, &m, -1), MC_E_LIMIT);
	batch_reset(&batch);
	m = delivery(1, "", (struct view){ large, sizeof large });
	int n = 0;
	while (n < 100 && batch_add(&batch, 9, &m, -1) == 0)
		n++;
	ck_assert_int_eq(n, 3);
	batch_store(&batch, NULL);
	ck_assert_int_eq(batch.items[2].status, DELIVER_STATUS_TEMP);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/agent_batch");
	TCase *t = tcase_create("agent_batch");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, delivers_with_trace_fields);
	tcase_add_test(t, takes_nothing_twice);
	tcase_add_test(t, delivers_a_file);
	tcase_add_test(t, one_bad_item_does_not_keep_back_others);
	tcase_add_test(t, delivers_once);
	tcase_add_test(t, finds_the_named_mailbox_or_inbox);
	tcase_add_test(t, is_full_at_its_bounds);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
