#include "net/dial.h"
#include "base/panic.h"
#include "net/loop_uv.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	MEMORY_SLOTS = 1024, /* hosts; one that falls on another replaces it */
	TEXT_BYTES = 64,
};

union endpoint {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

struct slot {
	uint64_t host; /* hash; 0: free */
	struct dial_address address;
};

struct dialer {
	struct loop *loop;
	struct dialer_options options;
	struct dial_address source_ipv4, source_ipv6;
	struct slot memory[MEMORY_SLOTS];
};

struct attempt {
	struct dial *dial;
	struct poll_handle *poll; /* NULL: it is over */
	size_t index;
	int fd;
};

struct dial {
	struct dialer *dialer;
	struct timer *next, *deadline;
	void (*fn)(void *ctx, int fd, size_t index);
	void *ctx;
	uint64_t host;
	uint16_t port;
	int error;
	size_t error_index;
	struct dial_address addresses[DIAL_ADDRESSES_MAX];
	size_t order[DIAL_ADDRESSES_MAX];
	size_t n_order, n_started, n_running;
	struct attempt attempts[DIAL_ADDRESSES_MAX];
};

/* Addresses */

int dial_parse(struct view text, struct dial_address *out)
{
	char cstr[TEXT_BYTES];
	struct dial_address a = { .is_v6 = view_has_byte(text, ':') };
	if (view_to_cstr(text, cstr, sizeof cstr) ||
	    inet_pton(a.is_v6 ? AF_INET6 : AF_INET, cstr, a.bytes) != 1)
		return MC_E_BAD;
	*out = a;
	return 0;
}

static socklen_t endpoint_of(
    const struct dial_address *a, uint16_t port, union endpoint *out)
{
	*out = (union endpoint){ 0 };
	if (a->is_v6) {
		out->in6.sin6_family = AF_INET6;
		out->in6.sin6_port = htons(port);
		memcpy(&out->in6.sin6_addr, a->bytes, 16);
		return sizeof out->in6;
	}
	out->in.sin_family = AF_INET;
	out->in.sin_port = htons(port);
	memcpy(&out->in.sin_addr, a->bytes, 4);
	return sizeof out->in;
}

static bool is_same(const struct dial_address *a, const struct dial_address *b)
{
	return a->is_v6 == b->is_v6 &&
	       memcmp(a->bytes, b->bytes, a->is_v6 ? 16 : 4) == 0;
}

struct order {
	const struct dial_address *addresses;
	size_t n, *indices, n_in;
};

static void put(struct order *o, size_t i)
{
	o->indices[o->n_in++] = i;
}

/* The next address of a family that is not in yet is put in. */
static bool put_next(struct order *o, bool is_v6)
{
	for (size_t i = 0; i < o->n; i++) {
		bool is_in = o->addresses[i].is_v6 != is_v6;
		for (size_t k = 0; k < o->n_in && !is_in; k++)
			is_in = o->indices[k] == i;
		if (is_in)
			continue;
		put(o, i);
		return true;
	}
	return false;
}

/* The one that worked, when it is still one of them. */
static bool put_first(struct order *o, const struct dial_address *first)
{
	for (size_t i = 0; first && i < o->n; i++) {
		if (!is_same(&o->addresses[i], first))
			continue;
		put(o, i);
		return true;
	}
	return false;
}

size_t dial_order(enum dial_family family, const struct dial_address *addresses,
    size_t n, const struct dial_address *first,
    size_t order[DIAL_ADDRESSES_MAX])
{
	struct order o = { addresses, n, order, 0 };
	bool with_v6 = family != DIAL_IPV4, with_v4 = family != DIAL_IPV6;
	bool is_v6 = family != DIAL_IPV4_FIRST, any = true;
	if (n > DIAL_ADDRESSES_MAX)
		o.n = DIAL_ADDRESSES_MAX;
	if (first && (first->is_v6 ? with_v6 : with_v4) && put_first(&o, first))
		is_v6 = !first->is_v6;
	while (any) {
		any = (is_v6 ? with_v6 : with_v4) && put_next(&o, is_v6);
		any |= (is_v6 ? with_v4 : with_v6) && put_next(&o, !is_v6);
	}
	return o.n_in;
}

/* What worked */

static struct slot *slot_of(struct dialer *d, uint64_t host)
{
	return &d->memory[host % MEMORY_SLOTS];
}

static const struct dial_address *recall(struct dialer *d, uint64_t host)
{
	const struct slot *s = slot_of(d, host);
	return s->host == host ? &s->address : NULL;
}

static void remember(struct dial *d, const struct dial_address *a)
{
	*slot_of(d->dialer, d->host) = (struct slot){ d->host, *a };
}

static void forget(struct dial *d, const struct dial_address *a)
{
	struct slot *s = slot_of(d->dialer, d->host);
	if (s->host == d->host && is_same(&s->address, a))
		s->host = 0;
}

/* Attempts */

static void end_attempt(struct dial *d, struct attempt *a)
{
	poll_free(&a->poll);
	d->n_running--;
}

static void dial_free(struct dial *d)
{
	for (size_t i = 0; i < d->n_started; i++) {
		struct attempt *a = &d->attempts[i];
		if (!a->poll)
			continue;
		end_attempt(d, a);
		close(a->fd);
	}
	timer_free(&d->next);
	timer_free(&d->deadline);
	loop_free_later(d->dialer->loop, d);
}

static void finish(struct dial *d, int fd, size_t index)
{
	void (*fn)(void *ctx, int fd, size_t index) = d->fn;
	void *ctx = d->ctx;
	dial_free(d);
	fn(ctx, fd, index);
}

static void note_error(struct dial *d, int error, size_t index)
{
	d->error = error;
	d->error_index = index;
	forget(d, &d->addresses[index]);
}

static void succeed(struct dial *d, struct attempt *a)
{
	const int on = 1;
	int fd = a->fd;
	size_t index = a->index;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	remember(d, &d->addresses[index]);
	end_attempt(d, a);
	finish(d, fd, index);
}

static void on_poll(void *ctx, bool readable, bool writable)
{
	struct attempt *a = ctx;
	struct dial *d = a->dial;
	int error = 0;
	socklen_t n = sizeof error;
	(void)readable;
	(void)writable;
	if (getsockopt(a->fd, SOL_SOCKET, SO_ERROR, &error, &n) != 0)
		error = errno;
	if (!error) {
		succeed(d, a);
		return;
	}
	note_error(d, -error, a->index);
	end_attempt(d, a);
	close(a->fd);
	timer_start(d->next, 0, 0);
}

static int bind_source(const struct dialer *d, int fd, bool is_v6)
{
	union endpoint source;
	const struct dial_address *a =
	    is_v6 ? d->options.source_ipv6 : d->options.source_ipv4;
	if (!a)
		return 0;
#ifdef IP_BIND_ADDRESS_NO_PORT
	/* The port is chosen with the peer known: more of them can be had. */
	const int on = 1;
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
#endif
	socklen_t n = endpoint_of(a, 0, &source);
	return bind(fd, &source.any, n) ? -errno : 0;
}

static int open_socket(const struct dialer *d, const struct dial_address *to)
{
	int fd = socket(to->is_v6 ? AF_INET6 : AF_INET,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = fd < 0 ? -errno : bind_source(d, fd, to->is_v6);
	if (fd >= 0 && error)
		close(fd);
	return error ? error : fd;
}

static int start_attempt(struct dial *d, struct attempt *a)
{
	union endpoint to;
	const struct dial_address *address = &d->addresses[a->index];
	socklen_t n = endpoint_of(address, d->port, &to);
	a->fd = open_socket(d->dialer, address);
	if (a->fd < 0)
		return a->fd;
	int error = 0;
	if (connect(a->fd, &to.any, n) != 0 && errno != EINPROGRESS)
		error = -errno;
	if (!error)
		a->poll = poll_new(d->dialer->loop, a->fd, on_poll, a);
	if (!a->poll) {
		close(a->fd);
		return error ? error : -EMFILE;
	}
	poll_want(a->poll, false, true);
	d->n_running++;
	return 0;
}

/* Starts the next address that can be started. */
static void on_next(void *ctx)
{
	struct dial *d = ctx;
	int error = -EAGAIN;
	while (d->n_started < d->n_order && error) {
		struct attempt *a = &d->attempts[d->n_started];
		*a = (struct attempt){ .dial = d,
			.index = d->order[d->n_started++] };
		error = start_attempt(d, a);
		if (error)
			note_error(d, error, a->index);
	}
	if (d->n_started < d->n_order)
		timer_start(d->next, d->dialer->options.stagger_ms, 0);
	else if (!d->n_running)
		finish(d, d->error, d->error_index);
}

static void on_deadline(void *ctx)
{
	struct dial *d = ctx;
	for (size_t i = 0; i < d->n_started; i++)
		if (d->attempts[i].poll)
			note_error(d, -ETIMEDOUT, d->attempts[i].index);
	finish(d, d->error ? d->error : -ETIMEDOUT, d->error_index);
}

struct dial *dial_start(struct dialer *dialer, struct view host,
    const struct dial_address *addresses, size_t n, uint16_t port,
    void (*fn)(void *ctx, int fd, size_t index), void *ctx)
{
	struct dial *d = MUST_NEW(struct dial);
	if (n > DIAL_ADDRESSES_MAX)
		n = DIAL_ADDRESSES_MAX;
	d->dialer = dialer;
	d->fn = fn;
	d->ctx = ctx;
	d->port = port;
	d->error = MC_E_NOENT;
	d->host = view_hash(host);
	memcpy(d->addresses, addresses, n * sizeof *addresses);
	d->n_order = dial_order(dialer->options.family, d->addresses, n,
	    recall(dialer, d->host), d->order);
	d->next = timer_new(dialer->loop, on_next, d);
	d->deadline = timer_new(dialer->loop, on_deadline, d);
	timer_start(d->next, 0, 0);
	timer_start(d->deadline, dialer->options.timeout_ms, 0);
	return d;
}

void dial_cancel(struct dial **d)
{
	if (*d)
		dial_free(*d);
	*d = NULL;
}

static const struct dial_address *keep(
    struct dial_address *copy, const struct dial_address *a)
{
	if (a)
		*copy = *a;
	return a ? copy : NULL;
}

struct dialer *dialer_new(struct loop *l, const struct dialer_options *options)
{
	struct dialer *d = MUST_NEW(struct dialer);
	d->loop = l;
	d->options = *options;
	d->options.source_ipv4 = keep(&d->source_ipv4, options->source_ipv4);
	d->options.source_ipv6 = keep(&d->source_ipv6, options->source_ipv6);
	return d;
}

void dialer_free(struct dialer **d)
{
	free(*d);
	*d = NULL;
}
