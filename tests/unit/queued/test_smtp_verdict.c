/* What replies mean: RFC 5321 4.2.1, 4.5.3.1.10, RFC 8689 4.2.1. */
#include "queued/client/smtp_verdict.h"
#include "suite.h"

struct verdict_case {
	struct smtp_result result;
	enum smtp_outcome outcome;
	enum smtp_blame blame;
};

#define SAID(stage, code, a, b, c)                                             \
	{                                                                      \
		(code), { (a), (b), (c) }, V_INIT(""), SMTP_STAGE_##stage,     \
		    false                                                      \
	}
#define OURS(stage, code, a, b, c)                                             \
	{                                                                      \
		(code), { (a), (b), (c) }, V_INIT(""), SMTP_STAGE_##stage,     \
		    true                                                       \
	}
#define TEMP SMTP_OUTCOME_TEMP
#define PERM SMTP_OUTCOME_PERM
#define HOST SMTP_BLAME_HOST
#define MESSAGE SMTP_BLAME_MESSAGE

static const struct verdict_case cases[] = {
	{ SAID(END, 250, 2, 0, 0), SMTP_OUTCOME_OK, MESSAGE },
	{ SAID(RCPT, 251, 2, 1, 5), SMTP_OUTCOME_OK, MESSAGE },
	{ OURS(RCPT, 0, 0, 0, 0), SMTP_OUTCOME_NOT_TRIED, MESSAGE },
	{ OURS(CONNECT, 421, 4, 4, 1), TEMP, HOST },
	{ SAID(BANNER, 554, 5, 7, 1), PERM, HOST },
	{ SAID(BANNER, 421, 4, 0, 0), TEMP, HOST },
	{ SAID(HELLO, 550, 5, 0, 0), PERM, HOST },
	{ SAID(STARTTLS, 454, 4, 7, 0), TEMP, HOST },
	{ OURS(TLS, 421, 4, 4, 2), TEMP, HOST },
	{ SAID(AUTH, 535, 5, 7, 8), TEMP, HOST },
	{ SAID(IDLE, 421, 4, 4, 2), TEMP, HOST },
	{ SAID(MAIL, 550, 5, 7, 1), PERM, MESSAGE },
	{ SAID(MAIL, 451, 4, 7, 1), TEMP, MESSAGE },
	{ SAID(MAIL, 421, 4, 7, 0), TEMP, HOST },
	{ OURS(MAIL, 552, 5, 3, 4), PERM, MESSAGE },
	{ OURS(MAIL, 550, 5, 7, 30), PERM, HOST },
	{ SAID(MAIL, 550, 5, 7, 30), PERM, MESSAGE },
	{ OURS(MAIL, 421, 4, 4, 2), TEMP, HOST },
	{ SAID(RCPT, 552, 5, 5, 3), TEMP, MESSAGE },
	{ SAID(RCPT, 552, 5, 2, 2), PERM, MESSAGE },
	{ SAID(RCPT, 552, 5, 0, 0), PERM, MESSAGE },
	{ SAID(END, 552, 5, 5, 3), PERM, MESSAGE },
	{ SAID(RCPT, 452, 4, 5, 3), TEMP, MESSAGE },
	{ OURS(RCPT, 451, 4, 5, 0), TEMP, HOST },
	{ OURS(BODY, 421, 4, 4, 2), TEMP, HOST },
	{ OURS(BODY, 451, 4, 3, 0), TEMP, MESSAGE },
	/* Whether it is taken nobody knows: */
	{ OURS(END, 421, 4, 4, 2), TEMP, MESSAGE },
	{ OURS(END, 451, 4, 5, 0), TEMP, MESSAGE },
	/* It is not: */
	{ SAID(END, 421, 4, 3, 2), TEMP, HOST },
	{ SAID(END, 554, 5, 7, 1), PERM, MESSAGE },
};

START_TEST(judges)
{
	const struct verdict_case *c = &cases[_i];
	ck_assert_int_eq(smtp_verdict_outcome(&c->result), c->outcome);
	ck_assert_int_eq(smtp_verdict_blame(&c->result), c->blame);
}

END_TEST

START_TEST(names_each_stage)
{
	for (unsigned i = 0; i < SMTP_STAGE_COUNT; i++)
		for (unsigned j = 0; j <= i; j++)
			ck_assert_int_eq(
			    view_eq(smtp_stage_name((enum smtp_stage)i),
				smtp_stage_name((enum smtp_stage)j)),
			    i == j);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/smtp_verdict");
	TCase *t = tcase_create("verdict");
	tcase_add_loop_test(
	    t, judges, 0, (int)(sizeof cases / sizeof cases[0]));
	tcase_add_test(t, names_each_stage);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
