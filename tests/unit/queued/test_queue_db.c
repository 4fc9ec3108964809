/* The queue on disk: nothing lost and nothing left over, wherever it dies. */
#include "queued/spool/queue_db.h"
#include "queued/spool/queue_record.h"
#include "queued/spool/queue_spool.h"
#include "suite.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static struct queue_db *db;

static void reopen(void)
{
	queue_db_close(&db);
	ck_assert_int_eq(queue_db_open(dir, false, &db), 0);
}

static void setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/mailcore-queue-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	reopen();
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
	queue_db_close(&db);
	nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static struct queue_envelope envelope(uint64_t id, size_t size)
{
	return (struct queue_envelope){ .id = id,
		.received_s = 1000,
		.session = 7,
		.size_bytes = size,
		.n_recipients = 2,
		.sender = V("from@a.example"),
		.account = V("from"),
		.remote = V("192.0.2.1"),
		.helo = V("a.example") };
}

static struct queue_rcpt recipient(uint32_t index, uint64_t next_s)
{
	return (struct queue_rcpt){ .index = index,
		.next_s = next_s,
		.address = index ? V("two@b.example") : V("one@b.example"),
		.orcpt = V("rfc822;x") };
}

/* A message of two recipients, all in one transaction. */
static uint64_t add_message(struct view body, bool spooled)
{
	struct queue_txn t;
	uint64_t id = queue_db_new_id(db, 1000);
	struct queue_envelope e = envelope(id, body.n);
	e.is_spooled = spooled;
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_add(&t, &e, spooled ? V("") : body);
	for (uint32_t i = 0; i < 2; i++) {
		struct queue_rcpt r = recipient(i, 1000 + i);
		queue_add_rcpt(&t, id, &r);
	}
	ck_assert_int_eq(queue_commit(&t), 0);
	return id;
}

static unsigned count_files(const char *name)
{
	char path[128];
	unsigned n = 0;
	snprintf(path, sizeof path, "%s/%s", dir, name);
	DIR *d = opendir(path);
	for (struct dirent *e; d && (e = readdir(d));)
		n += e->d_name[0] != '.';
	if (d)
		closedir(d);
	return n;
}

static unsigned count_bodies(uint64_t id)
{
	char parent[32];
	snprintf(parent, sizeof parent, "messages/%02x",
	    (unsigned)(id >> QUEUE_DIRECTORY_SHIFT) & 0xff);
	return count_files(parent);
}

static int count_due(void *ctx, const struct queue_due *d)
{
	(void)d;
	++*(unsigned *)ctx;
	return 0;
}

static unsigned due_rows(void)
{
	struct queue_txn t;
	struct queue_due start = { 0 };
	unsigned n = 0;
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(queue_each_due(&t, &start, count_due, &n), 0);
	queue_abort(&t);
	return n;
}

static const size_t body_sizes[] = { 0, 1, 4079, 4080, 4081, 8160, 10000,
	QUEUE_BODY_MAX };

START_TEST(keeps_a_message_over_a_restart)
{
	static char bytes[QUEUE_BODY_MAX], out[QUEUE_BODY_MAX];
	size_t size = body_sizes[_i], n = 0;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(i * 31 >> 3);
	uint64_t id = add_message((struct view){ bytes, size }, false);
	reopen();
	struct queue_txn t;
	struct queue_envelope e;
	struct queue_rcpt r;
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(queue_get(&t, id, &e), 0);
	ck_assert_view_eq(e.sender, V("from@a.example"));
	ck_assert_view_eq(e.remote, V("192.0.2.1"));
	ck_assert_uint_eq(e.size_bytes, size);
	ck_assert_int_eq(queue_get_rcpt(&t, id, 1, &r), 0);
	ck_assert_view_eq(r.address, V("two@b.example"));
	ck_assert_uint_eq(r.next_s, 1001);
	ck_assert_int_eq(queue_get_body(&t, id, out, &n), 0);
	ck_assert_uint_eq(n, size);
	ck_assert_int_eq(memcmp(out, bytes, n), 0);
	queue_abort(&t);
}

END_TEST

START_TEST(removes_a_message_with_its_last_recipient)
{
	static char out[QUEUE_BODY_MAX];
	uint64_t other = add_message(V("other"), false);
	uint64_t id = add_message(V("body"), false);
	struct queue_txn t;
	struct queue_envelope e;
	size_t n = 1;
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_remove_rcpt(&t, id, 0, 1000);
	ck_assert_int_eq(queue_get(&t, id, &e), 0);
	queue_remove_rcpt(&t, id, 1, 1001);
	ck_assert_int_eq(queue_get(&t, id, &e), MC_E_NOENT);
	ck_assert_int_eq(queue_get_body(&t, id, out, &n), 0);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(queue_get(&t, other, &e), 0);
	ck_assert_int_eq(queue_commit(&t), 0);
	ck_assert_uint_eq(due_rows(), 2);
}

END_TEST

START_TEST(moves_the_due_row_with_the_record)
{
	uint64_t id = add_message(V("body"), false);
	struct queue_rcpt r = recipient(0, 5000), got;
	struct queue_txn t;
	r.attempts = 3;
	r.reply = V("4.2.2 mailbox full");
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_update_rcpt(&t, id, &r, 1000);
	ck_assert_int_eq(queue_commit(&t), 0);
	ck_assert_uint_eq(due_rows(), 2);
	r.state = RCPT_HELD;
	r.next_s = 0;
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_update_rcpt(&t, id, &r, 5000);
	ck_assert_int_eq(queue_commit(&t), 0);
	ck_assert_uint_eq(due_rows(), 1);
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(queue_get_rcpt(&t, id, 0, &got), 0);
	ck_assert_int_eq(got.state, RCPT_HELD);
	ck_assert_uint_eq(got.attempts, 3);
	ck_assert_view_eq(got.reply, V("4.2.2 mailbox full"));
	queue_abort(&t);
}

END_TEST

/* A reused id would let an agent take a new message for a known one. */
START_TEST(never_gives_an_id_twice)
{
	uint64_t before = add_message(V("x"), false), id;
	struct queue_txn t;
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_remove_rcpt(&t, before, 0, 1000);
	queue_remove_rcpt(&t, before, 1, 1001);
	ck_assert_int_eq(queue_commit(&t), 0);
	for (int i = 0; i < 10; i++) {
		id = queue_db_new_id(db, 1000);
		ck_assert_uint_gt(id, before);
		before = id;
	}
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	ck_assert_int_eq(queue_commit(&t), 0);
	reopen();
	ck_assert_uint_gt(
	    queue_db_new_id(db, 900), before); /* clock set back */
	char a[QUEUE_DELIVERY_ID_OCTETS], b[QUEUE_DELIVERY_ID_OCTETS];
	queue_db_delivery_id(db, before, 0, a);
	queue_db_delivery_id(db, before, 1, b);
	ck_assert_int_ne(memcmp(a, b, sizeof a), 0);
	reopen();
	queue_db_delivery_id(db, before, 0, b);
	ck_assert_int_eq(memcmp(a, b, sizeof a), 0);
}

END_TEST

START_TEST(formats_ids)
{
	char text[QUEUE_ID_DIGITS + 1];
	uint64_t id;
	queue_id_format(UINT64_C(0x1a0b00000000ff), text);
	ck_assert_str_eq(text, "001a0b00000000ff");
	ck_assert(queue_id_parse(V("001A0b00000000ff"), &id));
	ck_assert_uint_eq(id, UINT64_C(0x1a0b00000000ff));
	ck_assert(!queue_id_parse(V("1a0b00000000ff"), &id));
	ck_assert(!queue_id_parse(V("001a0b00000000fg"), &id));
}

END_TEST

static void recover(void)
{
	reopen();
	ck_assert_int_eq(queue_spool_recover(db), 0);
}

/* Each point at which the process may die while it takes a large message. */
enum crash_point {
	WHILE_WRITING,
	AFTER_RENAME,
	AFTER_COMMIT,
	AFTER_REMOVAL,
	CRASH_POINTS
};

static uint64_t spool_message(enum crash_point last)
{
	int fd, at = queue_db_dir(db);
	uint64_t name = queue_db_new_id(db, 1000), id;
	ck_assert_int_eq(queue_spool_create(at, name, &fd), 0);
	ck_assert_int_eq(queue_spool_create(at, name, &(int){ 0 }), -EEXIST);
	ck_assert_int_eq(write(fd, "large", 5), 5);
	if (last == WHILE_WRITING)
		goto out;
	id = queue_db_new_id(db, 1000);
	ck_assert_int_eq(queue_spool_keep(at, name, 6, id), MC_E_BAD);
	ck_assert_int_eq(queue_spool_keep(at, name, 5, id), 0);
	ck_assert_int_eq(queue_spool_sync(at, &id, 1), 0);
	if (last == AFTER_RENAME)
		goto out;
	struct queue_txn t;
	struct queue_envelope e = envelope(id, 5);
	struct queue_rcpt r = recipient(0, 1000);
	e.is_spooled = true;
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_add(&t, &e, V(""));
	queue_add_rcpt(&t, id, &r);
	ck_assert_int_eq(queue_commit(&t), 0);
	name = id;
	if (last == AFTER_COMMIT)
		goto out;
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_remove_rcpt(&t, id, 0, 1000);
	ck_assert_int_eq(queue_commit(&t), 0);
out:
	close(fd);
	return name;
}

START_TEST(survives_death_at_any_point)
{
	enum crash_point last = (enum crash_point)_i;
	struct queue_txn t;
	struct queue_envelope e;
	uint64_t id = spool_message(last);
	ck_assert_uint_eq(count_files("incoming"), last == WHILE_WRITING);
	recover();
	ck_assert_uint_eq(count_files("incoming"), 0);
	ck_assert_uint_eq(count_bodies(id), last == AFTER_COMMIT);
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(
	    queue_get(&t, id, &e), last == AFTER_COMMIT ? 0 : MC_E_NOENT);
	queue_abort(&t);
	if (last != AFTER_COMMIT)
		return;
	int fd;
	char bytes[8];
	ck_assert_int_eq(queue_spool_open(queue_db_dir(db), id, &fd), 0);
	ck_assert_int_eq(read(fd, bytes, sizeof bytes), 5);
	close(fd);
}

END_TEST

START_TEST(an_uncommitted_message_never_was)
{
	struct queue_txn t;
	struct queue_envelope e = envelope(queue_db_new_id(db, 1000), 4);
	struct queue_rcpt r = recipient(0, 1000);
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_add(&t, &e, V("body"));
	queue_add_rcpt(&t, e.id, &r);
	queue_abort(&t);
	reopen();
	ck_assert_uint_eq(due_rows(), 0);
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(queue_get(&t, e.id, &e), MC_E_NOENT);
	queue_abort(&t);
}

END_TEST

START_TEST(is_read_while_it_is_written)
{
	struct queue_db *reader;
	queue_db_close(&db);
	char other[80];
	snprintf(other, sizeof other, "%s/none", dir);
	ck_assert_int_eq(queue_db_open(other, true, &reader), MC_E_NOENT);
	ck_assert_int_eq(queue_db_open(dir, true, &db), 0);
}

END_TEST

/* A reload starts the new process while the old one still writes. */
START_TEST(is_changed_by_one_process_only)
{
	struct queue_db *other;
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		_exit(queue_db_open(dir, false, &other) == MC_E_BUSY ? 0 : 1);
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

END_TEST

START_TEST(refuses_fields_over_their_bound)
{
	static char big[600];
	struct queue_txn t;
	struct queue_envelope e = envelope(queue_db_new_id(db, 1000), 0);
	memset(big, 'x', sizeof big);
	e.sender = (struct view){ big, sizeof big };
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_add(&t, &e, V(""));
	ck_assert_int_eq(queue_commit(&t), MC_E_LIMIT);
}

END_TEST

START_TEST(keeps_what_an_alias_made)
{
	char bytes[QUEUE_RECORD_MAX];
	size_t n, plain;
	struct queue_rcpt r = recipient(3, 1), got;
	ck_assert_int_eq(queue_record_put_rcpt(&r, bytes, &plain), 0);
	r.kind = LEAF_COMMAND;
	r.text = V("/bin/x y");
	r.from = V("owner-list@b.example");
	r.origin = V("list@b.example");
	ck_assert_int_eq(queue_record_put_rcpt(&r, bytes, &n), 0);
	for (size_t i = plain + 1; i < n; i++)
		ck_assert_int_eq(
		    queue_record_get_rcpt((struct view){ bytes, i }, 3, &got),
		    MC_E_CORRUPT);
	/* As before there were aliases. */
	ck_assert_int_eq(
	    queue_record_get_rcpt((struct view){ bytes, plain }, 3, &got), 0);
	ck_assert_int_eq(got.kind, LEAF_ADDRESS);
	ck_assert_int_eq(
	    queue_record_get_rcpt((struct view){ bytes, n }, 3, &got), 0);
	ck_assert_int_eq(got.kind, LEAF_COMMAND);
	ck_assert_view_eq(got.text, r.text);
	ck_assert_view_eq(got.from, r.from);
	ck_assert_view_eq(got.origin, r.origin);
	for (int kind = LEAF_ACCOUNT; kind < LEAF_KIND_COUNT; kind++) {
		bytes[plain] = (char)kind;
		ck_assert_int_eq(
		    queue_record_get_rcpt((struct view){ bytes, n }, 3, &got),
		    0);
		ck_assert_int_eq((int)got.kind, kind);
		ck_assert_str_ne(leaf_kind_name(got.kind), "unknown");
	}
	bytes[plain] = LEAF_KIND_COUNT;
	ck_assert_int_eq(
	    queue_record_get_rcpt((struct view){ bytes, n }, 3, &got),
	    MC_E_CORRUPT);
}

END_TEST

START_TEST(takes_no_damaged_record)
{
	char bytes[QUEUE_RECORD_MAX];
	size_t n;
	struct queue_envelope e = envelope(5, 9), got;
	struct queue_rcpt r = recipient(0, 1), got_r;
	ck_assert_int_eq(queue_record_put_envelope(&e, bytes, &n), 0);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_ne(queue_record_get_envelope(
				     (struct view){ bytes, i }, 5, &got),
		    0);
	ck_assert_int_eq(
	    queue_record_get_envelope((struct view){ bytes, n }, 5, &got), 0);
	bytes[0] = 2;
	ck_assert_int_eq(
	    queue_record_get_envelope((struct view){ bytes, n }, 5, &got),
	    MC_E_VERSION);
	ck_assert_int_eq(queue_record_put_rcpt(&r, bytes, &n), 0);
	bytes[1] = RCPT_STATE_COUNT;
	ck_assert_int_eq(
	    queue_record_get_rcpt((struct view){ bytes, n }, 0, &got_r),
	    MC_E_CORRUPT);
}

END_TEST

/* Who is parked where, as "sender:index" in the order of the rows. */
static int note_ready(void *ctx, const struct queue_ready *r)
{
	char *out = ctx;
	size_t n = strlen(out);
	snprintf(
	    out + n, 64 - n, "%u:%u ", (unsigned)r->sender, (unsigned)r->index);
	return 0;
}

static const char *ready_rows(struct view site, uint32_t first_sender)
{
	static char out[64];
	struct queue_txn t;
	struct queue_ready first = { .sender = first_sender };
	out[0] = '\0';
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(
	    queue_each_ready(&t, site, &first, note_ready, out), 0);
	queue_abort(&t);
	return out;
}

static void park(uint64_t id, uint32_t index, struct view site, uint32_t sender)
{
	struct queue_txn t;
	struct queue_rcpt r = recipient(index, 9000);
	r.site = site;
	r.sender = sender;
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_update_rcpt(&t, id, &r, index ? 1001 : 1000);
	ck_assert_int_eq(queue_commit(&t), 0);
}

START_TEST(parks_and_unparks)
{
	struct queue_txn t;
	struct queue_rcpt r;
	uint64_t id = add_message(V("body"), false);
	park(id, 0, V("mx.b.example"), 7);
	park(id, 1, V("mx.b.example"), 3);
	ck_assert_str_eq(ready_rows(V("mx.b.example"), 0), "3:1 7:0 ");
	ck_assert_str_eq(ready_rows(V("mx.b.example"), 4), "7:0 ");
	ck_assert_str_eq(ready_rows(V("mx.b.exampl"), 0), "");
	ck_assert_uint_eq(due_rows(), 2);
	reopen();
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	ck_assert_int_eq(queue_get_rcpt(&t, id, 1, &r), 0);
	ck_assert_view_eq(r.site, V("mx.b.example"));
	r = recipient(1, 0);
	queue_update_rcpt(&t, id, &r, 9000);
	ck_assert_int_eq(queue_commit(&t), 0);
	ck_assert_str_eq(ready_rows(V("mx.b.example"), 0), "7:0 ");
	park(id, 0, V("other.example"), 7);
	ck_assert_str_eq(ready_rows(V("mx.b.example"), 0), "");
	ck_assert_int_eq(queue_begin_write(db, &t), 0);
	queue_remove_rcpt(&t, id, 0, 9000);
	ck_assert_int_eq(queue_commit(&t), 0);
	ck_assert_str_eq(ready_rows(V("other.example"), 0), "");
}

END_TEST

/* Sites come one by one, however many are parked at each. */
START_TEST(walks_the_sites)
{
	static const char *const sites[] = { "a", "a.example", "ab", "b" };
	char site[QUEUE_SITE_MAX];
	size_t n = 0;
	struct queue_txn t;
	for (unsigned i = 0; i < 4; i++) {
		uint64_t id = add_message(V("body"), false);
		park(id, 0, view_of(sites[i]), i);
		park(id, 1, view_of(sites[i]), i);
	}
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	for (unsigned i = 0; i < 4; i++) {
		ck_assert_int_eq(queue_next_site(&t, site, &n), 0);
		ck_assert_view_eq(
		    ((struct view){ site, n }), view_of(sites[i]));
	}
	ck_assert_int_eq(queue_next_site(&t, site, &n), MC_E_NOENT);
	queue_abort(&t);
}

END_TEST

/* As the program before this one wrote it: schema 1, one recipient of record
 * version 1, due at 1000. */
static void make_old_queue(uint64_t id)
{
	static const char *const tables[] = { "meta", "messages", "recipients",
		"bodies", "due" };
	struct kv_options options = { .tables = tables,
		.n_tables = QUEUE_TABLES_OF_SCHEMA_1 };
	char path[128], stamp[8], bytes[QUEUE_RECORD_MAX];
	struct kv *kv;
	struct kv_txn t;
	size_t n;
	struct queue_envelope e = envelope(id, 0);
	struct queue_key key = queue_key_part(id, 0);
	struct queue_key due = queue_key_due(1000, id, 0);
	queue_db_close(&db);
	snprintf(path, sizeof path, "%s/queue.mdb", dir);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(kv_open(path, &options, &kv), 0);
	ck_assert_int_eq(kv_write(kv, &t), 0);
	struct wr w = wr_into(stamp, sizeof stamp);
	wr_u32(&w, 1);
	wr_u32(&w, 77);
	kv_put(&t, QUEUE_TABLE_META, V("stamp"), wr_view(&w));
	w = wr_into(stamp, sizeof stamp);
	wr_u64(&w, id + 1);
	kv_put(&t, QUEUE_TABLE_META, V("ids"), wr_view(&w));
	ck_assert_int_eq(queue_record_put_envelope(&e, bytes, &n), 0);
	kv_put(&t, QUEUE_TABLE_MESSAGES,
	    view_head(queue_key_view(&key), sizeof id),
	    (struct view){ bytes, n });
	w = wr_into(bytes, sizeof bytes);
	wr_u8(&w, 1);
	wr_u8(&w, RCPT_WAITING);
	wr_u8(&w, 0);
	wr_u32(&w, 3);
	wr_u64(&w, 1000);
	wr_u64(&w, 900);
	wr_bytes(&w, V("old@b.example"), 320);
	wr_bytes(&w, V(""), 500);
	wr_bytes(&w, V("4.4.1 so it was"), 200);
	kv_put(&t, QUEUE_TABLE_RECIPIENTS, queue_key_view(&key), wr_view(&w));
	kv_put(&t, QUEUE_TABLE_DUE, queue_key_view(&due), V(""));
	ck_assert_int_eq(kv_commit(&t), 0);
	kv_close(&kv);
}

static void expect_old_rcpt(uint64_t id)
{
	struct queue_txn t;
	struct queue_rcpt r;
	ck_assert_int_eq(queue_begin_read(db, &t), 0);
	ck_assert_int_eq(queue_get_rcpt(&t, id, 0, &r), 0);
	ck_assert_view_eq(r.address, V("old@b.example"));
	ck_assert_view_eq(r.reply, V("4.4.1 so it was"));
	ck_assert_uint_eq(r.attempts, 3);
	ck_assert_uint_eq(r.site.n, 0);
	queue_abort(&t);
	ck_assert_str_eq(ready_rows(V("b.example"), 0), "");
}

START_TEST(opens_an_older_queue)
{
	uint64_t id = UINT64_C(1000) << QUEUE_ID_SHIFT;
	make_old_queue(id);
	ck_assert_int_eq(queue_db_open(dir, true, &db), 0);
	expect_old_rcpt(id);
	reopen(); /* stamped up */
	expect_old_rcpt(id);
	park(id, 0, V("mx.b.example"), 1);
	reopen();
	ck_assert_str_eq(ready_rows(V("mx.b.example"), 0), "1:0 ");
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/queue_db");
	TCase *t = tcase_create("queue_db");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, keeps_a_message_over_a_restart, 0,
	    (int)(sizeof body_sizes / sizeof body_sizes[0]));
	tcase_add_test(t, removes_a_message_with_its_last_recipient);
	tcase_add_test(t, moves_the_due_row_with_the_record);
	tcase_add_test(t, never_gives_an_id_twice);
	tcase_add_test(t, formats_ids);
	tcase_add_loop_test(t, survives_death_at_any_point, 0, CRASH_POINTS);
	tcase_add_test(t, an_uncommitted_message_never_was);
	tcase_add_test(t, is_read_while_it_is_written);
	tcase_add_test(t, is_changed_by_one_process_only);
	tcase_add_test(t, refuses_fields_over_their_bound);
	tcase_add_test(t, keeps_what_an_alias_made);
	tcase_add_test(t, takes_no_damaged_record);
	tcase_add_test(t, parks_and_unparks);
	tcase_add_test(t, walks_the_sites);
	tcase_add_test(t, opens_an_older_queue);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
