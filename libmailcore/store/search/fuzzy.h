#ifndef STORE_SEARCH_FUZZY_H
#define STORE_SEARCH_FUZZY_H
/* Fuzzy searches of texts: RFC 6203. A query is some words; a message matches
 * when each of them has a close word (text/search/word.h) in what is searched,
 * which is the same as the extracts have (store/search/extract.h): of each zone
 * the first EXTRACT_OCTETS_MAX. In header fields it is the values of one field,
 * or of those in which people write: names, addresses, subjects, names of
 * files.
 *
 * The score of a match, RFC 6203 4, is the mean of what its words are worth:
 *   60  an equal word          25 more  when that is in the subject
 *   40  one that begins so      1 more  for each further close word, equal or
 *   20  one edit away                   not: at most 15
 *    1  two edits away
 * of the best word there is: 1 to 100. The same message and query have the same
 * score always. */
#include "store/search/extract.h"
#include "store/search/message_text.h"
#include "text/search/word.h"

enum {
	FUZZY_WORDS_MAX = 16, /* of a query: the first ones count */
	FUZZY_SCORE_MAX = 100
};

struct fuzzy_query {
	unsigned zones;    /* sum of EXTRACT_BIT */
	struct view field; /* lower case; empty: those for people */
	unsigned n_words;
	struct word_pattern words[FUZZY_WORDS_MAX];
};

/* text: folded; it and field are borrowed. False: there is no word in it; an
 * exact search does better. */
bool fuzzy_query_init(
    struct fuzzy_query *q, unsigned zones, struct view text, struct view field);

/* Of the texts of a message as extracts have them, those of other zones are not
 * read: 0 is no match. */
unsigned fuzzy_score(
    const struct fuzzy_query *q, const struct view texts[EXTRACT_ZONES]);

/* Asks of messages, one after the other; without an extract they are read. */
struct fuzzy_reader {
	struct extract_reader *extracts; /* borrowed */
	struct mime_part *parts;         /* borrowed: room for MIME_PARTS_MAX */
	struct buf texts[EXTRACT_ZONES];
	bool was_read; /* the last one */
};

void fuzzy_reader_init(struct fuzzy_reader *r, struct extract_reader *extracts,
    struct mime_part *parts);
void fuzzy_reader_deinit(struct fuzzy_reader *r);
/* The score of m. x: bufs, and the transaction that m is of; x->error says why
 * m could not be read, which is no match. Cheap when msgids come in order. */
unsigned fuzzy_ask(struct fuzzy_reader *r, const struct fuzzy_query *q,
    struct message_text *x, const struct message *m);

/* For searches that few messages match: an index of words
 * (store/search/fuzzy_index.h) finds them without a question for each. */
struct fuzzy_candidates {
	const struct fuzzy_query *query;
	uint32_t mailbox;
	uint64_t asked;
	bool done;
	/* Private. */
	bool has_begun;
	uint64_t next_msgid, indexed_msgid;
};

/* query is borrowed; asked: how many messages would be asked of. */
void fuzzy_candidates_init(struct fuzzy_candidates *c,
    const struct fuzzy_query *query, uint32_t mailbox, uint64_t asked);
/* As extract_candidates_next: some milliseconds of work, until c->done. Into
 * out: UIDs of messages that match, or may, which fuzzy_ask tells; nobody else
 * does. False: each message is to be asked of. The first call has idle times
 * make the index. */
bool fuzzy_candidates_next(struct fuzzy_candidates *c, struct extract_reader *r,
    struct store_txn *t, struct uidset *out) MUST_CHECK;
#endif
