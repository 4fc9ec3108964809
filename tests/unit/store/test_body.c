/* How the octets of messages lie in the store: none is lost at a seam. */
#include "store/body.h"
#include "store/check.h"
#include "store_fixture.h"
#include "suite.h"
#include <stdlib.h>

enum {
	TEXT_MAX = 3 * 256 * 1024
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

static const size_t sizes[] = { 0, 1, 2009, 2010, 2011, 2012, 2999, 3000, 3001,
	4075, 4076, 4077, 4076 + 2010, 4076 + 2011, 4076 + 3000, 4076 + 3001,
	3 * 4076, 3 * 4076 + 2500, 262143, 262144, 262145, 2 * 262144 + 2500 };

START_TEST(every_octet_comes_back)
{
	size_t n = sizes[_i];
	make_text(n, _i % 2);
	read_everywhere(store_text(n), n);
	is_clean();
}

END_TEST

/* What a store has that was written before there were halves. */
START_TEST(bodies_without_a_layout_are_read)
{
	const struct body old = { .size_bytes = 4076 + 2500 };
	const struct body new = { .size_bytes = 4076 + 2500,
		.has_halves = true };
	uint64_t offset;
	ck_assert_uint_eq(body_chunks(&old), 2);
	ck_assert_uint_eq(body_chunk(&old, 1, &offset), 2500);
	ck_assert_uint_eq(body_chunk(&old, 2, &offset), 0);
	ck_assert_uint_eq(body_chunks(&new), 3);
	ck_assert_uint_eq(body_chunk(&new, 1, &offset), 1250);
	ck_assert_uint_eq(body_chunk(&new, 2, &offset), 1250);
	ck_assert_uint_eq(offset, 4076 + 1250);
	ck_assert_uint_eq(body_chunk(&new, 3, &offset), 0);
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
}

static Suite *build(void)
{
	Suite *suite = suite_create("store/body");
	TCase *tc = tcase_create("body");
	tcase_add_checked_fixture(tc, body_setup, body_teardown);
	tcase_add_loop_test(
	    tc, every_octet_comes_back, 0, sizeof sizes / sizeof sizes[0]);
	tcase_add_test(tc, bodies_without_a_layout_are_read);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
