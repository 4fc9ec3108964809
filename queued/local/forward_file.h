#ifndef QUEUED_LOCAL_FORWARD_FILE_H
#define QUEUED_LOCAL_FORWARD_FILE_H
/* The forward file of a Unix user: a list of targets as text/aliases.h has
 * them, with the files that it includes. Read as that user; it counts as a
 * whole or not at all. */
#include "text/aliases.h"
#include "wire/msg.h"

enum {
	FORWARD_FILE_MAX = 64 * 1024,
	FORWARD_TARGETS_MAX = 1000,    /* with those of the files it includes */
	FORWARD_TEXT_MAX = 128 * 1024, /* of all of them */
	FORWARD_INCLUDES_DEPTH = 3,
	FORWARD_WHY_MAX = 400,
};

struct forward_reader {
	const char *home, *file; /* file: below home */
	/* For each target, in order: LEAF_ADDRESS, _COMMAND or _FILE. */
	void (*on_target)(
	    void *ctx, enum leaf_kind kind, bool is_final, struct view text);
	void *ctx;
	char why[FORWARD_WHY_MAX + 1]; /* of FORWARD_BAD and _TEMP */
};

/* Only a regular file that the caller or root owns, and nobody else can write,
 * counts, and so with those it includes. What was told before FORWARD_BAD or
 * _TEMP does not. FORWARD_TEMP: it or the home directory cannot be read now;
 * why begins with a status code then. */
enum forward_status forward_file_read(struct forward_reader *r);
/* FORWARD_OK: it has that command (LEAF_COMMAND) or file; _NONE: it has not. */
enum forward_status forward_file_names(
    struct forward_reader *r, enum leaf_kind kind, struct view text);
#endif
