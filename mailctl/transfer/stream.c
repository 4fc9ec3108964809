#include "mailctl/transfer/stream.h"
#include <errno.h>
#include <unistd.h>

enum {
	PIECE_BYTES = 8192,
	PIECES = 32,
};

/* One transaction's worth. */
static int read_some(struct store *s, uint64_t msgid, uint64_t *offset,
    uint64_t end, int (*fn)(void *ctx, struct view piece), void *ctx)
{
	struct store_txn t;
	char piece[PIECE_BYTES];
	int error = store_read(s, &t);
	if (error)
		return error;
	for (int i = 0; i < PIECES && *offset < end && !error; i++) {
		uint64_t left = end - *offset;
		size_t n = left < sizeof piece ? (size_t)left : sizeof piece;
		error = message_read(&t, msgid, *offset, piece, n);
		if (!error)
			error = fn(ctx, (struct view){ piece, n });
		*offset += n;
	}
	store_end(&t);
	return error;
}

int stream_message(struct store *s, uint64_t msgid, uint64_t size_bytes,
    int (*fn)(void *ctx, struct view piece), void *ctx)
{
	uint64_t offset = 0;
	int error = 0;
	while (offset < size_bytes && !error)
		error = read_some(s, msgid, &offset, size_bytes, fn, ctx);
	return error;
}

int stream_file(int fd, size_t max, struct buf *out)
{
	buf_init(out, max);
	for (;;) {
		char piece[PIECE_BYTES];
		ssize_t n = read(fd, piece, sizeof piece);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return buf_error(out);
		buf_put(out, (struct view){ piece, (size_t)n });
	}
}
