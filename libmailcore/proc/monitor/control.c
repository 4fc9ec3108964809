/* mailctl's socket: run_dir/NAME.ctl, which only the administrator can open. */
#include "base/panic.h"
#include "proc/monitor/monitor.h"
#include "proc/unixsock.h"
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONTROLLERS_MAX = 16
};

struct control {
	struct monitor *monitor;
	int fd;
	struct poll_handle *poll;
	struct peer *peers[CONTROLLERS_MAX];

	struct {
		uint64_t id; /* 0: nothing */
		enum role_id role;
	} asked[CONTROLLERS_MAX]; /* of a role, for that peer */

	uint64_t last_id;
	char path[108];
};

static void done(struct peer *p, bool ok, struct view text)
{
	struct msg out = { .type = MSG_CTL_DONE,
		.ctl_done = { ok, view_head(text, 4000) } };
	peer_send(p, &out, -1);
}

static void send_row(
    struct peer *p, const char *role, const struct child *c, uint32_t restarts)
{
	struct msg out = { .type = MSG_CTL_ROW,
		.ctl_row = { view_of(role), view_of(c->account),
		    (uint32_t)c->pid, (uint64_t)c->started_s, restarts,
		    c->sessions, c->total } };
	peer_send(p, &out, -1);
}

static void on_status(struct monitor *m, struct peer *p, const struct msg *msg)
{
	struct child self = { .pid = getpid(), .started_s = m->started_s };
	(void)msg;
	send_row(p, "monitor", &self, 0);
	for (const struct child *c = m->children; c; c = c->next)
		send_row(p, role_name(c->role->id), c,
		    c->slot ? c->slot->restarts : 0);
	done(p, true, V_NONE);
}

static void on_reload(struct monitor *m, struct peer *p, const struct msg *msg)
{
	struct buf errors;
	(void)msg;
	buf_init(&errors, 4000);
	int error = monitor_reload(m, &errors);
	done(p, !error, buf_view(&errors));
	buf_deinit(&errors);
}

static void on_stop(struct monitor *m, struct peer *p, const struct msg *msg)
{
	done(p, true, V_NONE);
	monitor_stop(m, msg->ctl_stop.grace_s);
}

/* One question of each peer at a time; its id. 0: the role cannot be asked. */
static uint64_t begin_asking(
    struct control *k, struct peer *p, const struct child *role)
{
	if (!role || !role->peer || k->asked[peer_index(p)].id) {
		done(p, false, V("the role that knows cannot be asked now"));
		return 0;
	}
	k->asked[peer_index(p)].id = ++k->last_id;
	k->asked[peer_index(p)].role = role->role->id;
	return k->last_id;
}

static void on_queue(struct monitor *m, struct peer *p, const struct msg *msg)
{
	struct child *queue = queue_door_child(m);
	struct msg out = { .type = MSG_QUEUE_CHANGE,
		.queue_change = { begin_asking(m->control, p, queue),
		    msg->ctl_queue.action, msg->ctl_queue.items } };
	if (out.queue_change.id)
		peer_send(queue->peer, &out, -1);
}

static void on_explain(struct monitor *m, struct peer *p, const struct msg *msg)
{
	struct child *auth = family_find(m, ROLE_AUTH, 0);
	struct msg out = { .type = MSG_EXPLAIN_ASK,
		.explain_ask = { begin_asking(m->control, p, auth),
		    msg->ctl_explain.address } };
	if (out.explain_ask.id)
		peer_send(auth->peer, &out, -1);
}

static void on_route(struct monitor *m, struct peer *p, const struct msg *msg)
{
	struct child *resolver = family_find(m, ROLE_RESOLVER, 0);
	struct msg out = { .type = MSG_ROUTE_ASK,
		.route_ask = { begin_asking(m->control, p, resolver),
		    msg->ctl_route.domain, msg->ctl_route.is_host,
		    msg->ctl_route.port } };
	if (out.route_ask.id)
		peer_send(resolver->peer, &out, -1);
}

static void on_site(struct monitor *m, struct peer *p, const struct msg *msg)
{
	struct child *queue = queue_door_child(m);
	struct msg out = { .type = MSG_SITE_ASK,
		.site_ask = { begin_asking(m->control, p, queue),
		    msg->ctl_site.site, msg->ctl_site.address } };
	if (out.site_ask.id)
		peer_send(queue->peer, &out, -1);
}

static void pass_on(
    struct control *k, enum role_id role, uint64_t id, const struct msg *answer)
{
	for (size_t i = 0; k && i < CONTROLLERS_MAX; i++) {
		if (!id || k->asked[i].id != id || k->asked[i].role != role)
			continue;
		if (answer->type != MSG_CTL_STEP) /* more will come */
			k->asked[i].id = 0;
		if (k->peers[i])
			peer_send(k->peers[i], answer, -1);
	}
}

void control_on_queue_changed(struct child *c, const struct msg *msg, int fd)
{
	struct msg out = { .type = MSG_CTL_QUEUE_DONE,
		.ctl_queue_done = { msg->queue_changed.statuses } };
	(void)fd;
	pass_on(c->monitor->control, ROLE_QUEUE, msg->queue_changed.id, &out);
}

void control_on_site(struct child *c, const struct msg *msg, int fd)
{
	const struct msg_site_is *is = &msg->site_is;
	struct msg out = { .type = MSG_CTL_SITE_IS,
		.ctl_site_is = { is->site, is->state, is->connections,
		    is->connections_max, is->recipients, is->wait_s, is->host,
		    is->text } };
	(void)fd;
	pass_on(c->monitor->control, ROLE_QUEUE, is->id, &out);
}

void control_on_route_is(struct child *c, const struct msg *msg, int fd)
{
	const struct msg_route_is *r = &msg->route_is;
	struct msg out = { .type = MSG_CTL_ROUTE_IS,
		.ctl_route_is = { r->status, r->ttl_s, r->group, r->sts_id,
		    r->text, r->hosts } };
	(void)fd;
	pass_on(c->monitor->control, ROLE_RESOLVER, r->id, &out);
}

void control_on_step(struct child *c, const struct msg *msg, int fd)
{
	const struct msg_step_is *s = &msg->step_is;
	struct msg out = { .type = MSG_CTL_STEP,
		.ctl_step = { s->depth, s->what, s->subject, s->detail } };
	(void)fd;
	pass_on(c->monitor->control, ROLE_AUTH, s->id, &out);
}

void control_on_explained(struct child *c, const struct msg *msg, int fd)
{
	struct msg out = { .type = MSG_CTL_EXPLAINED,
		.ctl_explained = { msg->explained.kind } };
	(void)fd;
	pass_on(c->monitor->control, ROLE_AUTH, msg->explained.id, &out);
}

void control_role_gone(struct monitor *m, enum role_id role)
{
	struct control *k = m->control;
	for (size_t i = 0; k && i < CONTROLLERS_MAX; i++) {
		if (!k->asked[i].id || k->asked[i].role != role)
			continue;
		k->asked[i].id = 0;
		if (k->peers[i])
			done(k->peers[i], false,
			    V("the role that knows ended before it answered"));
	}
}

static void (*const from_control[MSG_COUNT])(
    struct monitor *m, struct peer *p, const struct msg *msg) = {
	[MSG_CTL_STATUS] = on_status,
	[MSG_CTL_RELOAD] = on_reload,
	[MSG_CTL_STOP] = on_stop,
	[MSG_CTL_QUEUE] = on_queue,
	[MSG_CTL_EXPLAIN] = on_explain,
	[MSG_CTL_SITE] = on_site,
	[MSG_CTL_ROUTE] = on_route,
};

static void forget(struct control *k, const struct peer *p)
{
	for (size_t i = 0; i < CONTROLLERS_MAX; i++)
		if (k->peers[i] == p) {
			k->peers[i] = NULL;
			k->asked[i].id = 0;
		}
}

static void on_message(void *ctx, struct peer *p, const struct msg *msg, int fd)
{
	struct control *k = ctx;
	if (fd >= 0)
		close(fd);
	if (from_control[msg->type]) {
		from_control[msg->type](k->monitor, p, msg);
		return;
	}
	forget(k, p);
	peer_free(&p);
}

static void on_closed(void *ctx, struct peer *p, int why)
{
	(void)why;
	forget(ctx, p);
}

static const struct peer_events events = { on_message, on_closed };

static void on_client(void *ctx, bool readable, bool writable)
{
	struct control *k = ctx;
	size_t i = 0;
	(void)readable;
	(void)writable;
	int fd = unixsock_accept(k->fd);
	if (fd < 0)
		return;
	while (i < CONTROLLERS_MAX && k->peers[i])
		i++;
	if (i == CONTROLLERS_MAX || !unixsock_is_admin(fd)) {
		close(fd);
		return;
	}
	k->peers[i] = peer_new(k->monitor->loop, fd, ROLE_MONITOR, ROLE_CTL,
	    (unsigned)i, &events, k);
}

int control_open(struct monitor *m)
{
	char name[40];
	struct control *k = MUST_NEW(struct control);
	snprintf(name, sizeof name, "%s.ctl", m->daemon->name);
	int error =
	    layout_path(k->path, sizeof k->path, m->conf->run_dir, name);
	if (!error)
		error = unixsock_listen(k->path, 0600, (gid_t)-1, &k->fd);
	if (error) {
		LOG(NULL, ERROR, "control.failed", KV_STR("path", k->path),
		    KV_ERR("error", error));
		free(k);
		return error;
	}
	k->monitor = m;
	k->poll = poll_new(m->loop, k->fd, on_client, k);
	poll_want(k->poll, true, false);
	m->control = k;
	return 0;
}

void control_close(struct monitor *m)
{
	struct control *k = m->control;
	if (!k)
		return;
	for (size_t i = 0; i < CONTROLLERS_MAX; i++)
		if (k->peers[i])
			peer_free(&k->peers[i]);
	poll_free(&k->poll);
	close(k->fd);
	unlink(k->path);
	free(k);
	m->control = NULL;
}
