#ifndef STORE_NAMELESS_H
#define STORE_NAMELESS_H
/* A file without a name, for octets that memory should not hold: whatever ends
 * the process, nothing is left behind. */
#include "base/err.h"
#include "base/view.h"

/* In dir, where it needs permission to make files. */
int nameless_file(const char *dir, int *fd) MUST_CHECK;
/* All of v, at the end of what was written. MC_E_FULL; -errno. */
int nameless_write(int fd, struct view v) MUST_CHECK;
#endif
