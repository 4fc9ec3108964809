/* Arenas: zeroed, aligned, capped. */
#include "base/arena.h"
#include "suite.h"
#include <stdalign.h>

START_TEST(gives_zeroed_aligned_memory)
{
	struct arena a;
	arena_init(&a, 1 << 20);
	for (int round = 0; round < 3; round++) {
		for (size_t n = 1; n < 9000; n = n * 3 + 1) {
			char *p = arena_alloc(&a, n);
			ck_assert_ptr_nonnull(p);
			ck_assert_uint_eq(
			    (uintptr_t)p % alignof(max_align_t), 0);
			for (size_t i = 0; i < n; i++)
				ck_assert_int_eq(p[i], 0);
			memset(p, 0xff, n);
		}
		arena_reset(&a);
		ck_assert_uint_eq(a.used_bytes, 0);
	}
	arena_deinit(&a);
}

END_TEST

START_TEST(keeps_its_cap)
{
	struct arena a;
	bool ok = true;
	arena_init(&a, 1000);
	ck_assert_ptr_nonnull(arena_alloc(&a, 900));
	ck_assert_ptr_null(arena_alloc(&a, 200));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX));
	ck_assert_ptr_null(arena_alloc(&a, SIZE_MAX - 8));
	ck_assert_ptr_nonnull(arena_alloc(&a, 16));
	arena_copy(&a, (struct view){ "", 1 }, &ok);
	ck_assert(ok);
	char big[200] = "";
	arena_copy(&a, (struct view){ big, sizeof big }, &ok);
	ck_assert(!ok);
	arena_copy(&a, V("x"), &ok);
	ck_assert(!ok); /* never becomes true again */
	arena_reset(&a);
	ck_assert_ptr_nonnull(arena_alloc(&a, 1000));
	arena_deinit(&a);
}

END_TEST

START_TEST(copies)
{
	struct arena a;
	bool ok = true;
	arena_init(&a, 1000);
	ck_assert_view_eq(arena_copy(&a, V("a\0b"), &ok), V("a\0b"));
	ck_assert_view_eq(arena_copy(&a, V_NONE, &ok), V(""));
	ck_assert(ok);
	ck_assert_str_eq(arena_cstr(&a, V("abc")), "abc");
	ck_assert_ptr_null(arena_cstr(&a, V("a\0b")));
	arena_deinit(&a);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("base/arena");
	TCase *t = tcase_create("arena");
	tcase_add_test(t, gives_zeroed_aligned_memory);
	tcase_add_test(t, keeps_its_cap);
	tcase_add_test(t, copies);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
