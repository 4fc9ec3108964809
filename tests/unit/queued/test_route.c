/* The hosts of a route, as they travel. */
#include "queued/route.h"
#include "suite.h"

static const unsigned char v4[4] = { 192, 0, 2, 1 };

static struct route_host rich(void)
{
	struct route_host h = { .name = V("mx.example.org"),
		.preference = 513,
		.is_secure = true,
		.dane = DANE_OK,
		.n_addresses = 2,
		.n_tlsa = 2 };
	memcpy(h.addresses[0].bytes, v4, 4);
	h.addresses[1].is_v6 = true;
	h.addresses[1].bytes[15] = 1;
	h.tlsa[0] = (struct route_tlsa){ 3, 1, 1, V("digest") };
	h.tlsa[1] = (struct route_tlsa){ 2, 0, 2, V("") };
	return h;
}

static void assert_rich(const struct route_host *h)
{
	char text[ROUTE_ADDRESS_TEXT];
	ck_assert_view_eq(h->name, V("mx.example.org"));
	ck_assert_uint_eq(h->preference, 513);
	ck_assert(h->is_secure);
	ck_assert_int_eq(h->dane, DANE_OK);
	ck_assert_uint_eq(h->n_addresses, 2);
	route_address_format(&h->addresses[0], text);
	ck_assert_str_eq(text, "192.0.2.1");
	route_address_format(&h->addresses[1], text);
	ck_assert_str_eq(text, "::1");
	ck_assert_uint_eq(h->n_tlsa, 2);
	ck_assert_uint_eq(h->tlsa[0].usage, 3);
	ck_assert_uint_eq(h->tlsa[0].selector, 1);
	ck_assert_uint_eq(h->tlsa[1].matching, 2);
	ck_assert_view_eq(h->tlsa[0].data, V("digest"));
	ck_assert_uint_eq(h->tlsa[1].data.n, 0);
}

START_TEST(hosts_arrive_as_they_left)
{
	char bytes[4096];
	size_t n = 0;
	struct route_host h = rich(), plain = { .name = V("[192.0.2.1]") };
	ck_assert_int_eq(route_put_host(&h, bytes, sizeof bytes, &n), 0);
	ck_assert_int_eq(route_put_host(&plain, bytes, sizeof bytes, &n), 0);
	struct view copy = exact_copy((struct view){ bytes, n });
	struct view rest = copy;
	ck_assert_int_eq(route_take_host(&rest, &h), 0);
	assert_rich(&h);
	ck_assert_int_eq(route_take_host(&rest, &h), 0);
	ck_assert_view_eq(h.name, V("[192.0.2.1]"));
	ck_assert_uint_eq(h.n_addresses + h.n_tlsa, 0);
	ck_assert_int_eq(route_take_host(&rest, &h), MC_E_NOENT);
	exact_free(copy);
}

END_TEST

START_TEST(what_does_not_fit_is_not_half_there)
{
	char bytes[4096];
	size_t whole = 0;
	struct route_host h = rich();
	ck_assert_int_eq(route_put_host(&h, bytes, sizeof bytes, &whole), 0);
	for (size_t cap = 0; cap < 2 * whole; cap++) {
		size_t n = 0;
		int error = route_put_host(&h, bytes, cap, &n);
		ck_assert_int_eq(error, cap < whole ? MC_E_LIMIT : 0);
		ck_assert_uint_eq(n, cap < whole ? 0 : whole);
	}
}

END_TEST

START_TEST(a_cut_host_is_refused)
{
	char bytes[4096];
	size_t n = 0;
	struct route_host h = rich();
	ck_assert_int_eq(route_put_host(&h, bytes, sizeof bytes, &n), 0);
	for (size_t cut = 1; cut < n; cut++) {
		struct view part = exact_copy((struct view){ bytes, cut });
		struct view rest = part;
		ck_assert_int_eq(route_take_host(&rest, &h), MC_E_PROTO);
		ck_assert_uint_eq(rest.n, cut);
		exact_free(part);
	}
}

END_TEST

struct bad_case {
	size_t at; /* behind the name, which is empty here */
	char value;
};

/* preference 2, secure, dane, addresses, (v6), ... */
static const struct bad_case bad_cases[] = {
	{ 6, 2 },
	{ 7, DANE_COUNT },
	{ 8, ROUTE_ADDRESSES_MAX + 1 },
	{ 9, 2 },
	{ 14, ROUTE_TLSA_MAX + 1 },
};

START_TEST(values_out_of_range_are_refused)
{
	char bytes[4096] = { 0 };
	size_t n = 0;
	struct route_host h = { .n_addresses = 1 };
	ck_assert_int_eq(route_put_host(&h, bytes, sizeof bytes, &n), 0);
	struct view rest = { bytes, sizeof bytes };
	ck_assert_int_eq(route_take_host(&rest, &h), 0);
	ck_assert_uint_eq(rest.n, sizeof bytes - n);
	bytes[bad_cases[_i].at] = bad_cases[_i].value;
	rest = (struct view){ bytes, sizeof bytes };
	ck_assert_int_eq(route_take_host(&rest, &h), MC_E_PROTO);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/route");
	TCase *t = tcase_create("route");
	tcase_add_test(t, hosts_arrive_as_they_left);
	tcase_add_test(t, what_does_not_fit_is_not_half_there);
	tcase_add_test(t, a_cut_host_is_refused);
	tcase_add_loop_test(t, values_out_of_range_are_refused, 0,
	    (int)(sizeof bad_cases / sizeof bad_cases[0]));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
