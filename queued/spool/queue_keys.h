#ifndef QUEUED_SPOOL_QUEUE_KEYS_H
#define QUEUED_SPOOL_QUEUE_KEYS_H
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
 *                                          u64, address, orcpt, reply; since
 *                                          version 2: host, site, sender u32;
 *                                          then, when an alias or forward file
 *                                          made it: leaf kind u8, text, from,
 *                                          origin
 * bodies      id u64, chunk u32            up to 4080 octets: one page each
 *                                          (with its 16 octets of LMDB header
 *                                          exactly 4096)
 * due         time_s u64, id u64, index    nothing. One row for each recipient
 *             u32                          with next_s, at that time.
 * ready       site, 0, sender u32, id u64, nothing. One row for each recipient
 *             index u32                    that is parked at a site, beside the
 *                                          one in due; sender is a hash.
 * policies    domain                       MTA-STS policy: version u8, mode u8,
 *                                          max_age_s u32, fetched_s u64, id,
 *                                          names
 * tls         day u32, domain, NUL,        how TLS went: version u8, sessions
 *             policy u8, result u8, host   u64, address, source, text
 *
 * Schema 1 had none of the last three and no record of version 2; its queues
 * are opened and stamped anew.
 *
 * Bodies over 64 KiB are files: incoming/ID while they are written, then
 * messages/XX/ID. Queue ids: seconds since 1970 << 30 | counter, rising, never
 * used twice; XX are bits 36 to 43, so that messages of one minute share a
 * directory and its fsync. */
#include "base/view.h"
#include "wire/wr.h"

enum {
	QUEUE_SCHEMA = 2,
	QUEUE_SCHEMA_OLDEST = 1,
	QUEUE_ENVELOPE_VERSION = 1,
	QUEUE_RCPT_VERSION = 2,
	QUEUE_CHUNK_OCTETS = 4080,
	QUEUE_KEY_OCTETS = 24,
	QUEUE_SITE_MAX = 255,
	QUEUE_READY_TAIL = 17, /* behind the site */
	QUEUE_READY_OCTETS = QUEUE_SITE_MAX + QUEUE_READY_TAIL,
	QUEUE_ID_SHIFT = 30,
	QUEUE_DIRECTORY_SHIFT = 36,
};

#define QUEUE_TABLES(X)                                                        \
	X(META, "meta")                                                        \
	X(MESSAGES, "messages")                                                \
	X(RECIPIENTS, "recipients")                                            \
	X(BODIES, "bodies")                                                    \
	X(DUE, "due")                                                          \
	X(READY, "ready")                                                      \
	X(POLICIES, "policies")                                                \
	X(TLS, "tls")

enum queue_table {
#define X(NAME, name) QUEUE_TABLE_##NAME,
	QUEUE_TABLES(X)
#undef X
	QUEUE_TABLE_COUNT,
	QUEUE_TABLES_OF_SCHEMA_1 = QUEUE_TABLE_READY
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

struct queue_ready_key {
	char bytes[QUEUE_READY_OCTETS];
	size_t n;
};

/* A site of more than QUEUE_SITE_MAX octets is none: n is 0 then. */
static inline void queue_key_ready(struct queue_ready_key *k, struct view site,
    uint32_t sender, uint64_t id, uint32_t index)
{
	struct wr w = wr_into(k->bytes, sizeof k->bytes);
	wr_raw(&w, site);
	wr_u8(&w, 0);
	wr_u32(&w, sender);
	wr_u64(&w, id);
	wr_u32(&w, index);
	k->n = w.failed ? 0 : w.n;
}
#endif
