/* Logins in progress: what fronts are told, caps, time-outs. */
#include "accounts/authn.h"
#include "accounts/remember.h"
#include "suite.h"
#include <stdio.h>
#include <unistd.h>

static char dir[64], file[128], users[128];
static struct conf *conf;
static struct accounts *accounts;
static struct authn *authn;

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void set_up(void)
{
	struct buf errors;
	buf_init(&errors, 4096);
	snprintf(dir, sizeof dir, "/tmp/mailcore-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof file, "%s/conf", dir);
	snprintf(users, sizeof users, "%s/users", dir);
	write_file(file, "hostname = mx.example\n"
			 "auth_conversations_max = 3\nauth_timeout = 10s\n"
			 "domain a.example { accounts = passwd-file "
			 "passwd_file = users }\n");
	write_file(users, "anna:{PLAIN}pencil\nbroken:{NOPE}x\n");
	ck_assert_int_eq(conf_read(file, NULL, &conf, &errors), 0);
	accounts = accounts_new(conf, dir);
	authn = authn_new(accounts, conf);
	buf_deinit(&errors);
}

static void tear_down(void)
{
	authn_free(&authn);
	accounts_free(&accounts);
	conf_free(&conf);
	unlink(file);
	unlink(users);
	rmdir(dir);
}

static struct authn_answer start(uint64_t id, const char *mechanism,
    struct view initial, uint8_t flags, uint64_t now_ms)
{
	struct msg_auth_start m = { .id = id,
		.session = 1000 + id,
		.service = SERVICE_IMAPS,
		.flags = flags,
		.mechanism = view_of(mechanism),
		.has_initial = initial.p != NULL,
		.initial = initial,
		.remote = V("192.0.2.1") };
	struct authn_answer out;
	authn_start(authn, 7, &m, now_ms, &out);
	return out;
}

static struct authn_answer next(uint64_t id, struct view response)
{
	struct msg_auth_next m = { .id = id, .response = response };
	struct authn_answer out;
	authn_next(authn, 7, &m, 1, &out);
	return out;
}

#define TLS SESSION_FLAG_TLS
#define LOOPBACK SESSION_FLAG_LOOPBACK
#define UNKNOWN_MECHANISM AUTH_STATUS_UNKNOWN_MECHANISM

struct one_case {
	const char *mechanism;
	struct view initial;
	uint8_t flags;
	enum auth_status want;
};

static const struct one_case one_cases[] = {
	{ "PLAIN", V_INIT("\0anna\0pencil"), TLS, AUTH_STATUS_OK },
	{ "PLAIN", V_INIT("\0anna\0pencil"), LOOPBACK, AUTH_STATUS_OK },
	{ "PLAIN", V_INIT("\0Anna@A.example\0pencil"), TLS, AUTH_STATUS_OK },
	{ "PLAIN", V_INIT("\0anna\0pencil"), 0, AUTH_STATUS_BAD },
	{ "PLAIN", V_INIT("\0anna\0wrong"), TLS, AUTH_STATUS_FAILED },
	{ "PLAIN", V_INIT("\0nobody\0pencil"), TLS, AUTH_STATUS_FAILED },
	{ "PLAIN", V_INIT("\0x@b.example\0pencil"), TLS, AUTH_STATUS_FAILED },
	{ "PLAIN", V_INIT("\0broken\0x"), TLS, AUTH_STATUS_FAILED },
	{ "PLAIN", V_INIT("nonsense"), TLS, AUTH_STATUS_BAD },
	{ "CRAM-MD5", V_INIT("x"), TLS, UNKNOWN_MECHANISM },
	{ "SCRAM-SHA-256-PLUS", V_INIT("x"), TLS, UNKNOWN_MECHANISM },
};

START_TEST(answers_at_once)
{
	const struct one_case *c = &one_cases[_i];
	struct authn_answer a = start(1, c->mechanism, c->initial, c->flags, 1);
	ck_assert(!a.is_challenge);
	ck_assert_int_eq(a.status, c->want);
	ck_assert_int_eq(a.account != NULL, c->want == AUTH_STATUS_OK);
	if (a.account) {
		ck_assert_str_eq(a.account->address, "anna@a.example");
		ck_assert_uint_eq(a.session, 1001);
		ck_assert_int_eq(a.service, SERVICE_IMAPS);
	}
	ck_assert_uint_eq(authn_count(authn), 0);
}

END_TEST

START_TEST(holds_a_conversation)
{
	struct authn_answer a = start(1, "LOGIN", V_NONE, TLS, 1);
	ck_assert(a.is_challenge);
	ck_assert_view_eq(a.challenge, V("Username:"));
	a = next(1, V("anna"));
	ck_assert_view_eq(a.challenge, V("Password:"));
	a = next(1, V("pencil"));
	ck_assert(!a.is_challenge && a.status == AUTH_STATUS_OK);
	/* It is over. */
	a = next(1, V("pencil"));
	ck_assert(!a.is_challenge && a.status == AUTH_STATUS_BAD);
}

END_TEST

START_TEST(caps_and_forgets_conversations)
{
	unsigned front;
	uint64_t id;
	for (uint64_t i = 1; i <= 3; i++)
		ck_assert(
		    start(i, "LOGIN", V_NONE, TLS, i * 1000).is_challenge);
	struct authn_answer a = start(4, "LOGIN", V_NONE, TLS, 1);
	ck_assert(!a.is_challenge && a.status == AUTH_STATUS_TEMP);
	authn_cancel(authn, 8, 1); /* of another front */
	ck_assert_uint_eq(authn_count(authn), 3);
	authn_cancel(authn, 7, 1);
	authn_cancel(authn, 7, 1);
	ck_assert_uint_eq(authn_count(authn), 2);
	ck_assert(!authn_expire(authn, 11999, &front, &id));
	ck_assert(authn_expire(authn, 12000, &front, &id));
	ck_assert(front == 7 && id == 2);
	ck_assert(!authn_expire(authn, 12000, &front, &id));
	authn_front_gone(authn, 8);
	ck_assert_uint_eq(authn_count(authn), 1);
	authn_front_gone(authn, 7);
	ck_assert_uint_eq(authn_count(authn), 0);
}

END_TEST

/* A changed password counts at once, remembered or not. */
START_TEST(a_new_password_counts_at_once)
{
	struct view old = V("\0anna\0pencil");
	ck_assert_int_eq(start(1, "PLAIN", old, TLS, 1).status, AUTH_STATUS_OK);
	write_file(users, "anna:{PLAIN}another\n");
	usleep(1100 * 1000);
	ck_assert_int_eq(
	    start(2, "PLAIN", old, TLS, 2).status, AUTH_STATUS_FAILED);
	ck_assert_int_eq(start(3, "PLAIN", V("\0anna\0another"), TLS, 3).status,
	    AUTH_STATUS_OK);
}

END_TEST

START_TEST(remembers_for_a_while)
{
	struct remember *r = remember_new(1000);
	remember_add(r, V("a"), V("c"), V("p"), 5000);
	ck_assert(remember_has(r, V("a"), V("c"), V("p"), 5999));
	ck_assert(!remember_has(r, V("a"), V("c"), V("q"), 5999));
	ck_assert(!remember_has(r, V("b"), V("c"), V("p"), 5999));
	ck_assert(!remember_has(r, V("a"), V("d"), V("p"), 5999));
	ck_assert(!remember_has(r, V("a"), V("c"), V("p"), 6000));
	remember_free(&r);
	r = remember_new(0);
	remember_add(r, V("a"), V("c"), V("p"), 5000);
	ck_assert(!remember_has(r, V("a"), V("c"), V("p"), 5000));
	remember_free(&r);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("accounts/authn");
	TCase *t = tcase_create("authn");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, answers_at_once, 0, N(one_cases));
	tcase_add_test(t, holds_a_conversation);
	tcase_add_test(t, caps_and_forgets_conversations);
	tcase_add_test(t, a_new_password_counts_at_once);
	tcase_add_test(t, remembers_for_a_while);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
