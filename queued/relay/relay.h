#ifndef QUEUED_RELAY_RELAY_H
#define QUEUED_RELAY_RELAY_H
/* Inside of the relay role: what its files share.
 *
 *   relay.c        start, messages, files, the end
 *   session.c      one session: its hosts in turn
 *   connection.c   its connection, and the client on it
 *   failure.c      what is told of a session that never came up
 *   transaction.c  one message on it
 *   tls_choice.c   what TLS a host must have
 *
 * A session has at most one connection; while that closes the session waits
 * for it, so that no event comes from one that is forgotten. */
#include "base/arena.h"
#include "base/secret.h"
#include "net/conn.h"
#include "net/dial.h"
#include "net/remote.h"
#include "proc/role.h"
#include "queued/hash.h"
#include "queued/list.h"
#include "queued/relay/tls_choice.h"

enum {
	RELAY_PIECE_BYTES = 32 * 1024, /* of a file, read at once */
};

struct relay {
	struct proc *proc;
	struct dialer *dialer;
	struct tls_client *tls;
	struct hash sessions; /* struct relay_session */
	struct timer *grace;
	uint64_t n_mails;
	bool is_stopping;
	char piece[RELAY_PIECE_BYTES];
};

/* The most telling reason of those met so far. */
struct relay_failure {
	bool is_any;
	enum relay_stage stage;
	uint16_t code; /* 0: no reply */
	char host[256], text[401];
};

struct relay_transaction {
	bool is_open;    /* RELAY_MAIL came */
	bool is_running; /* the client has it */
	bool wants_body; /* and can take it */
	struct arena strings;
	struct smtp_client_mail mail;
	struct smtp_client_rcpt *rcpts;
	uint32_t *indices; /* the queue's, of each */
	size_t n_rcpts, cap;
	char *body;          /* NULL: in fd */
	int fd;              /* -1: none */
	struct view head;    /* in front of the body */
	uint64_t size, sent; /* of both */
	uint64_t queue_id;
};

enum relay_state {
	RELAY_OPENING, /* a host is being tried */
	RELAY_IS_UP,
	RELAY_CLOSING, /* waits for the connection's end, then is gone */
};

/* After the end of a connection. */
enum relay_next {
	NEXT_ADDRESS,
	NEXT_WITHOUT_TLS, /* the same address again */
	NEXT_END,
};

struct relay_session {
	struct hash_node node;
	struct relay *relay;
	uint64_t id; /* the queue's */
	enum relay_state state;
	enum relay_next next;

	enum relay_tls tls;
	uint16_t port;
	uint32_t route_number;
	const struct conf_route *route;         /* NULL: none */
	struct view domain, policy, hosts_left; /* in bytes */

	struct route_host host; /* the present one */
	struct tls_choice choice;
	unsigned tried;   /* bits of its addresses */
	size_t address;   /* the one that is used */
	bool without_tls; /* the handshake failed before */
	unsigned n_tries;
	struct relay_failure failure;

	struct dial *dial;
	bool waits_socket; /* SOCKET_ASK is not answered */
	struct conn *conn;
	struct remote us, them;
	struct smtp_client *client;
	struct secret *secret; /* for AUTH; NULL: none */
	bool is_leaving;       /* the connection was told to close */
	uint32_t timeout_ms;
	unsigned n_mails;
	struct relay_transaction tx;
	char bytes[];
};

/* relay.c */
void relay_tell(struct relay *r, const struct msg *m);
struct log_ctx relay_log(const struct relay_session *s);
/* The session is gone: forgotten, and freed. */
void relay_drop(struct relay_session *s);

/* session.c */
/* By RELAY_OPEN, which it checks; the queue is told when it fails. */
void relay_session_open(struct relay *r, const struct msg_relay_open *m);
void relay_session_on_socket(struct relay_session *s, int fd);
void relay_session_no_socket(struct relay_session *s, struct view why);
/* In order: QUIT, when it is between transactions. RELAY_DOWN follows. */
void relay_session_close(struct relay_session *s);
/* It has no connection, and the next attempt begins; or none is left, and s is
 * gone. */
void relay_session_try_next(struct relay_session *s);
/* Tells the queue; s is gone. It has no connection. */
void relay_session_end(struct relay_session *s);

/* connection.c */
/* What is configured of them; nobody waits for the reply to QUIT: conn_finish
 * waits for the end of the connection, for a moment. */
struct smtp_client_timeouts relay_timeouts(const struct conf *c);
/* Takes fd, which is connected. */
void relay_connection_begin(struct relay_session *s, int fd);
/* After each call of the client: its events, its output; outside of the
 * connection's events conn_flush follows. */
void relay_connection_pump(struct relay_session *s);
/* At once; the session goes on when it is closed, as s->next says. */
void relay_connection_shut(struct relay_session *s);
/* The same between transactions, with QUIT. */
void relay_connection_quit(struct relay_session *s);
void relay_connection_report_tls(
    struct relay_session *s, enum tls_result result, struct view text);

/* failure.c */
/* What no peer said; an enhanced code is put before it. */
void relay_failure_note(
    struct relay_session *s, enum relay_stage stage, struct view text);
void relay_failure_note_result(
    struct relay_session *s, const struct smtp_result *r);

/* transaction.c */
void relay_transaction_open(
    struct relay_session *s, const struct msg_relay_mail *m);
void relay_transaction_rcpt(
    struct relay_session *s, const struct msg_relay_rcpt *m);
/* Takes fd (-1: the body is in body). */
void relay_transaction_start(struct relay_session *s, struct view body, int fd);
void relay_transaction_on_rcpt(
    struct relay_session *s, const struct smtp_client_event *e);
void relay_transaction_done(struct relay_session *s);
/* Gives the client more of the body; whether it took some. */
bool relay_transaction_feed(struct relay_session *s);
void relay_transaction_reset(struct relay_session *s);
#endif
