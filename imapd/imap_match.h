#ifndef IMAPD_IMAP_MATCH_H
#define IMAPD_IMAP_MATCH_H
/* Does a message match a search? RFC 3501 6.4.4. Cheap keys first: the row
 * alone, then the extracts of texts, then what is stored of the message, then
 * its header, then its text. */
#include "base/arena.h"
#include "store/search/extract.h"
#include "store/search/message_text.h"

enum search_kind {
	SEARCH_ALL,
	SEARCH_NOT, /* child */
	SEARCH_OR,  /* child, other */
	SEARCH_AND, /* list of child */
	SEARCH_SET,
	SEARCH_FLAGS, /* flags & mask == want */
	SEARCH_RECENT,
	SEARCH_KEYWORD,
	SEARCH_LARGER,
	SEARCH_SMALLER,
	SEARCH_BEFORE,
	SEARCH_ON,
	SEARCH_SINCE,
	SEARCH_SENTBEFORE,
	SEARCH_SENTON,
	SEARCH_SENTSINCE,
	SEARCH_HEADER,
	SEARCH_BODY,
	SEARCH_TEXT,
	SEARCH_KINDS
};

struct search_key {
	enum search_kind kind;
	struct search_key *next; /* all of a list must match */
	struct search_key *child, *other;
	struct uidset set; /* ranges in the arena */
	uint16_t mask, want;
	int slot; /* of a keyword; -1: none has it */
	uint64_t size;
	int32_t day;
	struct view field;
	struct view needle; /* folded */
	struct extract_query
	    *queries; /* all NO: the key is; NULL: to be read */
	unsigned n_queries;
};

enum search_level {
	SEARCH_LEVEL_ROW,
	SEARCH_LEVEL_EXTRACT,
	SEARCH_LEVEL_INFO,
	SEARCH_LEVEL_HEADER,
	SEARCH_LEVEL_TEXT
};

/* The highest level that any key of the list needs. */
enum search_level search_level(const struct search_key *list);

struct search_message {
	struct message_text text;
	struct extract_reader extracts;
	const struct message *row;
	bool is_recent;
	struct mime_part *parts; /* room for MIME_PARTS_MAX */
	struct message_info info;
	struct view header;
	bool was_read; /* not only rows and extracts */
};

/* Gives the keys of a list their queries, in the arena: false when it is
 * full. */
bool search_queries(struct search_key *list, struct arena *arena);

/* The key of a list with queries that has the longest text; NULL: none. */
const struct search_key *search_rarest(const struct search_key *list);

/* Errors are in m->text.error; what could not be read does not match. */
bool search_matches(struct search_message *m, const struct search_key *list);
#endif
