/* The byte queue: its cap holds, its error sticks. */
#include "base/buf.h"
#include "freed.h"
#include "suite.h"

START_TEST(queues_bytes)
{
	struct buf b;
	buf_init(&b, 10);
	ck_assert_ptr_null(buf_view(&b).p);
	buf_put(&b, V("abcdef"));
	buf_consume(&b, 4);
	ck_assert_view_eq(buf_view(&b), V("ef"));
	buf_put(&b, V("ghijklmn")); /* slides: 10 fit again */
	ck_assert_view_eq(buf_view(&b), V("efghijklmn"));
	ck_assert_uint_eq(buf_room(&b), 0);
	ck_assert_int_eq(buf_error(&b), 0);
	buf_truncate(&b, 3);
	ck_assert_view_eq(buf_view(&b), V("efg"));
	buf_truncate(&b, 9);
	ck_assert_uint_eq(buf_len(&b), 3);
	buf_consume(&b, 99);
	ck_assert_uint_eq(buf_len(&b), 0);
	buf_deinit(&b);
}

END_TEST

START_TEST(error_is_sticky)
{
	struct buf b;
	buf_init(&b, 4);
	buf_put(&b, V("abc"));
	buf_put(&b, V("de"));
	ck_assert_int_eq(buf_error(&b), MC_E_LIMIT);
	buf_put(&b, V("f")); /* would fit */
	buf_put_char(&b, 'f');
	buf_put_u64(&b, 1);
	buf_printf(&b, "%d", 1);
	ck_assert_view_eq(buf_view(&b), V("abc"));
	buf_reset(&b);
	ck_assert_int_eq(buf_error(&b), 0);
	buf_put(&b, V("defg"));
	ck_assert_view_eq(buf_view(&b), V("defg"));
	ck_assert_ptr_null(buf_reserve(&b, 1));
	ck_assert_int_eq(buf_error(&b), 0); /* reserving is asking */
	buf_deinit(&b);
}

END_TEST

START_TEST(formats)
{
	struct buf b;
	char long_text[2000];
	memset(long_text, 'x', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	buf_init(&b, 2010);
	buf_put_u64(&b, 0);
	buf_put_u64(&b, UINT64_MAX);
	buf_put_cstr(&b, NULL);
	ck_assert_view_eq(buf_view(&b), V("018446744073709551615"));
	buf_reset(&b);
	buf_printf(&b, "%s-%d", long_text, 42);
	ck_assert_uint_eq(buf_len(&b), 2002);
	ck_assert_view_eq(view_skip(buf_view(&b), 1998), V("x-42"));
	buf_printf(&b, "%s", long_text);
	ck_assert_int_eq(buf_error(&b), MC_E_LIMIT);
	ck_assert_uint_eq(buf_len(&b), 2002);
	buf_deinit(&b);
}

END_TEST

START_TEST(is_filled_by_readers)
{
	struct buf b;
	buf_init(&b, 100);
	char *p = buf_reserve(&b, 60);
	ck_assert_ptr_nonnull(p);
	memset(p, 'x', 60);
	buf_commit(&b, 10);
	ck_assert_view_eq(buf_view(&b), V("xxxxxxxxxx"));
	ck_assert_ptr_null(buf_reserve(&b, 91));
	ck_assert_ptr_nonnull(buf_reserve(&b, 90));
	buf_trim(&b);
	ck_assert_uint_eq(buf_len(&b), 10);
	buf_consume(&b, 10);
	buf_trim(&b);
	ck_assert_ptr_null(b.p);
	buf_deinit(&b);
}

END_TEST

/* A way for memory to be given back. */
static void by_trim(struct buf *b)
{
	buf_consume(b, buf_len(b));
	buf_trim(b);
}

static void by_growth(struct buf *b)
{
	char more[1000] = "";
	buf_put(b, (struct view){ more, sizeof more });
}

static void (*const ways[])(struct buf *b) = { buf_deinit, by_trim, by_growth };

START_TEST(keeps_secrets)
{
	struct buf b;
	buf_init(&b, 4096);
	buf_keep_secret(&b);
	buf_printf(&b, "%100s%s", "", "correct horse battery staple");
	uintptr_t at = (uintptr_t)b.p;
	size_t n = b.cap;
	if (!freed_has(at, n, V("battery")))
		return; /* nobody can look */
	ways[_i](&b);
	ck_assert_uint_ne((uintptr_t)b.p, at);
	ck_assert(!freed_has(at, n, V("battery")));
	buf_deinit(&b);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("base/buf");
	TCase *t = tcase_create("buf");
	tcase_add_test(t, queues_bytes);
	tcase_add_test(t, error_is_sticky);
	tcase_add_test(t, formats);
	tcase_add_test(t, is_filled_by_readers);
	tcase_add_loop_test(t, keeps_secrets, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
