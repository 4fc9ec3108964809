#ifndef STORE_SEARCH_FUZZY_TEXT_H
#define STORE_SEARCH_FUZZY_TEXT_H
/* Inside of fuzzy searches: which pieces of an extract have words. */
#include "store/search/extract.h"

struct fuzzy_text {
	enum extract_zone zone;
	struct view rest;  /* of the extract of a message in this zone */
	struct view field; /* lower case; empty: those for people */
	struct view name;  /* of the piece, as far as it is a field */
};

/* The next piece; false: there is none. */
bool fuzzy_text_next(struct fuzzy_text *t, struct view *piece);
/* Whether the field is one of those for people. */
bool fuzzy_field_is_usual(struct view field);
#endif
