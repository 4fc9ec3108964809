/* The part tree: RFC 2045, RFC 2046, RFC 7103; and every mail of the vectors
 * through it. */
#include "imap_grammar.h"
#include "text/message/envelope.h"
#include "text/message/mime.h"
#include <dirent.h>
#include <stdio.h>

/* A tree as text: "(header+body/lines kind children...)" */
static void print_part(
    const struct mime_tree *t, uint32_t index, struct buf *out)
{
	static const char *const kinds[] = { "leaf", "multi", "message" };
	const struct mime_part *p = &t->parts[index];
	buf_printf(out, "(%s %u:%u/%u %u:%u/%u", kinds[p->kind],
	    p->header_offset, p->header_size, p->header_lines,
	    (unsigned)p->body_offset, (unsigned)p->body_size, p->body_lines);
	for (uint32_t i = index + 1; i < t->n_parts; i++)
		if (t->parts[i].parent == index) {
			buf_put_char(out, ' ');
			print_part(t, i, out);
		}
	buf_put_char(out, ')');
}

static void print_tree(const struct mime_tree *t, struct buf *out)
{
	print_part(t, 0, out);
	buf_printf(out, " %u %u %u %u%u%u%u%u", t->n_parts, (unsigned)t->size,
	    (unsigned)t->n_lines, t->has_nul, t->has_8bit, t->has_bare_lf,
	    t->has_8bit_header, t->truncated);
	for (uint32_t i = 0; i < t->n_parts; i++)
		buf_printf(out, " %u:%016llx", t->parts[i].encoding,
		    (unsigned long long)view_hash(t->parts[i].header));
}

static struct mime_parser *parse_pieces(
    struct view in, size_t a, size_t b, size_t step)
{
	struct mime_parser *p = mime_parser_new();
	size_t cuts[] = { 0, a, b, in.n };
	for (int i = 0; i < 3; i++) {
		struct view rest = view_slice(in, cuts[i], cuts[i + 1]);
		while (rest.n) {
			struct view v = exact_copy(view_head(rest, step));
			mime_parser_feed(p, v);
			exact_free(v);
			rest = view_skip(rest, step);
		}
	}
	return p;
}

static void tree_text(
    struct view in, size_t a, size_t b, size_t step, struct buf *out)
{
	struct mime_parser *p = parse_pieces(in, a, b, step);
	buf_reset(out);
	print_tree(mime_parser_finish(p), out);
	mime_parser_free(&p);
	ck_assert_ptr_null(p);
}

static void check_splits(struct view in)
{
	struct buf whole, split;
	buf_init(&whole, 1 << 20);
	buf_init(&split, 1 << 20);
	tree_text(in, 0, 0, in.n + 1, &whole);
	for (size_t a = 0; a <= in.n; a++) {
		tree_text(in, a, a, in.n + 1, &split);
		ck_assert_view_eq(buf_view(&split), buf_view(&whole));
		tree_text(in, a, a + 3, in.n + 1, &split);
		ck_assert_view_eq(buf_view(&split), buf_view(&whole));
	}
	tree_text(in, 0, 0, 1, &split);
	ck_assert_view_eq(buf_view(&split), buf_view(&whole));
	buf_deinit(&whole);
	buf_deinit(&split);
}

struct tree_case {
	struct view in;
	const char *want;
};

#define MULTI(b) "Content-Type: multipart/mixed; boundary=" b "\r\n\r\n"

static const struct tree_case cases[] = {
	{ V_INIT(""), "(leaf 0:0/0 0:0/0)" },
	{ V_INIT("\r\n"), "(leaf 0:2/1 2:0/0)" },
	{ V_INIT("A: b\r\n\r\nhi\r\nho\r\n"), "(leaf 0:8/2 8:8/2)" },
	{ V_INIT("A: b\n\nhi\nho\n"), "(leaf 0:6/2 6:6/2)" },
	{ V_INIT("A: b\r\n\r\nhi"), "(leaf 0:8/2 8:2/0)" },
	{ V_INIT("A: b\r\n"), "(leaf 0:6/1 6:0/0)" },
	{ V_INIT("A: b"), "(leaf 0:4/0 4:0/0)" },
	{ V_INIT("A: b\r\n\r"), "(leaf 0:7/1 7:0/0)" },
	/* Preamble, two parts, epilogue. */
	{ V_INIT(MULTI("b") "pre\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\nx"
			    "\r\n--b--\r\nepi\r\n"),
	    "(multi 0:45/2 45:44/10 (leaf 55:2/1 57:3/0) "
	    "(leaf 67:2/1 69:6/1))" },
	/* The same with LF only. */
	{ V_INIT("Content-Type: multipart/mixed; boundary=b\n\n"
		 "--b\n\none\n--b--\n"),
	    "(multi 0:43/2 43:15/4 (leaf 47:1/1 48:3/0))" },
	/* A delimiter right behind the header; a part without a blank line. */
	{ V_INIT(MULTI("b") "--b\r\n--b\r\nA: b\r\n--b--"),
	    "(multi 0:45/2 45:21/3 (leaf 50:0/0 50:0/0) "
	    "(leaf 55:6/1 61:0/0))" },
	{ V_INIT(MULTI("b") "--b\r\n\r\n--b--\r\n"),
	    "(multi 0:45/2 45:14/3 (leaf 50:2/1 52:0/0))" },
	{ V_INIT(MULTI("b") "--b\r\n\r\n\r\n--b--\r\n"),
	    "(multi 0:45/2 45:16/4 (leaf 50:2/1 52:0/0))" },
	/* No end: the rest is the part's. */
	{ V_INIT(MULTI("b") "--b\r\n\r\none\r\n"),
	    "(multi 0:45/2 45:12/3 (leaf 50:2/1 52:5/1))" },
	/* Trailing blanks, and text, behind a delimiter. */
	{ V_INIT(MULTI("\"b c\"") "--b c \t\r\n\r\none\r\n--b c--x\r\n"),
	    "(multi 0:49/2 49:26/4 (leaf 58:2/1 60:3/0))" },
	/* No part, no boundary: it is a leaf. */
	{ V_INIT(MULTI("b") "nothing\r\n"), "(leaf 0:45/2 45:9/1)" },
	{ V_INIT("Content-Type: multipart/mixed\r\n\r\n--b\r\n"),
	    "(leaf 0:33/2 33:5/1)" },
	/* Nested; the outer delimiter ends the inner one. */
	{ V_INIT(MULTI("a") "--a\r\n" MULTI("ab") "--ab\r\n\r\nx\r\n--a--\r\n"),
	    "(multi 0:45/2 45:69/7 (multi 50:46/2 96:9/2 "
	    "(leaf 102:2/1 104:1/0)))" },
	/* Same boundary twice: the innermost counts. */
	{ V_INIT(MULTI("a") "--a\r\n" MULTI("a") "--a\r\n\r\nx\r\n--a--\r\n"
						 "--a--\r\n"),
	    "(multi 0:45/2 45:74/8 (multi 50:45/2 95:15/3 "
	    "(leaf 100:2/1 102:1/0)))" },
	/* message/rfc822 */
	{ V_INIT("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nhi\r\n"),
	    "(message 0:32/2 32:12/3 (leaf 32:8/2 40:4/1))" },
	{ V_INIT("Content-Type: message/rfc822\r\n"
		 "Content-Transfer-Encoding: base64\r\n\r\nQTogYg==\r\n"),
	    "(leaf 0:67/3 67:10/1)" },
	{ V_INIT("Content-Type: message/rfc822\r\n\r\n" MULTI("b") "--b\r\n"
								   "\r\nx"),
	    "(message 0:32/2 32:53/4 (multi 32:45/2 77:8/2 "
	    "(leaf 82:2/1 84:1/0)))" },
	/* A digest's parts are messages by default. */
	{ V_INIT("Content-Type: multipart/digest; boundary=b\r\n\r\n"
		 "--b\r\n\r\nA: b\r\n\r\nx\r\n--b\r\nContent-Type: text/plain"
		 "\r\n\r\ny\r\n--b--\r\n"),
	    "(multi 0:46/2 46:61/10 (message 51:2/1 53:9/2 "
	    "(leaf 53:8/2 61:1/0)) (leaf 69:28/2 97:1/0))" },
	{ V_INIT(MULTI("b") "--b\r\nContent-Type: message/rfc822\r\n\r\n"
			    "--b--\r\n"),
	    "(multi 0:45/2 45:44/4 (message 50:32/2 82:0/0 "
	    "(leaf 82:0/0 82:0/0)))" },
	/* Neither NUL nor 8 bits nor a lone CR break it. */
	{ V_INIT("A: \0\xff\r\n\r\n\0\xff\r\r\n--x\0"), "(leaf 0:9/2 9:9/1)" },
};

START_TEST(finds_the_parts)
{
	const struct tree_case *c = &cases[_i];
	struct buf out;
	struct mime_parser *p = parse_pieces(c->in, 0, 0, c->in.n + 1);
	buf_init(&out, 10000);
	print_part(mime_parser_finish(p), 0, &out);
	ck_assert_view_eq(buf_view(&out), view_of(c->want));
	mime_parser_free(&p);
	buf_deinit(&out);
	check_splits(c->in);
}

END_TEST

START_TEST(notes_what_it_saw)
{
	struct mime_parser *p = mime_parser_new();
	mime_parser_feed(p, V("A: \xc3\xa4\r\n\r\na\0b\nc"));
	const struct mime_tree *t = mime_parser_finish(p);
	ck_assert(t->has_nul && t->has_8bit && t->has_bare_lf);
	ck_assert(t->has_8bit_header && !t->truncated);
	ck_assert_uint_eq(t->size, 14);
	ck_assert_uint_eq(t->n_lines, 3);
	mime_parser_free(&p);
	p = mime_parser_new();
	mime_parser_feed(p, V("A: b\r\n\r\n\xc3\xa4\r\n"));
	t = mime_parser_finish(p);
	ck_assert(!t->has_nul && t->has_8bit && !t->has_bare_lf);
	ck_assert(!t->has_8bit_header);
	mime_parser_free(&p);
}

END_TEST

static void check_children(const struct mime_tree *t, uint32_t i, uint64_t *end)
{
	const struct mime_part *c = &t->parts[i];
	const struct mime_part *parent = &t->parts[c->parent];
	ck_assert_uint_lt(c->parent, i);
	ck_assert_int_ne(parent->kind, MIME_LEAF);
	ck_assert_uint_ge(c->header_offset, parent->body_offset);
	ck_assert_uint_le(c->body_offset + c->body_size,
	    parent->body_offset + parent->body_size);
	ck_assert_uint_ge(c->header_offset, end[c->parent]);
	end[c->parent] = c->body_offset + c->body_size;
}

/* Offsets lie inside the parent, in order; bodies do not overlap. */
static void check_tree(const struct mime_tree *t)
{
	uint64_t *end = calloc(t->n_parts, sizeof *end);
	uint32_t *children = calloc(t->n_parts, sizeof *children);
	ck_assert_uint_ge(t->n_parts, 1);
	ck_assert_uint_le(t->n_parts, MIME_PARTS_MAX);
	for (uint32_t i = 0; i < t->n_parts; i++) {
		const struct mime_part *p = &t->parts[i];
		ck_assert_uint_eq(
		    p->header_offset + p->header_size, p->body_offset);
		ck_assert_uint_le(p->body_offset + p->body_size, t->size);
		ck_assert_uint_le(p->body_lines, t->n_lines);
		ck_assert_uint_le(p->header.n, p->header_size);
		if (i > 0) {
			check_children(t, i, end);
			children[p->parent]++;
		}
	}
	for (uint32_t i = 0; i < t->n_parts; i++) {
		ck_assert_uint_eq(children[i], t->parts[i].n_children);
		ck_assert_int_eq(
		    children[i] == 0, t->parts[i].kind == MIME_LEAF);
	}
	free(end);
	free(children);
}

static void check_wire(const struct mime_tree *t)
{
	struct buf out;
	buf_init(&out, BODYSTRUCTURE_MAX);
	for (int extended = 0; extended < 2; extended++) {
		buf_reset(&out);
		bodystructure_put(t, extended, &out);
		ck_assert_int_eq(buf_error(&out), 0);
		struct view v = buf_view(&out);
		ck_assert_msg(
		    g_body(&v, extended) && v.n == 0, "at %.*s", (int)v.n, v.p);
	}
	buf_reset(&out);
	envelope_put(t->parts[0].header, &out);
	ck_assert_int_eq(buf_error(&out), 0);
	ck_assert_uint_le(buf_len(&out), ENVELOPE_MAX);
	struct view v = buf_view(&out);
	ck_assert_msg(g_envelope(&v) && v.n == 0, "at %.*s", (int)v.n, v.p);
	buf_deinit(&out);
}

static void check_message(struct view in)
{
	struct mime_parser *p = parse_pieces(in, 0, 0, 4096);
	const struct mime_tree *t = mime_parser_finish(p);
	check_tree(t);
	check_wire(t);
	mime_parser_free(&p);
	if (in.n < 4096)
		check_splits(in);
}

static void check_file(const char *path)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "rb");
	ck_assert_msg(f != NULL, "cannot open %s", path);
	size_t n = fread(text, 1, sizeof text, f);
	fclose(f);
	check_message((struct view){ text, n });
}

static unsigned check_folder(const char *path)
{
	unsigned files = 0;
	DIR *dir = opendir(path);
	struct dirent *e;
	ck_assert_msg(dir != NULL, "cannot open %s", path);
	while ((e = readdir(dir))) {
		char name[1024];
		if (e->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, e->d_name);
		check_file(name);
		files++;
	}
	closedir(dir);
	return files;
}

START_TEST(reads_every_vector)
{
	ck_assert_uint_ge(check_folder("vectors/mail/malformed"), 23);
	ck_assert_uint_ge(check_folder("vectors/mail/rfc"), 10);
}

END_TEST

START_TEST(cases_become_wire_text)
{
	check_message(cases[_i].in);
}

END_TEST

static const struct mime_tree *parse_buf(struct buf *in, struct mime_parser **p)
{
	*p = mime_parser_new();
	mime_parser_feed(*p, buf_view(in));
	const struct mime_tree *t = mime_parser_finish(*p);
	check_tree(t);
	check_wire(t);
	return t;
}

/* What passes a cap is cut from the tree; the tree stays sound. */
START_TEST(caps_parts)
{
	struct mime_parser *p;
	struct buf in;
	buf_init(&in, 1 << 22);
	buf_put(&in, V(MULTI("b")));
	for (int i = 0; i < 5000; i++)
		buf_put(&in,
		    V("--b\r\nContent-Type: application/octet-stream; "
		      "name=\"a rather long name of a file which takes "
		      "quite some room in every answer, and twice so, as it "
		      "is repeated below, and then once more, and this is "
		      "still not enough to pass the cap.txt\"\r\n\r\nx\r\n"));
	const struct mime_tree *t = parse_buf(&in, &p);
	ck_assert_uint_eq(t->n_parts, MIME_PARTS_MAX);
	ck_assert(t->truncated);
	ck_assert_uint_eq(t->size, buf_len(&in));
	mime_parser_free(&p);
	buf_deinit(&in);
}

END_TEST

START_TEST(caps_depth)
{
	struct mime_parser *p;
	struct buf in;
	buf_init(&in, 1 << 22);
	for (unsigned i = 0; i < 1000; i++) {
		buf_printf(&in, "--b%04u\r\n", i);
		buf_printf(&in,
		    "Content-Type: multipart/mixed; boundary=b%04u\r\n\r\n",
		    i + 1);
	}
	/* The first line is no field, which must not matter. */
	const struct mime_tree *t = parse_buf(&in, &p);
	ck_assert_uint_eq(t->n_parts, MIME_DEPTH_MAX);
	ck_assert(t->truncated);
	mime_parser_free(&p);
	buf_reset(&in);
	for (unsigned i = 0; i < 1000; i++)
		buf_put(&in, V("Content-Type: message/rfc822\r\n\r\n"));
	t = parse_buf(&in, &p);
	ck_assert_uint_eq(t->n_parts, MIME_DEPTH_MAX);
	ck_assert(t->truncated);
	mime_parser_free(&p);
	buf_deinit(&in);
}

END_TEST

START_TEST(caps_headers)
{
	struct mime_parser *p;
	struct buf in;
	buf_init(&in, 1 << 23);
	buf_put(&in, V("A: "));
	while (buf_len(&in) < 2 * MIME_HEADER_MAX)
		buf_put(&in, V("x"));
	buf_put(&in, V("\r\n\r\nbody"));
	const struct mime_tree *t = parse_buf(&in, &p);
	ck_assert(t->truncated);
	ck_assert_uint_eq(t->parts[0].header.n, MIME_HEADER_MAX);
	ck_assert_uint_eq(t->parts[0].body_size, 4);
	mime_parser_free(&p);
	buf_reset(&in);
	buf_put(&in, V(MULTI("b")));
	while (buf_len(&in) < 5 << 20) {
		buf_put(&in, V("--b\r\n"));
		for (int i = 0; i < 20000; i++)
			buf_put(&in, V("A: bcdef\r\n"));
		buf_put(&in, V("\r\n"));
	}
	t = parse_buf(&in, &p);
	ck_assert(t->truncated);
	mime_parser_free(&p);
	buf_deinit(&in);
}

END_TEST

struct find_case {
	uint32_t section[4];
	size_t n;
	int want;
};

static const struct find_case find_cases[] = {
	{ { 0 }, 0, 0 },
	{ { 1 }, 1, 1 },
	{ { 2 }, 1, 2 },
	{ { 2, 1 }, 2, 4 },
	{ { 2, 2 }, 2, 5 },
	{ { 2, 3 }, 2, -1 },
	{ { 2, 1, 1 }, 3, -1 },
	{ { 3 }, 1, 6 },
	{ { 3, 1 }, 2, 7 },
	{ { 3, 2 }, 2, -1 },
	{ { 3, 1, 1 }, 3, -1 },
	{ { 4 }, 1, -1 },
	{ { 1, 1 }, 2, -1 },
	{ { 0, 0 }, 1, -1 },
	{ { UINT32_MAX, 0 }, 1, -1 },
};

START_TEST(finds_sections)
{
	struct mime_parser *p = mime_parser_new();
	mime_parser_feed(p,
	    V(MULTI("a") "--a\r\n\r\none\r\n--a\r\n"
			 "Content-Type: message/rfc822\r\n\r\n" MULTI(
			     "b") "--b\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n"
				  "--a\r\nContent-Type: message/rfc822\r\n\r\n"
				  "Subject: x\r\n\r\ntext\r\n--a--\r\n"));
	const struct mime_tree *t = mime_parser_finish(p);
	const struct find_case *c = &find_cases[_i];
	ck_assert_uint_eq(t->n_parts, 8);
	ck_assert_int_eq(
	    mime_find(t->parts, t->n_parts, c->section, c->n), c->want);
	mime_parser_free(&p);
}

END_TEST

START_TEST(finds_sections_of_single_parts)
{
	struct mime_parser *p = mime_parser_new();
	mime_parser_feed(
	    p, V("Content-Type: message/rfc822\r\n\r\nA: b\r\n\r\nx\r\n"));
	const struct mime_tree *t = mime_parser_finish(p);
	const uint32_t ones[3] = { 1, 1, 1 };
	ck_assert_int_eq(mime_find(t->parts, t->n_parts, ones, 1), 0);
	ck_assert_int_eq(mime_find(t->parts, t->n_parts, ones, 2), 1);
	ck_assert_int_eq(mime_find(t->parts, t->n_parts, ones, 3), -1);
	mime_parser_free(&p);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("text/mime");
	TCase *t = tcase_create("mime");
	tcase_add_loop_test(t, finds_the_parts, 0, N(cases));
	tcase_add_loop_test(t, cases_become_wire_text, 0, N(cases));
	tcase_add_test(t, notes_what_it_saw);
	tcase_add_test(t, reads_every_vector);
	tcase_add_test(t, caps_parts);
	tcase_add_test(t, caps_depth);
	tcase_add_test(t, caps_headers);
	tcase_add_loop_test(t, finds_sections, 0, N(find_cases));
	tcase_add_test(t, finds_sections_of_single_parts);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
