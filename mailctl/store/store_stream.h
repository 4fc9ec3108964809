#ifndef MAILCTL_STORE_STORE_STREAM_H
#define MAILCTL_STORE_STORE_STREAM_H
/* Dumps in the child of mailctl store: standard input, which may be compressed
 * by zstd, as records, and what is told of a dump and of a load. */
#include "mailctl/store/store.h"
#include "store/dump/dump.h"
#include "store/dump/load.h"
#include <zstd.h>

struct stream_in {
	ZSTD_DStream *zstd; /* NULL: plain, or nothing was read so far */
	bool started, at_end, inside; /* inside: of a zstd frame */
	struct buf in, plain;         /* plain: what was decompressed */
};

void stream_in_init(struct stream_in *s);
void stream_in_deinit(struct stream_in *s);
/* For a dump_reader; ctx is a struct stream_in. */
int stream_in_read(void *ctx, char *p, size_t n, size_t *got);

json_t *stream_dump_json(const struct dump_result *r);
/* {"error": ...} with what is damaged; returns the exit code. */
int stream_dump_fail(int error, const struct dump_result *r);
/* Loads standard input into the user's directory, reports, exit code. */
int stream_load(const struct load_options *options);
#endif
