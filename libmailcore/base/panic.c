#include "base/panic.h"
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void tell_stderr(const char *text)
{
	fprintf(stderr, "%s\n", text);
}

static void (*tell_hook)(const char *text) = tell_stderr;

void panic_set_hook(void (*tell)(const char *text))
{
	tell_hook = tell;
}

static void PRINTF_LIKE(2, 0)
    tell(const char *kind, const char *format, va_list args)
{
	char text[1024];
	int n = snprintf(text, sizeof text, "%s: ", kind);
	vsnprintf(text + n, sizeof text - (size_t)n, format, args);
	tell_hook(text);
}

void fatal(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	tell("fatal", format, args);
	va_end(args);
	exit(EXIT_FAILURE);
}

void panic(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	tell("panic", format, args);
	va_end(args);
	/* It is no fault of what is read, whoever catches those. */
	signal(SIGABRT, SIG_DFL);
	abort();
}

void *must_alloc(unsigned long size)
{
	void *p = calloc(1, size ? size : 1);
	if (!p)
		fatal("out of memory for %lu bytes", size);
	return p;
}
