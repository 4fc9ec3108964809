/* The cursors under every message between processes. */
#include "suite.h"
#include "wire/rd.h"
#include "wire/wr.h"

START_TEST(reads_what_was_written)
{
	char bytes[100];
	struct wr w = wr_into(bytes, sizeof bytes);
	wr_u8(&w, 0xfe);
	wr_u16(&w, 0x1234);
	wr_u32(&w, 0x12345678);
	wr_u64(&w, UINT64_MAX - 1);
	wr_bytes(&w, V("a\0b"), 3);
	wr_bytes(&w, V_NONE, 0);
	wr_raw(&w, V("xy"));
	ck_assert(!w.failed);
	ck_assert_view_eq(
	    view_head(wr_view(&w), 7), V("\xfe\x12\x34\x12\x34\x56\x78"));
	struct view copy = exact_copy(wr_view(&w));
	struct rd r = rd_of(copy);
	ck_assert_uint_eq(rd_u8(&r), 0xfe);
	ck_assert_uint_eq(rd_u16(&r), 0x1234);
	ck_assert_uint_eq(rd_u32(&r), 0x12345678);
	ck_assert_uint_eq(rd_u64(&r), UINT64_MAX - 1);
	ck_assert_view_eq(rd_bytes(&r, 3), V("a\0b"));
	ck_assert_view_eq(rd_bytes(&r, 0), V(""));
	ck_assert(!rd_end(&r));
	ck_assert_view_eq(rd_raw(&r, 2), V("xy"));
	ck_assert(rd_end(&r));
	exact_free(copy);
}

END_TEST

START_TEST(reading_fails_for_good)
{
	struct rd r = rd_of(V("\0\0\0\1"));
	ck_assert_uint_eq(rd_u64(&r), 0);
	ck_assert(r.failed);
	ck_assert_uint_eq(rd_u8(&r), 0);
	ck_assert(!rd_end(&r));
	r = rd_of(V("\0\0\0\4abc")); /* shorter than its length says */
	ck_assert_uint_eq(rd_bytes(&r, 100).n, 0);
	ck_assert(!rd_end(&r));
	r = rd_of(V("\0\0\0\3abc")); /* longer than allowed */
	ck_assert_uint_eq(rd_bytes(&r, 2).n, 0);
	ck_assert(!rd_end(&r));
	r = rd_of(V("\xff\xff\xff\xff"));
	rd_bytes(&r, SIZE_MAX);
	ck_assert(!rd_end(&r));
	r = rd_of(V("\1\2"));
	rd_u8(&r);
	ck_assert(!rd_end(&r)); /* something is left */
}

END_TEST

START_TEST(writing_fails_for_good)
{
	char bytes[6];
	struct wr w = wr_into(bytes, sizeof bytes);
	wr_u32(&w, 1);
	wr_u32(&w, 2);
	ck_assert(w.failed);
	wr_u8(&w, 3);
	ck_assert(w.failed);
	ck_assert_uint_eq(w.n, 4);
	w = wr_into(bytes, sizeof bytes);
	wr_bytes(&w, V("ab"), 1);
	ck_assert(w.failed);
	w = wr_into(bytes, 0);
	wr_raw(&w, V(""));
	ck_assert(!w.failed);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("wire/rd_wr");
	TCase *t = tcase_create("rd_wr");
	tcase_add_test(t, reads_what_was_written);
	tcase_add_test(t, reading_fails_for_good);
	tcase_add_test(t, writing_fails_for_good);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
