#ifndef MAILCTL_BACKUP_BACKUP_H
#define MAILCTL_BACKUP_BACKUP_H
/* mailctl backup and restore. A generation of an account is one file: a dump
 * (mailcore-dump(5)) compressed by zstd, first the index of that moment, then
 * the messages that no earlier file has. Messages never change, so that a huge
 * account with a small change costs its index and what is new; when the files
 * hold more than twice what is needed, all is written anew. */
#include "mailctl/backup/manifest.h"
#include "mailctl/store/store.h"

struct backup_arguments {
	const char *dir;
	const char **addresses; /* borrowed from the command line */
	int n_addresses;
	bool all, verify, replace, force_copy, dry_run, accounts, configuration;
	uint32_t keep; /* 0: all */
	int64_t at_s;  /* 0: the last */
	const char *at, *mailbox, *uid, *message_id,
	    *into; /* NULL: not given */
};

/* Exit code; has complained. n: how many addresses are allowed, -1: any. */
int backup_arguments_take(
    struct mailctl *m, unsigned allowed, int n, struct backup_arguments *out);
void backup_arguments_free(struct backup_arguments *a);

enum backup_option {
	OPTION_ALL = 1 << 0,
	OPTION_VERIFY = 1 << 1,
	OPTION_KEEP = 1 << 2,
	OPTION_AT = 1 << 3,
	OPTION_SELECT = 1 << 4,  /* --mailbox, --uid, --message-id */
	OPTION_RESTORE = 1 << 5, /* --into, --replace, --force-copy, ... */
};

/* The directory of an account in the backup. -errno, MC_E_BAD. */
int backup_account_enter(
    struct area *a, const char *address, bool create, int *fd) MUST_CHECK;
/* Calls fn for each address given or, with --all, for all in the backup. The
 * worst code. */
int backup_each(struct area *a, const struct backup_arguments *args,
    int (*fn)(void *ctx, const char *address, int dir), void *ctx);

/* --verify: exit code. */
int backup_verify(struct mailctl *m, const struct backup_arguments *args);

int backup_list_messages(struct mailctl *m, struct area *a,
    const struct backup_arguments *args, json_t *rows);

/* Starts a process that writes a generation's streams into a pipe: the index,
 * and the messages from the oldest file on; all files are verified first.
 * *input is the end to read from. */
int backup_feed(int dir, const struct manifest *m, json_t *generation,
    bool bodies, int *input, int *pid) MUST_CHECK;

/* Accounts and configuration. Exit codes. */
int backup_host(struct mailctl *m, struct area *a, uint32_t keep, json_t *rows);
int restore_accounts(struct mailctl *m, struct area *a,
    const struct backup_arguments *args, json_t *rows);
int restore_configuration(struct area *a, const struct backup_arguments *args);

/* The name of a generation's file. */
void backup_file_name(
    int64_t time_s, const char *suffix, char out[AREA_NAME_MAX]);
/* Adds a file that was kept, and its generation (taken), and saves. */
int backup_commit(int dir, struct manifest *m, json_t *file, json_t *generation,
    uint32_t keep) MUST_CHECK;
#endif
