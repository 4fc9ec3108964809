#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H
/* Engines get time as a parameter; only processes ask here. */
#include <stdint.h>

uint64_t clock_mono_ms(void); /* never goes back */
int64_t clock_wall_s(void);   /* seconds since 1970, UTC */
#endif
