/* A role's channels to the other roles. Who says what its role may not, or what
 * this role does not understand, loses the channel, and nothing else. */
#include "base/panic.h"
#include "proc/body/body.h"
#include <unistd.h>

static void unlink_link(struct link *l)
{
	struct link **at = &l->proc->links;
	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
}

static void tell_monitor(struct proc *p, enum role_id role, unsigned index)
{
	struct msg out = { .type = MSG_PEER_LOST,
		.peer_lost = { (uint8_t)role, index } };
	if (p->monitor)
		peer_send(p->monitor, &out, -1);
}

/* The channel is gone or is to go; the peer itself is still valid. */
static void forget(struct link *l)
{
	struct proc *p = l->proc;
	struct peer *peer = l->peer;
	unlink_link(l);
	if (peer && p->is_started && p->role->ops->peer_down)
		p->role->ops->peer_down(p, peer);
	free(l);
}

static struct link *find(struct proc *p, const struct peer *peer)
{
	struct link *l = p->links;
	while (l && l->peer != peer)
		l = l->next;
	return l;
}

static void on_violation(struct proc *p, struct peer *peer, enum msg_type type)
{
	struct link *l = find(p, peer);
	LOG(NULL, ERROR, "peer.violation",
	    KV_STR("peer", role_name(peer_role(peer))),
	    KV_STR("message", msg_rules[type].name));
	tell_monitor(p, peer_role(peer), peer_index(peer));
	if (l)
		forget(l);
	peer_free(&peer);
}

static void on_message(
    void *ctx, struct peer *peer, const struct msg *m, int fd)
{
	struct proc *p = ctx;
	if (p->role->ops->on[m->type]) {
		p->role->ops->on[m->type](p, peer, m, fd);
		return;
	}
	if (fd >= 0)
		close(fd);
	on_violation(p, peer, m->type);
}

static void on_closed(void *ctx, struct peer *peer, int why)
{
	struct proc *p = ctx;
	struct link *l = find(p, peer);
	(void)why;
	tell_monitor(p, peer_role(peer), peer_index(peer));
	if (l)
		forget(l);
}

static const struct peer_events events = { on_message, on_closed };

/* False: the other end is gone already. */
static bool open_link(struct link *l)
{
	struct proc *p = l->proc;
	l->peer = peer_new(
	    p->loop, l->fd, p->role->id, l->role, l->index, &events, p);
	l->fd = -1;
	if (l->peer)
		return true;
	tell_monitor(p, l->role, l->index);
	forget(l);
	return false;
}

static void drop_predecessor(struct proc *p, enum role_id role, unsigned index)
{
	struct link *l = p->links;
	while (l && (l->role != role || l->index != index))
		l = l->next;
	if (!l)
		return;
	struct peer *peer = l->peer;
	int fd = l->fd;
	forget(l);
	if (peer)
		peer_free(&peer);
	else
		close(fd);
}

void links_add(struct proc *p, enum role_id role, unsigned index, int fd)
{
	drop_predecessor(p, role, index);
	struct link *l = MUST_NEW(struct link);
	*l = (struct link){ p->links, p, NULL, role, index, fd };
	p->links = l;
	if (p->is_started && open_link(l) && p->role->ops->peer_up)
		p->role->ops->peer_up(p, l->peer);
}

void links_start(struct proc *p)
{
	struct link *next;
	for (struct link *l = p->links; l; l = next) {
		next = l->next;
		open_link(l);
	}
}

void links_announce(struct proc *p)
{
	struct link *next;
	for (struct link *l = p->links; l; l = next) {
		next = l->next;
		if (p->role->ops->peer_up)
			p->role->ops->peer_up(p, l->peer);
	}
}

void links_end(struct proc *p)
{
	while (p->links) {
		struct link *l = p->links;
		p->links = l->next;
		if (l->peer)
			peer_free(&l->peer);
		else
			close(l->fd);
		free(l);
	}
}

struct peer *proc_peer(struct proc *p, enum role_id id)
{
	struct link *first = NULL;
	for (struct link *l = p->links; l; l = l->next)
		if (l->role == id && l->peer &&
		    (!first || l->index < first->index))
			first = l;
	return first ? first->peer : NULL;
}
