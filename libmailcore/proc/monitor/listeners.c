#include "proc/monitor/listeners.h"
#include "net/listen.h"
#include "proc/role.h"
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

void listeners_init(struct listeners *l)
{
	*l = (struct listeners){ 0 };
	l->n_given = notify_sockets(l->given, CONF_LISTENERS_MAX);
	for (size_t i = 0; i < l->n_given; i++)
		fcntl(l->given[i].fd, F_SETFL,
		    fcntl(l->given[i].fd, F_GETFL) | O_NONBLOCK);
}

static bool is_ours(const struct daemon *d, enum service service)
{
	for (size_t i = 0; i < d->n_services; i++)
		if (d->services[i] == service)
			return true;
	return false;
}

static uint16_t port_of(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	} a;

	socklen_t n = sizeof a;
	if (getsockname(fd, &a.any, &n) != 0)
		return 0;
	if (a.any.sa_family == AF_INET)
		return ntohs(a.in.sin_port);
	return a.any.sa_family == AF_INET6 ? ntohs(a.in6.sin6_port) : 0;
}

static bool was_given(
    const struct notify_socket *socket, const struct conf_listen *want)
{
	return view_eq(view_of(socket->name), view_of(want->name)) ||
	       (want->port && port_of(socket->fd) == want->port);
}

static bool is_same(const struct listening *l, const struct conf_listen *want)
{
	return l->port == want->port && !l->is_given &&
	       view_eq(view_of(l->address), view_of(want->address));
}

static int add(struct listeners *next, const struct conf_listen *want, int fd,
    bool is_given)
{
	if (next->n == LISTENING_MAX)
		return MC_E_LIMIT;
	struct listening *l = &next->open[next->n++];
	snprintf(l->name, sizeof l->name, "%.63s", want->name);
	snprintf(l->address, sizeof l->address, "%.255s", want->address);
	l->service = want->service;
	l->tls = want->tls;
	l->port = want->port;
	l->is_given = is_given;
	l->fd = fd;
	return 0;
}

/* What the service manager gave counts more than what is bound; one name may
 * have several sockets (both address families). */
static int add_existing(const struct listeners *now,
    const struct conf_listen *want, struct listeners *next)
{
	int error = 0;
	size_t before = next->n;
	for (size_t i = 0; i < now->n_given && !error; i++)
		if (was_given(&now->given[i], want))
			error = add(next, want, now->given[i].fd, true);
	if (error || next->n > before)
		return error;
	for (size_t i = 0; i < now->n && !error; i++)
		if (is_same(&now->open[i], want))
			error = add(next, want, now->open[i].fd, false);
	return error || next->n > before ? error : MC_E_NOENT;
}

static int bind_new(const struct conf_listen *want, struct listeners *next)
{
	enum {
		FAMILIES = 4
	};

	int fds[FAMILIES], error;
	size_t n = 0;
	error =
	    listen_open(view_of(want->address), want->port, fds, FAMILIES, &n);
	for (size_t i = 0; i < n && !error; i++)
		error = add(next, want, fds[i], false);
	return error;
}

static void complain(
    struct buf *errors, const struct conf_listen *want, int error)
{
	LOG(NULL, ERROR, "listen.failed", KV_STR("name", want->name),
	    KV_STR("address", want->address), KV_INT("port", want->port),
	    KV_ERR("error", error));
	if (errors)
		buf_printf(errors, "listen \"%s\": %s port %u: %s\n",
		    want->name, want->address, want->port, err_text(error));
}

static bool is_wanted(const struct daemon *d, const struct conf *conf,
    const struct conf_listen *want)
{
	if (!is_ours(d, want->service))
		return false;
	if (want->tls != CONF_TLS_IMPLICIT || conf->tls_certificate[0])
		return true;
	LOG(NULL, WARN, "listen.skipped", KV_STR("name", want->name),
	    KV_STR("reason", "tls.certificate is not set"));
	return false;
}

static bool holds(const struct listeners *l, int fd)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->open[i].fd == fd)
			return true;
	return false;
}

/* Closes the sockets of l that keep has not. */
static void close_others(
    const struct listeners *l, const struct listeners *keep)
{
	for (size_t i = 0; i < l->n; i++)
		if (!l->open[i].is_given && !holds(keep, l->open[i].fd))
			close(l->open[i].fd);
}

int listeners_prepare(const struct listeners *now, const struct daemon *d,
    const struct conf *conf, struct listeners *next, struct buf *errors)
{
	int error = 0;
	*next = *now;
	next->n = 0;
	for (size_t i = 0; i < conf->n_listeners; i++) {
		const struct conf_listen *want = &conf->listeners[i];
		if (!is_wanted(d, conf, want))
			continue;
		int one = add_existing(now, want, next);
		if (one == MC_E_NOENT)
			one = bind_new(want, next);
		if (one) {
			complain(errors, want, one);
			error = one;
		}
	}
	if (error)
		close_others(next, now);
	return error;
}

void listeners_replace(struct listeners *now, const struct listeners *next)
{
	close_others(now, next);
	*now = *next;
}

void listeners_close(struct listeners *l)
{
	static const struct listeners none;
	close_others(l, &none);
	l->n = 0;
}
