#include "queued/local/mbox.h"
#include "base/clock.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	LOCK_WAIT_MS = 20000,
	LOCK_LOOK_MS = 100,
	LOCK_STALE_S = 300,
};

struct mbox {
	char path[PATH_MAX], lock[PATH_MAX + 8];
	bool is_dotlocked;
	int fd;
	off_t size; /* before */
};

static bool remove_stale(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 &&
	       st.st_mtim.tv_sec + LOCK_STALE_S < clock_wall_s() &&
	       unlink(path) == 0;
}

/* One try: 0, MC_E_BUSY, or why there can be none. */
static int make_dotlock(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd >= 0) {
		close(fd);
		return 0;
	}
	if (errno != EEXIST)
		return -errno;
	remove_stale(path);
	return MC_E_BUSY;
}

/* Others may not let us make a file beside theirs: fcntl(2) has to do then. */
static int dotlock(struct mbox *b)
{
	uint64_t until = clock_mono_ms() + LOCK_WAIT_MS;
	int error;
	while ((error = make_dotlock(b->lock)) == MC_E_BUSY &&
	       clock_mono_ms() < until)
		poll(NULL, 0, LOCK_LOOK_MS);
	b->is_dotlocked = !error;
	return error == MC_E_BUSY ? error : 0;
}

static int lock_file(int fd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	uint64_t until = clock_mono_ms() + LOCK_WAIT_MS;
	while (fcntl(fd, F_SETLK, &whole) != 0) {
		if (errno != EAGAIN && errno != EACCES)
			return -errno;
		if (clock_mono_ms() >= until)
			return MC_E_BUSY;
		poll(NULL, 0, LOCK_LOOK_MS);
	}
	return 0;
}

static int check_file(struct mbox *b)
{
	struct stat st;
	if (fstat(b->fd, &st) != 0)
		return -errno;
	b->size = st.st_size;
	return S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid == geteuid()
		   ? 0
		   : MC_E_DENIED;
}

static int open_mbox(struct mbox *b)
{
	int error = dotlock(b);
	if (error)
		return error;
	b->fd = open(b->path,
	    O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK |
		O_CLOEXEC,
	    0600);
	if (b->fd < 0)
		return errno == ELOOP ? MC_E_DENIED : -errno;
	error = check_file(b);
	if (!error)
		error = lock_file(b->fd);
	/* It may have grown while we waited. */
	return error ? error : check_file(b);
}

static int put(void *ctx, struct view v)
{
	const struct mbox *b = ctx;
	while (v.n) {
		ssize_t n = write(b->fd, v.p, v.n);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			v = view_skip(v, (size_t)n);
	}
	return 0;
}

/* A "From " line counts behind an empty line only: what a kill left half, or
 * another program without one, would take the next message in. */
static int end_last(struct mbox *b)
{
	char last[2] = "\n\n";
	off_t n = b->size < 2 ? b->size : 2;
	if (pread(b->fd, last + 2 - n, (size_t)n, b->size - n) != n)
		return -EIO;
	if (last[1] != '\n')
		return put(b, V("\n\n"));
	return last[0] == '\n' ? 0 : put(b, V("\n"));
}

/* The name of a file that was made. A folder that may be written and not read
 * cannot be synced: then the file system has to see to it. */
static int sync_name(struct mbox *b)
{
	char folder[PATH_MAX];
	struct view path = view_of(b->path);
	size_t slash = view_rfind_byte(path, '/');
	int error = view_to_cstr(
	    slash ? view_head(path, slash) : V("/"), folder, sizeof folder);
	if (error)
		return error;
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	error = fsync(fd) == 0 ? 0 : -errno;
	close(fd);
	return error;
}

static int append(struct mbox *b, const struct unix_mail *mail)
{
	int error = open_mbox(b);
	if (error)
		return error;
	error = end_last(b);
	if (!error)
		error = unix_mail_write(mail, put, b);
	if (!error && fsync(b->fd) != 0)
		error = -errno;
	if (!error && b->size == 0)
		error = sync_name(b);
	if (error && ftruncate(b->fd, b->size) != 0)
		return -EIO;
	return error;
}

static void tell(int error, struct outcome *out)
{
	out->status = DELIVER_STATUS_TEMP;
	if (!error)
		outcome_set(out, DELIVER_STATUS_OK, "2.0.0 in a file");
	else if (error == MC_E_DENIED)
		outcome_set(out, DELIVER_STATUS_TEMP,
		    "4.3.5 the file is no regular one of its user");
	else if (error == MC_E_BUSY)
		outcome_set(
		    out, DELIVER_STATUS_TEMP, "4.2.0 the file is locked");
	else if (error == -ENOSPC || error == -EDQUOT)
		outcome_set(out, DELIVER_STATUS_TEMP,
		    "4.3.1 no space left for the file");
	else
		snprintf(out->text, sizeof out->text,
		    "4.2.0 the file cannot be written: %s", err_text(error));
}

void mbox_append(
    struct view path, const struct unix_mail *mail, struct outcome *out)
{
	struct mbox b = { .fd = -1 };
	if (view_eq(path, V("/dev/null"))) {
		outcome_set(out, DELIVER_STATUS_OK, "2.0.0 thrown away");
		return;
	}
	int error = view_to_cstr(path, b.path, sizeof b.path);
	snprintf(b.lock, sizeof b.lock, "%s.lock", b.path);
	if (!error)
		error = append(&b, mail);
	if (b.fd >= 0)
		close(b.fd);
	if (b.is_dotlocked)
		unlink(b.lock);
	tell(error, out);
}
