#ifndef PROC_SPAWN_H
#define PROC_SPAWN_H
/* How the monitor starts a role: fork and exec of this same program, so that no
 * two roles share an address space layout; and the sealed memory files in which
 * it hands bytes over. */
#include "base/buf.h"
#include <sys/types.h>

enum {
	SPAWN_CHANNEL_FD = 3 /* where a role finds its monitor */
};

/* This program's path, even when it was replaced on disk since; argv0 is the
 * last resort. Returns out. */
const char *spawn_self(const char *argv0, char *out, size_t cap);

/* Runs "self -R role" with channel (borrowed) as SPAWN_CHANNEL_FD, standard
 * error, and /dev/null as its input and output. -errno. */
int spawn_role(const char *self, const char *daemon, const char *role,
    int channel, pid_t *pid) MUST_CHECK;

/* A memory file with bytes that nobody can change any more. -errno. */
int memfile_new(struct view bytes, int *fd) MUST_CHECK;
/* All bytes of a file from its start, whatever its offset is. MC_E_LIMIT when
 * it is larger than out may hold; -errno. */
int memfile_read(int fd, struct buf *out) MUST_CHECK;
#endif
