#ifndef TESTS_CRASH_IMAGE_H
#define TESTS_CRASH_IMAGE_H
/* What of a recorded run a power cut could leave on the disk. POSIX's promise
 * and no more: a file's bytes and size are safe after fsync or fdatasync of it
 * (or a write with O_DSYNC: those bytes), a name after fsync of its directory.
 * Of later writes any sector of 512 octets may be there or not, in any of its
 * versions; later changes of names happened up to some moment. */
#include "tests/crash/trace.h"
#include <stdbool.h>
#include <stddef.h>

struct image;
/* trust_syncs false: as if the disk had ignored every flush. */
struct image *image_new(bool trust_syncs);
void image_free(struct image *i);
/* In the order of the run; name and data are kept, not copied. */
void image_apply(struct image *i, const struct trace_event *e, const char *name,
    const char *data);
/* Makes the files below dir, which is empty, after a cut while this event was
 * under way. Chance decides. */
void image_write(struct image *i, const struct trace_event *during,
    const char *name, const char *data, const char *dir);
#endif
