/* Fuzzy searches: what they score; the same with and without extracts; and the
 * index of words gives all that match. */
#include "slow_word.h"
#include "store/search/extract_files.h"
#include "store/search/extract_segment.h"
#include "store/search/fuzzy_index.h"
#include "store/txn/edit.h"
#include "store_fixture.h"
#include "text/codec.h"
#include <fcntl.h>

static uint32_t inbox(void)
{
	return box_named(V("INBOX")).id;
}

static void append_to(uint32_t mailbox, struct view text)
{
	struct append item = { .mailbox = mailbox,
		.source = { .mem = text, .fd = -1 },
		.internaldate = { test_now_s++, 0 } };
	struct append_result result;
	ck_assert_int_eq(message_append(store, &item, 1, &result), 0);
	ck_assert_int_eq(result.error, 0);
}

static void append(const char *text)
{
	append_to(inbox(), view_of(text));
}

static void append_n(unsigned n, const char *text)
{
	for (unsigned i = 0; i < n; i++)
		append(text);
}

static void build_extracts(void)
{
	bool more = true;
	for (int i = 0; more && i < 1000; i++)
		extract_build(store, 20, &more);
	ck_assert(!more);
}

/* Asking, with all that it needs. */
struct asking {
	struct extract_reader extracts;
	struct fuzzy_reader reader;
	struct fuzzy_query query;
	struct buf bufs[MESSAGE_TEXT_BUFS];
	struct mime_part parts[MIME_PARTS_MAX];
	struct buf folded;
	struct store_txn t;
	bool read_any;
};

static struct asking *asking_new(
    unsigned zones, const char *query, const char *field)
{
	struct asking *a = calloc(1, sizeof *a);
	ck_assert_ptr_nonnull(a);
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_init(&a->bufs[i], MESSAGE_TEXT_BUF_MAX);
	buf_init(&a->folded, 1 << 16);
	utf8_fold(view_of(query), &a->folded);
	extract_reader_init(&a->extracts, store);
	fuzzy_reader_init(&a->reader, &a->extracts, a->parts);
	ck_assert(fuzzy_query_init(
	    &a->query, zones, buf_view(&a->folded), view_of(field)));
	ck_assert_int_eq(store_read(store, &a->t), 0);
	return a;
}

static void asking_free(struct asking *a)
{
	store_end(&a->t);
	extract_reader_end(&a->extracts);
	fuzzy_reader_deinit(&a->reader);
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_deinit(&a->bufs[i]);
	buf_deinit(&a->folded);
	free(a);
}

static unsigned asking_score(struct asking *a, uint32_t uid)
{
	struct message_text x = { a->bufs, &a->t, 0, 0 };
	struct message m;
	ck_assert_int_eq(message_get(&a->t, inbox(), uid, &m), 0);
	unsigned score = fuzzy_ask(&a->reader, &a->query, &x, &m);
	ck_assert_int_eq(x.error, 0);
	ck_assert_uint_le(score, FUZZY_SCORE_MAX);
	a->read_any |= a->reader.was_read;
	return score;
}

static unsigned score_of(unsigned zones, const char *query, const char *field,
    uint32_t uid, bool want_read)
{
	struct asking *a = asking_new(zones, query, field);
	unsigned score = asking_score(a, uid);
	ck_assert_int_eq(a->reader.was_read, want_read);
	asking_free(a);
	return score;
}

enum {
	HEADER = EXTRACT_BIT(EXTRACT_HEADER),
	BODY = EXTRACT_BIT(EXTRACT_BODY),
	TEXT = EXTRACT_ALL_ZONES
};

#define LONG_NOISE "noise noise noise noise noise noise noise noise noise "

static const struct {
	const char *mail, *query;
	unsigned zones;
	const char *field;
	unsigned score;
} scores[] = {
	/* Each closeness, alone, in the body and in the subject. */
	{ "Subject: x\r\n\r\na schedule b", "schedule", BODY, "", 60 },
	{ "Subject: x\r\n\r\na schedules b", "schedule", BODY, "", 40 },
	{ "Subject: x\r\n\r\na shedule b", "schedule", BODY, "", 20 },
	{ "Subject: x\r\n\r\na sheduel b", "schedule", BODY, "", 1 },
	{ "Subject: x\r\n\r\na hedule b", "schedule", BODY, "", 1 },
	{ "Subject: x\r\n\r\na edule b", "schedule", BODY, "", 0 },
	{ "Subject: schedule\r\n\r\nx", "schedule", TEXT, "", 85 },
	{ "Subject: schedules\r\n\r\nx", "schedule", TEXT, "", 65 },
	{ "Subject: shedule\r\n\r\nx", "schedule", TEXT, "", 45 },
	{ "Subject: sheduel\r\n\r\nx", "schedule", TEXT, "", 26 },
	{ "From: schedule@example.org\r\n\r\nx", "schedule", TEXT, "", 60 },
	/* More of them, of any closeness, up to fifteen more. */
	{ "Subject: x\r\n\r\nnoise noice", "noise", BODY, "", 61 },
	{ "Subject: x\r\n\r\nnoice noise noises", "noise", BODY, "", 62 },
	{ "Subject: x\r\n\r\n" LONG_NOISE LONG_NOISE, "noise", BODY, "", 75 },
	{ "Subject: noise\r\n\r\n" LONG_NOISE LONG_NOISE, "noise", TEXT, "",
	    100 },
	{ "Subject: noise\r\n\r\nnoise", "noise", TEXT, "", 86 },
	/* The best of several kinds counts: here and there. */
	{ "Subject: noice\r\n\r\nnoise", "noise", TEXT, "", 61 },
	{ "Subject: noises\r\n\r\nnoise", "noise", TEXT, "", 66 },
	/* Every word, somewhere; the mean, rounded down. */
	{ "Subject: broken\r\n\r\nIMAP", "IMAP break", TEXT, "", 0 },
	{ "Subject: IMAP is broken\r\n\r\nx", "broken imap", TEXT, "", 85 },
	{ "Subject: imap\r\n\r\nbroken", "broken imap", TEXT, "", 72 },
	{ "Subject: imap\r\n\r\nx", "broken imap", TEXT, "", 0 },
	{ "Subject: x\r\n\r\nimap", "imap imap", TEXT, "", 60 },
	/* Case, marks, charsets. */
	{ "Subject: =?iso-8859-1?Q?R=C9SUM=C9?=\r\n\r\nx", "resume", HEADER,
	    "subject", 85 },
	{ "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
	  "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82",
	    "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5", BODY, "", 40 },
	/* Fields: the one, or those for people, and only their values. */
	{ "From: Anna\r\nTo: Bert\r\n\r\nx", "anna", HEADER, "from", 60 },
	{ "From: Anna\r\nTo: Bert\r\n\r\nx", "anna", HEADER, "to", 0 },
	{ "From: Anna\r\n\r\nx", "from", TEXT, "", 0 },
	{ "Received: from anna\r\n\r\nx", "anna", TEXT, "", 0 },
	{ "Received: from anna\r\n\r\nx", "anna", HEADER, "received", 60 },
	{ "Subject: x\r\n\r\nanna", "anna", HEADER, "", 0 },
	{ "Subject: anna\r\n\r\nx", "anna", BODY, "", 0 },
	/* Names of files. */
	{ "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
	  "Content-Type: image/png; name=holiday.png\r\n\r\nx\r\n--b--\r\n",
	    "holidays", TEXT, "", 20 },
	{ "Content-Type: text/html\r\n\r\n<p class=noise>x</p>", "noise", BODY,
	    "", 0 },
};

START_TEST(scores_and_extracts_agree)
{
	append(scores[_i].mail);
	for (int i = 0; i < 2; i++) {
		unsigned score = score_of(scores[_i].zones, scores[_i].query,
		    scores[_i].field, 1, i == 0);
		ck_assert_uint_eq(score, scores[_i].score);
		build_extracts();
	}
}

END_TEST

START_TEST(queries)
{
	struct fuzzy_query q;
	struct buf many;
	buf_init(&many, 4096);
	ck_assert(!fuzzy_query_init(&q, TEXT, V(""), V_NONE));
	ck_assert(!fuzzy_query_init(&q, TEXT, V(" -- !?"), V_NONE));
	ck_assert(fuzzy_query_init(&q, TEXT, V("a b"), V_NONE));
	ck_assert_uint_eq(q.n_words, 2);
	for (int i = 0; i < 2 * FUZZY_WORDS_MAX; i++)
		buf_put(&many, V("word "));
	ck_assert(fuzzy_query_init(&q, TEXT, buf_view(&many), V_NONE));
	ck_assert_uint_eq(q.n_words, FUZZY_WORDS_MAX);
	buf_deinit(&many);
}

END_TEST

/* What an extract leaves out is not searched in the message either. */
START_TEST(long_texts_end_at_the_same_place)
{
	struct buf m;
	buf_init(&m, 4 << 20);
	buf_put(&m, V("Subject: x\r\n\r\nearly "));
	while (buf_len(&m) < EXTRACT_OCTETS_MAX + 1000)
		buf_put(&m, V("words and\r\n"));
	buf_put(&m, V("later\r\n"));
	append_to(inbox(), buf_view(&m));
	buf_deinit(&m);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(score_of(BODY, "early", "", 1, i == 0), 60);
		ck_assert_uint_eq(score_of(BODY, "later", "", 1, i == 0), 0);
		build_extracts();
	}
}

END_TEST

/* Candidates. */

static bool find_candidates(
    const struct fuzzy_query *q, uint64_t asked, struct uidset *out)
{
	struct extract_reader r;
	struct fuzzy_candidates c;
	struct store_txn t;
	bool useful = true;
	uidset_clear(out);
	extract_reader_init(&r, store);
	fuzzy_candidates_init(&c, q, inbox(), asked);
	while (useful && !c.done) {
		ck_assert_int_eq(store_read(store, &t), 0);
		useful = fuzzy_candidates_next(&c, &r, &t, out);
		extract_reader_end(&r);
		store_end(&t);
	}
	return useful;
}

static bool has_candidates(const char *query, unsigned zones, const char *field,
    uint64_t asked, struct uidset *out)
{
	struct fuzzy_query q;
	ck_assert(fuzzy_query_init(&q, zones, view_of(query), view_of(field)));
	return find_candidates(&q, asked, out);
}

static void check_found(const char *query, const char *want)
{
	struct uidset found;
	struct buf got;
	uidset_init(&found);
	buf_init(&got, 4096);
	ck_assert(has_candidates(query, TEXT, "", 1000, &found));
	uidset_put(&got, &found);
	ck_assert_view_eq(buf_view(&got), view_of(want));
	buf_deinit(&got);
	uidset_deinit(&found);
}

static bool is_useful(
    const char *query, unsigned zones, const char *field, uint64_t asked)
{
	struct uidset found;
	uidset_init(&found);
	bool useful = has_candidates(query, zones, field, asked, &found);
	uidset_deinit(&found);
	return useful;
}

/* As after a search. */
static void build_index(void)
{
	build_extracts();
	store->extracts->wants_words = true;
	for (int i = 0; extract_idle(store) && i < 1000; i++)
		continue;
}

static uint64_t indexed(void)
{
	struct extract_meta m;
	struct kv_txn t;
	struct extracts *x = extract_use(store, false);
	ck_assert_ptr_nonnull(x);
	ck_assert_int_eq(kv_read(x->kv, &t), 0);
	ck_assert_int_eq(extract_meta_get(&t, &m), 0);
	kv_abort(&t);
	return m.indexed_msgid;
}

static unsigned n_blocks(void)
{
	struct kv_table_stats stats;
	struct kv_txn t;
	ck_assert_int_eq(kv_read(store->extracts->kv, &t), 0);
	ck_assert_int_eq(kv_table_stats(&t, EXTRACT_TABLE_WORDS, &stats), 0);
	kv_abort(&t);
	return (unsigned)stats.entries;
}

/* "uniquebbbaaa" is the first; no two are close. "fromaaa" are the first 25. */
static void append_numbered(unsigned first, unsigned last)
{
	for (unsigned i = first; i <= last; i++) {
		char text[200], a = (char)('a' + i % 26);
		char b = (char)('a' + i / 26);
		snprintf(text, sizeof text,
		    "Subject: common\r\nFrom: from%c%c%c\r\n\r\n"
		    "unique%c%c%c%c%c%c mail\r\n",
		    b, b, b, a, a, a, b, b, b);
		append(text);
	}
}

START_TEST(index_is_made_after_a_search)
{
	append_numbered(1, 100);
	build_extracts();
	ck_assert(!extract_idle(store));
	ck_assert_uint_eq(indexed(), 0);
	ck_assert(!is_useful("uniquebbbaaa", TEXT, "", 1000));
	ck_assert(extract_idle(store));
	ck_assert(!extract_idle(store));
	ck_assert_uint_gt(indexed(), 0);
	ck_assert(is_useful("uniquebbbaaa", TEXT, "", 1000));
	/* From now on, without another search, and after a restart. */
	reopen();
	append_numbered(101, 200);
	uint64_t before = indexed();
	build_extracts();
	while (extract_idle(store))
		continue;
	ck_assert_uint_gt(indexed(), before + 99);
	ck_assert_uint_eq(n_blocks(), 1); /* they joined the others */
}

END_TEST

START_TEST(finds_those_that_match)
{
	append_numbered(1, 200);
	build_index();
	check_found("uniquebbbaaa", "1");
	check_found("Uniquebbabaa", "1");
	check_found("uniqueaaabbb", "26");
	check_found("uniquebbbaa common", "1");
	check_found("uniquezzzzzz", "");
	check_found("uniquebbbaaa nowhere", "");
	check_found("fromaaa", "1:25");
	check_found("frombba", "26:51");
	append("Subject: new\r\n\r\nnew"); /* not known of */
	check_found("uniquebbbaaa", "1,201");
}

END_TEST

START_TEST(not_where_it_does_not_pay)
{
	append_numbered(1, 200);
	build_index();
	ck_assert(is_useful("uniquebbbaaa", BODY, "", 200));
	ck_assert(is_useful("fromaaa", HEADER, "from", 200));
	ck_assert(!is_useful("fromaaa", HEADER, "received", 200));
	ck_assert(!is_useful("uniquebbbaaa", BODY, "", 0));
	ck_assert(!is_useful("common", TEXT, "", 200)); /* all have it */
	ck_assert(is_useful("common", BODY, "", 200));  /* not there */
}

END_TEST

/* More words than a block has room for: it may have any. */
START_TEST(masses_of_words)
{
	struct buf m;
	uint32_t number = 1;
	buf_init(&m, 4 << 20);
	buf_put(&m, V("Subject: x\r\n\r\n"));
	while (buf_len(&m) < EXTRACT_OCTETS_MAX)
		buf_printf(&m, "w%xw\r\n", (number *= 2654435761u) >> 8);
	append_to(inbox(), buf_view(&m));
	buf_deinit(&m);
	append_numbered(2, 200);
	build_index();
	ck_assert_uint_eq(n_blocks(), 2);
	check_found("uniqueaaabbb", "1,26");
}

END_TEST

/* Messages of 30 KB: some blocks. */
static void append_large(unsigned n)
{
	struct buf m;
	buf_init(&m, 1 << 16);
	for (unsigned i = 0; i < n; i++) {
		buf_reset(&m);
		buf_put(&m, V("Subject: x\r\n\r\nneedle\r\n"));
		while (buf_len(&m) < 30000)
			buf_printf(&m, "common words %zu\r\n", buf_len(&m));
		append_to(inbox(), buf_view(&m));
	}
	buf_deinit(&m);
}

/* A later turn begins anywhere, also where blocks have moved meanwhile. */
START_TEST(goes_on_where_it_was)
{
	struct extract_reader r;
	struct fuzzy_query q;
	struct uidset found;
	struct store_txn t;
	append_large(170);
	build_index();
	ck_assert_uint_ge(n_blocks(), 3);
	ck_assert(fuzzy_query_init(&q, BODY, V("needle"), V_NONE));
	uidset_init(&found);
	extract_reader_init(&r, store);
	for (uint32_t uid = 1; uid <= 170; uid += 3) {
		struct fuzzy_candidates c;
		fuzzy_candidates_init(&c, &q, inbox(), 1000);
		c.next_msgid = uid;
		uidset_clear(&found);
		ck_assert_int_eq(store_read(store, &t), 0);
		ck_assert(fuzzy_candidates_next(&c, &r, &t, &found));
		extract_reader_end(&r);
		store_end(&t);
		ck_assert(c.done);
		for (uint32_t other = uid; other <= 170; other++)
			ck_assert(uidset_has(&found, other));
	}
	ck_assert_uint_lt(found.count, 170); /* it did not begin anew */
	uidset_deinit(&found);
}

END_TEST

static void expunge(uint32_t first, uint32_t last)
{
	struct uidset uids, gone;
	uidset_init(&uids);
	uidset_init(&gone);
	ck_assert_int_eq(uidset_add(&uids, first, last), 0);
	ck_assert_int_eq(
	    message_expunge(store, inbox(), &uids, false, &gone), 0);
	uidset_deinit(&uids);
	uidset_deinit(&gone);
}

static bool block_has(const char *text)
{
	struct kv_cursor c;
	struct kv_txn t;
	bool found = false;
	ck_assert_int_eq(kv_read(store->extracts->kv, &t), 0);
	ck_assert_int_eq(kv_cursor_open(&c, &t, EXTRACT_TABLE_WORDS), 0);
	struct key k = extract_key(0);
	for (int error = kv_cursor_seek(&c, key_view(&k)); !error;
	     error = kv_cursor_next(&c))
		found |= view_find(c.value, view_of(text)) < c.value.n;
	kv_cursor_close(&c);
	kv_abort(&t);
	return found;
}

static void purge(void)
{
	test_now_s += 400 * 86400;
	store_housekeeping(store);
	for (int i = 0; i < 4; i++) {
		store->extracts->idle_change = 0;
		while (extract_idle(store))
			continue;
	}
}

START_TEST(forgets_what_was_purged)
{
	append_n(30, "Subject: x\r\n\r\nephemeral\r\n");
	append_numbered(31, 130);
	build_index();
	ck_assert(block_has("ephemeral"));
	expunge(1, 20);
	purge();
	ck_assert(block_has("ephemeral")); /* too few to be worth it */
	expunge(21, 60);
	purge();
	ck_assert(!block_has("ephemeral"));
	check_found("uniquebbbddd", "79");
	check_found("uniquejjjbbb", ""); /* 35 is gone */
	expunge(61, 130);
	purge();
	ck_assert_uint_eq(n_blocks(), 0);
	check_found("uniquebbbddd", "");
}

END_TEST

/* Extracts are not made again for the few octets of these, the index is for so
 * many messages. */
START_TEST(forgets_short_ones)
{
	struct buf m;
	buf_init(&m, 1 << 16);
	buf_put(&m, V("Subject: "));
	for (int i = 0; i < 30; i++)
		buf_put(&m, V("a long one that stays\r\n "));
	buf_put(&m, V("\r\n\r\nx\r\n"));
	append_n(40, "Subject: ephemeral\r\n\r\nx\r\n");
	for (int i = 0; i < 60; i++)
		append_to(inbox(), buf_view(&m));
	buf_deinit(&m);
	build_index();
	expunge(1, 40);
	purge();
	ck_assert(!block_has("ephemeral"));
	ck_assert(block_has("stays"));
}

END_TEST

static void put_block(struct view value)
{
	struct kv_txn t;
	struct key k = extract_key(1);
	ck_assert_int_eq(kv_write(store->extracts->kv, &t), 0);
	kv_put(&t, EXTRACT_TABLE_WORDS, key_view(&k), value);
	ck_assert_int_eq(kv_commit(&t), 0);
}

START_TEST(damage_is_thrown_away)
{
	append_numbered(1, 100);
	build_index();
	check_found("uniquebbbaaa", "1");
	put_block(V("garbage"));
	ck_assert(!is_useful("uniquebbbaaa", TEXT, "", 1000));
	ck_assert_uint_eq(score_of(TEXT, "uniquebbbaaa", "", 1, true), 60);
	build_index();
	check_found("uniquebbbaaa", "1");
}

END_TEST

/* Whoever makes the index meets it, too. */
START_TEST(damage_is_met_in_idle_times)
{
	append_numbered(1, 100);
	build_index();
	put_block(V("garbage"));
	append_numbered(101, 200);
	build_index();
	ck_assert_uint_eq(score_of(TEXT, "uniquebbbaaa", "", 1, true), 60);
	build_index();
	check_found("uniquebbbaaa", "1");
}

END_TEST

/* Random mail, by a model that has its own way to all of it. */

enum {
	MAILS = 160,
	WORDS_MAX = 12,
	QUERIES = 25
};

static uint32_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

/* Of few letters: many are close. */
static void put_word(struct buf *out)
{
	static const char *const stems[] = { "a", "ab", "abc", "abca", "bacab",
		"abcabcab", "cabbagecab" };
	const char *stem = stems[below(7)];
	size_t n = strlen(stem);
	for (size_t i = 0; i < n; i++) {
		uint32_t way = below(20);
		if (way != 0)
			buf_put_char(
			    out, way == 1 ? (char)('a' + below(3)) : stem[i]);
		if (way == 2)
			buf_put_char(out, (char)('a' + below(3)));
	}
	buf_put_char(out, below(4) ? ' ' : '-');
}

struct mail {
	struct view subject, from, note, body;
};

static struct view random_words(unsigned max)
{
	struct buf b;
	buf_init(&b, 4096);
	buf_put_char(&b, ' ');
	for (uint32_t n = below(max); n; n--)
		put_word(&b);
	struct view copy = exact_copy(buf_view(&b));
	buf_deinit(&b);
	return copy;
}

static void make_mail(struct mail *m)
{
	struct buf b;
	buf_init(&b, 1 << 16);
	*m = (struct mail){ random_words(4), random_words(3), random_words(4),
		random_words(WORDS_MAX) };
	buf_printf(&b, "Subject:%.*s\r\nFrom:%.*s\r\nX-Note:%.*s\r\n\r\n%.*s",
	    (int)m->subject.n, m->subject.p, (int)m->from.n, m->from.p,
	    (int)m->note.n, m->note.p, (int)m->body.n, m->body.p);
	append_to(inbox(), buf_view(&b));
	buf_deinit(&b);
}

static void free_mail(struct mail *m)
{
	exact_free(m->subject);
	exact_free(m->from);
	exact_free(m->note);
	exact_free(m->body);
}

static bool model_word(struct view *v, struct view *out)
{
	size_t i = 0, end;
	while (i < v->n && (v->p[i] == ' ' || v->p[i] == '-'))
		i++;
	for (end = i; end < v->n && v->p[end] != ' ' && v->p[end] != '-';)
		end++;
	*out = view_slice(*v, i, end);
	*v = view_skip(*v, end);
	return out->n > 0;
}

static void model_count(struct view word, struct view text, unsigned bonus,
    unsigned *best, unsigned *n)
{
	static const unsigned points[] = { 0, 1, 20, 40, 60 };
	struct view other;
	while (model_word(&text, &other)) {
		enum word_closeness c = slow_compare(word, other);
		if (c == WORD_FAR)
			continue;
		++*n;
		if (points[c] + bonus > *best)
			*best = points[c] + bonus;
	}
}

enum scope {
	SUBJECT,
	FROM,
	NOTE,
	ONLY_BODY,
	ALL_TEXT,
	SCOPES
};

static const struct {
	unsigned zones;
	const char *field;
} scopes[] = { { HEADER, "subject" }, { HEADER, "from" }, { HEADER, "x-note" },
	{ BODY, "" }, { TEXT, "" } };

static unsigned model_score(
    const struct mail *m, struct view query, enum scope scope)
{
	unsigned sum = 0, words = 0;
	struct view word;
	for (; model_word(&query, &word); words++) {
		unsigned best = 0, n = 0;
		if (scope == SUBJECT || scope == ALL_TEXT)
			model_count(word, m->subject, 25, &best, &n);
		if (scope == FROM || scope == ALL_TEXT)
			model_count(word, m->from, 0, &best, &n);
		if (scope == NOTE)
			model_count(word, m->note, 0, &best, &n);
		if (scope == ONLY_BODY || scope == ALL_TEXT)
			model_count(word, m->body, 0, &best, &n);
		if (n == 0)
			return 0;
		sum += best + (n > 16 ? 15 : n - 1);
	}
	return sum / words;
}

/* Without candidates (always so when want is false) each is asked. */
static unsigned check_query(
    const struct mail *mails, uint32_t n, struct view query, enum scope scope)
{
	struct buf text;
	struct uidset found;
	unsigned matches = 0;
	buf_init(&text, 4096);
	buf_put(&text, query);
	buf_put_char(&text, '\0');
	struct asking *a = asking_new(
	    scopes[scope].zones, buf_view(&text).p, scopes[scope].field);
	uidset_init(&found);
	bool useful = find_candidates(&a->query, 100000, &found);
	for (uint32_t uid = 1; uid <= n; uid++) {
		unsigned want = model_score(&mails[uid - 1], query, scope);
		ck_assert_msg(asking_score(a, uid) == want, "uid %u query%s",
		    uid, buf_view(&text).p);
		ck_assert(!useful || !want || uidset_has(&found, uid));
		matches += want > 0;
	}
	/* It is of use, too: others are those that are not indexed, and those
	 * that have the words in other fields. */
	uint64_t unknown = n - (useful ? indexed() : 0);
	ck_assert(
	    !useful || scope < ONLY_BODY || found.count <= matches + unknown);
	ck_assert(
	    useful || scope == NOTE || !store->extracts->kv || indexed() == 0);
	uidset_deinit(&found);
	asking_free(a);
	buf_deinit(&text);
	return matches;
}

static void check_queries(const struct mail *mails, uint32_t n)
{
	unsigned matches = 0;
	for (int i = 0; i < QUERIES; i++) {
		struct view query = random_words(4), v = query, word;
		enum scope scope = (enum scope)below(SCOPES);
		if (model_word(&v, &word))
			matches += check_query(mails, n, query, scope);
		exact_free(query);
	}
	ck_assert_uint_gt(matches, QUERIES);
}

START_TEST(random_mail_as_model)
{
	static struct mail mails[MAILS];
	seed = (uint32_t)_i + 1;
	for (uint32_t i = 0; i < MAILS / 2; i++)
		make_mail(&mails[i]);
	check_queries(mails, MAILS / 2);
	build_extracts();
	check_queries(mails, MAILS / 2);
	build_index();
	ck_assert_uint_gt(indexed(), 0);
	check_queries(mails, MAILS / 2);
	for (uint32_t i = MAILS / 2; i < MAILS; i++)
		make_mail(&mails[i]);
	check_queries(mails, MAILS); /* half of them is not known */
	build_index();
	ck_assert_uint_eq(indexed(), MAILS);
	check_queries(mails, MAILS);
	for (uint32_t i = 0; i < MAILS; i++)
		free_mail(&mails[i]);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/fuzzy");
	TCase *t = tcase_create("fuzzy");
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, scores_and_extracts_agree, 0, sizeof scores / sizeof *scores);
	tcase_add_test(t, queries);
	tcase_add_test(t, long_texts_end_at_the_same_place);
	tcase_add_test(t, index_is_made_after_a_search);
	tcase_add_test(t, finds_those_that_match);
	tcase_add_test(t, not_where_it_does_not_pay);
	tcase_add_test(t, masses_of_words);
	tcase_add_test(t, goes_on_where_it_was);
	tcase_add_test(t, forgets_what_was_purged);
	tcase_add_test(t, forgets_short_ones);
	tcase_add_test(t, damage_is_thrown_away);
	tcase_add_test(t, damage_is_met_in_idle_times);
	tcase_add_loop_test(t, random_mail_as_model, 0, 3);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
