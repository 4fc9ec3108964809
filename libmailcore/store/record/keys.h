#ifndef STORE_RECORD_KEYS_H
#define STORE_RECORD_KEYS_H
/* Every key and value of one user's store. Integers are big-endian in keys
 * (LMDB compares bytes) and little-endian in values; sizes in octets.
 * Mailbox ids go downwards from 0xFFFFFFFE, INBOX first: its rows are the tail
 * of msg and chg, so that deliveries append. msgid, modseq and UIDVALIDITY
 * only ever grow, across the account.
 *
 * table key                            value
 * mbx   0(4)                           struct account, 256
 *       mailbox(4)                     struct box, 192, then its name component
 * nam   parent(4) component(1-255)     mailbox(4)
 * msg   mailbox(4) uid(4)              struct message, 64
 * chg   mailbox(4) modseq(8) uid(4)    'L': the row uid is at this modseq
 *                                      'L' last(4): all rows from uid, which
 *                                      is one, to last are (store/txn/runs.h)
 *                                      'V' last(4): uid to last are gone
 * obj   msgid(8) 'E' piece(1)          struct envelope_record: 64, then fields
 *       msgid(8) 'M' piece(1)          struct structure_record: 8, then fields;
 *                                      both cut into pieces of 4080
 * blb   msgid(8) chunk(4)              at most 4076 octets of the message, then
 *                                      CRC32C(4) of key and octets: 4080 are
 *                                      exactly one overflow page; body.h cuts
 * idx   'D' delivery id(16)            time_s(4) mailbox(4) uid(4)
 *       'L' msgid(8) mailbox(4) uid(4) nothing: a row that shows this object
 *       'X' purge_s(4) msgid(8)        struct retained, 40 (of schema 1: 20):
 *                                      no row is left, kept for open sessions
 *                                      and undelete
 *       'P' mailbox(4) uid(4)          the UIDL it was imported with, 1 to 70
 *       'H' threadid(8) msgid(8)       nothing: a later message of a thread
 *       'I' hash(8) msgid(8)           threadid(8): where an id leads to
 *       'Q' msgid(8), 'U' hash(16): search queue, Sieve duplicate
 * att   'K' slot(1)                    keyword
 *       'S' name(1-480)                subscribed name
 *       'S' its first 480, hash(8)     a longer subscribed name
 *       'A' mailbox(4) entry(1-255)    a piece of an annotation's value: all
 *           0(1) piece(1)              but the last have 4080
 *       'B' name, 'C' hash, 'F' owner mailbox(4), 'J', 'N' hash, 'R'
 *       mailbox(4) identifier, 'V' name, 'v': FILTERS, compiled Sieve, shared
 *       seen, push, vacation, ACL, Sieve
 *
 * Fields are tag(1) length(4) octets. Of E: 1 ENVELOPE, 2 SHA-256, 3 base
 * subject, 4 and 5 DISPLAYFROM and DISPLAYTO, 6 header index, 7 (first, so that
 * it lies in the first piece) hashes(8) of base subject, Message-ID (0: none)
 * and at most 50 references, left out without any, 8 (in the first piece)
 * layout(1) of the body, a sum of enum body_layout, then 4 octets for each
 * frame: how many octets it has in blb, and FRAME_PLAIN. Of M: 1 BODYSTRUCTURE,
 * 2 part table, 40 octets a part, 3 PREVIEW. A reader skips the tags that it
 * does not know. The search text lives in an environment of its own: it can be
 * built again. */
#include "store/mailbox/message.h"
#include "store/record/references.h"

enum store_table {
	TABLE_MBX,
	TABLE_NAM,
	TABLE_MSG,
	TABLE_CHG,
	TABLE_OBJ,
	TABLE_BLB,
	TABLE_IDX,
	TABLE_ATT,
	STORE_TABLES
};

extern const char *const store_tables[STORE_TABLES];

static const uint32_t inbox_id = 0xFFFFFFFE;

enum {
	ACCOUNT_OCTETS = 256,
	BOX_OCTETS = 192,
	COMPONENT_MAX = 255,
	MESSAGE_OCTETS = 64,
	PART_OCTETS = 40,
	RETAINED_OCTETS = 40,
	CHANGE_OCTETS = 5,
	PIECE_OCTETS = 4080,
	CHUNK_OCTETS = 4076,
	PIECES_MAX = 256,
};

struct key {
	size_t n;
	char p[496];
};

static inline struct view key_view(const struct key *k)
{
	return (struct view){ k->p, k->n };
}

struct key key_box(uint32_t mailbox); /* 0: the account */
struct key key_name(uint32_t parent, struct view component);
struct key key_msg(uint32_t mailbox, uint32_t uid);
struct key key_chg(uint32_t mailbox, uint64_t modseq, uint32_t uid);
struct key key_obj(uint64_t msgid, char type, unsigned piece);
struct key key_blb(uint64_t msgid, uint32_t chunk);
struct key key_delivery(struct view id);
struct key key_link(uint64_t msgid, uint32_t mailbox, uint32_t uid);
struct key key_purge(uint32_t purge_s, uint64_t msgid);
struct key key_uidl(uint32_t mailbox, uint32_t uid);
struct key key_thread_member(uint64_t threadid, uint64_t msgid);
struct key key_thread_id(uint64_t hash, uint64_t msgid);
struct key key_keyword(uint8_t slot);
struct key key_subscription(struct view name);
struct key key_annotation(uint32_t mailbox, struct view entry, unsigned piece);
struct key key_tag(char tag);

/* The reverse, for what is read by walking: 0 or MC_E_CORRUPT. */
int key_name_split(
    struct view key, uint32_t *parent, struct view *component) MUST_CHECK;
int key_msg_split(struct view key, uint32_t *mailbox, uint32_t *uid) MUST_CHECK;
int key_chg_split(struct view key, uint32_t *mailbox, uint64_t *modseq,
    uint32_t *uid) MUST_CHECK;
int key_obj_split(struct view key, uint64_t *msgid) MUST_CHECK;
int key_link_split(struct view key, uint64_t *msgid, uint32_t *mailbox,
    uint32_t *uid) MUST_CHECK;
int key_purge_split(
    struct view key, uint32_t *purge_s, uint64_t *msgid) MUST_CHECK;
int key_uidl_split(
    struct view key, uint32_t *mailbox, uint32_t *uid) MUST_CHECK;
int key_thread_member_split(
    struct view key, uint64_t *threadid, uint64_t *msgid) MUST_CHECK;
int key_thread_id_split(
    struct view key, uint64_t *hash, uint64_t *msgid) MUST_CHECK;
int key_annotation_split(struct view key, uint32_t *mailbox, struct view *entry,
    unsigned *piece) MUST_CHECK;
/* Of keys of mbx, and of obj and blb; 0 when they are too short. */
uint32_t key_box_id(struct view key);
uint64_t key_obj_id(struct view key);

/* The account: what is allocated, and the totals. */
struct account {
	uint16_t schema, engine; /* STORE_SCHEMA, kv_engine_version() */
	uint32_t next_mailbox;
	uint64_t modseq; /* the last that was used */
	uint64_t next_msgid;
	uint32_t next_uidvalidity;
	uint32_t mailboxes;
	uint8_t warned_percent;    /* of a quota: the last threshold told of */
	uint64_t bytes, messages;  /* each object counts once */
	uint64_t retained_bytes;   /* of objects that wait for their purge */
	uint64_t searchable_msgid; /* up to here texts were extracted */
	uint32_t retention_s;      /* 0: the default */
	uint8_t guid[16];
	/* store/migrate.h: the schema that objects from migrated_msgid on
	 * still have; 0: all have that of the stamp. */
	uint16_t migrating_from;
	uint64_t migrated_msgid;
	uint32_t features; /* enum store_feature: what a reader must know */
};

enum store_feature {
	STORE_HAS_ZSTD = 1 << 0, /* some bodies */
	STORE_HAS_RUNS = 1 << 1, /* of live rows, in chg */
};

enum {
	SCHEMA_THREADS = 2, /* the first whose objects have threads */
};

void account_encode(const struct account *a, char out[ACCOUNT_OCTETS]);
/* The first four octets keep their meaning in every schema. */
int account_decode_stamp(
    struct view v, uint16_t *schema, uint16_t *engine) MUST_CHECK;
/* Also MC_E_VERSION, and MC_E_UNSUPPORTED for a feature that was not built. */
int account_decode(struct view v, struct account *out) MUST_CHECK;

/* A mailbox's record. */
enum {
	BOX_DELETING = 1 << 15
}; /* in flags: nameless, rows are being removed */

struct box {
	struct mailbox m;
	uint64_t attrmodseq; /* last change of annotations or rights */
	uint64_t deleted_bytes;
	uint32_t vanished_runs; /* 'V' keys in chg */
	uint32_t first_unseen_hint;
	uint32_t pop3_login_s;
	uint32_t sort_order;
	uint32_t retention_s;
	uint8_t keywords_used[KEYWORDS_MAX / 8];
	uint8_t n_name;
	char name[COMPONENT_MAX];
};

/* Returns the length. */
size_t box_encode(const struct box *b, char out[BOX_OCTETS + COMPONENT_MAX]);
int box_decode(uint32_t id, struct view v, struct box *out) MUST_CHECK;

/* A row. */
void message_encode(const struct message *m, char out[MESSAGE_OCTETS]);
int message_decode(uint32_t uid, struct view v, struct message *out) MUST_CHECK;

/* An entry of chg. A live row alone is also encoded as just V("L"). */
struct change_run {
	uint32_t first, last; /* first is in the key */
	bool vanished;        /* else live */
};

struct view change_encode(const struct change_run *c, char out[CHANGE_OCTETS]);
int change_decode(
    uint32_t first, struct view v, struct change_run *out) MUST_CHECK;

struct delivery {
	uint32_t time_s, mailbox, uid;
};
struct view delivery_encode(const struct delivery *d, char out[12]);
int delivery_decode(struct view v, struct delivery *out) MUST_CHECK;

struct retained {
	uint32_t mailbox, uid;
	uint16_t flags;
	uint64_t size_bytes;
	uint32_t expunged_s; /* 0: schema 1 did not say */
	uint8_t keywords[KEYWORDS_MAX / 8];
};
struct view retained_encode(
    const struct retained *r, char out[RETAINED_OCTETS]);
int retained_decode(struct view v, struct retained *out) MUST_CHECK;

struct view threadid_encode(uint64_t threadid, char out[8]);
int threadid_decode(struct view v, uint64_t *threadid) MUST_CHECK;

int mailbox_id_decode(struct view v, uint32_t *id) MUST_CHECK;
struct view mailbox_id_encode(uint32_t id, char out[4]);

/* Objects. */
struct envelope_record {
	bool has_nul, crlf_clean, has_8bit_header;
	uint32_t header_size;
	uint32_t bare_bytes; /* line ends lack so many octets of CRLFs */
	uint64_t size_bytes, n_lines;
	int64_t sent_s;
	uint64_t threadid; /* 0: not assigned yet */
	struct date internaldate;
	uint32_t mailbox, uid; /* where it was stored first */
	struct references references;
	struct view envelope;
	bool has_pieces; /* these two as in struct body */
	struct view frames;
};

enum body_layout {
	BODY_PIECES = 1 << 0, /* at the end: body.h */
	BODY_ZSTD = 1 << 1,   /* in frames: pack.h */
};

enum {
	BODY_FRAME_OCTETS = 256 * 1024, /* of the message; the last has less */
	BODY_FRAMES_MAX = 800,          /* their table fits into one piece */
	BODY_PACKED_MAX = BODY_FRAMES_MAX * BODY_FRAME_OCTETS,
	FRAME_ENTRY_OCTETS = 4,
};

static const uint32_t FRAME_PLAIN = 1U << 31; /* it is not packed */

/* How the octets of a message are stored. */
struct body {
	uint64_t msgid;
	uint64_t size_bytes, stored_bytes; /* in all chunks, without sums */
	bool has_pieces;
	struct view frames; /* empty: stored as they are */
};

void envelope_encode(const struct envelope_record *e, struct buf *out);
int envelope_decode(struct view v, struct envelope_record *out) MUST_CHECK;
/* The first piece is enough. */
int envelope_decode_size(struct view v, uint64_t *size_bytes) MUST_CHECK;
/* Also MC_E_VERSION: a layout that is not known here. */
int envelope_decode_body(struct view v, struct body *out) MUST_CHECK;
int envelope_decode_head(struct view v, struct envelope_record *out) MUST_CHECK;
int envelope_decode_thread(
    struct view v, uint64_t *threadid, struct references *out) MUST_CHECK;
/* mailbox, uid and thread of an encoded record become known last. */
void envelope_place(char *encoded, uint32_t mailbox, uint32_t uid);
void envelope_thread(char *encoded, uint64_t threadid);

/* The checksum behind the octets of a chunk. */
void chunk_seal(const struct key *k, struct view octets, char sum[4]);
bool chunk_check(const struct key *k, struct view octets, const char sum[4]);

struct structure_record {
	uint32_t n_parts;
	struct view bodystructure;
	struct view parts; /* n_parts * PART_OCTETS */
};

void structure_encode(
    const struct mime_tree *tree, struct view bodystructure, struct buf *out);
int structure_decode(struct view v, struct structure_record *out) MUST_CHECK;
int part_decode(struct view v, struct mime_part *out) MUST_CHECK;
#endif
