/* Which name servers are asked. */
#include "conf/servers.h"
#include "suite.h"

struct case_ {
	const char *in;
	int error;
	const char *out; /* separated by spaces */
};

static const struct case_ options[] = {
	{ "recursive", 0, "" },
	{ "192.0.2.1", 0, "192.0.2.1@53" },
	{ " 192.0.2.1@5353 , ::1 ", 0, "192.0.2.1@5353 ::1@53" },
	{ "fe80::1%eth0@53", 0, "fe80::1%eth0@53" },
	{ "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1", 0,
	    "1.1.1.1@53 1.1.1.1@53 1.1.1.1@53 1.1.1.1@53 1.1.1.1@53 "
	    "1.1.1.1@53 1.1.1.1@53 1.1.1.1@53" },
	{ "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
	  "1.1.1.1",
	    MC_E_BAD, "" },
	{ "", MC_E_BAD, "" },
	{ "ns.example.org", MC_E_BAD, "" },
	{ "192.0.2.1@", MC_E_BAD, "" },
	{ "192.0.2.1@0", MC_E_BAD, "" },
	{ "192.0.2.1@65536", MC_E_BAD, "" },
	{ "192.0.2.1,,", MC_E_BAD, "" },
	{ "192.0.2.1%eth0", MC_E_BAD, "" },
};

static const struct case_ files[] = {
	{ "", 0, "127.0.0.1@53" },
	{ "# nameserver 192.0.2.9\nsearch example\nnameserver 192.0.2.1\r\n"
	  "nameserver\t2001:db8::1  \nnameserver nonsense\nnameserver\n"
	  "nameservers 192.0.2.3\n nameserver 192.0.2.2",
	    0, "192.0.2.1@53 2001:db8::1@53 192.0.2.2@53" },
	{ "nameserver 1.1.1.1\nnameserver 1.1.1.1\nnameserver 1.1.1.1\n"
	  "nameserver 1.1.1.1\nnameserver 1.1.1.1\nnameserver 1.1.1.1\n"
	  "nameserver 1.1.1.1\nnameserver 1.1.1.1\nnameserver 1.1.1.1\n",
	    0,
	    "1.1.1.1@53 1.1.1.1@53 1.1.1.1@53 1.1.1.1@53 1.1.1.1@53 "
	    "1.1.1.1@53 1.1.1.1@53 1.1.1.1@53" },
};

static void assert_servers(const struct conf_servers *s, const char *want)
{
	struct view rest = view_of(want), one;
	for (size_t i = 0; i < s->n; i++) {
		view_cut(&rest, ' ', &one);
		ck_assert_view_eq(view_of(s->text[i]), one);
	}
	ck_assert_uint_eq(rest.n, 0);
}

START_TEST(reads_the_option)
{
	const struct case_ *c = &options[_i];
	struct conf_servers s;
	struct view in = exact_copy(view_of(c->in));
	ck_assert_int_eq(conf_servers_of_option(in, &s), c->error);
	exact_free(in);
	if (!c->error)
		assert_servers(&s, c->out);
}

END_TEST

START_TEST(reads_resolv_conf)
{
	const struct case_ *c = &files[_i];
	struct conf_servers s;
	struct view in = exact_copy(view_of(c->in));
	conf_servers_of_file(in, &s);
	exact_free(in);
	assert_servers(&s, c->out);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("conf/servers");
	TCase *t = tcase_create("servers");
	tcase_add_loop_test(
	    t, reads_the_option, 0, (int)(sizeof options / sizeof options[0]));
	tcase_add_loop_test(
	    t, reads_resolv_conf, 0, (int)(sizeof files / sizeof files[0]));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
