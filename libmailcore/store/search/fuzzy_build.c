#include "store/search/fuzzy_build.h"
#include "base/clock.h"
#include "store/search/extract_segment.h"
#include "store/search/fuzzy_index.h"
#include "store/search/fuzzy_text.h"

enum {
	TAIL_MESSAGES = 64, /* so many without an index are read instead */
	SWEEP_BLOCKS = 8,
	SWEEP_SHARE = 4, /* made again when so much of it is dead: 1/4 */
	VALUE_MAX = 16 * 1024 * 1024
};

struct builder {
	struct store *store;
	struct extracts *x;
	struct extract_reader extracts;
	struct extract_meta meta;
	struct fuzzy_draft *draft;
	struct buf value;
	uint64_t first;      /* of the draft */
	uint64_t done_msgid; /* up to here all is in the draft */
};

static void builder_init(struct builder *b, struct store *s, struct extracts *x)
{
	*b = (struct builder){ .store = s, .x = x, .draft = fuzzy_draft_new() };
	extract_reader_init(&b->extracts, s);
	buf_init(&b->value, VALUE_MAX);
}

static void builder_deinit(struct builder *b)
{
	extract_reader_end(&b->extracts);
	fuzzy_draft_free(&b->draft);
	buf_deinit(&b->value);
}

static void add_zone(struct builder *b, enum extract_zone zone, uint64_t msgid)
{
	struct fuzzy_text text = { .zone = zone };
	struct extract_entry e;
	struct view piece;
	/* Without a check it could not be read. */
	if (!extract_find(&b->extracts, zone, msgid, &e, &text.rest) ||
	    e.check == 0)
		fuzzy_draft_open(b->draft);
	while (fuzzy_text_next(&text, &piece))
		fuzzy_draft_words(b->draft, zone, piece);
}

static void add_message(struct builder *b, uint64_t msgid)
{
	if (fuzzy_draft_messages(b->draft) == 0)
		b->first = msgid;
	fuzzy_draft_add(b->draft, msgid);
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		add_zone(b, (enum extract_zone)i, msgid);
	b->done_msgid = msgid;
}

/* A reader that failed took its transaction along. */
static bool may_go_on(const struct builder *b)
{
	return !b->extracts.failed && !fuzzy_draft_is_full(b->draft);
}

/* Behind the last one, up to last. alive: NULL, or the store. */
static void add_segment(struct builder *b, const struct extract_segment *s,
    uint64_t last, struct kv_txn *alive)
{
	for (uint32_t i = 0; i < s->n && may_go_on(b); i++) {
		uint64_t msgid = extract_entry_at(s, i).msgid;
		if (msgid <= b->done_msgid || msgid > last)
			continue;
		if (!alive || extract_is_alive(alive, msgid))
			add_message(b, msgid);
	}
}

/* The first segment from next on, or the one before it, which may have next,
 * too. MC_E_NOENT: there is none. */
static int find_segment(struct kv_txn *t, uint64_t next, bool or_before,
    struct extract_segment *out)
{
	struct key k = extract_key(next);
	struct kv_cursor c;
	int error = kv_cursor_open(&c, t, EXTRACT_TABLE_ZONES + EXTRACT_HEADER);
	if (!error)
		error = or_before ? kv_cursor_seek_before(&c, key_view(&k))
				  : MC_E_NOENT;
	if (error == MC_E_NOENT)
		error = kv_cursor_seek(&c, key_view(&k));
	if (!error)
		error = extract_segment_decode(c.value, out);
	kv_cursor_close(&c);
	return error;
}

/* A draft of what comes behind after, up to last or until it is full. When it
 * has all of that, done_msgid is last. */
static int fill(
    struct builder *b, uint64_t after, uint64_t last, struct kv_txn *alive)
{
	struct extract_segment s = { .last = after };
	int error = 0;
	fuzzy_draft_reset(b->draft);
	b->done_msgid = after;
	for (bool is_first = true; may_go_on(b) && s.last < last;
	     is_first = false) {
		error = find_segment(&b->extracts.t, s.last + 1, is_first, &s);
		if (error)
			break;
		add_segment(b, &s, last, alive);
	}
	if (b->extracts.failed)
		return MC_E_AGAIN;
	if (!fuzzy_draft_is_full(b->draft))
		b->done_msgid = last;
	return error == MC_E_NOENT ? 0 : error;
}

/* The draft takes the place of the block at old, if any. */
static int write_block(struct builder *b, const struct key *old)
{
	struct key k = extract_key(b->first);
	struct kv_txn t;
	buf_reset(&b->value);
	if (fuzzy_draft_messages(b->draft))
		fuzzy_draft_encode(b->draft, &b->value);
	int error = buf_error(&b->value);
	if (!error)
		error = extract_begin_change(b->x, &b->meta, &t);
	if (error)
		return error;
	if (old->n)
		(void)kv_delete(&t, EXTRACT_TABLE_WORDS, key_view(old));
	if (buf_len(&b->value))
		kv_put(
		    &t, EXTRACT_TABLE_WORDS, key_view(&k), buf_view(&b->value));
	if (b->done_msgid > b->meta.indexed_msgid)
		b->meta.indexed_msgid = b->done_msgid;
	extract_meta_put(&t, &b->meta);
	return kv_commit(&t);
}

/* MC_E_NOENT: there is none, or none that is small. */
static int last_small_block(struct builder *b, struct fuzzy_block *out)
{
	struct key k = extract_key(UINT64_MAX);
	struct kv_cursor c;
	int error = kv_cursor_open(&c, &b->extracts.t, EXTRACT_TABLE_WORDS);
	if (!error)
		error = kv_cursor_seek_before(&c, key_view(&k));
	if (!error)
		error = fuzzy_block_decode(c.value, out);
	kv_cursor_close(&c);
	return error ? error : fuzzy_block_is_large(out) ? MC_E_NOENT : 0;
}

/* New messages join those of the last block, unless that has enough. */
static int fill_next(struct builder *b, struct key *old)
{
	uint64_t last = b->meta.done_msgid;
	struct fuzzy_block before;
	*old = (struct key){ .n = 0 };
	int error = last_small_block(b, &before);
	if (!error) {
		*old = extract_key(before.first);
		error = fill(b, before.first - 1, last, NULL);
		if (error || b->done_msgid > b->meta.indexed_msgid)
			return error;
		old->n = 0; /* others than text made it full */
	}
	return error && error != MC_E_NOENT
		   ? error
		   : fill(b, b->meta.indexed_msgid, last, NULL);
}

static int begin(struct builder *b)
{
	if (!extract_reader_begin(&b->extracts))
		return MC_E_AGAIN; /* it was told */
	return extract_meta_get(&b->extracts.t, &b->meta);
}

static bool is_wanted(const struct builder *b)
{
	const struct extract_meta *m = &b->meta;
	return (b->x->wants_words || m->indexed_msgid) &&
	       m->done_msgid >= m->indexed_msgid + TAIL_MESSAGES;
}

static int build(struct builder *b, bool *more)
{
	struct key old = { .n = 0 };
	int error = begin(b);
	*more = !error && is_wanted(b);
	if (*more)
		error = fill_next(b, &old);
	extract_reader_end(&b->extracts);
	return error || !*more ? error : write_block(b, &old);
}

void fuzzy_build(struct store *s, bool *more)
{
	struct extracts *x = extract_use(s, false);
	struct builder b;
	*more = false;
	if (!x || clock_mono_ms() < x->retry_ms)
		return;
	builder_init(&b, s, x);
	int error = build(&b, more);
	builder_deinit(&b);
	*more = (*more && !error) || error == MC_E_AGAIN;
	if (error && error != MC_E_AGAIN)
		extract_failed(s, error);
}

static bool is_dying(struct kv_txn *store, const struct fuzzy_block *f)
{
	uint32_t dead = 0;
	for (uint32_t i = 0; i < f->n; i++)
		dead += !extract_is_alive(store, fuzzy_block_msgid(f, i, NULL));
	return dead && dead >= f->n / SWEEP_SHARE;
}

/* MC_E_NOENT: none is to be changed. */
static int find_dying(
    struct builder *b, struct kv_txn *store, struct fuzzy_block *f)
{
	struct extracts *x = b->x;
	struct kv_cursor c;
	int error = kv_cursor_open(&c, &b->extracts.t, EXTRACT_TABLE_WORDS);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&x->words_sweep));
	for (unsigned i = 0; !error; i++) {
		if (i == SWEEP_BLOCKS) {
			kv_cursor_close(&c);
			return MC_E_NOENT;
		}
		error = fuzzy_block_decode(c.value, f);
		if (error)
			break;
		x->words_sweep = extract_key(f->first + 1);
		if (is_dying(store, f))
			break;
		error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	if (error == MC_E_NOENT)
		x->words_sweep = extract_key(0);
	return error;
}

static int sweep_some(struct builder *b)
{
	struct fuzzy_block f;
	struct kv_txn store;
	int error = begin(b);
	if (!error)
		error = kv_read(b->store->kv, &store);
	if (error)
		return error;
	error = find_dying(b, &store, &f);
	if (!error)
		error = fill(b, f.first - 1, f.last, &store);
	if (!error && b->done_msgid < f.last)
		error = MC_E_CORRUPT; /* fewer messages are no more */
	struct key old = extract_key(error ? 0 : f.first);
	kv_abort(&store);
	extract_reader_end(&b->extracts);
	return error ? error : write_block(b, &old);
}

void fuzzy_sweep(struct store *s)
{
	struct extracts *x = extract_use(s, false);
	struct builder b;
	if (!x || clock_mono_ms() < x->retry_ms)
		return;
	if (x->words_sweep.n == 0)
		x->words_sweep = extract_key(0);
	builder_init(&b, s, x);
	int error = sweep_some(&b);
	builder_deinit(&b);
	if (error && error != MC_E_NOENT && error != MC_E_AGAIN)
		extract_failed(s, error);
}
