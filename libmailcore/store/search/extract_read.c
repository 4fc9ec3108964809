/* Asking: a segment is searched once for each query, and then each of its
 * messages has its answer. */
#include "store/search/extract_segment.h"
#include "store/search/message_text.h"
#include "store/txn/edit.h"

void extract_query_init(struct extract_query *q, enum extract_zone zone,
    struct view needle, struct view field)
{
	*q = (struct extract_query){ .zone = zone, .field = field };
	finder_init(&q->finder, needle);
	extract_grams_init(&q->grams, needle);
}

void extract_reader_init(struct extract_reader *r, struct store *s)
{
	*r = (struct extract_reader){ .store = s };
}

void extract_reader_end(struct extract_reader *r)
{
	if (r->is_open)
		kv_abort(&r->t);
	r->is_open = r->failed = false;
	for (unsigned i = 0; i < EXTRACT_ZONES; i++)
		r->segments[i].id = 0;
}

void extract_reader_fail(struct extract_reader *r, int error)
{
	extract_reader_end(r);
	r->failed = true;
	if (error)
		extract_failed(r->store, error);
}

bool extract_reader_begin(struct extract_reader *r)
{
	struct extract_meta m;
	if (r->is_open || r->failed)
		return r->is_open;
	struct extracts *x = extract_use(r->store, false);
	int error = x ? kv_read(x->kv, &r->t) : 0;
	if (!x || error) {
		extract_reader_fail(r, error);
		return false;
	}
	r->is_open = true;
	error = extract_meta_get(&r->t, &m);
	if (error)
		extract_reader_fail(r, error);
	r->done_msgid = m.done_msgid;
	r->indexed_msgid = m.indexed_msgid;
	return r->is_open;
}

static int seek(
    struct extract_reader *r, enum extract_zone zone, uint64_t msgid)
{
	struct key k = extract_key(msgid + 1);
	struct extract_segment s;
	struct kv_cursor c;
	int error = kv_cursor_open(&c, &r->t, EXTRACT_TABLE_ZONES + zone);
	if (!error)
		error = kv_cursor_seek_before(&c, key_view(&k));
	if (!error)
		error = extract_segment_decode(c.value, &s);
	kv_cursor_close(&c);
	if (error)
		return error;
	s.id = ++r->last_id;
	r->segments[zone] = s;
	return 0;
}

/* The segment that would have it. */
static bool find_segment(
    struct extract_reader *r, enum extract_zone zone, uint64_t msgid)
{
	struct extract_segment *s = &r->segments[zone];
	if (s->id && msgid >= s->first && msgid <= s->last)
		return true;
	int error = seek(r, zone, msgid);
	if (error && error != MC_E_NOENT)
		extract_reader_fail(r, error);
	return !error && msgid <= s->last;
}

/* Mostly the one behind the last. */
static bool find_entry(
    struct extract_segment *s, uint64_t msgid, struct extract_entry *out)
{
	uint32_t low = 0, high = s->n;
	for (uint32_t i = s->hint, n = 0; i < s->n && n < 2; i++, n++) {
		*out = extract_entry_at(s, i);
		s->hint = i;
		if (out->msgid == msgid)
			return true;
	}
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		*out = extract_entry_at(s, middle);
		s->hint = middle;
		if (out->msgid == msgid)
			return true;
		if (out->msgid < msgid)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* Whether a find at this place is in the value of the right field; *next:
 * where to go on when it is not. */
static bool in_field(
    const struct extract_query *q, struct view text, size_t at, size_t *next)
{
	struct view before = view_head(text, at);
	size_t border = view_rfind_byte(before, MESSAGE_TEXT_BORDER);
	size_t start = border < at ? border + 1 : 0;
	struct view field = view_skip(text, start);
	size_t n = q->field.n;
	*next = at + 1;
	if (field.n > n + 2 && view_starts(field, q->field) &&
	    field.p[n] == ':' && field.p[n + 1] == ' ')
		return at >= start + n + 2;
	*next = at + view_find_byte(view_skip(text, at), MESSAGE_TEXT_BORDER);
	return false;
}

static size_t find(const struct extract_query *q, struct view text, size_t from)
{
	for (;;) {
		size_t next, at = finder_next(&q->finder, text, from);
		if (at == text.n || q->field.n == 0 ||
		    in_field(q, text, at, &next))
			return at;
		from = next;
	}
}

static void set_hit(struct extract_query *q, uint32_t i)
{
	q->hits[i / 64] |= (uint64_t)1 << i % 64;
}

void extract_segment_scan(
    struct extract_query *q, const struct extract_segment *s)
{
	uint32_t i = 0;
	size_t at = 0;
	memset(q->hits, 0, sizeof q->hits);
	if (!extract_filter_may_have(s->filter, &q->grams))
		return;
	while ((at = find(q, s->text, at)) < s->text.n) {
		struct extract_entry e = extract_entry_at(s, i);
		while (e.end <= at)
			e = extract_entry_at(s, ++i);
		set_hit(q, i);
		at = e.end;
	}
}

bool extract_find(struct extract_reader *r, enum extract_zone zone,
    uint64_t msgid, struct extract_entry *out, struct view *text)
{
	struct extract_segment *s = &r->segments[zone];
	if (!extract_reader_begin(r) || msgid > r->done_msgid ||
	    !find_segment(r, zone, msgid) || !find_entry(s, msgid, out))
		return false;
	uint32_t start = s->hint ? extract_entry_at(s, s->hint - 1).end : 0;
	*text = view_slice(s->text, start, out->end);
	return true;
}

/* One message of a segment is searched alone: when they come in another order
 * than they lie here, all would be searched for each. */
static bool has(
    struct extract_query *q, const struct extract_segment *s, struct view text)
{
	if (q->asked != s->id) {
		q->asked = s->id;
		return find(q, text, 0) < text.n;
	}
	if (q->segment != s->id) {
		q->segment = s->id;
		extract_segment_scan(q, s);
	}
	return extract_query_hit(q, s->hint);
}

enum extract_answer extract_ask(
    struct extract_reader *r, struct extract_query *q, const struct message *m)
{
	struct extract_entry e;
	struct view text;
	if (!extract_find(r, q->zone, m->msgid, &e, &text) ||
	    e.check != extract_check(m->size_bytes, m->internaldate))
		return EXTRACT_UNKNOWN;
	if (has(q, &r->segments[q->zone], text))
		return EXTRACT_YES;
	return e.cut ? EXTRACT_UNKNOWN : EXTRACT_NO;
}
