#include "imapd/imap_match.h"
#include "base/chars.h"
#include "text/message/header.h"

enum answer {
	NO,
	YES,
	MAYBE
};

static const enum search_level levels[SEARCH_KINDS] = {
	[SEARCH_SENTBEFORE] = SEARCH_LEVEL_INFO,
	[SEARCH_SENTON] = SEARCH_LEVEL_INFO,
	[SEARCH_SENTSINCE] = SEARCH_LEVEL_INFO,
	[SEARCH_HEADER] = SEARCH_LEVEL_HEADER,
	[SEARCH_BODY] = SEARCH_LEVEL_TEXT,
	[SEARCH_TEXT] = SEARCH_LEVEL_TEXT,
};

static enum search_level higher(enum search_level a, enum search_level b)
{
	return a > b ? a : b;
}

enum search_level search_level(const struct search_key *list)
{
	enum search_level level = SEARCH_LEVEL_ROW;
	for (; list; list = list->next) {
		level = higher(level, levels[list->kind]);
		level = higher(level, search_level(list->child));
		level = higher(level, search_level(list->other));
	}
	return level;
}

/* RFC 3501 6.4.4: the Date field's day in its own zone. The stored time says
 * enough unless the day is next to one of those asked for. */
static int32_t sent_day(struct search_message *m, int32_t asked)
{
	struct header_field field;
	struct date date = { m->info.sent_s, 0 };
	int32_t day = date_day(date);
	if (day > asked + 1 || day < asked - 1)
		return day;
	if (!m->header.p &&
	    !message_text_header(&m->text, 0, m->info.header_size, &m->header))
		return day;
	if (header_find(m->header, V("Date"), &field) &&
	    date_parse(field.value, &date) == 0)
		return date_day(date);
	return day;
}

static bool body_contains(
    struct search_message *m, enum search_kind kind, struct view needle)
{
	uint32_t n = m->info.n_parts;
	m->header = V_NONE; /* its memory is used */
	if (n > MIME_PARTS_MAX || message_parts(&m->info, m->parts) != 0)
		return false;
	return message_text_body_contains(&m->text, m->parts, n, needle) ||
	       (kind == SEARCH_TEXT &&
		   message_text_parts_contain(&m->text, m->parts, n, needle));
}

static bool header_contains(
    struct search_message *m, struct view name, struct view needle)
{
	if (!m->header.p &&
	    !message_text_header(&m->text, 0, m->info.header_size, &m->header))
		return false;
	return message_text_fields_contain(&m->text, m->header, name, needle);
}

static bool test_row(
    const struct search_message *m, const struct search_key *key)
{
	const struct message *row = m->row;
	switch (key->kind) {
	case SEARCH_SET:
		return uidset_has(&key->set, row->uid);
	case SEARCH_FLAGS:
		return (row->flags & key->mask) == key->want;
	case SEARCH_RECENT:
		return m->is_recent;
	case SEARCH_KEYWORD:
		return key->slot >= 0 &&
		       (row->keywords[key->slot / 8] & 1u << key->slot % 8);
	case SEARCH_LARGER:
		return row->size_bytes > key->size;
	case SEARCH_SMALLER:
		return row->size_bytes < key->size;
	case SEARCH_BEFORE:
		return date_day(row->internaldate) < key->day;
	case SEARCH_ON:
		return date_day(row->internaldate) == key->day;
	case SEARCH_SINCE:
		return date_day(row->internaldate) >= key->day;
	case SEARCH_ALL:
	case SEARCH_NOT:
	case SEARCH_OR:
	case SEARCH_AND:
	case SEARCH_SENTBEFORE:
	case SEARCH_SENTON:
	case SEARCH_SENTSINCE:
	case SEARCH_HEADER:
	case SEARCH_BODY:
	case SEARCH_TEXT:
	case SEARCH_KINDS:
		break;
	}
	return true;
}

static bool test_content(struct search_message *m, const struct search_key *key)
{
	if (key->kind == SEARCH_SENTBEFORE)
		return sent_day(m, key->day) < key->day;
	if (key->kind == SEARCH_SENTON)
		return sent_day(m, key->day) == key->day;
	if (key->kind == SEARCH_SENTSINCE)
		return sent_day(m, key->day) >= key->day;
	if (key->kind == SEARCH_HEADER)
		return header_contains(m, key->field, key->needle);
	if (key->kind == SEARCH_TEXT && header_contains(m, V(""), key->needle))
		return true;
	return body_contains(m, key->kind, key->needle);
}

/* MAYBE: the message has to be read. */
static enum answer ask_extracts(
    struct search_message *m, const struct search_key *key)
{
	enum answer a = key->n_queries ? NO : MAYBE;
	for (unsigned i = 0; i < key->n_queries; i++) {
		enum extract_answer one =
		    extract_ask(&m->extracts, &key->queries[i], m->row);
		if (one == EXTRACT_YES)
			return YES;
		if (one == EXTRACT_UNKNOWN)
			a = MAYBE;
	}
	return a;
}

static enum answer ask_content(struct search_message *m,
    const struct search_key *key, enum search_level level)
{
	enum answer a = MAYBE;
	if (level >= SEARCH_LEVEL_EXTRACT)
		a = ask_extracts(m, key);
	if (a != MAYBE || levels[key->kind] > level)
		return a;
	return test_content(m, key) ? YES : NO;
}

static enum answer all_of(struct search_message *m,
    const struct search_key *list, enum search_level level);

static enum answer either(struct search_message *m,
    const struct search_key *key, enum search_level level)
{
	enum answer a = all_of(m, key->child, level);
	if (a == YES)
		return YES;
	enum answer b = all_of(m, key->other, level);
	return b == YES ? YES : a == MAYBE || b == MAYBE ? MAYBE : NO;
}

/* Keys above the level stay open. */
static enum answer ask(struct search_message *m, const struct search_key *key,
    enum search_level level)
{
	enum answer a;
	switch (key->kind) {
	case SEARCH_AND:
		return all_of(m, key->child, level);
	case SEARCH_NOT:
		a = all_of(m, key->child, level);
		return a == MAYBE ? MAYBE : a == YES ? NO : YES;
	case SEARCH_OR:
		return either(m, key, level);
	case SEARCH_SENTBEFORE:
	case SEARCH_SENTON:
	case SEARCH_SENTSINCE:
	case SEARCH_HEADER:
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return ask_content(m, key, level);
	case SEARCH_ALL:
	case SEARCH_SET:
	case SEARCH_FLAGS:
	case SEARCH_RECENT:
	case SEARCH_KEYWORD:
	case SEARCH_LARGER:
	case SEARCH_SMALLER:
	case SEARCH_BEFORE:
	case SEARCH_ON:
	case SEARCH_SINCE:
	case SEARCH_KINDS:
		break;
	}
	return test_row(m, key) ? YES : NO;
}

static enum answer all_of(struct search_message *m,
    const struct search_key *list, enum search_level level)
{
	enum answer all = YES;
	for (; list; list = list->next) {
		enum answer a = ask(m, list, level);
		if (a == NO)
			return NO;
		if (a == MAYBE)
			all = MAYBE;
	}
	return all;
}

bool search_matches(struct search_message *m, const struct search_key *list)
{
	enum answer a = all_of(m, list, SEARCH_LEVEL_ROW);
	m->was_read = false;
	if (a == MAYBE)
		a = all_of(m, list, SEARCH_LEVEL_EXTRACT);
	if (a != MAYBE)
		return a == YES;
	m->was_read = true;
	m->text.msgid = m->row->msgid;
	m->header = V_NONE;
	m->text.error = message_info(m->text.t, m->row->msgid, &m->info);
	if (m->text.error)
		return false;
	for (int level = SEARCH_LEVEL_INFO;
	     a == MAYBE && level <= SEARCH_LEVEL_TEXT; level++)
		a = all_of(m, list, (enum search_level)level);
	return a == YES && !m->text.error;
}

/* "x: " for "has a field x"; false: not a name that extracts know. */
static bool field_needle(
    const struct search_key *key, struct arena *arena, struct view *out)
{
	size_t n = key->field.n;
	char *p = n ? arena_alloc(arena, n + 3) : NULL;
	if (!p)
		return false;
	p[0] = MESSAGE_TEXT_BORDER;
	for (size_t i = 0; i < n; i++) {
		if (!char_is(key->field.p[i], CHAR_FTEXT))
			return false;
		p[i + 1] = char_lower(key->field.p[i]);
	}
	p[n + 1] = ':';
	p[n + 2] = ' ';
	*out = (struct view){ p, n + 3 };
	return true;
}

static void add_query(struct search_key *key, enum extract_zone zone,
    struct view needle, struct view field)
{
	extract_query_init(
	    &key->queries[key->n_queries++], zone, needle, field);
}

/* An empty text is in what extracts do not know: it is left to the message. */
static void header_queries(struct search_key *key, struct arena *arena)
{
	struct view field;
	if (key->field.n == 0 && key->needle.n)
		add_query(key, EXTRACT_HEADER, key->needle, V_NONE);
	else if (!field_needle(key, arena, &field))
		return;
	else if (key->needle.n)
		add_query(key, EXTRACT_HEADER, key->needle,
		    view_slice(field, 1, field.n - 2));
	else
		add_query(key, EXTRACT_HEADER, field, V_NONE);
}

bool search_queries(struct search_key *list, struct arena *arena)
{
	for (; list; list = list->next) {
		if (!search_queries(list->child, arena) ||
		    !search_queries(list->other, arena))
			return false;
		if (levels[list->kind] < SEARCH_LEVEL_HEADER)
			continue;
		list->queries =
		    arena_alloc(arena, EXTRACT_ZONES * sizeof *list->queries);
		if (!list->queries)
			return false;
		if (list->kind == SEARCH_HEADER)
			header_queries(list, arena);
		else if (list->needle.n)
			add_query(list, EXTRACT_BODY, list->needle, V_NONE);
		if (list->kind == SEARCH_TEXT && list->needle.n) {
			add_query(list, EXTRACT_HEADER, list->needle, V_NONE);
			add_query(list, EXTRACT_PARTS, list->needle, V_NONE);
		}
	}
	return true;
}

const struct search_key *search_rarest(const struct search_key *list)
{
	const struct search_key *best = NULL;
	for (; list; list = list->next)
		if (list->n_queries &&
		    (!best || list->needle.n > best->needle.n))
			best = list;
	return best;
}
