#include "mailctl/transfer/file_out.h"
#include <errno.h>
#include <unistd.h>

enum {
	FLUSH_BYTES = 1 << 16,
	PENDING_MAX = 1 << 18,
	PIECE_BYTES = 1 << 16,
};

void file_out_init(struct file_out *f, int fd)
{
	*f = (struct file_out){ .fd = fd };
	buf_init(&f->pending, PENDING_MAX);
}

static void flush(struct file_out *f)
{
	struct view v = buf_view(&f->pending);
	while (v.n && !f->error) {
		ssize_t n = write(f->fd, v.p, v.n);
		if (n >= 0)
			v = view_skip(v, (size_t)n);
		else if (errno != EINTR)
			f->error = -errno;
	}
	buf_reset(&f->pending);
}

int file_out_flush(struct file_out *f)
{
	flush(f);
	return f->error;
}

void file_out_put(struct file_out *f, struct view v)
{
	while (v.n && !f->error) {
		struct view piece = view_head(v, PIECE_BYTES);
		buf_put(&f->pending, piece);
		f->size += piece.n;
		f->last = piece.p[piece.n - 1];
		v = view_skip(v, piece.n);
		if (buf_len(&f->pending) >= FLUSH_BYTES)
			flush(f);
	}
}

void file_out_put_text(struct file_out *f, struct view v)
{
	if (!v.n)
		return;
	if (f->held_cr && v.p[0] != '\n')
		file_out_put(f, V("\r"));
	f->held_cr = v.p[v.n - 1] == '\r';
	if (f->held_cr)
		v.n--;
	size_t at;
	while ((at = view_find(v, V("\r\n"))) < v.n) {
		file_out_put(f, view_head(v, at));
		file_out_put(f, V("\n"));
		v = view_skip(v, at + 2);
	}
	file_out_put(f, v);
}

void file_out_end_text(struct file_out *f)
{
	if (f->held_cr)
		file_out_put(f, V("\r"));
	f->held_cr = false;
}

int file_out_cut(struct file_out *f, uint64_t size)
{
	int error = file_out_flush(f);
	f->held_cr = false;
	if (!error && (ftruncate(f->fd, (off_t)size) != 0 ||
			  lseek(f->fd, (off_t)size, SEEK_SET) < 0))
		error = f->error = -errno;
	f->size = size;
	f->last = '\n';
	return error;
}

int file_out_close(struct file_out *f)
{
	int error = f->fd >= 0 ? file_out_flush(f) : f->error;
	if (f->fd >= 0 && close(f->fd) != 0 && !error)
		error = -errno;
	f->fd = -1;
	buf_deinit(&f->pending);
	return error;
}
