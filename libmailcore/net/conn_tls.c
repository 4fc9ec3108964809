/* The part of a connection that is different with TLS. */
#include "log/log.h"
#include "net/conn_state.h"
#include "net/loop_uv.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static void tls_failed(struct conn *c, int why)
{
	LOG(NULL, INFO, "tls.failed", KV_VIEW("remote", conn_remote(c)),
	    KV_STR("reason", tls_session_why(c->tls)));
	bool handshake = c->tls_state == TLS_HANDSHAKE;
	c->tls_state = TLS_HANDSHAKE; /* sends the alert, nothing else */
	conn_send(c);
	if (handshake && conn_is_open(c))
		c->owner.events->on_tls(c->owner.ctx, why);
	conn_fail(c, why);
}

/* With TLS 1.3 the client speaks last, and after STARTTLS it speaks next. One
 * without TCP_NODELAY waits for our acknowledgement in between, which the
 * kernel delays by 40 ms when nothing goes back. */
static void acknowledge(struct conn *c)
{
#ifdef TCP_QUICKACK
	const int on = 1;
	setsockopt(c->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof on);
#else
	(void)c;
#endif
}

static void tls_handshake(struct conn *c)
{
	int error = tls_session_handshake(c->tls);
	if (error == -EAGAIN)
		return;
	if (error) {
		tls_failed(c, error);
		return;
	}
	conn_touch(c);
	c->tls_state = TLS_UP;
	c->owner.events->on_tls(c->owner.ctx, 0);
	if (!c->closed && buf_len(&c->out) == 0)
		acknowledge(c);
}

void conn_tls_input(struct conn *c, struct view records)
{
	char *plain = loop_scratch(c->loop, SCRATCH_PLAIN);
	size_t n = 0, got;
	int error = 0;
	tls_session_feed(c->tls, records);
	if (c->tls_state == TLS_HANDSHAKE)
		tls_handshake(c);
	if (c->tls_state != TLS_UP || c->closed)
		return;
	while (n < SCRATCH_BYTES && !error) {
		error = tls_session_read(
		    c->tls, plain + n, SCRATCH_BYTES - n, &got);
		n += error ? 0 : got;
	}
	conn_take_input(c, (struct view){ plain, n });
	if (c->closed || error == -EAGAIN)
		return;
	if (error == MC_E_CLOSED)
		conn_take_eof(c);
	else
		tls_failed(c, error ? error : MC_E_INTERNAL);
}

void conn_tls_begin(struct conn *c)
{
	c->tls = c->tls_next;
	c->tls_next = NULL;
	c->tls_state = TLS_HANDSHAKE;
	conn_touch(c);
	if (!c->tls) {
		c->owner.events->on_tls(c->owner.ctx, MC_E_TEMP);
		conn_fail(c, MC_E_TEMP);
		return;
	}
	tls_handshake(c); /* a client speaks first */
	if (buf_len(tls_session_wire(c->tls)))
		conn_flush(c);
}

static bool can_start(const struct conn *c)
{
	return conn_is_open(c) && c->tls_state == TLS_NONE;
}

static void start(struct conn *c, struct tls_session *session)
{
	c->tls_next = session;
	c->tls_state = TLS_PENDING;
	c->eof = false; /* then reading says so again, as a failed handshake */
	if (!c->in_input)
		buf_reset(&c->in);
	conn_flush(c);
}

void conn_start_tls(struct conn *c, struct tls_server *tls)
{
	if (can_start(c))
		start(c, tls_session_new(tls));
}

void conn_start_tls_client(
    struct conn *c, const struct tls_client_params *params)
{
	if (can_start(c))
		start(c, tls_session_new_client(params));
}

bool conn_has_tls(const struct conn *c)
{
	return c->tls_state == TLS_UP;
}

struct view conn_tls_version(const struct conn *c)
{
	return conn_has_tls(c) ? view_of(tls_session_version(c->tls)) : V("");
}

struct view conn_tls_cipher(const struct conn *c)
{
	return conn_has_tls(c) ? view_of(tls_session_cipher(c->tls)) : V("");
}

size_t conn_tls_binding(const struct conn *c, char out[64])
{
	return conn_has_tls(c) ? tls_session_binding(c->tls, out) : 0;
}

bool conn_tls_is_verified(const struct conn *c)
{
	return conn_has_tls(c) && tls_session_is_verified(c->tls);
}

enum tls_result conn_tls_result(const struct conn *c)
{
	enum tls_result result = TLS_RESULT_OK;
	if (c->tls)
		result = tls_session_result(c->tls);
	/* The peer left in the middle of it. */
	if (result == TLS_RESULT_OK && !conn_has_tls(c))
		return TLS_RESULT_VALIDATION_FAILURE;
	return result;
}

struct view conn_tls_why(const struct conn *c)
{
	return c->tls ? view_of(tls_session_why(c->tls))
		      : V("the server cannot be verified");
}
