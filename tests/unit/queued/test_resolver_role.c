/* The role resolver with a DNS that is this test: what is asked once and what
 * twice, how many at a time, and what becomes of who has gone. */
#include "fake_proc.h"
#include "queued/resolver/dns.h"
#include "queued/roles.h"

/* The library's are not linked then. */

struct dns {
	unsigned number;
	bool is_open;
};

enum {
	ASKED_MAX = 64
};

struct asked {
	struct dns_query *query;
	char name[256];
	enum dns_type type;
	unsigned dns;
};

static struct dns servers[8];
static unsigned n_servers;
static int open_error;
static struct asked asked[ASKED_MAX];
static size_t n_asked;
static struct view resolv_conf;

int dns_open(
    struct loop *l, const struct dns_options *options, struct dns **out)
{
	(void)l;
	(void)options;
	if (open_error)
		return open_error;
	struct dns *d = &servers[n_servers];
	*d = (struct dns){ n_servers++, true };
	*out = d;
	return 0;
}

void dns_close(struct dns **d)
{
	if (*d)
		(*d)->is_open = false;
	*d = NULL;
}

void dns_ask(struct dns *d, struct dns_query *q, const char *name,
    enum dns_type type,
    void (*fn)(struct dns_query *q, const struct dns_answer *a))
{
	ck_assert(d->is_open);
	ck_assert_uint_lt(n_asked, ASKED_MAX);
	q->dns = d;
	q->fn = fn;
	asked[n_asked] =
	    (struct asked){ .query = q, .type = type, .dns = d->number };
	snprintf(asked[n_asked].name, sizeof asked[0].name, "%s", name);
	n_asked++;
}

void dns_cancel(struct dns_query *q)
{
	for (size_t i = 0; i < n_asked; i++)
		if (asked[i].query == q)
			asked[i].query = NULL;
	q->dns = NULL;
}

bool proc_file(struct proc *p, enum file_kind kind, uint32_t index,
    struct view *name, struct view *text)
{
	(void)p;
	(void)name;
	if (kind != FILE_RESOLV_CONF || index)
		return false;
	*text = resolv_conf;
	return true;
}

void deferred_free(struct deferred **d)
{
	(*d)->is_due = false;
	*d = NULL;
}

void timer_free(struct timer **t)
{
	(*t)->at_ms = 0;
	*t = NULL;
}

/* The test. */

static void *life;

static void setup(void)
{
	n_servers = 0;
	n_asked = 0;
	open_error = 0;
	fake.now_ms = 5000;
	fake.conf = (struct conf){ .hostname = "mx.example",
		.resolver = "",
		.resolver_timeout = 30,
		.resolver_questions_max = 3 };
	fake_reset();
	ck_assert_int_eq(resolver_ops.start(&fake), 0);
	life = fake.state;
}

static void teardown(void)
{
	fake_reset();
}

static void tell(const struct msg *m)
{
	resolver_ops.on[m->type](&fake, &fake.front, m, -1);
	fake_round();
}

static void ask(uint64_t id, struct view domain)
{
	struct msg m = { .type = MSG_ROUTE_ASK,
		.route_ask = { id, domain, 0, 25 } };
	tell(&m);
}

static const struct dns_answer no_answer = { .status = DNS_FAILED,
	.why = "test" };
static const struct dns_answer no_name = { .status = DNS_NO_NAME };

/* Every question about it that waits. */
static unsigned answer(const char *name, const struct dns_answer *a)
{
	unsigned n = 0;
	for (size_t i = 0; i < n_asked; i++) {
		struct dns_query *q = asked[i].query;
		if (!q || strcmp(asked[i].name, name) != 0)
			continue;
		asked[i].query = NULL;
		q->dns = NULL;
		q->fn(q, a);
		n++;
	}
	fake_round();
	return n;
}

static const struct msg *expect_route(uint64_t id, enum route_status status)
{
	const struct msg *m = fake_expect(MSG_ROUTE_IS);
	ck_assert_uint_eq(m->route_is.id, id);
	ck_assert_uint_eq(m->route_is.status, status);
	return m;
}

START_TEST(who_asks_the_same_shares_the_answer)
{
	ask(1, V("a.example"));
	size_t before = n_asked;
	ask(2, V("A.Example"));
	ck_assert_uint_eq(n_asked, before);
	ck_assert_uint_eq(answer("a.example", &no_name), 1);
	ck_assert_ptr_null(fake_next()); /* MTA-STS is still asked for */
	ck_assert_uint_eq(answer("_mta-sts.a.example", &no_answer), 1);
	expect_route(2, ROUTE_NO_DOMAIN);
	expect_route(1, ROUTE_NO_DOMAIN);
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(too_many_questions_are_put_off)
{
	ask(1, V("a.example"));
	ask(2, V("b.example"));
	ask(3, V("c.example"));
	ask(4, V("d.example"));
	const struct msg *m = expect_route(4, ROUTE_TEMP);
	ck_assert(view_starts(m->route_is.text, V("4.3.2 ")));
	ask(5, V("a.example")); /* one more for the same is none more */
	ck_assert_ptr_null(fake_next());
	answer("b.example", &no_name);
	answer("_mta-sts.b.example", &no_name);
	expect_route(2, ROUTE_NO_DOMAIN);
	ask(6, V("d.example"));
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(a_question_ends_in_time)
{
	ask(1, V("a.example"));
	fake_pass(29999);
	ck_assert_ptr_null(fake_next());
	fake_pass(1);
	const struct msg *m = expect_route(1, ROUTE_TEMP);
	ck_assert_uint_eq(m->route_is.ttl_s, 60);
	ck_assert_uint_eq(answer("a.example", &no_name), 0);
	fake_pass(60000);
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(who_is_gone_gets_no_answer)
{
	ask(1, V("a.example"));
	resolver_ops.peer_down(&fake, &fake.front);
	answer("a.example", &no_name);
	answer("_mta-sts.a.example", &no_name);
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(other_name_servers_are_asked_again)
{
	ask(1, V("a.example"));
	resolver_ops.file_changed(&fake, FILE_RESOLV_CONF, 0);
	ck_assert(!servers[0].is_open);
	ck_assert(servers[1].is_open);
	ck_assert_uint_eq(asked[n_asked - 1].dns, 1);
	ck_assert_uint_eq(answer("a.example", &no_name), 1);
	ck_assert_uint_eq(answer("_mta-sts.a.example", &no_name), 1);
	expect_route(1, ROUTE_NO_DOMAIN);
	ck_assert_ptr_null(fake_next());
}

END_TEST

START_TEST(a_bad_file_changes_nothing)
{
	open_error = MC_E_BAD;
	ask(1, V("a.example"));
	resolver_ops.file_changed(&fake, FILE_TRUST_ANCHOR, 0);
	ck_assert(servers[0].is_open);
	ck_assert_uint_eq(answer("a.example", &no_name), 1);
}

END_TEST

START_TEST(without_dns_all_mail_waits)
{
	open_error = MC_E_BAD;
	ck_assert_int_eq(resolver_ops.start(&fake), 0);
	ask(1, V("a.example"));
	const struct msg *m = expect_route(1, ROUTE_TEMP);
	ck_assert(view_starts(m->route_is.text, V("4.3.5 ")));
	open_error = 0;
	resolver_ops.file_changed(&fake, FILE_TRUST_ANCHOR, 0);
	ask(2, V("a.example"));
	ck_assert_ptr_null(fake_next());
	free(life);
	life = fake.state;
}

END_TEST

static struct view txt_packet(void)
{
	return V("\0\0\x81\x80\0\1\0\2\0\0\0\0\1a\4test\0\0\x10\0\1"
		 "\xc0\x0c\0\x10\0\1\0\0\0\x10\0\5\1a\2b\n"
		 "\xc0\x0c\0\x10\0\1\0\0\0\x10\0\2\1c");
}

START_TEST(txt_records_are_lines)
{
	struct msg m = { .type = MSG_TXT_ASK, .txt_ask = { 7, V("a.test") } };
	struct dns_answer found = { .status = DNS_FOUND,
		.packet = txt_packet() };
	tell(&m);
	ck_assert_uint_eq(answer("a.test", &found), 1);
	const struct msg *is = fake_expect(MSG_TXT_IS);
	ck_assert_uint_eq(is->txt_is.id, 7);
	ck_assert_uint_eq(is->txt_is.status, ROUTE_OK);
	ck_assert_view_eq(is->txt_is.text, V("ab \nc"));
	tell(&m);
	ck_assert_uint_eq(answer("a.test", &no_name), 1);
	ck_assert_uint_eq(
	    fake_expect(MSG_TXT_IS)->txt_is.status, ROUTE_NO_DOMAIN);
	tell(&m);
	ck_assert_uint_eq(answer("a.test", &no_answer), 1);
	ck_assert_uint_eq(fake_expect(MSG_TXT_IS)->txt_is.status, ROUTE_TEMP);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("queued/resolver_role");
	TCase *t = tcase_create("resolver_role");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, who_asks_the_same_shares_the_answer);
	tcase_add_test(t, too_many_questions_are_put_off);
	tcase_add_test(t, a_question_ends_in_time);
	tcase_add_test(t, who_is_gone_gets_no_answer);
	tcase_add_test(t, other_name_servers_are_asked_again);
	tcase_add_test(t, a_bad_file_changes_nothing);
	tcase_add_test(t, without_dns_all_mail_waits);
	tcase_add_test(t, txt_records_are_lines);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
