/* What the monitor hands to a new child, each thing as its own message, up to
 * START; after that, channels to others that were started again. */
#include "proc/monitor/monitor.h"
#include "proc/spawn.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static int copy(int fd)
{
	int new = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return new < 0 ? -errno : new;
}

/* fd is taken; a child that cannot get what it needs is better started
 * again: its channel is closed. */
static void give(struct child *c, const struct msg *m, int fd)
{
	if (fd < 0) {
		LOG(NULL, ERROR, "role.handout-failed",
		    KV_STR("role", role_name(c->role->id)),
		    KV_STR("message", msg_rules[m->type].name),
		    KV_ERR("error", fd));
		peer_free(&c->peer);
	} else if (c->peer) {
		peer_send(c->peer, m, fd);
	} else {
		close(fd);
	}
}

void handout_log(struct child *c)
{
	const struct monitor *m = c->monitor;
	enum log_level level = LOG_LEVEL_INFO;
	if (!log_level_parse(view_of(m->conf->log_level), &level))
		level = LOG_LEVEL_INFO;
	struct msg out = { .type = MSG_LOG_TO, .log_to = { (uint8_t)level } };
	if (c->peer)
		give(c, &out, sink_dup(m->sink));
}

static void give_conf(struct child *c)
{
	const struct monitor *m = c->monitor;
	struct msg out = { .type = MSG_CONFIGURE,
		.configure = { m->generation } };
	give(c, &out, copy(m->conf_fd));
}

static void give_directory(struct child *c, int directory)
{
	struct msg out = { .type = MSG_DIRECTORY,
		.directory = { view_of(c->account) } };
	if (c->role->root == ROOT_USER)
		give(c, &out, copy(directory));
}

static void give_unix_user(struct child *c)
{
	struct msg out = { .type = MSG_UNIX_USER,
		.unix_user = { view_of(c->account) } };
	if (c->role->user == USER_UNIX)
		peer_send(c->peer, &out, -1);
}

static void give_listeners(struct child *c)
{
	const struct listeners *l = &c->monitor->listeners;
	if (!(c->role->holds & HOLDS_LISTENERS))
		return;
	for (size_t i = 0; i < l->n; i++) {
		struct msg out = { .type = MSG_LISTEN_ON,
			.listen_on = { (uint8_t)l->open[i].service,
			    (uint8_t)l->open[i].tls,
			    view_of(l->open[i].name) } };
		give(c, &out, copy(l->open[i].fd));
	}
}

static void give_end(struct child *c, const struct child *other, int fd)
{
	struct msg out = { .type = MSG_PEER_IS,
		.peer_is = { (uint8_t)other->role->id, other->index } };
	give(c, &out, fd);
}

void handout_link(struct child *a, struct child *b)
{
	int one, two;
	int error = chan_pair(&one, &two);
	if (error) {
		LOG(NULL, ERROR, "role.link-failed", KV_ERR("error", error));
		return;
	}
	give_end(a, b, one);
	give_end(b, a, two);
}

static bool are_linked(const struct child *a, const struct child *b)
{
	return a != b && a->generation == b->generation &&
	       (a->role->peers & 1u << b->role->id ||
		   b->role->peers & 1u << a->role->id);
}

static void give_peers(struct child *c)
{
	for (struct child *o = c->monitor->children; o; o = o->next)
		if (are_linked(c, o) && o->state != CHILD_STOPPING && o->peer)
			handout_link(c, o);
}

void handout_queue_end(struct child *c)
{
	if (c->queue_fd < 0)
		return;
	shutdown(c->queue_fd, SHUT_RDWR);
	close(c->queue_fd);
	c->queue_fd = -1;
}

/* The next tick tries again; the log hears of it once. A child that says it
 * lost its channel may lie, and collect them: the one before ends first. */
void handout_queue(struct child *c)
{
	handout_queue_end(c);
	int fd = queue_door_connect(c->monitor->conf);
	bool was_missing = c->monitor->is_queue_missing;
	c->monitor->is_queue_missing = fd < 0;
	if (fd < 0) {
		if (!was_missing)
			LOG(NULL, WARN, "queue.unreachable",
			    KV_ERR("error", fd));
		return;
	}
	struct msg out = { .type = MSG_PEER_IS, .peer_is = { ROLE_QUEUE, 0 } };
	c->wants_queue = false;
	c->queue_fd = copy(fd);
	if (was_missing)
		LOG(NULL, INFO, "queue.reached", KV_INT("front", c->index));
	give(c, &out, fd);
}

void handout_all(struct child *c, int directory)
{
	struct msg start = { .type = MSG_START,
		.start = { (uint8_t)c->generation } };
	handout_log(c);
	if (c->peer)
		give_conf(c);
	if (c->peer)
		give_directory(c, directory);
	if (c->peer)
		give_unix_user(c);
	if (c->peer)
		give_listeners(c);
	if (c->peer)
		certificate_hand_out(c);
	if (c->peer)
		files_hand_out(c);
	if (c->peer)
		give_peers(c);
	if (c->peer)
		peer_send(c->peer, &start, -1);
}
