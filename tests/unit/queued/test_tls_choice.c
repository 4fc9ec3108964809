/* What TLS a host must have. */
#include "queued/relay/tls_choice.h"
#include "suite.h"

/* RFC 8461 3.2 and 4.1 */
struct policy_case {
	const char *policy, *host;
	bool fits;
};

static const struct policy_case policy_cases[] = {
	{ "mx.example.org", "mx.example.org", true },
	{ "mx.example.org", "MX.Example.Org", true },
	{ "mx.example.org", "mx1.example.org", false },
	{ "mx.example.org", "x.mx.example.org", false },
	{ "a.example b.example", "b.example", true },
	{ "a.example b.example", "a.example b.example", false },
	{ "*.example.org", "mx.example.org", true },
	{ "*.EXAMPLE.org", "mx.example.org", true },
	{ "*.example.org", "a.mx.example.org", false },
	{ "*.example.org", "example.org", false },
	{ "*.example.org", ".example.org", false },
	{ "*.example.org", "mx.example.net", false },
	{ "m*.example.org", "mx.example.org", false },
	{ "mx.*.org", "mx.example.org", false },
	{ "*", "example", false },
	{ "*.", "example.", false },
	{ "", "", false },
	{ " ", "", false },
	{ "x  mx.example.org", "mx.example.org", true },
};

START_TEST(policy_names)
{
	const struct policy_case *c = &policy_cases[_i];
	ck_assert_int_eq(
	    tls_choice_policy_fits(view_of(c->policy), view_of(c->host)),
	    c->fits);
}

END_TEST

static const char octets[64] = "";

#define EE                                                                     \
	{                                                                      \
		3, 1, 1,                                                       \
		{                                                              \
			octets, 32                                             \
		}                                                              \
	}
#define PKIX                                                                   \
	{                                                                      \
		1, 1, 1,                                                       \
		{                                                              \
			octets, 32                                             \
		}                                                              \
	}

struct choice_case {
	enum relay_tls tls;
	const char *policy;
	enum route_dane dane;
	size_t n_tlsa;
	struct route_tlsa tlsa[2];
	struct tls_choice want; /* without text */
};

#define USED(tls_, verify_, must_, fall_, policy_)                             \
	{                                                                      \
		.is_usable = true, .tls = SMTP_TLS_##tls_,                     \
		.verify = TLS_VERIFY_##verify_, .must_verify = (must_),        \
		.may_fall_back = (fall_), .policy = TLS_POLICY_##policy_       \
	}
#define REFUSED(policy_, result_)                                              \
	{                                                                      \
		.policy = TLS_POLICY_##policy_, .result = TLS_RESULT_##result_ \
	}

static const struct choice_case choice_cases[] = {
	{ RELAY_TLS_NONE, "", DANE_NONE, 0, { { 0 } },
	    USED(NEVER, NONE, false, false, NONE) },
	{ RELAY_TLS_NONE, "", DANE_TEMP, 0, { { 0 } },
	    USED(NEVER, NONE, false, false, NONE) },
	{ RELAY_TLS_NONE, "", DANE_OK, 1, { EE },
	    USED(NEVER, NONE, false, false, NONE) },

	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_NONE, 0, { { 0 } },
	    USED(OPPORTUNISTIC, NONE, false, true, NONE) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1, { EE },
	    USED(REQUIRED, DANE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 2, { PKIX, EE },
	    USED(REQUIRED, DANE, false, false, TLSA) },
	/* RFC 7672 2.2: none that can be used: encrypted at least. */
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1, { PKIX },
	    USED(REQUIRED, NONE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1,
	    { { 3, 1, 1, { octets, 31 } } },
	    USED(REQUIRED, NONE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1,
	    { { 3, 2, 1, { octets, 32 } } },
	    USED(REQUIRED, NONE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1,
	    { { 3, 1, 3, { octets, 32 } } },
	    USED(REQUIRED, NONE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1,
	    { { 2, 0, 2, { octets, 64 } } },
	    USED(REQUIRED, DANE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1,
	    { { 2, 0, 0, { octets, 50 } } },
	    USED(REQUIRED, DANE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 1, { { 2, 0, 0, { NULL, 0 } } },
	    USED(REQUIRED, NONE, false, false, TLSA) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_OK, 0, { { 0 } },
	    USED(REQUIRED, NONE, false, false, TLSA) },
	/* Records of a zone that is not signed are nothing. */
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_NONE, 1, { EE },
	    USED(OPPORTUNISTIC, NONE, false, true, NONE) },
	{ RELAY_TLS_OPPORTUNISTIC, "", DANE_TEMP, 0, { { 0 } },
	    REFUSED(TLSA, DNSSEC_INVALID) },

	{ RELAY_TLS_REQUIRED, "", DANE_NONE, 0, { { 0 } },
	    USED(REQUIRED, NONE, false, false, NONE) },
	{ RELAY_TLS_REQUIRED, "", DANE_TEMP, 0, { { 0 } },
	    USED(REQUIRED, NONE, false, false, NONE) },

	{ RELAY_TLS_VERIFIED, "", DANE_NONE, 0, { { 0 } },
	    USED(REQUIRED, NAME, false, false, NONE) },
	{ RELAY_TLS_VERIFIED, "", DANE_TEMP, 0, { { 0 } },
	    USED(REQUIRED, NAME, false, false, NONE) },

	/* MTA-STS; DANE comes first, and is not overridden. */
	{ RELAY_TLS_VERIFIED, "*.example", DANE_NONE, 0, { { 0 } },
	    USED(REQUIRED, NAME, true, false, STS) },
	{ RELAY_TLS_VERIFIED, "other.example", DANE_NONE, 0, { { 0 } },
	    REFUSED(STS, VALIDATION_FAILURE) },
	{ RELAY_TLS_VERIFIED, "other.example", DANE_OK, 1, { EE },
	    REFUSED(STS, VALIDATION_FAILURE) },
	{ RELAY_TLS_VERIFIED, "mx.example", DANE_OK, 1, { EE },
	    USED(REQUIRED, DANE, true, false, TLSA) },
	{ RELAY_TLS_VERIFIED, "mx.example", DANE_OK, 1, { PKIX },
	    USED(REQUIRED, NAME, true, false, STS) },
	{ RELAY_TLS_VERIFIED, "mx.example", DANE_TEMP, 0, { { 0 } },
	    REFUSED(TLSA, DNSSEC_INVALID) },

	{ RELAY_TLS_DANE, "", DANE_OK, 1, { EE },
	    USED(REQUIRED, DANE, true, false, TLSA) },
	{ RELAY_TLS_DANE, "", DANE_OK, 1, { PKIX },
	    REFUSED(TLSA, DANE_REQUIRED) },
	{ RELAY_TLS_DANE, "", DANE_NONE, 0, { { 0 } },
	    REFUSED(TLSA, DANE_REQUIRED) },
	{ RELAY_TLS_DANE, "", DANE_TEMP, 0, { { 0 } },
	    REFUSED(TLSA, DNSSEC_INVALID) },
	{ RELAY_TLS_OPTIONAL, "other.example", DANE_OK, 1, { EE },
	    USED(OPPORTUNISTIC, NONE, false, true, NONE) },
	{ RELAY_TLS_OPTIONAL, "", DANE_TEMP, 0, { { 0 } },
	    USED(OPPORTUNISTIC, NONE, false, true, NONE) },
	{ RELAY_TLS_COUNT, "", DANE_NONE, 0, { { 0 } },
	    REFUSED(NONE, VALIDATION_FAILURE) },
};

START_TEST(choices)
{
	const struct choice_case *c = &choice_cases[_i];
	struct route_host h = {
		.name = V("mx.example"), .dane = c->dane, .n_tlsa = c->n_tlsa
	};
	struct tls_choice got;
	memcpy(h.tlsa, c->tlsa, sizeof c->tlsa);
	tls_choice_make(c->tls, view_of(c->policy), &h, &got);
	ck_assert_int_eq(got.is_usable, c->want.is_usable);
	ck_assert_int_eq(got.policy, c->want.policy);
	ck_assert_int_eq(got.result, c->want.result);
	ck_assert_int_eq(got.may_fall_back, c->want.may_fall_back);
	ck_assert_int_eq(got.text.n == 0, got.is_usable);
	if (!got.is_usable)
		return;
	ck_assert_int_eq(got.tls, c->want.tls);
	ck_assert_int_eq(got.verify, c->want.verify);
	ck_assert_int_eq(got.must_verify, c->want.must_verify);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("tls_choice");
	TCase *t = tcase_create("tls_choice");
	tcase_add_loop_test(t, policy_names, 0,
	    (int)(sizeof policy_cases / sizeof *policy_cases));
	tcase_add_loop_test(
	    t, choices, 0, (int)(sizeof choice_cases / sizeof *choice_cases));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
