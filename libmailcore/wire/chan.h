#ifndef WIRE_CHAN_H
#define WIRE_CHAN_H
/* One end of a SOCK_SEQPACKET pair between two processes: whole messages with
 * descriptors, checked for direction and for their number of descriptors. One
 * datagram may carry several messages, but one with a descriptor only it. A
 * violation is MC_E_PROTO; the caller then closes the channel, and only it. */
#include "wire/msg.h"
#include <sys/uio.h>

struct chan {
	int fd;
	enum role_id self, peer;
	bool greeted; /* the peer's HELLO was read and agreed */
	/* Never wait, whatever the socket's own mode: who holds a copy of it
	 * could change that. */
	bool nonblocking;
	struct view rest; /* of the datagram that was read last */
};

/* A connected pair, close-on-exec. buffers of both ends hold some messages. */
int chan_pair(int *a, int *b) MUST_CHECK;

/* Takes fd; sends HELLO. The peer's role is what the one who handed us the
 * channel said; HELLO must agree. */
int chan_open(
    struct chan *c, int fd, enum role_id self, enum role_id peer) MUST_CHECK;
void chan_close(struct chan *c);

/* Sends m, with descriptor fd (borrowed; -1: none). -EAGAIN when the socket is
 * full and non-blocking; MC_E_CLOSED; -errno. */
int chan_send(struct chan *c, const struct msg *m, int fd) MUST_CHECK;
/* The same in two steps, for who keeps what does not fit now. Encoding takes
 * the descriptor only to check that m may carry one. */
int chan_encode(const struct chan *c, const struct msg *m, int fd, char *out,
    size_t cap, size_t *n) MUST_CHECK;
int chan_send_bytes(struct chan *c, struct view bytes, int fd) MUST_CHECK;
/* Encoded messages as one datagram: together at most MSG_BYTES_MAX; with a
 * descriptor one. */
int chan_send_pieces(
    struct chan *c, struct iovec *pieces, size_t n, int fd) MUST_CHECK;

/* Reads one message; buffer (MSG_BYTES_MAX) holds what m borrows, and further
 * messages: it stays as it is until c->rest is empty. *fd becomes
 * the caller's (-1: none). HELLO is handled here and never returned. -EAGAIN;
 * MC_E_CLOSED at the end; MC_E_VERSION; MC_E_PROTO. */
int chan_recv(struct chan *c, char *buffer, struct msg *m, int *fd) MUST_CHECK;
#endif
