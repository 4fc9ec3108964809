#ifndef QUEUED_SPOOL_QUEUE_DB_H
#define QUEUED_SPOOL_QUEUE_DB_H
/* The queue on disk: one LMDB environment and spool files for large bodies, in
 * one directory. Opened by the queue role, and read-only by mailctl, also while
 * the daemon runs or is down. Layout: queued/spool/queue_keys.h. */
#include "queued/spool/queue_keys.h"
#include "store/kv/kv.h"
#include "wire/msg.h"

enum {
	QUEUE_BODY_MAX = 64 * 1024, /* larger ones are spool files */
	QUEUE_RECIPIENTS_MAX = 10000,
	QUEUE_REPLY_MAX = 200,
	QUEUE_DELIVERY_ID_OCTETS = 16,
	QUEUE_ID_DIGITS = 16,
};

struct queue_envelope {
	uint64_t id;
	bool is_damaged; /* the record cannot be read: nothing else is known */
	bool is_spooled;
	uint32_t submit_flags; /* enum submit_flag */
	uint64_t received_s;
	uint64_t session; /* of the client that brought it */
	uint64_t size_bytes;
	uint32_t n_recipients; /* that it ever had: the next one's index */
	struct view sender, account, remote, helo, envid;
};

enum rcpt_state {
	RCPT_WAITING, /* to be tried at next_s */
	RCPT_HELD,    /* by the administrator, until released */
	RCPT_FAILED,  /* given up; forgotten at next_s */
	RCPT_STATE_COUNT
};

const char *rcpt_state_name(enum rcpt_state s);
/* "mailbox", "remote", "user-command", ... */
const char *leaf_kind_name(enum leaf_kind k);

struct queue_rcpt {
	uint32_t index;
	enum rcpt_state state;
	uint8_t notify;
	uint32_t attempts;
	uint64_t next_s; /* 0: never by itself */
	uint64_t last_s; /* of the last attempt, 0: none */
	struct view address, orcpt, reply;
	struct view host; /* that gave the reply; empty: this one */
	/* Where it is parked, to be taken when the site has room; empty: it is
	 * not. sender: a hash of the message's. */
	struct view site;
	uint32_t sender;
	/* What an alias or forward file made of it; LEAF_ADDRESS and empty:
	 * nothing yet. address is the account, the remote address or the alias;
	 * of LEAF_USER_COMMAND and _FILE the account whose forward file names
	 * text. */
	enum leaf_kind kind;
	/* Command, path, or why it failed; of LEAF_REMOTE the account whose
	 * forward file sends it there, empty: none. */
	struct view text;
	struct view from;   /* the sender instead of the message's */
	struct view origin; /* the address that the message came for */
};

/* Ids as people see them: 16 hexadecimal digits. */
void queue_id_format(uint64_t id, char out[QUEUE_ID_DIGITS + 1]);
bool queue_id_parse(struct view v, uint64_t *out);

struct queue_db;

/* MC_E_NOENT when readonly and there is none; MC_E_BUSY when another process
 * has it open to change it; MC_E_VERSION; -EROFS and so on
 * when the spool cannot be written; the errors of kv_open. */
int queue_db_open(
    const char *dir, bool readonly, struct queue_db **out) MUST_CHECK;
void queue_db_close(struct queue_db **db);
void queue_db_housekeeping(struct queue_db *db); /* once a minute */
/* What was read so far shall take no memory; in no transaction. */
void queue_db_forget_pages(struct queue_db *db);

/* False: made by an older program, and only read. */
bool queue_db_has_ready(const struct queue_db *db);

/* The spool's directory, for queued/spool/queue_spool.h; borrowed. */
int queue_db_dir(const struct queue_db *db);

/* A new id: above all before, also those of earlier processes. */
uint64_t queue_db_new_id(struct queue_db *db, uint64_t now_s);
/* What an agent remembers for exactly-once delivery: the same for every
 * attempt, never the same for two recipients of any two queues. */
void queue_db_delivery_id(const struct queue_db *db, uint64_t id,
    uint32_t index, char out[QUEUE_DELIVERY_ID_OCTETS]);

/* Bytes that others may still write to the spool's disk. */
int queue_db_free_bytes(const struct queue_db *db, uint64_t *out) MUST_CHECK;

/* MC_E_FULL when adding so many bytes could leave no room for removals. */
int queue_db_check_room(struct queue_db *db, uint64_t bytes) MUST_CHECK;

/* Changes: any number of steps, then one commit. Errors are sticky and told by
 * queue_commit, which is durable when 0; files of removed messages are gone
 * then. */
struct queue_txn {
	struct queue_db *db;
	struct kv_txn kv;
};

int queue_begin_write(struct queue_db *db, struct queue_txn *t) MUST_CHECK;
int queue_commit(struct queue_txn *t) MUST_CHECK;
void queue_abort(struct queue_txn *t);

/* id is from queue_db_new_id and above all that were added before. body is
 * empty for a spooled message. */
void queue_add(
    struct queue_txn *t, const struct queue_envelope *e, struct view body);
void queue_add_rcpt(
    struct queue_txn *t, uint64_t id, const struct queue_rcpt *r);
/* More recipients of a message that is there, and its new n_recipients. */
void queue_insert_rcpt(
    struct queue_txn *t, uint64_t id, const struct queue_rcpt *r);
void queue_update(struct queue_txn *t, const struct queue_envelope *e);
/* due_s: next_s of the record that is replaced. Where that was parked it is no
 * longer. */
void queue_update_rcpt(struct queue_txn *t, uint64_t id,
    const struct queue_rcpt *r, uint64_t due_s);
/* The last recipient takes the message along. */
void queue_remove_rcpt(
    struct queue_txn *t, uint64_t id, uint32_t index, uint64_t due_s);

/* Reading, in a transaction as store/kv/kv.h says: short, views die with it. */
int queue_begin_read(struct queue_db *db, struct queue_txn *t) MUST_CHECK;
int queue_get(struct queue_txn *t, uint64_t id,
    struct queue_envelope *out) MUST_CHECK; /* MC_E_NOENT, MC_E_CORRUPT */
int queue_get_rcpt(struct queue_txn *t, uint64_t id, uint32_t index,
    struct queue_rcpt *out) MUST_CHECK;
/* A body from the database into out (QUEUE_BODY_MAX octets). */
int queue_get_body(
    struct queue_txn *t, uint64_t id, char *out, size_t *n) MUST_CHECK;
/* Damaged records do not end the walk: a message then has is_damaged, a
 * recipient is RCPT_FAILED and says so in its reply.
 * All messages from id first on, in order of arrival; all recipients of one.
 * fn returns 0 to go on; another value ends and is returned. */
int queue_each(struct queue_txn *t, uint64_t first,
    int (*fn)(void *ctx, const struct queue_envelope *e), void *ctx) MUST_CHECK;
int queue_each_rcpt(struct queue_txn *t, uint64_t id,
    int (*fn)(void *ctx, const struct queue_rcpt *r), void *ctx) MUST_CHECK;

struct queue_due {
	uint64_t time_s, id;
	uint32_t index;
};

/* A recipient that is parked, in the order of senders. */
struct queue_ready {
	uint32_t sender, index;
	uint64_t id;
};

/* Parked recipients of one site from *first on. */
int queue_each_ready(struct queue_txn *t, struct view site,
    const struct queue_ready *first,
    int (*fn)(void *ctx, const struct queue_ready *r), void *ctx) MUST_CHECK;
/* The site behind the site *n, out (QUEUE_SITE_MAX octets, empty: the first).
 * MC_E_NOENT: there is none. */
int queue_next_site(struct queue_txn *t, char *out, size_t *n) MUST_CHECK;
/* A row that no record speaks of any more. */
void queue_remove_ready(
    struct queue_txn *t, struct view site, const struct queue_ready *r);

/* Due rows behind *after, the earliest first. */
int queue_each_due(struct queue_txn *t, const struct queue_due *after,
    int (*fn)(void *ctx, const struct queue_due *d), void *ctx) MUST_CHECK;
#endif
