#ifndef ACCOUNTS_ALIAS_FILES_H
#define ACCOUNTS_ALIAS_FILES_H
/* The alias files of the configuration and the files that they include, as the
 * monitor hands them over: the auth role can open neither. */
#include "accounts/resolve.h"
#include "text/aliases.h"

enum {
	ALIAS_FILES_MAX = 16,
	ALIAS_INCLUDES_MAX = 256
};

/* The file with that index as it is now; indices over the maximum are left out.
 * A file of aliases that is not there has none; an included one is dropped.
 * Commands, files and further includes count only in one that is_trusted. What
 * cannot be read, or does not count, is logged with its line. */
void accounts_set_aliases(struct accounts *a, size_t index, struct view name,
    struct view text, bool is_trusted);
void accounts_set_include(struct accounts *a, size_t index, struct view path,
    struct view text, bool is_trusted);
void accounts_drop_include(struct accounts *a, size_t index);

/* Calls found for the path of each include in the text of either. */
void alias_files_find_includes(
    struct view text, void (*found)(void *ctx, struct view path), void *ctx);

struct alias_list {
	const struct aliases *aliases;
	struct view file;
	bool is_trusted;
};

/* Of the first file that has it; NULL; list may be NULL. A name is written as
 * in the file: "name" for names of this host, or "name@domain". */
const struct alias *accounts_find_named_alias(
    const struct accounts *a, struct view name, struct alias_list *list);
/* MC_E_NOENT: it is not there, or cannot be read. */
int accounts_find_include(const struct accounts *a, struct view path,
    struct alias_list *out) MUST_CHECK;
#endif
