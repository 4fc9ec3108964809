#ifndef SMTPD_SMTP_SESSION_H
#define SMTPD_SMTP_SESSION_H
/* One SMTP session as the server (RFC 5321, 6409) without any I/O: bytes in,
 * replies out, and what is slow asked through struct smtp_ops. At most one
 * request is outstanding; until its answer no input is consumed. */
#include "base/buf.h"
#include "log/log.h"
#include "text/line.h"
#include "wire/msg.h"

struct smtp_session;

struct smtp_rcpt {
	struct smtp_rcpt *next;
	struct view address;
	struct view orcpt; /* type;xtext, RFC 3461 4.2; may be empty */
	uint8_t notify;    /* enum notify */
};

/* A message on its way to the queue. Valid until the request is answered. */
struct smtp_message {
	struct view sender; /* local@domain; empty for "<>" */
	struct view account, helo;
	struct view envid; /* xtext, RFC 3461 4.4; may be empty */
	const struct smtp_rcpt *rcpts;
	size_t n_rcpts;
	uint32_t flags;   /* enum submit_flag; complete at commit() */
	bool spooled;     /* all of it went through write() */
	struct view body; /* all of it, at most SMTP_BODY_MAX; unless spooled */
	uint64_t size;
};

enum {
	SMTP_BODY_MAX = 65536,    /* what travels in memory */
	SMTP_OUT_ROOM = 24 << 10, /* free room of out that a reply may need */
	SMTP_LINE_MAX = 12288,    /* longest line: AUTH, RFC 4954 4 */
};

/* Calls to the outside. A token comes back with the answer; answers with
 * another token are ignored. No call answers before it returns. */
struct smtp_ops {
	/* size: of the message, 0: not declared -> smtp_session_recipient_is or
	 * smtp_session_recipient_full */
	void (*check_recipient)(
	    void *ctx, uint64_t token, struct view address, uint64_t size);
	/* -> smtp_session_auth_challenge or smtp_session_auth_result.
	 * initial: NULL when the client sent none. */
	void (*auth_start)(void *ctx, uint64_t token, struct view mechanism,
	    const struct view *initial);
	void (*auth_next)(void *ctx, uint64_t token, struct view response);
	void (*auth_cancel)(void *ctx);
	/* A place for a message that outgrew memory -> smtp_session_spool_is;
	 * once it said OK, write() takes the bytes in order. The envelope of m
	 * is complete, its size is not known yet. */
	void (*spool)(void *ctx, uint64_t token, const struct smtp_message *m);
	int (*write)(void *ctx, struct view piece);
	/* The spooled message is given up: after spool(), before commit(). */
	void (*abort)(void *ctx);
	/* -> smtp_session_committed */
	void (*commit)(void *ctx, uint64_t token, const struct smtp_message *m);
	/* -> smtp_session_delay_over */
	void (*delay)(void *ctx, uint64_t token, uint32_t ms);
	/* After the reply in out was sent -> smtp_session_tls_up */
	void (*start_tls)(void *ctx);
	void (*close)(void *ctx); /* after the reply in out was sent */
};

struct smtp_limits {
	uint64_t message_bytes, header_bytes;
	uint32_t recipients, hops, errors, auth_failures, auth_delay_ms;
	enum bare_newline bare_newline;
	bool smtputf8;
	bool loopback_auth;     /* AUTH without TLS from this machine */
	bool full_is_permanent; /* mailboxes that are full */
};

/* What a session is told about its world; all borrowed for its life. */
struct smtp_env {
	const struct smtp_ops *ops;
	void *ctx;
	struct buf *out; /* replies; its cap is above 2 * SMTP_OUT_ROOM */
	const struct smtp_limits *limits;
	const struct log_ctx *log; /* prints the session id */
	uint64_t id;
	struct view hostname, remote; /* remote: an address, or "local" */
	enum service service;
	bool is_loopback;
	bool tls_available; /* STARTTLS is offered */
};

struct smtp_tls {
	struct view version, cipher;
	bool has_binding; /* SCRAM-SHA-256-PLUS can be offered */
};

struct smtp_session *smtp_session_new(const struct smtp_env *env);
void smtp_session_free(struct smtp_session **s);

/* Puts the greeting: first of all, with implicit TLS after tls_up. */
void smtp_session_greet(struct smtp_session *s);

/* Returns how many bytes were consumed; the rest is shown again, with more or
 * after an answer, or once out has room again. now_s: wall clock. */
size_t smtp_session_input(
    struct smtp_session *s, struct view in, int64_t now_s);

void smtp_session_recipient_is(
    struct smtp_session *s, uint64_t token, enum address_kind kind);
/* It is local, and its mailbox has no room for the message; never: is not even
 * large enough for it when it is empty. */
void smtp_session_recipient_full(
    struct smtp_session *s, uint64_t token, bool never);
void smtp_session_auth_challenge(
    struct smtp_session *s, uint64_t token, struct view challenge);
void smtp_session_auth_result(struct smtp_session *s, uint64_t token,
    enum auth_status status, struct view account);
void smtp_session_spool_is(
    struct smtp_session *s, uint64_t token, enum submit_status status);
void smtp_session_committed(struct smtp_session *s, uint64_t token,
    enum submit_status status, uint64_t queue_id);
void smtp_session_delay_over(struct smtp_session *s, uint64_t token);
void smtp_session_tls_up(struct smtp_session *s, const struct smtp_tls *tls);

/* No input for too long: 421 and close; false when it is us who are slow. */
bool smtp_session_timeout(struct smtp_session *s);
/* The service stops: 421 and close, after the message that is being received
 * or committed, if any. */
void smtp_session_stop(struct smtp_session *s);
/* Something is outstanding: input would not be consumed. */
bool smtp_session_is_waiting(const struct smtp_session *s);
bool smtp_session_is_closed(const struct smtp_session *s);
/* Messages accepted so far. */
uint64_t smtp_session_accepted(const struct smtp_session *s);
#endif
