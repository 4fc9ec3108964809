#ifndef STORE_DUMP_LOAD_STATE_H
#define STORE_DUMP_LOAD_STATE_H
/* Inside of load: what it knows while the records come. */
#include "store/dump/dump_record.h"
#include "store/dump/load.h"
#include "store/txn/edit.h"

enum {
	LOAD_MAILBOXES_MAX = 100000,
};

enum load_object_state {
	LOAD_MISSING,
	LOAD_DONE,
	LOAD_GONE
};

struct load_object {
	uint64_t msgid, size_bytes, threadid;
	struct date internaldate;
	uint32_t mailbox, uid;
	enum load_object_state state;
};

struct load_body { /* the message that comes in pieces */
	struct load_object *object;
	bool active; /* its end has not come; without object: not wanted */
	uint64_t size, got;
	struct buf mem;
	int fd; /* -1: in mem */
};

struct load {
	const struct load_options *options;
	const char *dir; /* where it is built */
	struct load_result *result;
	struct store *store;
	struct edit edit;
	bool editing;
	uint64_t weight; /* octets in this transaction */
	int rank;        /* of the last record's type */
	struct account account;
	bool has_account;
	struct box *boxes; /* by id */
	size_t n_boxes, cap_boxes;
	uint32_t mailbox, uid;       /* the last row */
	struct load_object *objects; /* by msgid */
	size_t n_objects, cap_objects, n_done;
	struct load_body body;
};

void load_init(struct load *l);
void load_deinit(struct load *l);
/* One record; what is wrong with it goes to result->why. */
int load_record(struct load *l, const struct dump_record *r) MUST_CHECK;
int load_complain(struct load *l, int error, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Begins a transaction when none is open. */
int load_edit(struct load *l) MUST_CHECK;
int load_commit(struct load *l) MUST_CHECK;

/* load_body.c: O, P, G. */
int load_body_begin(struct load *l, const struct dump_record *r) MUST_CHECK;
int load_body_piece(struct load *l, const struct dump_record *r) MUST_CHECK;
int load_body_gone(struct load *l, const struct dump_record *r) MUST_CHECK;
void load_body_end(struct load *l);                /* forgets it */
struct box *load_box(struct load *l, uint32_t id); /* NULL: none */
#endif
