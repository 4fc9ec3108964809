/* Sections and structures of real and of broken mail: RFC 3501 6.4.5, 7.4.2.
 * The vectors are the messages of tests/vectors/mail. */
#include "imapd/imap_body.h"
#include "imapd/imap_section.h"
#include "suite.h"
#include "text/message/envelope.h"
#include <dirent.h>
#include <stdio.h>

enum {
	MAIL_MAX = 1 << 20
};

static struct arena arena;

static void set_up(void)
{
	arena_init(&arena, 4 << 20);
}

static void tear_down(void)
{
	arena_deinit(&arena);
}

static struct imap_section section_of(const char *text)
{
	struct imap_section section;
	struct imap_args a = { view_of(text), &arena, NULL };
	ck_assert_msg(imap_section(&a, &section), "%s: %s", text, a.why);
	return section;
}

static void check_parts(
    const struct message_info *info, const struct mime_tree *tree)
{
	char text[32];
	for (unsigned i = 1; i <= 20; i++) {
		snprintf(text, sizeof text, "[%u]", i);
		struct imap_section section = section_of(text);
		struct imap_place place =
		    imap_section_find(&section, info, tree->parts);
		ck_assert(place.is_nil ||
			  (place.offset <= info->size_bytes &&
			      place.size <= info->size_bytes - place.offset));
		snprintf(text, sizeof text, "[%u.MIME]", i);
		section = section_of(text);
		place = imap_section_find(&section, info, tree->parts);
		ck_assert(
		    place.is_nil || place.offset + place.size <= tree->size);
	}
}

/* HEADER and TEXT are the whole message; the first part is there. */
static void check_whole(
    const struct message_info *info, const struct mime_tree *tree)
{
	struct imap_section header = section_of("[HEADER]");
	struct imap_section text = section_of("[TEXT]");
	struct imap_section first = section_of("[1]");
	struct imap_place h = imap_section_find(&header, info, tree->parts);
	struct imap_place t = imap_section_find(&text, info, tree->parts);
	ck_assert_uint_eq(h.offset, 0);
	ck_assert_uint_eq(h.size, t.offset);
	ck_assert_uint_eq(t.offset + t.size, info->size_bytes);
	if (tree->parts[0].kind != MIME_MULTIPART || tree->parts[0].n_children)
		ck_assert(!imap_section_find(&first, info, tree->parts).is_nil);
}

/* What is stored without its extension data is BODY. */
static void check_body(const struct mime_tree *tree)
{
	struct buf extended, plain, cut;
	buf_init(&extended, BODYSTRUCTURE_MAX);
	buf_init(&plain, BODYSTRUCTURE_MAX);
	buf_init(&cut, BODYSTRUCTURE_MAX);
	bodystructure_put(tree, true, &extended);
	bodystructure_put(tree, false, &plain);
	struct view block = exact_copy(buf_view(&extended));
	ck_assert(imap_body_put(block, &cut));
	ck_assert_view_eq(buf_view(&cut), buf_view(&plain));
	for (size_t n = 0; n < block.n; n += 1 + block.n / 50) {
		struct view part = exact_copy(view_head(block, n));
		buf_reset(&cut);
		ck_assert(!imap_body_put(part, &cut));
		exact_free(part);
	}
	exact_free(block);
	buf_deinit(&extended);
	buf_deinit(&plain);
	buf_deinit(&cut);
}

static void check_mail(struct view mail)
{
	struct mime_parser *parser = mime_parser_new();
	mime_parser_feed(parser, mail);
	const struct mime_tree *tree = mime_parser_finish(parser);
	struct message_info info = { .n_parts = tree->n_parts,
		.header_size = tree->parts[0].header_size,
		.size_bytes = tree->size };
	arena_reset(&arena);
	check_whole(&info, tree);
	check_parts(&info, tree);
	check_body(tree);
	mime_parser_free(&parser);
}

static void check_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	unsigned n = 0;
	static char bytes[MAIL_MAX];
	ck_assert_ptr_nonnull(dir);
	while ((e = readdir(dir))) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
		FILE *f = strstr(e->d_name, ".eml") ? fopen(path, "rb") : NULL;
		if (!f)
			continue;
		size_t got = fread(bytes, 1, sizeof bytes, f);
		fclose(f);
		struct view mail = exact_copy((struct view){ bytes, got });
		check_mail(mail);
		exact_free(mail);
		n++;
	}
	closedir(dir);
	ck_assert_uint_ge(n, 10);
}

START_TEST(finds_sections_of_good_mail)
{
	check_folder("vectors/mail/rfc");
}

END_TEST

START_TEST(finds_sections_of_broken_mail)
{
	check_folder("vectors/mail/malformed");
}

END_TEST

static const struct {
	const char *in;
	struct view label; /* empty: malformed */
} labels[] = {
	{ "[]", V_INIT("BODY[]") },
	{ "[header]", V_INIT("BODY[HEADER]") },
	{ "[Text]<3.4>", V_INIT("BODY[TEXT]<3>") },
	{ "[1.2.3]", V_INIT("BODY[1.2.3]") },
	{ "[1.mime]", V_INIT("BODY[1.MIME]") },
	{ "[4.HEADER.FIELDS (to \"a b\")]",
	    V_INIT("BODY[4.HEADER.FIELDS (to \"a b\")]") },
	{ "[HEADER.FIELDS.NOT (x)]<0.1>",
	    V_INIT("BODY[HEADER.FIELDS.NOT (x)]<0>") },
	{ "", V_INIT("") },
	{ "[", V_INIT("") },
	{ "[1", V_INIT("") },
	{ "[1.]", V_INIT("") },
	{ "[0]", V_INIT("") },
	{ "[01x]", V_INIT("") },
	{ "[MIME]", V_INIT("") },
	{ "[HEADERS]", V_INIT("") },
	{ "[HEADER.FIELDS]", V_INIT("") },
	{ "[HEADER.FIELDS ()]", V_INIT("") },
	{ "[HEADER.FIELDS (a  b)]", V_INIT("") },
	{ "[]<0>", V_INIT("") },
	{ "[]<0.0>", V_INIT("") },
	{ "[]<0.1", V_INIT("") },
};

START_TEST(reads_sections)
{
	struct view block = exact_copy(view_of(labels[_i].in));
	struct imap_args a = { block, &arena, NULL };
	struct imap_section section;
	bool ok = imap_section(&a, &section);
	ck_assert_int_eq(ok, labels[_i].label.n != 0);
	if (ok)
		ck_assert_view_eq(section.label, labels[_i].label);
	exact_free(block);
}

END_TEST

START_TEST(selects_fields)
{
	struct imap_section some = section_of("[HEADER.FIELDS (b C)]");
	struct imap_section rest = section_of("[HEADER.FIELDS.NOT (b C)]");
	struct view header = V("A: 1\r\nB: 2\r\n 3\r\nb:4\r\nCc: 5\r\n\r\n");
	struct buf out;
	buf_init(&out, 1000);
	imap_section_fields(&some, header, &out);
	ck_assert_view_eq(buf_view(&out), V("B: 2\r\n 3\r\nb:4\r\n\r\n"));
	buf_reset(&out);
	imap_section_fields(&rest, header, &out);
	ck_assert_view_eq(buf_view(&out), V("A: 1\r\nCc: 5\r\n\r\n"));
	buf_deinit(&out);
}

END_TEST

#define N(a) ((int)(sizeof(a) / sizeof(a)[0]))

static Suite *build(void)
{
	Suite *s = suite_create("imapd/imap_section");
	TCase *t = tcase_create("imap_section");
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, finds_sections_of_good_mail);
	tcase_add_test(t, finds_sections_of_broken_mail);
	tcase_add_loop_test(t, reads_sections, 0, N(labels));
	tcase_add_test(t, selects_fields);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
