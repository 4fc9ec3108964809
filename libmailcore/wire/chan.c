#include "wire/chan.h"
#include "base/panic.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SOCKET_BUFFER_BYTES = 4 * MSG_BYTES_MAX
};

int chan_pair(int *a, int *b)
{
	int ends[2];
	int size = SOCKET_BUFFER_BYTES;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
		return -errno;
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	*a = ends[0];
	*b = ends[1];
	return 0;
}

int chan_open(struct chan *c, int fd, enum role_id self, enum role_id peer)
{
	*c = (struct chan){ .fd = fd, .self = self, .peer = peer };
	struct msg m = { .type = MSG_HELLO,
		.hello = { msg_def_hash(), (uint8_t)self } };
	return chan_send(c, &m, -1);
}

void chan_close(struct chan *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

union control {
	struct cmsghdr header;
	char bytes[CMSG_SPACE(4 * sizeof(int))];
};

static void attach(struct msghdr *h, union control *control, int fd)
{
	memset(control, 0, sizeof *control);
	h->msg_control = control->bytes;
	h->msg_controllen = CMSG_SPACE(sizeof fd);
	struct cmsghdr *c = CMSG_FIRSTHDR(h);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(c), &fd, sizeof fd);
}

static int flags_of(const struct chan *c)
{
	return c->nonblocking ? MSG_DONTWAIT : 0;
}

int chan_send_pieces(
    struct chan *c, struct iovec *pieces, size_t n_pieces, int fd)
{
	struct msghdr h = { .msg_iov = pieces, .msg_iovlen = n_pieces };
	union control control;
	if (fd >= 0)
		attach(&h, &control, fd);
	ssize_t n;
	do
		n = sendmsg(c->fd, &h, MSG_NOSIGNAL | flags_of(c));
	while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0;
	if (errno == EPIPE || errno == ECONNRESET)
		return MC_E_CLOSED;
	return errno == ENOBUFS ? -EAGAIN : -errno;
}

int chan_send_bytes(struct chan *c, struct view bytes, int fd)
{
	struct iovec iov = { (char *)(size_t)bytes.p, bytes.n };
	return chan_send_pieces(c, &iov, 1, fd);
}

int chan_encode(const struct chan *c, const struct msg *m, int fd, char *out,
    size_t cap, size_t *n)
{
	const struct msg_rule *rule = &msg_rules[m->type];
	mc_assert(rule->from & 1u << c->self && rule->to & 1u << c->peer);
	mc_assert(rule->n_fds == (fd >= 0));
	return msg_encode(m, out, cap, n);
}

int chan_send(struct chan *c, const struct msg *m, int fd)
{
	char bytes[256], *large = NULL;
	size_t n;
	int error = chan_encode(c, m, fd, bytes, sizeof bytes, &n);
	if (error) {
		large = must_alloc(MSG_BYTES_MAX);
		error = chan_encode(c, m, fd, large, MSG_BYTES_MAX, &n);
	}
	if (!error)
		error = chan_send_bytes(
		    c, (struct view){ large ? large : bytes, n }, fd);
	free(large);
	return error;
}

/* Every descriptor that came along, all owned by us from here on. */
static unsigned take_fds(struct msghdr *h, int *fds, unsigned max)
{
	unsigned n = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t here = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < here && n < max; i++)
			memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int),
			    sizeof(int));
	}
	return n;
}

static int greet(struct chan *c, const struct msg *m)
{
	if (m->type != MSG_HELLO || m->hello.role != c->peer)
		return MC_E_PROTO;
	if (m->hello.def_hash != msg_def_hash())
		return MC_E_VERSION;
	c->greeted = true;
	return 0;
}

static int check(struct chan *c, const struct msg *m, unsigned n_fds)
{
	const struct msg_rule *rule = &msg_rules[m->type];
	if (!(rule->from & 1u << c->peer) || !(rule->to & 1u << c->self) ||
	    rule->n_fds != n_fds)
		return MC_E_PROTO;
	if (!c->greeted)
		return greet(c, m);
	return m->type == MSG_HELLO ? MC_E_PROTO : 0;
}

/* The next message of a datagram. */
static int take_one(struct chan *c, struct msg *m, unsigned n_fds)
{
	int error = msg_decode_first(&c->rest, m);
	if (!error && n_fds && c->rest.n)
		error = MC_E_PROTO;
	if (!error)
		error = check(c, m, n_fds);
	if (error)
		c->rest = V("");
	return error;
}

static int recv_first(struct chan *c, char *buffer, struct msg *m, int *fd)
{
	struct iovec iov = { buffer, MSG_BYTES_MAX };
	union control control;
	struct msghdr h = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes };
	ssize_t n = recvmsg(c->fd, &h, MSG_CMSG_CLOEXEC | flags_of(c));
	if (n < 0)
		return -errno;
	int fds[4];
	unsigned n_fds = take_fds(&h, fds, 4);
	/* No octets are the end, or a message with nothing but descriptors. */
	int error = n ? MC_E_PROTO : MC_E_CLOSED;
	if (n && !(h.msg_flags & (MSG_TRUNC | MSG_CTRUNC))) {
		c->rest = (struct view){ buffer, (size_t)n };
		error = take_one(c, m, n_fds);
	}
	for (unsigned i = 0; i < n_fds && error; i++)
		close(fds[i]);
	*fd = !error && n_fds ? fds[0] : -1;
	return error;
}

static int recv_one(struct chan *c, char *buffer, struct msg *m, int *fd)
{
	*fd = -1;
	return c->rest.n ? take_one(c, m, 0) : recv_first(c, buffer, m, fd);
}

/* A reset is told once, before what the peer said last: that is still read. */
int chan_recv(struct chan *c, char *buffer, struct msg *m, int *fd)
{
	int error;
	do
		error = recv_one(c, buffer, m, fd);
	while (error == -EINTR || error == -ECONNRESET ||
	       (!error && m->type == MSG_HELLO));
	return error;
}
