#ifndef MAILCTL_STORE_OPEN_STORE_H
#define MAILCTL_STORE_OPEN_STORE_H
/* One account's mail, for commands that open it. Only a child process does,
 * with the user and group that own the account's directory: what is wrong in
 * a store must not meet the administrator's power. */
#include "mailctl/command.h"

struct mail_dir {
	char address[ACCOUNT_ADDRESS_MAX + 1]; /* canonical */
	int fd;                                /* state_dir/mail/DOMAIN/USER */
};

/* Finds the directory. With create, it is made when missing, and the account
 * must exist; without, only the directory must: an account that was deleted
 * left its mail. Exit code; has complained. */
int mail_dir_open(struct mailctl *m, const char *address, bool create,
    struct mail_dir *out) MUST_CHECK;
void mail_dir_close(struct mail_dir *d);

/* Runs fn in a child that stands in the directory and has become its owner, so
 * that store_open(".", ...) opens the store; returns fn's exit code. No LMDB
 * environment may be open in the caller. */
int mail_dir_run(struct mailctl *m, const struct mail_dir *d,
    int (*fn)(struct mailctl *m, void *ctx), void *ctx) MUST_CHECK;

/* For good: becomes the owner of what fd is, when running as root. A child
 * calls it. 0 or -errno. */
int become_owner(int fd) MUST_CHECK;
/* Waits for a child; its exit code, EX_SOFTWARE when it died. */
int wait_for(pid_t pid);
#endif
