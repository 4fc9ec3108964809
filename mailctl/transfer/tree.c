#include "mailctl/transfer/tree.h"
#include "mailctl/store/open_store.h"
#include "wire/chan.h"
#include "wire/rd.h"
#include "wire/wr.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#if defined(O_PATH)
#define OPEN_ON_THE_WAY O_PATH
#elif defined(O_SEARCH)
#define OPEN_ON_THE_WAY O_SEARCH
#else
#define OPEN_ON_THE_WAY O_RDONLY
#endif

enum tree_op {
	TREE_OPEN_DIR,
	TREE_OPEN_FILE,
	TREE_MAKE_DIR,
	TREE_CREATE,
	TREE_FINISH,
	TREE_REMOVE,
};

struct request {
	enum tree_op op;
	struct view path, to;
	int64_t mtime_s;
};

enum {
	REQUEST_MAX = 2 * PATH_MAX + 64
};

/* One component; what it is called before the next slash. */
static int next_component(struct view *rest, char name[NAME_MAX + 1])
{
	struct view v;
	do
		view_cut(rest, '/', &v);
	while (v.n == 0 && rest->n);
	return view_to_cstr(v, name, NAME_MAX + 1);
}

static bool is_trusted(uid_t owner)
{
	return owner == 0 || owner == geteuid();
}

/* One step of the administrator's path: a link counts when it and the
 * directory that it stands in are root's or ours. */
static int step(int dir, const char *name, int flags, int *fd)
{
	struct stat link, above;
	int opened = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC);
	if (opened < 0 && errno != ELOOP && errno != ENOTDIR)
		return -errno;
	if (opened >= 0 && fstat(opened, &link) == 0 &&
	    !S_ISLNK(link.st_mode)) {
		*fd = opened;
		return 0;
	}
	if (opened >= 0)
		close(opened);
	if (fstatat(dir, name, &link, AT_SYMLINK_NOFOLLOW) != 0 ||
	    fstat(dir, &above) != 0)
		return -errno;
	if (!S_ISLNK(link.st_mode))
		return -ENOTDIR;
	if (!is_trusted(link.st_uid) || !is_trusted(above.st_uid))
		return -ELOOP;
	opened = openat(dir, name, flags | O_CLOEXEC);
	if (opened < 0)
		return -errno;
	*fd = opened;
	return 0;
}

/* The directory of the last component, and its name. */
static int open_above(const char *path, int *dir, char leaf[NAME_MAX + 1])
{
	struct view rest = view_of(path);
	int fd = open(*path == '/' ? "/" : ".",
	    OPEN_ON_THE_WAY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (rest.n && rest.p[rest.n - 1] == '/')
		rest.n--;
	int error = next_component(&rest, leaf);
	while (!error && rest.n) {
		int next = -1;
		error = step(fd, leaf, OPEN_ON_THE_WAY | O_DIRECTORY, &next);
		close(fd);
		fd = next;
		if (!error)
			error = next_component(&rest, leaf);
	}
	if (!error && !*leaf)
		snprintf(leaf, NAME_MAX + 1, ".");
	if (error && fd >= 0)
		close(fd);
	*dir = fd;
	return error;
}

int tree_open_path(const char *path, int *fd)
{
	char leaf[NAME_MAX + 1];
	int dir;
	int error = open_above(path, &dir, leaf);
	if (error)
		return error;
	error = step(dir, leaf, O_RDONLY | O_NONBLOCK | O_NOCTTY, fd);
	close(dir);
	return error;
}

static int check_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	bool empty = true;
	if (!d)
		return -errno;
	for (struct dirent *e; empty && (e = readdir(d));)
		empty =
		    strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
	closedir(d);
	return empty ? 0 : MC_E_EXISTS;
}

int tree_make_path(const char *path, int *fd)
{
	char leaf[NAME_MAX + 1];
	int dir;
	int error = open_above(path, &dir, leaf);
	if (error)
		return error;
	if (mkdirat(dir, leaf, 0700) != 0 && errno != EEXIST)
		error = -errno;
	if (!error)
		error = step(dir, leaf, O_RDONLY | O_DIRECTORY, fd);
	close(dir);
	if (error)
		return error;
	error = check_empty(*fd);
	if (error)
		close(*fd);
	return error;
}

/* A link where a directory should be is ENOTDIR on some systems. */
static int open_error(int dir, const char *name)
{
	struct stat st;
	int error = -errno;
	if (error == -ENOTDIR &&
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return -ELOOP;
	return error;
}

/* Below root: every component as it is, no links. */
static int open_parent(
    int root, struct view path, int *dir, char leaf[NAME_MAX + 1])
{
	int fd = openat(root, ".", OPEN_ON_THE_WAY | O_DIRECTORY | O_CLOEXEC);
	int error = fd < 0 ? -errno : next_component(&path, leaf);
	while (!error) {
		if (strcmp(leaf, "..") == 0)
			error = MC_E_BAD;
		if (error || !path.n)
			break;
		int next = openat(fd, leaf,
		    OPEN_ON_THE_WAY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (next < 0) {
			error = open_error(fd, leaf);
			break;
		}
		close(fd);
		fd = next;
		error = next_component(&path, leaf);
	}
	if (error && fd >= 0)
		close(fd);
	*dir = fd;
	return error;
}

static int open_file(int dir, const char *name, int *fd)
{
	struct stat st;
	int opened = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (opened < 0)
		return -errno;
	if (fstat(opened, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(opened);
		return MC_E_UNSUPPORTED;
	}
	*fd = opened;
	return 0;
}

static int open_flags(int dir, const char *name, int flags, int *fd)
{
	*fd = openat(dir, name, flags | O_NOFOLLOW | O_CLOEXEC, 0600);
	return *fd < 0 ? open_error(dir, name) : 0;
}

static int finish(
    int root, int from_dir, const char *from, struct view to, int64_t mtime_s)
{
	char name[NAME_MAX + 1];
	int dir;
	const struct timespec times[2] = { { .tv_sec = (time_t)mtime_s },
		{ .tv_sec = (time_t)mtime_s } };
	if (utimensat(from_dir, from, times, AT_SYMLINK_NOFOLLOW) != 0)
		return -errno;
	int error = open_parent(root, to, &dir, name);
	if (error)
		return error;
	if (renameat(from_dir, from, dir, name) != 0)
		error = -errno;
	close(dir);
	return error;
}

static int act(
    int root, const struct request *r, int dir, const char *name, int *fd)
{
	switch (r->op) {
	case TREE_OPEN_DIR:
		return open_flags(dir, name, O_RDONLY | O_DIRECTORY, fd);
	case TREE_OPEN_FILE:
		return open_file(dir, name, fd);
	case TREE_MAKE_DIR:
		return mkdirat(dir, name, 0700) == 0 ? 0 : -errno;
	case TREE_CREATE:
		return open_flags(dir, name, O_RDWR | O_CREAT | O_EXCL, fd);
	case TREE_FINISH:
		return finish(root, dir, name, r->to, r->mtime_s);
	case TREE_REMOVE:
		return unlinkat(dir, name, 0) == 0 ? 0 : -errno;
	}
	return MC_E_BAD;
}

static int serve(int root, const struct request *r, int *fd)
{
	char name[NAME_MAX + 1];
	int dir;
	*fd = -1;
	int error = open_parent(root, r->path, &dir, name);
	if (error)
		return error;
	error = act(root, r, dir, *name ? name : ".", fd);
	close(dir);
	return error;
}

/* The helper. */

static int receive(int sock, char *bytes, size_t cap, struct view *out, int *fd)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { bytes, cap };
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	ssize_t n;
	do
		n = recvmsg(sock, &h, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : MC_E_CLOSED;
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	*fd = -1;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(fd, CMSG_DATA(c), sizeof *fd);
	*out = (struct view){ bytes, (size_t)n };
	return h.msg_flags & (MSG_TRUNC | MSG_CTRUNC) ? MC_E_PROTO : 0;
}

static int send_to(int sock, struct view bytes, int fd)
{
	struct chan c = { .fd = sock };
	return chan_send_bytes(&c, bytes, fd);
}

static int decode(struct view v, struct request *out)
{
	struct rd r = rd_of(v);
	out->op = (enum tree_op)rd_u8(&r);
	out->path = rd_bytes(&r, PATH_MAX);
	out->to = rd_bytes(&r, PATH_MAX);
	out->mtime_s = (int64_t)rd_u64(&r);
	return rd_end(&r) && out->op <= TREE_REMOVE ? 0 : MC_E_PROTO;
}

static int serve_one(int root, int sock)
{
	char bytes[REQUEST_MAX], answer[4];
	struct view v;
	struct request r;
	int none, fd = -1;
	int error = receive(sock, bytes, sizeof bytes, &v, &none);
	if (!error)
		error = decode(v, &r);
	if (error)
		return error;
	struct wr w = wr_into(answer, sizeof answer);
	wr_u32(&w, (uint32_t)serve(root, &r, &fd));
	error = send_to(sock, wr_view(&w), fd);
	if (fd >= 0)
		close(fd);
	return error;
}

static void help(int root, int sock)
{
	int error = become_owner(root);
	while (!error)
		error = serve_one(root, sock);
	_exit(error == MC_E_CLOSED ? 0 : EX_OSERR);
}

int tree_start(struct tree *t, int root)
{
	int mine, other;
	*t = (struct tree){ .root = root, .sock = -1 };
	if (geteuid() != 0)
		return 0;
	int error = chan_pair(&mine, &other);
	if (error)
		return error;
	t->helper = fork();
	if (t->helper == 0) {
		close(mine);
		help(root, other);
	}
	close(other);
	t->sock = mine;
	return t->helper < 0 ? -errno : 0;
}

void tree_leave(struct tree *t)
{
	if (t->sock >= 0)
		close(t->sock);
	t->sock = -1;
}

void tree_stop(struct tree *t)
{
	tree_leave(t);
	if (t->helper > 0)
		(void)wait_for(t->helper);
	if (t->root >= 0)
		close(t->root);
	t->root = -1;
	t->helper = 0;
}

static int ask(struct tree *t, const struct request *r, int *fd)
{
	char bytes[REQUEST_MAX];
	struct view v;
	if (t->sock < 0)
		return serve(t->root, r, fd);
	struct wr w = wr_into(bytes, sizeof bytes);
	wr_u8(&w, (uint8_t)r->op);
	wr_bytes(&w, r->path, PATH_MAX);
	wr_bytes(&w, r->to, PATH_MAX);
	wr_u64(&w, (uint64_t)r->mtime_s);
	if (w.failed)
		return -ENAMETOOLONG;
	int error = send_to(t->sock, wr_view(&w), -1);
	if (!error)
		error = receive(t->sock, bytes, sizeof bytes, &v, fd);
	if (error)
		return error;
	struct rd rd = rd_of(v);
	error = (int)rd_u32(&rd);
	return rd_end(&rd) && error <= 0 ? error : MC_E_PROTO;
}

/* Without a descriptor the answer is not what was asked for. */
static int ask_fd(struct tree *t, enum tree_op op, const char *path, int *fd)
{
	const struct request r = { .op = op, .path = view_of(path) };
	int error = ask(t, &r, fd);
	return !error && *fd < 0 ? MC_E_PROTO : error;
}

static int ask_plain(struct tree *t, const struct request *r)
{
	int fd;
	return ask(t, r, &fd);
}

int tree_open_dir(struct tree *t, const char *path, int *fd)
{
	return ask_fd(t, TREE_OPEN_DIR, path, fd);
}

int tree_open_file(struct tree *t, const char *path, int *fd)
{
	return ask_fd(t, TREE_OPEN_FILE, path, fd);
}

int tree_create(struct tree *t, const char *path, int *fd)
{
	return ask_fd(t, TREE_CREATE, path, fd);
}

int tree_make_dir(struct tree *t, const char *path)
{
	const struct request r = { .op = TREE_MAKE_DIR, .path = view_of(path) };
	return ask_plain(t, &r);
}

int tree_finish(
    struct tree *t, const char *from, const char *to, int64_t mtime_s)
{
	const struct request r = { .op = TREE_FINISH,
		.path = view_of(from),
		.to = view_of(to),
		.mtime_s = mtime_s };
	return ask_plain(t, &r);
}

int tree_remove(struct tree *t, const char *path)
{
	const struct request r = { .op = TREE_REMOVE, .path = view_of(path) };
	return ask_plain(t, &r);
}
