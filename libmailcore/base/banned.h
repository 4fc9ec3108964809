#ifndef BASE_BANNED_H
#define BASE_BANNED_H
/* Functions that invite overflows or depend on the locale become errors. The
 * build includes this before every source of ours. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* clang's fortified stdio.h has these two as macros. */
#undef sprintf
#undef vsprintf
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok
#pragma GCC poison atoi atol atoll strtol strtoul strtoll strtoull
#pragma GCC poison localtime gmtime ctime asctime system popen
#endif
