/* mailcore.conf(5): what is accepted, what each mistake is told as, and that
 * nothing is lost on the way to the roles. */
#include "conf/conf.h"
#include "conf/schema.h"
#include "suite.h"
#include <stdio.h>
#include <unistd.h>

#define H "hostname = mx.example.org\n"
#define TLS "tls { certificate = /c.pem key = /k.pem }\n"

static char file[64];

static int read_text(
    const char *text, const char *prefix, struct conf **c, struct buf *errors)
{
	snprintf(file, sizeof file, "/tmp/mailcore-test-XXXXXX");
	int fd = mkstemp(file);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
	close(fd);
	buf_init(errors, 1 << 20);
	int error = conf_read(file, prefix, c, errors);
	unlink(file);
	return error;
}

static struct conf *must_read(const char *text, const char *prefix)
{
	struct conf *c = NULL;
	struct buf errors;
	int error = read_text(text, prefix, &c, &errors);
	struct view said = buf_view(&errors);
	ck_assert_msg(error == 0, "%.*s", (int)said.n, said.p ? said.p : "");
	buf_deinit(&errors);
	return c;
}

struct bad_case {
	const char *text;
	const char *want; /* after the file's name; | between lines */
};

static const struct bad_case bad_cases[] = {
	{ "", ":1: hostname: required and missing" },
	{ "hostname = \"-x\"\n", ":1: hostname: \"-x\" is not a host name" },
	{ H "nonsense = 1\n", ":2: nonsense: unknown option" },
	{ H "nonsense = 1\nother = 2\nfronts = x\n",
	    ":2: nonsense: unknown option|:3: other: unknown option|"
	    ":4: fronts: \"x\" is not a number (it takes no unit)" },
	{ H "tls { sertificate = a }\n",
	    ":2: tls.sertificate: unknown option" },
	{ H "\n\nfronts = 65\n", ":4: fronts: 65 is out of range: 1 to 64" },
	{ H "fronts = 0\n", ":2: fronts: 0 is out of range: 1 to 64" },
	{ H "fronts = -1\n",
	    ":2: fronts: \"-1\" is not a number (it takes no unit)" },
	{ H "fronts = 2s\n",
	    ":2: fronts: \"2s\" is not a number (it takes no unit)" },
	{ H "message_size_limit = 50X\n",
	    ":2: message_size_limit: \"50X\" is not a number, alone or with "
	    "K, M or G" },
	{ H "message_size_limit = 99999999999999999999\n",
	    ":2: message_size_limit: \"99999999999999999999\" is not a number, "
	    "alone or with K, M or G" },
	{ H "message_size_limit = 17179869184G\n",
	    ":2: message_size_limit: 17179869184G is out of range: 64K to "
	    "2147483647" },
	{ H "smtp_timeout = 5K\n",
	    ":2: smtp_timeout: \"5K\" is not a number, alone or with s, m, h "
	    "or d" },
	{ H "smtp_timeout = 2h\n",
	    ":2: smtp_timeout: 2h is out of range: 1s to 1h" },
	{ H "isolation = some\n",
	    ":2: isolation: \"some\" is not one of full, no-chroot, none" },
	{ H "log_level = loud\n",
	    ":2: log_level: \"loud\" is not one of error, warn, info, debug" },
	{ H "sandbox = maybe\n", ":2: sandbox: \"maybe\" is not yes or no" },
	{ H "log = file:\n",
	    ":2: log: \"file:\" is not stderr, syslog or file:PATH" },
	{ H H, ":2: hostname: given twice, first in line 1" },
	{ H "tls { certificate = a }\n",
	    ":2: tls.key: required with tls.certificate" },
	{ H "tls { key = a }\n", ":2: tls.certificate: required with tls.key" },
	{ H "queue_retry_min = 2h\nqueue_retry_max = 1h\n",
	    ":2: queue_retry_min: above queue_retry_max" },
	{ H "quota_warn = \"95,80\"\n",
	    ":2: quota_warn: \"95,80\" is not a list of rising percents as in "
	    "\"80,95\"" },
	{ H "quota_warn = \"101\"\n",
	    ":2: quota_warn: \"101\" is not a list of rising percents as in "
	    "\"80,95\"" },
	{ H "recipient_delimiter = \"+-\"\n",
	    ":2: recipient_delimiter: more than one character" },
	{ H "forward_file = \"/etc/x\"\n",
	    ":2: forward_file: \"/etc/x\" is no path below a home directory" },
	{ H "forward_file = \"mail/../../x\"\n",
	    ":2: forward_file: \"mail/../../x\" is no path below a home "
	    "directory" },
	{ H "listen a { port = 25 }\n", ":2: listen \"a\": service: required" },
	{ H "listen a { service = smtp port = 70000 }\n",
	    ":2: listen \"a\" port: 70000 is out of range: 0 to 65535" },
	{ H "listen a { service = smtp color = red }\n",
	    ":2: listen \"a\" color: unknown option" },
	{ H "listen a { service = http }\n",
	    ":2: listen \"a\" service: \"http\" is not one of smtp, "
	    "submission, submissions, imap, imaps, pop3, pop3s" },
	{ H "listen a { service = imaps }\n",
	    ":2: listen \"a\": tls: needs tls.certificate and tls.key" },
	{ H "listen a { service = smtp tls = starttls }\n",
	    ":2: listen \"a\": tls: needs tls.certificate and tls.key" },
	{ H "listen a { service = smtp }\n"
	    "listen b { service = imap port = 25 }\n",
	    ":3: listen \"b\": same address and port as listen \"a\"" },
	{ H "listen a { service = smtp address = \"[::1]\" }\n"
	    "listen b { service = smtp }\n",
	    ":3: listen \"b\": same address and port as listen \"a\"" },
	{ H "listen a { service = smtp port = 1 }\n"
	    "listen a { service = smtp port = 2 fronts = 1}\n",
	    ":3: listen: found duplicate title 'a'|"
	    ":3: listen \"a\" fronts: unknown option" },
	{ H "domain a.example {}\ndomain a.example {}\n",
	    ":3: domain: found duplicate title 'a.example'" },
	{ H "domain a.example { catch_all = x }\n"
	    "domain A.example { catch_all = x }\n",
	    ":3: domain \"a.example\": the domain is there twice" },
	{ H "domain a.example {\n\talias_of = b.example\n}\n",
	    ":3: domain \"a.example\": alias_of: there is no domain "
	    "\"b.example\"" },
	{ H "domain a.example { alias_of = a.example }\n",
	    ":2: domain \"a.example\": alias_of: \"a.example\" is itself an "
	    "alias" },
	{ H "domain \"a b\" {}\n", ":2: domain \"a b\": not a domain name" },
	{ H "route a.example {}\nroute a.example {}\n",
	    ":3: route: found duplicate title 'a.example'" },
	{ H "route a.example { host = x }\nroute A.example { host = x }\n",
	    ":3: route \"a.example\": the route is there twice" },
	{ H "route \"a b\" {}\n",
	    ":2: route \"a b\": not a domain, .domain or *" },
	{ H "route \"*.example\" {}\n",
	    ":2: route \"*.example\": not a domain, .domain or *" },
	{ H "domain a.example {} route A.example {}\n",
	    ":2: route \"a.example\": that domain is delivered here" },
	{ H "route a.example { protocol = esmtp }\n",
	    ":2: route \"a.example\" protocol: \"esmtp\" is not one of smtp, "
	    "lmtp" },
	{ H "route a.example { host = \"[192.0.2.]\" }\n",
	    ":2: route \"a.example\": host: \"[192.0.2.]\" is not a host "
	    "name, an [address] or unix:PATH" },
	{ H "route a.example { host = \"unix:/s\" }\n",
	    ":2: route \"a.example\": host: a socket needs protocol = lmtp" },
	{ H "route a.example { host = \"unix:/s\" protocol = lmtp port = 24 "
	    "tls = required }\n",
	    ":2: route \"a.example\": port: not with a socket|"
	    ":2: route \"a.example\": tls: not with a socket" },
	{ H "route a.example { host = \"unix:\" protocol = lmtp }\n",
	    ":2: route \"a.example\": host: a socket without a path" },
	{ H "route a.example { protocol = lmtp }\n",
	    ":2: route \"a.example\": host: required with protocol = lmtp" },
	{ H "route a.example { tls = implicit }\n",
	    ":2: route \"a.example\": host: required with tls = implicit" },
	{ H "route a.example { host = \"[::1]\" tls = dane }\n",
	    ":2: route \"a.example\": tls: dane needs a host with a name" },
	{ H "route a.example { host = h tls = required user = u }\n",
	    ":2: route \"a.example\": password_file: required with user" },
	{ H "route a.example { tls = required user = u password_file = f }\n",
	    ":2: route \"a.example\": host: required with user" },
	{ H "route a.example { host = h user = u password_file = f }\n",
	    ":2: route \"a.example\": tls: required, verified, dane or "
	    "implicit "
	    "with user, so that no password is sent in plain text" },
	{ H "route a.example { connections_max = 10001 }\n",
	    ":2: route \"a.example\" connections_max: 10001 is out of range: "
	    "0 to 10000" },
	{ H "domain a.example { accounts = ldap }\n",
	    ":2: domain \"a.example\" accounts: \"ldap\" is not one of "
	    "database, system, passwd-file" },
	{ H "domain a.example { accounts = passwd-file }\n",
	    ":2: domain \"a.example\": passwd_file: required with accounts = "
	    "passwd-file" },
	{ H "state_dir = /s domain a.example { accounts = passwd-file "
	    "passwd_file = /etc/passwd }\n",
	    ":2: domain \"a.example\": passwd_file: must be in /s/accounts/, "
	    "where the auth role is" },
	{ H "fronts = 99\nlisten {\n",
	    ":2: fronts: 99 is out of range: 1 to 64|:3: missing title for "
	    "section 'listen'" },
	{ H "fronts 2\n", ":2: missing equal sign after option 'fronts'" },
	{ "config_version = 2\n" H,
	    ":1: config_version: 2 is out of range: 1 to 1" },
};

START_TEST(names_every_mistake)
{
	struct conf *c = NULL;
	struct buf errors, want;
	buf_init(&want, 1 << 16);
	ck_assert_int_eq(
	    read_text(bad_cases[_i].text, NULL, &c, &errors), MC_E_BAD);
	ck_assert_ptr_null(c);
	struct view rest = view_of(bad_cases[_i].want), line;
	while (rest.n) {
		view_cut(&rest, '|', &line);
		buf_put_cstr(&want, file);
		buf_put(&want, line);
		buf_put_char(&want, '\n');
	}
	ck_assert_view_eq(buf_view(&errors), buf_view(&want));
	buf_deinit(&want);
	buf_deinit(&errors);
}

END_TEST

START_TEST(the_smallest_file_has_the_usual_listeners)
{
	struct conf *c = must_read(H, NULL);
	ck_assert_str_eq(c->hostname, "mx.example.org");
	ck_assert_int_eq((int)c->n_listeners, 4);
	ck_assert_str_eq(c->listeners[0].name, "smtp");
	ck_assert_int_eq(c->listeners[0].port, 25);
	ck_assert_int_eq(c->listeners[0].tls, CONF_TLS_NONE);
	ck_assert_int_eq(c->message_size_limit, 50 * 1024 * 1024);
	ck_assert_int_eq(c->queue_lifetime, 5 * 86400);
	conf_free(&c);
	ck_assert_ptr_null(c);
}

END_TEST

START_TEST(a_certificate_brings_the_tls_listeners)
{
	static const struct conf_listen want[] = {
		{ "smtp", "*", SERVICE_SMTP, 25, CONF_TLS_STARTTLS },
		{ "submission", "*", SERVICE_SUBMISSION, 587,
		    CONF_TLS_STARTTLS },
		{ "submissions", "*", SERVICE_SUBMISSIONS, 465,
		    CONF_TLS_IMPLICIT },
		{ "imap", "*", SERVICE_IMAP, 143, CONF_TLS_STARTTLS },
		{ "imaps", "*", SERVICE_IMAPS, 993, CONF_TLS_IMPLICIT },
		{ "pop3", "*", SERVICE_POP3, 110, CONF_TLS_STARTTLS },
		{ "pop3s", "*", SERVICE_POP3S, 995, CONF_TLS_IMPLICIT },
	};
	struct conf *c = must_read(H TLS, NULL);
	ck_assert_int_eq((int)c->n_listeners, 7);
	for (size_t i = 0; i < 7; i++) {
		ck_assert_str_eq(c->listeners[i].name, want[i].name);
		ck_assert_str_eq(c->listeners[i].address, "*");
		ck_assert_int_eq(c->listeners[i].service, want[i].service);
		ck_assert_int_eq(c->listeners[i].port, want[i].port);
		ck_assert_int_eq(c->listeners[i].tls, want[i].tls);
	}
	conf_free(&c);
}

END_TEST

START_TEST(listeners_that_are_given_replace_them)
{
	struct conf *c = must_read(H TLS
	    "listen a { service = imaps address = \"[::1]\" port = 9993 }\n"
	    "listen b { service = smtp tls = none }\n"
	    "listen c { service = smtp address = \"unix:/s/x\" }\n",
	    NULL);
	ck_assert_int_eq((int)c->n_listeners, 3);
	ck_assert_int_eq(c->listeners[0].port, 9993);
	ck_assert_int_eq(c->listeners[0].tls, CONF_TLS_IMPLICIT);
	ck_assert_str_eq(c->listeners[0].address, "[::1]");
	ck_assert_int_eq(c->listeners[1].port, 25);
	ck_assert_int_eq(c->listeners[1].tls, CONF_TLS_NONE);
	ck_assert_str_eq(c->listeners[2].address, "unix:/s/x");
	conf_free(&c);
}

END_TEST

struct path_case {
	const char *prefix, *text, *spool, *cert, *log;
};

static const struct path_case path_cases[] = {
	{ NULL, H "log = \"file:/l\"" TLS, MAILCORE_SPOOLDIR, "/c.pem",
	    "file:/l" },
	{ "/p", H TLS, "/p" MAILCORE_SPOOLDIR, "/c.pem", "stderr" },
	{ "/p", H "log = \"file:l\" tls { certificate = c key = k }\n",
	    "/p" MAILCORE_SPOOLDIR, "/p/c", "file:/p/l" },
	{ NULL, H "spool_dir = s tls { certificate = c key = k }\n", "/tmp/s",
	    "/tmp/c", "stderr" },
	{ "/p", H "spool_dir = /s\n", "/s", "", "stderr" },
};

START_TEST(places_paths)
{
	const struct path_case *p = &path_cases[_i];
	struct conf *c = must_read(p->text, p->prefix);
	ck_assert_str_eq(c->spool_dir, p->spool);
	ck_assert_str_eq(c->tls_certificate, p->cert);
	ck_assert_str_eq(c->log, p->log);
	conf_free(&c);
}

END_TEST

START_TEST(finds_domains_in_any_case)
{
	struct conf *c = must_read(H
	    "state_dir = /s\n"
	    "domain \"Zed.example\" { catch_all = \"all@zed.example\" }\n"
	    "domain b.example { alias_of = ZED.example }\n"
	    "domain c.example { accounts = passwd-file "
	    "passwd_file = /s/accounts/c }\n",
	    NULL);
	const struct conf_domain *d = conf_domain_find(c, V("zeD.exAmple"));
	ck_assert_ptr_nonnull(d);
	ck_assert_str_eq(d->name, "zed.example");
	ck_assert_str_eq(d->catch_all, "all@zed.example");
	ck_assert_str_eq(
	    conf_domain_find(c, V("b.example"))->alias_of, "zed.example");
	ck_assert_str_eq(conf_domain_find(c, V("c.example"))->passwd_file, "c");
	ck_assert_ptr_null(conf_domain_find(c, V("a.example")));
	ck_assert_ptr_null(conf_domain_find(c, V("")));
	conf_free(&c);
}

END_TEST

struct route_case {
	const char *domain, *route; /* NULL: the mail exchangers */
};

static const struct route_case route_cases[] = {
	{ "b.example", "b.example" },
	{ "B.Example", "b.example" },
	{ "x.b.example", ".b.example" },
	{ "y.x.b.example", ".x.b.example" },
	{ "y.y.x.b.example", ".x.b.example" },
	{ "xb.example", ".example" },
	{ "example", "*" },
	{ "b.example.net", "*" },
	{ "", "*" },
	{ ".b.example", ".b.example" },
};

START_TEST(finds_the_nearest_route)
{
	const struct route_case *k = &route_cases[_i];
	struct conf *c = must_read(H
	    "route b.example {} route \".b.example\" {} route \"*\" {}\n"
	    "route \".X.b.example\" {} route \".example\" {}\n",
	    NULL);
	const struct conf_route *r = conf_route_find(c, view_of(k->domain));
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(r->name, k->route);
	conf_free(&c);
}

END_TEST

START_TEST(without_a_route_there_are_mail_exchangers)
{
	struct conf *c = must_read(H "route b.example {}\n", NULL);
	ck_assert_ptr_null(conf_route_find(c, V("a.example")));
	ck_assert_ptr_null(conf_route_find(c, V("a.b.example")));
	conf_free(&c);
}

END_TEST

START_TEST(routes_have_usual_ports)
{
	struct conf *c = must_read(H
	    "route a.example { host = MX.example protocol = lmtp }\n"
	    "route b.example { host = \"[::1]\" tls = implicit user = u "
	    "password_file = f connections_max = 7 accept = yes }\n"
	    "route c.example { host = \"unix:s\" protocol = lmtp }\n"
	    "route d.example { host = \"[127.0.0.1]\" user = u "
	    "password_file = /f }\n",
	    "/p");
	const struct conf_route *r = c->routes;
	ck_assert_uint_eq(c->n_routes, 4);
	ck_assert_str_eq(r[0].host, "mx.example");
	ck_assert(r[0].is_lmtp && !r[0].accept);
	ck_assert_uint_eq(r[0].port, 24);
	ck_assert_uint_eq(r[1].port, 465);
	ck_assert_uint_eq(r[1].connections_max, 7);
	ck_assert(!r[1].is_lmtp && r[1].accept);
	ck_assert_str_eq(r[1].password_file, "/p/f");
	ck_assert_str_eq(r[2].host, "unix:/p/s");
	ck_assert_uint_eq(r[2].port, 0);
	ck_assert_uint_eq(r[3].port, 25);
	ck_assert_str_eq(r[3].password_file, "/f");
	conf_free(&c);
}

END_TEST

#define RICH                                                                   \
	H TLS                                                                  \
	    "sandbox = no isolation = none smtp_timeout = 90s\n"               \
	    "recipient_delimiter = \"\" postmaster = \"a\\$b\\\"@c.d\"\n"      \
	    "listen a { service = imaps }\n"                                   \
	    "domain a.example {} domain b.example { alias_of = a.example }\n"  \
	    "route c.example { host = \"unix:/l\" protocol = lmtp }\n"         \
	    "route \"*\" { host = h tls = implicit user = u "                  \
	    "password_file = /f accept = yes }\n"

static struct buf dumped(const struct conf *c)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	conf_dump(c, &b);
	ck_assert_int_eq(buf_error(&b), 0);
	return b;
}

START_TEST(roles_get_what_the_file_says)
{
	struct conf *c = must_read(RICH, "/p"), *copy = NULL;
	struct buf bytes;
	buf_init(&bytes, 1 << 20);
	ck_assert_int_eq(conf_encode(c, &bytes), 0);
	ck_assert_int_eq(conf_decode(buf_view(&bytes), &copy), 0);
	struct buf a = dumped(c), b = dumped(copy);
	ck_assert_view_eq(buf_view(&a), buf_view(&b));
	conf_free(&copy);
	for (size_t n = 0; n < buf_len(&bytes); n++) {
		struct view part = exact_copy(view_head(buf_view(&bytes), n));
		ck_assert_int_ne(conf_decode(part, &copy), 0);
		exact_free(part);
	}
	buf_put_char(&bytes, 'x');
	ck_assert_int_ne(conf_decode(buf_view(&bytes), &copy), 0);
	buf_deinit(&a);
	buf_deinit(&b);
	buf_deinit(&bytes);
	conf_free(&c);
}

END_TEST

START_TEST(a_dump_is_the_same_configuration)
{
	struct conf *c = must_read(RICH, "/p");
	struct buf a = dumped(c);
	buf_put_char(&a, '\0');
	struct conf *copy = must_read(buf_view(&a).p, "/p");
	buf_truncate(&a, buf_len(&a) - 1);
	struct buf b = dumped(copy);
	ck_assert_view_eq(buf_view(&a), buf_view(&b));
	ck_assert_uint_lt(view_find(buf_view(&a),
			      V("smtp_timeout                 = 90s  # set\n")),
	    buf_len(&a));
	ck_assert_uint_lt(
	    view_find(buf_view(&a), V("fronts                       = 1\n")),
	    buf_len(&a));
	buf_deinit(&a);
	buf_deinit(&b);
	conf_free(&c);
	conf_free(&copy);
}

END_TEST

START_TEST(says_when_there_is_no_file)
{
	struct conf *c = NULL;
	struct buf errors;
	buf_init(&errors, 4096);
	ck_assert_int_lt(conf_read("/nonexistent/x", NULL, &c, &errors), 0);
	ck_assert(view_starts(buf_view(&errors), V("/nonexistent/x:0: ")));
	buf_deinit(&errors);
}

END_TEST

/* Defaults must be within the ranges that they stand beside. */
START_TEST(all_defaults_are_legal)
{
	const struct conf_option_table *t = &conf_tables[_i];
	struct conf c;
	struct arena a;
	arena_init(&a, 1 << 20);
	ck_assert_int_eq(conf_defaults(t, &c, &a), 0);
	for (size_t i = 0; i < t->n; i++) {
		ck_assert_int_gt((int)strlen(t->rows[i].help), 0);
		ck_assert_uint_eq(
		    conf_option_find(t, conf_option_section(&t->rows[i]),
			conf_option_name(&t->rows[i])),
		    i);
	}
	arena_deinit(&a);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

struct warn_case {
	const char *text;
	int error;
	uint8_t percents[CONF_QUOTA_WARN_MAX];
};

static const struct warn_case warn_cases[] = {
	{ "", 0, { 0 } },
	{ " 80 , 95", 0, { 80, 95 } },
	{ "1,2,3,4,5,6,7,100", 0, { 1, 2, 3, 4, 5, 6, 7, 100 } },
	{ "1,2,3,4,5,6,7,8,9", MC_E_BAD, { 0 } },
	{ "80,80", MC_E_BAD, { 0 } },
	{ "0", MC_E_BAD, { 0 } },
	{ "80,", 0, { 80 } },
	{ "80%", MC_E_BAD, { 0 } },
};

START_TEST(reads_percents)
{
	const struct warn_case *c = &warn_cases[_i];
	uint8_t percents[CONF_QUOTA_WARN_MAX];
	ck_assert_int_eq(conf_quota_warn(c->text, percents), c->error);
	if (!c->error)
		ck_assert_mem_eq(percents, c->percents, sizeof percents);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("conf/conf");
	TCase *t = tcase_create("conf");
	tcase_add_loop_test(t, names_every_mistake, 0, N(bad_cases));
	tcase_add_test(t, the_smallest_file_has_the_usual_listeners);
	tcase_add_test(t, a_certificate_brings_the_tls_listeners);
	tcase_add_test(t, listeners_that_are_given_replace_them);
	tcase_add_loop_test(t, places_paths, 0, N(path_cases));
	tcase_add_test(t, finds_domains_in_any_case);
	tcase_add_loop_test(t, finds_the_nearest_route, 0, N(route_cases));
	tcase_add_test(t, without_a_route_there_are_mail_exchangers);
	tcase_add_test(t, routes_have_usual_ports);
	tcase_add_test(t, roles_get_what_the_file_says);
	tcase_add_test(t, a_dump_is_the_same_configuration);
	tcase_add_test(t, says_when_there_is_no_file);
	tcase_add_loop_test(t, all_defaults_are_legal, 0, CONF_TABLE_COUNT);
	tcase_add_loop_test(t, reads_percents, 0, N(warn_cases));
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
