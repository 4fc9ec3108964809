#ifndef QUEUED_CLIENT_SMTP_CLIENT_STATE_H
#define QUEUED_CLIENT_SMTP_CLIENT_STATE_H
/* Inside of the SMTP client: what its files share.
 *
 *   smtp_client.c        replies to the commands they answer; events; the end
 *   smtp_client_hello.c  greeting, EHLO, what the peer offers, STARTTLS
 *   smtp_client_auth.c   AUTH
 *   smtp_client_mail.c   a transaction, up to its body and behind it
 *   smtp_client_body.c   the message, by DATA or BDAT
 *
 * Commands that were put into out wait in flight, in their order, for their
 * replies. A reply's handler puts the next commands. */
#include "queued/client/smtp_client.h"
#include "sasl/scram_client.h"
#include "text/line.h"
#include "text/reply.h"
#include "text/reply_reader.h"

enum smtp_client_state {
	SMTP_CLIENT_BUSY,  /* something is in flight */
	SMTP_CLIENT_TLS,   /* the owner does a handshake: input is dropped */
	SMTP_CLIENT_READY, /* for the next transaction */
	SMTP_CLIENT_BODY,  /* the owner gives the message */
	SMTP_CLIENT_OVER,
};

enum {
	SMTP_IN_FLIGHT_MAX = 64,
	SMTP_OUT_MAX = 160 << 10,
	/* Commands are pipelined while less than this waits in out. */
	SMTP_OUT_COMMANDS = 16 << 10,
	/* The body is taken while less than this does: stuffing may double it.
	 */
	SMTP_OUT_BODY = 64 << 10,
};

/* Not all in out yet. */
#define SMTP_END_OPEN UINT64_MAX

struct smtp_flight {
	enum smtp_stage stage;
	size_t index; /* RCPT: of the recipient */
	uint64_t end; /* in octets of all output */
};

enum smtp_rcpt_state {
	SMTP_RCPT_UNSENT,
	SMTP_RCPT_SENT,
	SMTP_RCPT_ACCEPTED,
	SMTP_RCPT_NOT_TRIED,
	SMTP_RCPT_BAD, /* not an address that may be sent */
	SMTP_RCPT_TOLD,
};

struct smtp_transaction {
	const struct smtp_client_mail *mail; /* NULL: there is none */
	uint8_t rcpts[SMTP_CLIENT_RCPTS_MAX];
	size_t n_taken; /* of them, the first ones: to be sent */
	size_t next;    /* to be sent */
	size_t n_accepted, n_ended;
	bool is_held;   /* the peer needs RSET before the next MAIL */
	bool is_over;   /* nothing more of it is sent: all are told */
	bool data_sent; /* DATA, or the first chunk */
	uint64_t left;  /* octets of the message */
	/* DATA */
	struct dot_writer dots;
	bool after_cr;
	/* BDAT: octets of the chunk that were announced and not put yet. */
	uint64_t chunk_left;
};

struct smtp_client {
	struct smtp_client_options options;
	enum smtp_client_state state;
	struct buf out;
	/* The owner consumes from out between our calls: octets that are gone,
	 * and what was in it when the last call ended. */
	uint64_t n_gone;
	size_t n_held;
	struct reply_reader reader;
	struct smtp_flight flight[SMTP_IN_FLIGHT_MAX]; /* the oldest first */
	size_t n_flight;
	struct smtp_client_caps caps;
	bool has_tls, is_verified, said_helo, is_quitting;
	unsigned auth_step;
	const struct smtp_auth *auth; /* the mechanism that is tried */
	struct scram_client scram;
	char binding[SCRAM_CLIENT_BINDING_MAX];
	size_t n_binding;
	uint32_t n_mails;
	struct smtp_transaction tx;

	/* What came last: a reply, its text is the reader's; or of ours, it is
	 * in note. */
	struct smtp_result result;
	char note[SMTP_RESULT_TEXT_MAX];

	/* Events that wait: bits of enum smtp_client_event_kind. */
	unsigned pending;
	size_t told_rcpt;  /* RCPT: the one that result is about */
	bool telling_rest; /* then those that were not told */
	size_t rest;
	bool may_go_on;
};

/* smtp_client.c */
/* First and last in each function of the owner that may put something. */
void smtp_client_enter(struct smtp_client *c);
void smtp_client_leave(struct smtp_client *c);
/* Where out ends, in octets of all output. */
uint64_t smtp_client_out_end(const struct smtp_client *c);
/* A command's bytes are in out: it is in flight. */
void smtp_client_sent(struct smtp_client *c, enum smtp_stage stage);
/* Puts a whole command that is in flight then. */
void smtp_client_command(
    struct smtp_client *c, enum smtp_stage stage, struct view line);
bool smtp_client_may_pipeline(const struct smtp_client *c);
void smtp_client_notify(
    struct smtp_client *c, enum smtp_client_event_kind kind);
/* The result is one of ours. */
void smtp_client_say(
    struct smtp_client *c, enum smtp_stage stage, const struct reply *r);
/* The session is over, by what result says: at once. */
void smtp_client_end(struct smtp_client *c);
/* The same before a transaction, with QUIT. */
void smtp_client_fail(struct smtp_client *c);
void smtp_client_put_quit(struct smtp_client *c);
/* The peer broke the protocol: the session is over. */
void smtp_client_broken(struct smtp_client *c, const char *why);
/* What result's reply says, for commands with the usual ones: true for 2yz; a
 * 3yz breaks the protocol, and the session is over. */
bool smtp_client_is_ok(struct smtp_client *c);

/* smtp_client_hello.c */
void smtp_client_hello(struct smtp_client *c);
void smtp_client_on_banner(struct smtp_client *c, size_t index);
/* One line of the reply to EHLO. */
void smtp_client_hello_line(struct smtp_client *c, struct view line);
void smtp_client_on_hello(struct smtp_client *c, size_t index);
void smtp_client_on_starttls(struct smtp_client *c, size_t index);

/* smtp_client_auth.c */
void smtp_client_auth(struct smtp_client *c);
void smtp_client_on_auth(struct smtp_client *c, size_t index);

/* smtp_client_mail.c */
void smtp_client_on_mail(struct smtp_client *c, size_t index);
void smtp_client_on_rcpt(struct smtp_client *c, size_t index);
void smtp_client_on_data(struct smtp_client *c, size_t index);
void smtp_client_on_end(struct smtp_client *c, size_t index);
void smtp_client_on_rset(struct smtp_client *c, size_t index);
/* Who was not told yet gets the result; the transaction is over. */
void smtp_client_tell_rest(struct smtp_client *c);
/* The event about the next of them, while telling_rest. */
void smtp_client_next_rest(struct smtp_client *c, struct smtp_client_event *e);
/* Puts the next commands of the transaction, or ends it. */
void smtp_client_go_on(struct smtp_client *c);

/* smtp_client_body.c */
void smtp_client_begin_body(struct smtp_client *c);
void smtp_client_on_chunk(struct smtp_client *c, size_t index);
#endif
