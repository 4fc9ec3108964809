/* Address lists: RFC 5322 3.4, 4.4; appendix A; RFC 7103. */
#include "suite.h"
#include "text/message/addr.h"

struct addr_case {
	struct view in;
	const char *want; /* name|route|local|domain; per mailbox, {name; } */
};

static const struct addr_case cases[] = {
	{ V_INIT(""), "" },
	{ V_INIT(" \r\n "), "" },
	{ V_INIT("a@b.example"), "||a|b.example;" },
	{ V_INIT("John Doe <jdoe@machine.example>"),
	    "John Doe||jdoe|machine.example;" },
	{ V_INIT("\"Joe Q. Public\" <john.q.public@example.com>"),
	    "Joe Q. Public||john.q.public|example.com;" },
	{ V_INIT("Mary Smith <mary@x.test>, jdoe@example.org, Who? "
		 "<one@y.test>"),
	    "Mary Smith||mary|x.test;||jdoe|example.org;Who?||one|y.test;" },
	{ V_INIT("<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" "
		 "<sysservices@example.net>"),
	    "||boss|nil.test;Giant; \"Big\" Box||sysservices|example.net;" },
	{ V_INIT("A Group:Ed Jones <joe@where.test>,joe@where.test,John "
		 "<jdoe@one.test>;"),
	    "{A Group;Ed Jones||joe|where.test;||joe|where.test;"
	    "John||jdoe|one.test;}" },
	{ V_INIT("Undisclosed recipients:;"), "{Undisclosed recipients;}" },
	{ V_INIT("G:a@b;, c@d"), "{G;||a|b;}||c|d;" },
	{ V_INIT("G:a@b"), "{G;||a|b;}" },
	{ V_INIT("G:H:a@b;"), "{G;}{H;||a|b;}" },
	{ V_INIT("Pete(A nice \\) chap) <pete(his account)@silly.test(his "
		 "host)>"),
	    "Pete||pete|silly.test;" },
	{ V_INIT("a@b (Name (nested) x)"), "Name (nested) x||a|b;" },
	{ V_INIT("jdoe@test   . example"), "||jdoe|test.example;" },
	{ V_INIT("john . q . public@x"), "||john.q.public|x;" },
	{ V_INIT("Joe <@a.example,@b:joe@where>"),
	    "Joe|@a.example,@b|joe|where;" },
	{ V_INIT("\"a b\"@c"), "||a b|c;" },
	{ V_INIT("x <\"a\\\\b\"@c>"), "x||a\\b|c;" },
	{ V_INIT("a@[192.0.2.1]"), "||a|[192.0.2.1];" },
	{ V_INIT("=?utf-8?Q?J=C3=B6?= <j@x>"), "=?utf-8?Q?J=C3=B6?=||j|x;" },
	{ V_INIT("Folded\r\n Name <a@b>,\r\n\tc@d"),
	    "Folded Name||a|b;||c|d;" },
	/* Broken ones. */
	{ V_INIT(",,a@b,,c@d,"), "||a|b;||c|d;" },
	{ V_INIT("root"), "||root|;" },
	{ V_INIT("<root>"), "||root|;" },
	{ V_INIT("<>"), "" },
	{ V_INIT("Name <>"), "Name|||;" },
	{ V_INIT("a@b c@d"), "||a|b;||c|d;" },
	{ V_INIT("a@x <a@b>"), "a@x||a|b;" },
	{ V_INIT("<a@b> <c@d>"), "||a|b;||c|d;" },
	{ V_INIT("<a@b, c@d"), "||a|b;||c|d;" },
	{ V_INIT("a@b>, c@d"), "||a|b;||c|d;" },
	{ V_INIT("a@"), "||a|;" },
	{ V_INIT("@b"), "|||b;" },
	{ V_INIT("\"unfinished <a@b>"), "||unfinished <a@b>|;" },
	{ V_INIT("a@b (unfinished"), "unfinished||a|b;" },
	{ V_INIT("a@[unfinished"), "||a|[unfinished;" },
	{ V_INIT("J\xf6rg <a@b>"), "J\xf6rg||a|b;" },
	{ V_INIT(";;:,"), "" },
};

struct seen {
	struct buf text;
	size_t stop_after, n;
};

static bool on_addr(void *ctx, const struct addr *a)
{
	struct seen *s = ctx;
	if (a->kind == ADDR_GROUP_START)
		buf_put_char(&s->text, '{');
	if (a->kind == ADDR_MAILBOX) {
		buf_put(&s->text, a->name);
		buf_put_char(&s->text, '|');
		buf_put(&s->text, a->route);
		buf_put_char(&s->text, '|');
	}
	buf_put(&s->text, a->local);
	if (a->kind == ADDR_MAILBOX) {
		buf_put_char(&s->text, '|');
		buf_put(&s->text, a->domain);
	}
	buf_put_char(&s->text, a->kind == ADDR_GROUP_END ? '}' : ';');
	return ++s->n != s->stop_after;
}

START_TEST(reads_address_lists)
{
	const struct addr_case *c = &cases[_i];
	struct seen s = { .n = 0 };
	buf_init(&s.text, 1000);
	for (size_t n = 0; n <= c->in.n; n++) {
		struct view in = exact_copy(view_head(c->in, n));
		buf_reset(&s.text);
		addr_each(in, 100, on_addr, &s);
		exact_free(in);
	}
	ck_assert_view_eq(buf_view(&s.text), view_of(c->want));
	buf_deinit(&s.text);
}

END_TEST

START_TEST(stops_where_it_is_told)
{
	struct seen s = { .stop_after = 2 };
	buf_init(&s.text, 1000);
	addr_each(V("G: a@b, c@d;"), 100, on_addr, &s);
	ck_assert_view_eq(buf_view(&s.text), V("{G;||a|b;"));
	s = (struct seen){ .text = s.text };
	buf_reset(&s.text);
	addr_each(V("a@b, c@d, e@f"), 2, on_addr, &s);
	ck_assert_view_eq(buf_view(&s.text), V("||a|b;||c|d;"));
	buf_deinit(&s.text);
}

END_TEST

static bool count(void *ctx, const struct addr *a)
{
	(void)a;
	++*(size_t *)ctx;
	return true;
}

/* 256 KiB of what makes careless parsers quadratic. */
START_TEST(reads_in_linear_time)
{
	static const struct view seeds[] = { V_INIT("("), V_INIT("<"),
		V_INIT("a@b "), V_INIT("\"\\"), V_INIT(":"), V_INIT("a@b<"),
		V_INIT("@["), V_INIT("<@"), V_INIT("a "), V_INIT("a@b,") };
	for (size_t s = 0; s < sizeof seeds / sizeof seeds[0]; s++) {
		struct buf in;
		size_t n = 0;
		buf_init(&in, 1 << 20);
		while (buf_len(&in) < 256 * 1024)
			buf_put(&in, seeds[s]);
		addr_each(buf_view(&in), SIZE_MAX, count, &n);
		buf_deinit(&in);
	}
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("text/addr");
	TCase *t = tcase_create("addr");
	tcase_add_loop_test(
	    t, reads_address_lists, 0, (int)(sizeof cases / sizeof cases[0]));
	tcase_add_test(t, stops_where_it_is_told);
	tcase_add_test(t, reads_in_linear_time);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
