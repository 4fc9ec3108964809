/* Extracts answer as the message itself would, or say that they don't know;
 * and whatever happens to their files, no answer is wrong. */
#include "store/search/extract.h"
#include "store/search/extract_files.h"
#include "store/search/message_text.h"
#include "store/txn/edit.h"
#include "store_fixture.h"
#include "text/codec.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum {
	TEXTS = 150
};

static uint32_t seed;

static uint32_t next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static void append(struct view text)
{
	struct append item = { .mailbox = box_named(V("INBOX")).id,
		.source = { .mem = text, .fd = -1 },
		.internaldate = { test_now_s++, 0 } };
	struct append_result result;
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	ck_assert_int_eq(result.error, 0);
}

static void build_all(void)
{
	bool more = true;
	for (int i = 0; more && i < 1000; i++)
		extract_build(store, 20, &more);
	ck_assert(!more);
}

static struct message row(uint32_t uid)
{
	struct store_txn t;
	struct message m;
	ck_assert_int_eq(store_read(store, &t), 0);
	ck_assert_int_eq(message_get(&t, box_named(V("INBOX")).id, uid, &m), 0);
	store_end(&t);
	return m;
}

static enum extract_answer ask(
    enum extract_zone zone, struct view needle, struct view field, uint32_t uid)
{
	struct extract_reader r;
	struct extract_query q;
	struct message m = row(uid);
	extract_reader_init(&r, store);
	extract_query_init(&q, zone, needle, field);
	enum extract_answer a = extract_ask(&r, &q, &m);
	/* The second time a segment is asked, it is searched as a whole. */
	ck_assert_int_eq(extract_ask(&r, &q, &m), a);
	extract_reader_end(&r);
	return a;
}

static enum extract_answer ask_body(const char *needle, uint32_t uid)
{
	return ask(EXTRACT_BODY, view_of(needle), V_NONE, uid);
}

static struct stat stat_of(const char *name)
{
	char path[128];
	struct stat st = { .st_size = -1 };
	snprintf(path, sizeof path, "%s/search.%s", dir.path, name);
	(void)stat(path, &st);
	return st;
}

/* Random texts. */

static const char *const letters[] = { "a", "A", "b", "e", " ", "\xc3\xa9",
	"\xc3\x89", "\xc3\xbc", "\xc3\x9f", "\n", "\xe2\x82\xac", "\xd0\x96",
	"\xd0\xb6", "e\xcc\x81" };

enum {
	LETTERS = sizeof letters / sizeof *letters
};

static void random_text(unsigned n, struct buf *out)
{
	for (unsigned i = 0; i < n; i++) {
		const char *letter = letters[next_random() % LETTERS];
		if (letter[0] == '\n')
			buf_put_char(out, '\r');
		buf_put_cstr(out, letter);
	}
}

static void quoted_printable(struct view in, struct buf *out)
{
	for (size_t i = 0; i < in.n; i++) {
		buf_printf(out, "=%02X", (unsigned char)in.p[i]);
		if (i % 20 == 19)
			buf_put(out, V("=\r\n"));
	}
}

static void base64(struct view in, struct buf *out)
{
	for (; in.n; in = view_skip(in, 48)) {
		base64_encode(view_head(in, 48), out);
		buf_put(out, V("\r\n"));
	}
}

static void put_message(struct view text, unsigned encoding)
{
	static const char *const names[] = { "8bit", "quoted-printable",
		"base64" };
	struct buf m;
	buf_init(&m, 1 << 20);
	buf_printf(&m,
	    "Subject: number\r\nContent-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: %s\r\n\r\n",
	    names[encoding]);
	if (encoding == 0)
		buf_put(&m, text);
	else if (encoding == 1)
		quoted_printable(text, &m);
	else
		base64(text, &m);
	append(buf_view(&m));
	buf_deinit(&m);
}

static bool naive(struct view text, struct view needle)
{
	for (size_t i = 0; i + needle.n <= text.n; i++)
		if (memcmp(text.p + i, needle.p, needle.n) == 0)
			return true;
	return false;
}

static void check_needle(struct view folded[TEXTS], struct view needle)
{
	struct extract_reader r;
	struct extract_query q;
	extract_reader_init(&r, store);
	extract_query_init(&q, EXTRACT_BODY, needle, V_NONE);
	for (uint32_t i = 0; i < TEXTS; i++) {
		struct message m = row(i + 1);
		ck_assert_int_eq(extract_ask(&r, &q, &m),
		    naive(folded[i], needle) ? EXTRACT_YES : EXTRACT_NO);
	}
	extract_reader_end(&r);
}

START_TEST(random_texts_as_naive)
{
	struct view folded[TEXTS];
	struct buf text, fold;
	seed = (uint32_t)_i + 1;
	for (unsigned i = 0; i < TEXTS; i++) {
		buf_init(&text, 1 << 16);
		buf_init(&fold, 1 << 18);
		random_text(next_random() % 2000, &text);
		put_message(buf_view(&text), i % 3);
		utf8_fold(buf_view(&text), &fold);
		folded[i] = exact_copy(buf_view(&fold));
		buf_deinit(&text);
		buf_deinit(&fold);
	}
	build_all();
	for (int i = 0; i < 60; i++) {
		buf_init(&text, 1 << 16);
		buf_init(&fold, 1 << 18);
		random_text(1 + next_random() % 7, &text);
		utf8_fold(buf_view(&text), &fold);
		if (buf_len(&fold))
			check_needle(folded, buf_view(&fold));
		buf_deinit(&text);
		buf_deinit(&fold);
	}
	for (unsigned i = 0; i < TEXTS; i++)
		exact_free(folded[i]);
}

END_TEST

/* Mail as it is met. */

struct direct {
	struct store_txn t;
	struct message_info info;
	struct mime_part parts[MIME_PARTS_MAX];
	struct buf bufs[MESSAGE_TEXT_BUFS];
	struct message_text x;
};

static struct direct *direct_open(uint32_t uid)
{
	struct direct *d = calloc(1, sizeof *d);
	ck_assert_ptr_nonnull(d);
	struct message m = row(uid);
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_init(&d->bufs[i], MESSAGE_TEXT_BUF_MAX);
	ck_assert_int_eq(store_read(store, &d->t), 0);
	ck_assert_int_eq(message_info(&d->t, m.msgid, &d->info), 0);
	ck_assert_int_eq(message_parts(&d->info, d->parts), 0);
	d->x = (struct message_text){ d->bufs, &d->t, m.msgid, 0 };
	return d;
}

static void direct_close(struct direct *d)
{
	store_end(&d->t);
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_deinit(&d->bufs[i]);
	free(d);
}

static bool direct_has(struct direct *d, enum extract_zone zone,
    struct view needle, struct view field)
{
	struct view header;
	if (zone == EXTRACT_PARTS)
		return message_text_parts_contain(
		    &d->x, d->parts, d->info.n_parts, needle);
	if (zone == EXTRACT_BODY)
		return message_text_body_contains(
		    &d->x, d->parts, d->info.n_parts, needle);
	return message_text_header(&d->x, 0, d->info.header_size, &header) &&
	       message_text_fields_contain(&d->x, header, field, needle);
}

static void check_same(struct direct *d, uint32_t uid, struct view needle)
{
	static const struct view fields[] = { V_INIT(""), V_INIT("subject"),
		V_INIT("from"), V_INIT("to"), V_INIT("received") };
	enum extract_answer a;
	for (unsigned i = EXTRACT_BODY; i < EXTRACT_ZONES; i++) {
		enum extract_zone zone = (enum extract_zone)i;
		a = ask(zone, needle, V_NONE, uid);
		if (a != EXTRACT_UNKNOWN)
			ck_assert_int_eq(a == EXTRACT_YES,
			    direct_has(d, zone, needle, V_NONE));
	}
	for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
		a = ask(EXTRACT_HEADER, needle, fields[i], uid);
		if (a != EXTRACT_UNKNOWN)
			ck_assert_int_eq(a == EXTRACT_YES,
			    direct_has(d, EXTRACT_HEADER, needle, fields[i]));
	}
}

/* Needles: pieces of what the message says, folded. */
static void check_mail(uint32_t uid)
{
	struct direct *d = direct_open(uid);
	struct buf texts[EXTRACT_ZONES];
	for (unsigned i = 0; i < EXTRACT_ZONES; i++) {
		struct message_extract e = { &texts[i], 1 << 20, 1 << 20,
			false };
		buf_init(&texts[i], 1 << 20);
		if (i == EXTRACT_HEADER)
			message_text_extract_header(&d->x, &d->info, &e);
		else if (i == EXTRACT_BODY)
			message_text_extract_body(
			    &d->x, d->parts, d->info.n_parts, &e);
		else
			message_text_extract_parts(
			    &d->x, d->parts, d->info.n_parts, &e);
	}
	for (int i = 0; i < 60; i++) {
		struct view all = buf_view(&texts[i % EXTRACT_ZONES]);
		struct view piece =
		    view_head(view_skip(all, all.n ? next_random() % all.n : 0),
			1 + next_random() % 12);
		if (piece.n && utf8_is_valid(piece))
			check_same(d, uid, piece);
	}
	check_same(d, uid, V("e"));
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		buf_deinit(&texts[i]);
	direct_close(d);
}

static uint32_t append_folder(const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	uint32_t n = 0;
	ck_assert_ptr_nonnull(folder);
	while ((entry = readdir(folder))) {
		static char text[1 << 20];
		char name[512];
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		FILE *f = strstr(name, ".eml") ? fopen(name, "r") : NULL;
		if (!f)
			continue;
		append((struct view){ text, fread(text, 1, sizeof text, f) });
		n++;
		fclose(f);
	}
	closedir(folder);
	return n;
}

START_TEST(mail_as_it_is_met)
{
	uint32_t n = append_folder("vectors/mail/rfc") +
		     append_folder("vectors/mail/malformed");
	ck_assert_uint_gt(n, 20);
	build_all();
	for (uint32_t uid = 1; uid <= n; uid++)
		check_mail(uid);
}

END_TEST

static const struct {
	const char *mail, *needle;
	const char *field; /* NULL: body */
	bool found;
} cases[] = {
	{ "Subject: =?iso-8859-1?Q?Gr=FC=DFe?=\r\n\r\nx", "grusse", "subject",
	    true },
	{ "Subject: a\r\nX: b\r\n\r\nx", "b", "subject", false },
	{ "Subject: subject\r\n\r\nx", "subject", "subject", true },
	{ "X-Subject: word\r\n\r\nx", "word", "subject", false },
	{ "Subject: word\r\n\r\nx", "subject: w", "", true },
	{ "Subject: word\r\n\r\nx", "subject: w", "subject", false },
	{ "Subject: one\r\nTo: two\r\n\r\nx", "oneto", "", false },
	{ "Subject: long\r\n folded\r\n\r\nx", "long folded", "subject", true },
	{ "Content-Type: text/html\r\n\r\n<p>f<b>o</b>o</p>bar", "foo", NULL,
	    true },
	{ "Content-Type: text/html\r\n\r\n<p>f<b>o</b>o</p>bar", "<b>", NULL,
	    false },
	{ "Content-Type: text/plain\r\n\r\n<b>x", "<b>x", NULL, true },
	{ "Content-Type: text/html; charset=utf-16le\r\n"
	  "Content-Transfer-Encoding: base64\r\n\r\n"
	  "PABwAD4A6QAKAG4A6QA=\r\n",
	    "e ne", NULL, true },
	{ "Content-Type: image/png\r\n\r\nsecret", "secret", NULL, false },
};

START_TEST(single_mails)
{
	append(view_of(cases[_i].mail));
	build_all();
	struct view field = view_of(cases[_i].field);
	struct view needle = view_of(cases[_i].needle);
	enum extract_zone zone =
	    cases[_i].field ? EXTRACT_HEADER : EXTRACT_BODY;
	struct direct *d = direct_open(1);
	ck_assert_int_eq(direct_has(d, zone, needle, field), cases[_i].found);
	ck_assert_int_eq(ask(zone, needle, field, 1),
	    cases[_i].found ? EXTRACT_YES : EXTRACT_NO);
	direct_close(d);
}

END_TEST

START_TEST(says_when_it_was_cut)
{
	struct buf text;
	buf_init(&text, 2 << 20);
	buf_put(&text, V("Subject: long\r\n\r\nearly\r\n"));
	for (int i = 0; i < EXTRACT_OCTETS_MAX / 6; i++)
		buf_put(&text, V("line\r\n"));
	buf_put(&text, V("late\r\n"));
	append(buf_view(&text));
	append(V("Subject: next\r\n\r\nnext\r\n"));
	buf_deinit(&text);
	build_all();
	ck_assert_int_eq(ask_body("early", 1), EXTRACT_YES);
	ck_assert_int_eq(ask_body("late", 1), EXTRACT_UNKNOWN);
	ck_assert_int_eq(ask_body("late", 2), EXTRACT_NO);
	ck_assert_int_eq(ask_body("next", 2), EXTRACT_YES);
	ck_assert_int_eq(ask(EXTRACT_HEADER, V("late"), V_NONE, 1), EXTRACT_NO);
}

END_TEST

START_TEST(lags_and_catches_up)
{
	append(V("Subject: a\r\n\r\none\r\n"));
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_UNKNOWN);
	build_all();
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_YES);
	append(V("Subject: b\r\n\r\ntwo\r\n"));
	ck_assert_uint_eq(extract_lag(store), 1);
	ck_assert_int_eq(ask_body("two", 2), EXTRACT_UNKNOWN);
	ck_assert_int_eq(ask_body("two", 1), EXTRACT_NO);
	ck_assert(!extract_idle(store));
	ck_assert_uint_eq(extract_lag(store), 0);
	ck_assert_int_eq(ask_body("two", 2), EXTRACT_YES);
}

END_TEST

/* Who never searched has no extracts. */
START_TEST(idle_does_not_begin)
{
	append(V("Subject: a\r\n\r\none\r\n"));
	ck_assert(!extract_idle(store));
	ck_assert_int_eq(stat_of("mdb").st_size, -1);
}

END_TEST

START_TEST(stays_after_a_clean_end)
{
	append(V("Subject: a\r\n\r\none\r\n"));
	build_all();
	reopen();
	ck_assert_uint_eq(extract_lag(store), 0);
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_YES);
}

END_TEST

START_TEST(is_thrown_away_after_an_unclean_end)
{
	append(V("Subject: a\r\n\r\none\r\n"));
	build_all();
	store_close(&store);
	pid_t child = fork();
	if (child == 0) {
		store = test_open(false);
		_exit(extract_lag(store) == 0 ? 0 : 1);
	}
	int status;
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	store = test_open(false);
	ck_assert_uint_eq(extract_lag(store), 1);
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_UNKNOWN);
	build_all();
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_YES);
}

END_TEST

static void write_file(const char *name, off_t at, const char *p, size_t n)
{
	char path[128];
	snprintf(path, sizeof path, "%s/search.%s", dir.path, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, p, n, at), (ssize_t)n);
	close(fd);
}

START_TEST(damage_is_thrown_away)
{
	static const char garbage[8192] = "garbage";
	append(V("Subject: a\r\n\r\none\r\n"));
	build_all();
	store_close(&store);
	write_file("mdb", 0, garbage, sizeof garbage);
	store = test_open(false);
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_UNKNOWN);
	build_all();
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_YES);
}

END_TEST

static void copy_file(const char *from, const char *to)
{
	static char all[4 << 20];
	FILE *f = fopen(from, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(all, 1, sizeof all, f);
	fclose(f);
	f = fopen(to, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(all, 1, n, f), n);
	fclose(f);
}

/* data.mdb comes back from a backup: its msgids are used again. */
START_TEST(an_earlier_store_is_noticed)
{
	char saved[128];
	append(V("Subject: a\r\n\r\none\r\n"));
	store_close(&store);
	snprintf(saved, sizeof saved, "%s/saved", dir.path);
	copy_file(dir.file, saved);
	store = test_open(false);
	append(V("Subject: b\r\n\r\ntwo\r\n"));
	build_all();
	ck_assert_int_eq(ask_body("two", 2), EXTRACT_YES);
	store_close(&store);
	ck_assert_int_eq(rename(saved, dir.file), 0);
	store = test_open(false);
	ck_assert_uint_eq(_i ? extract_lag(store) : 1, 1);
	append(V("Subject: c\r\n\r\nold\r\n"));
	ck_assert_int_eq(ask_body("two", 2), EXTRACT_UNKNOWN);
}

END_TEST

/* Without a place for the files there are no extracts, and no harm. */
START_TEST(does_without)
{
	char path[128];
	bool more;
	snprintf(path, sizeof path, "%s/search.state", dir.path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	append(V("Subject: a\r\n\r\none\r\n"));
	ck_assert_uint_eq(extract_lag(store), UINT64_MAX);
	extract_build(store, 10, &more);
	ck_assert(!more);
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_UNKNOWN);
	ck_assert(!extract_idle(store));
	reopen();
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_UNKNOWN);
}

END_TEST

/* As when the disk is full: it is tried again some minutes later. */
START_TEST(waits_for_room)
{
	struct rlimit before, small;
	bool more;
	for (int i = 0; i < 20; i++)
		append(V("Subject: a\r\n\r\none\r\n"));
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small =
	    (struct rlimit){ .rlim_cur = 8192, .rlim_max = before.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	extract_build(store, 10, &more);
	ck_assert(!more);
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_UNKNOWN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_uint_eq(extract_lag(store), UINT64_MAX);
	store->extracts->retry_ms = 0;
	build_all();
	ck_assert_int_eq(ask_body("one", 1), EXTRACT_YES);
}

END_TEST

static bool file_has(const char *text)
{
	static char all[1 << 20];
	char path[128];
	snprintf(path, sizeof path, "%s/search.mdb", dir.path);
	FILE *f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(all, 1, sizeof all, f);
	fclose(f);
	return memmem(all, n, text, strlen(text)) != NULL;
}

/* Texts of messages that were purged go, those of others stay. */
START_TEST(forgets_what_was_purged)
{
	struct uidset uids, gone;
	uidset_init(&uids);
	uidset_init(&gone);
	for (int i = 0; i < 10; i++)
		append(i < 5 ? V("Subject: a\r\n\r\nephemeral words\r\n")
			     : V("Subject: b\r\n\r\nlasting words\r\n"));
	build_all();
	ck_assert(file_has("ephemeral words"));
	struct message old = row(1);
	ck_assert_int_eq(uidset_add(&uids, 1, 5), 0);
	ck_assert_int_eq(message_expunge(store, box_named(V("INBOX")).id, &uids,
			     false, &gone),
	    0);
	test_now_s += 400 * 86400;
	store_housekeeping(store);
	for (int i = 0; i < 4; i++) {
		store->extracts->idle_change = 0;
		ck_assert(!extract_idle(store));
	}
	struct extract_reader r;
	struct extract_query q;
	extract_reader_init(&r, store);
	extract_query_init(&q, EXTRACT_BODY, V("ephemeral"), V_NONE);
	ck_assert_int_eq(extract_ask(&r, &q, &old), EXTRACT_UNKNOWN);
	extract_reader_end(&r);
	for (uint32_t uid = 6; uid <= 10; uid++)
		ck_assert_int_eq(ask_body("lasting", uid), EXTRACT_YES);
	uidset_deinit(&uids);
	uidset_deinit(&gone);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/extract");
	TCase *t = tcase_create("extract");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, random_texts_as_naive, 0, 3);
	tcase_add_test(t, mail_as_it_is_met);
	tcase_add_loop_test(t, single_mails, 0, sizeof cases / sizeof *cases);
	tcase_add_test(t, says_when_it_was_cut);
	tcase_add_test(t, lags_and_catches_up);
	tcase_add_test(t, idle_does_not_begin);
	tcase_add_test(t, stays_after_a_clean_end);
	tcase_add_test(t, is_thrown_away_after_an_unclean_end);
	tcase_add_test(t, damage_is_thrown_away);
	tcase_add_loop_test(t, an_earlier_store_is_noticed, 0, 2);
	tcase_add_test(t, does_without);
	tcase_add_test(t, waits_for_room);
	tcase_add_test(t, forgets_what_was_purged);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
