#include "imapd/imap_parse.h"
#include "base/chars.h"
#include "store/mailbox/message.h"
#include "text/codec.h"
#include <string.h>

bool imap_bad(struct imap_args *a, const char *why)
{
	if (!a->why)
		a->why = why;
	return false;
}

bool imap_is_end(const struct imap_args *a)
{
	return a->in.n == 0;
}

bool imap_end(struct imap_args *a)
{
	if (a->why)
		return false;
	return a->in.n == 0 || imap_bad(a, "Unexpected arguments");
}

bool imap_peek(const struct imap_args *a, char c)
{
	return !a->why && a->in.n && a->in.p[0] == c;
}

bool imap_skip(struct imap_args *a, char c)
{
	if (!imap_peek(a, c))
		return false;
	a->in = view_skip(a->in, 1);
	return true;
}

bool imap_char(struct imap_args *a, char c)
{
	if (imap_skip(a, c))
		return true;
	return imap_bad(a, c == ')' ? "Missing )" : "Malformed arguments");
}

bool imap_space(struct imap_args *a)
{
	return imap_skip(a, ' ') || imap_bad(a, "Missing argument");
}

static size_t atom_length(struct view in, char extra)
{
	size_t n = 0;
	while (
	    n < in.n && (char_is(in.p[n], CHAR_IMAP_ATOM) || in.p[n] == extra))
		n++;
	return n;
}

bool imap_word(struct imap_args *a, struct view word)
{
	if (a->why || atom_length(a->in, 0) != word.n ||
	    !view_istarts(a->in, word))
		return false;
	a->in = view_skip(a->in, word.n);
	return true;
}

static bool take(struct imap_args *a, size_t n, struct view *out)
{
	*out = view_head(a->in, n);
	a->in = view_skip(a->in, n);
	return true;
}

bool imap_tag(struct imap_args *a, struct view *out)
{
	size_t n = atom_length(a->in, ']');
	if (a->why || n == 0 || n > 64 || memchr(a->in.p, '+', n))
		return imap_bad(a, "Invalid tag");
	return take(a, n, out);
}

bool imap_atom(struct imap_args *a, struct view *out)
{
	size_t n = atom_length(a->in, 0);
	if (a->why || n == 0)
		return imap_bad(a, "Missing or malformed atom");
	return take(a, n, out);
}

/* Behind the opening quote. Copies only when there is something quoted. */
static bool quoted(struct imap_args *a, struct view *out)
{
	size_t n = 0, at = 0;
	bool escaped = false;
	while (n < a->in.n && a->in.p[n] != '"') {
		bool is_escape = a->in.p[n] == '\\';
		escaped |= is_escape;
		n += is_escape ? 2 : 1;
	}
	if (n >= a->in.n)
		return imap_bad(a, "Missing quote");
	struct view raw = view_head(a->in, n);
	a->in = view_skip(a->in, n + 1);
	*out = raw;
	if (!escaped)
		return true;
	char *copy = arena_alloc(a->arena, raw.n);
	if (!copy)
		return imap_bad(a, "Command too large");
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] == '\\' && ++i < raw.n && raw.p[i] != '"' &&
		    raw.p[i] != '\\')
			return imap_bad(a, "Malformed quoted string");
		copy[at++] = raw.p[i];
	}
	*out = (struct view){ copy, at };
	return true;
}

static bool literal_head(struct imap_args *a, uint64_t *size)
{
	struct view number;
	size_t close = view_find_byte(a->in, '}');
	if (!view_cut(&a->in, '}', &number) || close < 2)
		return imap_bad(a, "Malformed literal");
	number = view_skip(number, 1);
	if (number.n && number.p[number.n - 1] == '+')
		number.n--;
	if (!view_u64(number, size) || !view_starts(a->in, V("\r\n")))
		return imap_bad(a, "Malformed literal");
	a->in = view_skip(a->in, 2);
	return true;
}

static bool literal(struct imap_args *a, struct view *out)
{
	uint64_t size;
	if (!literal_head(a, &size))
		return false;
	if (size > a->in.n)
		return imap_bad(a, "Malformed literal");
	take(a, size, out);
	return !view_has_byte(*out, '\0') || imap_bad(a, "NUL in a literal");
}

bool imap_string(struct imap_args *a, struct view *out)
{
	if (imap_skip(a, '"'))
		return quoted(a, out);
	if (imap_peek(a, '{'))
		return literal(a, out);
	return imap_bad(a, "Missing or malformed string");
}

bool imap_nstring(struct imap_args *a, struct view *out)
{
	*out = V_NONE;
	return imap_word(a, V("NIL")) || imap_string(a, out);
}

static bool atom_or_string(
    struct imap_args *a, const char *extra, struct view *out)
{
	size_t n = 0;
	if (imap_peek(a, '"') || imap_peek(a, '{'))
		return imap_string(a, out);
	while (n < a->in.n && (char_is(a->in.p[n], CHAR_IMAP_ATOM) ||
				  (a->in.p[n] && strchr(extra, a->in.p[n]))))
		n++;
	if (a->why || n == 0)
		return imap_bad(a, "Missing or malformed argument");
	return take(a, n, out);
}

bool imap_astring(struct imap_args *a, struct view *out)
{
	return atom_or_string(a, "]", out);
}

bool imap_list_mailbox(struct imap_args *a, struct view *out)
{
	return atom_or_string(a, "]%*", out);
}

bool imap_number64(struct imap_args *a, uint64_t *out)
{
	size_t n = 0;
	while (n < a->in.n && char_is(a->in.p[n], CHAR_DIGIT))
		n++;
	if (a->why || !view_u64(view_head(a->in, n), out) || *out > INT64_MAX)
		return imap_bad(a, "Missing or malformed number");
	a->in = view_skip(a->in, n);
	return true;
}

bool imap_number(struct imap_args *a, uint32_t *out)
{
	uint64_t n;
	if (!imap_number64(a, &n))
		return false;
	if (n > UINT32_MAX)
		return imap_bad(a, "Number too large");
	*out = (uint32_t)n;
	return true;
}

bool imap_nz_number(struct imap_args *a, uint32_t *out)
{
	if (!imap_number(a, out))
		return false;
	return *out != 0 || imap_bad(a, "Number must not be zero");
}

static bool set_number(struct imap_args *a, uint32_t *out)
{
	*out = 0;
	return imap_skip(a, '*') || imap_nz_number(a, out);
}

static bool set_range(struct imap_args *a, struct uid_range *out)
{
	if (!set_number(a, &out->first))
		return false;
	out->last = out->first;
	if (imap_skip(a, ':') && !set_number(a, &out->last))
		return false;
	if (out->last != 0 && (out->first == 0 || out->first > out->last)) {
		uint32_t first = out->last;
		out->last = out->first;
		out->first = first;
	}
	return true;
}

static size_t count_commas(struct view v)
{
	size_t n = 0;
	for (size_t i = 0; i < v.n && v.p[i] != ' ' && v.p[i] != ')'; i++)
		n += v.p[i] == ',';
	return n;
}

bool imap_set(struct imap_args *a, struct imap_set *out)
{
	size_t max = count_commas(a->in) + 1;
	if (a->why || max > IMAP_SET_RANGES_MAX)
		return imap_bad(a, "Message set too long");
	out->n = 0;
	out->ranges = arena_alloc(a->arena, max * sizeof *out->ranges);
	if (!out->ranges)
		return imap_bad(a, "Command too large");
	do {
		if (!set_range(a, &out->ranges[out->n++])) {
			a->why = "Invalid message set";
			return false;
		}
	} while (imap_skip(a, ','));
	return true;
}

static const struct {
	struct view name;
	uint16_t flag;
} system_flags[] = {
	{ V_INIT("Seen"), MESSAGE_SEEN },
	{ V_INIT("Answered"), MESSAGE_ANSWERED },
	{ V_INIT("Flagged"), MESSAGE_FLAGGED },
	{ V_INIT("Deleted"), MESSAGE_DELETED },
	{ V_INIT("Draft"), MESSAGE_DRAFT },
	{ V_INIT("Recent"), 0 }, /* cannot be set: ignored, as clients copy
				    flags that they have seen */
};

static bool system_flag(struct imap_args *a, struct imap_flags *out)
{
	struct view name;
	if (!imap_atom(a, &name))
		return false;
	for (size_t i = 0; i < sizeof system_flags / sizeof *system_flags; i++)
		if (view_ieq(name, system_flags[i].name)) {
			out->flags |= system_flags[i].flag;
			return true;
		}
	return imap_bad(a, "Unknown system flag");
}

static bool keyword(struct imap_args *a, struct imap_flags *out)
{
	struct view name;
	if (!imap_atom(a, &name))
		return false;
	if (name.n > KEYWORD_OCTETS_MAX)
		return imap_bad(a, "Keyword too long");
	if (!out->keywords)
		out->keywords =
		    arena_alloc(a->arena, KEYWORDS_MAX * sizeof *out->keywords);
	if (!out->keywords || out->n_keywords == KEYWORDS_MAX)
		return imap_bad(a, "Too many keywords");
	out->keywords[out->n_keywords++] = name;
	return true;
}

bool imap_flag(struct imap_args *a, struct imap_flags *out)
{
	return imap_skip(a, '\\') ? system_flag(a, out) : keyword(a, out);
}

bool imap_flag_list(struct imap_args *a, struct imap_flags *out)
{
	if (!imap_char(a, '('))
		return false;
	if (imap_skip(a, ')'))
		return true;
	do {
		if (!imap_flag(a, out))
			return false;
	} while (imap_skip(a, ' '));
	return imap_char(a, ')');
}

bool imap_day(struct imap_args *a, int32_t *day)
{
	struct view text;
	if (!imap_astring(a, &text))
		return false;
	return date_parse_imap_day(text, day) == 0 ||
	       imap_bad(a, "Invalid date");
}

bool imap_date_time(struct imap_args *a, struct date *out)
{
	struct view text;
	if (!imap_peek(a, '"') || !imap_string(a, &text))
		return imap_bad(a, "Invalid date-time");
	return date_parse_imap(text, out) == 0 ||
	       imap_bad(a, "Invalid date-time");
}

static bool is_ascii(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] >= 0x80)
			return false;
	return true;
}

/* Some clients send UTF-8 as it is; ASCII that is no modified UTF-7 is no name,
 * and becomes the empty one, which no mailbox has. */
static struct view decoded_name(struct imap_args *a, struct view name)
{
	struct buf utf8, nfc;
	bool ok = true;
	buf_init(&utf8, 4096);
	buf_init(&nfc, 4096);
	if (mutf7_decode(name, &utf8) == 0)
		name = buf_view(&utf8);
	else if (is_ascii(name))
		name = V("");
	if (utf8_normalize(name, &nfc) == 0)
		name = buf_view(&nfc);
	name = arena_copy(a->arena, name, &ok);
	buf_deinit(&utf8);
	buf_deinit(&nfc);
	if (!ok)
		imap_bad(a, "Command too large");
	return name;
}

bool imap_mailbox(struct imap_args *a, struct view *out)
{
	struct view name;
	if (!imap_astring(a, &name))
		return false;
	if (name.n > 1 && name.p[name.n - 1] == '/')
		name.n--;
	if (view_ieq(view_head(name, 5), V("INBOX")) &&
	    (name.n == 5 || name.p[5] == '/')) {
		char *copy = arena_alloc(a->arena, name.n);
		if (!copy)
			return imap_bad(a, "Command too large");
		memcpy(copy, name.p, name.n);
		memcpy(copy, "INBOX", 5);
		name.p = copy;
	}
	*out = decoded_name(a, name);
	return a->why == NULL;
}

bool imap_append_args(struct imap_args *a, struct imap_append_args *out)
{
	uint64_t size;
	*out = (struct imap_append_args){ .has_date = false };
	if (!imap_space(a) || !imap_mailbox(a, &out->mailbox) || !imap_space(a))
		return false;
	if (imap_peek(a, '(') &&
	    (!imap_flag_list(a, &out->flags) || !imap_space(a)))
		return false;
	if (imap_peek(a, '"')) {
		out->has_date = true;
		if (!imap_date_time(a, &out->date) || !imap_space(a))
			return false;
	}
	if (!imap_peek(a, '{'))
		return imap_bad(a, "Missing message literal");
	return literal_head(a, &size);
}

bool imap_id(struct imap_args *a, struct view *name)
{
	struct view field, value;
	if (imap_word(a, V("NIL")))
		return true;
	if (!imap_char(a, '('))
		return false;
	if (imap_skip(a, ')'))
		return true;
	for (int i = 0; i < IMAP_ID_PAIRS_MAX; i++) {
		if (!imap_string(a, &field) || !imap_space(a) ||
		    !imap_nstring(a, &value))
			return false;
		if (view_ieq(field, V("name")))
			*name = view_head(value, 64);
		if (!imap_skip(a, ' '))
			return imap_char(a, ')');
	}
	return imap_bad(a, "Too many ID fields");
}
