#ifndef IMAPD_IMAP_SESSION_H
#define IMAPD_IMAP_SESSION_H
/* The IMAP engine after login: RFC 3501. Bytes in, bytes out; it sees no
 * socket and no clock, and calls the store directly. A command that has much
 * to say is a generator: its step fills the output to the mark, ends its read
 * transaction, and goes on when the output has drained. Input waits meanwhile.
 */
#include "imapd/imap_parse.h"
#include "imapd/imap_reader.h"
#include "imapd/imap_view.h"
#include "log/log.h"
#include "store/search/message_text.h"

enum {
	/* The output buffer's cap must lie so much above its mark: the largest
	 * things that are put at once are a BODYSTRUCTURE and an ENVELOPE. */
	IMAP_OUT_ROOM = 1024 * 1024,
	IMAP_ARENA_MAX = 4 * 1024 * 1024,
	IMAP_LITERAL_MAX = 64 * 1024, /* of all but a message to append */
	IMAP_BATCH_MESSAGES = 64,     /* in one read transaction, */
	IMAP_BATCH_ROWS = 4096,       /* when rows alone are read, */
	IMAP_BATCH_OCTETS = 256 * 1024,
	IMAP_SCRATCHES = MESSAGE_TEXT_BUFS,
	IMAP_SCRATCH_MAX = MESSAGE_TEXT_BUF_MAX
};

enum imap_state {
	IMAP_STATE_AUTH = 1 << 0,
	IMAP_STATE_SELECTED = 1 << 1,
	IMAP_STATE_LOGOUT = 1 << 2
};

enum imap_status {
	IMAP_OK,
	IMAP_NO,
	IMAP_BAD
};

/* What the engine asks of the outside. */
struct imap_ops {
	void (*finish)(void *ctx); /* flush, then close */
	void (*set_timeout)(void *ctx, uint32_t seconds);
	void (*again)(void *ctx); /* imap_session_more soon: others first */
};

struct imap_options {
	struct store *store;
	struct buf *out;
	size_t out_mark;
	size_t command_max;
	uint64_t append_max;
	uint32_t timeout_s;
	int64_t (*now_s)(void); /* date of messages without one */
	const struct log_ctx *log;
	const struct imap_ops *ops;
	void *ctx;
};

enum imap_step {
	IMAP_STEP_NEXT, /* go on: s->step says with what, NULL: done */
	IMAP_STEP_FULL, /* when the output has drained */
	IMAP_STEP_TURN  /* others first: this is long work without output */
};

struct imap_session {
	struct imap_options o;
	enum imap_state state;
	struct imap_reader reader;
	struct arena arena; /* of one command */
	struct imap_view view;
	unsigned n_bad; /* BADs in a row */
	bool closing;

	/* The command that runs. */
	const struct imap_command *command;
	struct view tag;
	struct imap_args args;
	bool is_uid;
	enum imap_step (*step)(struct imap_session *s);
	void *job;         /* the step's state, in the arena */
	struct uidset set; /* messages that the command names */
	struct uidset found;
	struct buf scratch[IMAP_SCRATCHES]; /* of a step */
	struct buf spill; /* a long answer that is computed at once */
	struct imap_append *append;

	/* How it ended. */
	enum imap_status status;
	const char *text;
	struct buf code; /* "[...] " or empty */
};

struct imap_session *imap_session_new(const struct imap_options *options);
void imap_session_free(struct imap_session **s);
/* Returns octets consumed; less than in.n while a command runs. */
size_t imap_session_input(struct imap_session *s, struct view in);
/* The output has drained: the running command goes on. True when input is
 * wanted again. */
bool imap_session_more(struct imap_session *s);
void imap_session_wake(struct imap_session *s);
/* Puts "* BYE why" and closes. */
void imap_session_bye(struct imap_session *s, const char *why);

/* For commands. */
static inline bool imap_out_full(const struct imap_session *s)
{
	return buf_len(s->o.out) >= s->o.out_mark;
}

/* The command has ended: what happened in the mailbox is told, then the tagged
 * reply is put. text is static. */
void imap_finish(
    struct imap_session *s, enum imap_status status, const char *text);
/* The same for an error of the store: its response code, its text. */
void imap_finish_error(struct imap_session *s, int error);
/* BAD with what the arguments' parser found. */
void imap_finish_bad(struct imap_session *s);
/* The tagged reply after s->spill was put, piece by piece. */
void imap_finish_spill(struct imap_session *s, const char *text);
#endif
