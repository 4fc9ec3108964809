/* Status codes (RFC 3463) in words. */
#include "queued/notice/explain.h"
#include "suite.h"

static const struct {
	struct view reply, code, what;
} cases[] = {
	{ V_INIT("5.1.1 no such user here"), V_INIT("5.1.1"),
	    V_INIT("there is no such mailbox") },
	{ V_INIT("550 5.1.1 no"), V_INIT("5.1.1"),
	    V_INIT("there is no such mailbox") },
	{ V_INIT("550-5.1.1 no"), V_INIT("5.1.1"),
	    V_INIT("there is no such mailbox") },
	{ V_INIT("4.2.2"), V_INIT("4.2.2"), V_INIT("the mailbox is full") },
	{ V_INIT("5.1.10 null MX"), V_INIT("5.1.10"),
	    V_INIT("the domain takes no mail") },
	{ V_INIT("5.1.99 x"), V_INIT("5.1.99"),
	    V_INIT("the address was refused") },
	{ V_INIT("5.7.99 x"), V_INIT("5.7.99"),
	    V_INIT("it was refused by the rules of the mail system there") },
	{ V_INIT("550-5.7.26 unauthenticated email is not accepted"),
	    V_INIT("5.7.26"),
	    V_INIT("nothing proves that it comes from its sender's domain") },
	{ V_INIT("550 5.7.515 Access denied, sending domain x does not meet"),
	    V_INIT("5.7.515"),
	    V_INIT("nothing proves that it comes from its sender's domain") },
	{ V_INIT("550-5.7.1 does not meet IPv6 sending guidelines regarding "),
	    V_INIT("5.7.1"),
	    V_INIT("the IPv6 address of this mail system has no name in DNS, "
		   "or the sender's domain does not vouch for it") },
	{ V_INIT("450 4.7.1 Greylisted, try again"), V_INIT("4.7.1"),
	    V_INIT("the receiver puts off mail of hosts that it does not "
		   "know") },
	{ V_INIT("550 5.7.1 blocked, see spamhaus.org/x"), V_INIT("5.7.1"),
	    V_INIT("the address of this mail system is on a list of senders "
		   "that are blocked") },
	{ V_INIT("550 5.7.1 no"), V_INIT("5.7.1"),
	    V_INIT("it was refused by the rules of the mail system there") },
	{ V_INIT(""), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
	{ V_INIT("go away"), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
	{ V_INIT("550 go away"), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
	{ V_INIT("5.1.1x"), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
	{ V_INIT("5.1.1234"), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
	{ V_INIT("55.1.1"), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
	{ V_INIT("5.1"), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
	{ V_INIT("5.1."), V_INIT(""),
	    V_INIT("the mail system there gave the reason below") },
};

START_TEST(finds_the_code_and_its_words)
{
	size_t n = cases[_i].reply.n;
	char *exact = malloc(n ? n : 1);
	memcpy(exact, cases[_i].reply.p, n);
	struct view reply = { exact, n };
	ck_assert_view_eq(explain_code(reply), cases[_i].code);
	ck_assert_view_eq(explain_reply(reply).what, cases[_i].what);
	free(exact);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/explain");
	TCase *t = tcase_create("explain");
	tcase_add_loop_test(
	    t, finds_the_code_and_its_words, 0, sizeof cases / sizeof cases[0]);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
