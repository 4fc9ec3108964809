#ifndef QUEUED_NOTICE_DSN_H
#define QUEUED_NOTICE_DSN_H
/* Delivery status notifications (RFC 3464) as messages in the form of RFC 6522:
 * a text that begins with one plain sentence, message/delivery-status, and the
 * message or its header; the types of RFC 6533 where that has to be. Pure:
 * nothing is sent here. */
#include "base/buf.h"

enum dsn_action {
	DSN_FAILED,
	DSN_DELAYED,
	DSN_DELIVERED,
	/* To a host that tells nobody of its success (RFC 3461 5.2.2). */
	DSN_RELAYED,
	DSN_ACTION_COUNT,
	DSN_NONE = DSN_ACTION_COUNT
};

enum {
	/* So that a notification stays below the size of a message that is
	 * kept in the queue's database. */
	DSN_RCPTS_MAX = 16,
	DSN_RETURN_MAX = 24 * 1024, /* of the message */
};

struct dsn_rcpt {
	struct view address;
	struct view orcpt; /* "type;xtext" of RFC 3461 4.2; may be empty */
	struct view reply; /* "5.1.1 text", or whatever was said */
	uint64_t last_s;   /* of the attempt */
	struct view host;  /* that gave the reply; empty: this one */
};

struct dsn {
	enum dsn_action action;
	struct view hostname;
	struct view to; /* who is told */
	/* In the types of RFC 6533: there is something to say that is not
	 * ASCII, and the way back takes SMTPUTF8. */
	bool is_utf8;
	/* For the postmaster, since nobody else can be told: the sender of the
	 * message, which may be empty. */
	bool is_for_postmaster;
	struct view sender;
	struct view envid; /* xtext; may be empty */
	uint64_t id;       /* of the message in the queue */
	uint64_t arrived_s, now_s;
	uint64_t retry_until_s; /* DSN_DELAYED */
	const struct dsn_rcpt *rcpts;
	size_t n_rcpts; /* at most DSN_RCPTS_MAX */
	/* The message's first octets, at most DSN_RETURN_MAX; is_whole: they
	 * are all of it, and may be returned. Otherwise its header is, as far
	 * as it is there. */
	struct view original;
	bool is_whole;
	uint64_t random[2]; /* for the boundary and the Message-ID */
};

/* The whole notification, CRLF at the end of each line. Its own header has
 * octets above 127 only when d->to has. */
void dsn_put(const struct dsn *d, struct buf *out);
#endif
