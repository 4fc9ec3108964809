#ifndef CONF_DRAFT_H
#define CONF_DRAFT_H
/* A configuration on its way from the file to a checked struct conf, with what
 * is needed to name the line of an error. */
#include "conf/schema.h"

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
	struct conf_origin *listen_origins, *domain_origins;
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
#endif
