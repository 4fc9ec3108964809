#ifndef QUEUED_AGENT_AGENT_BATCH_H
#define QUEUED_AGENT_AGENT_BATCH_H
/* Deliveries for one user, gathered while they come in and stored in one
 * transaction. Knows no process and no channel. */
#include "base/arena.h"
#include "store/store.h"
#include "wire/msg.h"

enum {
	BATCH_MESSAGES = 64,
	BATCH_BYTES = 4 << 20,
};

struct batch_item {
	uint64_t channel, id; /* whom to answer, about what */
	char delivery_id[16];
	struct view mailbox, prefix, body; /* in the batch's memory */
	int fd;                            /* -1: body; else owned */
	uint64_t size_bytes, received_s;
	enum deliver_status status;
	const char *text;
};

struct batch {
	struct batch_item items[BATCH_MESSAGES];
	size_t n;
	uint64_t bytes;
	struct arena memory;
};

void batch_init(struct batch *b);
void batch_deinit(struct batch *b);

/* Copies what m (MSG_DELIVER or MSG_DELIVER_FILE, which fd belongs to) says;
 * takes fd. MC_E_LIMIT when there is no room: the batch must be stored first,
 * fd is still the caller's then. A first item always fits. */
int batch_add(
    struct batch *b, uint64_t channel, const struct msg *m, int fd) MUST_CHECK;
/* Stores all items, then each has a status and a text. s NULL: none can be. */
void batch_store(struct batch *b, struct store *s);
/* Forgets all items. */
void batch_reset(struct batch *b);
#endif
