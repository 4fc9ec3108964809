/* Views: borrowed bytes that may hold anything. */
#include "base/err.h"
#include "base/view.h"
#include "suite.h"

START_TEST(compares)
{
	ck_assert(view_eq(V_NONE, V("")));
	ck_assert(view_eq(V("a\0b"), V("a\0b")));
	ck_assert(!view_eq(V("a\0b"), V("a\0c")));
	ck_assert(!view_eq(V("a"), V("ab")));
	ck_assert(view_ieq(V("Ab[\xc4"), V("aB[\xc4")));
	ck_assert(!view_ieq(V("\xc4"), V("\xe4"))); /* ASCII only */
	ck_assert(!view_ieq(V("["), V("{")));
	ck_assert_int_lt(view_cmp(V("a"), V("ab")), 0);
	ck_assert_int_gt(view_cmp(V("b"), V("ab")), 0);
	ck_assert_int_gt(view_cmp(V("\xff"), V("a")), 0);
	ck_assert_int_eq(view_cmp(V_NONE, V("")), 0);
	ck_assert(view_starts(V("abc"), V("ab")));
	ck_assert(view_starts(V("abc"), V("")));
	ck_assert(!view_starts(V("a"), V("ab")));
	ck_assert(view_istarts(V("ABc"), V("ab")));
}

END_TEST

START_TEST(cuts)
{
	struct view rest = V("a:b:"), head;
	ck_assert(view_cut(&rest, ':', &head));
	ck_assert_view_eq(head, V("a"));
	ck_assert(view_cut(&rest, ':', &head));
	ck_assert_view_eq(head, V("b"));
	ck_assert(!view_cut(&rest, ':', &head));
	ck_assert_uint_eq(head.n, 0);
	ck_assert_uint_eq(rest.n, 0);
	ck_assert_view_eq(view_head(V("abc"), 9), V("abc"));
	ck_assert_view_eq(view_skip(V("abc"), 9), V(""));
	ck_assert_view_eq(view_slice(V("abcd"), 1, 3), V("bc"));
	ck_assert_view_eq(view_slice(V("abcd"), 3, 1), V(""));
	ck_assert_view_eq(view_slice(V("abcd"), 9, 12), V(""));
	ck_assert_ptr_null(view_skip(V_NONE, 3).p);
	ck_assert_view_eq(view_trim(V(" \ta b\t ")), V("a b"));
	ck_assert_view_eq(view_trim(V(" \t ")), V(""));
}

END_TEST

START_TEST(finds)
{
	ck_assert_uint_eq(view_find_byte(V("abca"), 'a'), 0);
	ck_assert_uint_eq(view_rfind_byte(V("abca"), 'a'), 3);
	ck_assert_uint_eq(view_find_byte(V("abc"), 'x'), 3);
	ck_assert_uint_eq(view_rfind_byte(V("abc"), 'x'), 3);
	ck_assert_uint_eq(view_find_byte(V_NONE, 'x'), 0);
	ck_assert_uint_eq(view_find(V("abcabd"), V("abd")), 3);
	ck_assert_uint_eq(view_find(V("abc"), V("")), 0);
	ck_assert_uint_eq(view_find(V("abc"), V("abcd")), 3);
	ck_assert(view_has_byte(V("a\0b"), '\0'));
	ck_assert(!view_has_byte(V("ab"), '\0'));
}

END_TEST

struct number_case {
	struct view in;
	bool fits32, fits64;
	uint64_t value;
};

static const struct number_case number_cases[] = {
	{ V_INIT("0"), true, true, 0 },
	{ V_INIT("007"), true, true, 7 },
	{ V_INIT("4294967295"), true, true, 4294967295u },
	{ V_INIT("4294967296"), false, true, 4294967296u },
	{ V_INIT("18446744073709551615"), false, true, UINT64_MAX },
	{ V_INIT("18446744073709551616"), false, false, 0 },
	{ V_INIT("99999999999999999999"), false, false, 0 },
	{ V_INIT(""), false, false, 0 },
	{ V_INIT("-1"), false, false, 0 },
	{ V_INIT("+1"), false, false, 0 },
	{ V_INIT(" 1"), false, false, 0 },
	{ V_INIT("1\0"), false, false, 0 },
	{ V_INIT("0x1"), false, false, 0 },
};

START_TEST(reads_numbers)
{
	const struct number_case *c = &number_cases[_i];
	struct view v = exact_copy(c->in);
	uint64_t wide = 0;
	uint32_t narrow = 0;
	ck_assert_int_eq(view_u64(v, &wide), c->fits64);
	ck_assert_uint_eq(wide, c->value);
	ck_assert_int_eq(view_u32(v, &narrow), c->fits32);
	if (c->fits32)
		ck_assert_uint_eq(narrow, c->value);
	exact_free(v);
}

END_TEST

START_TEST(is_put_behind_another)
{
	char bytes[6] = "------", *at = bytes;
	struct view a = view_put(&at, V("ab")), none = view_put(&at, V_NONE);
	struct view b = view_put(&at, V("cde"));
	ck_assert_view_eq(a, V("ab"));
	ck_assert_uint_eq(none.n, 0);
	ck_assert_view_eq(b, V("cde"));
	ck_assert_ptr_eq(at, bytes + 5);
	ck_assert_view_eq(((struct view){ bytes, 6 }), V("abcde-"));
}

END_TEST

START_TEST(becomes_a_cstr_only_without_nul)
{
	char out[4];
	ck_assert_int_eq(view_to_cstr(V("abc"), out, sizeof out), 0);
	ck_assert_str_eq(out, "abc");
	ck_assert_int_eq(view_to_cstr(V("abcd"), out, sizeof out), MC_E_LIMIT);
	ck_assert_int_eq(view_to_cstr(V("a\0b"), out, sizeof out), MC_E_BAD);
	ck_assert_int_eq(view_to_cstr(V_NONE, out, sizeof out), 0);
	ck_assert_str_eq(out, "");
	ck_assert_ptr_null(view_of(NULL).p);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("base/view");
	TCase *t = tcase_create("view");
	tcase_add_test(t, compares);
	tcase_add_test(t, cuts);
	tcase_add_test(t, finds);
	tcase_add_loop_test(t, reads_numbers, 0, N(number_cases));
	tcase_add_test(t, is_put_behind_another);
	tcase_add_test(t, becomes_a_cstr_only_without_nul);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
