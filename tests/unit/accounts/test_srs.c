/* Senders of forwarded mail, there and back. */
#include "accounts/srs.h"
#include "suite.h"

#define KEY V("0123456789abcdef0123456789abcdef")
#define DAY UINT64_C(86400)

static const uint64_t now_s = UINT64_C(20000) * 86400 + 1000;

struct srs_case {
	const char *sender;
	const char *start; /* of what it becomes; NULL: it does not fit */
	const char *end;
};

static const struct srs_case cases[] = {
	{ "anna@far.example", "SRS0=", "=far.example=anna@us.example" },
	{ "a=b+c@far.example", "SRS0=", "=far.example=a=b+c@us.example" },
	{ "Anna@far.example", "SRS0=", "=far.example=Anna@us.example" },
	{ "SRS0=abcd=TT=x.example=y@far.example",
	    "SRS1=", "=far.example==abcd=TT=x.example=y@us.example" },
	{ "srs1=zzzz=f.example==abcd=TT=x.example=y@far.example",
	    "SRS1=", "=f.example==abcd=TT=x.example=y@us.example" },
	{ "a-rather-long-local-part@a-rather-long-domain-name.example", NULL,
	    NULL },
	{ "\"a b\"@far.example", NULL, NULL },
};

static struct view forward(const char *sender, char out[SRS_ADDRESS_MAX])
{
	struct view in = exact_copy(view_of(sender));
	size_t n = 0;
	int error = srs_forward(KEY, in, V("us.example"), now_s, out, &n);
	exact_free(in);
	return (struct view){ out, error ? 0 : n };
}

static int back(struct view address, uint64_t at_s, struct view *out)
{
	static char text[SRS_ADDRESS_MAX];
	struct view in = exact_copy(address);
	out->p = text;
	int error = srs_reverse(KEY, in, at_s, text, &out->n);
	exact_free(in);
	return error;
}

START_TEST(goes_there)
{
	const struct srs_case *c = &cases[_i];
	char text[SRS_ADDRESS_MAX];
	struct view got = forward(c->sender, text);
	ck_assert_int_eq(got.n > 0, c->start != NULL);
	if (!c->start)
		return;
	ck_assert_view_eq(view_head(got, 5), view_of(c->start));
	ck_assert_view_eq(
	    view_skip(got, got.n - strlen(c->end)), view_of(c->end));
	ck_assert(srs_is_rewritten(got));
}

END_TEST

START_TEST(and_back)
{
	char text[SRS_ADDRESS_MAX], upper[SRS_ADDRESS_MAX];
	struct view got = forward("anna@far.example", text), out;
	ck_assert_int_eq(back(got, now_s, &out), 0);
	ck_assert_view_eq(out, V("anna@far.example"));
	ck_assert_int_eq(back(got, now_s + 21 * DAY, &out), 0);
	ck_assert_int_eq(back(got, now_s + 22 * DAY, &out), MC_E_BAD);
	ck_assert_int_eq(back(got, now_s - DAY, &out), MC_E_BAD);
	for (size_t i = 0; i < got.n; i++)
		upper[i] = got.p[i] >= 'a' && got.p[i] <= 'z'
			       ? (char)(got.p[i] - 32)
			       : got.p[i];
	ck_assert_int_eq(back((struct view){ upper, got.n }, now_s, &out), 0);
	ck_assert_view_eq(out, V("ANNA@FAR.EXAMPLE"));
	got = forward("SRS0=abcd=TT=x.example=y@far.example", text);
	ck_assert_int_eq(back(got, now_s, &out), 0);
	ck_assert_view_eq(out, V("SRS0=abcd=TT=x.example=y@far.example"));
}

END_TEST

/* Whatever is changed in it, but the domain it was sent to. */
START_TEST(a_forged_one_is_refused)
{
	char text[SRS_ADDRESS_MAX];
	struct view got = forward("anna@far.example", text), out;
	for (size_t i = 5; text[i] != '@'; i++) {
		char before = text[i];
		text[i] = before == 'q' ? 'r' : 'q';
		ck_assert_int_eq(back(got, now_s, &out), MC_E_BAD);
		text[i] = before;
	}
	ck_assert_int_eq(back(V("anna@us.example"), now_s, &out), MC_E_NOENT);
	ck_assert_int_eq(back(V("SRS0=@us.example"), now_s, &out), MC_E_BAD);
	ck_assert_int_eq(back(V("SRS1=a=b"), now_s, &out), MC_E_BAD);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("srs");
	TCase *t = tcase_create("srs");
	tcase_add_loop_test(t, goes_there, 0, sizeof cases / sizeof cases[0]);
	tcase_add_test(t, and_back);
	tcase_add_test(t, a_forged_one_is_refused);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
