#ifndef TEXT_ALIASES_H
#define TEXT_ALIASES_H
/* Alias files as sendmail has them:
 *
 *   name: target, target            # of a line's first column: a comment
 *       , target                    a line that begins with a blank goes on
 *   "a name": \name, name@domain, |command args, "|command a,b", /file,
 *       :include:/file, Person <name@domain>
 *
 * and the files that they include, which are lists of targets, a line (or
 * several that go on) each. Text in double quotes is one piece, in which '\'
 * takes away the meaning of the next character. Pure. */
#include "base/err.h"
#include "base/view.h"

enum {
	ALIASES_TEXT_MAX = 4 << 20, /* of a file */
	ALIASES_NAME_MAX = 320,
	ALIASES_TARGET_MAX = 1000,
};

enum alias_kind {
	ALIAS_ADDRESS, /* also a name without a domain */
	ALIAS_COMMAND, /* without the '|' */
	ALIAS_FILE,
	ALIAS_INCLUDE, /* the path */
};

struct alias_target {
	enum alias_kind kind;
	bool is_final; /* "\name": aliases do not apply */
	struct view text;
};

struct alias {
	struct view name; /* canonical, see aliases_find; empty: of a list */
	unsigned line;
	const struct alias_target *targets;
	size_t n_targets;
};

enum aliases_form {
	ALIASES_NAMED,
	ALIASES_LIST /* one alias without a name */
};

/* A line that cannot be read, or has a name that was there before, costs that
 * line. */
struct aliases_bad {
	void (*fn)(void *ctx, unsigned line, const char *why);
	void *ctx;
};

struct aliases;
/* Copies text. MC_E_LIMIT: over ALIASES_TEXT_MAX. */
int aliases_read(struct view text, enum aliases_form form,
    struct aliases_bad bad, struct aliases **out) MUST_CHECK;
void aliases_free(struct aliases **a);
/* name: a local part as utf8_name makes it, with an '@' and a domain as
 * domain_canonical makes it behind it, or without; NULL. */
const struct alias *aliases_find(const struct aliases *a, struct view name);
/* In order of their names. */
size_t aliases_count(const struct aliases *a);
const struct alias *aliases_at(const struct aliases *a, size_t i);
#endif
