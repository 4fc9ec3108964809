#ifndef WIRE_MSG_H
#define WIRE_MSG_H
/* The messages of msg.def as structs, with their encoder and decoder. */
#include "base/err.h"
#include "base/view.h"

/* What a process is; names in DESIGN and in each daemon's roles.c. */
#define ROLE_MAP(X)                                                            \
	X(MONITOR, "monitor")                                                  \
	X(FRONT, "front")                                                      \
	X(AUTH, "auth")                                                        \
	X(PAM, "pam")                                                          \
	X(RESOLVER, "resolver")                                                \
	X(KEYS, "keys")                                                        \
	X(AGENT, "agent")                                                      \
	X(QUEUE, "queue")                                                      \
	X(RELAY, "relay")                                                      \
	X(RUN, "run")                                                          \
	X(CTL, "ctl")

enum role_id {
#define X(NAME, text) ROLE_##NAME,
	ROLE_MAP(X)
#undef X
	ROLE_COUNT
};

const char *role_name(enum role_id id);

enum service {
	SERVICE_SMTP,        /* 25: from other hosts */
	SERVICE_SUBMISSION,  /* 587 */
	SERVICE_SUBMISSIONS, /* 465 */
	SERVICE_IMAP,
	SERVICE_IMAPS,
	SERVICE_POP3,
	SERVICE_POP3S,
	SERVICE_LOCAL, /* delivery */
	SERVICE_COUNT
};

const char *service_name(enum service s); /* "submission" */

enum auth_status {
	AUTH_STATUS_OK,
	AUTH_STATUS_FAILED, /* wrong, or no such account: never told apart */
	AUTH_STATUS_TEMP,
	AUTH_STATUS_DISABLED, /* right, but the account may not use this */
	AUTH_STATUS_BAD,      /* the exchange was malformed */
	AUTH_STATUS_UNKNOWN_MECHANISM,
};

enum auth_flag {
	SESSION_FLAG_TLS = 1 << 0,
	SESSION_FLAG_LOOPBACK = 1 << 1,
};

enum address_kind {
	ADDRESS_LOCAL,   /* account says whose */
	ADDRESS_UNKNOWN, /* our domain, nobody there */
	ADDRESS_REMOTE,  /* not our domain */
	ADDRESS_TEMP,    /* cannot be told now */
};

enum submit_status {
	SUBMIT_STATUS_OK,
	SUBMIT_STATUS_TEMP,
	SUBMIT_STATUS_FULL,  /* no space: 452 4.3.1 */
	SUBMIT_STATUS_LIMIT, /* too many at once: 452 4.3.2 */
};

enum submit_flag {
	SUBMIT_FLAG_8BITMIME = 1 << 0,
	SUBMIT_FLAG_SMTPUTF8 = 1 << 1,
	SUBMIT_FLAG_RET_FULL = 1 << 2,
	SUBMIT_FLAG_RET_HDRS = 1 << 3,
	SUBMIT_FLAGS_OF_FRONTS = (1 << 4) - 1,
	/* Of the queue's own: a notification, and the last one, which nobody
	 * is told about when it cannot be delivered. */
	SUBMIT_FLAG_NOTICE = 1 << 8,
	SUBMIT_FLAG_LAST_NOTICE = 1 << 9,
};

/* RFC 3461 4.1: what the sender wants to be told of a recipient. None of these
 * bits: failures, and delays. */
enum notify {
	NOTIFY_NEVER = 1 << 0,
	NOTIFY_SUCCESS = 1 << 1,
	NOTIFY_FAILURE = 1 << 2,
	NOTIFY_DELAY = 1 << 3,
	NOTIFY_OF_FRONTS = (1 << 4) - 1,
	NOTIFY_DELAY_TOLD = 1 << 7, /* the queue's own */
};

enum queue_action {
	QUEUE_ACTION_HOLD,
	QUEUE_ACTION_RETRY, /* now, also what is held or has failed */
	QUEUE_ACTION_DELETE,
	QUEUE_ACTION_BOUNCE, /* give up, and tell the sender */
	QUEUE_ACTION_COUNT
};

enum queue_change {
	QUEUE_CHANGE_DONE, /* and on disk */
	QUEUE_CHANGE_GONE, /* no such recipient (any more) */
	QUEUE_CHANGE_BUSY, /* being delivered at this moment */
	QUEUE_CHANGE_TEMP, /* the queue cannot be read or written now */
	QUEUE_CHANGE_COUNT
};

enum {
	QUEUE_ITEM_OCTETS = 12,
	QUEUE_ITEMS_MAX = 1000, /* in one message */
};

enum room_status {
	ROOM_OK,   /* or nobody can tell now: the delivery will */
	ROOM_FULL, /* too full for this message */
};

enum deliver_status {
	DELIVER_STATUS_OK,
	DELIVER_STATUS_DUPLICATE, /* was there already: done as well */
	DELIVER_STATUS_TEMP,
	DELIVER_STATUS_OVERQUOTA,
	DELIVER_STATUS_PERM,
};

#define F_U8(name) uint8_t name;
#define F_U16(name) uint16_t name;
#define F_U32(name) uint32_t name;
#define F_U64(name) uint64_t name;
#define F_STR(name, max) struct view name;
#define F_BYTES(name, max) struct view name;
#define MSG(NAME, name, senders, receivers, fds, fields)                       \
	struct msg_##name {                                                    \
		fields                                                         \
	};
#include "wire/msg.def"
#undef MSG

enum msg_type {
#define MSG(NAME, name, senders, receivers, fds, fields) MSG_##NAME,
#include "wire/msg.def"
#undef MSG
	MSG_COUNT
};

/* A decoded message borrows from the bytes it was read from. */
struct msg {
	enum msg_type type;

	union {
#define MSG(NAME, name, senders, receivers, fds, fields) struct msg_##name name;
#include "wire/msg.def"
#undef MSG
	};
};

#undef F_U8
#undef F_U16
#undef F_U32
#undef F_U64
#undef F_STR
#undef F_BYTES

enum {
	MSG_BYTES_MAX = 80 * 1024
};

struct msg_rule {
	const char *name;
	uint32_t from, to; /* bit sets of enum role_id */
	unsigned n_fds;
};
extern const struct msg_rule msg_rules[MSG_COUNT];

/* MC_E_LIMIT when a field passes its bound or all pass cap. */
int msg_encode(
    const struct msg *m, char *out, size_t cap, size_t *n) MUST_CHECK;
/* MC_E_PROTO unless v is exactly one well-formed message. */
int msg_decode(struct view v, struct msg *out) MUST_CHECK;
/* The first of several; *v is cut past it, unchanged on an error. */
int msg_decode_first(struct view *v, struct msg *out) MUST_CHECK;

/* Of msg.def's text: both ends must agree. */
uint64_t msg_def_hash(void);
#endif
