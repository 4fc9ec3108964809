#ifndef STORE_CHECK_REPAIR_STATE_H
#define STORE_CHECK_REPAIR_STATE_H
/* Inside of repair. The rules are those of check, looked at by its functions in
 * a transaction that writes; for each rule that can be broken there is one
 * function that makes it hold. */
#include "store/check/check_state.h"
#include "store/check/repair.h"

struct repair_damaged { /* an object that lacks bytes */
	uint64_t msgid;
	uint32_t bad, chunks; /* bad 0: it cannot be unpacked */
};

struct repair {
	struct check c; /* its transaction, its account and boxes */
	const struct repair_options *options;
	struct repair_result result;
	uint64_t reports[CHECK_RULES_MAX];
	uint64_t modseq; /* of what is changed here; 0: nothing so far */
	uint32_t now_s;
	bool wrote;         /* since the walk stands where it does */
	bool is_loss;       /* what is being mended is lost, in part at least */
	bool account_lost;  /* its record */
	uint32_t recovered; /* the mailbox of that name; 0: none so far */
	struct repair_damaged *damaged;
	size_t n_damaged, cap_damaged;
};

struct mender {
	const char *invariant;
	bool (*mend)(struct repair *r); /* false: the item is gone */
};

struct mender_list {
	const struct mender *all;
	size_t n;
};

extern const struct mender_list repair_mailbox_menders, repair_row_menders,
    repair_total_menders;

/* Modseqs and message ids from here on are no real ones. */
static const uint64_t repair_id_max = (uint64_t)1 << 62;
/* Neither are mailbox ids up to here. */
static const uint32_t repair_mailbox_min = 0x80000000;

/* All rules of a scan where the walk stands, and their menders. False: the item
 * is gone. */
bool repair_rules(struct repair *r, enum check_scan scan);
/* Tells of something that a rule was not asked for, at c's place. */
void repair_note(
    struct repair *r, const char *invariant, bool is_loss, const char *detail);
void repair_walk(
    struct repair *r, enum store_table table, void (*at)(struct repair *r));
void repair_put(struct repair *r, enum store_table table, const struct key *k,
    struct view value);
void repair_drop(struct repair *r, enum store_table table, struct view key);
/* For what writes into an edit: one of this transaction. Between the two the
 * repair itself writes nothing. */
struct edit repair_edit(struct repair *r);
void repair_edit_end(struct repair *r, const struct edit *e);
uint64_t repair_modseq(struct repair *r);
/* Something of the mailbox changes; and what was in it before is not known. */
void repair_touch(struct repair *r, struct check_box *x);
void repair_cut(struct repair *r, struct check_box *x);
void repair_fail(struct repair *r, int error);
bool repair_grow(
    struct repair *r, void **p, size_t n, size_t *cap, size_t size);
void repair_unwait(struct repair *r, uint64_t msgid);

/* A new mailbox; pointers to others do not outlive it. NULL: failed. */
struct check_box *repair_box_add(
    struct repair *r, uint32_t id, uint32_t parent, struct view name);
void repair_box_renew(struct repair *r, struct box *b);
struct check_box *repair_box_recovered(struct repair *r);
void repair_mailboxes(struct repair *r);
void repair_names(struct repair *r);
void repair_attributes(struct repair *r);
void repair_restore_box(struct repair *r, uint32_t id, struct box *out);
struct view repair_box_rescue_name(uint32_t id, char out[32]);
bool repair_may_exist(const struct repair *r, uint32_t id);
void repair_objects(struct repair *r);
void repair_rows(struct repair *r); /* and what is derived from them */
/* When all objects are described; leaves what derives of it to the rules of
 * the index. */
void repair_threads(struct repair *r);
void repair_thread_leave(struct repair *r, uint64_t msgid);

struct repair_bytes {
	uint32_t good;  /* chunks that are what they were */
	uint32_t extra; /* behind the end */
	uint32_t odd;   /* not as long as they should be; the extra ones, too */
};

struct repair_bytes repair_body_look(struct repair *r, const struct body *b);
/* Into size_bytes octets; what is missing is left out, or blank. */
void repair_body_read(struct repair *r, const struct body *b, char *out);
/* For one without a record: what its chunks say, and its row (0: has none).
 * False: they are packed, and not all there. frames is what out borrows. */
bool repair_body_find(struct repair *r, uint64_t msgid, uint64_t row_bytes,
    struct body *out, struct buf *frames);
/* The description of an object, from its body; what is missing of it is taken
 * as blank. An envelope that can be read stays. */
void repair_describe(struct repair *r, const struct body *b, bool has_envelope,
    const struct message *row);
void repair_drop_object(struct repair *r, uint64_t msgid);
/* Octets of the message that are there, each chunk right. */
bool repair_has_bytes(struct repair *r, uint64_t msgid);
bool repair_first_row(struct repair *r, uint64_t msgid, struct message *out);
#endif
