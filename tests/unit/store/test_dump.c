/* Dump and load: what comes back is what was there, and nothing else does. */
#include "store/check/check.h"
#include "store/dump/dump.h"
#include "store/dump/dump_record.h"
#include "store/dump/load.h"
#include "store/mark.h"
#include "store_sample.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
	struct buf parts[2]; /* index; bodies, or all when not split */
	bool split, meddle;
	struct view rest; /* for reading */
};

static struct tmp_dir other_dir;
static uint64_t random_state;

static uint32_t pick(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 16) % n;
}

static void begin(void)
{
	setup();
	tmp_dir_init(&other_dir);
}

static void end(void)
{
	teardown();
	tmp_dir_deinit(&other_dir);
}

static int on_octets(void *ctx, enum dump_part part, struct view v)
{
	struct stream *s = ctx;
	if (s->meddle) {
		s->meddle = false;
		sample_expunge(inbox_id, 5, 5);
		test_now_s += 100000;
		store_housekeeping(store);
	}
	buf_put(&s->parts[s->split && part == DUMP_HAS_BODIES], v);
	return 0;
}

static void stream_init(struct stream *s)
{
	*s = (struct stream){ .split = false };
	buf_init(&s->parts[0], 64 << 20);
	buf_init(&s->parts[1], 64 << 20);
}

static void stream_deinit(struct stream *s)
{
	buf_deinit(&s->parts[0]);
	buf_deinit(&s->parts[1]);
}

static struct dump_result dump_of(struct store *from, struct stream *out)
{
	struct dump_result r;
	const struct dump_options o = {
		.split = out->split,
		.write = on_octets,
		.ctx = out,
	};
	ck_assert_int_eq(store_dump(from, &o, &r), 0);
	ck_assert_int_eq(buf_error(&out->parts[0]), 0);
	return r;
}

static int give(void *ctx, char *p, size_t n, size_t *got)
{
	struct view *rest = ctx;
	struct view v = view_head(*rest, n);
	if (v.n)
		memcpy(p, v.p, v.n);
	*rest = view_skip(*rest, v.n);
	*got = v.n;
	return 0;
}

static int load_from(struct view v, bool replace, struct load_result *out)
{
	struct dump_reader reader;
	const struct load_options o = {
		.replace = replace, .renew = replace, .now_s = test_clock
	};
	dump_reader_init(&reader, give, &v);
	int error = store_load(other_dir.path, &reader, &o, out);
	dump_reader_deinit(&reader);
	return error;
}

static void load_fails(struct view v, int want, const char *why)
{
	struct load_result r;
	ck_assert_int_eq(load_from(v, false, &r), want);
	if (why)
		ck_assert_msg(
		    strstr(r.why, why) != NULL, "%s, not %s", r.why, why);
	ck_assert_int_ne(access(other_dir.file, F_OK), 0);
}

static struct store *open_other(void)
{
	const struct store_options o = { .now_s = test_clock };
	struct store *s;
	ck_assert_int_eq(store_open(other_dir.path, &o, &s), 0);
	return s;
}

static void on_violation(void *ctx, const struct violation *v)
{
	(void)ctx;
	ck_abort_msg("%s: %s: %s", v->invariant, v->text, v->detail);
}

static void expect_clean(struct store *s)
{
	const struct check_options o = { .bodies = true,
		.on_violation = on_violation };
	struct check_result r;
	ck_assert_int_eq(store_check(s, &o, &r), 0);
}

/* Live changes, which rows tell, may be cut in another way: check looks at
 * them. */
static int next_item(struct kv_cursor *c, unsigned table, int error)
{
	while (!error && table == TABLE_CHG && c->value.p[0] == 'L')
		error = kv_cursor_next(c);
	return error;
}

/* Key by key and octet by octet. */
static void expect_equal_tables(struct store *a, struct store *b, unsigned i)
{
	struct kv_txn ta, tb;
	struct kv_cursor ca, cb;
	char first = 0;
	struct view from = { &first, 1 };
	ck_assert_int_eq(kv_read(a->kv, &ta), 0);
	ck_assert_int_eq(kv_read(b->kv, &tb), 0);
	ck_assert_int_eq(kv_cursor_open(&ca, &ta, i), 0);
	ck_assert_int_eq(kv_cursor_open(&cb, &tb, i), 0);
	int ea = next_item(&ca, i, kv_cursor_seek(&ca, from));
	int eb = next_item(&cb, i, kv_cursor_seek(&cb, from));
	while (!ea && !eb) {
		ck_assert_view_eq(ca.key, cb.key);
		ck_assert_view_eq(ca.value, cb.value);
		ea = next_item(&ca, i, kv_cursor_next(&ca));
		eb = next_item(&cb, i, kv_cursor_next(&cb));
	}
	ck_assert_int_eq(ea, MC_E_NOENT);
	ck_assert_int_eq(eb, MC_E_NOENT);
	kv_cursor_close(&ca);
	kv_cursor_close(&cb);
	kv_abort(&ta);
	kv_abort(&tb);
}

static void expect_round_trip(void)
{
	struct stream first, second;
	struct load_result r;
	stream_init(&first);
	stream_init(&second);
	struct dump_result d = dump_of(store, &first);
	ck_assert_int_eq(load_from(buf_view(&first.parts[0]), false, &r), 0);
	ck_assert_uint_eq(r.rows, d.rows);
	ck_assert_uint_eq(r.messages, d.messages);
	ck_assert_uint_eq(r.bytes, d.bytes);
	struct store *other = open_other();
	expect_clean(other);
	for (unsigned i = 0; i < STORE_TABLES; i++)
		expect_equal_tables(store, other, i);
	dump_of(other, &second);
	ck_assert_view_eq(
	    buf_view(&first.parts[0]), buf_view(&second.parts[0]));
	store_close(&other);
	stream_deinit(&first);
	stream_deinit(&second);
}

static void put_raw(enum store_table table, struct view key, struct view value)
{
	struct edit e;
	ck_assert_int_eq(edit_begin(store, &e), 0);
	kv_put(&e.kv, table, key, value);
	ck_assert_int_eq(edit_commit(&e), 0);
}

START_TEST(everything_comes_back)
{
	sample_fill();
	put_raw(
	    TABLE_ATT, V("A\xff\xff\xff\xfe/private/comment\0\0"), V("a note"));
	put_raw(TABLE_IDX, V("U0123456789abcdef"), V("seen"));
	expect_round_trip();
}

END_TEST

START_TEST(an_empty_store_comes_back)
{
	expect_round_trip();
}

END_TEST

/* A random store. */

static const struct view names[] = { V_INIT("INBOX"), V_INIT("a"),
	V_INIT("a/b"), V_INIT("INBOX/c"), V_INIT("d/e/f") };

static bool pick_box(struct mailbox *out)
{
	struct store_txn t;
	ck_assert_int_eq(store_read(store, &t), 0);
	int error = mailbox_find(&t, names[pick(5)], out);
	store_end(&t);
	return !error && !(out->flags & MAILBOX_NOSELECT);
}

static void random_append(const struct mailbox *m)
{
	static char text[300000];
	static const struct view words[] = { V_INIT("$x"), V_INIT("blue") };
	struct append_result r;
	size_t n = pick(20) ? pick(6000) : pick(sizeof text);
	char id[DELIVERY_ID_OCTETS];
	for (size_t i = 0; i < n; i++)
		text[i] = "ab\r\n :=\0x"[pick(9)];
	if (n > 40)
		memcpy(text, "Subject: x\r\nMessage-ID: <a@b>\r\n\r\n", 33);
	for (size_t i = 0; i < sizeof id; i++)
		id[i] = (char)pick(256);
	const struct append a = {
		.mailbox = m->id,
		.source = { .mem = { text, n }, .fd = -1 },
		.flags = (uint16_t)pick(32),
		.keywords = words,
		.n_keywords = pick(3),
		.internaldate = { (int64_t)pick(2000000000) - 1000,
		    (int16_t)((int)pick(1000) - 500) },
		.delivery_id = { id, pick(2) ? sizeof id : 0 },
		.uidl = pick(3) ? V("") : V("uidl"),
	};
	ck_assert_int_eq(message_append(store, &a, 1, &r), 0);
}

static void random_transfer(const struct mailbox *m, struct uidset *uids)
{
	struct uidset from, to;
	struct mailbox into;
	uidset_init(&from);
	uidset_init(&to);
	if (pick_box(&into))
		ck_assert_int_eq((pick(2) ? message_copy : message_move)(
				     store, m->id, uids, into.id, &from, &to),
		    0);
	uidset_deinit(&from);
	uidset_deinit(&to);
}

static void random_rows(const struct mailbox *m)
{
	uint32_t first = 1 + pick(m->uidnext);
	struct uidset uids = sample_uids(first, first + pick(5)), gone;
	const struct flag_change c = { .op = FLAGS_ADD,
		.flags = (uint16_t)pick(32) };
	uidset_init(&gone);
	if (pick(3) == 0)
		random_transfer(m, &uids);
	else if (pick(2))
		ck_assert_int_eq(
		    message_expunge(store, m->id, &uids, false, &gone), 0);
	else
		ck_assert_int_eq(message_store_flags(store, m->id, &uids, &c,
				     UINT64_MAX, NULL, NULL, NULL),
		    0);
	uidset_deinit(&gone);
	uidset_deinit(&uids);
}

static void random_step(void)
{
	struct mailbox m;
	struct view name = names[pick(5)];
	uint32_t what = pick(20), first;
	int error = 0;
	if (what == 0)
		error =
		    mailbox_create(store, name, (uint16_t)(1U << pick(7)), &m);
	else if (what == 1 && pick(2))
		error = mailbox_delete(store, name);
	else if (what == 2)
		error = mailbox_subscribe(store, name, pick(3) != 0);
	else if (what == 3 && pick_box(&m))
		error = mailbox_claim_recent(store, m.id, &first);
	else if (what < 10 && pick_box(&m))
		random_append(&m);
	else if (pick_box(&m))
		random_rows(&m);
	ck_assert(error == 0 || error == MC_E_EXISTS || error == MC_E_NOENT ||
		  error == MC_E_DENIED || error == MC_E_BUSY);
	test_now_s += pick(20);
}

START_TEST(random_stores_come_back)
{
	random_state = 20261124 + (uint64_t)_i;
	for (unsigned i = 0; i < 300; i++)
		random_step();
	if (_i % 2)
		store_housekeeping(store);
	expect_round_trip();
}

END_TEST

/* Damage. */

static int read_all(struct view v)
{
	struct dump_reader reader;
	struct dump_record r;
	int error = 0;
	dump_reader_init(&reader, give, &v);
	while (!error)
		error = dump_read(&reader, &r);
	dump_reader_deinit(&reader);
	return error;
}

START_TEST(each_damaged_octet_is_noticed)
{
	struct stream s;
	stream_init(&s);
	sample_add(inbox_id, V("Subject: x\r\n\r\nx\r\n"), V("$a"), V(""));
	dump_of(store, &s);
	struct view v = buf_view(&s.parts[0]);
	char *p = s.parts[0].p + s.parts[0].start;
	ck_assert_int_eq(read_all(v), MC_E_NOENT);
	for (size_t i = 0; i < v.n; i++) {
		p[i] ^= (char)(1 << i % 8);
		int error = read_all(v);
		ck_assert_msg(error == MC_E_CORRUPT || error == MC_E_BAD,
		    "octet %zu: %d", i, error);
		p[i] ^= (char)(1 << i % 8);
	}
	for (size_t n = 1; n < v.n; n++)
		ck_assert_int_eq(read_all(view_head(v, n)), MC_E_CORRUPT);
	stream_deinit(&s);
}

END_TEST

START_TEST(nothing_is_left_of_a_damaged_stream)
{
	struct stream s;
	stream_init(&s);
	sample_fill();
	dump_of(store, &s);
	struct view v = buf_view(&s.parts[0]);
	load_fails(view_head(v, v.n - 1), MC_E_CORRUPT, "of type E");
	load_fails(view_head(v, v.n / 2), MC_E_CORRUPT, "record ");
	load_fails(V("From someone\n"), MC_E_CORRUPT, NULL);
	load_fails(V("From someone who has no dump\n"), MC_E_BAD, NULL);
	load_fails(V(""), MC_E_BAD, "INBOX");
	stream_deinit(&s);
}

END_TEST

/* Of a stream that is well formed. */
static void edit_stream(
    struct view in, struct buf *out, bool (*change)(struct dump_record *r))
{
	struct dump_reader reader;
	struct dump_writer w;
	struct dump_record r;
	dump_reader_init(&reader, give, &in);
	dump_writer_init(&w);
	while (dump_read(&reader, &r) == 0) {
		bool keep = change(&r);
		if (r.type == DUMP_END)
			dump_write_end(&w);
		else if (keep)
			dump_write(&w, &r);
	}
	buf_put(out, buf_view(&w.out));
	dump_reader_deinit(&reader);
	dump_writer_deinit(&w);
}

static bool no_body(struct dump_record *r)
{
	return r->type != DUMP_BODY && r->type != DUMP_PIECE;
}

static bool no_inbox(struct dump_record *r)
{
	return r->type != DUMP_MAILBOX || r->box.m.id != inbox_id;
}

static bool low_uidnext(struct dump_record *r)
{
	if (r->type == DUMP_MAILBOX)
		r->box.m.uidnext = 2;
	return true;
}

static bool wrong_size(struct dump_record *r)
{
	if (r->type == DUMP_ROW)
		r->row.size_bytes++;
	return true;
}

static bool long_body(struct dump_record *r)
{
	if (r->type == DUMP_PIECE)
		r->octets = V("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
			      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	return true;
}

static bool keyword_300(struct dump_record *r)
{
	if (r->type == DUMP_KEYWORD)
		r->slot = 300;
	return true;
}

static bool smuggled_row(struct dump_record *r)
{
	if (r->type == DUMP_ATTRIBUTE)
		r->key = V("K\x05");
	return true;
}

static bool other_format(struct dump_record *r)
{
	if (r->type == DUMP_HEADER)
		r->format = 2;
	return true;
}

static const struct {
	bool (*change)(struct dump_record *r);
	int error;
	const char *why;
} lies[] = {
	{ no_body, MC_E_BAD, "is not in it" },
	{ no_inbox, MC_E_BAD, "mailbox 4294967294" },
	{ low_uidnext, MC_E_BAD, "row-uid" },
	{ wrong_size, MC_E_BAD, "a row of it" },
	{ long_body, MC_E_BAD, "" },
	{ keyword_300, MC_E_BAD, "keyword 300" },
	{ smuggled_row, MC_E_BAD, "a key" },
	{ other_format, MC_E_VERSION, "record 1" },
};

START_TEST(a_stream_that_lies_is_refused)
{
	struct stream s;
	struct buf lie;
	stream_init(&s);
	buf_init(&lie, 1 << 20);
	sample_fill();
	put_raw(
	    TABLE_ATT, V("A\xff\xff\xff\xfe/private/comment\0\0"), V("a note"));
	dump_of(store, &s);
	edit_stream(buf_view(&s.parts[0]), &lie, lies[_i].change);
	load_fails(buf_view(&lie), lies[_i].error, lies[_i].why);
	buf_deinit(&lie);
	stream_deinit(&s);
}

END_TEST

/* Parts, and what happens meanwhile. */

START_TEST(parts_follow_each_other)
{
	struct stream s;
	struct buf both;
	struct load_result r;
	stream_init(&s);
	buf_init(&both, 1 << 20);
	s.split = true;
	sample_fill();
	dump_of(store, &s);
	load_fails(buf_view(&s.parts[0]), MC_E_BAD, "message 1 is not in it");
	load_fails(buf_view(&s.parts[1]), MC_E_BAD, "does not belong here");
	buf_put(&both, buf_view(&s.parts[0]));
	buf_put(&both, buf_view(&s.parts[1]));
	buf_put(&both, buf_view(&s.parts[1]));
	ck_assert_int_eq(load_from(buf_view(&both), false, &r), 0);
	struct store *other = open_other();
	for (unsigned i = 0; i < STORE_TABLES; i++)
		expect_equal_tables(store, other, i);
	store_close(&other);
	buf_deinit(&both);
	stream_deinit(&s);
}

END_TEST

START_TEST(what_was_purged_meanwhile_is_expunged)
{
	struct stream s;
	struct load_result r;
	struct store_txn t;
	struct message m;
	stream_init(&s);
	sample_fill();
	s.meddle = true;
	struct dump_result d = dump_of(store, &s);
	ck_assert_uint_eq(d.gone, 3); /* two of them waited for the purge */
	ck_assert_msg(
	    load_from(buf_view(&s.parts[0]), false, &r) == 0, "%s", r.why);
	ck_assert_uint_eq(r.gone, 1);
	struct store *other = open_other();
	expect_clean(other);
	ck_assert_int_eq(store_read(other, &t), 0);
	ck_assert_int_eq(message_get(&t, inbox_id, 5, &m), MC_E_NOENT);
	ck_assert_int_eq(message_get(&t, inbox_id, 6, &m), 0);
	store_end(&t);
	store_close(&other);
	stream_deinit(&s);
}

END_TEST

/* Where there is a store. */

static void fill_other(bool with_message)
{
	struct store *kept = store;
	struct tmp_dir kept_dir = dir;
	dir = other_dir;
	store = test_open(false);
	if (with_message)
		sample_add(
		    inbox_id, V("Subject: y\r\n\r\ny\r\n"), V(""), V(""));
	store_close(&store);
	store = kept;
	dir = kept_dir;
}

START_TEST(a_store_with_mail_stays)
{
	struct stream s;
	struct load_result r;
	stream_init(&s);
	sample_fill();
	dump_of(store, &s);
	fill_other(false);
	ck_assert_int_eq(load_from(buf_view(&s.parts[0]), false, &r), 0);
	ck_assert_int_eq(
	    load_from(buf_view(&s.parts[0]), false, &r), MC_E_EXISTS);
	stream_deinit(&s);
}

END_TEST

START_TEST(a_replaced_store_gives_no_uid_twice)
{
	struct stream s;
	struct load_result r;
	struct store_txn t;
	struct mailbox m;
	struct account a;
	stream_init(&s);
	sample_fill();
	dump_of(store, &s);
	fill_other(true);
	test_now_s += 1000;
	ck_assert_int_eq(load_from(buf_view(&s.parts[0]), true, &r), 0);
	struct store *other = open_other();
	expect_clean(other);
	ck_assert_int_eq(store_read(other, &t), 0);
	ck_assert_int_eq(mailbox_get(&t, inbox_id, &m), 0);
	ck_assert_int_eq(account_get(&t.kv, &a), 0);
	store_end(&t);
	store_close(&other);
	ck_assert_int_ge(m.uidvalidity, test_now_s);
	ck_assert_uint_eq(m.messages, 4);
	ck_assert_uint_gt(a.next_msgid, (uint64_t)1 << 32);
	stream_deinit(&s);
}

END_TEST

START_TEST(a_replaced_store_is_not_damaged_any_more)
{
	struct stream s;
	struct load_result r;
	stream_init(&s);
	sample_fill();
	dump_of(store, &s);
	fill_other(true);
	ck_assert_int_eq(mark_set(other_dir.path), 0);
	ck_assert_int_eq(
	    load_from(buf_view(&s.parts[0]), false, &r), MC_E_EXISTS);
	ck_assert(mark_is_set(other_dir.path));
	ck_assert_int_eq(load_from(buf_view(&s.parts[0]), true, &r), 0);
	struct store *other = open_other();
	expect_clean(other);
	store_close(&other);
	stream_deinit(&s);
}

END_TEST

/* In a process of its own: locks are a process's. */
static void hold_open(int ready, int go)
{
	char c = 0;
	const struct store_options o = { .create = true };
	if (store_open(other_dir.path, &o, &store) != 0)
		_exit(1);
	if (write(ready, &c, 1) != 1 || read(go, &c, 1) < 0)
		_exit(1);
	_exit(0);
}

START_TEST(an_open_store_is_not_replaced)
{
	struct stream s;
	struct load_result r;
	int ready[2], go[2];
	char c;
	stream_init(&s);
	sample_fill();
	dump_of(store, &s);
	store_close(&store);
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(pipe(go), 0);
	pid_t pid = fork();
	if (pid == 0) {
		close(go[1]);
		hold_open(ready[1], go[0]);
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(
	    load_from(buf_view(&s.parts[0]), false, &r), MC_E_BUSY);
	ck_assert_int_eq(load_from(buf_view(&s.parts[0]), true, &r), MC_E_BUSY);
	close(go[1]);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(load_from(buf_view(&s.parts[0]), false, &r), 0);
	for (unsigned i = 0; i < 2; i++)
		close(ready[i]);
	close(go[0]);
	store = test_open(false);
	stream_deinit(&s);
}

END_TEST

START_TEST(a_store_with_a_session_is_not_replaced)
{
	struct stream s;
	struct load_result r;
	struct wake w;
	int ready[2], fd;
	char c = 0;
	stream_init(&s);
	dump_of(store, &s);
	fill_other(false);
	ck_assert_int_eq(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (wake_init(&w, other_dir.path, true) != 0 ||
		    wake_listen(&w, &fd) != 0 || write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(ready[0], &c, 1), 1);
	ck_assert_int_eq(load_from(buf_view(&s.parts[0]), true, &r), MC_E_BUSY);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(load_from(buf_view(&s.parts[0]), true, &r), 0);
	close(ready[0]);
	close(ready[1]);
	stream_deinit(&s);
}

END_TEST

START_TEST(mail_that_comes_meanwhile_stays)
{
	static const char data[] = "x";
	struct tmp_dir d = other_dir;
	char from[128];
	snprintf(from, sizeof from, "%s/from", d.path);
	FILE *f = fopen(d.file, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(kv_watch(d.file), 0);
	ck_assert_uint_eq(fwrite(data, 1, 1, f), 1);
	fclose(f);
	f = fopen(from, "w");
	ck_assert_ptr_nonnull(f);
	fclose(f);
	ck_assert_int_eq(kv_replace(from, d.file, true), MC_E_EXISTS);
	ck_assert_int_eq(kv_watch(d.file), 0);
	ck_assert_int_eq(kv_replace(from, d.file, true), 0);
	ck_assert_int_ne(access(from, F_OK), 0);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/dump");
	TCase *tc = tcase_create("dump");
	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, everything_comes_back);
	tcase_add_test(tc, an_empty_store_comes_back);
	tcase_add_loop_test(tc, random_stores_come_back, 0, 8);
	tcase_add_test(tc, each_damaged_octet_is_noticed);
	tcase_add_test(tc, nothing_is_left_of_a_damaged_stream);
	tcase_add_loop_test(
	    tc, a_stream_that_lies_is_refused, 0, sizeof lies / sizeof lies[0]);
	tcase_add_test(tc, parts_follow_each_other);
	tcase_add_test(tc, what_was_purged_meanwhile_is_expunged);
	tcase_add_test(tc, a_store_with_mail_stays);
	tcase_add_test(tc, a_replaced_store_gives_no_uid_twice);
	tcase_add_test(tc, a_replaced_store_is_not_damaged_any_more);
	tcase_add_test(tc, an_open_store_is_not_replaced);
	tcase_add_test(tc, a_store_with_a_session_is_not_replaced);
	tcase_add_test(tc, mail_that_comes_meanwhile_stays);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
