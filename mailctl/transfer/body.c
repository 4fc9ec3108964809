#include "mailctl/transfer/body.h"
#include "store/record/crc32c.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	MEMORY_BYTES = 1 << 20,
	WRITE_BYTES = 1 << 16,
};

void body_init(struct body *b)
{
	*b = (struct body){ .fd = -1 };
	buf_init(&b->mem, 2 * MEMORY_BYTES);
}

void body_clear(struct body *b)
{
	if (b->fd >= 0)
		close(b->fd);
	buf_reset(&b->mem);
	b->fd = -1;
	b->size = 0;
	b->crc = 0;
	b->last = '\0';
}

void body_deinit(struct body *b)
{
	body_clear(b);
	buf_deinit(&b->mem);
}

/* Without a name from the start: nothing is left behind. */
static int unnamed_file(int *fd)
{
	char name[] = "import-XXXXXX";
#ifdef O_TMPFILE
	*fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd >= 0)
		return 0;
#endif
	*fd = mkostemp(name, O_CLOEXEC);
	if (*fd < 0)
		return -errno;
	return unlink(name) == 0 ? 0 : -errno;
}

static int write_all(int fd, struct view v)
{
	while (v.n) {
		ssize_t n = write(fd, v.p, v.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		v = view_skip(v, (size_t)n);
	}
	return 0;
}

static int spill(struct body *b)
{
	int error = b->fd < 0 ? unnamed_file(&b->fd) : 0;
	if (!error)
		error = write_all(b->fd, buf_view(&b->mem));
	buf_reset(&b->mem);
	return error;
}

static int put_some(struct body *b, struct view v)
{
	buf_put(&b->mem, v);
	if (buf_error(&b->mem))
		return MC_E_TEMP;
	size_t most = b->fd < 0 ? MEMORY_BYTES : WRITE_BYTES;
	b->size += v.n;
	b->crc = crc32c(b->crc, v);
	b->last = v.p[v.n - 1];
	return buf_len(&b->mem) > most ? spill(b) : 0;
}

int body_put(struct body *b, struct view v)
{
	int error = 0;
	while (v.n && !error) {
		error = put_some(b, view_head(v, WRITE_BYTES));
		v = view_skip(v, WRITE_BYTES);
	}
	return error;
}

int body_put_text(struct body *b, struct view v)
{
	int error = 0;
	while (v.n && !error) {
		size_t n = view_find_byte(v, '\n');
		char before = n ? v.p[n - 1] : b->last;
		error = body_put(b, view_head(v, n));
		if (n == v.n)
			break;
		if (!error)
			error =
			    body_put(b, before == '\r' ? V("\n") : V("\r\n"));
		v = view_skip(v, n + 1);
	}
	return error;
}

int body_end(struct body *b, struct source *out)
{
	*out = (struct source){ .mem = buf_view(&b->mem), .fd = -1 };
	if (b->fd < 0)
		return 0;
	*out = (struct source){ .fd = b->fd, .fd_size = b->size };
	return spill(b);
}
