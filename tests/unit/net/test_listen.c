/* Listening sockets and who is at the other end. */
#include "net/listen.h"
#include "net/remote.h"
#include "net_suite.h"
#include <netinet/in.h>
#include <sys/un.h>

static unsigned n_clients;
static struct remote remote;

static void on_client(void *ctx, int fd)
{
	(void)ctx;
	n_clients++;
	remote_of(&remote, fd);
	close(fd);
}

static void connect_to(int listening)
{
	struct sockaddr_storage a;
	socklen_t n = sizeof a;
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&a, &n), 0);
	int fd = socket(a.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&a, n), 0);
	close(fd);
}

static void check_listening(struct view address, const char *want)
{
	int fds[4];
	size_t n;
	ck_assert_int_eq(listen_open(address, 0, fds, 4, &n), 0);
	ck_assert_uint_eq(n, 1);
	struct listener *l = listener_new(loop, fds[0], on_client, NULL);
	for (int i = 0; i < 40; i++)
		connect_to(fds[0]);
	run_ms(20);
	ck_assert_uint_eq(n_clients, 40);
	ck_assert_str_eq(remote.text, want);
	ck_assert(remote.is_loopback);
	listener_free(&l);
}

START_TEST(ipv4)
{
	check_listening(V("127.0.0.1"), "127.0.0.1");
}

END_TEST

START_TEST(unix_socket_even_over_a_stale_one)
{
	char name[] = "/tmp/mailcore-listen-XXXXXX", address[64];
	ck_assert_ptr_nonnull(mkdtemp(name));
	snprintf(address, sizeof address, "unix:%s/s", name);
	check_listening(view_of(address), "local");
	n_clients = 0;
	check_listening(view_of(address), "local");
	unlink(address + 5);
	rmdir(name);
}

END_TEST

START_TEST(any_is_at_least_one_family)
{
	int fds[4];
	size_t n;
	ck_assert_int_eq(listen_open(V("*"), 0, fds, 4, &n), 0);
	ck_assert_uint_ge(n, 1);
	while (n)
		close(fds[--n]);
}

END_TEST

START_TEST(wrong_addresses_are_errors)
{
	int fds[4];
	size_t n;
	ck_assert_int_lt(listen_open(V("256.0.0.1.invalid"), 0, fds, 4, &n), 0);
	ck_assert_int_lt(listen_open(V("192.0.2.1"), 0, fds, 4, &n), 0);
	ck_assert_int_lt(listen_open(V("127.0.0.1\0x"), 0, fds, 4, &n), 0);
	ck_assert_int_lt(
	    listen_open(V("unix:/nonexistent/s"), 0, fds, 4, &n), 0);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("listen");
	TCase *t = tcase_create("listen");
	tcase_add_checked_fixture(t, net_setup, net_teardown);
	tcase_add_test(t, ipv4);
	tcase_add_test(t, unix_socket_even_over_a_stale_one);
	tcase_add_test(t, any_is_at_least_one_family);
	tcase_add_test(t, wrong_addresses_are_errors);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
