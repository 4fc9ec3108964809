/* Paths and parameters of MAIL and RCPT: RFC 5321 4.1.2, 4.5.3.1. */
#include "suite.h"
#include "text/path.h"

#define X16 "xxxxxxxxxxxxxxxx"
#define X64 X16 X16 X16 X16
#define L50 "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwx"
#define D255 L50 "." L50 "." L50 "." L50 "." L50

struct path_case {
	struct view in;
	enum parse want;
	struct view text, plain;
};

static const struct path_case path_cases[] = {
	{ V_INIT("<>"), PARSE_OK, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@b.example>"), PARSE_OK, V_INIT("a@b.example"),
	    V_INIT("a") },
	{ V_INIT("<A.b+c=d@B.Example>"), PARSE_OK, V_INIT("A.b+c=d@b.example"),
	    V_INIT("A.b+c=d") },
	{ V_INIT("<postmaster>"), PARSE_OK, V_INIT("postmaster"),
	    V_INIT("postmaster") },
	{ V_INIT("<PostMaster>"), PARSE_OK, V_INIT("PostMaster"),
	    V_INIT("PostMaster") },
	{ V_INIT("<\"a b\"@c>"), PARSE_OK, V_INIT("\"a b\"@c"), V_INIT("a b") },
	{ V_INIT("<\"a\\\"b\\\\\"@c>"), PARSE_OK, V_INIT("\"a\\\"b\\\\\"@c"),
	    V_INIT("a\"b\\") },
	{ V_INIT("<\"\"@c>"), PARSE_OK, V_INIT("\"\"@c"), V_INIT("") },
	{ V_INIT("<\">@x\"@c>"), PARSE_OK, V_INIT("\">@x\"@c"), V_INIT(">@x") },
	{ V_INIT("<@x.example,@y:a@b>"), PARSE_OK, V_INIT("a@b"), V_INIT("a") },
	{ V_INIT("<a@[192.0.2.1]>"), PARSE_OK, V_INIT("a@[192.0.2.1]"),
	    V_INIT("a") },
	{ V_INIT("<a@[IPv6:2001:DB8::1]>"), PARSE_OK,
	    V_INIT("a@[ipv6:2001:db8::1]"), V_INIT("a") },
	{ V_INIT("<a@[tag:x!y]>"), PARSE_OK, V_INIT("a@[tag:x!y]"),
	    V_INIT("a") },
	{ V_INIT("<\xc3\xa4@\xc3\xb6.example>"), PARSE_OK,
	    V_INIT("\xc3\xa4@xn--nda.example"), V_INIT("\xc3\xa4") },
	{ V_INIT("<" X64 "@b>"), PARSE_OK, V_INIT(X64 "@b"), V_INIT(X64) },
	{ V_INIT("<" X64 "x@b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT(""), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("a@b"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT(" <a@b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@b"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<@b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<@b:>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<@b,a@c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<.a@b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a.@b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a..b@c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a b@c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a;b@c|id>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<;id;@c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<\"a@b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<\"a\\"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<\"a\nb\"@c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<\"a\0b\"@c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@b@c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@b..c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@.b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@b.>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@-b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@b->"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@b_c>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@[192.0.2]>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@[192.0.2.256]>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@[IPv6:1]>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@[]>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@[192.0.2.1>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<\xc3@b>"), PARSE_BAD, V_INIT(""), V_INIT("") },
	{ V_INIT("<a@\xff>"), PARSE_BAD, V_INIT(""), V_INIT("") },
};

START_TEST(parses_paths)
{
	const struct path_case *c = &path_cases[_i];
	struct view block = exact_copy(c->in), in = block;
	struct path p;
	const char *why = NULL;
	char text[PATH_MAX_OCTETS];
	size_t n = 0;
	ck_assert_int_eq(path_parse(&in, &p, &why), c->want);
	if (c->want == PARSE_BAD) {
		ck_assert_ptr_nonnull(why);
		ck_assert_uint_eq(in.n, c->in.n);
		goto out;
	}
	ck_assert_uint_eq(in.n, 0);
	ck_assert_int_eq(path_format(&p, text, sizeof text, &n), 0);
	ck_assert_view_eq(((struct view){ text, n }), c->text);
	if (n)
		ck_assert_int_eq(path_format(&p, text, n - 1, &n), MC_E_LIMIT);
	ck_assert_int_eq(path_local_plain(&p, text, sizeof text, &n), 0);
	ck_assert_view_eq(((struct view){ text, n }), c->plain);
out:
	exact_free(block);
}

END_TEST

static const struct {
	const char *in, *out; /* NULL: MC_E_BAD */
} domain_cases[] = {
	{ "", "" },
	{ "Example.ORG", "example.org" },
	{ "[IPv6:2001:DB8::1]", "[ipv6:2001:db8::1]" },
	{ "b\xc3\xbc"
	  "cher.example",
	    "xn--bcher-kva.example" },
	{ "BU\xcc\x88"
	  "CHER.example",
	    "xn--bcher-kva.example" },
	{ "stra\xc3\x9f"
	  "e.example",
	    "xn--strae-oqa.example" },
	{ "b\xc3\xbc"
	  "cher..example",
	    NULL },
	{ "\xc2\xad.example", NULL },
	{ "x.xn--\xc3\xbc", NULL },
	{ "\xff.example", NULL },
};

START_TEST(domains_have_one_form)
{
	char out[PATH_DOMAIN_MAX + 1];
	struct view in = exact_copy(view_of(domain_cases[_i].in));
	int error = domain_canonical(in, out);
	exact_free(in);
	ck_assert_int_eq(error, domain_cases[_i].out ? 0 : MC_E_BAD);
	if (!error)
		ck_assert_str_eq(out, domain_cases[_i].out);
}

END_TEST

START_TEST(domains_end_at_255_octets)
{
	char in[300], out[PATH_DOMAIN_MAX + 1];
	struct path p = { .local = V("a") };
	size_t n;
	memset(in, 'a', sizeof in);
	ck_assert_int_eq(
	    domain_canonical((struct view){ in, PATH_DOMAIN_MAX }, out), 0);
	ck_assert_int_eq(
	    domain_canonical((struct view){ in, PATH_DOMAIN_MAX + 1 }, out),
	    MC_E_BAD);
	/* It would be longer as A-labels. */
	for (size_t i = 0; i + 4 < 250; i += 4)
		memcpy(in + i, "\xc3\xbc\xc3\xbc.", 5);
	p.domain = (struct view){ in, 248 };
	ck_assert_int_eq(path_format(&p, out, sizeof out, &n), MC_E_BAD);
}

END_TEST

START_TEST(never_reads_over_the_end)
{
	const struct path_case *c = &path_cases[_i];
	for (size_t n = 0; n < c->in.n; n++) {
		struct view block = exact_copy(view_head(c->in, n)), in = block;
		struct path p;
		const char *why = NULL;
		ck_assert_int_eq(path_parse(&in, &p, &why), PARSE_BAD);
		ck_assert_ptr_nonnull(why);
		exact_free(block);
	}
}

END_TEST

START_TEST(says_what_kind_of_path)
{
	struct path p;
	const char *why;
	struct view in = V("<> SIZE=1");
	ck_assert_int_eq(path_parse(&in, &p, &why), PARSE_OK);
	ck_assert(p.is_null && !p.is_literal && !p.is_utf8);
	ck_assert_view_eq(in, V(" SIZE=1"));
	in = V("<a@[192.0.2.1]>");
	ck_assert_int_eq(path_parse(&in, &p, &why), PARSE_OK);
	ck_assert(!p.is_null && p.is_literal && !p.is_utf8);
	in = V("<a@\xc3\xb6.example>");
	ck_assert_int_eq(path_parse(&in, &p, &why), PARSE_OK);
	ck_assert(!p.is_literal && p.is_utf8);
}

END_TEST

/* RFC 5321 4.5.3.1.2: 255 octets of domain. */
START_TEST(limits_the_domain)
{
	struct path p;
	const char *why;
	struct view in = V("<a@" D255 ">");
	ck_assert_uint_eq(sizeof D255 - 1, 254);
	ck_assert_int_eq(path_parse(&in, &p, &why), PARSE_OK);
	in = V("<a@" D255 "x>");
	ck_assert_int_eq(path_parse(&in, &p, &why), PARSE_OK);
	in = V("<a@" D255 "xy>");
	ck_assert_int_eq(path_parse(&in, &p, &why), PARSE_BAD);
	ck_assert(!domain_is_valid(V(X64 ".example"), false));
}

END_TEST

struct address_case {
	struct view in;
	enum parse want;
};

static const struct address_case address_cases[] = {
	{ V_INIT("a@b"), PARSE_OK },
	{ V_INIT("\"x y\"@b.example"), PARSE_OK },
	{ V_INIT("a@[192.0.2.1]"), PARSE_OK },
	{ V_INIT("<a@b>"), PARSE_BAD },
	{ V_INIT("a"), PARSE_BAD },
	{ V_INIT("postmaster"), PARSE_BAD },
	{ V_INIT(""), PARSE_BAD },
	{ V_INIT("a@b "), PARSE_BAD },
	{ V_INIT("a@b\0"), PARSE_BAD },
	{ V_INIT("a@b,c@d"), PARSE_BAD },
};

START_TEST(parses_bare_addresses)
{
	struct path p;
	const char *why = NULL;
	struct view v = exact_copy(address_cases[_i].in);
	ck_assert_int_eq(
	    path_parse_address(v, &p, &why), address_cases[_i].want);
	exact_free(v);
}

END_TEST

struct param_case {
	struct view in;
	enum parse want;
	struct view key, value;
	size_t left;
};

static const struct param_case param_cases[] = {
	{ V_INIT(""), PARSE_MORE, V_INIT(""), V_INIT(""), 0 },
	{ V_INIT("  "), PARSE_MORE, V_INIT(""), V_INIT(""), 0 },
	{ V_INIT(" SIZE=10"), PARSE_OK, V_INIT("SIZE"), V_INIT("10"), 0 },
	{ V_INIT(" SMTPUTF8"), PARSE_OK, V_INIT("SMTPUTF8"), V_INIT(""), 0 },
	{ V_INIT(" BODY=8BITMIME SIZE=1"), PARSE_OK, V_INIT("BODY"),
	    V_INIT("8BITMIME"), 6 },
	{ V_INIT(" AUTH=<>"), PARSE_OK, V_INIT("AUTH"), V_INIT("<>"), 0 },
	{ V_INIT(" ENVID=a+3Db"), PARSE_OK, V_INIT("ENVID"), V_INIT("a+3Db"),
	    0 },
	{ V_INIT(" ORCPT=utf-8;\xc3\xa4@b"), PARSE_OK, V_INIT("ORCPT"),
	    V_INIT("utf-8;\xc3\xa4@b"), 0 },
	{ V_INIT(" SIZE="), PARSE_BAD, V_INIT(""), V_INIT(""), 6 },
	{ V_INIT(" =1"), PARSE_BAD, V_INIT(""), V_INIT(""), 3 },
	{ V_INIT(" -X=1"), PARSE_BAD, V_INIT(""), V_INIT(""), 5 },
	{ V_INIT(" A_B"), PARSE_BAD, V_INIT(""), V_INIT(""), 4 },
	{ V_INIT(" A=b=c"), PARSE_BAD, V_INIT(""), V_INIT(""), 6 },
	{ V_INIT(" A=b\tc"), PARSE_BAD, V_INIT(""), V_INIT(""), 6 },
	{ V_INIT(" A=\xff"), PARSE_BAD, V_INIT(""), V_INIT(""), 4 },
	{ V_INIT("\tA=1"), PARSE_BAD, V_INIT(""), V_INIT(""), 4 },
};

START_TEST(takes_parameters)
{
	const struct param_case *c = &param_cases[_i];
	struct view block = exact_copy(c->in), in = block;
	struct view key = V(""), value = V("");
	const char *why = NULL;
	ck_assert_int_eq(path_param(&in, &key, &value, &why), c->want);
	ck_assert_uint_eq(in.n, c->left);
	ck_assert_view_eq(key, c->key);
	ck_assert_view_eq(value, c->value);
	ck_assert(c->want != PARSE_BAD || why);
	exact_free(block);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/path");
	TCase *t = tcase_create("path");
	tcase_add_loop_test(t, parses_paths, 0, N(path_cases));
	tcase_add_loop_test(t, never_reads_over_the_end, 0, N(path_cases));
	tcase_add_test(t, says_what_kind_of_path);
	tcase_add_loop_test(t, domains_have_one_form, 0, N(domain_cases));
	tcase_add_test(t, domains_end_at_255_octets);
	tcase_add_test(t, limits_the_domain);
	tcase_add_loop_test(t, parses_bare_addresses, 0, N(address_cases));
	tcase_add_loop_test(t, takes_parameters, 0, N(param_cases));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
