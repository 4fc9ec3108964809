#ifndef NET_CONN_H
#define NET_CONN_H
/* One stream connection: a client's socket, one to a server, or the plaintext
 * socketpair of a session whose TLS another process holds. Owns the socket,
 * TLS, both buffers and the timer; memory of the buffers is given back when
 * they are empty, so that an idle connection costs little. One write per round
 * for all replies. */
#include "base/buf.h"
#include "net/loop.h"
#include "net/tls.h"
#include "net/tls_client.h"

struct conn;

struct conn_events {
	/* Bytes arrived. Returns how many were consumed; the rest stays and is
	 * shown again with more, or after conn_resume. At most in_max bytes are
	 * kept (and what one TLS record holds): then reading stops
	 * (back-pressure) until some are consumed. While out_low or more of
	 * output waits for the peer, no input is shown; within one call it is
	 * the owner who stops consuming when its replies fill up. */
	size_t (*on_input)(void *ctx, struct view in);
	/* Output was sent and is below the low mark: a generator may go on. */
	void (*on_writable)(void *ctx);
	/* No input, and no output taken, for the timeout that was set; closes
	 * unless it is set again, or conn_finish was called. */
	void (*on_timeout)(void *ctx);
	/* The peer ended its side (half-close) and all input was shown. Comes
	 * again after each conn_resume: an owner that waits for an answer
	 * ignores it; one that does not usually calls conn_finish. */
	void (*on_eof)(void *ctx);
	/* TLS is up (0) or failed (closed follows). */
	void (*on_tls)(void *ctx, int error);
	/* The last call; conn is gone after it. why: 0 or an error code. */
	void (*on_closed)(void *ctx, int why);
};

struct conn_options {
	size_t in_max;  /* bytes of input kept unconsumed */
	size_t out_max; /* cap of the output buffer */
	size_t out_low; /* on_writable below this */
};

/* Takes fd (accepted or connected TCP, or a Unix stream). Events come from the
 * loop, never from inside a call of this header. TCP_NODELAY was set by the
 * listener or the dialer. */
struct conn *conn_new(struct loop *l, int fd,
    const struct conn_options *options, const struct conn_events *events,
    void *ctx);
/* Where replies are put; flushed by itself at the end of the callback or of
 * conn_resume, else by conn_flush. */
struct buf *conn_out(struct conn *c);
void conn_flush(struct conn *c);
/* All that was put is with the socket. Async-signal-safe. */
bool conn_is_quiet(const struct conn *c);
/* Show unconsumed input again; reading goes on. */
void conn_resume(struct conn *c);
void conn_set_timeout(struct conn *c, uint64_t ms); /* 0: none */
/* Both: no event but on_closed comes any more, from the loop; safe within any
 * event. Close drops unsent output. Finish sends it, shuts down and waits a
 * moment for the peer's end, so that the last reply arrives. */
void conn_close(struct conn *c); /* idempotent */
void conn_finish(struct conn *c);

/* Starts TLS as the server. Unconsumed plaintext input is dropped: it could
 * have been put in by a third party (RFC 3207 6, RFC 3501 11.1). Output put
 * before is sent in plaintext first. */
void conn_start_tls(struct conn *c, struct tls_server *tls);
/* The same as the client; of params nothing is kept but its client. What cannot
 * be verified as it must be fails: on_tls, from the loop. */
void conn_start_tls_client(
    struct conn *c, const struct tls_client_params *params);
bool conn_has_tls(const struct conn *c);
/* "TLSv1.3", "TLS_AES_256_GCM_SHA384"; empty without TLS. */
struct view conn_tls_version(const struct conn *c);
struct view conn_tls_cipher(const struct conn *c);
/* tls-exporter channel binding (RFC 9266); 0 octets when there is none. */
size_t conn_tls_binding(const struct conn *c, char out[64]);

/* Of a client's TLS: the certificate is the server's (net/tls_client.h). */
bool conn_tls_is_verified(const struct conn *c);
/* Of a client's handshake, within on_tls: how it went, and static text of why
 * it failed. */
enum tls_result conn_tls_result(const struct conn *c);
struct view conn_tls_why(const struct conn *c);

/* Text of the peer's address ("192.0.2.1", "2001:db8::1", "local"), and
 * whether it is this machine. */
struct view conn_remote(const struct conn *c);
bool conn_is_loopback(const struct conn *c);

/* For the hand-over of a session. Without TLS: gives the socket away, returns
 * it (>= 0, non-blocking); conn is gone, on_closed is not called; unconsumed
 * input is put into pending. Not from inside on_input. -EAGAIN: output waits
 * for the peer; MC_E_UNSUPPORTED: TLS; MC_E_LIMIT: pending is too small;
 * MC_E_CLOSED: it ended. Then conn stays as it was. */
int conn_detach(struct conn *c, struct buf *pending) MUST_CHECK;
/* With TLS: from now on only moves plaintext between the client and fd (a
 * Unix stream, taken), both ways, with bounded buffers, until one side ends.
 * on_closed is the only event from then on. */
void conn_splice(struct conn *c, int fd);
#endif
