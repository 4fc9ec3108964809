#include "accounts/quota.h"
#include "suite.h"

struct quota_case {
	uint64_t own, fallback, want;
};

static const struct quota_case cases[] = {
	{ 0, 0, 0 },
	{ 0, 7, 7 },
	{ 5, 7, 5 },
	{ 9, 7, 9 },
	{ ACCOUNT_UNLIMITED, 7, 0 },
	{ ACCOUNT_UNLIMITED, 0, 0 },
};

START_TEST(an_account_s_own_limit_comes_first)
{
	const struct quota_case *c = &cases[_i];
	const struct conf conf = { .quota = (int64_t)c->fallback,
		.quota_messages = (int64_t)c->fallback,
		.quota_mailboxes = (int64_t)c->fallback };
	const struct account a = { .quota_bytes = c->own,
		.quota_messages = c->own,
		.quota_mailboxes = c->own };
	struct account_quota quota = account_quota_of(&conf, &a);
	ck_assert_uint_eq(quota.bytes, c->want);
	ck_assert_uint_eq(quota.messages, c->want);
	ck_assert_uint_eq(quota.mailboxes, c->want);
}

END_TEST

static Suite *build(void)
{
	Suite *suite = suite_create("accounts/quota");
	TCase *tc = tcase_create("quota");
	tcase_add_loop_test(tc, an_account_s_own_limit_comes_first, 0,
	    sizeof cases / sizeof cases[0]);
	suite_add_tcase(suite, tc);
	return suite;
}

SUITE_MAIN(build)
