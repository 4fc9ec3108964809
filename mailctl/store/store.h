#ifndef MAILCTL_STORE_STORE_H
#define MAILCTL_STORE_STORE_H
/* mailctl store: the work is done by a child of its own for each user, since a
 * damaged page of LMDB can end the process that reads it. The child runs this
 * program again, in the user's directory, with the ids of the directory's
 * owner, and reports in lines of JSON on STORE_REPORT_FD: {"phase": ...},
 * {"violation": {...}} and the like, at last {"result": {...}}. */
#include "mailctl/command.h"

enum {
	STORE_REPORT_FD = 3,
	/* Exit codes of check and repair, below those of sysexits. */
	STORE_CLEAN = 0,
	STORE_REPAIRED = 1,
	STORE_DAMAGED = 2,
};

struct store_target {
	char address[ACCOUNT_ADDRESS_MAX + 1];
	int dir; /* the user's directory */
	/* What the child has as standard input and output; 0: what we have. */
	int input, output;
};

/* Exit code; has complained. */
int store_target_open(const struct mailctl *m, const char *address, bool create,
    struct store_target *out);
/* All directories with a store, in order of their names. The worst code. */
int store_target_each(const struct mailctl *m,
    int (*fn)(void *ctx, const struct store_target *t), void *ctx);

/* Runs the child with verb and args (NULL at the end). *out gets the result,
 * with arrays of what was reported before ("violations" of "violation"). Exit
 * code; what went wrong was complained of. */
int store_child_run(const struct store_target *t, const char *verb,
    char *const *args, json_t **out);

/* The name of a mailbox in such a result; NULL when it has none. Borrowed. */
json_t *store_name_of(json_t *names, json_t *mailbox);
/* Adds "quota" to the results of stats. */
void store_quota_add(const struct mailctl *m, json_t *rows);

/* main() of the child: "mailctl store-child VERB ARGS". */
int store_child_main(int argc, char **argv);

/* The verbs, in the child: what they return is its exit code. */
int store_child_check(int argc, char **argv);
int store_child_stats(int argc, char **argv);
int store_child_compact(int argc, char **argv);
int store_child_repair(int argc, char **argv);
int store_child_undelete(int argc, char **argv);
int store_child_retention(int argc, char **argv);
int store_child_expunge(int argc, char **argv);
/* One line for the parent; value is taken. */
void store_child_report(const char *key, json_t *value);
/* {"name": {"mailbox": id, "name": ...}} of all mailboxes, as far as they can
 * be read. */
struct store;
void store_child_names(struct store *s);
int store_child_dump(int argc, char **argv);
int store_child_load(int argc, char **argv);
int store_child_backup(int argc, char **argv);
int store_child_uidvalidity(int argc, char **argv);
int store_child_restore_all(int argc, char **argv);
int store_child_restore(int argc, char **argv);
/* One line for the parent; value is taken. */
void store_child_report(const char *key, json_t *value);
/* How far it is: the parent shows it on a terminal, now and then. */
void store_child_progress(void *ctx, uint64_t done, uint64_t total);
/* {"error": ...}, returns the exit code for it. */
int store_child_fail(int error, const char *what);
#endif
