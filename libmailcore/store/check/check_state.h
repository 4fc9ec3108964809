#ifndef STORE_CHECK_CHECK_STATE_H
#define STORE_CHECK_CHECK_STATE_H
/* Inside of check: what it knows while it walks through the tables. Each
 * invariant is one row of a table and one function that looks at the item
 * where the walk stands. */
#include "store/check/check.h"
#include "store/txn/body.h"
#include "store/txn/edit.h"

enum check_scan {
	SCAN_ACCOUNT,
	SCAN_MAILBOX,   /* a record of mbx */
	SCAN_NAME,      /* a key of nam */
	SCAN_ATTRIBUTE, /* a key of att */
	SCAN_INDEX,     /* a key of idx */
	SCAN_TREE,      /* a mailbox, when all names are known */
	SCAN_ROW,       /* a key of msg */
	SCAN_CHANGE,    /* a key of chg */
	SCAN_PIECE,     /* a key of obj */
	SCAN_OBJECT,    /* a message object */
	SCAN_COUNTS,    /* a mailbox, when all rows are known */
	SCAN_TOTALS,    /* the account, when all is known */
	SCAN_BODY,      /* an object's chunks */
	SCAN_FRAMES,    /* the same, when there is nothing wrong with them */
	SCAN_CHUNK,     /* a key of blb */
	SCAN_TABLE,     /* a table as such */
};

struct check;

struct check_rule {
	const char *name, *text;
	enum check_scan scan;
	bool is_gate; /* when broken the others cannot look at the item */
	bool (*holds)(struct check *c);
};

extern const struct check_rule check_rules[];
extern const size_t check_n_rules;

enum {
	CHECK_RULES_MAX = 64
};

struct check_box {
	struct box b;
	bool has_name; /* a key of nam leads to it */
	uint64_t messages, unseen, deleted, bytes, deleted_bytes, runs;
};

struct check_waiting { /* an object that waits for its purge */
	uint64_t msgid;
	struct retained r;
};

struct check {
	struct store *store;
	struct store_txn t;
	const struct check_options *options;
	struct check_result result;
	uint64_t broken[CHECK_RULES_MAX];
	int error; /* ends it */
	bool cut;  /* a table could not be read to its end: sums are wrong */

	struct account account;
	struct check_box *boxes; /* by id */
	size_t n_boxes, cap_boxes;
	struct check_waiting *waiting; /* by msgid */
	size_t n_waiting, cap_waiting;
	uint8_t keywords[KEYWORDS_MAX / 8];
	uint64_t live_bytes, live_messages, retained_bytes, named;

	/* Where the walk stands. */
	struct view key, value;
	uint32_t mailbox, uid;
	struct change_run change;
	uint64_t msgid, modseq, thread;
	struct check_box *box;
	struct message row;
	struct retained retained;
	struct body body;
	uint64_t n_chunks;
	uint32_t chunk;
	bool has_object, has_rows;
	const char *table;
	char detail[160];
};

struct check_box *check_box_of(const struct check *c, uint32_t id);
const struct check_waiting *check_waiting_of(
    const struct check *c, uint64_t msgid);
/* Whether a key is there; errors of the transaction stick. */
bool check_has(struct check *c, unsigned table, const struct key *k);
/* Returns false, with what was found as the detail. */
bool check_differs(
    struct check *c, const char *what, uint64_t recorded, uint64_t found);
bool check_note(struct check *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* Size of the object, from its record. False: none, or it cannot be read. */
bool check_object_size(struct check *c, uint64_t msgid, uint64_t *size);

/* The functions of the table. */
bool check_account_record(struct check *c);
bool check_mailbox_record(struct check *c);
bool check_mailbox_allocated(struct check *c);
bool check_mailbox_modseq(struct check *c);
bool check_mailbox_uidvalidity(struct check *c);
bool check_mailbox_identity(struct check *c);
bool check_mailbox_recent(struct check *c);
bool check_name_key(struct check *c);
bool check_name_target(struct check *c);
bool check_tree_name(struct check *c);
bool check_tree_parent(struct check *c);
bool check_tree_cycle(struct check *c);
bool check_tree_valid(struct check *c);
bool check_attribute_key(struct check *c);
bool check_keyword_name(struct check *c);
bool check_subscription(struct check *c);
bool check_annotation(struct check *c);
bool check_annotation_mailbox(struct check *c);
bool check_index_key(struct check *c);
bool check_link_row(struct check *c);
bool check_delivery(struct check *c);
bool check_retained_value(struct check *c);
bool check_retained_rows(struct check *c);
bool check_retained_object(struct check *c);
bool check_row_record(struct check *c);
bool check_row_mailbox(struct check *c);
bool check_row_uid(struct check *c);
bool check_row_modseq(struct check *c);
bool check_row_flags(struct check *c);
bool check_row_keywords(struct check *c);
bool check_row_keywords_used(struct check *c);
bool check_row_object(struct check *c);
bool check_row_size(struct check *c);
bool check_row_link(struct check *c);
bool check_row_change(struct check *c);
bool check_row_uidl(struct check *c);
bool check_uidl_row(struct check *c);
bool check_change_key(struct check *c);
bool check_change_mailbox(struct check *c);
bool check_change_modseq(struct check *c);
bool check_change_row(struct check *c);
bool check_vanished_range(struct check *c);
bool check_vanished_rows(struct check *c);
bool check_object_key(struct check *c);
bool check_object_allocated(struct check *c);
bool check_object_envelope(struct check *c);
bool check_object_structure(struct check *c);
bool check_object_owner(struct check *c);
bool check_object_thread(struct check *c);
bool check_thread_member(struct check *c);
bool check_thread_id(struct check *c);
bool check_counts(struct check *c);
bool check_counts_runs(struct check *c);
bool check_inbox(struct check *c);
bool check_totals(struct check *c);
bool check_totals_retained(struct check *c);
bool check_totals_mailboxes(struct check *c);
bool check_body_complete(struct check *c);
bool check_body_frames(struct check *c);
bool check_chunk_owner(struct check *c);
bool check_chunk_sum(struct check *c);
bool check_table(struct check *c);
#endif
