#include "net/listen.h"
#include "base/panic.h"
#include "log/log.h"
#include "net/loop_uv.h"
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	ROUND_MAX_ACCEPTS = 16, /* then other processes get theirs */
	PAUSE_MS = 200,
};

static int save_close(int fd)
{
	int error = -errno;
	close(fd);
	return error;
}

static int open_stream(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return fd < 0 ? -errno : fd;
}

/* "*" makes one socket per family, so an IPv6 socket is only that. */
static int open_inet(const struct addrinfo *ai)
{
	const int on = 1;
	int fd = open_stream(ai->ai_family);
	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (ai->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (bind(fd, ai->ai_addr, ai->ai_addrlen) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return save_close(fd);
	return fd;
}

static int resolve(struct view address, uint16_t port, struct addrinfo **list)
{
	char host[256], service[6];
	bool any = view_eq(address, V("*"));
	if (address.n > 2 && address.p[0] == '[' &&
	    address.p[address.n - 1] == ']')
		address = view_slice(address, 1, address.n - 1);
	int error = view_to_cstr(address, host, sizeof host);
	if (error)
		return error;
	snprintf(service, sizeof service, "%u", (unsigned)port);
	struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	error = getaddrinfo(any ? NULL : host, service, &hints, list);
	if (error == EAI_SYSTEM)
		return -errno;
	return error ? MC_E_NOENT : 0;
}

/* A family that the kernel does not have is left out of "*". */
static int open_all(
    const struct addrinfo *list, int *fds, size_t max, size_t *n)
{
	int error = 0;
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		int fd = *n < max ? open_inet(ai) : MC_E_LIMIT;
		if (fd >= 0)
			fds[(*n)++] = fd;
		else if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
			return fd;
		else
			error = fd;
	}
	return *n ? 0 : error;
}

/* What a killed process left: a socket that nobody listens on. */
static void remove_stale(const struct sockaddr_un *a)
{
	struct stat st;
	if (lstat(a->sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return;
	int fd = open_stream(AF_UNIX);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)a, sizeof *a) != 0 &&
	    errno == ECONNREFUSED)
		unlink(a->sun_path);
	close(fd);
}

static int open_unix(struct view path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int error = view_to_cstr(path, a.sun_path, sizeof a.sun_path);
	if (error)
		return error;
	remove_stale(&a);
	int fd = open_stream(AF_UNIX);
	if (fd < 0)
		return fd;
	if (bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
	    listen(fd, BACKLOG) != 0)
		return save_close(fd);
	return fd;
}

int listen_open(
    struct view address, uint16_t port, int *fds, size_t max, size_t *n)
{
	struct addrinfo *list = NULL;
	*n = 0;
	if (view_starts(address, V("unix:"))) {
		int fd = open_unix(view_skip(address, 5));
		if (fd < 0)
			return fd;
		fds[(*n)++] = fd;
		return 0;
	}
	int error = resolve(address, port, &list);
	if (error)
		return error;
	error = open_all(list, fds, max, n);
	freeaddrinfo(list);
	while (error && *n)
		close(fds[--*n]);
	return error;
}

struct listener {
	struct loop *loop;
	struct poll_handle *poll;
	struct timer *pause;
	void (*on_client)(void *ctx, int fd);
	void *ctx;
	int fd;
};

static void resume(void *ctx)
{
	struct listener *l = ctx;
	poll_want(l->poll, true, false);
}

/* The client could be accepted later: descriptors or memory are short now. */
static void pause_for(struct listener *l, int error)
{
	LOG(NULL, ERROR, "accept.failed", KV_ERR("error", error));
	poll_want(l->poll, false, false);
	timer_start(l->pause, PAUSE_MS, 0);
}

static bool is_clients_fault(int error)
{
	return error == ECONNABORTED || error == EINTR || error == EPROTO ||
	       error == EPERM || error == ENETDOWN || error == EHOSTUNREACH ||
	       error == ENETUNREACH || error == EHOSTDOWN ||
	       error == EOPNOTSUPP || error == ENOPROTOOPT;
}

static void on_poll(void *ctx, bool readable, bool writable)
{
	struct listener *l = ctx;
	(void)readable;
	(void)writable;
	for (int i = 0; i < ROUND_MAX_ACCEPTS && l->poll; i++) {
		int fd =
		    accept4(l->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd >= 0) {
			l->on_client(l->ctx, fd);
			continue;
		}
		if (errno == EAGAIN)
			return;
		if (!is_clients_fault(errno)) {
			pause_for(l, -errno);
			return;
		}
	}
}

/* Each reply is one write: nothing is gained by waiting. Clients inherit it. */
static void set_nodelay(int fd)
{
	const int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

struct listener *listener_new(
    struct loop *loop, int fd, void (*on_client)(void *ctx, int fd), void *ctx)
{
	struct listener *l = MUST_NEW(struct listener);
	*l = (struct listener){ .on_client = on_client, .ctx = ctx, .fd = fd };
	set_nodelay(fd);
	l->poll = poll_new(loop, fd, on_poll, l);
	if (!l->poll)
		fatal("cannot watch a listening socket");
	l->pause = timer_new(loop, resume, l);
	l->loop = loop;
	poll_want(l->poll, true, false);
	return l;
}

void listener_free(struct listener **l)
{
	struct listener *dead = *l;
	*l = NULL;
	if (!dead)
		return;
	poll_free(&dead->poll);
	timer_free(&dead->pause);
	close(dead->fd);
	loop_free_later(dead->loop, dead);
}
