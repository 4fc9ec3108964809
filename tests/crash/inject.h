#ifndef TESTS_CRASH_INJECT_H
#define TESTS_CRASH_INJECT_H
/* System calls of this program that fail on demand. */
#include <stdbool.h>

/* From now on the nth call (1 is the next) fails with the errno that is the
 * choice-th of those that fit it; later calls work again. */
void inject_arm(unsigned nth, unsigned choice);
/* Whether it came to that; what failed, as "pwrite: EIO", static. */
bool inject_disarm(const char **what);

/* For environments that are opened from now on; 0: what they ask for. */
void inject_limits(unsigned long map_bytes, unsigned max_readers);

enum {
	INJECT_CHOICES = 3
};
#endif
