#ifndef BASE_PANIC_H
#define BASE_PANIC_H
/* Two of the three ways out; the third is to return an error.
 *   fatal: the environment is wrong, at start-up or because the process that
 *          controls us is gone. Exit code 1. Never for what a peer can cause.
 *   panic: a bug of ours. Aborts, for a core. mc_assert stays on in releases.
 */
#include "base/err.h"

_Noreturn void fatal(const char *format, ...) PRINTF_LIKE(1, 2);
_Noreturn void panic(const char *format, ...) PRINTF_LIKE(1, 2);

#define mc_assert(condition)                                                   \
	((condition) ? (void)0                                                 \
		     : panic("%s:%d: assertion failed: %s", __FILE__,          \
			   __LINE__, #condition))

/* Small allocations whose size no peer chooses: out of memory is fatal. The
 * memory is zeroed. */
void *must_alloc(unsigned long size);
#define MUST_NEW(type) ((type *)must_alloc(sizeof(type)))

/* Where fatal and panic tell; the log installs itself here. */
void panic_set_hook(void (*tell)(const char *text));
#endif
