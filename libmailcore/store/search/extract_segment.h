#ifndef STORE_SEARCH_EXTRACT_SEGMENT_H
#define STORE_SEARCH_EXTRACT_SEGMENT_H
/* A segment: the extracts of some messages behind each other, so that one
 * search goes through all of them. The key is the first msgid; the value
 *   n(4), n entries of msgid(8) check(4) end(4), filter, text
 * where end counts from the text's start and has CUT in its highest bit, as n
 * has when any of them is cut, and the filter (store/search/extract_filter.h)
 * spares most searches the text. check tells the message from another one that
 * got the same msgid in a store that was put back to an earlier state. */
#include "store/search/extract_files.h"
#include "store/search/message_text.h"

enum {
	EXTRACT_SEGMENT_OCTETS = 64 * 1024, /* of text: then it is full */
	EXTRACT_ENTRY_OCTETS = 16
};

struct extract_entry {
	uint64_t msgid;
	uint32_t check, end;
	bool cut;
};

uint32_t extract_check(uint64_t size_bytes, struct date internaldate);

struct key extract_key(uint64_t msgid);
/* Views point into value. MC_E_CORRUPT. */
int extract_segment_decode(
    struct view value, struct extract_segment *out) MUST_CHECK;
/* The same in two steps: most segments that are peeked at are passed by. */
int extract_segment_peek(
    struct view value, struct extract_segment *out) MUST_CHECK;
bool extract_segment_is_ordered(const struct extract_segment *s);
struct extract_entry extract_entry_at(
    const struct extract_segment *s, uint32_t i);

/* One that is being made. */
struct extract_draft {
	struct buf entries, text;
	uint64_t first;
	uint32_t n;
	bool has_cut;
};

void extract_draft_init(struct extract_draft *d);
void extract_draft_deinit(struct extract_draft *d);
void extract_draft_reset(struct extract_draft *d);
/* The text was put; this says whose it is. */
void extract_draft_end(
    struct extract_draft *d, uint64_t msgid, uint32_t check, bool cut);
bool extract_draft_is_full(const struct extract_draft *d);
/* Becomes a copy of a segment that is not full. */
void extract_draft_load(
    struct extract_draft *d, const struct extract_segment *s);
void extract_draft_put(
    struct kv_txn *t, enum extract_zone zone, const struct extract_draft *d);

/* The extracts of one message, put behind what the bufs hold. check: 0 when
 * x->error says that it could not be read. */
struct extract_texts {
	struct buf *texts[EXTRACT_ZONES];
	bool cut[EXTRACT_ZONES];
	uint32_t check;
};

/* x: of this message; parts: room for MIME_PARTS_MAX; zones: sum of
 * EXTRACT_BIT, of others nothing is put. */
void extract_texts(struct message_text *x, struct mime_part *parts,
    unsigned zones, struct extract_texts *out);

/* False: there are no extracts to be read. */
bool extract_reader_begin(struct extract_reader *r);
/* Ends the transaction, and all use of the extracts until extract_reader_end.
 * error: theirs (extract_failed), or 0. */
void extract_reader_fail(struct extract_reader *r, int error);
/* What it has of a message; *text borrows until the transaction ends. False:
 * nothing. Cheap when msgids come in order. */
bool extract_find(struct extract_reader *r, enum extract_zone zone,
    uint64_t msgid, struct extract_entry *out, struct view *text);
/* Fills q->hits. */
void extract_segment_scan(
    struct extract_query *q, const struct extract_segment *s);

static inline bool extract_query_hit(const struct extract_query *q, uint32_t i)
{
	return q->hits[i / 64] >> i % 64 & 1;
}
#endif
