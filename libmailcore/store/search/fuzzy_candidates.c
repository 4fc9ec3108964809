/* Which messages may match, by the index of words. */
#include "store/search/extract_rows.h"
#include "store/search/extract_segment.h"
#include "store/search/fuzzy_index.h"
#include "store/search/fuzzy_text.h"
#include "store/txn/edit.h"
#include <string.h>

enum {
	TURN_BLOCKS = 512,
	FOUND_MAX = 32 * 1024, /* more of them are slow to collect */
	SHARE_MAX = 2          /* nothing is won by more than 1/2 of all */
};

void fuzzy_candidates_init(struct fuzzy_candidates *c,
    const struct fuzzy_query *query, uint32_t mailbox, uint64_t asked)
{
	*c = (struct fuzzy_candidates){
		.query = query, .mailbox = mailbox, .asked = asked
	};
}

/* Both have it. False: none is left. */
static bool keep_common(
    struct fuzzy_hits *hits, const struct fuzzy_hits *others)
{
	uint64_t any = 0;
	for (unsigned i = 0; i < FUZZY_BLOCK_MESSAGES / 64; i++)
		any |= hits->bits[i] &= others->bits[i];
	return any != 0;
}

/* Those that have a close word for each word. */
static void find(const struct fuzzy_block *f, const struct fuzzy_query *q,
    struct fuzzy_hits *out)
{
	bool any = true;
	memset(out, 0xff, sizeof *out);
	for (unsigned i = 0; any && i < q->n_words; i++) {
		struct fuzzy_hits one = { { 0 } };
		fuzzy_block_find(f, &q->words[i], q->zones, &one);
		any = keep_common(out, &one);
	}
}

static int add_block(struct extract_rows *rows, const struct fuzzy_block *f,
    const struct fuzzy_query *q)
{
	struct fuzzy_hits hits;
	int error = 0;
	find(f, q, &hits);
	for (uint32_t i = 0; !error && i < f->n; i++) {
		bool is_open;
		uint64_t msgid = fuzzy_block_msgid(f, i, &is_open);
		if (is_open || hits.bits[i / 64] >> i % 64 & 1)
			error = extract_rows_add(rows, msgid);
	}
	return error;
}

/* The block that may have it; others may have begun elsewhere since the last
 * turn. */
static int seek_block(struct kv_cursor *c, uint64_t msgid)
{
	struct key k = extract_key(msgid + 1);
	int error = kv_cursor_seek_before(c, key_view(&k));
	return error == MC_E_NOENT ? kv_cursor_seek(c, key_view(&k)) : error;
}

static int look_on(struct fuzzy_candidates *c, struct extract_reader *r,
    struct extract_rows *rows)
{
	struct fuzzy_block f;
	struct kv_cursor words;
	int damage = 0;
	int error = kv_cursor_open(&words, &r->t, EXTRACT_TABLE_WORDS);
	if (!error)
		error = seek_block(&words, c->next_msgid);
	for (unsigned i = 0; !error && i < TURN_BLOCKS; i++) {
		error = damage = fuzzy_block_decode(words.value, &f);
		if (!error)
			error = add_block(rows, &f, c->query);
		if (!error) {
			c->next_msgid = f.last;
			error = kv_cursor_next(&words);
		}
	}
	kv_cursor_close(&words);
	if (damage)
		extract_reader_fail(r, damage);
	c->done = error == MC_E_NOENT;
	return c->done ? extract_rows_add_unknown(rows, c->indexed_msgid)
		       : error;
}

/* Looking at a block is as much work as asking of some messages. */
static int is_worth_it(const struct fuzzy_candidates *c, struct kv_txn *t)
{
	const struct fuzzy_query *q = c->query;
	struct kv_table_stats stats;
	int error = kv_table_stats(t, EXTRACT_TABLE_WORDS, &stats);
	if (error)
		return error;
	if (q->field.n && q->zones & EXTRACT_BIT(EXTRACT_HEADER) &&
	    !fuzzy_field_is_usual(q->field))
		return MC_E_LIMIT;
	return stats.entries > c->asked ? MC_E_LIMIT : 0;
}

/* What came behind indexed_msgid since the first turn is not known of. */
static int begin_turn(struct fuzzy_candidates *c, struct extract_reader *r)
{
	if (r->indexed_msgid == 0)
		r->store->extracts->wants_words = true;
	if (r->indexed_msgid == 0 || r->indexed_msgid < c->indexed_msgid)
		return MC_E_LIMIT;
	if (c->has_begun)
		return 0;
	c->has_begun = true;
	c->indexed_msgid = r->indexed_msgid;
	return is_worth_it(c, &r->t);
}

bool fuzzy_candidates_next(struct fuzzy_candidates *c, struct extract_reader *r,
    struct store_txn *t, struct uidset *out)
{
	struct extract_rows rows;
	uint64_t max = c->asked / SHARE_MAX;
	if (!extract_reader_begin(r))
		return false;
	int error = extract_rows_open(
	    &rows, t, c->mailbox, max < FOUND_MAX ? max : FOUND_MAX, out);
	if (!error)
		error = begin_turn(c, r);
	if (!error)
		error = look_on(c, r, &rows);
	extract_rows_close(&rows);
	return !error; /* whoever asks of each message meets it again */
}
