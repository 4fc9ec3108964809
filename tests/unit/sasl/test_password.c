/* Stored credentials: ours and those of other systems' files. */
#include "sasl/password.h"
#include "suite.h"

#define SCRAM                                                                  \
	"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"                        \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"                        \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define SIX                                                                    \
	"$6$rounds=1000$saltsalt$bbY.T.ZpN43KapLdmlSbP6MmxBlkMSbhrh.Y1rmY0f"   \
	"YaRO/t.4sKqUiU.Z8byKf8Oa1yagMn/0fncuHSYrb9h."

/* All of the password "pencil". */
static const char *const stored_cases[] = {
	SCRAM,
	SIX,
	"{SHA512-CRYPT}" SIX,
	"{CRYPT}" SIX,
	"{SHA256-CRYPT}$5$rounds=1000$saltsalt$1E80wIeNUk6Tw.cvgykgsGLDhE7YCS/"
	"mO7gtCEoKze9",
	"{BLF-CRYPT}$2b$04$abcdefghijklmnopqrstuu/"
	"FyAyuZSl3DbPdvio4KrIBdz2k2yhV2",
	"{SHA256}E4CWaPtDY4Zwb2fcsFLtWEoEuhaowCoX1m00ww/O2iE=",
	"{SHA256}13809668fb436386706f67dcb052ed584a04ba16a8c02a17d66d34c30fced"
	"a21",
	"{SSHA256}IYelL73vS+N1Dkg7GnOUyJVYF5JifvEjClIz+j2xsMtzYWx0",
	"{SHA512}Gd8Bqrgo+NUINrp1cJcTrtInM1344YZDkYXAbJF6Kn03cat24wfPo7a4nvGma"
	"C1mgd3xGISHDl3hPnk/uVXu6w==",
	"{SSHA512}i+D5SE7oOTxtkWXKlKHrQFnLB6mUMJx0OsVpWYhRi1RnUIQeI+9gQr+ANhi3"
	"p4fmzzh6sx3Lx4cvamioIp/8sXNhbHQ=",
	"{PLAIN}pencil",
	"{CLEARTEXT}pencil",
};

START_TEST(takes_the_right_password_only)
{
	struct view stored = exact_copy(view_of(stored_cases[_i]));
	ck_assert_int_eq(password_check(stored, V("pencil")), 0);
	ck_assert_int_eq(password_check(stored, V("Pencil")), MC_E_AUTH);
	ck_assert_int_eq(password_check(stored, V("pencil ")), MC_E_AUTH);
	ck_assert_int_eq(password_check(stored, V("pencil\0")), MC_E_AUTH);
	ck_assert_int_eq(password_check(stored, V("")), MC_E_AUTH);
	exact_free(stored);
}

END_TEST

static const char *const broken_cases[] = {
	"",
	"{",
	"{PLAIN",
	"{PLAIN}",
	"{MD5}abc",
	"{SHA256}abc",
	"{SHA256}E4CWaPtDY4Zwb2fcsFLtWEoEuhaowCoX1m00ww/O",
	"{SCRAM-SHA-256}0,W22ZaJ0SNY7soEsUEjb6gQ==,x,y",
	"{SCRAM-SHA-256}4096",
	"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==",
	"{SCRAM-SHA-256}99999999,W22ZaJ0SNY7soEsUEjb6gQ==,"
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
	"{CRYPT}*",
	"!",
	"x",
};

START_TEST(a_broken_credential_lets_nobody_in)
{
	struct view stored = exact_copy(view_of(broken_cases[_i]));
	ck_assert_int_ne(password_check(stored, V("pencil")), 0);
	ck_assert_int_ne(password_check(stored, stored), 0);
	ck_assert_int_ne(password_check(stored, V("")), 0);
	exact_free(stored);
}

END_TEST

START_TEST(stores_what_it_takes)
{
	struct buf b, again;
	struct scram_keys k;
	buf_init(&b, 512);
	buf_init(&again, 512);
	ck_assert_int_eq(password_store(V("p\xc3\xa4ss"), 4096, &b), 0);
	ck_assert_int_eq(password_store(V("p\xc3\xa4ss"), 4096, &again), 0);
	ck_assert(!view_eq(buf_view(&b), buf_view(&again)));
	ck_assert_int_eq(password_check(buf_view(&b), V("p\xc3\xa4ss")), 0);
	/* The same in another normal form is the same password. */
	ck_assert_int_eq(password_check(buf_view(&b), V("pa\xcc\x88ss")), 0);
	ck_assert_int_eq(password_scram_keys(buf_view(&b), &k), 0);
	ck_assert(k.is_real && k.iterations == 4096 && k.n_salt == 16);
	ck_assert_int_eq(
	    password_scram_keys(V("{PLAIN}x"), &k), MC_E_UNSUPPORTED);
	ck_assert_int_eq(password_store(V(""), 4096, &b), MC_E_BAD);
	ck_assert_int_eq(password_store(V("a\nb"), 4096, &b), MC_E_BAD);
	ck_assert_int_eq(password_store(V("\xff"), 4096, &b), MC_E_BAD);
	buf_deinit(&b);
	buf_deinit(&again);
}

END_TEST

START_TEST(decoys_are_stable_and_refuse)
{
	struct scram_keys a, b, c;
	ck_assert_int_eq(password_decoy_keys(V("s"), V("x"), &a), 0);
	ck_assert_int_eq(password_decoy_keys(V("s"), V("x"), &b), 0);
	ck_assert_int_eq(password_decoy_keys(V("s"), V("y"), &c), 0);
	ck_assert(!a.is_real && a.n_salt == b.n_salt);
	ck_assert_mem_eq(a.salt, b.salt, a.n_salt);
	ck_assert_mem_ne(a.salt, c.salt, a.n_salt);
	struct buf d;
	buf_init(&d, 512);
	ck_assert_int_eq(password_decoy(V("s"), V("x"), &d), 0);
	ck_assert_int_eq(password_check(buf_view(&d), V("pencil")), MC_E_AUTH);
	buf_deinit(&d);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("sasl/password");
	TCase *t = tcase_create("password");
	tcase_add_loop_test(
	    t, takes_the_right_password_only, 0, N(stored_cases));
	tcase_add_loop_test(
	    t, a_broken_credential_lets_nobody_in, 0, N(broken_cases));
	tcase_add_test(t, stores_what_it_takes);
	tcase_add_test(t, decoys_are_stable_and_refuse);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
