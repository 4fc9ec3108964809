#include "conf/schema.h"
#include <stddef.h>
#include <string.h>

#define LENGTH(a) (sizeof(a) / sizeof(a)[0])

/* The member's prefix marks the section; see schema.def. */
#define TOP(member, kind, fallback, min, max, words, help)                     \
	{ #member, "", kind, fallback, min, max, words, help,                  \
		offsetof(struct conf, member) },

static const struct conf_option top_rows[] = {
#define OPT_STR(name, fallback, help)                                          \
	TOP(name, CONF_STR, fallback, 0, 0, "", help)
#define OPT_PATH(name, fallback, help)                                         \
	TOP(name, CONF_PATH, fallback, 0, 0, "", help)
#define OPT_WORD(name, fallback, words, help)                                  \
	TOP(name, CONF_WORD, fallback, 0, 0, words, help)
#define OPT_BOOL(name, fallback, help)                                         \
	TOP(name, CONF_BOOL, fallback, 0, 1, "", help)
#define OPT_INT(name, fallback, min, max, help)                                \
	TOP(name, CONF_INT, fallback, min, max, "", help)
#define OPT_BYTES(name, fallback, min, max, help)                              \
	TOP(name, CONF_BYTES, fallback, min, max, "", help)
#define OPT_SECONDS(name, fallback, min, max, help)                            \
	TOP(name, CONF_SECONDS, fallback, min, max, "", help)
#define OPT_ENUM(name, type, fallback, words, help)                            \
	TOP(name, CONF_ENUM, fallback, 0, 0, words, help)
#include "conf/schema.def"
#undef OPT_STR
#undef OPT_PATH
#undef OPT_WORD
#undef OPT_BOOL
#undef OPT_INT
#undef OPT_BYTES
#undef OPT_SECONDS
#undef OPT_ENUM
};

#define LISTEN(member) offsetof(struct conf_listen, member)
#define DOMAIN(member) offsetof(struct conf_domain, member)
#define ROUTE(member) offsetof(struct conf_route, member)

static const struct conf_option listen_rows[] = {
	{ "service", "listen", CONF_ENUM, "smtp", 0, 0,
	    "smtp|submission|submissions|imap|imaps|pop3|pop3s",
	    "protocol spoken here; required", LISTEN(service) },
	{ "address", "listen", CONF_STR, "*", 0, 0, "",
	    "*, 192.0.2.1, [2001:db8::1] or unix:PATH", LISTEN(address) },
	{ "port", "listen", CONF_PORT, "0", 0, 65535, "",
	    "TCP port; 0: the usual one of the service", LISTEN(port) },
	{ "tls", "listen", CONF_ENUM, "none", 0, 0, "none|starttls|implicit",
	    "TLS; as usual for the service when not given", LISTEN(tls) },
};

static const struct conf_option domain_rows[] = {
	{ "accounts", "domain", CONF_ENUM, "database", 0, 0,
	    "database|system|passwd-file", "where its accounts are",
	    DOMAIN(accounts) },
	{ "passwd_file", "domain", CONF_STR, "", 0, 0, "",
	    "file of passwd-file accounts, below STATE_DIR/accounts",
	    DOMAIN(passwd_file) },
	{ "alias_of", "domain", CONF_STR, "", 0, 0, "",
	    "other domain that has the accounts of this one",
	    DOMAIN(alias_of) },
	{ "catch_all", "domain", CONF_STR, "", 0, 0, "",
	    "account that gets mail for unknown addresses", DOMAIN(catch_all) },
};

static const struct conf_option route_rows[] = {
	{ "host", "route", CONF_STR, "", 0, 0, "",
	    "a host, [address] or unix:PATH; empty: the domain's mail "
	    "exchangers",
	    ROUTE(host) },
	{ "port", "route", CONF_PORT, "0", 0, 65535, "",
	    "TCP port; 0: 25, of lmtp 24, with tls = implicit 465",
	    ROUTE(port) },
	{ "protocol", "route", CONF_BOOL, "smtp", 0, 1, "smtp|lmtp",
	    "protocol spoken there", ROUTE(is_lmtp) },
	{ "tls", "route", CONF_ENUM, "opportunistic", 0, 0,
	    "opportunistic|none|required|verified|dane|implicit",
	    "what connections must have", ROUTE(tls) },
	{ "user", "route", CONF_STR, "", 0, 0, "", "name to log in with (AUTH)",
	    ROUTE(user) },
	{ "password_file", "route", CONF_STR, "", 0, 0, "",
	    "file whose first line is its password", ROUTE(password_file) },
	{ "connections_max", "route", CONF_PORT, "0", 0, 10000, "",
	    "connections at the same time; 0: as for others",
	    ROUTE(connections_max) },
	{ "accept", "route", CONF_BOOL, "no", 0, 1, "",
	    "take mail for it from anybody: we are its relay", ROUTE(accept) },
};

const struct conf_option_table conf_tables[CONF_TABLE_COUNT] = {
	[CONF_TABLE_TOP] = { top_rows, LENGTH(top_rows) },
	[CONF_TABLE_LISTEN] = { listen_rows, LENGTH(listen_rows) },
	[CONF_TABLE_DOMAIN] = { domain_rows, LENGTH(domain_rows) },
	[CONF_TABLE_ROUTE] = { route_rows, LENGTH(route_rows) },
};

/* "tls_key" is "key" of section "tls"; all other rows say what they are. */
struct view conf_option_section(const struct conf_option *o)
{
	if (view_starts(view_of(o->name), V("tls_")))
		return V("tls");
	return view_of(o->section);
}

struct view conf_option_name(const struct conf_option *o)
{
	struct view name = view_of(o->name);
	return view_starts(name, V("tls_")) ? view_skip(name, 4) : name;
}

size_t conf_option_find(
    const struct conf_option_table *t, struct view section, struct view name)
{
	for (size_t i = 0; i < t->n; i++)
		if (view_eq(conf_option_section(&t->rows[i]), section) &&
		    view_eq(conf_option_name(&t->rows[i]), name))
			return i;
	return t->n;
}

bool conf_kind_is_text(enum conf_kind k)
{
	return k == CONF_STR || k == CONF_PATH || k == CONF_WORD;
}

const char **conf_member_str(const struct conf_option *o, void *base)
{
	void *at = (char *)base + o->offset;
	return at;
}

/* Enums are ints here: every one of ours has only small constants. */
_Static_assert(sizeof(enum conf_tls) == sizeof(int), "enums are ints");

uint64_t conf_member_get(const struct conf_option *o, const void *base)
{
	const void *at = (const char *)base + o->offset;
	if (o->kind == CONF_BOOL)
		return *(const bool *)at;
	if (o->kind == CONF_ENUM)
		return (uint64_t) * (const unsigned *)at;
	if (o->kind == CONF_PORT)
		return *(const uint16_t *)at;
	return (uint64_t) * (const int64_t *)at;
}

void conf_member_set(const struct conf_option *o, void *base, uint64_t n)
{
	void *at = (char *)base + o->offset;
	if (o->kind == CONF_BOOL)
		*(bool *)at = n != 0;
	else if (o->kind == CONF_ENUM)
		*(unsigned *)at = (unsigned)n;
	else if (o->kind == CONF_PORT)
		*(uint16_t *)at = (uint16_t)n;
	else
		*(int64_t *)at = (int64_t)n;
}

struct unit {
	char letter;
	uint64_t factor;
};

/* Largest first, for printing. */
static const struct unit byte_units[] = { { 'G', 1u << 30 }, { 'M', 1u << 20 },
	{ 'K', 1u << 10 }, { 0, 1 } };
static const struct unit time_units[] = { { 'd', 86400 }, { 'h', 3600 },
	{ 'm', 60 }, { 's', 1 } };

static const struct unit *units_of(enum conf_kind k, size_t *n)
{
	*n = k == CONF_BYTES || k == CONF_SECONDS ? 4 : 0;
	return k == CONF_BYTES ? byte_units : time_units;
}

static const char *unit_names(enum conf_kind k)
{
	if (k == CONF_BYTES)
		return "K, M or G";
	return k == CONF_SECONDS ? "s, m, h or d" : NULL;
}

/* Factor of a unit letter of this kind, 0 when there is none such. */
static uint64_t unit_factor(enum conf_kind k, char letter)
{
	size_t n;
	const struct unit *units = units_of(k, &n);
	for (size_t i = 0; i < n; i++)
		if (units[i].letter && units[i].letter == letter)
			return units[i].factor;
	return 0;
}

static void put_quoted_raw(struct buf *out, struct view v)
{
	buf_put_char(out, '"');
	buf_put(out, v);
	buf_put_char(out, '"');
}

static int number_refused(
    const struct conf_option *o, struct view text, struct buf *why)
{
	put_quoted_raw(why, text);
	buf_put_cstr(why, " is not a number");
	if (unit_names(o->kind))
		buf_printf(why, ", alone or with %s", unit_names(o->kind));
	else
		buf_put_cstr(why, " (it takes no unit)");
	return MC_E_BAD;
}

bool conf_number(
    enum conf_kind k, struct view text, uint64_t max, uint64_t *out)
{
	uint64_t factor = text.n > 1 ? unit_factor(k, text.p[text.n - 1]) : 0;
	if (factor)
		text = view_head(text, text.n - 1);
	else
		factor = 1;
	if (!view_u64(text, out))
		return false;
	*out = *out > max / factor ? UINT64_MAX : *out * factor;
	return true;
}

static int parse_number(
    const struct conf_option *o, struct view text, void *base, struct buf *why)
{
	uint64_t n;
	if (!conf_number(o->kind, text, (uint64_t)o->max, &n))
		return number_refused(o, text, why);
	if (n > (uint64_t)o->max || n < (uint64_t)o->min) {
		buf_put(why, text);
		buf_put_cstr(why, " is out of range: ");
		conf_option_describe(o, why);
		return MC_E_BAD;
	}
	conf_member_set(o, base, n);
	return 0;
}

/* Index of text in words, or -1. */
static int word_index(const char *words, struct view text)
{
	struct view rest = view_of(words), word;
	for (int i = 0; rest.n; i++) {
		view_cut(&rest, '|', &word);
		if (view_eq(word, text))
			return i;
	}
	return -1;
}

static int refused(
    const struct conf_option *o, struct view text, struct buf *why)
{
	put_quoted_raw(why, text);
	buf_put_cstr(why, " is not ");
	conf_option_describe(o, why);
	return MC_E_BAD;
}

static int parse_bool(
    const struct conf_option *o, struct view text, void *base, struct buf *why)
{
	int i =
	    word_index(*o->words ? o->words : "no|yes|false|true|off|on", text);
	if (i < 0)
		return refused(o, text, why);
	conf_member_set(o, base, (uint64_t)i & 1);
	return 0;
}

static int parse_enum(
    const struct conf_option *o, struct view text, void *base, struct buf *why)
{
	int i = word_index(o->words, text);
	if (i < 0)
		return refused(o, text, why);
	conf_member_set(o, base, (uint64_t)i);
	return 0;
}

static int parse_text(const struct conf_option *o, struct view text, void *base,
    struct arena *a, struct buf *why)
{
	if (o->kind == CONF_WORD && word_index(o->words, text) < 0)
		return refused(o, text, why);
	if (text.n > CONF_STRING_MAX) {
		buf_printf(why, "longer than %d octets", CONF_STRING_MAX);
		return MC_E_LIMIT;
	}
	const char *copy = arena_cstr(a, text);
	if (!copy) {
		buf_put_cstr(why, "configuration too large");
		return MC_E_LIMIT;
	}
	*conf_member_str(o, base) = copy;
	return 0;
}

int conf_value_parse(const struct conf_option *o, struct view text, void *base,
    struct arena *a, struct buf *why)
{
	switch (o->kind) {
	case CONF_STR:
	case CONF_PATH:
	case CONF_WORD:
		return parse_text(o, text, base, a, why);
	case CONF_BOOL:
		return parse_bool(o, text, base, why);
	case CONF_ENUM:
		return parse_enum(o, text, base, why);
	case CONF_INT:
	case CONF_BYTES:
	case CONF_SECONDS:
	case CONF_PORT:
		return parse_number(o, text, base, why);
	}
	return MC_E_INTERNAL;
}

static void put_number(enum conf_kind k, uint64_t value, struct buf *out)
{
	size_t n;
	const struct unit *units = units_of(k, &n);
	for (size_t i = 0; i < n && value; i++) {
		if (value % units[i].factor)
			continue;
		buf_put_u64(out, value / units[i].factor);
		if (units[i].letter)
			buf_put_char(out, units[i].letter);
		return;
	}
	buf_put_u64(out, value);
}

/* libConfuse expands ${NAME} and backslashes inside of double quotes. */
void conf_put_quoted(struct buf *out, struct view v)
{
	buf_put_char(out, '"');
	for (size_t i = 0; i < v.n; i++) {
		char c = v.p[i];
		if (c == '"' || c == '\\' || c == '$')
			buf_put_char(out, '\\');
		if (c == '\n')
			buf_put_cstr(out, "\\n");
		else
			buf_put_char(out, c);
	}
	buf_put_char(out, '"');
}

static void put_word(const char *words, uint64_t index, struct buf *out)
{
	struct view rest = view_of(words), word = V("");
	for (uint64_t i = 0; i <= index && rest.n; i++)
		view_cut(&rest, '|', &word);
	buf_put(out, word);
}

void conf_value_format(
    const struct conf_option *o, const void *base, struct buf *out)
{
	const void *at = (const char *)base + o->offset;
	if (conf_kind_is_text(o->kind))
		conf_put_quoted(out, view_of(*(const char *const *)at));
	else if (o->kind == CONF_BOOL)
		put_word(*o->words ? o->words : "no|yes",
		    conf_member_get(o, base), out);
	else if (o->kind == CONF_ENUM)
		put_word(o->words, conf_member_get(o, base), out);
	else
		put_number(o->kind, conf_member_get(o, base), out);
}

static void describe_words(const char *words, struct buf *out)
{
	struct view rest = view_of(words), word;
	buf_put_cstr(out, "one of ");
	while (rest.n) {
		bool more = view_cut(&rest, '|', &word);
		buf_put(out, word);
		if (more)
			buf_put_cstr(out, ", ");
	}
}

void conf_option_describe(const struct conf_option *o, struct buf *out)
{
	if (*o->words) {
		describe_words(o->words, out);
	} else if (o->kind == CONF_BOOL) {
		buf_put_cstr(out, "yes or no");
	} else if (o->kind == CONF_STR) {
		buf_put_cstr(out, "a string");
	} else if (o->kind == CONF_PATH) {
		buf_put_cstr(out, "a path");
	} else {
		put_number(o->kind, (uint64_t)o->min, out);
		buf_put_cstr(out, " to ");
		put_number(o->kind, (uint64_t)o->max, out);
	}
}

int conf_defaults(
    const struct conf_option_table *t, void *base, struct arena *a)
{
	struct buf why;
	buf_init(&why, 1024);
	int error = 0;
	for (size_t i = 0; i < t->n && !error; i++)
		error = conf_value_parse(
		    &t->rows[i], view_of(t->rows[i].fallback), base, a, &why);
	buf_deinit(&why);
	return error;
}
