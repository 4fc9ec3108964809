#ifndef STORE_KV_KV_FS_H
#define STORE_KV_KV_FS_H
/* What must be known of the file system below a database. */
#include "base/err.h"
#include <stdbool.h>
#include <stdint.h>

/* Whether the open file lies on a file system that other hosts may write to:
 * shared memory and its locks do not work across them. */
bool fs_is_remote(int fd);
/* Bytes that an ordinary user may still write there. */
int fs_free_bytes(int fd, uint64_t *out) MUST_CHECK;
#endif
