#ifndef STORE_DUMP_DUMP_STREAM_H
#define STORE_DUMP_DUMP_STREAM_H
/* Records on their way: each has its length before it and a CRC32C of its
 * number, type, length and fields behind it, so that a bit that was changed, a
 * record that is missing, twice there or out of order, and an end that came
 * too early are noticed where they are. Streams may follow each other. */
#include "base/buf.h"

struct dump_record;

struct dump_writer {
	struct buf out; /* the caller takes what is in it, whenever it likes */
	uint64_t n;     /* records so far */
};

void dump_writer_init(struct dump_writer *w);
void dump_writer_deinit(struct dump_writer *w);
/* The first one is the header. Errors stick in w->out. */
void dump_write(struct dump_writer *w, const struct dump_record *r);
void dump_write_end(struct dump_writer *w);

struct dump_reader {
	/* Reads at most n octets; *got is 0 at the end. */
	int (*read)(void *ctx, char *p, size_t n, size_t *got);
	void *ctx;
	struct buf fields; /* of the record that was read last */
	uint64_t n;        /* its number in its stream, from 1 on */
	char type;         /* as it was read, '?' before */
	bool inside;       /* of a stream: the end has not come */
};

void dump_reader_init(struct dump_reader *r,
    int (*read)(void *ctx, char *p, size_t n, size_t *got), void *ctx);
void dump_reader_deinit(struct dump_reader *r);
/* Views are valid until the next call. MC_E_NOENT: the end, behind a whole
 * stream; MC_E_CORRUPT: damaged or cut off at record r->n; MC_E_BAD: not a
 * dump; MC_E_VERSION: a later format; what read gave. */
int dump_read(struct dump_reader *r, struct dump_record *out) MUST_CHECK;
#endif
