/* Ids: never 0, never used twice, late answers find nothing. */
#include "base/idtab.h"
#include "suite.h"

START_TEST(finds_what_was_added)
{
	struct idtab t;
	int objects[100];
	uint64_t ids[100];
	idtab_init(&t, 100);
	for (int i = 0; i < 100; i++) {
		ids[i] = idtab_add(&t, &objects[i]);
		ck_assert_uint_ne(ids[i], 0);
	}
	ck_assert_uint_eq(idtab_add(&t, &objects[0]), 0);
	ck_assert_uint_eq(idtab_count(&t), 100);
	for (int i = 0; i < 100; i++)
		ck_assert_ptr_eq(idtab_get(&t, ids[i]), &objects[i]);
	ck_assert_ptr_null(idtab_get(&t, 0));
	ck_assert_ptr_null(idtab_get(&t, UINT64_MAX));
	ck_assert_ptr_null(idtab_get(&t, ids[99] + 1));
	idtab_deinit(&t);
}

END_TEST

START_TEST(old_ids_find_nothing)
{
	struct idtab t;
	int a, b;
	idtab_init(&t, 1);
	uint64_t old = idtab_add(&t, &a);
	idtab_remove(&t, old);
	idtab_remove(&t, old);
	ck_assert_uint_eq(idtab_count(&t), 0);
	uint64_t new = idtab_add(&t, &b);
	ck_assert_uint_ne(new, 0);
	ck_assert_uint_ne(new, old);
	ck_assert_ptr_null(idtab_get(&t, old));
	idtab_remove(&t, old);
	ck_assert_ptr_eq(idtab_get(&t, new), &b);
	idtab_deinit(&t);
}

END_TEST

struct walk {
	struct idtab *t;
	unsigned n;
};

static void remove_each(uint64_t id, void *object, void *ctx)
{
	struct walk *w = ctx;
	ck_assert_ptr_eq(idtab_get(w->t, id), object);
	idtab_remove(w->t, id);
	w->n++;
}

START_TEST(visits_each_once)
{
	struct idtab t;
	int objects[20];
	struct walk w = { &t, 0 };
	idtab_init(&t, 1000);
	for (int i = 0; i < 20; i++)
		idtab_add(&t, &objects[i]);
	idtab_each(&t, remove_each, &w);
	ck_assert_uint_eq(w.n, 20);
	ck_assert_uint_eq(idtab_count(&t), 0);
	idtab_each(&t, remove_each, &w);
	ck_assert_uint_eq(w.n, 20);
	idtab_deinit(&t);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("base/idtab");
	TCase *t = tcase_create("idtab");
	tcase_add_test(t, finds_what_was_added);
	tcase_add_test(t, old_ids_find_nothing);
	tcase_add_test(t, visits_each_once);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
