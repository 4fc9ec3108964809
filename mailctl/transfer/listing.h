#ifndef MAILCTL_TRANSFER_LISTING_H
#define MAILCTL_TRANSFER_LISTING_H
/* Names in a directory of a tree, in byte order; without "." and "..". */
#include "mailctl/transfer/tree.h"
#include <stddef.h>

struct listing {
	char **names;
	size_t n, cap;
};

/* -errno; MC_E_TEMP: out of memory. To be freed in any case. */
int listing_read(
    struct tree *t, const char *path, struct listing *out) MUST_CHECK;
int listing_add(struct listing *l, const char *name) MUST_CHECK;
void listing_free(struct listing *l);

/* "a/b"; "b" for an empty a. NULL: out of memory. */
char *path_join(const char *a, const char *b);
#endif
