#ifndef NET_CONN_STATE_H
#define NET_CONN_STATE_H
/* What conn.c and conn_tls.c share. */
#include "net/conn_owner.h"
#include "net/remote.h"
#include "net/tls_session.h"

enum tls_state {
	TLS_NONE,
	TLS_PENDING, /* begins when the plaintext output is sent */
	TLS_HANDSHAKE,
	TLS_UP
};

enum finish_state {
	FINISH_NONE,
	FINISH_FLUSH,
	FINISH_NOTIFIED, /* close_notify is in the output */
	FINISH_LINGER    /* our side is shut: reads until the peer's is */
};

struct conn {
	struct loop *loop;
	struct conn_owner owner;
	struct poll_handle *poll;
	struct deferred *later;
	struct timer *timer;          /* made when first needed */
	struct tls_session *tls_next; /* TLS_PENDING: NULL: it fails */
	struct tls_session *tls;
	struct buf in, out;
	size_t in_max, out_low;
	uint64_t timeout_ms, active_at_ms, timer_due_ms;
	size_t lingered_bytes;
	int fd, why;
	enum tls_state tls_state;
	enum finish_state finish;
	bool in_input; /* on_input runs: its view may borrow from in */
	bool resume;   /* show the input again, later */
	bool held;     /* input waits for output to be taken */
	bool blocked;  /* the socket takes no more for now */
	bool eof;
	bool closed;
	bool detached;
	struct remote remote;
};

/* Neither closed nor about to be: events may be given. */
bool conn_is_open(const struct conn *c);
/* Closes; on_closed comes with why. */
void conn_fail(struct conn *c, int why);
void conn_touch(struct conn *c); /* something happened: the timeout begins */
/* Encrypts and writes once what is to be sent; whether some was taken. */
bool conn_send(struct conn *c);
void conn_take_input(struct conn *c, struct view fresh); /* plaintext */
void conn_take_eof(struct conn *c);

void conn_tls_begin(struct conn *c);
void conn_tls_input(struct conn *c, struct view records);
#endif
