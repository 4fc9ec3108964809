#ifndef POP3D_POP3_SESSION_H
#define POP3D_POP3_SESSION_H
/* POP3 after login: the TRANSACTION and UPDATE states of RFC 1939. Calls the
 * store directly; long answers are a job that goes on whenever the output has
 * room. The message list is fixed at login (RFC 1939 3): messages that IMAP
 * expunges meanwhile keep their number. */
#include "proc/agent/agent.h"
#include "store/mailbox/message.h"
#include "text/line.h"

struct pop3_entry {
	uint64_t msgid, wire_bytes;
	uint32_t uid;
	bool deleted, retrieved;
	bool imported; /* with a UIDL of its own */
};

enum pop3_job_kind {
	POP3_JOB_NONE,
	POP3_JOB_LIST,
	POP3_JOB_UIDL,
	POP3_JOB_BODY,
};

struct pop3_job {
	enum pop3_job_kind kind;
	size_t at;            /* LIST, UIDL: next entry; BODY: the entry */
	uint64_t offset, end; /* BODY: bytes of the message */
	uint64_t lines_left;  /* BODY: of the body, for TOP */
	uint64_t header_size;
	struct dot_writer dots;
};

struct pop3_session {
	struct agent_session *shell;
	struct pop3_entry *entries;
	size_t n_entries, cap;
	uint32_t mailbox, uidvalidity;
	uint64_t left_bytes; /* of messages not deleted */
	size_t left;
	int lock; /* maildrop_lock, -1: none */
	struct pop3_job job;
	bool skipping; /* the rest of an overlong line */
	bool done;
	unsigned faults;
};

/* The UIDL of an entry, at the end of out. */
void pop3_put_uidl(
    struct pop3_session *p, const struct pop3_entry *e, struct buf *out);
/* Goes on with the job while the output is below the mark. */
void pop3_job_run(struct pop3_session *p);
/* UPDATE: removes what was deleted, marks what was read. */
int pop3_update(struct pop3_session *p) MUST_CHECK;
#endif
