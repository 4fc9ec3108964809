/* Blocks of the index of words say who has close words, no more and no less;
 * damaged ones say anything, but read nothing else. */
#include "slow_word.h"
#include "store/search/fuzzy_index.h"
#include "suite.h"

enum {
	MESSAGES = 40,
	TEXTS_MAX = 1 << 16
};

static uint32_t seed;

static uint32_t below(uint32_t n)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % n;
}

static void put_word(struct buf *out)
{
	for (uint32_t n = 1 + below(10); n; n--)
		buf_put_char(out, (char)('a' + below(3)));
	buf_put_char(out, ' ');
}

/* What each message has in each zone. */
struct texts {
	struct buf zones[MESSAGES][EXTRACT_ZONES];
	struct fuzzy_draft *draft;
	struct buf value;
};

static struct texts *texts_new(unsigned words)
{
	struct texts *t = calloc(1, sizeof *t);
	ck_assert_ptr_nonnull(t);
	t->draft = fuzzy_draft_new();
	buf_init(&t->value, 1 << 20);
	for (uint32_t i = 0; i < MESSAGES; i++) {
		fuzzy_draft_add(t->draft, 1000 + 2 * i);
		for (unsigned j = 0; j < EXTRACT_ZONES; j++) {
			struct buf *b = &t->zones[i][j];
			buf_init(b, TEXTS_MAX);
			for (uint32_t n = below(words); n; n--)
				put_word(b);
			fuzzy_draft_words(
			    t->draft, (enum extract_zone)j, buf_view(b));
		}
		if (i % 7 == 3)
			fuzzy_draft_open(t->draft);
	}
	fuzzy_draft_encode(t->draft, &t->value);
	return t;
}

static void texts_free(struct texts *t)
{
	for (uint32_t i = 0; i < MESSAGES; i++)
		for (unsigned j = 0; j < EXTRACT_ZONES; j++)
			buf_deinit(&t->zones[i][j]);
	fuzzy_draft_free(&t->draft);
	buf_deinit(&t->value);
	free(t);
}

static bool slow_has(const struct texts *t, uint32_t message, unsigned zones,
    struct view pattern)
{
	for (unsigned j = 0; j < EXTRACT_ZONES; j++) {
		struct view rest = buf_view(&t->zones[message][j]), word;
		while (zones & EXTRACT_BIT(j) && view_cut(&rest, ' ', &word))
			if (slow_compare(pattern, word) != WORD_FAR)
				return true;
	}
	return false;
}

static struct word_pattern pattern_of(struct view v)
{
	struct word_pattern p;
	struct word w;
	ck_assert(word_next(&v, &w));
	word_pattern_init(&p, w);
	return p;
}

START_TEST(finds_as_slow)
{
	struct fuzzy_block f;
	unsigned found = 0, missed = 0;
	seed = (uint32_t)_i + 1;
	struct texts *t = texts_new(2 + 10 * (unsigned)_i);
	struct view value = exact_copy(buf_view(&t->value));
	ck_assert_int_eq(fuzzy_block_decode(value, &f), 0);
	ck_assert_uint_eq(f.n, MESSAGES);
	for (int i = 0; i < 300; i++) {
		struct buf b;
		struct fuzzy_hits hits = { { 0 } };
		unsigned zones = 1 + below(EXTRACT_ALL_ZONES);
		buf_init(&b, 64);
		put_word(&b);
		struct view v = view_trim(buf_view(&b));
		struct word_pattern p = pattern_of(v);
		fuzzy_block_find(&f, &p, zones, &hits);
		for (uint32_t j = 0; j < MESSAGES; j++) {
			bool has = hits.bits[j / 64] >> j % 64 & 1;
			ck_assert_int_eq(has, slow_has(t, j, zones, v));
			found += has;
			missed += !has;
		}
		buf_deinit(&b);
	}
	ck_assert_uint_gt(found, 0);
	ck_assert_uint_gt(missed, 0);
	exact_free(value);
	texts_free(t);
}

END_TEST

START_TEST(messages)
{
	struct fuzzy_block f;
	seed = 1;
	struct texts *t = texts_new(5);
	ck_assert_int_eq(fuzzy_block_decode(buf_view(&t->value), &f), 0);
	ck_assert_uint_eq(f.first, 1000);
	ck_assert_uint_eq(f.last, 1000 + 2 * (MESSAGES - 1));
	ck_assert(!fuzzy_block_is_large(&f));
	for (uint32_t i = 0; i < MESSAGES; i++) {
		bool is_open;
		ck_assert_uint_eq(
		    fuzzy_block_msgid(&f, i, &is_open), 1000 + 2 * i);
		ck_assert_int_eq(is_open, i % 7 == 3);
	}
	texts_free(t);
}

END_TEST

/* Whatever it says. */
static void use(struct view v)
{
	struct view value = exact_copy(v);
	struct fuzzy_block f;
	if (fuzzy_block_decode(value, &f) == 0) {
		static const char *const words[] = { "a", "abcabc",
			"abcabcabca", "bca" };
		for (unsigned i = 0; i < 4; i++) {
			struct fuzzy_hits hits = { { 0 } };
			struct word_pattern p = pattern_of(view_of(words[i]));
			fuzzy_block_find(&f, &p, EXTRACT_ALL_ZONES, &hits);
		}
		(void)fuzzy_block_msgid(&f, f.n - 1, NULL);
	}
	exact_free(value);
}

START_TEST(damage)
{
	seed = 9;
	struct texts *t = texts_new(4);
	struct view v = buf_view(&t->value);
	for (size_t n = 0; n < v.n; n++)
		use(view_head(v, n));
	for (int i = 0; i < 3000; i++) {
		struct buf b;
		buf_init(&b, v.n);
		buf_put(&b, v);
		for (uint32_t n = 1 + below(3); n; n--)
			b.p[b.start + below(i % 2 ? (uint32_t)v.n : 600)] =
			    (char)below(256);
		use(buf_view(&b));
		buf_deinit(&b);
	}
	texts_free(t);
}

END_TEST

#define ZEROS "\0\0\0\0"

static const struct view bad[] = {
	V_INIT(""),
	V_INIT("\1"),
	V_INIT(ZEROS ZEROS ZEROS ZEROS ZEROS),
	/* more messages than any has */
	V_INIT("\xff\xff\xff\xff" ZEROS ZEROS ZEROS ZEROS),
	/* one, but no msgid of it */
	V_INIT("\1\0\0\0" ZEROS ZEROS ZEROS ZEROS "\0"),
	/* a word more than the groups have */
	V_INIT("\1\0\0\0" ZEROS "\1\0\0\0" ZEROS ZEROS "\1\0\0\0" ZEROS
	       "mask" ZEROS),
	/* a group of words without letters */
	V_INIT("\1\0\0\0\1\0\0\0\1\0\0\0" ZEROS ZEROS "\1\0\0\0" ZEROS ZEROS
	       "\1\0\0\0mask" ZEROS),
};

START_TEST(corrupt)
{
	struct fuzzy_block f;
	struct view v = exact_copy(bad[_i]);
	ck_assert_int_eq(fuzzy_block_decode(v, &f), MC_E_CORRUPT);
	exact_free(v);
}

END_TEST

/* As somebody may send them. */
START_TEST(one_slot_for_all)
{
	struct fuzzy_draft *d = fuzzy_draft_new();
	struct fuzzy_block f;
	struct buf value, text;
	bool is_open;
	buf_init(&value, 16 << 20);
	buf_init(&text, 4 << 20);
	fuzzy_draft_add(d, 1);
	/* Words that fall near to each other, more than are looked at. */
	for (uint32_t i = 0, n = 0; n < 300; i++) {
		char word[16];
		snprintf(word, sizeof word, "w%u", i);
		if (view_hash(view_of(word)) % (128 * 1024) < 32) {
			buf_printf(&text, "%s ", word);
			n++;
		}
	}
	fuzzy_draft_words(d, EXTRACT_BODY, buf_view(&text));
	fuzzy_draft_encode(d, &value);
	ck_assert_int_eq(fuzzy_block_decode(buf_view(&value), &f), 0);
	ck_assert_uint_eq(fuzzy_block_msgid(&f, 0, &is_open), 1);
	ck_assert(is_open);
	buf_deinit(&value);
	buf_deinit(&text);
	fuzzy_draft_free(&d);
}

END_TEST

START_TEST(full_ones)
{
	struct fuzzy_draft *d = fuzzy_draft_new();
	for (uint32_t i = 0; i < FUZZY_BLOCK_MESSAGES; i++) {
		ck_assert(!fuzzy_draft_is_full(d));
		fuzzy_draft_add(d, i + 1);
	}
	ck_assert(fuzzy_draft_is_full(d));
	ck_assert_uint_eq(fuzzy_draft_messages(d), FUZZY_BLOCK_MESSAGES);
	fuzzy_draft_reset(d);
	ck_assert(!fuzzy_draft_is_full(d));
	ck_assert_uint_eq(fuzzy_draft_messages(d), 0);
	fuzzy_draft_free(&d);
}

END_TEST

static Suite *build(void)
{
	Suite *s = suite_create("store/fuzzy_index");
	TCase *t = tcase_create("index");
	tcase_add_loop_test(t, finds_as_slow, 0, 4);
	tcase_add_test(t, messages);
	tcase_add_test(t, damage);
	tcase_add_loop_test(t, corrupt, 0, sizeof bad / sizeof *bad);
	tcase_add_test(t, one_slot_for_all);
	tcase_add_test(t, full_ones);
	suite_add_tcase(s, t);
	return s;
}

SUITE_MAIN(build)
