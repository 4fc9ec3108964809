#ifndef STORE_DUMP_DUMP_RECORD_H
#define STORE_DUMP_DUMP_RECORD_H
/* The records of a dump, mailcore-dump(5): one type, then fields by tag. One
 * table says which member of which record is which field; it is the format. A
 * field that is zero or empty is left out; one that is not known is skipped. */
#include "store/dump/dump.h"
#include "store/record/keys.h"

enum {
	DUMP_FORMAT = 1,
	DUMP_RECORD_MAX = 16 << 20, /* octets of a record's fields */
	DUMP_PIECE_MAX = 64 * 1024,
};

enum dump_type {
	DUMP_HEADER = 'H',
	DUMP_ACCOUNT = 'A',
	DUMP_KEYWORD = 'K',
	DUMP_SUBSCRIPTION = 'S',
	DUMP_ATTRIBUTE = 'T', /* any other key of att, as it is */
	DUMP_MAILBOX = 'B',
	DUMP_ROW = 'M',
	DUMP_VANISHED = 'V',
	DUMP_DELIVERY = 'D',
	DUMP_RETAINED = 'X',
	DUMP_INDEX = 'I',  /* any other key of idx, as it is */
	DUMP_OBJECT = 'N', /* what is known of a message object */
	DUMP_BODY = 'O',   /* its message follows */
	DUMP_PIECE = 'P',  /* octets of the message, no fields */
	DUMP_GONE = 'G',   /* it was purged while it was dumped */
	DUMP_END = 'E',
};

struct dump_record {
	enum dump_type type;
	/* H */
	uint32_t format, parts;
	uint64_t first_msgid;
	struct view producer;
	uint8_t guid[16]; /* the account's */
	/* A: what is allocated; totals are not in it. */
	struct account account;
	/* B: counters are not in it. K, S, D: slot, id. */
	struct box box;
	struct view name, key, value;
	uint32_t slot;
	/* M, V, D, X, N: mailbox; for N where it was stored first. */
	uint32_t mailbox;
	struct message row; /* also msgid, UID, size, date of X, N, O and G */
	uint32_t last_uid, time_s, expunged_s;
	uint64_t threadid;
	/* P */
	struct view octets;
	/* E */
	uint64_t n_records;
};

/* Puts the fields of r. */
void dump_record_encode(const struct dump_record *r, struct buf *out);
/* Views borrow from fields. MC_E_CORRUPT: the fields have no form; MC_E_BAD: a
 * number or text does not fit, or the type is unknown. */
int dump_record_decode(enum dump_type type, struct view fields,
    struct dump_record *out) MUST_CHECK;
#endif
