#ifndef BASE_RAND_H
#define BASE_RAND_H
/* Random bytes of the kernel, good enough for secrets; never fails (a kernel
 * without getrandom is fatal). */
#include <stddef.h>
#include <stdint.h>

void rand_bytes(void *out, size_t n);
uint64_t rand_u64(void); /* never 0: ids use 0 for "none" */
#endif
