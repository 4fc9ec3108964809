#ifndef MAILCTL_TRANSFER_TREE_H
#define MAILCTL_TRANSFER_TREE_H
/* Files outside of the store, below the path that the administrator named.
 * They belong to somebody else than the mail does, so when mailctl runs as
 * root a helper process opens them with the rights of the directory's owner
 * and passes descriptors. Symbolic links below the path are never followed;
 * nobody can have a file read that he cannot read himself. */
#include "base/err.h"
#include "base/view.h"
#include <sys/types.h>

struct tree {
	int root; /* the directory */
	int sock; /* to the helper; -1: none is needed */
	pid_t helper;
};

/* Opens what an administrator named. A symbolic link on the way counts only
 * when root or we made it: who owns a part of the path must not choose where
 * it ends. -ELOOP; -errno. */
int tree_open_path(const char *path, int *fd) MUST_CHECK;
/* Makes the directory, or takes one that is there and empty: else MC_E_EXISTS.
 */
int tree_make_path(const char *path, int *fd) MUST_CHECK;

/* Takes root, a directory. The helper is a child of the caller. */
int tree_start(struct tree *t, int root) MUST_CHECK;
/* The other end of a fork takes over: the parent keeps nothing. */
void tree_leave(struct tree *t);
void tree_stop(struct tree *t); /* waits for the helper */

/* Paths are relative to root, without "..". -ELOOP: a symbolic link; -errno.
 */
int tree_open_dir(struct tree *t, const char *path, int *fd) MUST_CHECK;
/* A regular file; MC_E_UNSUPPORTED when it is something else. */
int tree_open_file(struct tree *t, const char *path, int *fd) MUST_CHECK;
int tree_make_dir(struct tree *t, const char *path) MUST_CHECK;
int tree_create(struct tree *t, const char *path, int *fd) MUST_CHECK;
/* The finished file gets its time and its final name. */
int tree_finish(struct tree *t, const char *from, const char *to,
    int64_t mtime_s) MUST_CHECK;
int tree_remove(struct tree *t, const char *path) MUST_CHECK;
#endif
