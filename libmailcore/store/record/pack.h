#ifndef STORE_RECORD_PACK_H
#define STORE_RECORD_PACK_H
/* Compressed bodies: frames of BODY_FRAME_OCTETS of the message, each a zstd
 * frame of its own, so that a part is read without what is before it. pack.c
 * alone knows zstd; without it (MAILCORE_ZSTD) nothing is packed and packed
 * messages are MC_E_UNSUPPORTED. */
#include "base/buf.h"
#include "base/source.h"
#include "store/record/keys.h"

bool pack_is_built(void);

/* What a message was packed to. */
struct packed {
	struct buf frames; /* the table of keys.h; empty: was not packed */
	struct buf octets; /* of small messages */
	int fd;            /* of others: a file without a name */
	uint64_t n;
};

void packed_init(struct packed *p);
void packed_deinit(struct packed *p);
struct source packed_source(const struct packed *p);

/* Packs one message after the other. Messages of more than PACK_MEMORY_OCTETS
 * go through a file in dir. NULL: not built, or no memory. */
enum {
	PACK_MEMORY_OCTETS = 1024 * 1024
};

struct packer;

struct packer *packer_new(const char *dir);
void packer_free(struct packer **p);
/* Leaves out empty when packing does not pay, and for any reason that is not
 * the source's: then the message is stored as it is. Else -errno, MC_E_BAD. */
int packer_run(
    struct packer *p, const struct source *s, struct packed *out) MUST_CHECK;

/* Whether octets begin with a packed frame. */
bool packed_is(struct view octets);
/* The table of all octets of a packed message, when it was lost, and the size
 * of the message. False: they are not one. */
bool packed_find(
    struct view octets, struct buf *frames, uint64_t *size_bytes) MUST_CHECK;

/* Unpacks, and keeps the last frame: who reads it in parts unpacks it once. */
struct unpacker {
	void *context;
	char *octets; /* of the frame; at most BODY_FRAME_OCTETS */
	size_t n;
	uint64_t msgid; /* 0: none */
	uint32_t frame;
};

/* in is a whole frame that gives n octets. MC_E_CORRUPT: it does not. */
int unpacker_run(struct unpacker *u, struct view in, size_t n) MUST_CHECK;
void unpacker_clear(struct unpacker *u); /* gives its memory back */
#endif
