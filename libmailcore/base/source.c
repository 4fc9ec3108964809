#include "base/source.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

enum {
	PIECE_BYTES = 8192,
	MEMORY_PIECE_BYTES = 65536
};

static int read_file(int fd, uint64_t offset, char *out, size_t n)
{
	while (n) {
		ssize_t got = pread(fd, out, n, (off_t)offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return MC_E_BAD;
		out += got;
		offset += (uint64_t)got;
		n -= (size_t)got;
	}
	return 0;
}

int source_read(const struct source *s, uint64_t offset, void *out, size_t n)
{
	char *to = out;
	if (offset > source_size(s) || n > source_size(s) - offset)
		return MC_E_BAD;
	if (offset < s->prefix.n) {
		struct view v = view_head(view_skip(s->prefix, offset), n);
		memcpy(to, v.p, v.n);
		to += v.n;
		n -= v.n;
		offset = s->prefix.n;
	}
	offset -= s->prefix.n;
	if (n == 0)
		return 0;
	if (s->fd >= 0)
		return read_file(s->fd, offset, to, n);
	memcpy(to, s->mem.p + offset, n);
	return 0;
}

static int each_view(
    struct view v, int (*fn)(void *ctx, struct view piece), void *ctx)
{
	int error = 0;
	while (v.n && !error) {
		error = fn(ctx, view_head(v, MEMORY_PIECE_BYTES));
		v = view_skip(v, MEMORY_PIECE_BYTES);
	}
	return error;
}

int source_each(
    const struct source *s, int (*fn)(void *ctx, struct view piece), void *ctx)
{
	char piece[PIECE_BYTES];
	int error = each_view(s->prefix, fn, ctx);
	if (error || s->fd < 0)
		return error ? error : each_view(s->mem, fn, ctx);
	for (uint64_t at = 0; at < s->fd_size && !error;) {
		uint64_t left = s->fd_size - at;
		size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
		error = read_file(s->fd, at, piece, n);
		if (!error)
			error = fn(ctx, (struct view){ piece, n });
		at += n;
	}
	return error;
}
