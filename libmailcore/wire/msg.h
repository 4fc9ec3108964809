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
	X(FETCH, "fetch")                                                      \
	X(RUN, "run")                                                          \
	X(FORWARD, "forward")                                                  \
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
	ADDRESS_ALIAS,   /* of one or several others */
	ADDRESS_KIND_COUNT
};

/* What an alias or a forward file leads to in the end. These are on disk. */
enum leaf_kind {
	LEAF_ADDRESS, /* not known yet: as it came */
	LEAF_ACCOUNT, /* its mailbox */
	LEAF_REMOTE,
	LEAF_COMMAND,
	LEAF_FILE,
	LEAF_FAILED,       /* nowhere; text says why */
	LEAF_FORWARD,      /* an account whose forward file is asked first */
	LEAF_USER_COMMAND, /* of the forward file of the account address */
	LEAF_USER_FILE,
	LEAF_KIND_COUNT
};

static inline bool leaf_is_command(enum leaf_kind k)
{
	return k == LEAF_COMMAND || k == LEAF_USER_COMMAND;
}

static inline bool leaf_is_file(enum leaf_kind k)
{
	return k == LEAF_FILE || k == LEAF_USER_FILE;
}

/* What EXPAND_ASK is about. */
enum expand_how {
	EXPAND_ALIAS,  /* what an alias leads to */
	EXPAND_MEMBER, /* an address of a forward file */
	EXPAND_FINAL,  /* the same, when aliases do not apply: its mailbox */
};

/* How a forward file was found. */
enum forward_status {
	FORWARD_OK,   /* what it says was told before */
	FORWARD_NONE, /* there is none, or it is empty */
	FORWARD_BAD,  /* it does not count; the text says why */
	FORWARD_TEMP,
	FORWARD_STATUS_COUNT
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
	SUBMIT_FLAG_REQUIRETLS = 1 << 4, /* RFC 8689 */
	/* The header says TLS-Required: No (RFC 8689 4.1). */
	SUBMIT_FLAG_TLS_OPTIONAL = 1 << 5,
	/* Of mail with SMTPUTF8: its header has octets above 127. */
	SUBMIT_FLAG_UTF8_HEADER = 1 << 6,
	SUBMIT_FLAGS_OF_FRONTS = (1 << 7) - 1,
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

/* Files that the monitor hands to roles. */
enum file_kind {
	FILE_RESOLV_CONF,  /* /etc/resolv.conf */
	FILE_TRUST_ANCHOR, /* of DNSSEC */
	FILE_CA,           /* certificates that TLS clients trust */
	FILE_SECRET,       /* of a route's user; index: the route's */
	FILE_ALIASES,      /* index: which of the option aliases */
	FILE_INCLUDE,      /* ":include:" of aliases; name: its path there */
	FILE_KIND_COUNT
};

enum route_status {
	ROUTE_OK,
	ROUTE_NO_DOMAIN, /* neither mail exchanger nor address: 5.1.2 */
	ROUTE_NULL_MX,   /* takes no mail (RFC 7505): 5.1.10 */
	ROUTE_LOOP,      /* we are its best mail exchanger: 5.4.6 */
	ROUTE_TEMP,      /* no answer, or one that DNSSEC does not accept */
	ROUTE_STATUS_COUNT
};

/* What TLS a session must have. */
enum relay_tls {
	RELAY_TLS_NONE,          /* plaintext, also when TLS is offered */
	RELAY_TLS_OPPORTUNISTIC, /* if offered; DANE where hosts have TLSA */
	RELAY_TLS_REQUIRED,      /* encrypted, certificate not checked */
	RELAY_TLS_VERIFIED, /* certificate for the host, or for policy's names
			     */
	RELAY_TLS_DANE,     /* by TLSA records, or no delivery */
	RELAY_TLS_OPTIONAL, /* if offered, whatever the domain demands */
	RELAY_TLS_COUNT
};

/* How far a session came that ended. */
enum relay_stage {
	RELAY_STAGE_CONNECT, /* no host could be reached */
	RELAY_STAGE_GREETING,
	RELAY_STAGE_HELLO,
	RELAY_STAGE_TLS,
	RELAY_STAGE_AUTH,
	RELAY_STAGE_READY,  /* between or in transactions */
	RELAY_STAGE_CLOSED, /* in order: RELAY_CLOSE, or as many as it takes */
	RELAY_STAGE_COUNT
};

enum relay_status {
	RELAY_OK,
	RELAY_TEMPORARY,
	RELAY_PERMANENT,
	RELAY_NOT_TRIED, /* the host takes no more recipients this time */
	RELAY_STATUS_COUNT
};

enum tls_policy {
	TLS_POLICY_NONE,
	TLS_POLICY_STS,
	TLS_POLICY_TLSA,
	TLS_POLICY_COUNT
};

/* RFC 8460 4.3. */
enum tls_result {
	TLS_RESULT_OK,
	TLS_RESULT_STARTTLS_NOT_SUPPORTED,
	TLS_RESULT_CERTIFICATE_HOST_MISMATCH,
	TLS_RESULT_CERTIFICATE_EXPIRED,
	TLS_RESULT_CERTIFICATE_NOT_TRUSTED,
	TLS_RESULT_VALIDATION_FAILURE,
	TLS_RESULT_TLSA_INVALID,
	TLS_RESULT_DNSSEC_INVALID,
	TLS_RESULT_DANE_REQUIRED,
	TLS_RESULT_STS_POLICY_FETCH_ERROR,
	TLS_RESULT_STS_POLICY_INVALID,
	TLS_RESULT_STS_WEBPKI_INVALID,
	TLS_RESULT_COUNT
};

enum fetch_status {
	FETCH_OK, /* code is the reply's */
	FETCH_UNREACHABLE,
	FETCH_BAD_CERTIFICATE,
	FETCH_TOO_LARGE,
	FETCH_BAD_TYPE, /* not of the type that was asked for */
	FETCH_STATUS_COUNT
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
	DELIVER_STATUS_UNNAMED, /* the forward file names it no more */
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
