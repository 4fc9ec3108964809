/* Making extracts. */
#include "base/clock.h"
#include "base/panic.h"
#include "store/search/extract_segment.h"
#include "store/search/message_text.h"
#include "store/txn/edit.h"
#include <stdlib.h>

enum {
	BATCH_MESSAGES = 64 /* in one transaction of the store */
};

struct builder {
	struct store *store;
	struct extracts *x;
	struct extract_draft drafts[EXTRACT_ZONES];
	struct buf bufs[MESSAGE_TEXT_BUFS];
	struct mime_part *parts;
	struct extract_meta meta;
	uint64_t deadline_ms;
	bool at_end;
};

static void builder_init(struct builder *b, struct store *s, uint32_t budget_ms)
{
	*b = (struct builder){ .store = s,
		.x = s->extracts,
		.deadline_ms = clock_mono_ms() + budget_ms };
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		extract_draft_init(&b->drafts[i]);
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_init(&b->bufs[i], MESSAGE_TEXT_BUF_MAX);
	b->parts = must_alloc(MIME_PARTS_MAX * sizeof *b->parts);
}

static void builder_deinit(struct builder *b)
{
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		extract_draft_deinit(&b->drafts[i]);
	for (unsigned i = 0; i < MESSAGE_TEXT_BUFS; i++)
		buf_deinit(&b->bufs[i]);
	free(b->parts);
}

/* New extracts are put behind those of the last segment, unless it is half
 * full: it has to be written again. */
static int load_last(
    struct kv_txn *t, enum extract_zone zone, struct extract_draft *d)
{
	struct key k = extract_key(UINT64_MAX);
	struct extract_segment s;
	struct kv_cursor c;
	int error = kv_cursor_open(&c, t, EXTRACT_TABLE_ZONES + zone);
	if (!error)
		error = kv_cursor_seek_before(&c, key_view(&k));
	if (!error)
		error = extract_segment_decode(c.value, &s);
	if (!error && s.text.n < EXTRACT_SEGMENT_OCTETS / 2 &&
	    s.n < EXTRACT_SEGMENT_MESSAGES)
		extract_draft_load(d, &s);
	kv_cursor_close(&c);
	return error == MC_E_NOENT ? 0 : error;
}

static int load(struct builder *b)
{
	struct kv_txn t;
	int error = kv_read(b->x->kv, &t);
	if (error)
		return error;
	error = extract_meta_get(&t, &b->meta);
	for (unsigned i = 0; !error && i < EXTRACT_ZONES; i++)
		error = load_last(&t, (enum extract_zone)i, &b->drafts[i]);
	kv_abort(&t);
	return error;
}

/* MC_E_NOENT: there is none. */
static int next_msgid(struct store_txn *t, uint64_t after, uint64_t *out)
{
	struct key k = key_obj(after + 1, 0, 0);
	struct kv_cursor c;
	int error = kv_cursor_open(&c, &t->kv, TABLE_OBJ);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	if (!error)
		error = key_obj_split(c.key, out);
	kv_cursor_close(&c);
	return error;
}

void extract_texts(struct message_text *x, struct mime_part *parts,
    unsigned zones, struct extract_texts *out)
{
	struct message_extract e[EXTRACT_ZONES];
	struct message_info info;
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		e[i] = (struct message_extract){ out->texts[i],
			EXTRACT_OCTETS_MAX, EXTRACT_INPUT_MAX, false };
	x->error = message_info(x->t, x->msgid, &info);
	if (!x->error)
		x->error = message_parts(&info, parts);
	if (!x->error && zones & EXTRACT_BIT(EXTRACT_HEADER))
		message_text_extract_header(x, &info, &e[EXTRACT_HEADER]);
	if (!x->error && zones & EXTRACT_BIT(EXTRACT_BODY))
		message_text_extract_body(
		    x, parts, info.n_parts, &e[EXTRACT_BODY]);
	if (!x->error && zones & EXTRACT_BIT(EXTRACT_PARTS))
		message_text_extract_parts(
		    x, parts, info.n_parts, &e[EXTRACT_PARTS]);
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		out->cut[i] = e[i].cut;
	out->check =
	    x->error ? 0 : extract_check(info.size_bytes, info.internaldate);
}

/* What cannot be read has an empty one, cut at its start. */
static void extract_one(struct builder *b, struct store_txn *t, uint64_t msgid)
{
	struct message_text x = { .bufs = b->bufs, .t = t, .msgid = msgid };
	struct extract_texts texts;
	size_t before[EXTRACT_ZONES];
	for (unsigned i = 0; i < EXTRACT_ZONES; i++) {
		before[i] = buf_len(&b->drafts[i].text);
		texts.texts[i] = &b->drafts[i].text;
	}
	extract_texts(&x, b->parts, EXTRACT_ALL_ZONES, &texts);
	for (unsigned i = 0; i < EXTRACT_ZONES; i++) {
		if (x.error)
			buf_truncate(&b->drafts[i].text, before[i]);
		extract_draft_end(
		    &b->drafts[i], msgid, texts.check, x.error || texts.cut[i]);
	}
}

static bool is_full(const struct builder *b)
{
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		if (extract_draft_is_full(&b->drafts[i]))
			return true;
	return false;
}

static int read_some(struct builder *b, unsigned *n)
{
	struct store_txn t;
	uint64_t msgid = 0;
	int error = store_read(b->store, &t);
	if (error)
		return error;
	for (*n = 0; *n < BATCH_MESSAGES && !is_full(b); ++*n) {
		error = next_msgid(&t, b->meta.done_msgid, &msgid);
		if (error)
			break;
		extract_one(b, &t, msgid);
		b->meta.done_msgid = msgid;
		if (clock_mono_ms() >= b->deadline_ms) {
			++*n;
			break;
		}
	}
	b->at_end = error == MC_E_NOENT;
	store_end(&t);
	return b->at_end ? 0 : error;
}

static int write_drafts(struct builder *b)
{
	struct kv_txn t;
	int error = extract_begin_change(b->x, &b->meta, &t);
	if (error)
		return error;
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		extract_draft_put(&t, (enum extract_zone)i, &b->drafts[i]);
	extract_meta_put(&t, &b->meta);
	error = kv_commit(&t);
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		if (extract_draft_is_full(&b->drafts[i]))
			extract_draft_reset(&b->drafts[i]);
	return error;
}

static int build(struct builder *b)
{
	unsigned n;
	int error = load(b);
	while (!error && !b->at_end) {
		error = read_some(b, &n);
		if (!error && n)
			error = write_drafts(b);
		if (clock_mono_ms() >= b->deadline_ms)
			break;
	}
	return error;
}

void extract_build(struct store *s, uint32_t budget_ms, bool *more)
{
	struct extracts *x = extract_use(s, true);
	struct builder b;
	*more = false;
	if (!x || clock_mono_ms() < x->retry_ms)
		return;
	builder_init(&b, s, budget_ms);
	int error = build(&b);
	*more = (!error && !b.at_end) || error == MC_E_AGAIN;
	builder_deinit(&b);
	if (error && error != MC_E_AGAIN)
		extract_failed(s, error);
}

static int last_msgid(struct store *s, uint64_t *out)
{
	struct kv_txn t;
	struct account a;
	int error = kv_read(s->kv, &t);
	if (error)
		return error;
	error = account_get(&t, &a);
	*out = error ? 0 : a.next_msgid - 1;
	kv_abort(&t);
	return error;
}

uint64_t extract_lag(struct store *s)
{
	struct extracts *x = extract_use(s, true);
	struct extract_meta m;
	struct kv_txn t;
	uint64_t last;
	if (!x || clock_mono_ms() < x->retry_ms || last_msgid(s, &last) != 0)
		return UINT64_MAX;
	int error = kv_read(x->kv, &t);
	if (!error) {
		error = extract_meta_get(&t, &m);
		kv_abort(&t);
	}
	if (error) {
		extract_failed(s, error);
		return UINT64_MAX;
	}
	return m.done_msgid < last ? last - m.done_msgid : 0;
}
