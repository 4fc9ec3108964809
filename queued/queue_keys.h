#ifndef QUEUED_QUEUE_KEYS_H
#define QUEUED_QUEUE_KEYS_H
/* Every table and key of the queue's environment (queue.mdb in the spool).
 * Integers are big-endian, so that keys sort as numbers; strings carry a u32
 * length. A record begins with its version (u8), so that an old queue stays
 * readable after an update.
 *
 * table       key                          value
 * meta        "stamp"                      schema u32, instance u32
 *             "ids"                        ceiling u64: no id at or above it
 *                                          was ever given out
 * messages    id u64                       envelope: version u8, spooled u8,
 *                                          submit flags u32, received_s u64,
 *                                          session u64, size u64, recipients
 *                                          u32, sender, account, remote, helo,
 *                                          envid
 * recipients  id u64, index u32            version u8, state u8, notify u8,
 *                                          attempts u32, next_s u64, last_s
 *                                          u64, address, orcpt, reply; then,
 *                                          when an alias made it: leaf kind
 *                                          u8, text, from, origin
 * bodies      id u64, chunk u32            up to 4080 octets: one page each
 *                                          (with its 16 octets of LMDB header
 *                                          exactly 4096)
 * due         time_s u64, id u64, index    nothing. One row for each recipient
 *             u32                          with next_s, at that time.
 *
 * Bodies over 64 KiB are files: incoming/ID while they are written, then
 * messages/XX/ID. Queue ids: seconds since 1970 << 30 | counter, rising, never
 * used twice; XX are bits 36 to 43, so that messages of one minute share a
 * directory and its fsync. */
#include "base/view.h"
#include "wire/wr.h"

enum {
	QUEUE_SCHEMA = 1,
	QUEUE_RECORD_VERSION = 1,
	QUEUE_CHUNK_OCTETS = 4080,
	QUEUE_KEY_OCTETS = 24,
	QUEUE_ID_SHIFT = 30,
	QUEUE_DIRECTORY_SHIFT = 36,
};

#define QUEUE_TABLES(X)                                                        \
	X(META, "meta")                                                        \
	X(MESSAGES, "messages")                                                \
	X(RECIPIENTS, "recipients")                                            \
	X(BODIES, "bodies")                                                    \
	X(DUE, "due")

enum queue_table {
#define X(NAME, name) QUEUE_TABLE_##NAME,
	QUEUE_TABLES(X)
#undef X
	QUEUE_TABLE_COUNT
};

struct queue_key {
	char bytes[QUEUE_KEY_OCTETS];
	size_t n;
};

static inline struct view queue_key_view(const struct queue_key *k)
{
	return (struct view){ k->bytes, k->n };
}

static inline struct queue_key queue_key_id(uint64_t id)
{
	struct queue_key k;
	struct wr w = wr_into(k.bytes, sizeof k.bytes);
	wr_u64(&w, id);
	k.n = w.n;
	return k;
}

/* A recipient by its index, a chunk of a body by its number. */
static inline struct queue_key queue_key_part(uint64_t id, uint32_t part)
{
	struct queue_key k;
	struct wr w = wr_into(k.bytes, sizeof k.bytes);
	wr_u64(&w, id);
	wr_u32(&w, part);
	k.n = w.n;
	return k;
}

static inline struct queue_key queue_key_due(
    uint64_t time_s, uint64_t id, uint32_t index)
{
	struct queue_key k;
	struct wr w = wr_into(k.bytes, sizeof k.bytes);
	wr_u64(&w, time_s);
	wr_u64(&w, id);
	wr_u32(&w, index);
	k.n = w.n;
	return k;
}
#endif
