#ifndef STORE_SEARCH_EXTRACT_H
#define STORE_SEARCH_EXTRACT_H
/* The texts of messages (store/search/message_text.h), extracted once and kept
 * where a search reads them at the speed of memory: search.mdb beside data.mdb.
 *
 * It is a cache. Nothing in it is flushed; search.state says whether the files
 * were closed in order, and they are thrown away when not, when the account is
 * another one, when the store was put back to an earlier state, and at the
 * first error. Whoever replaces data.mdb by something else (a restore) removes
 * search.*. Extracts are made in the order of msgid, some time after delivery;
 * a message without one, or with one that was cut and does not match, is to be
 * read itself. */
#include "store/mailbox/message.h"
#include "store/search/extract_filter.h"
#include "text/search/find.h"

enum {
	EXTRACT_OCTETS_MAX = 1024 * 1024,    /* of one message, in each zone, */
	EXTRACT_INPUT_MAX = 2 * 1024 * 1024, /* made of so many */
	EXTRACT_SEGMENT_MESSAGES = 512
};

enum extract_zone {
	EXTRACT_HEADER, /* "name: value" of each field */
	EXTRACT_BODY,   /* texts, and headers of messages that are parts */
	EXTRACT_PARTS,  /* headers of other parts: TEXT looks there, too */
	EXTRACT_ZONES
};

#define EXTRACT_BIT(zone) (1u << (zone))
#define EXTRACT_ALL_ZONES (EXTRACT_BIT(EXTRACT_ZONES) - 1)

struct extract_query {
	enum extract_zone zone;
	struct finder finder;
	struct extract_grams grams;
	struct view field; /* lower case; empty: in any */
	/* Private: which messages of a segment have it. */
	uint64_t segment, asked;
	uint64_t hits[EXTRACT_SEGMENT_MESSAGES / 64];
};

/* needle: folded, not empty; it and field are borrowed. */
void extract_query_init(struct extract_query *q, enum extract_zone zone,
    struct view needle, struct view field);

enum extract_answer {
	EXTRACT_NO,
	EXTRACT_YES,
	EXTRACT_UNKNOWN /* the message has to be read */
};

/* Reads in a transaction that begins with the first question. */
struct extract_segment {
	uint64_t id; /* 0: none */
	uint64_t first, last;
	uint32_t n, hint;
	bool has_cut;
	struct view entries, filter, text;
};

struct extract_reader {
	struct store *store;
	struct kv_txn t;
	bool is_open, failed;
	uint64_t done_msgid, indexed_msgid;
	uint64_t last_id;
	struct extract_segment segments[EXTRACT_ZONES];
};

void extract_reader_init(struct extract_reader *r, struct store *s);
/* Ends the transaction; the next question begins another. */
void extract_reader_end(struct extract_reader *r);
/* Cheap when msgids come in order. */
enum extract_answer extract_ask(
    struct extract_reader *r, struct extract_query *q, const struct message *m);

/* For searches that few messages match: finds them without a question for each.
 * What the queries say is one condition, true when one of them is. */
struct extract_candidates {
	struct extract_query *queries;
	unsigned n_queries;
	uint32_t mailbox;
	uint64_t asked;
	bool done;
	/* Private. */
	bool has_begun;
	unsigned query;
	uint64_t done_msgid, next_msgid;
	uint64_t seen, passed; /* segments */
};

/* queries are borrowed; asked: how many messages would be asked of. */
void extract_candidates_init(struct extract_candidates *c,
    struct extract_query *queries, unsigned n_queries, uint32_t mailbox,
    uint64_t asked);
/* Some milliseconds of work, until c->done. Into out: UIDs of messages that
 * match, or may; nobody else does. False: there is no use in it, out says
 * nothing, and each message is to be asked of. t: a transaction of the store,
 * of this turn; the reader's ends with the turn, too. */
bool extract_candidates_next(struct extract_candidates *c,
    struct extract_reader *r, struct store_txn *t,
    struct uidset *out) MUST_CHECK;

/* Makes extracts for about budget_ms. *more: there are messages without one,
 * and it makes sense to go on. Errors are logged, and end the use of the
 * cache; a full disk or a lack of locks ends it for some minutes. */
void extract_build(struct store *s, uint32_t budget_ms, bool *more);
/* How many messages may be without an extract; UINT64_MAX: there is no use in
 * building any. */
uint64_t extract_lag(struct store *s);
/* For idle times: some building, also of the index of words when somebody
 * searched fuzzily (store/search/fuzzy.h), removal of what was purged, and the
 * end of what was not used for a minute. Users who never searched have no
 * extracts. True: there is more to do. */
bool extract_idle(struct store *s);
void extract_close(struct store *s);
#endif
