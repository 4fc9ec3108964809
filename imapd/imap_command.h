#ifndef IMAPD_IMAP_COMMAND_H
#define IMAPD_IMAP_COMMAND_H
/* Every command is one row of a table; the table is the only dispatcher. */
#include "imapd/imap_session.h"

enum imap_command_flag {
	IMAP_HAS_UID = 1 << 0,     /* "UID name" exists too */
	IMAP_WRITES = 1 << 1,      /* not after EXAMINE */
	IMAP_NO_EXPUNGES = 1 << 2, /* none is told while it runs without UID
				      (RFC 3501 7.4.1) */
	IMAP_NO_ARGS = 1 << 3
};

struct imap_command {
	struct view name;
	unsigned states; /* where it is legal: enum imap_state */
	unsigned flags;
	/* Parses s->args (behind the name), then finishes or sets s->step. */
	void (*run)(struct imap_session *s);
};

const struct imap_command *imap_command_find(struct view name, bool is_uid);

/* "* CAPABILITY" text without "CAPABILITY": after login. */
struct view imap_capabilities(void);

void imap_cmd_capability(struct imap_session *s);
void imap_cmd_noop(struct imap_session *s);
void imap_cmd_logout(struct imap_session *s);
void imap_cmd_id(struct imap_session *s);
void imap_cmd_enable(struct imap_session *s);
void imap_cmd_namespace(struct imap_session *s);
void imap_cmd_authenticated(struct imap_session *s);

void imap_cmd_select(struct imap_session *s);
void imap_cmd_examine(struct imap_session *s);
void imap_cmd_create(struct imap_session *s);
void imap_cmd_delete(struct imap_session *s);
void imap_cmd_rename(struct imap_session *s);
void imap_cmd_subscribe(struct imap_session *s);
void imap_cmd_unsubscribe(struct imap_session *s);
void imap_cmd_list(struct imap_session *s);
void imap_cmd_lsub(struct imap_session *s);
void imap_cmd_status(struct imap_session *s);
void imap_cmd_append(struct imap_session *s);
void imap_cmd_close(struct imap_session *s);
void imap_cmd_unselect(struct imap_session *s);

void imap_cmd_fetch(struct imap_session *s);
void imap_cmd_search(struct imap_session *s);
void imap_cmd_store(struct imap_session *s);
void imap_cmd_copy(struct imap_session *s);
void imap_cmd_move(struct imap_session *s);
void imap_cmd_expunge(struct imap_session *s);
void imap_cmd_idle(struct imap_session *s);

/* IDLE: input and wake-ups while it waits. */
void imap_idle_line(struct imap_session *s, struct view line);
void imap_idle_wake(struct imap_session *s);

/* APPEND: whether the literal that is announced is its message, and then where
 * its bytes go. Refusing puts s->status, text and code. */
enum imap_literal imap_append_begin(struct imap_session *s);
void imap_append_data(struct imap_session *s, struct view piece);
void imap_append_free(struct imap_session *s);
#endif
