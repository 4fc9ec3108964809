#ifndef STORE_SEARCH_FUZZY_INDEX_H
#define STORE_SEARCH_FUZZY_INDEX_H
/* The index of words of the extracts, in a table beside them: blocks of some
 * hundred messages each, with every word that fuzzy searches see there
 * (store/search/fuzzy_text.h), once. The key is the first msgid; the value
 *   n(4), groups(4), words(4), octets of words(4), of the text(4),
 *   msgids: n of 8, with OPEN in the highest bit: not all words are here
 *   groups: letters(1) octets(1) 0(2) words(4): words of this size
 *   masks: 4 octets a word (struct word), in the order of words
 *   starts: 4 octets for each 32nd word: where its list begins
 *   words: of the groups one behind the other, in each as they sort
 *   lists: for each word octets(n), then messages(n)
 * (n) is seven bits an octet, low ones first, 0x80: more follow. A message is
 * its distance from the one before it in the block (from -1 at first), times 8,
 * plus a bit for each zone. A search compares the masks of all words of about
 * the length of its own, which is what takes its time, and the words of the few
 * that are left. */
#include "store/search/extract_files.h"
#include "store/search/fuzzy.h"

enum {
	FUZZY_BLOCK_MESSAGES = 1024,
	FUZZY_BLOCK_OCTETS = 1024 * 1024, /* of text: then it is full */
	FUZZY_START_WORDS = 32
};

struct fuzzy_block {
	uint32_t n, n_groups, n_words, text_octets;
	uint64_t first, last; /* msgids */
	struct view msgids, groups, masks, starts, words, lists;
};

/* Views point into value. MC_E_CORRUPT. */
int fuzzy_block_decode(struct view value, struct fuzzy_block *out) MUST_CHECK;
/* is_open: or NULL. */
uint64_t fuzzy_block_msgid(
    const struct fuzzy_block *b, uint32_t i, bool *is_open);
/* Half of what a full one has, or more. */
bool fuzzy_block_is_large(const struct fuzzy_block *b);

/* A bit for each message of a block. */
struct fuzzy_hits {
	uint64_t bits[FUZZY_BLOCK_MESSAGES / 64];
};

/* Adds those that have a word close to w in one of zones. */
void fuzzy_block_find(const struct fuzzy_block *b, const struct word_pattern *w,
    unsigned zones, struct fuzzy_hits *hits);

/* One that is being made: some MiB. */
struct fuzzy_draft;

struct fuzzy_draft *fuzzy_draft_new(void);
void fuzzy_draft_free(struct fuzzy_draft **d);
void fuzzy_draft_reset(struct fuzzy_draft *d);
/* A message, behind the others in the order of msgid; not when it is full. */
void fuzzy_draft_add(struct fuzzy_draft *d, uint64_t msgid);
/* Words of the last message, while it is not open. */
void fuzzy_draft_words(
    struct fuzzy_draft *d, enum extract_zone zone, struct view text);
/* Of the last message something is missing. */
void fuzzy_draft_open(struct fuzzy_draft *d);
uint32_t fuzzy_draft_messages(const struct fuzzy_draft *d);
bool fuzzy_draft_is_full(const struct fuzzy_draft *d);
/* Into out, an empty one: the value of the block, until the next reset. */
void fuzzy_draft_encode(struct fuzzy_draft *d, struct buf *out);
#endif
