#ifndef STORE_DUMP_RESTORE_STATE_H
#define STORE_DUMP_RESTORE_STATE_H
/* Inside of restore. */
#include "base/arena.h"
#include "store/dump/dump_record.h"
#include "store/dump/restore.h"
#include "store/mailbox/message.h"

struct restore_row {
	uint64_t msgid;
	uint32_t mailbox; /* in the dump */
	struct message m;
	char uidl[UIDL_OCTETS_MAX];
	uint8_t n_uidl;
};

struct restore_there { /* a message of a mailbox of the store */
	uint64_t size_bytes, msgid;
	int64_t date_s;
};

struct restore_box {
	struct mailbox m; /* of the dump */
	char name[COMPONENT_MAX];
	uint8_t n_name;
	bool wanted;
	/* In the store, when the first message goes there. */
	bool known;
	uint32_t target;             /* 0: it does not exist yet */
	struct restore_there *there; /* by size and date */
	size_t n_there, cap_there;
};

struct restore_pending { /* a message that will be appended */
	const struct restore_row *row;
	uint32_t target;
	struct restore_item item;
	struct source source;
};

enum {
	RESTORE_PENDING_MAX = 64, /* of one transaction */
};

struct restore {
	struct store *store;
	const struct restore_options *options;
	struct restore_result *result;
	char keywords[KEYWORDS_MAX][KEYWORD_OCTETS_MAX + 1];
	struct restore_box *boxes; /* by id */
	size_t n_boxes, cap_boxes;
	struct restore_row *rows; /* by msgid, when the index is at its end */
	size_t n_rows, cap_rows;
	bool sorted;
	/* The message that comes. */
	uint64_t msgid, size, got;
	bool active, wanted;
	struct buf mem;
	int fd; /* -1: in mem */
	/* Messages that wait for a transaction, and what they are made of. */
	struct restore_pending pending[RESTORE_PENDING_MAX];
	size_t n_pending;
	uint64_t pending_bytes;
	struct arena arena;
};

/* restore_into.c: a whole message for each of its rows. */
int restore_message(struct restore *r, const struct source *source) MUST_CHECK;
/* Appends what waits. */
int restore_flush(struct restore *r) MUST_CHECK;
struct restore_box *restore_box(struct restore *r, uint32_t id);
/* The full name of a mailbox of the dump. MC_E_BAD. */
int restore_box_name(
    struct restore *r, const struct restore_box *b, struct buf *out) MUST_CHECK;
struct restore_row *restore_rows(struct restore *r, uint64_t msgid);
#endif
