/* How the octets of messages lie in the store: none is lost at a seam. */
#include "store/check/check.h"
#include "store/txn/body.h"
#include "store/txn/edit.h"
#include "store_fixture.h"
#include "suite.h"
#include <stdlib.h>

enum {
	TEXT_MAX = 5 * 256 * 1024
};

static char *text;
static uint32_t seed;

static uint32_t pick(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)seed * n) >> 32);
}

/* Words: what compresses; with noise: what does not. */
static void make_text(size_t n, bool noise)
{
	static const char words[] = "once upon a midnight dreary\r\n";
	seed = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		text[i] = noise ? (char)pick(256)
				: words[(i + i / 640) % (sizeof words - 1)];
}

static uint64_t store_text(size_t n)
{
	struct append_result r;
	struct store_txn t;
	struct message m;
	const struct append item = {
		.mailbox = inbox_id,
		.source = { .mem = { text, n }, .fd = -1 },
	};
	ck_assert_int_eq(message_append(store, &item, 1, &r), 0);
	ck_assert_int_eq(r.error, 0);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_get(&t, inbox_id, r.uid, &m), 0);
	store_end(&t);
	return m.msgid;
}

static void read_and_compare(uint64_t msgid, size_t offset, size_t n)
{
	struct store_txn t;
	char *got = malloc(n + 1);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_read(&t, msgid, offset, got, n), 0);
	store_end(&t);
	ck_assert(memcmp(got, text + offset, n) == 0);
	free(got);
}

static void read_everywhere(uint64_t msgid, size_t n)
{
	read_and_compare(msgid, 0, n);
	read_and_compare(msgid, n, 0);
	for (unsigned i = 0; i < 40; i++) {
		size_t offset = pick((uint32_t)n + 1);
		read_and_compare(
		    msgid, offset, pick((uint32_t)(n - offset) + 1));
	}
	for (size_t offset = 0; offset < n; offset += 65536)
		read_and_compare(
		    msgid, offset, n - offset < 65536 ? n - offset : 65536);
}

static void is_clean(void)
{
	struct check_result r;
	const struct check_options o = { .bodies = true };
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 0);
}

static const size_t sizes[] = { 0, 1, 759, 760, 761, 1520, 1521, 1522, 2283,
	3299, 3300, 3301, 4075, 4076, 4077, 4076 + 761, 4076 + 2500,
	4076 + 3300, 4076 + 3301, 3 * 4076, 262143, 262144, 262145,
	2 * 262144 + 2500 };

START_TEST(every_octet_comes_back)
{
	size_t n = sizes[_i];
	make_text(n, false);
	read_everywhere(store_text(n), n);
	is_clean();
}

END_TEST

static struct body shape_of(uint64_t msgid, struct store_txn *t)
{
	struct body b;
	ck_assert_int_eq(store_read(store, t), 0);
	ck_assert_int_eq(body_get(t, msgid, &b), 0);
	return b;
}

/* Text, noise, and text whose first frame is noise. */
START_TEST(every_octet_comes_back_packed)
{
	static const enum {
		TEXT,
		NOISE,
		BOTH
	} kinds[] = { TEXT, NOISE, BOTH };

	size_t n = sizes[_i / 3];
	struct store_txn t;
	test_compress = pack_is_built();
	reopen();
	make_text(n, kinds[_i % 3] == NOISE);
	for (size_t i = 0; kinds[_i % 3] == BOTH && i < n; i++)
		if (i < BODY_FRAME_OCTETS)
			text[i] = (char)pick(256);
	uint64_t msgid = store_text(n);
	read_everywhere(msgid, n);
	is_clean();
	struct body b = shape_of(msgid, &t);
	if (pack_is_built() && kinds[_i % 3] == TEXT && n > 1000)
		ck_assert_uint_lt(b.stored_bytes, n / 2);
	if (kinds[_i % 3] == NOISE)
		ck_assert_uint_eq(b.stored_bytes, n);
	store_end(&t);
	/* Who does not pack still reads. */
	test_compress = false;
	reopen();
	read_everywhere(msgid, n);
}

END_TEST

/* Larger than what is packed in memory. */
START_TEST(large_messages_are_packed_by_way_of_a_file)
{
	struct store_txn t;
	size_t n = PACK_MEMORY_OCTETS + 70000;
	test_compress = true;
	reopen();
	make_text(n, false);
	uint64_t msgid = store_text(n);
	struct body b = shape_of(msgid, &t);
	if (pack_is_built())
		ck_assert_uint_lt(b.stored_bytes, n / 2);
	store_end(&t);
	read_everywhere(msgid, n);
	is_clean();
}

END_TEST

/* A frame with a right checksum around wrong octets. */
START_TEST(a_frame_that_cannot_be_unpacked_is_damage)
{
	struct check_result r;
	const struct check_options o = { .bodies = true };
	struct store_txn t;
	struct kv_txn w;
	struct view v;
	char copy[CHUNK_OCTETS + 4], got[100];
	if (!pack_is_built())
		return;
	test_compress = true;
	reopen();
	make_text(50000, false);
	uint64_t msgid = store_text(50000);
	struct key k = key_blb(msgid, 0);
	ck_assert_int_eq(kv_write(store->kv, &w), 0);
	ck_assert_int_eq(kv_get(&w, TABLE_BLB, key_view(&k), &v), 0);
	memcpy(copy, v.p, v.n);
	copy[v.n / 2] ^= 0x55;
	copy[20] ^= 0x55;
	chunk_seal(&k, (struct view){ copy, v.n - 4 }, copy + v.n - 4);
	kv_put(&w, TABLE_BLB, key_view(&k), (struct view){ copy, v.n });
	ck_assert_int_eq(kv_commit(&w), 0);
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(
	    message_read(&t, msgid, 0, got, sizeof got), MC_E_CORRUPT);
	store_end(&t);
	ck_assert_int_eq(store_check(store, &o, &r), 0);
	ck_assert_uint_eq(r.violations, 1);
}

END_TEST

/* Parts in order cost one unpacking of each frame: the last is kept. */
START_TEST(a_frame_is_unpacked_once)
{
	size_t n = BODY_FRAME_OCTETS + 5000;
	if (!pack_is_built())
		return;
	test_compress = true;
	reopen();
	make_text(n, false);
	uint64_t msgid = store_text(n);
	read_and_compare(msgid, 0, 10);
	ck_assert_uint_eq(store->unpacker.msgid, msgid);
	store->unpacker.octets[10] = '#';
	text[10] = '#';
	read_and_compare(msgid, 10, 10);
	read_and_compare(msgid, n - 10, 10);
	text[10] = 'n';
	store_housekeeping(store);
	ck_assert_ptr_null(store->unpacker.octets);
	make_text(n, false);
	read_and_compare(msgid, 0, n);
}

END_TEST

/* What a store has that was written before there were pieces. */
START_TEST(bodies_without_a_layout_are_read)
{
	const struct body old = { .stored_bytes = 4076 + 2500 };
	const struct body new = { .stored_bytes = 4076 + 2500,
		.has_pieces = true };
	uint64_t offset;
	ck_assert_uint_eq(body_chunks(&old), 2);
	ck_assert_uint_eq(body_chunk(&old, 1, &offset), 2500);
	ck_assert_uint_eq(body_chunk(&old, 2, &offset), 0);
	ck_assert_uint_eq(body_chunks(&new), 5);
	ck_assert_uint_eq(body_chunk(&new, 1, &offset), 625);
	ck_assert_uint_eq(body_chunk(&new, 4, &offset), 625);
	ck_assert_uint_eq(offset, 4076 + 3 * 625);
	ck_assert_uint_eq(body_chunk(&new, 5, &offset), 0);
}

END_TEST

static void body_setup(void)
{
	setup();
	text = malloc(TEXT_MAX);
}

static void body_teardown(void)
{
	free(text);
	teardown();
	test_compress = false;
}

static Suite *build(void)
{
	Suite *suite = suite_create("store/body");
	TCase *tc = tcase_create("body");
	tcase_add_checked_fixture(tc, body_setup, body_teardown);
	tcase_add_loop_test(
	    tc, every_octet_comes_back, 0, sizeof sizes / sizeof sizes[0]);
	tcase_add_loop_test(tc, every_octet_comes_back_packed, 0,
	    3 * sizeof sizes / sizeof sizes[0]);
	tcase_add_test(tc, large_messages_are_packed_by_way_of_a_file);
	tcase_add_test(tc, a_frame_that_cannot_be_unpacked_is_damage);
	tcase_add_test(tc, a_frame_is_unpacked_once);
	tcase_add_test(tc, bodies_without_a_layout_are_read);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
