#ifndef NET_TLS_SESSION_H
#define NET_TLS_SESSION_H
/* One TLS connection between two memories: records go in by feed and come out
 * in wire; it sees no socket. Used by conn only. */
#include "base/buf.h"
#include "net/tls.h"
#include "net/tls_client.h"

struct tls_session;

/* Keeps what it needs of server alive. NULL: no memory or no certificate. */
struct tls_session *tls_session_new(struct tls_server *server);
/* The same as the client; of p nothing is kept but its client. NULL also when
 * what has to be verified cannot be. */
struct tls_session *tls_session_new_client(const struct tls_client_params *p);
void tls_session_free(struct tls_session **t);

/* Records of the peer, borrowed until the calls that follow have used them up:
 * handshake or read, until they say -EAGAIN. */
void tls_session_feed(struct tls_session *t, struct view records);
/* 0: done. -EAGAIN: needs more of the peer. MC_E_PROTO: failed, the alert is in
 * wire. May block for the signature. */
int tls_session_handshake(struct tls_session *t) MUST_CHECK;
/* Plaintext of the peer. -EAGAIN; MC_E_CLOSED: it said so; MC_E_PROTO. */
int tls_session_read(
    struct tls_session *t, char *out, size_t cap, size_t *n) MUST_CHECK;
/* Encrypts at most one record; *n is what was used of plain. */
int tls_session_write(
    struct tls_session *t, struct view plain, size_t *n) MUST_CHECK;
void tls_session_shutdown(struct tls_session *t); /* close_notify into wire */
/* Records for the peer; the caller consumes what it has sent. */
struct buf *tls_session_wire(struct tls_session *t);

const char *tls_session_version(const struct tls_session *t);
const char *tls_session_cipher(const struct tls_session *t);
/* RFC 9266: 32 octets; 0 when there is none. */
size_t tls_session_binding(struct tls_session *t, char out[64]);
/* Static text of why the last call failed. */
const char *tls_session_why(const struct tls_session *t);
/* Of a client's handshake that is done: the certificate is the server's, by
 * what tls_client_params say. */
bool tls_session_is_verified(const struct tls_session *t);
/* Of a client's handshake that is done or failed (RFC 8460 4.3). */
enum tls_result tls_session_result(const struct tls_session *t);
#endif
