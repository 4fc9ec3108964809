#include "store/search/fuzzy.h"
#include "store/search/extract_segment.h"
#include "store/search/fuzzy_text.h"

enum {
	IN_SUBJECT = 25,
	MORE_MAX = 15
};

static const unsigned worth[] = { [WORD_FAR] = 0,
	[WORD_TWO_EDITS] = 1,
	[WORD_ONE_EDIT] = 20,
	[WORD_PREFIX] = 40,
	[WORD_EQUAL] = FUZZY_SCORE_MAX - IN_SUBJECT - MORE_MAX };

/* Long ones first: they are rare. */
static void add_word(struct fuzzy_query *q, struct word w)
{
	unsigned i = q->n_words++;
	for (; i && q->words[i - 1].word.letters < w.letters; i--)
		q->words[i] = q->words[i - 1];
	word_pattern_init(&q->words[i], w);
}

bool fuzzy_query_init(
    struct fuzzy_query *q, unsigned zones, struct view text, struct view field)
{
	struct word w;
	*q = (struct fuzzy_query){ .zones = zones, .field = field };
	while (q->n_words < FUZZY_WORDS_MAX && word_next(&text, &w))
		add_word(q, w);
	return q->n_words > 0;
}

/* What was found of each word of a query. */
struct tally {
	const struct fuzzy_query *query;
	unsigned best[FUZZY_WORDS_MAX], found[FUZZY_WORDS_MAX];
};

static void count_word(
    struct tally *t, unsigned i, const struct word *w, unsigned bonus)
{
	enum word_closeness c = word_compare(&t->query->words[i], w);
	if (c == WORD_FAR)
		return;
	t->found[i]++;
	if (worth[c] + bonus > t->best[i])
		t->best[i] = worth[c] + bonus;
}

static void count_words(struct tally *t, struct view text, unsigned bonus)
{
	const struct fuzzy_query *q = t->query;
	struct word w;
	while (word_next(&text, &w))
		for (unsigned i = 0; i < q->n_words; i++)
			if (word_may_be_close(&q->words[i], &w))
				count_word(t, i, &w, bonus);
}

static void count_zone(struct tally *t, enum extract_zone zone, struct view v)
{
	struct fuzzy_text text = { .zone = zone,
		.rest = v,
		.field = zone == EXTRACT_HEADER ? t->query->field : V_NONE };
	struct view piece;
	while (fuzzy_text_next(&text, &piece)) {
		bool is_subject =
		    zone == EXTRACT_HEADER && view_eq(text.name, V("subject"));
		count_words(t, piece, is_subject ? IN_SUBJECT : 0);
	}
}

unsigned fuzzy_score(
    const struct fuzzy_query *q, const struct view texts[EXTRACT_ZONES])
{
	struct tally t = { .query = q };
	unsigned sum = 0;
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		if (q->zones & EXTRACT_BIT(i))
			count_zone(&t, (enum extract_zone)i, texts[i]);
	for (unsigned i = 0; i < q->n_words; i++) {
		if (t.found[i] == 0)
			return 0;
		unsigned more = t.found[i] - 1;
		sum += t.best[i] + (more < MORE_MAX ? more : MORE_MAX);
	}
	return sum / q->n_words;
}

void fuzzy_reader_init(struct fuzzy_reader *r, struct extract_reader *extracts,
    struct mime_part *parts)
{
	*r = (struct fuzzy_reader){ .extracts = extracts, .parts = parts };
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		buf_init(&r->texts[i], EXTRACT_OCTETS_MAX);
}

void fuzzy_reader_deinit(struct fuzzy_reader *r)
{
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		buf_deinit(&r->texts[i]);
}

static bool find_extracts(struct fuzzy_reader *r, const struct fuzzy_query *q,
    const struct message *m, struct view texts[EXTRACT_ZONES])
{
	uint32_t check = extract_check(m->size_bytes, m->internaldate);
	struct extract_entry e;
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		if (q->zones & EXTRACT_BIT(i) &&
		    (!extract_find(r->extracts, (enum extract_zone)i, m->msgid,
			 &e, &texts[i]) ||
			e.check != check))
			return false;
	return true;
}

static bool read_texts(struct fuzzy_reader *r, const struct fuzzy_query *q,
    struct message_text *x, struct view texts[EXTRACT_ZONES])
{
	struct extract_texts made;
	for (unsigned i = 0; i < EXTRACT_ZONES; i++) {
		buf_reset(&r->texts[i]);
		made.texts[i] = &r->texts[i];
	}
	extract_texts(x, r->parts, q->zones, &made);
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		texts[i] = buf_view(&r->texts[i]);
	return !x->error;
}

unsigned fuzzy_ask(struct fuzzy_reader *r, const struct fuzzy_query *q,
    struct message_text *x, const struct message *m)
{
	struct view texts[EXTRACT_ZONES] = { V_NONE };
	x->msgid = m->msgid;
	r->was_read = !find_extracts(r, q, m, texts);
	if (r->was_read && !read_texts(r, q, x, texts))
		return 0;
	return fuzzy_score(q, texts);
}
