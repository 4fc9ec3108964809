#ifndef SMTPD_SMTP_COMMAND_H
#define SMTPD_SMTP_COMMAND_H
/* What the command families share: the session's state, the command table's
 * row, and the helpers to answer. Only the engine's own files include it. */
#include "base/arena.h"
#include "smtpd/smtp_header.h"
#include "smtpd/smtp_session.h"
#include "text/path.h"
#include "text/reply.h"

enum smtp_state {
	SMTP_STATE_NEW = 1 << 0,   /* no EHLO yet */
	SMTP_STATE_READY = 1 << 1, /* no transaction */
	SMTP_STATE_MAIL = 1 << 2,  /* a sender, no recipient */
	SMTP_STATE_RCPT = 1 << 3,
	SMTP_STATE_ANY = 0xf,
};

/* How input is read. */
enum smtp_mode {
	SMTP_MODE_COMMAND,
	SMTP_MODE_SKIP, /* the rest of a line that was too long */
	SMTP_MODE_AUTH, /* a response line of a SASL exchange */
	SMTP_MODE_DATA,
	SMTP_MODE_DEAF, /* all is dropped: closing, or before TLS */
	SMTP_MODE_COUNT
};

enum smtp_wait {
	SMTP_WAIT_NONE,
	SMTP_WAIT_RCPT,
	SMTP_WAIT_AUTH,
	SMTP_WAIT_SPOOL,
	SMTP_WAIT_COMMIT,
	SMTP_WAIT_DELAY,
};

struct smtp_data {
	struct dot_reader reader;
	struct header_watch header;
	struct buf body;     /* trace header, then what was not spooled yet */
	size_t judged;       /* bytes of body that the header watch passed */
	uint64_t octets;     /* of the client's data */
	uint64_t spooled;    /* octets given to write() */
	bool has_spool;      /* between spool() and commit() or abort() */
	bool ended;          /* the final dot was read */
	struct reply refuse; /* code 0: none; else what the end is told */
};

struct smtp_session {
	struct smtp_env env;
	enum smtp_state state;
	enum smtp_mode mode;
	enum smtp_wait wait;
	uint64_t token;
	int64_t now_s;
	struct smtp_tls tls;
	bool has_tls, esmtp, is_authed, stopping, auth_failed;
	uint32_t n_errors, n_auth_failures;
	uint64_t n_messages, n_accepted;
	char helo[256], account[320], mechanism[20];
	size_t helo_n, account_n, mechanism_n;
	struct arena arena; /* of the transaction */
	struct view sender, envid;
	struct smtp_rcpt asked; /* the recipient being checked */
	struct smtp_rcpt *rcpts, **rcpts_end;
	size_t n_rcpts;
	uint32_t flags;
	uint64_t size; /* of MAIL; 0: not declared */
	struct smtp_data data;
};

struct smtp_args { /* what the argument parsers make */
	struct view text;
	struct path path;
	uint64_t size;
	uint32_t flags;
	uint8_t notify;
	unsigned seen;            /* parameters, by their place in the table */
	struct view envid, orcpt; /* xtext */
	struct view mechanism, initial;
	bool has_initial;
};

enum smtp_command_flag {
	SMTP_CMD_NEEDS_AUTH = 1 << 0, /* on submission services */
};

struct smtp_command {
	struct view name;
	uint32_t states; /* in which it is legal */
	uint32_t flags;
	size_t line_max;   /* octets with CRLF */
	struct view order; /* said with 503 in other states */
	/* False: it has answered. */
	bool (*parse)(
	    struct smtp_session *s, struct view text, struct smtp_args *args);
	void (*run)(struct smtp_session *s, const struct smtp_args *args);
};

extern const struct smtp_command smtp_commands[];
extern const size_t smtp_commands_count;

/* The row of the command that a line starts with; NULL. */
const struct smtp_command *smtp_command_find(struct view line);
/* Runs one command line: the only dispatcher. */
void smtp_command_run(struct smtp_session *s, struct view line);

/* smtp_session.c */
void smtp_reply(struct smtp_session *s, const struct reply *r);
/* Answers with an error and counts it: many slow the client down, then end
 * the session. Returns false, for argument parsers. */
bool smtp_refuse(struct smtp_session *s, const struct reply *r);
void smtp_close(struct smtp_session *s);
/* A request begins; returns its token. */
uint64_t smtp_wait(struct smtp_session *s, enum smtp_wait wait);
bool smtp_answers(struct smtp_session *s, enum smtp_wait wait, uint64_t token);
/* Forgets the transaction (RSET, EHLO, after DATA). */
void smtp_reset(struct smtp_session *s);
/* A transaction may not go on because we stop. */
void smtp_stop_if_asked(struct smtp_session *s);
bool smtp_is_submission(const struct smtp_session *s);
bool smtp_may_auth(const struct smtp_session *s);
/* To those who may become known: nobody else is sent notifications. */
bool smtp_offers_dsn(const struct smtp_session *s);
bool smtp_offers_utf8(const struct smtp_session *s);
struct view smtp_helo(const struct smtp_session *s);
struct view smtp_account(const struct smtp_session *s);

/* smtp_data.c */
void smtp_data_init(struct smtp_session *s);
void smtp_data_begin(struct smtp_session *s);
void smtp_data_reset(struct smtp_session *s);
bool smtp_data_read(struct smtp_session *s, struct view *in);

/* smtp_trace.c */
void smtp_trace_put(const struct smtp_session *s, struct buf *out);
/* The fields that a submission lacks (RFC 6409 8). */
void smtp_missing_put(const struct smtp_session *s, struct buf *out);

/* dsn_params.c */
bool smtp_param_ret(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_param_envid(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_param_notify(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_param_orcpt(struct smtp_session *, struct view, struct smtp_args *);

/* cmd_*.c */
bool smtp_args_none(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_args_any(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_args_some(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_args_hello(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_args_mail(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_args_rcpt(struct smtp_session *, struct view, struct smtp_args *);
bool smtp_args_auth(struct smtp_session *, struct view, struct smtp_args *);
void smtp_cmd_ehlo(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_helo(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_starttls(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_auth(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_mail(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_rcpt(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_data(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_rset(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_noop(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_quit(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_vrfy(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_expn(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_help(struct smtp_session *, const struct smtp_args *);
void smtp_cmd_foreign(struct smtp_session *, const struct smtp_args *);
/* One response line of the exchange that AUTH began. */
void smtp_auth_response(struct smtp_session *s, struct view line);
#endif
