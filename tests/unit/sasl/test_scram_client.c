/* The client's side of SCRAM: the example of RFC 7677 3, our own server, and
 * servers that are not honest. */
#include "sasl/sasl.h"
#include "sasl/scram_client.h"
#include "suite.h"

#define NONCE "rOprNGfwEbeRWgbNEkqO"
#define MORE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define SALT "s=W22ZaJ0SNY7soEsUEjb6gQ=="
#define FIRST "r=" NONCE MORE "," SALT ",i=4096"
#define VERIFIER "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

static struct scram_client c;
static struct buf out;

static void setup(void)
{
	buf_init(&out, 4096);
	c = (struct scram_client){ .test_nonce = NONCE };
	ck_assert_int_eq(
	    scram_client_first(&c, SCRAM_BIND_NONE, V(""), V("user"), &out), 0);
	ck_assert_view_eq(buf_view(&out), V("n,,n=user,r=" NONCE));
	buf_reset(&out);
}

static void teardown(void)
{
	buf_deinit(&out);
	scram_client_deinit(&c);
}

START_TEST(speaks_as_the_rfc_says)
{
	ck_assert_int_eq(
	    scram_client_final(&c, V("pencil"), V(FIRST), &out), 0);
	ck_assert_view_eq(buf_view(&out),
	    V("c=biws,r=" NONCE MORE
	      ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="));
	ck_assert_int_eq(scram_client_verify(&c, V(VERIFIER)), 0);
	ck_assert_int_eq(scram_client_verify(&c, V(VERIFIER ",x=new")), 0);
}

END_TEST

static const struct view bad_challenges[] = {
	V_INIT(""),
	V_INIT("e=other-error"),
	V_INIT("r=" NONCE MORE),
	V_INIT("r=" NONCE "," SALT ",i=4096"), /* nothing of the server's */
	V_INIT("r=rOprNGfwEbeRWgbNEkqX" MORE "," SALT ",i=4096"),
	V_INIT("r=" MORE NONCE "," SALT ",i=4096"),
	V_INIT("m=x," FIRST), /* an extension that must be known */
	V_INIT("r=" NONCE MORE ",s=,i=4096"),
	V_INIT("r=" NONCE MORE ",s=?,i=4096"),
	V_INIT("r=" NONCE MORE "," SALT),
	V_INIT("r=" NONCE MORE "," SALT ",i=x"),
	V_INIT("r=" NONCE MORE "," SALT ",i=4095"), /* RFC 7677 4 */
	V_INIT("r=" NONCE MORE "," SALT ",i=1000001"),
	V_INIT("r=" NONCE MORE "," SALT ",i=4294967296"),
};

START_TEST(refuses_challenges)
{
	struct view says = exact_copy(bad_challenges[_i]);
	ck_assert_int_eq(
	    scram_client_final(&c, V("pencil"), says, &out), MC_E_BAD);
	ck_assert_uint_eq(buf_len(&out), 0);
	exact_free(says);
}

END_TEST

static const struct view bad_proofs[] = {
	V_INIT(""),
	V_INIT("e=invalid-proof"),
	V_INIT("v="),
	V_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G="),
	V_INIT("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
	V_INIT("x=1," VERIFIER),
};

START_TEST(refuses_proofs)
{
	ck_assert_int_eq(
	    scram_client_final(&c, V("pencil"), V(FIRST), &out), 0);
	ck_assert_int_eq(scram_client_verify(&c, bad_proofs[_i]), MC_E_AUTH);
}

END_TEST

/* Our server */

static const struct pair_case {
	const char *user, *password; /* of the client */
	const char *real;            /* the server's */
	enum scram_client_bind bind;
	const char *binding; /* the client's; the server's is "same" */
	enum sasl_status want;
} pair_cases[] = {
	{ "user", "pencil", "pencil", SCRAM_BIND_NONE, "", SASL_OK },
	{ "us,er=", "p=a,b", "p=a,b", SCRAM_BIND_NONE, "", SASL_OK },
	/* "o" and two dots, as one character or two */
	{ "user", "o\xcc\x88", "\xc3\xb6", SCRAM_BIND_NONE, "", SASL_OK },
	{ "user", "pencils", "pencil", SCRAM_BIND_NONE, "", SASL_FAILED },
	{ "user", "pencil", "pencil", SCRAM_BIND_EXPORTER, "same", SASL_OK },
	{ "user", "pencil", "pencil", SCRAM_BIND_EXPORTER, "else",
	    SASL_FAILED },
	/* It has a binding: somebody took -PLUS out of its list. */
	{ "user", "pencil", "pencil", SCRAM_BIND_NOT_OFFERED, "", SASL_FAILED },
};

static int check(void *ctx, struct view name, struct view password)
{
	(void)ctx;
	(void)name;
	(void)password;
	return MC_E_AUTH;
}

static int keys(void *ctx, struct view name, struct scram_keys *k)
{
	const struct pair_case *p = ctx;
	struct buf stored;
	ck_assert_view_eq(name, view_of(p->user));
	buf_init(&stored, PASSWORD_STORED_MAX);
	ck_assert_int_eq(password_store(view_of(p->real), 4096, &stored), 0);
	ck_assert_int_eq(password_scram_keys(buf_view(&stored), k), 0);
	buf_deinit(&stored);
	return 0;
}

static const struct sasl_ops ops = { check, keys };

/* What the server says to the client's message, in its place. */
static enum sasl_status answer(struct sasl *s, bool is_first)
{
	struct buf says;
	buf_init(&says, 4096);
	enum sasl_status status = is_first
				      ? sasl_start(s, buf_view(&out), &says)
				      : sasl_next(s, buf_view(&out), &says);
	buf_reset(&out);
	buf_put(&out, buf_view(&says));
	buf_deinit(&says);
	return status;
}

START_TEST(agrees_with_our_server)
{
	const struct pair_case *p = &pair_cases[_i];
	bool plus = p->bind == SCRAM_BIND_EXPORTER;
	struct sasl s;
	struct buf challenge;
	buf_init(&challenge, 4096);
	scram_client_deinit(&c);
	ck_assert_int_eq(
	    sasl_init(&s,
		sasl_find(plus ? V("SCRAM-SHA-256-PLUS") : V("SCRAM-SHA-256")),
		p->bind == SCRAM_BIND_NONE ? V("") : V("same"), &ops,
		(void *)(uintptr_t)p),
	    0);
	ck_assert_int_eq(scram_client_first(&c, p->bind, view_of(p->binding),
			     view_of(p->user), &out),
	    0);
	enum sasl_status status = answer(&s, true);
	if (status == SASL_CHALLENGE) {
		buf_put(&challenge, buf_view(&out));
		buf_reset(&out);
		ck_assert_int_eq(scram_client_final(&c, view_of(p->password),
				     buf_view(&challenge), &out),
		    0);
		status = answer(&s, false);
	}
	if (status == SASL_CHALLENGE) {
		ck_assert_int_eq(scram_client_verify(&c, buf_view(&out)), 0);
		buf_reset(&out);
		status = answer(&s, false);
	}
	ck_assert_int_eq(status, p->want);
	sasl_deinit(&s);
	buf_deinit(&challenge);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("sasl/scram_client");
	TCase *t = tcase_create("scram_client");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, speaks_as_the_rfc_says);
	tcase_add_loop_test(t, refuses_challenges, 0, N(bad_challenges));
	tcase_add_loop_test(t, refuses_proofs, 0, N(bad_proofs));
	tcase_add_loop_test(t, agrees_with_our_server, 0, N(pair_cases));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
