/* Unix sockets where routes lead: connected to here, because the role that
 * talks on them sees no file. It names a route, never a path. */
#include "proc/monitor/monitor.h"
#include "proc/unixsock.h"
#include <unistd.h>

/* The routes of a child are those of its own generation. */
static const struct conf_route *route_of(const struct child *c, uint32_t number)
{
	const struct conf *conf = c->monitor->conf;
	if (c->generation != c->monitor->generation || number == 0 ||
	    number > conf->n_routes)
		return NULL;
	return &conf->routes[number - 1];
}

static void refuse(struct child *c, uint64_t id, const char *why)
{
	struct msg out = { .type = MSG_SOCKET_NONE,
		.socket_none = { id, view_of(why) } };
	if (c->peer)
		peer_send(c->peer, &out, -1);
}

void sockets_on_ask(struct child *c, const struct msg *msg, int fd)
{
	uint64_t id = msg->socket_ask.id;
	struct msg out = { .type = MSG_SOCKET_IS, .socket_is = { id } };
	const struct conf_route *r = route_of(c, msg->socket_ask.route);
	(void)fd;
	if (!r || !view_starts(view_of(r->host), V("unix:"))) {
		refuse(c, id, "the configuration has no such route");
		return;
	}
	int socket = unixsock_connect_stream(r->host + 5);
	if (socket < 0)
		refuse(c, id, err_text(socket));
	else if (c->peer)
		peer_send(c->peer, &out, socket);
	else
		close(socket);
}
