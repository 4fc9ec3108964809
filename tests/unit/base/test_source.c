/* A message's bytes, in memory or in a file, with a prefix before them. */
#include "base/buf.h"
#include "base/source.h"
#include "suite.h"
#include <stdio.h>
#include <unistd.h>

static int open_file(struct view content)
{
	FILE *f = tmpfile();
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(content.p, 1, content.n, f), content.n);
	ck_assert_int_eq(fflush(f), 0);
	int fd = dup(fileno(f));
	fclose(f);
	return fd;
}

static void check_reads(const struct source *s, struct view want)
{
	char out[64];
	ck_assert_uint_eq(source_size(s), want.n);
	for (size_t from = 0; from <= want.n; from++)
		for (size_t n = 0; n <= want.n - from; n++) {
			ck_assert_int_eq(source_read(s, from, out, n), 0);
			ck_assert_view_eq(((struct view){ out, n }),
			    view_slice(want, from, from + n));
		}
	ck_assert_int_eq(source_read(s, want.n, out, 1), MC_E_BAD);
	ck_assert_int_eq(source_read(s, want.n + 1, out, 0), MC_E_BAD);
	ck_assert_int_eq(source_read(s, UINT64_MAX, out, 2), MC_E_BAD);
}

START_TEST(reads_every_range)
{
	struct source s = { .prefix = V("head"), .mem = V("body"), .fd = -1 };
	check_reads(&s, V("headbody"));
	s = (struct source){ .mem = V("body"), .fd = -1 };
	check_reads(&s, V("body"));
	s = (struct source){ .prefix = V("head"), .fd = -1 };
	check_reads(&s, V("head"));
	s = (struct source){
		.prefix = V("head"), .fd_size = 3, .fd = open_file(V("body"))
	};
	check_reads(&s, V("headbod"));
	close(s.fd);
}

END_TEST

START_TEST(short_file_is_an_error)
{
	char out[8];
	struct source s = { .fd_size = 8, .fd = open_file(V("body")) };
	ck_assert_int_eq(source_read(&s, 0, out, 4), 0);
	ck_assert_int_eq(source_read(&s, 0, out, 8), MC_E_BAD);
	close(s.fd);
}

END_TEST

static int gather(void *ctx, struct view piece)
{
	struct buf *b = ctx;
	ck_assert_uint_gt(piece.n, 0);
	ck_assert_uint_le(piece.n, 65536);
	buf_put(b, piece);
	return buf_error(b);
}

START_TEST(gives_pieces_in_order)
{
	static char text[200000];
	struct view v = { text, sizeof text };
	struct buf b;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 >> 3);
	buf_init(&b, sizeof text + 4);
	struct source s = {
		.prefix = V("head"), .fd_size = sizeof text, .fd = open_file(v)
	};
	ck_assert_int_eq(source_each(&s, gather, &b), 0);
	ck_assert(view_eq(view_skip(buf_view(&b), 4), v));
	close(s.fd);
	buf_reset(&b);
	s = (struct source){ .prefix = V("head"), .mem = v, .fd = -1 };
	ck_assert_int_eq(source_each(&s, gather, &b), 0);
	ck_assert(view_eq(view_skip(buf_view(&b), 4), v));
	ck_assert_int_eq(source_each(&s, gather, &b), MC_E_LIMIT);
	buf_deinit(&b);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("base/source");
	TCase *t = tcase_create("source");
	tcase_add_test(t, reads_every_range);
	tcase_add_test(t, short_file_is_an_error);
	tcase_add_test(t, gives_pieces_in_order);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
