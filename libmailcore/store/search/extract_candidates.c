/* Which messages may match, by the filters of segments and the index of
 * objects: the rows of all others need not be read. */
#include "store/search/extract_rows.h"
#include "store/search/extract_segment.h"
#include "store/txn/edit.h"

enum {
	TURN_SEGMENTS = 8192,
	TURN_OCTETS = 16 * 1024 * 1024,
	FOUND_MAX = 4096,     /* each costs as much as reading some rows */
	SAMPLE_SEGMENTS = 64, /* searched: then the text is too common, */
	SHARE_MAX = 4         /* when they are more than 1/4 of those seen */
};

/* One turn. */
struct turn {
	struct extract_candidates *c;
	struct extract_rows rows;
	size_t segments, octets;
};

void extract_candidates_init(struct extract_candidates *c,
    struct extract_query *queries, unsigned n_queries, uint32_t mailbox,
    uint64_t asked)
{
	*c = (struct extract_candidates){ .queries = queries,
		.n_queries = n_queries,
		.mailbox = mailbox,
		.asked = asked };
}

/* What was cut may match behind the cut. */
static int add_segment(
    struct turn *u, struct extract_query *q, const struct extract_segment *s)
{
	int error = 0;
	q->segment = 0; /* its hits are another one's now */
	extract_segment_scan(q, s);
	for (uint32_t i = 0; !error && i < s->n; i++) {
		struct extract_entry e = extract_entry_at(s, i);
		if (e.cut || extract_query_hit(q, i))
			error = extract_rows_add(&u->rows, e.msgid);
	}
	return error;
}

static int look_at(
    struct turn *u, struct extract_query *q, const struct extract_segment *s)
{
	struct extract_candidates *c = u->c;
	bool may_have = extract_filter_may_have(s->filter, &q->grams);
	u->segments++;
	c->seen++;
	c->next_msgid = s->last + 1;
	if (!may_have && !s->has_cut)
		return 0;
	u->octets += may_have ? s->text.n : 0;
	c->passed += may_have;
	if (c->passed > SAMPLE_SEGMENTS && c->passed > c->seen / SHARE_MAX)
		return MC_E_LIMIT;
	return extract_segment_is_ordered(s) ? add_segment(u, q, s)
					     : MC_E_CORRUPT;
}

/* MC_E_NOENT: this query has seen all. */
static int look_on(struct turn *u, struct extract_query *q, struct kv_txn *t)
{
	struct key k = extract_key(u->c->next_msgid);
	struct extract_segment s;
	struct kv_cursor c;
	int error = kv_cursor_open(&c, t, EXTRACT_TABLE_ZONES + q->zone);
	if (!error)
		error = kv_cursor_seek(&c, key_view(&k));
	while (
	    !error && u->segments < TURN_SEGMENTS && u->octets < TURN_OCTETS) {
		error = extract_segment_peek(c.value, &s);
		if (!error)
			error = look_at(u, q, &s);
		if (!error)
			error = kv_cursor_next(&c);
	}
	kv_cursor_close(&c);
	return error;
}

/* Looking at a segment is about as much work as asking of a message. */
static int is_worth_it(struct extract_candidates *c, struct kv_txn *t)
{
	struct kv_table_stats stats;
	uint64_t segments = 0;
	int error = 0;
	for (unsigned i = 0; !error && i < c->n_queries; i++) {
		error = kv_table_stats(
		    t, EXTRACT_TABLE_ZONES + c->queries[i].zone, &stats);
		segments += error ? 0 : stats.entries;
		if (c->queries[i].grams.n == 0)
			return MC_E_LIMIT;
	}
	return error ? error : segments > c->asked / 2 ? MC_E_LIMIT : 0;
}

static int look(struct turn *u, struct extract_reader *r)
{
	struct extract_candidates *c = u->c;
	int error = 0;
	if (!c->has_begun) {
		c->has_begun = true;
		c->done_msgid = r->done_msgid;
		error = is_worth_it(c, &r->t);
	} else if (r->done_msgid < c->done_msgid) {
		return MC_E_LIMIT; /* begun anew by somebody */
	}
	while (!error && c->query < c->n_queries &&
	       u->segments < TURN_SEGMENTS && u->octets < TURN_OCTETS) {
		error = look_on(u, &c->queries[c->query], &r->t);
		if (error == MC_E_NOENT) {
			c->query++;
			c->next_msgid = 0;
			error = 0;
		}
	}
	c->done = !error && c->query == c->n_queries;
	return c->done ? extract_rows_add_unknown(&u->rows, c->done_msgid)
		       : error;
}

bool extract_candidates_next(struct extract_candidates *c,
    struct extract_reader *r, struct store_txn *t, struct uidset *out)
{
	struct turn u = { .c = c };
	if (!extract_reader_begin(r))
		return false;
	int error = extract_rows_open(&u.rows, t, c->mailbox, FOUND_MAX, out);
	if (!error)
		error = look(&u, r);
	extract_rows_close(&u.rows);
	return !error; /* whoever asks of each message meets it again */
}
