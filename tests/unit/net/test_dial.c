/* Connecting to hosts with several addresses, of which some do not answer. */
#include "net/dial.h"
#include "net_suite.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

static struct dialer *dialer;
static int server, fillers[16];
static unsigned n_done, n_fillers;
static int got;
static size_t got_index;
static uint16_t port;

static void on_done(void *ctx, int fd, size_t index)
{
	(void)ctx;
	n_done++;
	got = fd;
	got_index = index;
}

static struct dial_address address(const char *text)
{
	struct dial_address a;
	ck_assert_int_eq(dial_parse(view_of(text), &a), 0);
	return a;
}

static void make_dialer(struct dialer_options options)
{
	dialer_free(&dialer);
	if (!options.stagger_ms)
		options.stagger_ms = DIAL_STAGGER_MS;
	if (!options.timeout_ms)
		options.timeout_ms = 20000;
	dialer = dialer_new(loop, &options);
}

/* On 127.0.0.1 and no other of 127/8: there it is refused. */
static void setup(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof a;
	net_setup();
	server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(server, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(server, 16), 0);
	ck_assert_int_eq(getsockname(server, (struct sockaddr *)&a, &n), 0);
	port = ntohs(a.sin_port);
	make_dialer((struct dialer_options){ 0 });
}

static void teardown(void)
{
	for (unsigned i = 0; i < n_fillers; i++)
		close(fillers[i]);
	dialer_free(&dialer);
	close(server);
	net_teardown();
}

/* The same port of 127.0.0.3 does not answer: its backlog is full. */
static void make_black_hole(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr("127.0.0.3") };
	int hole = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fillers[n_fillers++] = hole;
	ck_assert_int_eq(bind(hole, (struct sockaddr *)&a, sizeof a), 0);
	ck_assert_int_eq(listen(hole, 0), 0);
	for (int i = 0; i < 4; i++) {
		int fd = socket(
		    AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		fillers[n_fillers++] = fd;
		if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
			ck_assert_int_eq(errno, EINPROGRESS);
	}
	run_ms(20);
}

static struct dial *start(const char *host, const char *const *texts, size_t n)
{
	struct dial_address a[DIAL_ADDRESSES_MAX];
	for (size_t i = 0; i < n; i++)
		a[i] = address(texts[i]);
	n_done = 0;
	struct dial *d =
	    dial_start(dialer, view_of(host), a, n, port, on_done, NULL);
	ck_assert_uint_eq(n_done, 0); /* from the loop only */
	return d;
}

static void dial(const char *host, const char *const *texts, size_t n)
{
	start(host, texts, n);
	run_until(&n_done);
	ck_assert_uint_eq(n_done, 1);
}

static void expect_up(size_t index)
{
	int on = 0;
	socklen_t n = sizeof on;
	ck_assert_int_ge(got, 0);
	ck_assert_uint_eq(got_index, index);
	ck_assert(fcntl(got, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(got, F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq(getsockopt(got, IPPROTO_TCP, TCP_NODELAY, &on, &n), 0);
	ck_assert_int_eq(on, 1);
	int client = accept(server, NULL, NULL);
	ck_assert_int_ge(client, 0);
	close(client);
	close(got);
}

START_TEST(connects)
{
	dial("a", (const char *[]){ "127.0.0.1" }, 1);
	expect_up(0);
}

END_TEST

START_TEST(refused_is_told)
{
	dial("a", (const char *[]){ "127.0.0.2" }, 1);
	ck_assert_int_eq(got, -ECONNREFUSED);
	ck_assert_uint_eq(got_index, 0);
}

END_TEST

/* Without waiting for the stagger. */
START_TEST(next_after_a_refusal)
{
	make_dialer((struct dialer_options){ .stagger_ms = 60000 });
	dial("a", (const char *[]){ "127.0.0.2", "127.0.0.4", "127.0.0.1" }, 3);
	expect_up(2);
}

END_TEST

/* Without waiting for the first to fail. */
START_TEST(next_after_a_silence)
{
	make_black_hole();
	make_dialer((struct dialer_options){ .stagger_ms = 5 });
	dial("a", (const char *[]){ "127.0.0.3", "127.0.0.1" }, 2);
	expect_up(1);
}

END_TEST

START_TEST(silence_times_out)
{
	make_black_hole();
	make_dialer((struct dialer_options){ .timeout_ms = 50 });
	dial("a", (const char *[]){ "127.0.0.3", "127.0.0.3" }, 2);
	ck_assert_int_eq(got, -ETIMEDOUT);
}

END_TEST

/* With a stagger that is never over, a silent address that is tried first is
 * waited for until the deadline. */
START_TEST(remembers_what_worked)
{
	const char *const both[] = { "127.0.0.3", "127.0.0.1" };
	make_black_hole();
	make_dialer(
	    (struct dialer_options){ .stagger_ms = 60000, .timeout_ms = 50 });
	dial("a", both, 2);
	ck_assert_int_eq(got, -ETIMEDOUT);
	dial("a", &both[1], 1);
	expect_up(0);
	dial("a", both, 2);
	expect_up(1);
	dial("b", both, 2); /* by host */
	ck_assert_int_eq(got, -ETIMEDOUT);
}

END_TEST

START_TEST(no_address_of_the_family)
{
	make_dialer((struct dialer_options){ .family = DIAL_IPV6 });
	dial("a", (const char *[]){ "127.0.0.1" }, 1);
	ck_assert_int_eq(got, MC_E_NOENT);
	dial("a", NULL, 0);
	ck_assert_int_eq(got, MC_E_NOENT);
}

END_TEST

START_TEST(comes_from_the_source)
{
	struct dial_address source = address("127.0.0.9");
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	make_dialer((struct dialer_options){ .source_ipv4 = &source });
	dial("a", (const char *[]){ "127.0.0.1" }, 1);
	ck_assert_int_ge(got, 0);
	ck_assert_int_eq(getsockname(got, (struct sockaddr *)&a, &n), 0);
	ck_assert_uint_eq(a.sin_addr.s_addr, inet_addr("127.0.0.9"));
	expect_up(0);
	/* One that this machine does not have. */
	source = address("192.0.2.77");
	make_dialer((struct dialer_options){ .source_ipv4 = &source });
	dial("a", (const char *[]){ "127.0.0.1" }, 1);
	ck_assert_int_eq(got, -EADDRNOTAVAIL);
}

END_TEST

START_TEST(cancelled_is_not_told)
{
	make_black_hole();
	struct dial *d = start("a", (const char *[]){ "127.0.0.3" }, 1);
	if (_i)
		run_ms(10);
	dial_cancel(&d);
	ck_assert_ptr_null(d);
	run_ms(20);
	ck_assert_uint_eq(n_done, 0);
}

END_TEST

/* a to d are of IPv4, A to D of IPv6. */
struct order_case {
	enum dial_family family;
	const char *addresses, *first, *order;
};

static const struct order_case order_cases[] = {
	{ DIAL_ANY, "abAB", "", "AaBb" },
	{ DIAL_ANY, "ab", "", "ab" },
	{ DIAL_ANY, "AB", "", "AB" },
	{ DIAL_ANY, "abcA", "", "Aabc" },
	{ DIAL_ANY, "ABCa", "", "AaBC" },
	{ DIAL_IPV4_FIRST, "ABab", "", "aAbB" },
	{ DIAL_IPV4_FIRST, "AB", "", "AB" },
	{ DIAL_IPV4, "AaBb", "", "ab" },
	{ DIAL_IPV6, "AaBb", "", "AB" },
	{ DIAL_IPV6, "ab", "", "" },
	{ DIAL_ANY, "", "", "" },
	{ DIAL_ANY, "abAB", "b", "bAaB" },
	{ DIAL_ANY, "abAB", "B", "BaAb" },
	{ DIAL_IPV4_FIRST, "abAB", "A", "AaBb" },
	{ DIAL_ANY, "abAB", "c", "AaBb" },
	{ DIAL_IPV4, "abAB", "B", "ab" },
};

static struct dial_address lettered(char c)
{
	return (struct dial_address){ { (unsigned char)c }, c < 'a' };
}

START_TEST(order_of_addresses)
{
	const struct order_case *c = &order_cases[_i];
	struct dial_address a[8], first = lettered(c->first[0]);
	size_t order[DIAL_ADDRESSES_MAX], n = strlen(c->addresses);
	char text[9] = "";
	for (size_t i = 0; i < n; i++)
		a[i] = lettered(c->addresses[i]);
	n = dial_order(c->family, a, n, c->first[0] ? &first : NULL, order);
	for (size_t i = 0; i < n; i++)
		text[i] = c->addresses[order[i]];
	ck_assert_str_eq(text, c->order);
}

END_TEST

START_TEST(addresses_as_text)
{
	struct dial_address a;
	ck_assert_int_eq(dial_parse(V("192.0.2.1"), &a), 0);
	ck_assert(!a.is_v6);
	ck_assert_mem_eq(a.bytes, "\xc0\x00\x02\x01", 4);
	ck_assert_int_eq(dial_parse(V("2001:db8::7"), &a), 0);
	ck_assert(a.is_v6);
	ck_assert_uint_eq(a.bytes[15], 7);
	ck_assert_int_eq(dial_parse(V(""), &a), MC_E_BAD);
	ck_assert_int_eq(dial_parse(V("192.0.2"), &a), MC_E_BAD);
	ck_assert_int_eq(dial_parse(V("host.example"), &a), MC_E_BAD);
	ck_assert_int_eq(dial_parse(V("192.0.2.1\0"), &a), MC_E_BAD);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("dial");
	TCase *t = tcase_create("dial");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, connects);
	tcase_add_test(t, refused_is_told);
	tcase_add_test(t, next_after_a_refusal);
	tcase_add_test(t, next_after_a_silence);
	tcase_add_test(t, silence_times_out);
	tcase_add_test(t, remembers_what_worked);
	tcase_add_test(t, no_address_of_the_family);
	tcase_add_test(t, comes_from_the_source);
	tcase_add_loop_test(t, cancelled_is_not_told, 0, 2);
	tcase_add_loop_test(t, order_of_addresses, 0,
	    (int)(sizeof order_cases / sizeof *order_cases));
	tcase_add_test(t, addresses_as_text);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
