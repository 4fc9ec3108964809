#include "imapd/imap_match.h"
#include "text/header.h"

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
	    !imap_text_header(&m->text, 0, m->info.header_size, &m->header))
		return day;
	if (header_find(m->header, V("Date"), &field) &&
	    date_parse(field.value, &date) == 0)
		return date_day(date);
	return day;
}

static bool part_header_contains(
    struct search_message *m, const struct mime_part *part, struct view needle)
{
	struct view header;
	m->header = V_NONE; /* its memory is used */
	return imap_text_header(
		   &m->text, part->header_offset, part->header_size, &header) &&
	       imap_text_fields_contain(&m->text, header, V(""), needle);
}

/* Parts, and the headers of messages that are parts; TEXT looks into those of
 * other parts as well, which is where the names of attachments are. */
static bool part_contains(struct search_message *m, uint32_t i,
    enum search_kind kind, struct view needle)
{
	const struct mime_part *part = &m->parts[i];
	bool in_message = i > 0 && m->parts[part->parent].kind == MIME_MESSAGE;
	if (i > 0 && (in_message || kind == SEARCH_TEXT) &&
	    part_header_contains(m, part, needle))
		return true;
	return part->kind == MIME_LEAF &&
	       imap_text_part_contains(&m->text, part, needle);
}

static bool body_contains(
    struct search_message *m, enum search_kind kind, struct view needle)
{
	if (m->info.n_parts > MIME_PARTS_MAX ||
	    message_parts(&m->info, m->parts) != 0)
		return false;
	for (uint32_t i = 0; i < m->info.n_parts; i++)
		if (part_contains(m, i, kind, needle))
			return true;
	return false;
}

static bool header_contains(
    struct search_message *m, struct view name, struct view needle)
{
	if (!m->header.p &&
	    !imap_text_header(&m->text, 0, m->info.header_size, &m->header))
		return false;
	return imap_text_fields_contain(&m->text, m->header, name, needle);
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
		if (levels[key->kind] > level)
			return MAYBE;
		return test_content(m, key) ? YES : NO;
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
	if (a != MAYBE)
		return a == YES;
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
