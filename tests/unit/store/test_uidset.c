#include "store/mailbox/uidset.h"
#include "suite.h"

static const struct step_case {
	const char *steps; /* "+first:last" adds, "-first:last" removes */
	const char *want;
	uint64_t count;
} cases[] = {
	{ "", "", 0 },
	{ "+1:1", "1", 1 },
	{ "+1:3 +4:4", "1:4", 4 },
	{ "+5:9 +1:3", "1:3,5:9", 8 },
	{ "+5:9 +1:4", "1:9", 9 },
	{ "+1:2 +4:5 +7:8 +3:6", "1:8", 8 },
	{ "+1:2 +4:5 +7:8 +2:7", "1:8", 8 },
	{ "+1:9 +3:4", "1:9", 9 },
	{ "+1:9 -5:5", "1:4,6:9", 8 },
	{ "+1:9 -1:1 -9:9", "2:8", 7 },
	{ "+1:2 +4:5 +7:8 -2:7", "1,8", 2 },
	{ "+1:2 +4:5 +7:8 -1:8", "", 0 },
	{ "+5:6 -1:4 -7:9", "5:6", 2 },
	{ "+4294967295:4294967295 +4294967294:4294967294",
	    "4294967294:4294967295", 2 },
	{ "+1:4294967295", "1:4294967295", 4294967295 },
	{ "+1:4294967295 -4294967295:4294967295", "1:4294967294", 4294967294 },
};

static void run(struct uidset *s, const char *steps)
{
	struct view rest = view_of(steps), step, first;
	while (rest.n) {
		uint32_t a, b;
		view_cut(&rest, ' ', &step);
		bool add = step.p[0] == '+';
		step = view_skip(step, 1);
		view_cut(&step, ':', &first);
		ck_assert(view_u32(first, &a) && view_u32(step, &b));
		ck_assert_int_eq(
		    add ? uidset_add(s, a, b) : uidset_remove(s, a, b), 0);
	}
}

START_TEST(adds_and_removes)
{
	struct uidset s;
	struct buf out;
	uidset_init(&s);
	buf_init(&out, 1000);
	run(&s, cases[_i].steps);
	uidset_put(&out, &s);
	ck_assert_view_eq(buf_view(&out), view_of(cases[_i].want));
	ck_assert_uint_eq(s.count, cases[_i].count);
	buf_deinit(&out);
	uidset_deinit(&s);
}

END_TEST

START_TEST(ranks_are_sequence_numbers)
{
	struct uidset s;
	uidset_init(&s);
	run(&s, "+10:12 +20:20 +30:39");

	static const struct {
		uint32_t uid, rank, count_to, next;
	} rows[] = {
		{ 1, 0, 0, 10 },
		{ 9, 0, 0, 10 },
		{ 10, 1, 1, 11 },
		{ 12, 3, 3, 20 },
		{ 13, 0, 3, 20 },
		{ 20, 4, 4, 30 },
		{ 39, 14, 14, 0 },
		{ 40, 0, 14, 0 },
		{ UINT32_MAX, 0, 14, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_uint_eq(uidset_rank(&s, rows[i].uid), rows[i].rank);
		ck_assert_uint_eq(
		    uidset_count_to(&s, rows[i].uid), rows[i].count_to);
		ck_assert_uint_eq(uidset_next(&s, rows[i].uid), rows[i].next);
		if (rows[i].rank)
			ck_assert_uint_eq(
			    uidset_at(&s, rows[i].rank), rows[i].uid);
	}
	ck_assert_uint_eq(uidset_at(&s, 0), 0);
	ck_assert_uint_eq(uidset_at(&s, 15), 0);
	ck_assert_uint_eq(uidset_max(&s), 39);
	uidset_deinit(&s);
	ck_assert_uint_eq(uidset_max(&s), 0);
	ck_assert_uint_eq(uidset_next(&s, 0), 0);
}

END_TEST

START_TEST(bad_ranges_are_refused)
{
	struct uidset s;
	uidset_init(&s);
	ck_assert_int_eq(uidset_add(&s, 0, 1), MC_E_BAD);
	ck_assert_int_eq(uidset_add(&s, 2, 1), MC_E_BAD);
	ck_assert_int_eq(uidset_remove(&s, 0, 1), MC_E_BAD);
	uidset_deinit(&s);
}

END_TEST

START_TEST(ranges_are_capped)
{
	struct uidset s;
	int error = 0;
	uidset_init(&s);
	for (uint32_t i = 1; i <= 1000000 && !error; i++)
		error = uidset_add(&s, 2 * i, 2 * i);
	ck_assert_int_eq(error, 0);
	ck_assert_int_eq(uidset_add(&s, 1, 3), 0);
	ck_assert_int_eq(uidset_add(&s, 3000001, 3000001), 0);
	ck_assert_int_eq(uidset_add(&s, 3000003, 3000003), MC_E_LIMIT);
	ck_assert_int_eq(uidset_add(&s, 3000000, 3000000), 0);
	uidset_deinit(&s);
}

END_TEST

/* Against one bit per UID. */
START_TEST(agrees_with_a_bitmap)
{
	enum {
		N = 200
	};

	bool bits[N + 1] = { false }, other[N + 1] = { false };
	struct uidset s, o;
	uint32_t seed = 7;
	uidset_init(&s);
	uidset_init(&o);
	for (int step = 0; step < 1000; step++) {
		seed = seed * 1664525 + 1013904223;
		uint32_t a = (seed >> 8) % N + 1, b = a + (seed >> 20) % 9;
		if (b > N)
			b = N;
		bool add = (seed >> 30) & 1, on_s = (seed >> 29) & 1;
		struct uidset *set = on_s ? &s : &o;
		for (uint32_t u = a; u <= b; u++)
			(on_s ? bits : other)[u] = add;
		ck_assert_int_eq(
		    add ? uidset_add(set, a, b) : uidset_remove(set, a, b), 0);
		struct uidset both;
		uidset_init(&both);
		ck_assert_int_eq(uidset_copy(&both, &s), 0);
		ck_assert_int_eq(uidset_intersect(&both, &o), 0);
		uint32_t rank = 0, n_both = 0;
		for (uint32_t u = 1; u <= N; u++) {
			rank += bits[u];
			n_both += bits[u] && other[u];
			ck_assert_int_eq(uidset_has(&s, u), bits[u]);
			ck_assert_uint_eq(
			    uidset_rank(&s, u), bits[u] ? rank : 0);
			ck_assert_int_eq(
			    uidset_has(&both, u), bits[u] && other[u]);
		}
		ck_assert_uint_eq(s.count, rank);
		ck_assert_uint_eq(both.count, n_both);
		uidset_deinit(&both);
	}
	uidset_deinit(&s);
	uidset_deinit(&o);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("store/uidset");
	TCase *tc = tcase_create("uidset");
	tcase_add_loop_test(
	    tc, adds_and_removes, 0, sizeof cases / sizeof cases[0]);
	tcase_add_test(tc, ranks_are_sequence_numbers);
	tcase_add_test(tc, bad_ranges_are_refused);
	tcase_add_test(tc, ranges_are_capped);
	tcase_add_test(tc, agrees_with_a_bitmap);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
