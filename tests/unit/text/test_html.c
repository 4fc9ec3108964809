#include "suite.h"
#include "text/search/html.h"

static const struct {
	const char *html, *text;
} cases[] = {
	{ "plain", "plain" },
	{ "", "" },
	{ "<p>One</p><p>Two</p>", "One\nTwo" },
	{ "in<b>line</b> text", "inline text" },
	{ "  a \r\n\t b  ", "a b" },
	{ "a<br>b<BR/>c", "a\nb\nc" },
	{ "<td>1</td><td>2</td>", "1\n2" },
	{ "x<script>if (a<b) '</p>'</script>y", "x\ny" },
	{ "x<STYLE type=\"a>b\">p { }</style >y", "x\ny" },
	{ "<script>unclosed", "" },
	{ "a<!-- <p>no</p> -- > -->b", "ab" },
	{ "a<!-->b<!--->c", "abc" },
	{ "<!DOCTYPE html><?xml version=\"1\"?>t", "t" },
	{ "<a title=\"x>y\" href='z>'>link</a>", "link" },
	{ "<a title=it's>link</a>", "link" },
	{ "<a b='1'c=\"2\">link</a>", "link" },
	{ "1 < 2 <3 <", "1 < 2 <3 <" },
	{ "&lt;p&gt; &amp;amp; &quot;&apos;", "<p> &amp; \"'" },
	{ "caf&eacute; &Auml;&yuml;", "caf\xc3\xa9 \xc3\x84\xc3\xbf" },
	{ "&#233;&#xE9;&#X20ac;", "\xc3\xa9\xc3\xa9\xe2\x82\xac" },
	{ "&nosuch; &; &#; &#x; &a", "&nosuch; &; &#; &#x; &a" },
	{ "AT&T &ampx &eacute", "AT&T &ampx \xc3\xa9" },
	{ "&averylongnamethatisnone;x", "&averylongnamethatisnone;x" },
	{ "&#99999999999;", "&#99999999999;" },
	{ "a&nbsp;b", "a\xc2\xa0"
		      "b" },
	{ "x<unclosed tag", "x" },
	{ "x<a href=\"unclosed>y", "x" },
	{ "gr\xc3\xbc<b>\xc3\x9f</b>e", "gr\xc3\xbc\xc3\x9f"
					"e" },
};

static struct buf out;
static struct html html;

static void check(struct view in, size_t split, const char *want)
{
	buf_init(&out, 4096);
	html_init(&html);
	html_put(&html, view_head(in, split), &out);
	html_put(&html, view_skip(in, split), &out);
	html_end(&html, &out);
	ck_assert_view_eq(buf_view(&out), view_of(want));
	buf_deinit(&out);
}

START_TEST(every_split)
{
	struct view in = exact_copy(view_of(cases[_i].html));
	for (size_t split = 0; split <= in.n; split++)
		check(in, split, cases[_i].text);
	exact_free(in);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("html");
	TCase *t = tcase_create("html");
	tcase_add_loop_test(t, every_split, 0, sizeof cases / sizeof *cases);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
