#ifndef QUEUED_LOCAL_MBOX_H
#define QUEUED_LOCAL_MBOX_H
/* A message into a file of an alias, in mbox form. */
#include "queued/local/command.h"

/* As whoever calls it. The file is made (0600) when missing; otherwise it must
 * be a regular one with one name, of the caller's own. It is locked by
 * fcntl(2), and by a file PATH.lock where one can be made; a write that fails
 * is taken back. /dev/null takes everything. */
void mbox_append(
    struct view path, const struct unix_mail *mail, struct outcome *out);
#endif
