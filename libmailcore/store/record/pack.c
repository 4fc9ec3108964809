#include "store/record/pack.h"
#include "base/panic.h"
#include "store/nameless.h"
#include "store/record/le.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef MAILCORE_ZSTD
#include <zstd.h>
#endif

enum {
	LEVEL = 3,
	/* What a frame, and all of a message, must become smaller by. */
	SAVED_DIVISOR = 32,
};

void packed_init(struct packed *p)
{
	buf_init(&p->frames, (size_t)BODY_FRAMES_MAX * FRAME_ENTRY_OCTETS);
	buf_init(&p->octets, PACK_MEMORY_OCTETS);
	p->fd = -1;
	p->n = 0;
}

static void packed_reset(struct packed *p)
{
	if (p->fd >= 0)
		close(p->fd);
	p->fd = -1;
	p->n = 0;
	buf_reset(&p->frames);
	buf_reset(&p->octets);
}

void packed_deinit(struct packed *p)
{
	packed_reset(p);
	buf_deinit(&p->frames);
	buf_deinit(&p->octets);
}

struct source packed_source(const struct packed *p)
{
	return (struct source){
		.mem = buf_view(&p->octets), .fd = p->fd, .fd_size = p->n
	};
}

bool packed_is(struct view octets)
{
	return view_starts(octets, V("\x28\xb5\x2f\xfd"));
}

#ifdef MAILCORE_ZSTD

struct packer {
	ZSTD_CCtx *context;
	const char *dir;
	size_t bound;
	char *in, *out;
};

bool pack_is_built(void)
{
	return true;
}

struct packer *packer_new(const char *dir)
{
	struct packer *p = MUST_NEW(struct packer);
	p->dir = dir;
	p->bound = ZSTD_compressBound(BODY_FRAME_OCTETS);
	p->context = ZSTD_createCCtx();
	p->in = malloc(BODY_FRAME_OCTETS);
	p->out = malloc(p->bound);
	if (!p->context || !p->in || !p->out)
		packer_free(&p);
	return p;
}

void packer_free(struct packer **handle)
{
	struct packer *p = *handle;
	*handle = NULL;
	if (!p)
		return;
	ZSTD_freeCCtx(p->context);
	free(p->in);
	free(p->out);
	free(p);
}

static int keep(struct packed *out, struct view octets)
{
	if (out->fd < 0) {
		buf_put(&out->octets, octets);
		return buf_error(&out->octets);
	}
	return nameless_write(out->fd, octets);
}

/* The n octets of p->in. */
static int pack_frame(struct packer *p, size_t n, struct packed *out)
{
	char entry[FRAME_ENTRY_OCTETS];
	struct view octets = { p->in, n };
	size_t packed =
	    ZSTD_compressCCtx(p->context, p->out, p->bound, p->in, n, LEVEL);
	bool pays = !ZSTD_isError(packed) && packed < n - n / SAVED_DIVISOR;
	if (pays)
		octets = (struct view){ p->out, packed };
	put_le(entry, octets.n | (pays ? 0 : FRAME_PLAIN), sizeof entry);
	buf_put(&out->frames, (struct view){ entry, sizeof entry });
	out->n += octets.n;
	return keep(out, octets);
}

int packer_run(struct packer *p, const struct source *s, struct packed *out)
{
	uint64_t size = source_size(s), offset = 0;
	int error = 0, lost = 0;
	packed_reset(out);
	if (size == 0 || size > BODY_PACKED_MAX)
		return 0;
	if (size > PACK_MEMORY_OCTETS)
		lost = nameless_file(p->dir, &out->fd);
	while (!error && !lost && offset < size) {
		size_t n = size - offset < BODY_FRAME_OCTETS
			       ? (size_t)(size - offset)
			       : BODY_FRAME_OCTETS;
		error = source_read(s, offset, p->in, n);
		if (!error)
			lost = pack_frame(p, n, out);
		offset += n;
	}
	if (error || lost || out->n >= size - size / SAVED_DIVISOR)
		packed_reset(out);
	return error;
}

/* Octets of the message in the frame that in begins with, and its entry; 0:
 * there is none. */
static size_t find_frame(struct view in, uint32_t *entry)
{
	size_t n = in.n < BODY_FRAME_OCTETS ? in.n : BODY_FRAME_OCTETS;
	*entry = (uint32_t)n | FRAME_PLAIN;
	if (!packed_is(in))
		return n;
	size_t packed = ZSTD_findFrameCompressedSize(in.p, in.n);
	unsigned long long size = ZSTD_getFrameContentSize(in.p, in.n);
	/* What the two say of errors is larger. */
	if (packed > in.n || size > BODY_FRAME_OCTETS || packed >= size)
		return 0;
	*entry = (uint32_t)packed;
	return (size_t)size;
}

bool packed_find(struct view octets, struct buf *frames, uint64_t *size_bytes)
{
	char p[FRAME_ENTRY_OCTETS];
	uint32_t entry;
	size_t n = BODY_FRAME_OCTETS;
	bool any = false;
	buf_reset(frames);
	*size_bytes = 0;
	/* All but the last are full. */
	while (octets.n && n == BODY_FRAME_OCTETS) {
		n = find_frame(octets, &entry);
		any |= !(entry & FRAME_PLAIN);
		put_le(p, entry, sizeof p);
		buf_put(frames, (struct view){ p, sizeof p });
		octets = view_skip(octets, entry & ~FRAME_PLAIN);
		*size_bytes += n;
	}
	return any && n && !octets.n && buf_error(frames) == 0;
}

int unpacker_run(struct unpacker *u, struct view in, size_t n)
{
	mc_assert(n <= BODY_FRAME_OCTETS);
	u->msgid = 0;
	if (!u->context)
		u->context = ZSTD_createDCtx();
	if (!u->octets)
		u->octets = malloc(BODY_FRAME_OCTETS);
	if (!u->context || !u->octets)
		return MC_E_TEMP;
	u->n = n;
	/* The size that the frame claims is not asked for. */
	return ZSTD_decompressDCtx(u->context, u->octets, n, in.p, in.n) == n
		   ? 0
		   : MC_E_CORRUPT;
}

void unpacker_clear(struct unpacker *u)
{
	ZSTD_freeDCtx(u->context);
	free(u->octets);
	*u = (struct unpacker){ .msgid = 0 };
}

#else

bool pack_is_built(void)
{
	return false;
}

struct packer *packer_new(const char *dir)
{
	(void)dir;
	return NULL;
}

void packer_free(struct packer **p)
{
	*p = NULL;
}

int packer_run(struct packer *p, const struct source *s, struct packed *out)
{
	(void)p;
	(void)s;
	packed_reset(out);
	return 0;
}

bool packed_find(struct view octets, struct buf *frames, uint64_t *size_bytes)
{
	(void)octets;
	(void)frames;
	(void)size_bytes;
	return false;
}

int unpacker_run(struct unpacker *u, struct view in, size_t n)
{
	(void)u;
	(void)in;
	(void)n;
	return MC_E_UNSUPPORTED;
}

void unpacker_clear(struct unpacker *u)
{
	(void)u;
}
#endif
