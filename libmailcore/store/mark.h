#ifndef STORE_MARK_H
#define STORE_MARK_H
/* The mark of damage: a file in the user's directory. A process that met
 * damage which it could not survive leaves it, and nobody writes to the store
 * until mailctl store repair took it away: who meets the same page again would
 * only die again, and who writes beside damage makes more of it. */
#include "base/err.h"
#include <stdbool.h>

/* For a signal handler, which stands in the directory: open(2) with O_CREAT is
 * all it takes. */
extern const char mark_name[];

int mark_set(const char *dir) MUST_CHECK; /* user's directory */
int mark_clear(const char *dir) MUST_CHECK;
bool mark_is_set(const char *dir);
#endif
