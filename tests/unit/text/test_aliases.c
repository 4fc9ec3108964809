/* Alias files: what sendmail's aliases(5) describes. */
#include "base/buf.h"
#include "suite.h"
#include "text/aliases.h"

static struct buf told;

static void on_bad(void *ctx, unsigned line, const char *why)
{
	(void)ctx;
	(void)why;
	buf_printf(&told, "%u ", line);
}

static const struct aliases_bad bad = { on_bad, NULL };

static void put_alias(struct buf *out, const struct alias *a)
{
	static const char marks[] = { 'a', 'c', 'f', 'i' };
	buf_put(out, a->name);
	buf_put_char(out, '=');
	for (size_t i = 0; i < a->n_targets; i++) {
		const struct alias_target *t = &a->targets[i];
		buf_printf(out, "%s%c%s<%.*s>", i ? " " : "", marks[t->kind],
		    t->is_final ? "!" : "", (int)t->text.n, t->text.p);
	}
	buf_put_char(out, ';');
}

/* All of it in one line. */
static void describe(struct view text, enum aliases_form form, struct buf *out)
{
	struct aliases *a = NULL;
	struct view in = exact_copy(text);
	buf_init(out, 1 << 16);
	buf_init(&told, 4096);
	ck_assert_int_eq(aliases_read(in, form, bad, &a), 0);
	exact_free(in);
	for (size_t i = 0; i < aliases_count(a); i++)
		put_alias(out, aliases_at(a, i));
	aliases_free(&a);
}

struct alias_case {
	struct view text;
	enum aliases_form form;
	const char *want, *bad_lines;
};

#define NAMED ALIASES_NAMED
#define LIST ALIASES_LIST

static const struct alias_case cases[] = {
	{ V_INIT(""), NAMED, "", "" },
	{ V_INIT("# nothing\n\n   \n"), NAMED, "", "" },
	{ V_INIT("a: b"), NAMED, "a=a<b>;", "" },
	{ V_INIT("Root:\tAnna , bert@B.example\r\n"), NAMED,
	    "root=a<Anna> a<bert@B.example>;", "" },
	{ V_INIT("a: b,\n\tc,\n d\ne: f\n"), NAMED, "a=a<b> a<c> a<d>;e=a<f>;",
	    "" },
	{ V_INIT("a: b,\n# c,\n d\n"), NAMED, "a=a<b> a<d>;", "" },
	{ V_INIT("a: b\n#c: d\ne: f # g\n"), NAMED, "a=a<b>;", "3 " },
	{ V_INIT("a: \\a, b"), NAMED, "a=a!<a> a<b>;", "" },
	{ V_INIT("\"A b\": c"), NAMED, "a b=a<c>;", "" },
	{ V_INIT("\"a:b\\\"\": c"), NAMED, "a:b\"=a<c>;", "" },
	{ V_INIT("info@Example.ORG: c"), NAMED, "info@example.org=a<c>;", "" },
	{ V_INIT("GR\xc3\x9cN@B\xc3\xbc"
		 "cher.example: c\nA\xcc\x88: d\n"),
	    NAMED, "gr\xc3\xbcn@xn--bcher-kva.example=a<c>;\xc3\xa4=a<d>;",
	    "" },
	{ V_INIT("\xff: c\na@\xff: c\na@b..\xc3\xbc: c\n"), NAMED, "",
	    "1 2 3 " },
	{ V_INIT("a: |/bin/cat -u"), NAMED, "a=c</bin/cat -u>;", "" },
	{ V_INIT("a: \"|/bin/cat a,b \\\"x y\\\"\", c"), NAMED,
	    "a=c</bin/cat a,b \"x y\"> a<c>;", "" },
	{ V_INIT("a: |\"/bin/cat a,b\""), NAMED, "a=c</bin/cat a,b>;", "" },
	{ V_INIT("a: | /bin/cat \"a,b\" c"), NAMED, "a=c</bin/cat \"a,b\" c>;",
	    "" },
	{ V_INIT("a: /var/mail/x, \"/var/a b\""), NAMED,
	    "a=f</var/mail/x> f</var/a b>;", "" },
	{ V_INIT("a: :include:/etc/l, \":INCLUDE: /etc/a b\""), NAMED,
	    "a=i</etc/l> i</etc/a b>;", "" },
	{ V_INIT("a: Anna Maier <anna@a.example>, <b>"), NAMED,
	    "a=a<anna@a.example> a<b>;", "" },
	{ V_INIT("a: \"x y\"@b.example"), NAMED, "a=a<\"x y\"@b.example>;",
	    "" },
	{ V_INIT("a: b,,c,"), NAMED, "a=a<b> a<c>;", "" },
	{ V_INIT("b: x\na: y\nc: z"), NAMED, "a=a<y>;b=a<x>;c=a<z>;", "" },
	{ V_INIT("a: x\nA: y\nb: z\n"), NAMED, "a=a<x>;b=a<z>;", "2 " },
	{ V_INIT("no colon\na: b\n"), NAMED, "a=a<b>;", "1 " },
	{ V_INIT("a: \"b\nc: d"), NAMED, "c=a<d>;", "1 " },
	{ V_INIT("a\": b\nc: d"), NAMED, "c=a<d>;", "1 " },
	{ V_INIT(": b\na:\nc: |\nd: :include:x\ne: <>\nf: \\\n"), NAMED, "",
	    "1 2 3 4 5 6 " },
	{ V_INIT("a: b c\nd: e\n"), NAMED, "d=a<e>;", "1 " },
	{ V_INIT("a: b\0c\nd\1: e\nf: g\nh: |/x\033\n"), NAMED, "f=a<g>;",
	    "1 2 4 " },
	{ V_INIT(" a: b\n"), NAMED, "a=a<b>;", "" },
	{ V_INIT("a: b\n\n c\n"), NAMED, "a=a<b>;", "2 " },
	{ V_INIT("\""), NAMED, "", "1 " },
	{ V_INIT("\"\\"), NAMED, "", "1 " },
	{ V_INIT("a: \"\\\""), NAMED, "", "1 " },
	{ V_INIT(""), LIST, "=;", "" },
	{ V_INIT("# list\na@b.example\nc, \\d\n"), LIST,
	    "=a<a@b.example> a<c> a!<d>;", "" },
	{ V_INIT("a\nb c\nd\n"), LIST, "=a<a> a<d>;", "2 " },
	{ V_INIT("|/bin/x y\n/f\n:include:/z\n"), LIST,
	    "=c</bin/x y> f</f> i</z>;", "" },
};

START_TEST(a_file_is_read)
{
	const struct alias_case *c = &cases[_i];
	struct buf out;
	describe(c->text, c->form, &out);
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	ck_assert_view_eq(buf_view(&told), view_of(c->bad_lines));
	buf_deinit(&out);
	buf_deinit(&told);
}

END_TEST

START_TEST(names_are_found)
{
	struct aliases *a = NULL;
	buf_init(&told, 4096);
	ck_assert_int_eq(
	    aliases_read(V("b: x\na: y\nc: z\n"), NAMED, bad, &a), 0);
	ck_assert_ptr_null(aliases_find(a, V("d")));
	ck_assert_ptr_null(aliases_find(a, V("")));
	const struct alias *found = aliases_find(a, V("c"));
	ck_assert_ptr_nonnull(found);
	ck_assert_view_eq(found->targets[0].text, V("z"));
	ck_assert_uint_eq(found->line, 3);
	aliases_free(&a);
	ck_assert_int_eq(aliases_read(V(""), NAMED, bad, &a), 0);
	ck_assert_ptr_null(aliases_find(a, V("a")));
	aliases_free(&a);
	buf_deinit(&told);
}

END_TEST

START_TEST(sizes_are_capped)
{
	struct aliases *a = NULL;
	struct buf text;
	buf_init(&text, ALIASES_TEXT_MAX + 1);
	buf_init(&told, 4096);
	buf_put_cstr(&text, "a: ");
	for (size_t i = 0; i < ALIASES_TARGET_MAX + 1; i++)
		buf_put_char(&text, 'x');
	buf_put_cstr(&text, "\nb: c\n");
	ck_assert_int_eq(aliases_read(buf_view(&text), NAMED, bad, &a), 0);
	ck_assert_uint_eq(aliases_count(a), 1);
	ck_assert_view_eq(buf_view(&told), V("1 "));
	aliases_free(&a);
	while (buf_room(&text))
		buf_put_cstr(&text, "\n");
	ck_assert_int_eq(
	    aliases_read(buf_view(&text), NAMED, bad, &a), MC_E_LIMIT);
	buf_deinit(&text);
	buf_deinit(&told);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("aliases");
	TCase *t = tcase_create("aliases");
	tcase_add_loop_test(
	    t, a_file_is_read, 0, sizeof cases / sizeof cases[0]);
	tcase_add_test(t, names_are_found);
	tcase_add_test(t, sizes_are_capped);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
