/* What the resolver makes of names and records, without DNS. */
#include "base/buf.h"
#include "queued/resolver/mx.h"
#include "queued/resolver/name.h"
#include "queued/resolver/packet.h"
#include "queued/resolver/sts_record.h"
#include "suite.h"

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

/* Mail exchangers. */

static uint32_t first_of(uint32_t n)
{
	(void)n;
	return 0;
}

static uint32_t last_of(uint32_t n)
{
	return n - 1;
}

struct mx_case {
	const char *all; /* "preference name, ..." */
	enum route_status status;
	const char *kept;
};

static const struct mx_case mx_cases[] = {
	{ "20 b,10 a,30 c", ROUTE_OK, "a,b,c" },
	{ "0 ", ROUTE_NULL_MX, "" },
	{ "0 ,0 ", ROUTE_NULL_MX, "" },
	{ "0 ,10 a", ROUTE_OK, "a" },
	{ "10 own", ROUTE_LOOP, "" },
	{ "10 a,10 own", ROUTE_LOOP, "" },
	{ "10 a,20 own", ROUTE_OK, "a" },
	{ "10 a,20 b,20 OWN,20 c,30 d", ROUTE_OK, "a" },
	{ "10 a,20 own,5 b,30 own", ROUTE_OK, "b,a" },
	{ "0 own,0 a,0 b", ROUTE_LOOP, "" },
	{ "65535 a", ROUTE_OK, "a" },
	{ "1 a,2 b,3 c,4 d,5 e,6 f,7 g,8 h,9 i,10 j,11 k,12 l,13 m,14 n,15 o,"
	  "16 p,17 q",
	    ROUTE_OK, "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p" },
};

static size_t parse_mx(const char *text, struct mx *all)
{
	struct view rest = view_of(text), one, number;
	size_t n = 0;
	while (rest.n) {
		uint32_t preference;
		view_cut(&rest, ',', &one);
		view_cut(&one, ' ', &number);
		ck_assert(view_u32(number, &preference));
		all[n].preference = (uint16_t)preference;
		ck_assert_int_eq(
		    view_to_cstr(one, all[n].name, sizeof all[n].name), 0);
		n++;
	}
	return n;
}

static void join(const struct mx *all, size_t n, struct buf *out)
{
	buf_init(out, 4096);
	for (size_t i = 0; i < n; i++) {
		buf_put_cstr(out, i ? "," : "");
		buf_put_cstr(out, all[i].name);
	}
}

START_TEST(selects_mail_exchangers)
{
	static struct mx all[MX_MAX];
	const struct mx_case *c = &mx_cases[_i];
	struct buf kept;
	size_t n = parse_mx(c->all, all);
	ck_assert_int_eq(mx_select(all, &n, V("own"), last_of), c->status);
	if (c->status != ROUTE_OK)
		return;
	join(all, n, &kept);
	ck_assert_view_eq(buf_view(&kept), view_of(c->kept));
	buf_deinit(&kept);
}

END_TEST

START_TEST(equal_mail_exchangers_take_turns)
{
	static struct mx all[MX_MAX];
	struct buf one, two;
	size_t n = parse_mx("10 a,10 b,10 c,5 d", all);
	ck_assert_int_eq(mx_select(all, &n, V("own"), last_of), ROUTE_OK);
	join(all, n, &one);
	n = parse_mx("10 a,10 b,10 c,5 d", all);
	ck_assert_int_eq(mx_select(all, &n, V("own"), first_of), ROUTE_OK);
	join(all, n, &two);
	ck_assert_view_eq(buf_view(&one), V("d,a,b,c"));
	ck_assert_uint_eq(buf_len(&two), 7);
	ck_assert(view_starts(buf_view(&two), V("d,")));
	ck_assert(!view_eq(buf_view(&one), buf_view(&two)));
	buf_deinit(&one);
	buf_deinit(&two);
}

END_TEST

/* Names. */

#define L63 "abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnopqrstuvwxy"

struct name_case {
	const char *in, *out; /* NULL: refused */
};

static const struct name_case name_cases[] = {
	{ "Example.ORG", "example.org" },
	{ "example.org.", "example.org" },
	{ "localhost", "localhost" },
	{ "b\xc3\xbc"
	  "cher.example",
	    "xn--bcher-kva.example" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "B\xc3\x9c"
	  "CHER.example",
	    "xn--bcher-kva.example" },
	{ "_dmarc.example", "_dmarc.example" },
	{ "", NULL },
	{ ".", NULL },
	{ "a..b", NULL },
	{ ".a", NULL },
	{ "a b", NULL },
	{ "a\\.b", NULL },
	{ "\xff", NULL },
	{ "a/b", NULL },
	{ L63 ".org", L63 ".org" },
	{ L63 "x.org", NULL },
};

START_TEST(normalises_names)
{
	const struct name_case *c = &name_cases[_i];
	char out[NAME_CAP];
	struct view in = exact_copy(view_of(c->in));
	int error = name_normalise(in, out);
	exact_free(in);
	ck_assert_int_eq(error, c->out ? 0 : MC_E_BAD);
	if (c->out)
		ck_assert_str_eq(out, c->out);
}

END_TEST

START_TEST(names_end_at_253_octets)
{
	char in[260], out[NAME_CAP];
	memset(in, 'a', sizeof in);
	for (size_t i = 49; i < sizeof in; i += 50)
		in[i] = '.';
	ck_assert_int_eq(name_normalise((struct view){ in, 253 }, out), 0);
	ck_assert_int_eq(
	    name_normalise((struct view){ in, 254 }, out), MC_E_BAD);
}

END_TEST

struct literal_case {
	const char *in;
	int error;
	const char *out;
};

static const struct literal_case literal_cases[] = {
	{ "[192.0.2.1]", 0, "192.0.2.1" },
	{ "[IPv6:2001:DB8::1]", 0, "2001:db8::1" },
	{ "[ipv6:::1]", 0, "::1" },
	{ "[::1]", 0, "::1" },
	{ "[IPv6:192.0.2.1]", 0, "192.0.2.1" },
	{ "192.0.2.1", MC_E_NOENT, NULL },
	{ "", MC_E_NOENT, NULL },
	{ "[", MC_E_BAD, NULL },
	{ "[]", MC_E_BAD, NULL },
	{ "[192.0.2.1", MC_E_BAD, NULL },
	{ "[192.0.2.256]", MC_E_BAD, NULL },
	{ "[192.0.2.1%eth0]", MC_E_BAD, NULL },
	{ "[example.org]", MC_E_BAD, NULL },
};

START_TEST(reads_literals)
{
	const struct literal_case *c = &literal_cases[_i];
	struct route_address a;
	char text[ROUTE_ADDRESS_TEXT];
	struct view in = exact_copy(view_of(c->in));
	ck_assert_int_eq(name_literal(in, &a), c->error);
	exact_free(in);
	if (c->error)
		return;
	route_address_format(&a, text);
	ck_assert_str_eq(text, c->out);
}

END_TEST

static const struct name_case group_cases[] = {
	{ "mx.example.org", "example.org" },
	{ "a.b.example.co.uk", "example.co.uk" },
	{ "example.org", "example.org" },
	{ "localhost", "localhost" },
	{ "co.uk", "co.uk" },
	{ "mx.xn--bcher-kva.example", "xn--bcher-kva.example" },
};

START_TEST(groups_hosts)
{
	const struct name_case *c = &group_cases[_i];
	ck_assert_view_eq(name_group(c->in), view_of(c->out));
}

END_TEST

/* MTA-STS. */

static const struct name_case sts_cases[] = {
	{ "v=STSv1; id=20160831085700Z;", "20160831085700Z" },
	{ "v=STSv1;id=a", "a" },
	{ "v=STSv1 ; x=y ; id=b1 ", "b1" },
	{ "v=STSv1; id=a; id=b;", "" },
	{ "v=STSv1; id=;", "" },
	{ "v=STSv1; id=a-b;", "" },
	{ "v=STSv1;", "" },
	{ "v=STSv1; id=12345678901234567890123456789012",
	    "12345678901234567890123456789012" },
	{ "v=STSv1; id=123456789012345678901234567890123", "" },
	{ "v=STSv10; id=a;", NULL },
	{ "v=STSv1", NULL },
	{ "", NULL },
	{ "v=spf1 -all", NULL },
	{ " v=STSv1; id=a;", NULL },
};

START_TEST(reads_sts_records)
{
	const struct name_case *c = &sts_cases[_i];
	struct view in = exact_copy(view_of(c->in));
	ck_assert(sts_record_is(in) == (c->out != NULL));
	ck_assert_view_eq(sts_record_id(in), view_of(c->out ? c->out : ""));
	exact_free(in);
}

END_TEST

/* Packets. */

#define HEADER(answers) "\0\0\x81\x80\0\1\0" answers "\0\0\0\0"
#define QUESTION(type) "\1a\4test\0\0" type "\0\1"
#define RR(type, ttl, length, data)                                            \
	"\xc0\x0c\0" type "\0\1\0\0" ttl "\0" length data

static struct view answer_of_mx(void)
{
	return V(HEADER("\3") QUESTION("\x0f") RR("\5", "\0\x40", "\4",
	    "\1b\xc0\x0e") RR("\x0f", "\1\0", "\6", "\0\x0a\1m\xc0\x0e")
		RR("\x0f", "\0\xff", "\3", "\0\0\0"));
}

START_TEST(reads_mx_records)
{
	struct view bytes = exact_copy(answer_of_mx());
	struct packet p;
	struct packet_record r;
	uint16_t preference;
	char name[PACKET_NAME_MAX];
	ck_assert_int_eq(packet_open(bytes, 15, &p), 0);
	ck_assert(packet_next(&p, &r)); /* past the CNAME */
	ck_assert_str_eq(r.owner, "a.test");
	ck_assert_int_eq(packet_mx(&p, &r, &preference, name), 0);
	ck_assert_uint_eq(preference, 10);
	ck_assert_str_eq(name, "m.test");
	ck_assert(packet_next(&p, &r));
	ck_assert_int_eq(packet_mx(&p, &r, &preference, name), 0);
	ck_assert_str_eq(name, "");
	ck_assert(!packet_next(&p, &r));
	ck_assert_uint_eq(packet_ttl(bytes, 9), 0x40);
	exact_free(bytes);
}

END_TEST

/* Whatever is cut off, nothing is read past the end. */
START_TEST(a_cut_packet_has_fewer_records)
{
	struct view whole = answer_of_mx();
	for (size_t n = 0; n < whole.n; n++) {
		struct view part = exact_copy(view_head(whole, n));
		struct packet p;
		struct packet_record r;
		uint16_t preference;
		char name[PACKET_NAME_MAX];
		unsigned found = 0;
		if (packet_open(part, 15, &p) == 0)
			while (packet_next(&p, &r))
				found +=
				    packet_mx(&p, &r, &preference, name) == 0;
		ck_assert_uint_lt(found, 2);
		packet_ttl(part, 9);
		exact_free(part);
	}
}

END_TEST

START_TEST(joins_the_strings_of_txt)
{
	char out[8];
	ck_assert_uint_eq(packet_txt(V("\3abc\0\2de"), out, sizeof out), 5);
	ck_assert_int_eq(memcmp(out, "abcde", 5), 0);
	ck_assert_uint_eq(packet_txt(V("\3abc\3def\3ghi"), out, 8), 8);
	ck_assert_uint_eq(packet_txt(V("\2ab\5cd"), out, 8), 2);
	ck_assert_uint_eq(packet_txt(V(""), out, 8), 0);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/resolver");
	TCase *t = tcase_create("resolver");
	tcase_add_loop_test(t, selects_mail_exchangers, 0, N(mx_cases));
	tcase_add_test(t, equal_mail_exchangers_take_turns);
	tcase_add_loop_test(t, normalises_names, 0, N(name_cases));
	tcase_add_test(t, names_end_at_253_octets);
	tcase_add_loop_test(t, reads_literals, 0, N(literal_cases));
	tcase_add_loop_test(t, groups_hosts, 0, N(group_cases));
	tcase_add_loop_test(t, reads_sts_records, 0, N(sts_cases));
	tcase_add_test(t, reads_mx_records);
	tcase_add_test(t, a_cut_packet_has_fewer_records);
	tcase_add_test(t, joins_the_strings_of_txt);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
