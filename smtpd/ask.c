/* What sessions ask the auth role, addresses and passwords; and the queue, room
 * in mailboxes that have limits. Requests carry an
 * id that stands for the client as long as it waits; an answer that comes later
 * finds nothing. */
#include "smtpd/front.h"

uint64_t ask_begin(struct client *c, enum ask ask, uint64_t token)
{
	if (!c->wire_id)
		c->wire_id = idtab_add(&c->front->asked, c);
	c->ask = ask;
	c->token = token;
	return c->wire_id;
}

struct client *ask_find(struct front *f, uint64_t wire_id, enum ask ask)
{
	struct client *c = idtab_get(&f->asked, wire_id);
	return c && c->ask == ask ? c : NULL;
}

void ask_end(struct client *c)
{
	if (c->wire_id)
		idtab_remove(&c->front->asked, c->wire_id);
	c->wire_id = 0;
	c->ask = ASK_NOTHING;
}

void ask_answered(struct client *c)
{
	/* With more input at hand there will be more replies: they are sent
	 * together. */
	if (!c->has_input)
		front_flush(c);
	conn_resume(c->conn);
}

void ask_fail(struct client *c)
{
	enum ask ask = c->ask;
	uint64_t token = c->token;
	submit_close_spool(c);
	ask_end(c);
	switch (ask) {
	case ASK_NOTHING:
	case SPOOL_OPEN:
		return;
	case ASK_ADDRESS:
	case ASK_ROOM:
		smtp_session_recipient_is(c->session, token, ADDRESS_TEMP);
		break;
	case ASK_AUTH:
		smtp_session_auth_result(
		    c->session, token, AUTH_STATUS_TEMP, V_NONE);
		break;
	case ASK_SPOOL:
		smtp_session_spool_is(c->session, token, SUBMIT_STATUS_TEMP);
		break;
	case ASK_COMMIT:
		smtp_session_committed(
		    c->session, token, SUBMIT_STATUS_TEMP, 0);
		break;
	}
	ask_answered(c);
}

/* NULL when nobody can answer: the failure is on its way then. */
static struct peer *auth_of(struct client *c)
{
	struct peer *auth = proc_peer(c->front->proc, ROLE_AUTH);
	if (!auth || !c->wire_id) {
		ask_fail_later(c);
		return NULL;
	}
	return auth;
}

void ask_check_recipient(
    void *ctx, uint64_t token, struct view address, uint64_t size)
{
	struct client *c = ctx;
	c->asked_size = size;
	struct msg m = { .type = MSG_ADDRESS_ASK };
	m.address_ask.id = ask_begin(c, ASK_ADDRESS, token);
	m.address_ask.address = address;
	struct peer *auth = auth_of(c);
	if (auth)
		peer_send(auth, &m, -1);
}

static uint8_t session_flags(const struct client *c)
{
	unsigned flags = conn_has_tls(c->conn) ? SESSION_FLAG_TLS : 0;
	if (conn_is_loopback(c->conn))
		flags |= SESSION_FLAG_LOOPBACK;
	return (uint8_t)flags;
}

void ask_auth_start(void *ctx, uint64_t token, struct view mechanism,
    const struct view *initial)
{
	struct client *c = ctx;
	char binding[64];
	size_t binding_n = conn_tls_binding(c->conn, binding);
	struct msg m = { .type = MSG_AUTH_START };
	m.auth_start = (struct msg_auth_start){
		.id = ask_begin(c, ASK_AUTH, token),
		.session = c->id,
		.service = (uint8_t)c->service,
		.flags = session_flags(c),
		.mechanism = mechanism,
		.has_initial = initial != NULL,
		.initial = initial ? *initial : V_NONE,
		.binding = { binding, binding_n },
		.remote = conn_remote(c->conn),
	};
	struct peer *auth = auth_of(c);
	if (auth)
		peer_send(auth, &m, -1);
}

void ask_auth_next(void *ctx, uint64_t token, struct view response)
{
	struct client *c = ctx;
	struct msg m = { .type = MSG_AUTH_NEXT };
	/* Without an id the exchange has ended while the client was thinking:
	 * auth was restarted. */
	if (c->wire_id)
		m.auth_next.id = ask_begin(c, ASK_AUTH, token);
	c->ask = ASK_AUTH;
	c->token = token;
	m.auth_next.response = response;
	struct peer *auth = auth_of(c);
	if (auth)
		peer_send(auth, &m, -1);
}

void ask_auth_cancel(void *ctx)
{
	struct client *c = ctx;
	struct peer *auth = proc_peer(c->front->proc, ROLE_AUTH);
	struct msg m = { .type = MSG_AUTH_CANCEL };
	m.auth_cancel.id = c->wire_id;
	if (c->ask == ASK_AUTH && c->wire_id && auth)
		peer_send(auth, &m, -1);
	if (c->ask == ASK_AUTH)
		ask_end(c);
}

/* What stands before it is sent: this may take as long as an agent's start. */
static void ask_room(struct client *c, struct view account)
{
	struct peer *queue = proc_peer(c->front->proc, ROLE_QUEUE);
	struct msg m = { .type = MSG_ROOM_ASK };
	if (!queue) {
		ask_fail(c);
		return;
	}
	m.room_ask.id = ask_begin(c, ASK_ROOM, c->token);
	m.room_ask.account = account;
	m.room_ask.size = c->asked_size;
	peer_send(queue, &m, -1);
	front_flush(c);
}

static bool is_larger_than_mailbox(
    const struct client *c, const struct msg_address_is *a)
{
	uint64_t grace = (uint64_t)proc_conf(c->front->proc)->quota_grace;
	return a->quota_bytes && c->asked_size > grace &&
	       c->asked_size - grace > a->quota_bytes;
}

static void on_address(struct front *f, const struct msg_address_is *a)
{
	struct client *c = ask_find(f, a->id, ASK_ADDRESS);
	if (!c)
		return;
	bool is_limited =
	    a->kind == ADDRESS_LOCAL && (a->quota_bytes || a->quota_messages);
	if (is_limited && !is_larger_than_mailbox(c, a)) {
		ask_room(c, a->account);
		return;
	}
	ask_end(c);
	if (is_limited) {
		smtp_session_recipient_full(c->session, c->token, true);
		ask_answered(c);
		return;
	}
	smtp_session_recipient_is(c->session, c->token,
	    a->kind < ADDRESS_KIND_COUNT ? (enum address_kind)a->kind
					 : ADDRESS_TEMP);
	ask_answered(c);
}

static void on_room(struct front *f, const struct msg_room_is *r)
{
	struct client *c = ask_find(f, r->id, ASK_ROOM);
	if (!c)
		return;
	ask_end(c);
	if (r->status == ROOM_FULL)
		smtp_session_recipient_full(c->session, c->token, false);
	else
		smtp_session_recipient_is(c->session, c->token, ADDRESS_LOCAL);
	ask_answered(c);
}

static void on_challenge(struct front *f, const struct msg_auth_challenge *a)
{
	struct client *c = ask_find(f, a->id, ASK_AUTH);
	if (!c)
		return;
	smtp_session_auth_challenge(c->session, c->token, a->challenge);
	ask_answered(c);
}

static void on_result(struct front *f, const struct msg_auth_result *a)
{
	struct client *c = ask_find(f, a->id, ASK_AUTH);
	if (!c)
		return;
	ask_end(c);
	smtp_session_auth_result(c->session, c->token,
	    a->status <= AUTH_STATUS_UNKNOWN_MECHANISM
		? (enum auth_status)a->status
		: AUTH_STATUS_TEMP,
	    a->account);
	ask_answered(c);
}

void ask_on_message(
    struct proc *p, struct peer *from, const struct msg *m, int fd)
{
	struct front *f = proc_state(p);
	(void)from;
	(void)fd;
	if (m->type == MSG_ADDRESS_IS)
		on_address(f, &m->address_is);
	else if (m->type == MSG_ROOM_IS)
		on_room(f, &m->room_is);
	else if (m->type == MSG_AUTH_CHALLENGE)
		on_challenge(f, &m->auth_challenge);
	else if (m->type == MSG_AUTH_RESULT)
		on_result(f, &m->auth_result);
}
