/* How smtpd's fronts reach queued: its monitor listens on run_dir/queue.sock
 * and passes what it accepts to the role queue; smtpd's monitor connects there
 * for each front. Neither reads what is said on these channels. */
#include "base/panic.h"
#include "proc/isolation/drop.h"
#include "proc/monitor/monitor.h"
#include "proc/unixsock.h"
#include <unistd.h>

struct queue_door {
	struct monitor *monitor;
	int fd;
	struct poll_handle *poll;
	unsigned next_index; /* a front is never mistaken for another */
	char path[108];
};

struct child *queue_door_child(struct monitor *m)
{
	for (struct child *c = m->children; c; c = c->next)
		if (c->role->holds & HOLDS_QUEUE_LISTENER && c->peer &&
		    c->state == CHILD_READY)
			return c;
	return NULL;
}

static void on_front(void *ctx, bool readable, bool writable)
{
	struct queue_door *d = ctx;
	struct child *queue = queue_door_child(d->monitor);
	(void)readable;
	(void)writable;
	int fd = unixsock_accept(d->fd);
	if (fd < 0)
		return;
	if (!queue || !unixsock_is_admin(fd)) {
		close(fd);
		return;
	}
	struct msg out = { .type = MSG_PEER_IS,
		.peer_is = { ROLE_FRONT, d->next_index++ } };
	peer_send(queue->peer, &out, fd);
}

static const struct role *door_role(const struct monitor *m)
{
	for (size_t i = 0; i < m->daemon->n_roles; i++)
		if (m->daemon->roles[i].holds & HOLDS_QUEUE_LISTENER)
			return &m->daemon->roles[i];
	return NULL;
}

static int listen_on(const struct monitor *m, struct queue_door *d)
{
	struct drop_user user = { 0, (gid_t)-1 };
	int error = layout_path(
	    d->path, sizeof d->path, m->conf->run_dir, "queue.sock");
	if (!error && drop_has_users(m->conf))
		error = drop_user_find(m->conf->user_queue, &user);
	if (!error)
		error = unixsock_listen(d->path, 0660, user.gid, &d->fd);
	return error;
}

int queue_door_open(struct monitor *m)
{
	if (!door_role(m))
		return 0;
	struct queue_door *d = MUST_NEW(struct queue_door);
	int error = listen_on(m, d);
	if (error) {
		LOG(NULL, ERROR, "queue.failed", KV_STR("path", d->path),
		    KV_ERR("error", error));
		free(d);
		return error;
	}
	d->monitor = m;
	d->poll = poll_new(m->loop, d->fd, on_front, d);
	m->queue_door = d;
	return 0;
}

/* Fronts wait in the socket's backlog while there is no queue. */
void queue_door_review(struct monitor *m)
{
	if (m->queue_door)
		poll_want(m->queue_door->poll,
		    queue_door_child(m) != NULL && !m->is_stopping, false);
}

void queue_door_close(struct monitor *m)
{
	struct queue_door *d = m->queue_door;
	if (!d)
		return;
	poll_free(&d->poll);
	close(d->fd);
	unlink(d->path);
	free(d);
	m->queue_door = NULL;
}

int queue_door_connect(const struct conf *conf)
{
	char path[108];
	int error = layout_path(path, sizeof path, conf->run_dir, "queue.sock");
	return error ? error : unixsock_connect(path);
}
