#ifndef TESTS_SUITE_H
#define TESTS_SUITE_H
/* What every unit test program needs: check, a main(), and input blocks of
 * exactly the right size so that the address sanitizer sees one byte over. */
#include "base/view.h"
#include <check.h>
#include <stdlib.h>
#include <string.h>

/* A heap copy of v with no byte behind it; the caller frees .p. */
static inline struct view exact_copy(struct view v)
{
	char *p = malloc(v.n ? v.n : 1);
	ck_assert_ptr_nonnull(p);
	if (v.n)
		memcpy(p, v.p, v.n);
	return (struct view){ p, v.n };
}

static inline void exact_free(struct view v)
{
	free((void *)(size_t)v.p);
}

#define ck_assert_view_eq(a, b)                                                \
	do {                                                                   \
		struct view va_ = (a), vb_ = (b);                              \
		ck_assert_msg(view_eq(va_, vb_),                               \
		    "got \"%.*s\", want \"%.*s\"", (int)va_.n, va_.p,          \
		    (int)vb_.n, vb_.p);                                        \
	} while (0)

/* Expands to main() that runs the one suite built by build(). */
#define SUITE_MAIN(build)                                                      \
	int main(void)                                                         \
	{                                                                      \
		SRunner *runner = srunner_create(build());                     \
		srunner_run_all(runner, CK_ENV);                               \
		int failed = srunner_ntests_failed(runner);                    \
		srunner_free(runner);                                          \
		return failed ? EXIT_FAILURE : EXIT_SUCCESS;                   \
	}
#endif
