/* Which recipients `mailctl queue` is about. */
#include "mailctl/queue/queue_filter.h"
#include "suite.h"

enum {
	NOW_S = 1700100000
};

static const struct queue_envelope mail = { .id = 0x10,
	.received_s = NOW_S - 3600,
	.size_bytes = 5000,
	.sender = V_INIT("anna@a.example") };
static const struct queue_rcpt rcpt = { .state = RCPT_WAITING,
	.address = V_INIT("bert@b.example"),
	.reply = V_INIT("4.2.2 the mailbox is full") };

/* Words, and whether they take the recipient above. */
static const struct {
	const char *words[5];
	bool is_taken;
} cases[] = {
	{ { NULL }, true },
	{ { "--all" }, true },
	{ { "0000000000000010" }, true },
	{ { "0000000000000011", "0000000000000010" }, true },
	{ { "0000000000000011" }, false },
	{ { "--sender", "ANNA@a.example" }, true },
	{ { "--sender", "<>" }, false },
	{ { "--recipient", "bert@b.example" }, true },
	{ { "--recipient", "anna@a.example" }, false },
	{ { "--domain", "B.example" }, true },
	{ { "--domain", "example" }, false },
	{ { "--older", "1h" }, true },
	{ { "--older", "2h" }, false },
	{ { "--younger", "1h" }, false },
	{ { "--younger", "1d" }, true },
	{ { "--larger", "4K" }, true },
	{ { "--larger", "5000" }, false },
	{ { "--smaller", "1M" }, true },
	{ { "--state", "waiting" }, true },
	{ { "--state", "held" }, false },
	{ { "--reason", "mailbox is full" }, true },
	{ { "--reason", "no such" }, false },
	{ { "--domain", "b.example", "--older", "2h" }, false },
};

static const char *const bad[][2] = {
	{ "--sender" },
	{ "--state", "lost" },
	{ "--older", "soon" },
	{ "--older", "0" },
	{ "--larger", "5 K" },
	{ "--recipient", "" },
	{ "12" },
	{ "--everything" },
};

static int count(const char *const *words, int max)
{
	int n = 0;
	while (n < max && words[n])
		n++;
	return n;
}

START_TEST(takes_what_was_said)
{
	struct queue_filter f;
	const char *wrong = "";
	char *words[5];
	memcpy(words, cases[_i].words, sizeof words);
	ck_assert(
	    queue_filter_parse(&f, words, count(cases[_i].words, 5), &wrong));
	ck_assert_int_eq(queue_filter_is_empty(&f), !cases[_i].words[0]);
	ck_assert_int_eq(queue_filter_takes_mail(&f, &mail, NOW_S) &&
			     queue_filter_takes_rcpt(&f, &rcpt),
	    cases[_i].is_taken);
}

END_TEST

START_TEST(says_what_is_wrong)
{
	struct queue_filter f;
	const char *wrong = NULL;
	char *words[2];
	memcpy(words, bad[_i], sizeof words);
	int n = count(bad[_i], 2);
	ck_assert(!queue_filter_parse(&f, words, n, &wrong));
	ck_assert_str_eq(wrong, bad[_i][n - 1]);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("mailctl/queue_filter");
	TCase *t = tcase_create("queue_filter");
	tcase_add_loop_test(
	    t, takes_what_was_said, 0, sizeof cases / sizeof cases[0]);
	tcase_add_loop_test(
	    t, says_what_is_wrong, 0, sizeof bad / sizeof bad[0]);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
