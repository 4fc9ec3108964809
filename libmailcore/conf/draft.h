#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H
/* A configuration on its way from the file to a checked struct conf, with what
 * is needed to name the line of an error. */
#include "conf/schema.h"
#include <stdio.h>

enum {
	CONF_BYTES_MAX = 4 * 1024 * 1024, /* of the file */
	CONF_MEMORY_MAX = 32 * 1024 * 1024,
	CONF_TOP_MAX = 128, /* rows of schema.def at most */
};

struct conf_memory {
	struct arena arena;
	const char *prefix; /* "" or a path */
};

/* Where a section is in the file, and what was given in it. */
struct conf_origin {
	unsigned line; /* of its first value, or of its end */
	bool has_service, has_tls;
};

struct conf_draft {
	struct conf *c;
	const char *file;
	struct buf *errors;
	bool failed;
	unsigned top_lines[CONF_TOP_MAX]; /* 0: not given */
	struct conf_origin *listen_origins, *domain_origins, *route_origins;
};

/* An empty configuration with its memory; defaults are set. */
int conf_new(const char *prefix, struct conf **out) MUST_CHECK;

/* Reports "file:line: option: reason". */
void conf_complain(struct conf_draft *d, unsigned line, struct view option,
    struct view reason);
void conf_complainf(struct conf_draft *d, unsigned line, const char *option,
    const char *format, ...) PRINTF_LIKE(4, 5);

/* conf/parse.c: libConfuse's grammar, each value checked against its row. Text
 * is the whole file. False when its end was not reached. */
bool conf_parse(struct conf_draft *d, const char *text);
/* conf/check.c: what takes more than one option to see; default listeners;
 * paths. */
void conf_check(struct conf_draft *d);
/* conf/check_route.c: the route sections, and their order. */
void conf_check_routes(struct conf_draft *d);

/* For the checks. About an option of a section that has a name. */
#define CONF_COMPLAIN(d, line, section, o, ...)                                \
	do {                                                                   \
		char shown_[400];                                              \
		snprintf(                                                      \
		    shown_, sizeof shown_, section " \"%.200s\"", (o)->name);  \
		conf_complainf((d), (line), shown_, __VA_ARGS__);              \
	} while (0)

/* A host or domain name: RFC 1123 2.1, in its ASCII form. */
bool conf_is_domain(struct view v);
/* The domain as domain_canonical makes it, or as it is when it is none; "" when
 * there is no memory, which is complained about. */
const char *conf_canonical(struct conf_draft *d, const char *s);
const char *conf_joined(
    struct conf_draft *d, const char *a, const char *b, const char *c);
/* Where a path is that the file gives: below the prefix, or the file's folder,
 * when it is relative. */
const char *conf_below(struct conf_draft *d, const char *path);
/* Puts sections, whose first member is their name, in its order; those of one
 * name in that of their lines. origins go with them. */
void conf_sort_sections(struct conf_draft *d, void *sections, size_t n,
    size_t size, struct conf_origin *origins);
#endif
