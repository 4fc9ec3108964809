#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H
/* The rows of schema.def, and those of the sections listen, domain and route,
 * as tables: one description for reading, checking, dumping, sending and
 * documenting an option. */
#include "base/arena.h"
#include "conf/conf.h"

enum conf_kind {
	CONF_STR,
	CONF_PATH, /* taken below the prefix when relative */
	CONF_WORD, /* one of a set, kept as text */
	CONF_BOOL,
	CONF_INT,
	CONF_BYTES,
	CONF_SECONDS,
	CONF_ENUM, /* one of a set, kept as its index in it */
	CONF_PORT, /* uint16_t; 0: as usual */
};

struct conf_option {
	const char *name;    /* of the member: tls_key */
	const char *section; /* "" (top level and tls), "listen", ... */
	enum conf_kind kind;
	const char *fallback;
	int64_t min, max;
	const char
	    *words; /* "full|no-chroot|none"; of a CONF_BOOL "": no|yes */
	const char *help;
	size_t offset; /* of the member in struct conf, conf_listen, ... */
};

struct conf_option_table {
	const struct conf_option *rows;
	size_t n;
};

enum conf_table {
	CONF_TABLE_TOP, /* top level and section tls */
	CONF_TABLE_LISTEN,
	CONF_TABLE_DOMAIN,
	CONF_TABLE_ROUTE,
	CONF_TABLE_COUNT
};

extern const struct conf_option_table conf_tables[CONF_TABLE_COUNT];

/* What is written in the file: "tls" and "key". Static. */
struct view conf_option_section(const struct conf_option *o);
struct view conf_option_name(const struct conf_option *o);
/* Index of the row, or n. */
size_t conf_option_find(
    const struct conf_option_table *t, struct view section, struct view name);

/* Reads text into the member of base (the struct that the row is about);
 * strings go to a. On failure puts the reason into why and returns MC_E_BAD or
 * MC_E_LIMIT; the member is unchanged. */
int conf_value_parse(const struct conf_option *o, struct view text, void *base,
    struct arena *a, struct buf *why) MUST_CHECK;
/* Puts the value in the syntax of the file: "quoted", yes, 50M, 5m. */
void conf_value_format(
    const struct conf_option *o, const void *base, struct buf *out);
void conf_put_quoted(struct buf *out, struct view v);
/* "a string", "yes or no", "one of full, no-chroot, none", "1 to 64" */
void conf_option_describe(const struct conf_option *o, struct buf *out);
/* Sets every member of a table's struct to its default. */
int conf_defaults(
    const struct conf_option_table *t, void *base, struct arena *a) MUST_CHECK;

const char **conf_member_str(const struct conf_option *o, void *base);
/* The value of any kind that is a number, for sending. */
uint64_t conf_member_get(const struct conf_option *o, const void *base);
void conf_member_set(const struct conf_option *o, void *base, uint64_t n);
bool conf_kind_is_text(enum conf_kind k);
/* A number with the units of its kind: "50M", "5d". False: it is none. Above
 * max it becomes UINT64_MAX. */
bool conf_number(
    enum conf_kind k, struct view text, uint64_t max, uint64_t *out);
#endif
