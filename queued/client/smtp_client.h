#ifndef QUEUED_CLIENT_SMTP_CLIENT_H
#define QUEUED_CLIENT_SMTP_CLIENT_H
/* One SMTP or LMTP session as the client (RFC 5321, 2033) without any I/O: the
 * peer's bytes go in, commands come out in smtp_client_out(), and what the
 * owner has to know or to do comes out as events.
 *
 * After each call of a function below the owner takes all events, then sends
 * what is in smtp_client_out() and consumes it there as it goes to the network.
 * It does so before it gives more input: a reply to a command that has not left
 * yet is a forgery, and ends the session.
 *
 * A session: [START_TLS] UP, then for each message smtp_client_mail() -> RCPT,
 * BODY, MAIL_DONE; at last CLOSE. Extensions used where they are offered: SIZE
 * (RFC 1870), PIPELINING (2920), CHUNKING (3030), STARTTLS (3207), DSN (3461),
 * ENHANCEDSTATUSCODES (2034), AUTH (4954), 8BITMIME (6152), SMTPUTF8 (6531),
 * REQUIRETLS (8689), LIMITS (9422). */
#include "base/buf.h"
#include "queued/client/smtp_verdict.h"

enum {
	SMTP_CLIENT_RCPTS_MAX = 1000, /* of a transaction: more: not tried */
	SMTP_CLIENT_LINE_MAX = 4096,  /* input that may wait for its line end */
};

enum smtp_client_tls {
	SMTP_TLS_NEVER,
	SMTP_TLS_OPPORTUNISTIC, /* STARTTLS if offered; if refused, without */
	SMTP_TLS_REQUIRED,      /* STARTTLS, or the session fails */
	SMTP_TLS_IMPLICIT,      /* before the first byte: START_TLS at once */
};

/* RFC 5321 4.5.3.2 says what they must be at least. */
struct smtp_client_timeouts {
	uint32_t banner_ms, hello_ms;
	uint32_t tls_ms; /* reply to STARTTLS, and the handshake */
	uint32_t auth_ms, mail_ms, rcpt_ms;
	uint32_t data_ms;  /* reply to DATA */
	uint32_t block_ms; /* until the peer takes more of the body */
	uint32_t end_ms;   /* reply to the final dot, or a chunk */
	uint32_t rset_ms, quit_ms;
};

/* All views are borrowed for the client's life. */
struct smtp_client_options {
	struct view name; /* said with EHLO */
	bool is_lmtp;
	enum smtp_client_tls tls;
	/* No user: no AUTH. With one the session fails when it cannot log in.
	 * SCRAM-SHA-256 (-PLUS) when it is offered, else PLAIN, else LOGIN;
	 * only under TLS unless auth_without_tls. Whose host it is that gets
	 * them, the owner has verified before smtp_client_tls_up. */
	struct view auth_user, auth_secret;
	bool auth_without_tls;
	const char *test_nonce; /* of SCRAM; NULL but in tests */
	/* A body with 8-bit octets for a peer without 8BITMIME fails (5.6.3);
	 * otherwise it is sent as it is, which keeps signatures whole. */
	bool refuse_8bit;
	struct smtp_client_timeouts timeouts;
};

/* What EHLO said. 0 as a limit: none. */
struct smtp_client_caps {
	bool is_esmtp; /* false: HELO */
	bool pipelining, size, eightbitmime, smtputf8, dsn, chunking;
	bool requiretls, starttls, enhanced;
	bool auth_scram_plus, auth_scram, auth_plain, auth_login;
	uint64_t max_size; /* octets of a message */
	uint32_t rcpt_max, mail_max, rcpt_domain_max;
};

struct smtp_client_rcpt {
	struct view address; /* local@domain */
	struct view orcpt;   /* type;xtext, RFC 3461 4.2; may be empty */
	uint8_t notify;      /* enum notify of wire/msg.h; 0: not said */
};

enum smtp_client_ret {
	SMTP_RET_NONE,
	SMTP_RET_FULL,
	SMTP_RET_HDRS,
};

/* A transaction. All of it is borrowed until MAIL_DONE. */
struct smtp_client_mail {
	struct view sender; /* local@domain; empty: "<>" */
	const struct smtp_client_rcpt *rcpts;
	size_t n_rcpts;
	struct view envid; /* xtext, RFC 3461 4.4; may be empty */
	enum smtp_client_ret ret;
	bool is_8bit;      /* the body has octets above 127 */
	bool is_utf8;      /* header fields have (RFC 6532); that addresses
			      have is seen here */
	bool requires_tls; /* RFC 8689: REQUIRETLS and a verified peer; from
			      <> only where they can be had */
	uint64_t size;     /* exactly what smtp_client_body will be given */
};

enum smtp_client_event_kind {
	/* Do a TLS handshake as the client -> smtp_client_tls_up, or
	 * smtp_client_closed when it failed: where TLS is opportunistic, a new
	 * session without it may do. Plain text that the owner still holds is
	 * not to be shown again. */
	SMTP_EVENT_START_TLS,
	/* smtp_client_mail may be called; smtp_client_caps are known. */
	SMTP_EVENT_UP,
	/* What became of the recipient index: once for each, in any order, at
	 * any time of the transaction. */
	SMTP_EVENT_RCPT,
	/* Now give the message -> smtp_client_body. */
	SMTP_EVENT_BODY,
	/* The transaction is over. may_go_on: smtp_client_mail or
	 * smtp_client_quit, please; otherwise CLOSE follows by itself. */
	SMTP_EVENT_MAIL_DONE,
	/* The session failed outside of a transaction: result says why. CLOSE
	 * follows by itself. */
	SMTP_EVENT_FAILED,
	/* Close the connection; nothing more comes. What is still in
	 * smtp_client_out need not be sent. */
	SMTP_EVENT_CLOSE,
	SMTP_EVENT_COUNT,
};

/* Views are valid until the next call. */
struct smtp_client_event {
	enum smtp_client_event_kind kind;
	size_t index;              /* RCPT */
	struct smtp_result result; /* RCPT, FAILED */
	/* RCPT: the peer was given NOTIFY and ORCPT. False: who asked for a
	 * notice of success gets "relayed" (RFC 3461 5.2.2). */
	bool has_dsn;
	bool may_go_on; /* MAIL_DONE */
};

struct smtp_client *smtp_client_new(const struct smtp_client_options *o);
void smtp_client_free(struct smtp_client **c);

/* True and the next event; false: none is left. */
bool smtp_client_next(struct smtp_client *c, struct smtp_client_event *e);

/* Bytes to send; the owner consumes them. Its cap is the back-pressure. With a
 * user it is one that keeps secrets, and so should be where they go. */
struct buf *smtp_client_out(struct smtp_client *c);

/* Bytes of the peer. Returns how many were consumed; the rest, at most
 * SMTP_CLIENT_LINE_MAX octets when no event is left, is shown again together
 * with more. Nothing is consumed while events wait. */
size_t smtp_client_input(struct smtp_client *c, struct view in);

/* After START_TLS. All that was learned before is forgotten (RFC 3207 4.2).
 * binding: tls-exporter of the connection (RFC 9266); empty: there is none. */
void smtp_client_tls_up(
    struct smtp_client *c, bool is_verified, struct view binding);

/* The connection is gone or the handshake failed; why: a clause for the result,
 * "connection reset by peer". No more input, no more output. */
void smtp_client_closed(struct smtp_client *c, struct view why);

/* How long to wait in the present state, since its last progress (input that
 * was consumed, output that was sent); 0: as long as the owner likes. */
uint32_t smtp_client_timeout_ms(const struct smtp_client *c);
/* That time is over. */
void smtp_client_timed_out(struct smtp_client *c);

/* After UP, and after MAIL_DONE that said may_go_on. */
const struct smtp_client_caps *smtp_client_caps(const struct smtp_client *c);
/* More recipients than the peer takes come back as not tried. */
void smtp_client_mail(
    struct smtp_client *c, const struct smtp_client_mail *mail);
/* Ends the session between transactions: CLOSE follows. */
void smtp_client_quit(struct smtp_client *c);

/* Between BODY and MAIL_DONE: a piece of the message, CRLF at its line ends, no
 * dot-stuffing. Returns how much was taken; call again with the rest when out
 * was sent or input came. is_last: piece is the end of the message. */
size_t smtp_client_body(struct smtp_client *c, struct view piece, bool is_last);
/* The rest of the message cannot be read: the session ends, what it has not
 * delivered yet is a temporary failure with why. */
void smtp_client_body_lost(struct smtp_client *c, struct view why);
#endif
