/* SASL exchanges: RFC 4616, RFC 5802, RFC 7677 with its example. */
#include "sasl/sasl.h"
#include "suite.h"

#define SCRAM                                                                  \
	"{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"                        \
	"WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=,"                        \
	"wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
#define BINDING "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

/* One account: "user" (also "us,er=") with the password "pencil"; "broken"
 * is an account whose data cannot be read now. */
static bool is_known(struct view name)
{
	return view_eq(name, V("user")) || view_eq(name, V("us,er="));
}

static int check(void *ctx, struct view name, struct view password)
{
	(void)ctx;
	if (view_eq(name, V("broken")))
		return MC_E_TEMP;
	int error = password_check(V(SCRAM), password);
	return is_known(name) ? error : MC_E_AUTH;
}

static int keys(void *ctx, struct view name, struct scram_keys *out)
{
	(void)ctx;
	if (view_eq(name, V("broken")))
		return MC_E_TEMP;
	int error = password_scram_keys(V(SCRAM), out);
	out->is_real = is_known(name);
	return error;
}

static const struct sasl_ops ops = { check, keys };

struct turn {
	struct view says, want; /* want: of a challenge */
	enum sasl_status status;
};

struct exchange {
	const char *mechanism, *nonce, *binding;
	struct turn turns[4]; /* ends with the first that is no challenge */
};

#define NONE                                                                   \
	{                                                                      \
		NULL, 0                                                        \
	}
#define RFC_NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
#define RFC_R "r=rOprNGfwEbeRWgbNEkqO" RFC_NONCE
#define RFC_FIRST V_INIT("n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
#define RFC_SAYS V_INIT(RFC_R ",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
#define RFC_PROOF ",p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
#define RFC_VERIFIER V_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
#define PLUS_FIRST V_INIT("p=tls-exporter,,n=user,r=abc")
#define PLUS_SAYS V_INIT("r=abcSRV,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
#define PLUS_FINAL                                                             \
	"c=cD10bHMtZXhwb3J0ZXIsLEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC,"  \
	"r=abcSRV,p=tRnoY6FSkkHkXH6VSWwtX+W/flBm+I1Ck6sbCpRmBbg="
#define ONE(mechanism, message, status)                                        \
	{                                                                      \
		mechanism, "SRV", "",                                          \
		{                                                              \
			{                                                      \
				V_INIT(message), V_INIT(""), status            \
			}                                                      \
		}                                                              \
	}

static const struct exchange exchanges[] = {
	ONE("PLAIN", "\0user\0pencil", SASL_OK),
	ONE("plain", "user\0user\0pencil", SASL_OK),
	ONE("PLAIN", "other\0user\0pencil", SASL_FAILED),
	ONE("PLAIN", "\0user\0pencil2", SASL_FAILED),
	ONE("PLAIN", "\0nobody\0pencil", SASL_FAILED),
	ONE("PLAIN", "\0broken\0pencil", SASL_TEMP),
	ONE("PLAIN", "\0user\0", SASL_BAD),
	ONE("PLAIN", "\0\0pencil", SASL_BAD),
	ONE("PLAIN", "\0user\0pencil\0", SASL_BAD),
	ONE("PLAIN", "\0us\ner\0pencil", SASL_BAD),
	ONE("PLAIN", "\0\xff\0pencil", SASL_BAD),
	ONE("PLAIN", "user", SASL_BAD),
	ONE("PLAIN", "", SASL_BAD),
	{ "PLAIN", "", "",
	    { { NONE, V_INIT(""), SASL_CHALLENGE },
		{ V_INIT("\0user\0pencil"), V_INIT(""), SASL_OK } } },
	{ "LOGIN", "", "",
	    { { NONE, V_INIT("Username:"), SASL_CHALLENGE },
		{ V_INIT("user"), V_INIT("Password:"), SASL_CHALLENGE },
		{ V_INIT("pencil"), V_INIT(""), SASL_OK } } },
	{ "LOGIN", "", "",
	    { { V_INIT("user"), V_INIT("Password:"), SASL_CHALLENGE },
		{ V_INIT("nope"), V_INIT(""), SASL_FAILED } } },
	{ "LOGIN", "", "",
	    { { V_INIT("nobody"), V_INIT("Password:"), SASL_CHALLENGE },
		{ V_INIT("pencil"), V_INIT(""), SASL_FAILED } } },
	{ "LOGIN", "", "",
	    { { NONE, V_INIT("Username:"), SASL_CHALLENGE },
		{ V_INIT(""), V_INIT(""), SASL_BAD } } },
	/* RFC 7677 3 */
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=biws," RFC_R RFC_PROOF), RFC_VERIFIER,
		    SASL_CHALLENGE },
		{ V_INIT(""), V_INIT(""), SASL_OK } } },
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { NONE, V_INIT(""), SASL_CHALLENGE },
		{ RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=biws," RFC_R RFC_PROOF), RFC_VERIFIER,
		    SASL_CHALLENGE },
		{ V_INIT(""), V_INIT(""), SASL_OK } } },
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=biws," RFC_R RFC_PROOF), RFC_VERIFIER,
		    SASL_CHALLENGE },
		{ V_INIT("more"), V_INIT(""), SASL_BAD } } },
	/* Another byte of the proof, another nonce, another header. */
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=biws," RFC_R
			 ",p=eHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
		    V_INIT(""), SASL_FAILED } } },
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=biws,r=rOprNGfwEbeRWgbNEkqO" RFC_PROOF), V_INIT(""),
		    SASL_FAILED } } },
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=eSws," RFC_R RFC_PROOF), V_INIT(""),
		    SASL_FAILED } } },
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=biws," RFC_R), V_INIT(""), SASL_BAD } } },
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { RFC_FIRST, RFC_SAYS, SASL_CHALLENGE },
		{ V_INIT("c=biws," RFC_R ",p=abc"), V_INIT(""), SASL_BAD } } },
	/* Unknown names get as far as known ones. */
	{ "SCRAM-SHA-256", RFC_NONCE, "",
	    { { V_INIT("n,,n=nobody,r=rOprNGfwEbeRWgbNEkqO"), RFC_SAYS,
		  SASL_CHALLENGE },
		{ V_INIT("c=biws," RFC_R RFC_PROOF), V_INIT(""),
		    SASL_FAILED } } },
	{ "SCRAM-SHA-256-PLUS", "SRV", BINDING,
	    { { PLUS_FIRST, PLUS_SAYS, SASL_CHALLENGE },
		{ V_INIT(PLUS_FINAL),
		    V_INIT("v=2s0ETeppXT7t3l5miSAz1765lrjiBj1W1SsrDCwmBaQ="),
		    SASL_CHALLENGE },
		{ V_INIT(""), V_INIT(""), SASL_OK } } },
	/* Somebody in the middle: our end of TLS is another one. */
	{ "SCRAM-SHA-256-PLUS", "SRV", "another connection",
	    { { PLUS_FIRST, PLUS_SAYS, SASL_CHALLENGE },
		{ V_INIT(PLUS_FINAL), V_INIT(""), SASL_FAILED } } },
	/* The client could bind, but was not offered it: RFC 5802 6. */
	{ "SCRAM-SHA-256", "SRV", BINDING,
	    { { V_INIT("y,,n=user,r=abc"), V_INIT(""), SASL_FAILED } } },
	{ "SCRAM-SHA-256", "SRV", "",
	    { { V_INIT("y,,n=user,r=abc"), PLUS_SAYS, SASL_CHALLENGE },
		{ V_INIT(""), V_INIT(""), SASL_BAD } } },
	{ "SCRAM-SHA-256-PLUS", "SRV", BINDING,
	    { { V_INIT("n,,n=user,r=abc"), V_INIT(""), SASL_BAD } } },
	{ "SCRAM-SHA-256-PLUS", "SRV", BINDING,
	    { { V_INIT("p=tls-unique,,n=user,r=abc"), V_INIT(""),
		SASL_BAD } } },
	{ "SCRAM-SHA-256", "SRV", "",
	    { { V_INIT("n,a=us=2Cer=3D,n=us=2Cer=3D,r=abc"), PLUS_SAYS,
		  SASL_CHALLENGE },
		{ V_INIT(""), V_INIT(""), SASL_BAD } } },
	ONE("SCRAM-SHA-256", "p=tls-exporter,,n=user,r=abc", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,a=other,n=user,r=abc", SASL_FAILED),
	ONE("SCRAM-SHA-256", "n,,m=ext,n=user,r=abc", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,,n=us=er,r=abc", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,,n=,r=abc", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,,n=user,r=", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,,n=user,r=a\x01", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,,n=user", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,", SASL_BAD),
	ONE("SCRAM-SHA-256", "", SASL_BAD),
	ONE("SCRAM-SHA-256", "n,,n=broken,r=abc", SASL_TEMP),
};

static void open_session(struct sasl *s, const struct exchange *e)
{
	const struct sasl_mechanism *m = sasl_find(view_of(e->mechanism));
	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(sasl_init(s, m, view_of(e->binding), &ops, NULL), 0);
	s->test_nonce = e->nonce;
}

START_TEST(speaks_as_the_rfc_says)
{
	const struct exchange *e = &exchanges[_i];
	struct sasl s;
	struct buf out;
	buf_init(&out, SASL_MESSAGE_MAX);
	open_session(&s, e);
	for (unsigned i = 0; i < 4; i++) {
		const struct turn *t = &e->turns[i];
		struct view says = V_NONE;
		if (t->says.p)
			says = exact_copy(t->says);
		buf_reset(&out);
		enum sasl_status got =
		    i ? sasl_next(&s, says, &out) : sasl_start(&s, says, &out);
		ck_assert_int_eq(got, t->status);
		if (got == SASL_CHALLENGE)
			ck_assert_view_eq(buf_view(&out), t->want);
		exact_free(says);
		if (got != SASL_CHALLENGE)
			break;
	}
	/* Nothing comes back to life after the end. */
	enum sasl_status after = sasl_next(&s, V(""), &out);
	ck_assert_int_ne(after, SASL_OK);
	ck_assert_int_ne(after, SASL_CHALLENGE);
	sasl_deinit(&s);
	buf_deinit(&out);
}

END_TEST

/* Cut anywhere, a message is refused and not read over its end. */
START_TEST(refuses_parts_of_messages)
{
	const struct exchange *e = &exchanges[_i];
	struct buf out;
	buf_init(&out, 65536);
	for (size_t n = 0; n < e->turns[0].says.n; n++) {
		struct sasl s;
		if (view_eq(view_head(e->turns[0].says, n),
			V("\0user\0pencil")))
			continue;
		open_session(&s, e);
		struct view part = exact_copy(view_head(e->turns[0].says, n));
		ck_assert_int_ne(sasl_start(&s, part, &out), SASL_OK);
		exact_free(part);
		sasl_deinit(&s);
		buf_reset(&out);
	}
	buf_deinit(&out);
}

END_TEST

START_TEST(offers_binding_only_with_tls)
{
	struct sasl s;
	const struct sasl_mechanism *m = sasl_find(V("SCRAM-SHA-256-PLUS"));
	ck_assert_int_eq(sasl_init(&s, m, V(""), &ops, NULL), MC_E_UNSUPPORTED);
	ck_assert_ptr_null(sasl_find(V("CRAM-MD5")));
	ck_assert_ptr_null(sasl_find(V("")));
}

END_TEST

START_TEST(knows_the_name)
{
	struct sasl s;
	struct buf out;
	buf_init(&out, 100);
	ck_assert_int_eq(
	    sasl_init(&s, sasl_find(V("PLAIN")), V(""), &ops, NULL), 0);
	ck_assert_int_eq(sasl_start(&s, V("\0user\0pencil"), &out), SASL_OK);
	ck_assert_view_eq(sasl_name(&s), V("user"));
	sasl_deinit(&s);
	buf_deinit(&out);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("sasl/sasl");
	TCase *t = tcase_create("sasl");
	tcase_add_loop_test(t, speaks_as_the_rfc_says, 0, N(exchanges));
	tcase_add_loop_test(t, refuses_parts_of_messages, 0, N(exchanges));
	tcase_add_test(t, offers_binding_only_with_tls);
	tcase_add_test(t, knows_the_name);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
