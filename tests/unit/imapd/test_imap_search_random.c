/* Two accounts with the same random mail, the same random changes, and the
 * same searches: one has extracts, the other one reads its messages. Their
 * answers are the same. SEARCH_SEED chooses the seed, SEARCH_RUNS how many
 * follow it. */
#include "base/clock.h"
#include "imapd/imap_session.h"
#include "random_mail.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	MAIL_MAX = 32 << 20,
	ROUNDS = 6,
	SEARCHES = 25,
	BATCH = 40
};

struct side {
	char dir[64];
	struct store *store;
	struct imap_session *session;
	struct buf out, all;
};

static struct side fast, slow;
static struct log_ctx log_ctx;
static int64_t now_s;

static int64_t store_clock(void)
{
	return 1700000000; /* both have the same UIDVALIDITY */
}

static void on_finish(void *ctx)
{
	(void)ctx;
}

static void on_timeout(void *ctx, uint32_t seconds)
{
	(void)ctx;
	(void)seconds;
}

static void run(struct side *s, struct view in)
{
	ck_assert_uint_eq(imap_session_input(s->session, in), in.n);
	for (;;) {
		buf_put(&s->all, buf_view(&s->out));
		buf_reset(&s->out);
		if (!s->session->step)
			break;
		imap_session_more(s->session);
	}
}

static void side_open(struct side *s)
{
	static const struct imap_ops ops = { on_finish, on_timeout, on_finish };
	struct store_options options = { .create = true, .now_s = store_clock };
	ck_assert_int_eq(store_open(s->dir, &options, &s->store), 0);
	s->session = imap_session_new(&(struct imap_options){ .store = s->store,
	    .out = &s->out,
	    .out_mark = 8192,
	    .command_max = 65536,
	    .append_max = 1 << 20,
	    .now_s = clock_wall_s,
	    .log = &log_ctx,
	    .ops = &ops });
	run(s, V("o SELECT INBOX\r\n"));
}

static void side_close(struct side *s)
{
	imap_session_free(&s->session);
	store_close(&s->store);
}

static void path_in(const struct side *s, const char *name, char path[128])
{
	snprintf(path, 128, "%s/%s", s->dir, name);
}

static void side_init(struct side *s, bool has_extracts)
{
	char path[128];
	snprintf(s->dir, sizeof s->dir, "/tmp/mailcore-search.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(s->dir));
	buf_init(&s->out, 8192 + IMAP_OUT_ROOM);
	buf_init(&s->all, 8 << 20);
	path_in(s, "search.state", path);
	if (!has_extracts)
		ck_assert_int_eq(mkdir(path, 0700), 0);
	side_open(s);
}

static void side_deinit(struct side *s)
{
	static const char *const files[] = { "data.mdb", "data.mdb-lock",
		"wake", "search.mdb", "search.mdb-lock", "search.state", "." };
	side_close(s);
	buf_deinit(&s->out);
	buf_deinit(&s->all);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[128];
		path_in(s, files[i], path);
		(void)remove(path);
	}
}

static void set_up(void)
{
	now_s = 1700000000;
	side_init(&fast, true);
	side_init(&slow, false);
}

static void tear_down(void)
{
	side_deinit(&fast);
	side_deinit(&slow);
}

static void both(struct view command)
{
	buf_reset(&fast.all);
	buf_reset(&slow.all);
	run(&fast, command);
	run(&slow, command);
	if (!view_eq(buf_view(&fast.all), buf_view(&slow.all)))
		printf("%.*s", (int)command.n, command.p);
	ck_assert_view_eq(buf_view(&fast.all), buf_view(&slow.all));
}

/* Messages first to last, by number. */
static void both_do(
    const char *verb, unsigned first, unsigned last, const char *arguments)
{
	struct buf command;
	buf_init(&command, 4096);
	buf_printf(&command, "c %s %u:%u %s\r\n", verb, first, last, arguments);
	both(buf_view(&command));
	buf_deinit(&command);
}

static void add_to(struct side *s, struct view text)
{
	struct store_txn t;
	struct mailbox m;
	struct append_result result;
	ck_assert_int_eq(store_read(s->store, &t), 0);
	ck_assert_int_eq(mailbox_find(&t, V("INBOX"), &m), 0);
	store_end(&t);
	struct append item = { .mailbox = m.id,
		.source = { .mem = text, .fd = -1 },
		.internaldate = { now_s, 0 } };
	ck_assert_int_eq(message_append(s->store, &item, 1, &result), 0);
}

static void add(unsigned n)
{
	struct buf mail;
	buf_init(&mail, MAIL_MAX);
	for (unsigned i = 0; i < n; i++) {
		buf_reset(&mail);
		random_mail(0, random_below(BATCH * ROUNDS / 2) == 0, &mail);
		now_s++;
		add_to(&fast, buf_view(&mail));
		add_to(&slow, buf_view(&mail));
	}
	buf_deinit(&mail);
	both(V("n NOOP\r\n"));
}

/* The files are as a power cut may leave them. */
static void kill_fast(void)
{
	char path[128];
	struct stat st;
	side_close(&fast);
	path_in(&fast, "search.state", path);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, "u", 1, 9), 1);
	close(fd);
	path_in(&fast, "search.mdb", path);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &st), 0);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(
		    pwrite(fd, "torn", 4, random_below((uint32_t)st.st_size)),
		    4);
	close(fd);
	side_open(&fast);
}

static void change(void)
{
	unsigned at = 1 + random_below(BATCH / 2), last = at + random_below(8);
	switch (random_below(6)) {
	case 0:
		both_do("STORE", at, last, "+FLAGS (\\Deleted)");
		both(V("e EXPUNGE\r\n"));
		break;
	case 1:
		both_do("MOVE", at, last, "INBOX");
		break;
	case 2:
		both_do("COPY", at, last, "INBOX");
		break;
	case 3:
		side_close(&fast);
		side_open(&fast);
		side_close(&slow);
		side_open(&slow);
		break;
	case 4:
		kill_fast();
		side_close(&slow);
		side_open(&slow);
		break;
	default:
		while (extract_idle(fast.store))
			continue;
	}
	add(random_below(10));
}

/* A piece of some words, or something else. */
static void put_needle(struct buf *out)
{
	struct buf text, octets;
	struct view v;
	buf_init(&text, 4096);
	buf_init(&octets, 4096);
	buf_put_cstr(&text, random_below(10) ? random_word() : "latecomer");
	if (random_below(3) == 0)
		buf_printf(&text, " %s", random_word());
	if (random_below(10) == 0)
		buf_put_cstr(&text, "zzz");
	v = buf_view(&text);
	if (random_below(2))
		v = view_slice(v, random_below(3), v.n - random_below(3));
	utf8_repair(v, &octets);
	v = buf_view(&octets);
	buf_printf(out, "{%zu+}\r\n", v.n);
	buf_put(out, v);
	buf_deinit(&text);
	buf_deinit(&octets);
}

static void search(void)
{
	static const char *const keys[] = { "BODY ", "TEXT ", "SUBJECT ",
		"FROM ", "HEADER X-Note ", "NOT BODY ", "UID 1:30 TEXT ",
		"HEADER Content-Type utf-8 BODY ", "OR SUBJECT x BODY ",
		"UNDELETED (TEXT a) BODY " };
	struct buf command;
	buf_init(&command, 1 << 16);
	buf_put_cstr(&command, "s UID SEARCH CHARSET UTF-8 ");
	buf_put_cstr(&command, keys[random_below(sizeof keys / sizeof *keys)]);
	put_needle(&command);
	if (random_below(4) == 0) {
		buf_put_cstr(&command, " BODY ");
		put_needle(&command);
	}
	buf_put_cstr(&command, "\r\n");
	both(buf_view(&command));
	ck_assert(view_starts(buf_view(&fast.all), V("* SEARCH")));
	buf_deinit(&command);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	uint64_t n;
	return view_u64(view_of(getenv(name)), &n) && n ? n : otherwise;
}

START_TEST(same_answers)
{
	uint64_t seed = setting("SEARCH_SEED", 20261122) + (uint64_t)_i;
	random_state = seed;
	printf("search: seed %" PRIu64 "\n", seed);
	for (int round = 0; round < ROUNDS; round++) {
		add(BATCH);
		for (int i = 0; i < SEARCHES; i++)
			search();
		change();
	}
}

END_TEST

/* Case, accents and compatibility forms do not count. */
START_TEST(accents_are_folded)
{
	static const char *const same[] = { "resume", "R\xc3\xa9sum\xc3\xa9",
		"re\xcc\x81sume\xcc\x81", "RESUME", "esum" };
	struct buf command;
	buf_init(&command, 4096);
	add_to(&fast, V("Subject: R\xc3\x89SUM\xc3\x89\r\n\r\nx\r\n"));
	add_to(&fast, V("Subject: =?iso-8859-1?Q?r=E9sum=E9?=\r\n\r\nx\r\n"));
	add_to(&fast, V("Subject: r e s u m e\r\n\r\nx\r\n"));
	run(&fast, V("n NOOP\r\n"));
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		buf_reset(&command);
		buf_printf(&command,
		    "s SEARCH CHARSET UTF-8 SUBJECT {%zu+}\r\n%s\r\n",
		    strlen(same[i]), same[i]);
		buf_reset(&fast.all);
		run(&fast, buf_view(&command));
		ck_assert_view_eq(
		    buf_view(&fast.all), V("* SEARCH 1 2\r\ns OK Done\r\n"));
	}
	buf_deinit(&command);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("imapd/imap_search_random");
	TCase *t = tcase_create("search");
	tcase_set_timeout(t, 110);
	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_loop_test(t, same_answers, 0, (int)setting("SEARCH_RUNS", 1));
	tcase_add_test(t, accents_are_folded);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
