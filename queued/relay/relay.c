/* queued's role "relay": brings mail to other hosts.
 *   runs as  mailnet
 *   can see  an empty directory, which is its root, and the network
 *   accepts  sessions and messages from the queue; files and sockets of routes
 *            from the monitor
 *   sends    what became of each recipient, and how TLS went, to the queue
 *   dies     when the monitor goes; never for what a host does */
#include "queued/relay/relay.h"
#include "base/panic.h"
#include "queued/roles.h"
#include <stdlib.h>
#include <unistd.h>

void relay_tell(struct relay *r, const struct msg *m)
{
	struct peer *queue = proc_peer(r->proc, ROLE_QUEUE);
	if (queue)
		peer_send(queue, m, -1);
}

struct log_ctx relay_log(const struct relay_session *s)
{
	return (struct log_ctx){ NULL, "relay", s->id };
}

static void tell_stats(struct relay *r)
{
	proc_stats(r->proc, (uint32_t)r->sessions.n, r->n_mails);
}

void relay_drop(struct relay_session *s)
{
	struct relay *r = s->relay;
	hash_remove(&r->sessions, &s->node);
	relay_transaction_reset(s);
	if (s->secret)
		secret_deinit(s->secret);
	free(s->secret);
	free(s);
	tell_stats(r);
	if (r->is_stopping && r->sessions.n == 0)
		proc_exit(r->proc);
}

static struct relay_session *find(struct proc *p, uint64_t id)
{
	struct relay *r = proc_state(p);
	struct hash_node *n = hash_find(&r->sessions, hash_mix(id));
	/* hash_mix maps each id to another hash. */
	return n ? CONTAINER(n, struct relay_session, node) : NULL;
}

/* Messages of the queue. A session that is over by itself may still be spoken
 * to: RELAY_DOWN is on its way. */

static void on_open(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay *r = proc_state(p);
	(void)from;
	(void)fd;
	if (find(p, m->relay_open.id)) {
		LOG(NULL, ERROR, "relay.bad-message",
		    KV_STR("message", msg_rules[m->type].name),
		    KV_HEX("session", m->relay_open.id));
		return;
	}
	relay_session_open(r, &m->relay_open);
	tell_stats(r);
}

/* The session, when m fits to what it does; NULL: it is gone. When it does not
 * fit the queue and this process do not mean the same: the session ends. */
static struct relay_session *in_turn(
    struct proc *p, const struct msg *m, uint64_t id, bool tx_is_open)
{
	struct relay_session *s = find(p, id);
	if (!s || s->state != RELAY_IS_UP)
		return NULL;
	if (s->tx.is_open == tx_is_open && !s->tx.is_running)
		return s;
	LOG(NULL, ERROR, "relay.bad-message",
	    KV_STR("message", msg_rules[m->type].name), KV_HEX("session", id));
	relay_session_close(s);
	return NULL;
}

static void on_mail(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay_session *s = in_turn(p, m, m->relay_mail.id, false);
	(void)from;
	(void)fd;
	if (s)
		relay_transaction_open(s, &m->relay_mail);
}

static void on_rcpt(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay_session *s = in_turn(p, m, m->relay_rcpt.id, true);
	(void)from;
	(void)fd;
	if (s)
		relay_transaction_rcpt(s, &m->relay_rcpt);
}

static void on_body(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay_session *s = in_turn(p, m, m->relay_body.id, true);
	(void)from;
	(void)fd;
	if (s)
		relay_transaction_start(s, m->relay_body.body, -1);
}

static void on_file(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay_session *s = in_turn(p, m, m->relay_file.id, true);
	(void)from;
	if (s)
		relay_transaction_start(s, V_NONE, fd);
	else
		close(fd);
}

static void on_close(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay_session *s = find(p, m->relay_close.id);
	(void)from;
	(void)fd;
	if (s)
		relay_session_close(s);
}

/* Messages of the monitor */

static void on_socket(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay_session *s = find(p, m->socket_is.id);
	(void)from;
	if (s && s->waits_socket)
		relay_session_on_socket(s, fd);
	else
		close(fd);
}

static void on_no_socket(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct relay_session *s = find(p, m->socket_none.id);
	(void)from;
	(void)fd;
	if (s && s->waits_socket)
		relay_session_no_socket(s, m->socket_none.text);
}

/* Life */

static void load_authorities(struct relay *r)
{
	struct view text = V_NONE;
	if (!proc_file(r->proc, FILE_CA, 0, NULL, &text))
		text = V_NONE;
	struct tls_client *next = tls_client_new(text);
	tls_client_free(&r->tls);
	r->tls = next;
	if (tls_client_authorities(next) == 0)
		LOG(NULL, WARN, "relay.no-authorities",
		    KV_STR("file", proc_conf(r->proc)->tls_ca_file));
}

static void relay_file_changed(
    struct proc *p, enum file_kind kind, uint32_t index)
{
	(void)index;
	if (kind == FILE_CA) /* secrets are read when they are needed */
		load_authorities(proc_state(p));
}

static enum dial_family family_of(const char *word)
{
	static const char *const words[DIAL_FAMILY_COUNT] = {
		[DIAL_ANY] = "any",
		[DIAL_IPV6] = "ipv6",
		[DIAL_IPV4] = "ipv4",
		[DIAL_IPV4_FIRST] = "ipv4-first",
	};
	for (int i = 0; i < DIAL_FAMILY_COUNT; i++)
		if (view_eq(view_of(words[i]), view_of(word)))
			return (enum dial_family)i;
	return DIAL_ANY;
}

static void make_dialer(struct relay *r)
{
	const struct conf *c = proc_conf(r->proc);
	struct dial_address ipv4, ipv6;
	struct dialer_options options = {
		.family = family_of(c->relay_family),
		.stagger_ms = DIAL_STAGGER_MS,
		.timeout_ms = (uint64_t)c->relay_connect_timeout * 1000,
	};
	if (dial_parse(view_of(c->relay_source_ipv4), &ipv4) == 0)
		options.source_ipv4 = &ipv4;
	if (dial_parse(view_of(c->relay_source_ipv6), &ipv6) == 0)
		options.source_ipv6 = &ipv6;
	r->dialer = dialer_new(proc_loop(r->proc), &options);
}

static void on_grace(void *ctx)
{
	struct relay *r = ctx;
	proc_exit(r->proc);
}

static int relay_start(struct proc *p)
{
	struct relay *r = MUST_NEW(struct relay);
	r->proc = p;
	proc_set_state(p, r);
	r->grace = timer_new(proc_loop(p), on_grace, r);
	make_dialer(r);
	load_authorities(r);
	return 0;
}

/* Those that fn is to be called for; it may drop the one it is given. */
static void each(struct relay *r, bool (*wanted)(const struct relay_session *s))
{
	for (size_t i = 0; i < r->sessions.cap; i++) {
		struct hash_node *next, *n = r->sessions.buckets[i];
		for (; n; n = next) {
			struct relay_session *s =
			    CONTAINER(n, struct relay_session, node);
			next = n->next;
			if (wanted(s))
				relay_session_close(s);
		}
	}
}

static bool is_any(const struct relay_session *s)
{
	(void)s;
	return true;
}

static bool has_no_transaction(const struct relay_session *s)
{
	return !s->tx.is_open;
}

/* Nobody wants to know what becomes of the messages any more: what the peers
 * do not have they shall not get, it is tried again. */
static void relay_peer_down(struct proc *p, struct peer *peer)
{
	if (peer_role(peer) == ROLE_QUEUE)
		each(proc_state(p), is_any);
}

static void relay_stop(struct proc *p, uint32_t grace_s)
{
	struct relay *r = proc_state(p);
	r->is_stopping = true;
	each(r, has_no_transaction);
	if (r->sessions.n == 0)
		proc_exit(p);
	else
		timer_start(r->grace, (uint64_t)grace_s * 1000, 0);
}

const struct role_ops relay_ops = {
	.start = relay_start,
	.peer_down = relay_peer_down,
	.file_changed = relay_file_changed,
	.stop = relay_stop,
	.on = {
		[MSG_RELAY_OPEN] = on_open,
		[MSG_RELAY_MAIL] = on_mail,
		[MSG_RELAY_RCPT] = on_rcpt,
		[MSG_RELAY_BODY] = on_body,
		[MSG_RELAY_FILE] = on_file,
		[MSG_RELAY_CLOSE] = on_close,
		[MSG_SOCKET_IS] = on_socket,
		[MSG_SOCKET_NONE] = on_no_socket,
	},
};
