#ifndef BASE_SECRET_H
#define BASE_SECRET_H
/* A password or key on its way through memory: bounded, never logged (the log
 * has no type for it), wiped when done. */
#include "base/err.h"
#include "base/view.h"

enum {
	SECRET_MAX = 1024
};

struct secret {
	char bytes[SECRET_MAX];
	size_t n;
};

int secret_set(struct secret *s, struct view v) MUST_CHECK; /* MC_E_LIMIT */
struct view secret_view(const struct secret *s);
void secret_deinit(struct secret *s);
/* Overwrites n bytes in a way that the compiler keeps. */
void secret_wipe(void *p, size_t n);
/* Compares in a time that depends on the lengths only. */
bool secret_eq(struct view a, struct view b);
#endif
