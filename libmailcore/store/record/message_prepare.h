#ifndef STORE_RECORD_MESSAGE_PREPARE_H
#define STORE_RECORD_MESSAGE_PREPARE_H
/* What is computed of a message before the write transaction. */
#include "store/record/pack.h"

struct prepared {
	struct buf envelope, structure; /* encoded records */
	struct references references;
	uint16_t internal; /* enum message_internal */
	struct packed packed;
};

void prepared_init(struct prepared *p);
void prepared_deinit(struct prepared *p);
/* Reads the source once, and again to pack it; packer may be NULL. MC_E_LIMIT:
 * the message has 4 GiB or more. */
int message_prepare(const struct append *a, struct packer *packer,
    struct prepared *out) MUST_CHECK;
/* What goes into the chunks. */
struct source prepared_body(
    const struct prepared *p, const struct source *source);
#endif
